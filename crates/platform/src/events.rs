//! The event log: every change, written in the transaction that makes it, and never altered after.
//! Timeline, audit and webhooks read it; nothing else is a record of what happened.

use base::Result;
#[cfg(feature = "testing")]
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::args;
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A user.
    User(Uuid),
    /// The program by itself.
    System,
}

impl Actor {
    /// The user's id, if it was a user.
    pub fn user(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id),
            Self::System => None,
        }
    }
}

impl From<Option<Uuid>> for Actor {
    fn from(user: Option<Uuid>) -> Self {
        user.map_or(Self::System, Self::User)
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Who did it.
    pub actor: Actor,
    /// What happened, as `thing.past_tense`: `customer.imported`.
    pub kind: &'static str,
    /// The kind of thing it happened to: `customer`, `run`.
    pub subject_kind: &'static str,
    /// The thing.
    pub subject: Uuid,
    /// The customer whose timeline it belongs to.
    pub customer: Option<Uuid>,
    /// The facts, without secrets.
    pub payload: &'a Value,
}

/// Writes the event in the transaction of the change.
pub async fn record(tx: &mut Tx, clock: &Clock, event: &Event<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO events (id, at, actor, kind, subject_kind, subject_id, customer_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            ids::new::<Uuid>(clock),
            clock.now(),
            event.actor.user(),
            event.kind,
            event.subject_kind,
            event.subject,
            event.customer,
            event.payload.clone(),
        ],
    )
    .await
    .map(|_| ())
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

#[cfg(feature = "testing")]
#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    at: i64,
    actor: Option<Uuid>,
    kind: String,
    payload: sqlx::types::Json<Value>,
}

/// The newest events of one thing, newest first, at most `limit`.
#[cfg(feature = "testing")]
pub async fn of_subject(tx: &mut Tx, subject_kind: &str, subject: Uuid, limit: u32) -> Result<Vec<Recorded>> {
    let rows: Vec<Row> = tx
        .all(
            "SELECT id, at, actor, kind, payload FROM events \
             WHERE subject_kind = $1 AND subject_id = $2 ORDER BY at DESC, id DESC LIMIT $3",
            args![subject_kind, subject, limit],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Recorded {
            id: row.id,
            at: crate::db::timestamp(row.at),
            actor: row.actor.into(),
            kind: row.kind,
            payload: row.payload.0,
        })
        .collect())
}
