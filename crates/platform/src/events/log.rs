//! Writing events. Never reads or alters one.

use base::Result;
use serde_json::Value;
use uuid::Uuid;

use super::store;
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

/// Writes the event in the transaction of the change. It waits for nobody: a sealer chains it after the
/// commit.
pub async fn record(tx: &mut Tx, clock: &Clock, event: &Event<'_>) -> Result<()> {
    store::insert(tx, ids::new(clock), clock.now(), event).await
}
