//! The portfolio of benefits over a period. Read in one pass each over decisions, accounts and uses, then the ledger of those
//! who had something, some thousand customers at a time; what is kept in memory is about 150 bytes for each customer who
//! ever had a level or an account.

use std::collections::HashMap;
use std::time::Duration;

use base::{Day, Result};
use futures::StreamExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{Caller, Permission, Tx, firm};
use uuid::Uuid;
use value::store::ledger::{self, Activity};

use super::TiersRoom;
use crate::model::{
    Benefit, BenefitId, BenefitUse, NoStay, Person, Places, Portfolio, ProgrammeId, Stay, Terms, Used,
};
use crate::rules::{self, Strata};
use crate::store::benefits;
use crate::store::portfolio::{self as facts, LevelFrom};

/// Who has a ledger line within so many days after the period has stayed, where nobody says otherwise.
pub const STAY_DAYS: i32 = 90;

const STATEMENT_MAX: Duration = Duration::from_secs(120);
/// Customers whose ledger is read at once.
const CUSTOMERS_PER_STEP: usize = 5_000;
const FREQUENCY_DAYS: i32 = 365;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The first day of the period.
    pub from: Day,
    /// The last.
    pub until: Day,
    /// Within how many days after it a ledger line is to have stayed.
    pub stay_days: i32,
}

/// A customer as it is read.
#[derive(Debug, Clone, Copy, Default)]
struct Had {
    standing: u32,
    entitled: Places,
    from_the_first_day: Places,
    used: Places,
}

/// Everybody who had something, and what was used.
struct Gathered {
    people: HashMap<Uuid, Had>,
    used: Vec<Used>,
}

/// Every benefit over a period: who had it, who used it, what that cost, and whether who used it stayed.
///
/// Errors: the caller does not see the whole firm; `period_malformed`, `stay_days_malformed`.
pub async fn read(room: &TiersRoom, caller: &Caller, asked: Asked) -> Result<Portfolio> {
    caller.require_whole_firm(Permission::TiersRead)?;
    rules::check_period(asked.from, asked.until, asked.stay_days)?;
    let mut tx = room.platform.db.read().await?;
    tx.allow(STATEMENT_MAX).await?;
    let firm = firm::load(&mut tx).await?;
    let zone = firm.time_zone()?;
    let today = room.today(&mut tx).await?;
    let catalogue = benefits::all(&mut tx).await?;
    let gathered = gather(&mut tx, &catalogue, asked, &zone).await?;
    let is_over = asked.until.0 + asked.stay_days < today.0;
    let strata = if is_over {
        Some(compare(&mut tx, &gathered.people, catalogue.len(), asked, &zone).await?)
    } else {
        None
    };
    let cost_minor = gathered.used.iter().map(|used| used.cost_minor).sum();
    let items = catalogue.into_iter().zip(gathered.used).enumerate();
    let items = items.map(|(place, (benefit, used))| {
        let stay = strata.as_ref().map(|strata| strata.compared(place));
        told(benefit, &used, cost_minor, stay)
    });
    Ok(Portfolio {
        from: asked.from,
        until: asked.until,
        stay_days: asked.stay_days,
        currency: firm.currency.code().to_owned(),
        cost_minor,
        reading: rules::reading(asked.stay_days),
        items: items.collect(),
    })
}

/// What is told of a benefit; `stay` is none as long as nobody can have stayed.
fn told(benefit: Benefit, used: &Used, cost_of_all_minor: i64, stay: Option<Option<Stay>>) -> BenefitUse {
    let is_counted = benefit.facts.terms.is_counted();
    let counted = |number: i64| is_counted.then_some(number);
    let (stay, no_stay) = match stay {
        _ if !is_counted => (None, Some(NoStay::NotCounted)),
        None => (None, Some(NoStay::NotOver)),
        Some(None) => (None, Some(NoStay::NobodyToCompare)),
        Some(some) => (some, None),
    };
    BenefitUse {
        id: benefit.id,
        kind: benefit.facts.terms.kind(),
        entitled: used.entitled,
        users: counted(used.users),
        units: counted(used.units),
        cost_minor: counted(used.cost_minor),
        cost_per_user_minor: used.cost_minor.checked_div(used.users).and_then(counted),
        perceived_value: None,
        flags: rules::flags(used, cost_of_all_minor, stay.as_ref()),
        stay,
        no_stay,
        code: benefit.facts.code,
        zh: benefit.facts.zh,
        en: benefit.facts.en,
    }
}

