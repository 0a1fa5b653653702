//! Who a customer is and how its story goes, in a few draws: cheap enough to be worked out again
//! wherever another customer needs it (its organisation, who brought it, who it was before).
//!
//! Customers stand in blocks of [`BLOCK`]. The first of a block is an organisation, the next ones may
//! be its members, and one pair further on may be the same person before and after switching in the
//! network. So everything about customer k follows from customers up to k alone, and does not change
//! with the size of the firm.

use base::{Day, Month};

use super::catalogue::{
    BRANCHES, Branch, Brand, COMPETITOR_MONTH, NEW_CUSTOMER_OFFER_MONTH, NEW_CUSTOMER_OFFER_MONTHS,
    PRICE_CHANGE_MONTH, last_day, spring_festival,
};
use super::draw::{Draw, Purpose};
use super::model::{CustomerKind, Story};
use super::names;

/// Customers per block: one organisation in so many customers.
const BLOCK: u64 = 40;
/// How many of a block may be members of its organisation.
const MEMBERS_MAX: u64 = 12;
/// Where in a block someone may switch in the network; the next one is the same person again.
const SWITCHER: u64 = 20;

/// The months the ledger covers; the as-of day is in the last one.
pub(super) const HISTORY_MONTHS: i32 = 36;
/// A customer who leaves was one for at least this long.
const TENURE_DAYS_MIN: i32 = 90;

/// What all customers of one generated firm share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// The seed.
    pub(super) seed: u64,
    /// The last day of the history.
    pub(super) as_of: Day,
}

impl Setting {
    /// A month of the history, counted from 0.
    pub(super) fn month(&self, number: i32) -> Month {
        Month(self.as_of.month().0 - (HISTORY_MONTHS - 1) + number)
    }

    /// The first day of the history.
    pub(super) fn first_day(&self) -> Day {
        self.month(0).first_day()
    }
}

/// A time during which somebody is a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spell {
    /// First day.
    pub(super) from: Day,
    /// Last day, where it is over.
    pub(super) to: Option<Day>,
}

/// A customer in outline.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    /// The customer's number in the firm, from 0.
    pub(super) index: u64,
    pub(super) kind: CustomerKind,
    pub(super) name: String,
    pub(super) branch: &'static Branch,
    pub(super) brand: Brand,
    pub(super) segment: &'static str,
    /// The year of birth; of an organisation none is meant.
    pub(super) born: i32,
    /// Whether the customer gave an e-mail address.
    pub(super) has_email: bool,
    /// How much the customer spends against others of its plan: log-normal around 1 for persons,
    /// the whole monthly spending in fen for organisations.
    pub(super) spending: f64,
    /// Where the customer stands in the brand's plans, 0 (smallest) to 1.
    pub(super) rank: f64,
    /// Recharges instead of bills.
    pub(super) prepaid: bool,
    pub(super) story: Story,
    /// One, or two for who came back.
    pub(super) spells: Vec<Spell>,
    /// From when a dormant customer is silent.
    pub(super) quiet_from: Option<Day>,
    /// The organisation's number.
    pub(super) organisation: Option<u64>,
    /// The number of the same person before switching.
    pub(super) switched_from: Option<u64>,
    /// How many of the block are members of this organisation.
    pub(super) members: u64,
}

impl Outline {
    /// Whether this is a customer on that day.
    pub(super) fn is_customer_on(&self, day: Day) -> bool {
        self.spells
            .iter()
            .any(|spell| spell.from <= day && spell.to.is_none_or(|to| day <= to))
    }

    /// The first day as a customer.
    pub(super) fn since(&self) -> Day {
        self.spells.first().map_or(Day(0), |spell| spell.from)
    }
}

/// The outline of customer number `index`.
pub(super) fn outline(setting: &Setting, index: u64) -> Outline {
    let position = index % BLOCK;
    let mut draw = Draw::new(setting.seed, index, Purpose::Outline);
    if position == 0 {
        return organisation(setting, index, &mut draw);
    }
    if position == SWITCHER {
        return switcher(setting, index, &mut draw);
    }
    if position == SWITCHER + 1 {
        let before = outline(setting, index - 1);
        if before.story == Story::LeftBySwitching {
            return same_person_again(setting, index, &before, &mut draw);
        }
    }
    let mut person = person(setting, index, &mut draw);
    if position <= MEMBERS_MAX {
        let head = outline(setting, index - position);
        if position <= head.members {
            join_organisation(setting, &mut person, position, &head, &mut draw);
        }
    }
    person
}

