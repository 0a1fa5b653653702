//! The SQL of API keys.

use base::Result;
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::model::{ApiKey, ApiKeyId, Permission, UserId};
use super::super::rules::known_permissions;
use crate::args;
use crate::db::{Tx, timestamp};

/// How many keys of a user are in force at most.
pub(in super::super) const OF_USER_MAX: usize = 50;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    name: String,
    permissions: Json<Vec<String>>,
    per_minute: i32,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            name: row.name,
            permissions: known_permissions(&row.permissions)
                .into_iter()
                .map(Permission::name)
                .collect(),
            per_minute: row.per_minute,
            created_at: timestamp(row.created_at),
            expires_at: timestamp(row.expires_at),
            last_used_at: row.last_used_at.map(timestamp),
        }
    }
}

/// Adds a key.
pub(in super::super) async fn insert(tx: &mut Tx, key: &ApiKey, key_hash: &[u8]) -> Result<()> {
    tx.execute(
        "INSERT INTO api_keys (id, user_id, name, key_hash, permissions, per_minute, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            key.id.uuid(),
            key.user_id.uuid(),
            &key.name,
            key_hash.to_vec(),
            json!(key.permissions),
            key.per_minute,
            key.created_at,
            key.expires_at
        ],
    )
    .await
    .map(|_| ())
}

/// The keys of a user that are in force, newest first.
pub(in super::super) async fn of_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<ApiKey>> {
    let rows: Vec<Row> = tx
        .all(
            "SELECT id, user_id, name, permissions, per_minute, created_at, expires_at, last_used_at FROM api_keys \
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT $3",
            args![user.uuid(), now, i64::try_from(OF_USER_MAX).unwrap_or(i64::MAX)],
        )
        .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// The key of this hash, if it is in force.
pub(in super::super) async fn by_hash(
    tx: &mut Tx,
    key_hash: &[u8],
    now: Timestamp,
) -> Result<Option<ApiKey>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, user_id, name, permissions, per_minute, created_at, expires_at, last_used_at FROM api_keys \
             WHERE key_hash = $1 AND revoked_at IS NULL AND expires_at > $2",
            args![key_hash.to_vec(), now],
        )
        .await?;
    Ok(row.map(ApiKey::from))
}

/// Remembers that a key was used.
pub(in super::super) async fn used(tx: &mut Tx, id: ApiKeyId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1",
        args![id.uuid(), now],
    )
    .await
    .map(|_| ())
}

/// Ends a key of a user; false if there is none in force.
pub(in super::super) async fn revoke(
    tx: &mut Tx,
    user: UserId,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<bool> {
    let revoked = tx
        .execute(
            "UPDATE api_keys SET revoked_at = $3 \
             WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3",
            args![id.uuid(), user.uuid(), now],
        )
        .await?;
    Ok(revoked == 1)
}