fn midnight(day: Day, zone: &TimeZone) -> Timestamp {
    let midnight = day.date().to_zoned(zone.clone());
    midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

/// What levels promised in the period, by programme and level, as places in the catalogue. What is picked of a group is not
/// among it: who picked it has an account.
async fn promised(
    tx: &mut Tx,
    places: &HashMap<&str, usize>,
    asked: Asked,
) -> Result<HashMap<(ProgrammeId, String), Places>> {
    let versions = facts::in_force_until(tx, asked.until).await?;
    let mut promised: HashMap<(ProgrammeId, String), Places> = HashMap::new();
    for (n, (programme, _, document)) in versions.iter().enumerate() {
        // The next version may have come into force before the period began.
        let next = versions.get(n + 1).filter(|next| next.0 == *programme);
        if next.is_some_and(|next| next.1 <= asked.from) {
            continue;
        }
        for level in &document.levels {
            let of_level = promised.entry((*programme, level.code.clone())).or_default();
            let fixed = level.benefits.iter().filter(|promise| promise.choice.is_none());
            for place in fixed.filter_map(|promise| places.get(promise.benefit.as_str())) {
                of_level.insert(*place);
            }
        }
    }
    Ok(promised)
}

async fn gather(tx: &mut Tx, catalogue: &[Benefit], asked: Asked, zone: &TimeZone) -> Result<Gathered> {
    let by_code: HashMap<&str, usize> = catalogue
        .iter()
        .enumerate()
        .map(|(place, benefit)| (benefit.facts.code.as_str(), place))
        .collect();
    let by_id: HashMap<BenefitId, usize> = catalogue
        .iter()
        .enumerate()
        .map(|(place, benefit)| (benefit.id, place))
        .collect();
    let promised = promised(tx, &by_code, asked).await?;
    let mut people = levels(tx, &promised, asked).await?;
    let mut accounts = facts::accounts_between(tx, asked.from, asked.until)?;
    while let Some(account) = accounts.next().await {
        let (benefit, customer, from_the_first_day) = account?;
        let Some(place) = by_id.get(&benefit) else {
            continue;
        };
        let had = people.entry(customer).or_default();
        had.entitled.insert(*place);
        if from_the_first_day {
            had.from_the_first_day.insert(*place);
        }
    }
    drop(accounts);
    let mut used = vec![Used::default(); catalogue.len()];
    let (from, until) = (midnight(asked.from, zone), midnight(Day(asked.until.0 + 1), zone));
    let mut uses = facts::uses_between(tx, from, until)?;
    while let Some(of) = uses.next().await {
        let of = of?;
        let Some(place) = by_id.get(&of.benefit) else {
            continue;
        };
        let had = people.entry(of.customer).or_default();
        had.entitled.insert(*place);
        had.used.insert(*place);
        let (facts, total) = (&catalogue[*place].facts, &mut used[*place]);
        let (quantity, companions) = of.at_no_partner;
        let own_minor = match facts.terms {
            Terms::Amount {} => quantity,
            _ => facts.unit_cost_minor.saturating_mul(quantity + companions),
        };
        total.users += 1;
        total.units += of.units;
        total.cost_minor = total
            .cost_minor
            .saturating_add(own_minor)
            .saturating_add(of.owed_minor);
    }
    drop(uses);
    for (place, total) in used.iter_mut().enumerate() {
        total.entitled = people.values().filter(|had| had.entitled.contains(place)).count() as i64;
    }
    Ok(Gathered { people, used })
}

/// A number for each different thing.
struct Numbers<T>(HashMap<T, u32>);

impl<T: Eq + std::hash::Hash> Numbers<T> {
    fn of(&mut self, thing: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(thing).or_insert(next)
    }
}

/// The level of a programme that a customer had on the first day, and when that was decided.
type First = (ProgrammeId, (Day, i64), Option<u32>);

/// What levels gave everybody: those of the first day and those that came in the period.
async fn levels(
    tx: &mut Tx,
    promised: &HashMap<(ProgrammeId, String), Places>,
    asked: Asked,
) -> Result<HashMap<Uuid, Had>> {
    let mut codes = Numbers(HashMap::new());
    let mut names = Vec::new();
    let mut first: HashMap<Uuid, Vec<First>> = HashMap::new();
    let mut people: HashMap<Uuid, Had> = HashMap::new();
    let gives = |programme: ProgrammeId, code: &str| {
        promised
            .get(&(programme, code.to_owned()))
            .copied()
            .unwrap_or_default()
    };
    let mut rows = facts::levels_until(tx, asked.until)?;
    while let Some(row) = rows.next().await {
        let LevelFrom {
            programme,
            customer,
            on,
            at,
            level,
        } = row?;
        if on > asked.from {
            if let Some(code) = level {
                let had = people.entry(customer).or_default();
                had.entitled = had.entitled.and(gives(programme, &code));
            }
            continue;
        }
        let level = level.map(|code| {
            let number = codes.of(code.clone());
            if number as usize == names.len() {
                names.push(code);
            }
            number
        });
        let of = first.entry(customer).or_default();
        match of.iter_mut().find(|known| known.0 == programme) {
            Some(known) if known.1 >= (on, at) => {}
            Some(known) => *known = (programme, (on, at), level),
            None => of.push((programme, (on, at), level)),
        }
    }
    drop(rows);
    let mut standings = Numbers(HashMap::new());
    for (customer, mut of) in first {
        of.sort_unstable_by_key(|known| known.0);
        let stood: Vec<_> = of
            .iter()
            .map(|known| (known.0, known.2))
            .filter(|of| of.1.is_some())
            .collect();
        let had = people.entry(customer).or_default();
        for (programme, level) in &stood {
            let Some(code) = level.and_then(|number| names.get(number as usize)) else {
                continue;
            };
            let given = gives(*programme, code);
            had.entitled = had.entitled.and(given);
            had.from_the_first_day = had.from_the_first_day.and(given);
        }
        // 0 stands for who had no level.
        had.standing = if stood.is_empty() {
            0
        } else {
            standings.of(stood) + 1
        };
    }
    Ok(people)
}

/// Puts those who had something on the first day into strata, by what the ledger says of them.
async fn compare(
    tx: &mut Tx,
    people: &HashMap<Uuid, Had>,
    benefits: usize,
    asked: Asked,
    zone: &TimeZone,
) -> Result<Strata> {
    let mut strata = Strata::new(benefits);
    let mut ids: Vec<Uuid> = people
        .iter()
        .filter(|(_, had)| !had.from_the_first_day.is_empty())
        .map(|(id, _)| *id)
        .collect();
    ids.sort_unstable();
    let begin = midnight(asked.from, zone);
    let before = midnight(Day(asked.from.0 - FREQUENCY_DAYS), zone)..begin;
    let after =
        midnight(Day(asked.until.0 + 1), zone)..midnight(Day(asked.until.0 + 1 + asked.stay_days), zone);
    for some in ids.chunks(CUSTOMERS_PER_STEP) {
        let mut known: HashMap<Uuid, Activity> = HashMap::with_capacity(some.len());
        for row in ledger::activity_of(tx, some, before.clone(), after.clone()).await? {
            known
                .entry(row.customer)
                .and_modify(|known| {
                    known.last = known.last.max(row.last);
                    known.lines += row.lines;
                    known.after |= row.after;
                })
                .or_insert(row);
        }
        for id in some {
            let (Some(had), Some(activity)) = (people.get(id), known.get(id)) else {
                continue;
            };
            let last = activity
                .last
                .map(|last| Day::from_date(zone.to_datetime(last).date()));
            strata.add(&Person {
                standing: had.standing,
                recency: rules::recency(last, asked.from),
                frequency: rules::frequency(activity.lines),
                from_the_first_day: had.from_the_first_day,
                used: had.used,
                stayed: activity.after,
            });
        }
    }
    Ok(strata)
}

/// The same as CSV, one benefit a line; money in minor units, shares as numbers between 0 and 1.
pub async fn csv(room: &TiersRoom, caller: &Caller, asked: Asked) -> Result<(String, String)> {
    let portfolio = read(room, caller, asked).await?;
    let mut text = String::from(
        "benefit,kind,entitled,users,units,cost_minor,cost_per_user_minor,currency,perceived_value,compared_users,\
         compared_non_users,users_unmatched,user_stay_rate,non_user_stay_rate,difference_not_proof,standard_error,low,\
         high,flags\r\n",
    );
    for item in &portfolio.items {
        text.push_str(&csv_line(item, &portfolio.currency));
    }
    Ok((format!("portfolio-{}-{}.csv", asked.from, asked.until), text))
}

fn csv_line(item: &BenefitUse, currency: &str) -> String {
    fn cell(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let stay = item.stay.as_ref();
    let flags: Vec<&str> = item.flags.iter().map(|flag| flag.code).collect();
    let cells = [
        // Codes have neither commas nor quotes; they may begin as a formula does.
        platform::tabular::formula::defused(&item.code).to_string(),
        item.kind.to_owned(),
        item.entitled.to_string(),
        cell(item.users),
        cell(item.units),
        cell(item.cost_minor),
        cell(item.cost_per_user_minor),
        currency.to_owned(),
        cell(item.perceived_value),
        cell(stay.map(|stay| stay.users)),
        cell(stay.map(|stay| stay.non_users)),
        cell(stay.map(|stay| stay.users_unmatched)),
        cell(stay.map(|stay| stay.user_rate)),
        cell(stay.map(|stay| stay.non_user_rate)),
        cell(stay.map(|stay| stay.difference)),
        cell(stay.map(|stay| stay.standard_error)),
        cell(stay.map(|stay| stay.low)),
        cell(stay.map(|stay| stay.high)),
        flags.join(" "),
    ];
    cells.join(",") + "\r\n"
}
