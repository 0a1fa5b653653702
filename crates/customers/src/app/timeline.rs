//! What happened to a customer. Reads the event log and nothing else.

use base::{Cursor, Page, PageSize, Result};
use platform::db::timestamp;
use platform::events::{self, EventFilter, EventRow};
use platform::{Caller, Permission, Platform, Tx};
use serde_json::json;
use uuid::Uuid;

use super::found;
use crate::import::IMPORTED;
use crate::model::CustomerId;
use crate::rules::{masking, timeline};
use crate::store;

/// What happened to one customer and to those merged into it, newest first; of one kind where that is asked for.
pub async fn timeline(
    platform: &Platform,
    caller: &Caller,
    id: CustomerId,
    kind: Option<String>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (id, _) = found(&mut tx, caller, id).await?;
    of(&mut tx, caller, (id, kind), size, cursor).await
}

/// The same of a customer who was found. Whom an import has made was made at the moment of its batch's event, which is
/// the first of what happened; of a merge one of its two events is shown.
pub(crate) async fn of(
    tx: &mut Tx,
    caller: &Caller,
    (id, kind): (CustomerId, Option<String>),
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    let together = store::together(tx, id).await?;
    let customers: Vec<Uuid> = together.iter().map(|(id, _)| *id).collect();
    let imported = if kind.as_deref().is_none_or(|kind| kind == IMPORTED) {
        let moments: Vec<_> = together.iter().map(|(_, made_at)| *made_at).collect();
        events::at_moments(tx, IMPORTED, &moments).await?
    } else {
        Vec::new()
    };
    let filter = EventFilter {
        customers: customers.clone(),
        kind,
        ..EventFilter::default()
    };
    let after = cursor.map(Cursor::key::<(i64, Uuid)>).transpose()?;
    let after = after.map(|(at, id)| (timestamp(at), id));
    let page = events::page(tx, &filter, size, cursor).await?;
    let mut page = timeline::with(page, imported, after);
    page.items
        .retain(|event| !timeline::is_the_other_side(event, &customers));
    Ok(page.map(|event| shown(caller, event)))
}

/// An event of a customer as the caller may see it: of a whole batch only where it came from.
fn shown(caller: &Caller, mut event: EventRow) -> EventRow {
    if event.kind == IMPORTED {
        event.payload = json!({ "source": event.payload["source"] });
    }
    if !caller.may(Permission::CustomersPersonal) {
        masking::facts(&mut event.payload);
    }
    event
}
