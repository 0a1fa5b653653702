//! What a customer holds and what it pays: subscriptions and ledger lines from an outline.

use base::{Day, Month};

use super::catalogue::{
    BROADBAND_PLANS, Brand, DEVICES_YUAN, ORGANISATION_PRODUCTS, PRICE_CHANGE_MONTH, Plan, Product,
    RECHARGES_YUAN, last_day, mobile_plans, month_of_year, spring_festival,
};
use super::draw::Draw;
use super::ledger::{Ledger, Moment};
use super::model::{
    Channel, CustomerKind, GeneratedSubscription, Story, SubscriptionStatus, TransactionKind,
};
use super::outline::{HISTORY_MONTHS, Outline, Setting, Spell};
use super::{account_number, phone_number};

/// What the mass brand's plans cost more since the price change.
const PRICE_CHANGE: f64 = 1.08;
/// The share of bills that are wrong, taken back and written again lower.
const BILL_CORRECTED: f64 = 0.006;
/// The share of devices brought back.
const DEVICE_RETURNED: f64 = 0.04;
/// The share of recharges that went to a wrong number and are taken back.
const RECHARGE_TAKEN_BACK: f64 = 0.002;

/// The part of a month in which a customer pays: of one spell, and before falling silent.
struct ActiveMonth {
    /// Counted from the first month of the history; −1 is the one before, whose bill is the first line.
    number: i32,
    month: Month,
    first: Day,
    last: Day,
    /// The last day of the spell, or the as-of day.
    spell_last: Day,
    /// The share of the month.
    share: f64,
    /// What the story does to spending, 1 = as usual.
    level: f64,
}

/// Subscriptions in order of start, and the ledger lines.
pub(super) fn history(
    setting: &Setting,
    outline: &Outline,
    draw: &mut Draw,
) -> (Vec<GeneratedSubscription>, Ledger) {
    let mut ledger = Ledger::new(setting.as_of);
    let mut subscriptions = Vec::new();
    for (slot, spell) in outline.spells.iter().enumerate() {
        match outline.kind {
            CustomerKind::Person => {
                person_spell(
                    setting,
                    outline,
                    slot as u64,
                    spell,
                    &mut subscriptions,
                    &mut ledger,
                    draw,
                );
            }
            CustomerKind::Organisation => {
                organisation_spell(setting, outline, spell, &mut subscriptions, &mut ledger, draw);
            }
        }
    }
    subscriptions.sort_by_key(|subscription| subscription.started_on);
    (subscriptions, ledger)
}

fn person_spell(
    setting: &Setting,
    outline: &Outline,
    slot: u64,
    spell: &Spell,
    subscriptions: &mut Vec<GeneratedSubscription>,
    ledger: &mut Ledger,
    draw: &mut Draw,
) {
    let plans = mobile_plans(outline.brand);
    let plan = plans[((outline.rank * plans.len() as f64) as usize).min(plans.len() - 1)];
    let number = phone_number(setting.seed, outline.index, slot);
    subscriptions.push(held(setting, outline, Product::Mobile, plan, number, *spell));
    let mut broadband = None;
    if outline.brand != Brand::Youth && draw.chance(0.28) {
        let plan = *draw.pick(&BROADBAND_PLANS);
        let latest = spell.to.unwrap_or(setting.as_of);
        let from = Day(draw.between(spell.from.0, (spell.from.0 + 400).min(latest.0)));
        let number = account_number("KD", outline.index, slot);
        let spell = Spell { from, ..*spell };
        subscriptions.push(held(setting, outline, Product::Broadband, plan, number, spell));
        broadband = Some((plan, from));
    }
    for active in active_months(setting, outline, spell) {
        if outline.prepaid {
            recharges(outline, plan, &active, ledger, draw);
            if let Some((plan, from)) = broadband {
                yearly_broadband(plan, from, &active, ledger, draw);
            }
        } else {
            let broadband_minor = broadband
                .filter(|(_, from)| *from <= active.first)
                .map_or(0, |(plan, _)| plan.fee_minor);
            person_bill(outline, plan, broadband_minor, &active, ledger, draw);
        }
        if active.number >= 0 {
            extras(outline, &active, ledger, draw);
        }
    }
}

