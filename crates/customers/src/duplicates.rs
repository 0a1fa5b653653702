//! Finding customers who may be one, of one customer and of all: only those who have something in common are
//! compared, so that a million customers take minutes. The job reads in one transaction, and stores what it
//! found with its checkpoint in another. Decides nothing: see `rules::duplicates`.

use std::collections::{BTreeMap, BTreeSet};

use base::Result;
use jiff::Timestamp;
use platform::crypto::Cipher;
use platform::jobs::JobRun;
use platform::{Scope, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::CustomerId;
use crate::rules::duplicates::compare;
use crate::rules::names::first_letter;
use crate::store::duplicates::{self as store, Common, Found, Member, pair};

/// The kind of the job.
pub(crate) const KIND: &str = "duplicates_search";

/// So many members of the index are looked at in one step.
const STEP_MEMBERS: u32 = 5_000;
/// More than so many have a common name, not one identity: they are compared where they have something rarer in
/// common.
const BLOCK_MAX: usize = 60;
/// So many with one thing in common are looked at for one customer.
const OF_ONE_MAX: u32 = 500;
/// More pairs than this nobody looks through: the job ends, and goes on from the beginning when it is started
/// again after some were decided on.
const FOUND_MAX: u64 = 100_000;

/// Where the job is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// Which of the things in common, after the certain pairs.
    stage: usize,
    after: Option<String>,
    /// When it began, in microseconds.
    began_at: i64,
    members: u64,
    compared: u64,
    found: u64,
    /// Blocks that were too large.
    passed_over: u64,
}

/// What a step did.
#[derive(Debug, Default)]
struct Step {
    found: Found,
    members: u64,
    compared: u64,
    passed_over: u64,
    /// Where the next step begins; none where this was the last one of its stage.
    next: Option<String>,
}

pub(crate) async fn perform(run: JobRun) -> Result<Value> {
    let platform = run.platform().clone();
    let mut place: Place = run.checkpoint()?.unwrap_or_else(|| Place {
        began_at: platform::db::micros(platform.clock.now()),
        ..Place::default()
    });
    let stages = Common::ALL.len() + 1;
    let mut is_whole = true;
    while place.stage < stages {
        run.check()?;
        let name = match place.stage.checked_sub(1) {
            None => "identities",
            Some(n) => stage_name(Common::ALL[n]),
        };
        run.progress(name, place.members, None);
        let mut tx = platform.db.read().await?;
        tx.allow_minutes(5).await?;
        let cipher = platform.keys.cipher(&mut tx).await?;
        let after = place.after.as_deref();
        let step = match place.stage.checked_sub(1) {
            None => certain_step(&mut tx, &cipher, after).await?,
            Some(n) => step(&mut tx, &cipher, Common::ALL[n], after).await?,
        };
        drop(tx);
        place.members += step.members;
        place.compared += step.compared;
        place.passed_over += step.passed_over;
        place.after = step.next;
        if place.after.is_none() {
            place.stage += 1;
        }
        let mut tx = platform.db.write().await?;
        place.found += store::store(&mut tx, &platform.clock, &step.found).await?;
        run.save_checkpoint(&mut tx, &place).await?;
        tx.commit().await?;
        if place.found >= FOUND_MAX {
            is_whole = place.stage >= stages;
            break;
        }
    }
    let mut forgotten = 0;
    if is_whole {
        let began: Timestamp = platform::db::timestamp(place.began_at);
        let mut tx = platform.db.write().await?;
        run.hold(&mut tx).await?;
        forgotten = store::forget_before(&mut tx, began).await?;
        tx.commit().await?;
    }
    Ok(json!({
        "found": place.found,
        "compared": place.compared,
        "passed_over": place.passed_over,
        "forgotten": forgotten,
        "whole": is_whole,
    }))
}

fn stage_name(common: Common) -> &'static str {
    match common {
        Common::Name => "names",
        Common::Reading => "readings",
        Common::PhoneEnd => "phone_ends",
        Common::Birthday => "birthdays",
    }
}

/// Pairs of whom one was said to be known by what the other is known by.
async fn certain_step(tx: &mut Tx, cipher: &Cipher, after: Option<&str>) -> Result<Step> {
    let after = after
        .and_then(|text| Uuid::parse_str(text).ok())
        .unwrap_or(Uuid::nil());
    let rows = store::taken(tx, after, STEP_MEMBERS).await?;
    let is_last = rows.len() < STEP_MEMBERS as usize;
    let next = rows.last().map(|(id, ..)| id.to_string()).filter(|_| !is_last);
    let pairs: Vec<_> = rows.iter().map(|(_, one, other)| (*one, *other)).collect();
    Ok(Step {
        members: rows.len() as u64,
        compared: pairs.len() as u64,
        found: certain(tx, cipher, &pairs).await?,
        passed_over: 0,
        next,
    })
}

