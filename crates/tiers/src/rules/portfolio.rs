//! Whether who used a benefit stayed more often than who could have used it and did not, and which benefits stand out.
//!
//! The estimator: customers who had the benefit on the first day of the period are put into strata by their levels on
//! that day, the time since their last ledger line and the number of lines in the 365 days before. In strata that have
//! both users and non-users, the difference of their stay rates is averaged with the users' numbers as weights: what it
//! says is about those who used it. Its standard error is that of a sum of independent shares, each share's variance
//! with one more that stayed and one more that did not, so that one of one is not taken for certainty. Who uses a benefit
//! is about to travel, to buy, to stay anyway: matching takes away what level, recency and frequency explain of that, and
//! nothing else. It is no proof.

use std::collections::BTreeMap;

use base::{Day, Error, Result};

use crate::model::{Frequency, Person, Places, Recency, Sentence, Stay, Used};

const PERIOD_DAYS_MAX: i32 = 366;
const STAY_DAYS_MAX: i32 = 365;
/// 95 % of a normal distribution lie within so many standard errors.
const Z_95: f64 = 1.96;

/// A benefit costs much from this share of all cost on.
const MUCH_SHARE: f64 = 0.10;
/// It is used little below this share of those who have it.
const LITTLE_SHARE: f64 = 0.10;
/// Fewer users or non-users than this say nothing of an effect.
const COMPARED_MIN: i64 = 30;
/// Neither does a difference that is known less well than this.
const STANDARD_ERROR_MAX: f64 = 0.05;

/// Passes if this can be asked. Errors: `period_malformed`, `stay_days_malformed`.
pub fn check_period(from: Day, until: Day, stay_days: i32) -> Result<()> {
    if until < from || until.0 - from.0 >= PERIOD_DAYS_MAX {
        let message = "a period has 1 to 366 days";
        return Err(Error::invalid("period_malformed", message).at("until"));
    }
    if !(1..=STAY_DAYS_MAX).contains(&stay_days) {
        let message = "1 to 365 days";
        return Err(Error::invalid("stay_days_malformed", message).at("stay_days"));
    }
    Ok(())
}

/// How long before a day the last line was.
pub fn recency(last: Option<Day>, from: Day) -> Recency {
    match last.map(|last| from.0 - last.0) {
        None => Recency::Never,
        Some(..=30) => Recency::Days30,
        Some(31..=90) => Recency::Days90,
        Some(91..=180) => Recency::Days180,
        Some(181..=365) => Recency::Days365,
        Some(_) => Recency::Longer,
    }
}

/// How often a customer with so many lines bought.
pub fn frequency(lines: i64) -> Frequency {
    match lines {
        ..=0 => Frequency::None,
        1 => Frequency::One,
        2..=3 => Frequency::Few,
        4..=11 => Frequency::Some,
        _ => Frequency::Many,
    }
}

/// Users and others of one stratum, and how many of each stayed.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    users: i64,
    users_stayed: i64,
    others: i64,
    others_stayed: i64,
}

type Stratum = (u32, Recency, Frequency);

/// Customers by benefit and stratum. Each is added once; nothing of it is kept.
#[derive(Debug, Clone)]
pub struct Strata {
    of: Vec<BTreeMap<Stratum, Cell>>,
}

impl Strata {
    /// For so many benefits, at most [`Places::MAX`].
    pub fn new(benefits: usize) -> Self {
        Self {
            of: vec![BTreeMap::new(); benefits.min(Places::MAX)],
        }
    }

    /// Adds a customer.
    pub fn add(&mut self, person: &Person) {
        let stratum = (person.standing, person.recency, person.frequency);
        for (place, strata) in self.of.iter_mut().enumerate() {
            if !person.from_the_first_day.contains(place) {
                continue;
            }
            let cell = strata.entry(stratum).or_default();
            let stayed = i64::from(person.stayed);
            if person.used.contains(place) {
                cell.users += 1;
                cell.users_stayed += stayed;
            } else {
                cell.others += 1;
                cell.others_stayed += stayed;
            }
        }
    }

