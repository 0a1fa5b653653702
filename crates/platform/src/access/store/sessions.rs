//! The SQL of sessions.

use base::Result;
use jiff::Timestamp;

use super::super::model::UserId;
use crate::args;
use crate::db::{Tx, timestamp};

/// How many sessions of a user are shown.
const SHOWN_MAX: u32 = 200;

/// A session as it is stored.
pub(in super::super) struct Stored {
    pub(in super::super) token_hash: Vec<u8>,
    pub(in super::super) created_at: Timestamp,
    pub(in super::super) expires_at: Timestamp,
    pub(in super::super) address: Option<String>,
}

pub(in super::super) async fn insert(
    tx: &mut Tx,
    token_hash: &[u8],
    user: UserId,
    address: Option<&str>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at, address) VALUES ($1, $2, $3, $4, $5)",
        args![token_hash.to_vec(), user.uuid(), now, expires_at, address],
    )
    .await
    .map(|_| ())
}

/// The newest sessions of a user that have not expired.
pub(in super::super) async fn of_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<Stored>> {
    let rows: Vec<(Vec<u8>, i64, i64, Option<String>)> = tx
        .all(
            "SELECT token_hash, created_at, expires_at, address FROM sessions \
             WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, token_hash LIMIT $3",
            args![user.uuid(), now, SHOWN_MAX],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(token_hash, created_at, expires_at, address)| Stored {
            token_hash,
            created_at: timestamp(created_at),
            expires_at: timestamp(expires_at),
            address,
        })
        .collect())
}

pub(in super::super) async fn delete(tx: &mut Tx, token_hash: &[u8]) -> Result<()> {
    tx.execute(
        "DELETE FROM sessions WHERE token_hash = $1",
        args![token_hash.to_vec()],
    )
    .await
    .map(|_| ())
}

/// Ends every session of a user but, if given, one.
pub(in super::super) async fn delete_all(tx: &mut Tx, user: UserId, but: &[u8]) -> Result<()> {
    tx.execute(
        "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2",
        args![user.uuid(), but.to_vec()],
    )
    .await
    .map(|_| ())
}