/// What speaks for pairs of whom one was said to be known by what the other is known by.
pub(crate) async fn certain(tx: &mut Tx, cipher: &Cipher, pairs: &[(Uuid, Uuid)]) -> Result<Found> {
    let ids: BTreeSet<Uuid> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let traits = store::traits(tx, cipher, &ids).await?;
    let mut found = Found::new();
    for (one, other) in pairs {
        if let (Some(a), Some(b), Some(pair)) = (traits.get(one), traits.get(other), pair(*one, *other)) {
            let compared = compare(a, b, true);
            if compared.is_worth_a_look() {
                found.insert(pair, compared);
            }
        }
    }
    Ok(found)
}

/// Those who have one kind of thing in common, from where the last step ended.
async fn step(tx: &mut Tx, cipher: &Cipher, common: Common, after: Option<&str>) -> Result<Step> {
    let mut members = store::members(tx, common, after, STEP_MEMBERS).await?;
    let mut step = Step {
        members: members.len() as u64,
        ..Step::default()
    };
    if members.len() == STEP_MEMBERS as usize {
        // The last block may go on: it comes with the next step, unless it is all there is here.
        let last = members.last().map(|(key, _)| key.clone()).unwrap_or_default();
        let whole = members.partition_point(|(key, _)| *key != last);
        if whole == 0 && !common.is_divided_by_name() {
            step.passed_over = 1;
            step.next = Some(last);
            return Ok(step);
        }
        if whole > 0 {
            members.truncate(whole);
        }
        step.next = members.last().map(|(key, _)| key.clone());
    }
    let blocks = blocks(&members);
    let ids: BTreeSet<Uuid> = blocks.iter().flatten().copied().collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let traits = store::traits(tx, cipher, &ids).await?;
    for block in blocks {
        let mut parts: BTreeMap<Option<char>, Vec<Uuid>> = BTreeMap::new();
        for id in block {
            let Some(of) = traits.get(&id) else { continue };
            let letter = of.name.as_deref().and_then(first_letter);
            let part = letter.filter(|_| common.is_divided_by_name());
            parts.entry(part).or_default().push(id);
        }
        for part in parts.into_values() {
            if part.len() > BLOCK_MAX {
                step.passed_over += 1;
                continue;
            }
            for (n, one) in part.iter().enumerate() {
                for other in &part[n + 1..] {
                    let (Some(a), Some(b)) = (traits.get(one), traits.get(other)) else {
                        continue;
                    };
                    step.compared += 1;
                    let compared = compare(a, b, false);
                    if let Some(pair) = pair(*one, *other).filter(|_| compared.is_worth_a_look()) {
                        step.found.insert(pair, compared);
                    }
                }
            }
        }
    }
    Ok(step)
}

/// The customers who have each thing in common, where there are several.
fn blocks(members: &[Member]) -> Vec<Vec<Uuid>> {
    members
        .chunk_by(|(one, _), (other, _)| one == other)
        .map(|block| {
            let ids: BTreeSet<Uuid> = block.iter().map(|(_, id)| *id).collect();
            ids.into_iter().collect::<Vec<_>>()
        })
        .filter(|ids| ids.len() > 1)
        .collect()
}

/// The customers of the scope who may be the same as one.
pub(crate) async fn of_one(
    tx: &mut Tx,
    scope: &Scope,
    cipher: &Cipher,
    customer: CustomerId,
) -> Result<Found> {
    let itself = customer.uuid();
    let known = store::traits(tx, cipher, &[itself]).await?;
    let Some(of) = known.get(&itself) else {
        return Ok(Found::new());
    };
    let mut others = store::in_common_with(tx, scope, customer, of, OF_ONE_MAX).await?;
    others.sort_unstable();
    others.dedup();
    let traits = store::traits(tx, cipher, &others).await?;
    let taken: Vec<_> = store::taken_of(tx, scope, customer, OF_ONE_MAX)
        .await?
        .into_iter()
        .map(|other| (itself, other))
        .collect();
    let mut found: Found = others
        .iter()
        .filter_map(|other| {
            let compared = compare(of, traits.get(other)?, false);
            let pair = pair(itself, *other).filter(|_| compared.is_worth_a_look())?;
            Some((pair, compared))
        })
        .collect();
    found.extend(certain(tx, cipher, &taken).await?);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_several_customers_each_once() {
        let id = Uuid::from_u128;
        let member = |key: &str, n| (key.to_owned(), id(n));
        let members = [
            member("a", 1),
            member("b", 2),
            member("b", 1),
            member("b", 2),
            member("c", 3),
            member("c", 3),
        ];
        assert_eq!(blocks(&members), [vec![id(1), id(2)]]);
    }
}