fn organisation_spell(
    setting: &Setting,
    outline: &Outline,
    spell: &Spell,
    subscriptions: &mut Vec<GeneratedSubscription>,
    ledger: &mut Ledger,
    draw: &mut Draw,
) {
    let products: Vec<_> = ORGANISATION_PRODUCTS
        .iter()
        .filter(|offered| draw.chance(offered.held_by))
        .collect();
    let weights: f64 = products.iter().map(|offered| offered.weight).sum();
    for (slot, offered) in products.iter().enumerate() {
        let plan = Plan {
            name: offered.plan,
            fee_minor: (outline.spending * offered.weight / weights) as i64,
        };
        let number = account_number("JT", outline.index, slot as u64);
        subscriptions.push(held(setting, outline, offered.product, plan, number, *spell));
    }
    for active in active_months(setting, outline, spell) {
        let season = if active.month == spring_festival(active.month) {
            0.8
        } else {
            1.0
        };
        for offered in &products {
            let usual = outline.spending * offered.weight / weights;
            let spread = if offered.product == Product::Messages {
                0.45
            } else {
                0.12
            };
            let amount = draw.lognormal(usual, spread) * season * active.level * active.share;
            bill(outline, offered.product, amount, &active, ledger, draw);
        }
        if active.number >= 0 {
            for _ in 0..draw.poisson(0.05 * active.level) {
                let amount = draw.lognormal(outline.spending * 1.4, 0.7);
                let at = daytime(&active, draw);
                ledger.line(
                    at,
                    yuan(amount),
                    Product::Device,
                    Channel::Manager,
                    TransactionKind::Purchase,
                );
            }
        }
    }
}

/// The subscription as the record has it on the as-of day.
fn held(
    setting: &Setting,
    outline: &Outline,
    product: Product,
    plan: Plan,
    number: String,
    spell: Spell,
) -> GeneratedSubscription {
    let silent_days = outline.quiet_from.map_or(0, |quiet| setting.as_of.0 - quiet.0);
    GeneratedSubscription {
        product: product.name(),
        plan: plan.name,
        monthly_fee_minor: plan.fee_minor,
        number,
        started_on: spell.from,
        ended_on: spell.to,
        status: match spell.to {
            Some(_) => SubscriptionStatus::Ended,
            None if silent_days > 180 => SubscriptionStatus::Suspended,
            None => SubscriptionStatus::Active,
        },
        device: None,
        term_ends_on: None,
    }
}

fn active_months<'a>(
    setting: &'a Setting,
    outline: &'a Outline,
    spell: &'a Spell,
) -> impl Iterator<Item = ActiveMonth> + 'a {
    let spell_last = spell.to.unwrap_or(setting.as_of);
    let paid_last = outline.quiet_from.map_or(spell_last, |quiet| Day(quiet.0 - 1));
    (-1..HISTORY_MONTHS).filter_map(move |number| {
        let month = setting.month(number);
        let end = last_day(month);
        let first = month.first_day().max(spell.from);
        let last = end.min(paid_last);
        (first <= last).then(|| ActiveMonth {
            number,
            month,
            first,
            last,
            spell_last,
            share: f64::from(last.0 - first.0 + 1) / f64::from(end.0 - month.first_day().0 + 1),
            level: level(outline, number, month, spell),
        })
    })
}

/// What the story does to spending in a month.
fn level(outline: &Outline, number: i32, month: Month, spell: &Spell) -> f64 {
    let progress = f64::from(number) / f64::from(HISTORY_MONTHS);
    let months_left = spell.to.map_or(i32::MAX, |to| to.month().0 - month.0);
    let falling = |months: i32| (0.15 + 0.85 * f64::from(months_left) / f64::from(months)).min(1.0);
    match outline.story {
        Story::Growing => 1.0 + 1.3 * progress,
        Story::Shrinking => 1.0 - 0.65 * progress,
        Story::DippedAtPriceChange => match number - PRICE_CHANGE_MONTH {
            ..0 => 1.0,
            0..6 => 0.5,
            _ => 0.85,
        },
        Story::LeftAtPriceChange if number >= PRICE_CHANGE_MONTH => 0.6,
        Story::LeftAfterDecline => falling(8),
        Story::LeftWithKeyPerson if outline.kind == CustomerKind::Organisation => falling(4),
        _ => 1.0,
    }
}