fn organisation(setting: &Setting, index: u64, draw: &mut Draw) -> Outline {
    let branch = draw.weighted(&BRANCHES);
    let name = names::firm(branch, draw);
    let spending = (draw.lognormal(140_000.0, 1.35) * branch.spend).min(150_000_000.0);
    let members = ((spending / 100_000.0).sqrt() * 2.5 * draw.unit()).round() as u64;
    let from = first_day(setting, 0.75, 10.0, false, draw);
    let members = members.min(MEMBERS_MAX);
    let mut stories = vec![
        (Story::Growing, 180),
        (Story::Shrinking, 130),
        (Story::LeftAfterDecline, 50),
        (Story::LeftForCompetitor, 20),
        (Story::LeftMovedAway, 20),
        (Story::Steady, 570),
    ];
    if members > 0 {
        stories.push((Story::LeftWithKeyPerson, 60));
    }
    let story = *draw.weighted(&stories);
    let (story, spells, _) = told(setting, story, from, draw);
    Outline {
        index,
        kind: CustomerKind::Organisation,
        name,
        branch,
        brand: Brand::Business,
        segment: match spending as i64 {
            ..200_000 => "小微企业",
            200_000..1_000_000 => "中型企业",
            _ => "集团大客户",
        },
        born: 0,
        has_email: true,
        spending,
        rank: 0.0,
        prepaid: false,
        story,
        spells,
        quiet_from: None,
        organisation: None,
        switched_from: None,
        members,
    }
}

fn person(setting: &Setting, index: u64, draw: &mut Draw) -> Outline {
    let branch = draw.weighted(&BRANCHES);
    let this_year = setting.as_of.month().0.div_euclid(12);
    let (brand, born) = match draw.unit() {
        share if share < 0.12 => (Brand::HighEnd, this_year - draw.between(30, 62)),
        share if share < 0.35 => (Brand::Youth, this_year - draw.between(18, 27)),
        _ => (Brand::Mass, this_year - draw.between(26, 76)),
    };
    let name = names::person(born, draw);
    let young = brand == Brand::Youth;
    let from = match brand {
        Brand::HighEnd => first_day(setting, 0.75, 14.0, false, draw),
        Brand::Youth => first_day(setting, 0.35, 3.0, true, draw),
        _ => first_day(setting, 0.62, 12.0, false, draw),
    };
    let spending = draw.lognormal(branch.spend, if brand == Brand::HighEnd { 0.75 } else { 0.6 });
    // The larger plans are rarer; who spends more has the larger plan.
    let rank = (draw.unit() * draw.unit() * spending.sqrt()).min(0.999);
    let mut prepaid = draw.chance(match brand {
        Brand::HighEnd => 0.03,
        Brand::Youth => 0.55,
        _ => 0.42,
    });
    let leaving = branch.leaving * if brand == Brand::HighEnd { 0.5 } else { 1.0 };
    let leave = |weight: u32| (f64::from(weight) * leaving) as u32;
    let story = *draw.weighted(&[
        (Story::Growing, 110),
        (Story::Shrinking, 90),
        (Story::DippedAtPriceChange, if young { 20 } else { 60 }),
        (Story::Dormant, leave(80)),
        (Story::LeftAfterDecline, leave(110)),
        (Story::LeftAtPriceChange, leave(if young { 30 } else { 60 })),
        (Story::LeftForCompetitor, leave(60)),
        (Story::LeftMovedAway, leave(if young { 120 } else { 60 })),
        (Story::WonBack, leave(40)),
        (Story::Steady, 420),
    ]);
    let (story, spells, quiet_from) = told(setting, story, from, draw);
    // A bill comes whether one uses the number or not: only prepaid numbers fall silent.
    prepaid |= story == Story::Dormant;
    Outline {
        index,
        kind: CustomerKind::Person,
        name,
        branch,
        brand,
        segment: match brand {
            Brand::HighEnd if rank > 0.3 || spending > 2.0 => "贵宾",
            Brand::HighEnd => "商务",
            Brand::Youth => "校园",
            _ if born < this_year - 60 => "银龄",
            _ => "家庭",
        },
        born,
        has_email: draw.chance(0.45),
        spending,
        rank,
        prepaid,
        story,
        spells,
        quiet_from,
        organisation: None,
        switched_from: None,
        members: 0,
    }
}

/// Someone who, more often than not, gives up an old number to get the offer for new customers.
fn switcher(setting: &Setting, index: u64, draw: &mut Draw) -> Outline {
    let mut person = person(setting, index, draw);
    let offer = setting.month(NEW_CUSTOMER_OFFER_MONTH).first_day();
    let tenure = offer.0 - person.since().0;
    if tenure > 365 && draw.chance(0.75) {
        let ends = last_day(setting.month(NEW_CUSTOMER_OFFER_MONTH + NEW_CUSTOMER_OFFER_MONTHS - 1));
        // The new number must be a day of the offer, too.
        let to = Day(draw.between(offer.0 + 3, ends.0 - 20));
        person.story = Story::LeftBySwitching;
        person.prepaid = false;
        person.quiet_from = None;
        person.spells = vec![Spell {
            from: person.since(),
            to: Some(to),
        }];
    }
    person
}

