//! The days of a customer's life and when they come round: seeing needs `customers.read`, changing
//! `customers.write`.

use base::{Day, Error, Result, check_version};
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, firm, ids};
use serde_json::Value;

use super::{found, hold};
use crate::model::{CustomerId, LifeEvent, LifeEventFacts, LifeEventId};
use crate::rules::edit::{as_changed, as_gone, as_new};
use crate::rules::life_event::{Occurrence, check_span, occurrences};
use crate::store::life_events::{self, LIFE_EVENTS_MAX};

/// How far is looked ahead unless said: a year of the moon may be longer than one of the sun.
const AHEAD_DAYS: i32 = 400;

/// A day of a customer's life with the days on which it comes round.
pub type Remembered = (LifeEvent, Vec<Occurrence>);

/// The days of a customer's life, and when they come round from `from` (today unless said) to `until` (400
/// days later unless said).
///
/// Errors: `span_reversed`, `span_too_long`, `span_out_of_range`.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    (from, until): (Option<Day>, Option<Day>),
) -> Result<Vec<Remembered>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let from = match from {
        Some(from) => from,
        None => {
            let zone = firm::load(&mut tx).await?.time_zone()?;
            Day::from_date(zone.to_datetime(platform.clock.now()).date())
        }
    };
    let until = until.unwrap_or(Day(from.0 + AHEAD_DAYS));
    check_span(from, until)?;
    let events = life_events::all(&mut tx, customer).await?;
    Ok(events
        .into_iter()
        .map(|event| {
            let when = occurrences(&event.facts, from, until);
            (event, when)
        })
        .collect())
}

/// Holds the customer until the transaction ends, and finds its events.
async fn hold_all(tx: &mut Tx, caller: &Caller, customer: CustomerId) -> Result<Vec<LifeEvent>> {
    hold(tx, caller, customer).await?;
    life_events::all(tx, customer).await
}

pub(super) fn too_many() -> Error {
    let message = "a customer has at most 50 days that are remembered";
    Error::conflict("life_events_too_many", message)
}

fn find(events: Vec<LifeEvent>, id: LifeEventId, expected: i64) -> Result<LifeEvent> {
    let found = events.into_iter().find(|event| event.id == id);
    let found = found.ok_or(Error::NotFound { what: "life event" })?;
    check_version(expected, found.version)?;
    Ok(found)
}

/// Adds a day of a customer's life.
///
/// Errors: `life_events_too_many`; `life_event_exists` for the same once more; those of
/// [`LifeEventFacts::checked`].
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: LifeEventFacts,
) -> Result<LifeEvent> {
    caller.require(Permission::CustomersWrite)?;
    let facts = said.checked()?;
    let mut tx = platform.db.write().await?;
    let events = hold_all(&mut tx, caller, customer).await?;
    if events.iter().any(|event| event.facts == facts) {
        let message = "this day of the customer is known already";
        return Err(Error::conflict("life_event_exists", message));
    }
    if events.len() >= LIFE_EVENTS_MAX as usize {
        return Err(too_many());
    }
    let id: LifeEventId = ids::new(&platform.clock);
    life_events::insert_many(&mut tx, &[(customer, id, &facts)]).await?;
    let payload = as_new(&facts);
    record(
        &mut tx,
        platform,
        caller,
        "life_event.added",
        (customer, id),
        &payload,
    )
    .await?;
    tx.commit().await?;
    Ok(LifeEvent {
        id,
        facts,
        version: 1,
    })
}

/// Says anew what a day of a customer's life is. `expected` is the version this is based on.
///
/// Errors: `version_stale`, and those of [`LifeEventFacts::checked`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    (customer, id): (CustomerId, LifeEventId),
    expected: i64,
    said: LifeEventFacts,
) -> Result<LifeEvent> {
    caller.require(Permission::CustomersWrite)?;
    let facts = said.checked()?;
    let mut tx = platform.db.write().await?;
    let before = find(hold_all(&mut tx, caller, customer).await?, id, expected)?;
    let Some(payload) = as_changed(&before.facts, &facts) else {
        return Ok(before);
    };
    life_events::update(&mut tx, id, &facts).await?;
    record(
        &mut tx,
        platform,
        caller,
        "life_event.changed",
        (customer, id),
        &payload,
    )
    .await?;
    tx.commit().await?;
    Ok(LifeEvent {
        id,
        facts,
        version: before.version + 1,
    })
}

/// Takes a day of a customer's life off the record. `expected` is the version this is based on.
///
/// Errors: `version_stale`.
pub async fn remove(
    platform: &Platform,
    caller: &Caller,
    (customer, id): (CustomerId, LifeEventId),
    expected: i64,
) -> Result<()> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let before = find(hold_all(&mut tx, caller, customer).await?, id, expected)?;
    life_events::delete(&mut tx, id).await?;
    let payload = as_gone(&before.facts);
    record(
        &mut tx,
        platform,
        caller,
        "life_event.removed",
        (customer, id),
        &payload,
    )
    .await?;
    tx.commit().await
}

async fn record(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    (customer, id): (CustomerId, LifeEventId),
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "life_event",
        subject: id.uuid(),
        customer: Some(customer.uuid()),
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}
