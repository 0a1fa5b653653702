//! Reading the log: a customer's timeline, and the audit. Secrets are never shown.

use base::{Error, Page, PageSize, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::log::Actor;
use super::store;
use crate::access::{Caller, Permission};
use crate::db::Tx;
use crate::state::Platform;

/// Who did it, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ActorName {
    /// The user.
    pub id: Uuid,
    /// The user's name; none when the user is gone.
    pub name: Option<String>,
}

/// Something that happened, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EventRow {
    /// The event.
    pub id: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who; none: the program by itself.
    pub actor: Option<ActorName>,
    /// What, such as `import.finished`.
    pub kind: String,
    /// The kind of thing it happened to.
    pub subject_kind: String,
    /// The thing.
    pub subject_id: Uuid,
    /// The customer whose timeline it belongs to.
    pub customer_id: Option<Uuid>,
    /// The facts.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// Its place in the chain; none in the first seconds.
    pub position: Option<i64>,
}

/// Which events; what is not asked for is not filtered by.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Who.
    pub actor: Option<Actor>,
    /// What.
    pub kind: Option<String>,
    /// The kind of thing.
    pub subject_kind: Option<String>,
    /// The thing.
    pub subject: Option<Uuid>,
    /// Any of these customers.
    pub customers: Vec<Uuid>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Events, newest first. Whoever calls has checked that the caller may see them.
pub async fn page(
    tx: &mut Tx,
    filter: &EventFilter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    store::page(tx, filter, size, cursor).await
}

/// The events of one kind at exactly these moments: what is written in bulk has the moment of its one event. Whoever calls
/// has checked that the caller may see them.
pub async fn at_moments(tx: &mut Tx, kind: &str, moments: &[Timestamp]) -> Result<Vec<EventRow>> {
    store::at_moments(tx, kind, moments).await
}

/// What happened in the whole firm, newest first. Needs `audit.read`. Error: `span_reversed`.
pub async fn audit(
    platform: &Platform,
    caller: &Caller,
    filter: &EventFilter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    caller.require_whole_firm(Permission::AuditRead)?;
    if filter
        .from
        .zip(filter.until)
        .is_some_and(|(from, until)| from > until)
    {
        return Err(Error::invalid("span_reversed", "from is before until").at("until"));
    }
    page(&mut platform.db.read().await?, filter, size, cursor).await
}

/// An event as it was recorded, for tests.
#[cfg(feature = "testing")]
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub kind: String,
    /// The facts.
    pub payload: Value,
}

/// The newest events of one thing, newest first, at most `limit`.
#[cfg(feature = "testing")]
pub async fn of_subject(tx: &mut Tx, subject_kind: &str, subject: Uuid, limit: u32) -> Result<Vec<Recorded>> {
    let filter = EventFilter {
        subject_kind: Some(subject_kind.to_owned()),
        subject: Some(subject),
        ..EventFilter::default()
    };
    let page = page(tx, &filter, PageSize::new(Some(limit))?, None).await?;
    let recorded = |event: EventRow| Recorded {
        id: event.id,
        at: event.at,
        actor: event.actor.map(|actor| actor.id).into(),
        kind: event.kind,
        payload: event.payload,
    };
    Ok(page.items.into_iter().map(recorded).collect())
}