fn same_person_again(setting: &Setting, index: u64, before: &Outline, draw: &mut Draw) -> Outline {
    let ended = before
        .spells
        .last()
        .and_then(|spell| spell.to)
        .unwrap_or(setting.as_of);
    let from = Day(ended.0 + draw.between(1, 15));
    Outline {
        index,
        story: Story::CameBySwitching,
        spells: vec![Spell { from, to: None }],
        switched_from: Some(before.index),
        ..before.clone()
    }
}

fn join_organisation(
    setting: &Setting,
    person: &mut Outline,
    position: u64,
    head: &Outline,
    draw: &mut Draw,
) {
    person.organisation = Some(head.index);
    person.branch = head.branch;
    // The first member is the key person: where the organisation follows it away, it goes first.
    if position == 1 && head.story == Story::LeftWithKeyPerson {
        let ended = head
            .spells
            .last()
            .and_then(|spell| spell.to)
            .unwrap_or(setting.as_of);
        let to = Day(ended.0 - draw.between(60, 150));
        person.story = Story::LeftWithKeyPerson;
        person.prepaid = false;
        person.quiet_from = None;
        person.spells = vec![Spell {
            from: person.since().min(Day(to.0 - 2 * TENURE_DAYS_MIN)),
            to: Some(to),
        }];
    }
}

/// When somebody became a customer: a share before the history, up to so many years; the rest within
/// it, more of them after the Spring Festival, in September and while there is an offer.
fn first_day(setting: &Setting, before_share: f64, years_before: f64, young: bool, draw: &mut Draw) -> Day {
    if draw.chance(before_share) {
        let days = (draw.unit() * draw.unit().sqrt() * years_before * 365.25) as i32;
        return Day(setting.first_day().0 - 1 - days);
    }
    let mut months = [(0, 0); HISTORY_MONTHS as usize];
    for (number, slot) in months.iter_mut().enumerate() {
        let number = number as i32;
        let month = setting.month(number);
        let mut weight = 100;
        if super::catalogue::month_of_year(month) == 9 {
            weight += if young { 400 } else { 40 };
        }
        if Month(month.0 - 1) == spring_festival(month) {
            weight += 50;
        }
        if (NEW_CUSTOMER_OFFER_MONTH..NEW_CUSTOMER_OFFER_MONTH + NEW_CUSTOMER_OFFER_MONTHS).contains(&number)
        {
            weight += 90;
        }
        if (COMPETITOR_MONTH..COMPETITOR_MONTH + 3).contains(&number) {
            weight -= 50;
        }
        *slot = (number, weight);
    }
    let month = setting.month(*draw.weighted(&months));
    let last = last_day(month).min(setting.as_of);
    Day(draw.between(month.first_day().0, last.0))
}

/// The story with its days; `Steady` where there is no room for it between the first day and the as-of day.
fn told(setting: &Setting, story: Story, from: Day, draw: &mut Draw) -> (Story, Vec<Spell>, Option<Day>) {
    let within = |number: i32, months: i32| {
        let first = setting.month(number).first_day();
        (first, last_day(setting.month(number + months - 1)))
    };
    // Nobody leaves before the history begins: there would be nothing to see of them.
    let earliest = Day((from.0 + TENURE_DAYS_MIN).max(setting.first_day().0 + 45));
    let window = match story {
        Story::LeftAfterDecline | Story::LeftMovedAway => (earliest, setting.as_of),
        Story::LeftWithKeyPerson => (Day(earliest.0 + 270), setting.as_of),
        Story::LeftAtPriceChange => within(PRICE_CHANGE_MONTH, 4),
        Story::LeftForCompetitor => within(COMPETITOR_MONTH, 3),
        Story::Dormant => (earliest, Day(setting.as_of.0 - 100)),
        // Away for the whole of the year before the last one, so that coming back shows as such.
        Story::WonBack => (earliest, last_day(setting.month(10))),
        Story::DippedAtPriceChange => (earliest, setting.month(PRICE_CHANGE_MONTH).first_day()),
        _ => (earliest, earliest),
    };
    let (first, last) = (window.0.max(earliest), window.1);
    let open = vec![Spell { from, to: None }];
    if first > last {
        return (Story::Steady, open, None);
    }
    let day = Day(draw.between(first.0, last.0));
    let spell = Spell { from, to: Some(day) };
    match story {
        Story::LeftAfterDecline
        | Story::LeftMovedAway
        | Story::LeftWithKeyPerson
        | Story::LeftAtPriceChange
        | Story::LeftForCompetitor => (story, vec![spell], None),
        Story::Dormant => (story, open, Some(day)),
        Story::WonBack => {
            let (first, last) = within(25, 10);
            let back = Spell {
                from: Day(draw.between(first.0, last.0)),
                to: None,
            };
            (story, vec![spell, back], None)
        }
        _ => (story, open, None),
    }
}
