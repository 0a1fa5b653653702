//! Customers who may be one: finding them, and deciding that they are two. Seeing needs `customers.read`,
//! looking and deciding `customers.write`; only pairs of whom the caller sees both are there, and who looks through
//! everyone sees the whole firm. That they are one is decided by merging them (`super::merges`).

use base::{Error, Page, PageSize, Result};
use platform::events::{self, Actor, Event};
use platform::jobs::{Job, NewJob, Unique};
use platform::{Caller, Permission, Platform, Tx};
use serde_json::{Value, json};

use super::found;
use crate::duplicates as finding;
use crate::model::{CustomerId, Duplicate, DuplicateId, DuplicateState, PairFilter};
use crate::store;
use crate::store::duplicates;

/// Pairs, what is certain first, the likeliest first.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    wanted: PairFilter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Duplicate>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let customer = match wanted.customer {
        // What was merged stays said of the two it is about.
        Some(customer) if wanted.state != DuplicateState::Merged => {
            let survivor = store::resolve(&mut tx, caller.scope(), customer).await?;
            Some(survivor.map_or(customer, |(id, _)| id))
        }
        customer => customer,
    };
    let wanted = PairFilter { customer, ..wanted };
    duplicates::page(&mut tx, caller.scope(), wanted, size, cursor).await
}

/// Queues the job that looks through all customers. It is for who sees the whole firm.
///
/// Error: `duplicates_search_in_progress`.
pub async fn search_all(platform: &Platform, caller: &Caller) -> Result<Job> {
    caller.require_whole_firm(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let job = queue(platform, &mut tx, caller.actor()).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(job)
}

/// Queues the job in a transaction of whoever calls, and asks for no permission.
///
/// Error: `duplicates_search_in_progress`.
pub async fn queue(platform: &Platform, tx: &mut Tx, actor: Actor) -> Result<Job> {
    let new = NewJob {
        kind: finding::KIND,
        subject: None,
        input: json!({}),
        unique: Some(Unique {
            key: finding::KIND,
            code: "duplicates_search_in_progress",
            message: "duplicates are being looked for already",
        }),
        actor,
    };
    platform.jobs.enqueue(tx, &platform.clock, new).await
}

/// Looks for customers who may be the same as one, now, and gives the first page of the open pairs it is in.
pub async fn search_one(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
) -> Result<Page<Duplicate>> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let found = finding::of_one(&mut tx, caller.scope(), &cipher, customer).await?;
    drop(tx);
    let mut tx = platform.db.write().await?;
    duplicates::store(&mut tx, &platform.clock, &found).await?;
    tx.commit().await?;
    let of_customer = PairFilter {
        customer: Some(customer),
        ..PairFilter::default()
    };
    list(platform, caller, of_customer, size, None).await
}

/// Decides that two customers are two: they are not offered again. What was decided so stays as it is.
///
/// Error: `duplicate_merged`.
pub async fn dismiss(platform: &Platform, caller: &Caller, id: DuplicateId) -> Result<Duplicate> {
    decide(platform, caller, id, DuplicateState::NotDuplicate).await
}

/// Takes back that two customers are two. What is open stays so.
///
/// Error: `duplicate_merged`.
pub async fn reopen(platform: &Platform, caller: &Caller, id: DuplicateId) -> Result<Duplicate> {
    decide(platform, caller, id, DuplicateState::Open).await
}

async fn decide(
    platform: &Platform,
    caller: &Caller,
    id: DuplicateId,
    wanted: DuplicateState,
) -> Result<Duplicate> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let mut held = duplicates::hold(&mut tx, caller.scope(), id)
        .await?
        .ok_or(Error::NotFound { what: "duplicate" })?;
    if held.state == wanted {
        return Ok(held);
    }
    if held.state == DuplicateState::Merged {
        let message = "these two were merged; undo the merge instead";
        return Err(Error::conflict("duplicate_merged", message));
    }
    let (at, by) = (platform.clock.now(), caller.actor().user());
    let (kind, dismissed) = match wanted {
        DuplicateState::NotDuplicate => ("duplicate.dismissed", Some((at, by))),
        _ => ("duplicate.reopened", None),
    };
    duplicates::decide(&mut tx, id, dismissed).await?;
    held.state = wanted;
    held.decided_at = dismissed.map(|(at, _)| platform::db::timestamp(platform::db::micros(at)));
    held.decided_by = dismissed.and_then(|(_, by)| by);
    for (customer, other) in [(held.one.id, held.other.id), (held.other.id, held.one.id)] {
        let payload = json!({ "other": other, "score": held.score });
        tell(&mut tx, platform, caller, kind, (id, customer), &payload).await?;
    }
    tx.commit().await?;
    Ok(held)
}

async fn tell(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    (id, customer): (DuplicateId, CustomerId),
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "duplicate",
        subject: id.uuid(),
        customer: Some(customer.uuid()),
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}
