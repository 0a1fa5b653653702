//! Proves the chain: reads it from its beginning, computes every link anew, and names the first that does
//! not hold. Changes nothing.

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use super::rules::{self, BrokenLink, Fault, Link};
use super::store;
use crate::clock::Clock;
use crate::db::Tx;

/// How many links are in memory at a time.
const PAGE: u32 = 1_000;
/// The chain of a large firm is read in minutes.
const MINUTES_MAX: u32 = 60;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The last link that holds.
    pub end: Link,
    /// How many events wait to be sealed.
    pub waiting: u64,
    /// The first link that does not hold; none when the chain is whole.
    pub broken: Option<BrokenLink>,
}

/// Checks the whole chain as this transaction sees it. An event is a fault when it is older than `unsealed_after`
/// and in no chain. A link `known` from an earlier proof must be in it: that alone shows that the chain was
/// not made anew by whoever holds the database.
pub async fn verify(
    tx: &mut Tx,
    clock: &Clock,
    unsealed_after: SignedDuration,
    known: Option<Link>,
) -> Result<Verdict> {
    tx.allow_minutes(MINUTES_MAX).await?;
    let mut end = Link::genesis();
    let mut broken = walk(tx, &mut end, known).await?;
    if broken.is_none() {
        broken = check_end(tx, end, known).await?;
    }
    if broken.is_none() {
        let before = clock
            .now()
            .saturating_sub(unsealed_after)
            .unwrap_or(Timestamp::MIN);
        broken = outside(tx, before).await?;
    }
    Ok(Verdict {
        end,
        waiting: store::count_waiting(tx).await?,
        broken,
    })
}

/// Moves `end` along the chain as far as it holds.
async fn walk(tx: &mut Tx, end: &mut Link, known: Option<Link>) -> Result<Option<BrokenLink>> {
    let (mut after, mut size) = (i64::MIN, PAGE);
    loop {
        let rows = match store::chain_after(tx, after, size).await {
            Ok(rows) => rows,
            // A value that no program of ours wrote: the row it is in is found by reading one at a time.
            Err(Error::Internal { .. }) if size > 1 => {
                size = 1;
                continue;
            }
            Err(Error::Internal { .. }) => {
                return Ok(Some(BrokenLink {
                    position: Some(end.position + 1),
                    event: None,
                    fault: Fault::Altered,
                }));
            }
            Err(e) => return Err(e),
        };
        for (n, row) in rows.iter().enumerate() {
            match rules::check(*end, row, &rows[n + 1..]) {
                Ok(link) => *end = link,
                Err(broken) => return Ok(Some(broken)),
            }
            if known.is_some_and(|known| known.position == end.position && known.hash != end.hash) {
                return Ok(Some(BrokenLink {
                    position: Some(end.position),
                    event: Some(row.event_id),
                    fault: Fault::Altered,
                }));
            }
        }
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        after = last.position;
    }
}

/// Whether the chain ends where it should: a chain that was cut holds as far as it goes.
async fn check_end(tx: &mut Tx, end: Link, known: Option<Link>) -> Result<Option<BrokenLink>> {
    let noted = store::head(tx).await?;
    let fault = match noted {
        Some(noted) if noted == end => None,
        Some(noted) if noted.position <= end.position => Some(Fault::Altered),
        _ => Some(Fault::Missing),
    };
    let cut = known.is_some_and(|known| known.position > end.position);
    let fault = if cut { Some(Fault::Missing) } else { fault };
    Ok(fault.map(|fault| BrokenLink {
        position: Some(match fault {
            Fault::Missing => end.position + 1,
            _ => end.position,
        }),
        event: None,
        fault,
    }))
}

/// Events that should be in the chain and are not.
async fn outside(tx: &mut Tx, before: Timestamp) -> Result<Option<BrokenLink>> {
    let (event, fault) = match store::waiting_without_event(tx).await? {
        Some(event) => (Some(event), Fault::Missing),
        None => (store::unsealed_before(tx, before).await?, Fault::Unsealed),
    };
    Ok(event.map(|event| BrokenLink {
        position: None,
        event: Some(event),
        fault,
    }))
}