/// How a person's calls and data go through the year.
fn season(outline: &Outline, month: Month) -> f64 {
    if month == spring_festival(month) {
        return 1.25;
    }
    match (outline.brand, month_of_year(month)) {
        (Brand::Youth, 7 | 8) => 0.75,
        (_, 10) => 1.08,
        _ => 1.0,
    }
}

fn person_bill(
    outline: &Outline,
    plan: Plan,
    broadband_minor: i64,
    active: &ActiveMonth,
    ledger: &mut Ledger,
    draw: &mut Draw,
) {
    let price = if outline.brand == Brand::Mass && active.number >= PRICE_CHANGE_MONTH {
        PRICE_CHANGE
    } else {
        1.0
    };
    // Who spends more or less also takes another plan, not only other extras.
    let fee = (plan.fee_minor as f64 * price) * (0.4 + 0.6 * active.level);
    let usage = draw.lognormal(plan.fee_minor as f64 * 0.16, 0.8)
        * outline.spending
        * active.level
        * season(outline, active.month);
    let amount = (fee + usage + broadband_minor as f64) * active.share;
    bill(outline, Product::Mobile, amount, active, ledger, draw);
}

/// The bill of a month is written in the first days of the next one, so the last one comes after the
/// end. Some are wrong: the whole bill is taken back and written again, lower.
fn bill(
    outline: &Outline,
    product: Product,
    amount_minor: f64,
    active: &ActiveMonth,
    ledger: &mut Ledger,
    draw: &mut Draw,
) {
    // Billed by the ten fen.
    let amount = ((amount_minor / 10.0).round() as i64 * 10).max(10);
    let day = Day(active.month.next().first_day().0 + (outline.index % 5) as i32);
    let at = Moment::on(day, draw.between(1_800, 21_600));
    let written = ledger.line(at, amount, product, Channel::Billing, TransactionKind::Bill);
    if draw.chance(BILL_CORRECTED) {
        let corrected = Day(day.0 + draw.between(3, 12));
        if corrected <= active.spell_last {
            let at = Moment::on(corrected, draw.between(32_400, 61_200));
            if ledger.reversal(written, at, Channel::Hotline) {
                let lower = ((amount as f64 * (0.6 + 0.3 * draw.unit()) / 10.0) as i64 * 10).max(10);
                ledger.line(
                    at.seconds_later(60),
                    lower,
                    product,
                    Channel::Billing,
                    TransactionKind::Bill,
                );
            }
        }
    }
}

fn recharges(outline: &Outline, plan: Plan, active: &ActiveMonth, ledger: &mut Ledger, draw: &mut Draw) {
    if active.number < 0 {
        return;
    }
    let pace = 0.86 * outline.spending.powf(0.3) * active.level * season(outline, active.month);
    for _ in 0..draw.poisson(pace * active.share) {
        let wanted = plan.fee_minor as f64 / 100.0 * outline.spending.powf(0.6) * draw.lognormal(1.15, 0.35);
        let sum = RECHARGES_YUAN
            .iter()
            .copied()
            .min_by_key(|sum| (*sum as f64 - wanted).abs() as i64)
            .unwrap_or(RECHARGES_YUAN[0]);
        let channel = *draw.weighted(&[
            (Channel::Payment, 55),
            (Channel::App, 28),
            (Channel::Counter, 9),
            (Channel::Agent, 8),
        ]);
        let at = daytime(active, draw);
        let made = ledger.line(at, sum * 100, Product::Mobile, channel, TransactionKind::Recharge);
        if draw.chance(RECHARGE_TAKEN_BACK) {
            taken_back(made, at, active, Channel::Hotline, ledger, draw);
        }
    }
}