    /// The comparison of a benefit; none where nobody can be compared.
    pub fn compared(&self, place: usize) -> Option<Stay> {
        let strata = self.of.get(place)?;
        let matched = || strata.values().filter(|cell| cell.users > 0 && cell.others > 0);
        let users: i64 = matched().map(|cell| cell.users).sum();
        if users == 0 {
            return None;
        }
        let (mut user_rate, mut non_user_rate, mut variance) = (0.0, 0.0, 0.0);
        for cell in matched() {
            let weight = cell.users as f64 / users as f64;
            user_rate += weight * share(cell.users_stayed, cell.users);
            non_user_rate += weight * share(cell.others_stayed, cell.others);
            variance += weight.powi(2)
                * (variance_of(cell.users_stayed, cell.users) + variance_of(cell.others_stayed, cell.others));
        }
        let (difference, standard_error) = (user_rate - non_user_rate, variance.sqrt());
        Some(Stay {
            users,
            non_users: matched().map(|cell| cell.others).sum(),
            users_unmatched: strata.values().map(|cell| cell.users).sum::<i64>() - users,
            user_rate: shown(user_rate),
            non_user_rate: shown(non_user_rate),
            difference: shown(difference),
            standard_error: shown(standard_error),
            low: shown(difference - Z_95 * standard_error),
            high: shown(difference + Z_95 * standard_error),
        })
    }
}

fn share(some: i64, of: i64) -> f64 {
    some as f64 / of as f64
}

/// The variance of a share, with one more of each.
fn variance_of(some: i64, of: i64) -> f64 {
    let share = share(some + 1, of + 2);
    share * (1.0 - share) / of as f64
}

/// Six digits: more would be noise of the order in which customers were read.
fn shown(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// What stands out of a benefit that is used up: costs much, and is used little or without an effect that can be seen.
pub fn flags(used: &Used, cost_of_all_minor: i64, stay: Option<&Stay>) -> Vec<Sentence> {
    let mut flags = Vec::new();
    if used.cost_minor <= 0 || share(used.cost_minor, cost_of_all_minor.max(1)) < MUCH_SHARE {
        return flags;
    }
    let cost = share(used.cost_minor, cost_of_all_minor.max(1)) * 100.0;
    let use_share = share(used.users, used.entitled.max(1));
    if use_share < LITTLE_SHARE {
        flags.push(Sentence {
            code: "costs_much_used_little",
            zh: format!(
                "占全部权益成本的 {cost:.0}%，但只有 {:.1}% 的有权客户使用过",
                use_share * 100.0
            ),
            en: format!(
                "{cost:.0}% of all cost, and {:.1}% of those who have it used it",
                use_share * 100.0
            ),
        });
    }
    let known_well = |stay: &&Stay| {
        stay.users >= COMPARED_MIN
            && stay.non_users >= COMPARED_MIN
            && stay.standard_error <= STANDARD_ERROR_MAX
    };
    if let Some(stay) = stay.filter(known_well).filter(|stay| stay.low <= 0.0) {
        let (difference, low, high) = (stay.difference * 100.0, stay.low * 100.0, stay.high * 100.0);
        flags.push(Sentence {
            code: "costs_much_no_effect_seen",
            zh: format!(
                "占全部权益成本的 {cost:.0}%，未见使用者更愿意留下：留存率差 {difference:+.1} 个百分点（95% 区间 {low:+.1} 至 {high:+.1}）"
            ),
            en: format!(
                "{cost:.0}% of all cost, and no sign that who used it stayed more often: {difference:+.1} points \
                 (95% between {low:+.1} and {high:+.1})"
            ),
        });
    }
    flags
}

/// How the comparison is to be read.
pub fn reading(stay_days: i32) -> Sentence {
    Sentence {
        code: "comparison_not_proof",
        zh: format!(
            "留存指期末后 {stay_days} 天内有交易。使用者与期初等级、最近交易时间、交易频次都相同的未使用者比较。\
             使用权益的客户本来就可能更活跃，因此这只是对比，不能证明权益带来了留存。"
        ),
        en: format!(
            "To stay is to have a ledger line within {stay_days} days after the period. Users are compared with \
             non-users of the same levels, recency and frequency at its beginning. Who uses a benefit may have been \
             about to stay anyway: this is a comparison, and no proof that the benefit keeps customers."
        ),
    }
}
