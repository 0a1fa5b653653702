//! Looking at sessions and ending them: one's own, and for those who manage users, others'.

use base::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::model::{Caller, Permission, SessionId, UserId};
use super::super::store;
use super::token_hash;
use super::users::may_decide;
use crate::db::Tx;
use crate::events::{self, Event};
use crate::state::Platform;

/// A session as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SessionRecord {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: SessionId,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Where it was opened, where known.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// A part of the token's hash: it tells sessions apart, and nobody signs in with it.
fn id_of(token_hash: &[u8]) -> SessionId {
    let mut bytes = [0; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(token_hash) {
        *byte = *of_hash;
    }
    Uuid::from_bytes(bytes).into()
}

/// The caller's own sessions, newest first. `token` is that of the one that asks.
pub async fn mine(platform: &Platform, caller: &Caller, token: &str) -> Result<Vec<SessionRecord>> {
    shown(platform, caller.user.id, &token_hash(token)).await
}

/// A user's sessions, newest first.
pub async fn of_user(platform: &Platform, caller: &Caller, user: UserId) -> Result<Vec<SessionRecord>> {
    caller.require(Permission::AccessRead)?;
    shown(platform, user, &[]).await
}

async fn shown(platform: &Platform, user: UserId, current: &[u8]) -> Result<Vec<SessionRecord>> {
    let mut tx = platform.db.read().await?;
    let stored = store::sessions::of_user(&mut tx, user, platform.clock.now()).await?;
    Ok(stored
        .into_iter()
        .map(|session| SessionRecord {
            id: id_of(&session.token_hash),
            created_at: session.created_at,
            expires_at: session.expires_at,
            address: session.address,
            is_current: session.token_hash == current,
        })
        .collect())
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// Every one; of one's own, every other one.
    All,
}

/// Ends the caller's own sessions. Error: there is no such session.
pub async fn end_mine(platform: &Platform, caller: &Caller, token: &str, which: Which) -> Result<()> {
    let mut tx = platform.db.write().await?;
    end(
        platform,
        &mut tx,
        caller,
        caller.user.id,
        which,
        &token_hash(token),
    )
    .await?;
    tx.commit().await
}

/// Ends a user's sessions. Errors: `forbidden` where the user's role grants what the caller's does not.
pub async fn end_of_user(platform: &Platform, caller: &Caller, user: UserId, which: Which) -> Result<()> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.write().await?;
    let found = store::users::find(&mut tx, user)
        .await?
        .ok_or(Error::NotFound { what: "user" })?;
    may_decide(&mut tx, caller, found.user.role).await?;
    end(platform, &mut tx, caller, user, which, &[]).await?;
    tx.commit().await
}

async fn end(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    user: UserId,
    which: Which,
    but: &[u8],
) -> Result<()> {
    match which {
        Which::All => store::sessions::delete_all(tx, user, but).await?,
        Which::One(id) => {
            let of_user = store::sessions::of_user(tx, user, platform.clock.now()).await?;
            let session = of_user
                .iter()
                .find(|session| id_of(&session.token_hash) == id)
                .ok_or(Error::NotFound { what: "session" })?;
            store::sessions::delete(tx, &session.token_hash).await?;
        }
    }
    let payload = match which {
        Which::All => json!({ "session": null }),
        Which::One(id) => json!({ "session": id }),
    };
    let event = Event {
        actor: caller.actor(),
        kind: "user.sessions_ended",
        subject_kind: "user",
        subject: user.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