/// Prepaid customers pay their broadband by the year.
fn yearly_broadband(plan: Plan, from: Day, active: &ActiveMonth, ledger: &mut Ledger, draw: &mut Draw) {
    let due = active.number >= 0
        && from <= active.last
        && month_of_year(from.month()) == month_of_year(active.month);
    if due {
        let first = from.0.max(active.first.0);
        let at = Moment::on(
            Day(draw.between(first, active.last.0)),
            draw.between(32_400, 64_800),
        );
        ledger.line(
            at,
            plan.fee_minor * 10,
            Product::Broadband,
            Channel::Counter,
            TransactionKind::Purchase,
        );
    }
}

/// What is bought and paid besides the plan.
fn extras(outline: &Outline, active: &ActiveMonth, ledger: &mut Ledger, draw: &mut Draw) {
    let high_end = outline.brand == Brand::HighEnd;
    let festival = active.month == spring_festival(active.month);
    let month = month_of_year(active.month);
    let pace = active.level * active.share;

    for _ in 0..draw.poisson(0.05 * pace) {
        let sum = *draw.pick(&[10_i64, 15, 20, 30]);
        let at = daytime(active, draw);
        ledger.line(
            at,
            sum * 100,
            Product::DataPack,
            Channel::App,
            TransactionKind::Purchase,
        );
    }
    for _ in 0..draw.poisson(0.025 * pace) {
        let sum = *draw.pick(&[600_i64, 1_000, 1_500, 2_500]);
        let at = daytime(active, draw);
        ledger.line(
            at,
            sum,
            Product::ValueAdded,
            Channel::App,
            TransactionKind::Purchase,
        );
    }
    let travel = if festival || matches!(month, 7 | 8 | 10) {
        2.0
    } else {
        1.0
    };
    for _ in 0..draw.poisson(if high_end { 0.06 } else { 0.005 } * travel * pace) {
        let sum = yuan(draw.lognormal(12_000.0, 0.8) * outline.spending);
        let at = daytime(active, draw);
        ledger.line(at, sum, Product::Roaming, Channel::App, TransactionKind::Purchase);
    }
    for _ in 0..draw.poisson(0.012 * active.share) {
        let sum = *draw.pick(&[1_000_i64, 2_000]);
        let at = daytime(active, draw);
        ledger.line(
            at,
            sum,
            Product::CounterService,
            Channel::Counter,
            TransactionKind::Fee,
        );
    }
    let sales = if festival || matches!(month, 9 | 11) {
        1.9
    } else {
        1.0
    };
    let buys = match outline.brand {
        Brand::HighEnd => 0.020,
        Brand::Youth => 0.009,
        _ => 0.006,
    };
    for _ in 0..draw.poisson(buys * sales * pace) {
        let mut price = *draw.weighted(&DEVICES_YUAN);
        if high_end {
            price = price.max(*draw.weighted(&DEVICES_YUAN)).max(1_999);
        }
        let channel = *draw.weighted(&[(Channel::Counter, 60), (Channel::App, 40)]);
        let at = daytime(active, draw);
        let bought = ledger.line(
            at,
            price * 100,
            Product::Device,
            channel,
            TransactionKind::Purchase,
        );
        if draw.chance(DEVICE_RETURNED) {
            taken_back(bought, at, active, channel, ledger, draw);
        }
    }
}

/// Takes a line back within a week, while the customer is still there.
fn taken_back(
    line: usize,
    at: Moment,
    active: &ActiveMonth,
    channel: Channel,
    ledger: &mut Ledger,
    draw: &mut Draw,
) {
    let day = Day(at.day().0 + draw.between(1, 7));
    if day <= active.spell_last {
        ledger.reversal(line, Moment::on(day, draw.between(36_000, 68_400)), channel);
    }
}

/// Some time of some day of the active part of the month.
fn daytime(active: &ActiveMonth, draw: &mut Draw) -> Moment {
    let day = Day(draw.between(active.first.0, active.last.0));
    Moment::on(day, draw.between(25_200, 82_800))
}

/// Whole yuan, at least one, in fen.
fn yuan(amount_minor: f64) -> i64 {
    ((amount_minor / 100.0).round() as i64).max(1) * 100
}
