//! What a level promises on a day, and what follows for what a customer has: what is opened, carried over, granted, taken
//! back.

use std::collections::HashMap;

use base::{Day, Month, Result};

use super::ledger::{expire, settle};
use super::measure::{months_after, tenure_months};
use crate::model::{
    Benefit, BenefitId, Chosen, Entitlement, EntryKind, Level, OnLoss, Per, Posting, Promise, Standing,
};

/// The days of a period, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: Day,
    /// The last.
    pub ends: Day,
}

/// The period that a day is in; `since` is when the level began.
pub fn span(per: Per, since: Day, today: Day) -> Span {
    let months = |first: Month, count: i32| Span {
        from: first.first_day(),
        ends: Day(Month(first.0 + count).first_day().0 - 1),
    };
    let now = today.month();
    match per {
        Per::Month => months(now, 1),
        Per::Quarter => months(Month(now.0 - now.0.rem_euclid(3)), 3),
        Per::Year => months(Month(now.0 - now.0.rem_euclid(12)), 12),
        Per::MembershipYear => {
            let years = tenure_months(since, today).max(0) / 12;
            Span {
                from: months_after(since, 12 * years),
                ends: Day(months_after(since, 12 * years + 12).0 - 1),
            }
        }
    }
}

/// What comes from the period before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carry {
    /// The first day of that period.
    pub from: Day,
    /// So many at most.
    pub most: i64,
}

/// What a level promises of a benefit in the period under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of which.
    pub benefit: BenefitId,
    /// The period.
    pub span: Span,
    /// What is promised.
    pub promise: Promise,
    /// What may come from the period before.
    pub carry: Option<Carry>,
}

/// What is promised of a benefit, without what is not used up and what was not picked.
pub fn due(
    level: &Level,
    catalogue: &[Benefit],
    chosen: &[Chosen],
    (standing, version_from): (&Standing, Day),
    today: Day,
) -> Vec<Due> {
    let by_code: HashMap<&str, &Benefit> = catalogue
        .iter()
        .filter(|benefit| benefit.facts.active && benefit.facts.terms.is_counted())
        .map(|benefit| (benefit.facts.code.as_str(), benefit))
        .collect();
    let mut all = Vec::new();
    for promise in &level.benefits {
        let Some(benefit) = by_code.get(promise.benefit.as_str()) else {
            continue;
        };
        let now = span(promise.per, standing.since, today);
        let picked = |code: &String| {
            chosen.iter().any(|one| {
                (&one.level, &one.choice, one.from) == (&level.code, code, now.from)
                    && one.benefits.contains(&promise.benefit)
            })
        };
        if promise.choice.as_ref().is_some_and(|code| !picked(code)) {
            continue;
        }
        let before = span(promise.per, standing.since, Day(now.from.0 - 1));
        // Only what the level promised in that period too.
        let held = standing.since <= before.from && version_from <= before.from;
        all.push(Due {
            benefit: benefit.id,
            span: now,
            promise: promise.clone(),
            carry: (promise.carry_over_max > 0 && held).then_some(Carry {
                from: before.from,
                most: promise.carry_over_max,
            }),
        });
    }
    all
}

/// What is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This one of the entitlements becomes so, by these entries.
    Adjusted {
        /// Its place among those that were given.
        n: usize,
        /// As it is then.
        after: Entitlement,
        /// What is entered.
        entered: Vec<Posting>,
    },
    /// A new one is opened.
    Opened {
        /// What is promised.
        due: Due,
        /// Until when it can be used.
        until: Day,
        /// What comes from the period before.
        carried: i64,
    },
}

/// What follows for a customer's entitlements in a programme from its level and what that promises. `accounts` are those
/// whose period ended within a year or has not ended; the same again follows nothing.
pub fn plan(accounts: &[Entitlement], level: Option<&str>, due: &[Due], today: Day) -> Result<Vec<Change>> {
    let mut after = accounts.to_vec();
    let mut entered: Vec<Vec<Posting>> = vec![Vec::new(); accounts.len()];
    for (account, entered) in after.iter_mut().zip(&mut entered) {
        if account.ends >= today && account.level.as_deref() != level {
            change_level(account, level, due, today);
            entered.extend(settle(account)?);
        }
    }
    let mut opened = Vec::new();
    for one in due {
        let same = |account: &Entitlement| account.benefit == one.benefit;
        let there = |account: &Entitlement| same(account) && account.from == one.span.from;
        if accounts.iter().any(there) {
            continue;
        }
        let carried = match one.carry {
            None => 0,
            Some(carry) => {
                let before = after
                    .iter()
                    .position(|account| same(account) && account.from == carry.from);
                match before {
                    // Nobody asked for it in that period, so nothing of it was used.
                    None => carry.most,
                    Some(n) => carry_out(&mut after[n], &mut entered[n], carry.most)?,
                }
            }
        };
        let until = one
            .promise
            .validity_days
            .map_or(one.span.ends, |days| Day(today.0 + days - 1));
        opened.push(Change::Opened {
            due: one.clone(),
            until,
            carried,
        });
    }
    for (account, entered) in after.iter_mut().zip(&mut entered) {
        entered.extend(expire(account, today)?);
    }
    let adjusted = after.into_iter().zip(entered).enumerate();
    let adjusted = adjusted.filter(|(n, (after, _))| *after != accounts[*n]);
    Ok(adjusted
        .map(|(n, (after, entered))| Change::Adjusted { n, after, entered })
        .chain(opened)
        .collect())
}

fn carry_out(account: &mut Entitlement, entered: &mut Vec<Posting>, most: i64) -> Result<i64> {
    let quantity = account.balances.available.min(most);
    if quantity > 0 {
        let posting = Posting {
            kind: EntryKind::CarriedOut,
            quantity,
        };
        super::ledger::apply(&mut account.balances, &[posting])?;
        entered.push(posting);
        // It is not owed here any more.
        let carried = account.carried.min(quantity);
        account.carried -= carried;
        account.promised -= (quantity - carried).min(account.promised);
    }
    Ok(quantity)
}

/// Another level than it was last set by counts.
fn change_level(account: &mut Entitlement, level: Option<&str>, due: &[Due], today: Day) {
    let of = due.iter().find(|one| one.benefit == account.benefit);
    let same_period = of.filter(|one| one.span.from == account.from);
    account.promised = match (of, same_period) {
        (_, Some(one)) => promised_now(account, Some(one.promise.quantity), today),
        // The new level gives the same anew, in a period of its own.
        (Some(_), None) => 0,
        (None, None) => promised_now(account, None, today),
    };
    if let Some(one) = same_period {
        account.on_loss = one.promise.on_loss;
        account.companions_max = one.promise.companions_max;
    }
    account.level = level.map(str::to_owned);
}

/// What is promised for the period after a change of level: what the new one gives, or what stays of what the old one
/// gave, whichever is more.
pub fn promised_now(account: &Entitlement, new: Option<i64>, today: Day) -> i64 {
    let stays = match account.on_loss {
        OnLoss::Keep => account.promised,
        OnLoss::ProRata => {
            let days = i64::from(account.ends.0 - account.from.0 + 1);
            let passed = i64::from(today.0 - account.from.0).clamp(0, days);
            // In the customer's favour where it does not come out even.
            let share =
                (i128::from(account.promised) * i128::from(passed) + i128::from(days) - 1) / i128::from(days);
            i64::try_from(share).unwrap_or(account.promised)
        }
    };
    match new {
        Some(new) if new >= account.promised => new,
        new => stays.max(new.unwrap_or(0)),
    }
}
