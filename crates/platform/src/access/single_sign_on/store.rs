//! The SQL of identity providers, of who is whom there, and of how people may sign in.

use base::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{
    IdentityProvider, IdentityProviderId, ProviderLink, ProviderSettings, SignInPolicy, SignInPolicyChange,
};
use crate::access::UserId;
use crate::args;
use crate::crypto::{Cipher, Place};
use crate::db::{Tx, timestamp};

/// There are at most so many providers.
pub(super) const PROVIDERS_MAX: usize = 20;

/// Where client secrets stand.
pub(super) const SECRET: Place = Place {
    table: "identity_providers",
    column: "secret",
};

const POLICY: &str = "sign_in_policy";

/// A provider with its sealed secret.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) provider: IdentityProvider,
    pub(super) secret: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    settings: Json<ProviderSettings>,
    secret: Option<Vec<u8>>,
    version: i32,
    created_at: i64,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            provider: IdentityProvider {
                id: row.id.into(),
                settings: row.settings.0,
                has_secret: row.secret.is_some(),
                version: row.version.into(),
                created_at: timestamp(row.created_at),
            },
            secret: row.secret,
        }
    }
}

/// Every provider, the oldest first.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = tx
        .all(
            "SELECT id, settings, secret, version, created_at FROM identity_providers ORDER BY id LIMIT $1",
            args![PROVIDERS_MAX as i32],
        )
        .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

pub(super) async fn get(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<Stored>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, settings, secret, version, created_at FROM identity_providers WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(Stored::from))
}

/// The same, held until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<Stored>> {
    let sql = format!(
        "SELECT id, settings, secret, version, created_at FROM identity_providers WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Stored::from))
}

pub(super) async fn count(tx: &mut Tx) -> Result<usize> {
    let (rows,): (i64,) = tx.one("SELECT count(*) FROM identity_providers", []).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: IdentityProviderId,
    settings: Value,
    secret: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO identity_providers (id, settings, secret, created_at) VALUES ($1, $2, $3, $4)",
        args![id.uuid(), settings, secret, now],
    )
    .await
    .map(|_| ())
}

/// Stores what one that is held has become.
pub(super) async fn update(
    tx: &mut Tx,
    id: IdentityProviderId,
    settings: Value,
    secret: Option<Vec<u8>>,
) -> Result<()> {
    tx.execute(
        "UPDATE identity_providers SET settings = $2, secret = $3, version = version + 1 WHERE id = $1",
        args![id.uuid(), settings, secret],
    )
    .await
    .map(|_| ())
}

/// Forgets one with its secret, and who is whom there.
pub(super) async fn delete(tx: &mut Tx, id: IdentityProviderId) -> Result<()> {
    tx.execute("DELETE FROM identity_providers WHERE id = $1", args![id.uuid()])
        .await
        .map(|_| ())
}

/// Seals every client secret with the newest key; says how many were sealed with an older one.
pub async fn seal_anew(tx: &mut Tx, cipher: &Cipher) -> Result<u64> {
    let sql = format!(
        "SELECT id, secret FROM identity_providers WHERE secret IS NOT NULL ORDER BY id{}",
        tx.dialect().for_update()
    );
    let rows: Vec<(Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), []).await?;
    let mut sealed = 0;
    for (id, secret) in rows {
        if !cipher.is_current(&secret) {
            let anew = cipher.seal(SECRET, id, &cipher.open(SECRET, id, &secret)?)?;
            tx.execute(
                "UPDATE identity_providers SET secret = $2 WHERE id = $1",
                args![id, anew],
            )
            .await?;
            sealed += 1;
        }
    }
    Ok(sealed)
}

/// Who a person of a provider is here.
pub(super) async fn linked(tx: &mut Tx, id: IdentityProviderId, subject: &str) -> Result<Option<UserId>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT user_id FROM provider_links WHERE provider_id = $1 AND subject = $2",
            args![id.uuid(), subject],
        )
        .await?;
    Ok(row.map(|(user,)| user.into()))
}

/// Remembers who a person of a provider is here; false where the user is somebody else there.
pub(super) async fn link(
    tx: &mut Tx,
    id: IdentityProviderId,
    subject: &str,
    user: UserId,
    now: Timestamp,
) -> Result<bool> {
    let linked = tx
        .execute(
            "INSERT INTO provider_links (provider_id, subject, user_id, linked_at, last_used_at) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING",
            args![id.uuid(), subject, user.uuid(), now],
        )
        .await?;
    Ok(linked == 1)
}

pub(super) async fn used(tx: &mut Tx, id: IdentityProviderId, subject: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE provider_links SET last_used_at = $3 WHERE provider_id = $1 AND subject = $2",
        args![id.uuid(), subject, now],
    )
    .await
    .map(|_| ())
}

/// Who a user is at which providers.
pub(super) async fn links_of(tx: &mut Tx, user: UserId) -> Result<Vec<ProviderLink>> {
    let rows: Vec<(Uuid, Json<ProviderSettings>, i64, i64)> = tx
        .all(
            "SELECT p.id, p.settings, l.linked_at, l.last_used_at FROM provider_links l \
             JOIN identity_providers p ON p.id = l.provider_id WHERE l.user_id = $1 ORDER BY p.id LIMIT $2",
            args![user.uuid(), PROVIDERS_MAX as i32],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, Json(settings), linked_at, last_used_at)| ProviderLink {
            provider_id: id.into(),
            zh: settings.zh,
            en: settings.en,
            linked_at: timestamp(linked_at),
            last_used_at: timestamp(last_used_at),
        })
        .collect())
}

/// Forgets who a user is at a provider; false where that was not known.
pub(super) async fn unlink(tx: &mut Tx, id: IdentityProviderId, user: UserId) -> Result<bool> {
    let unlinked = tx
        .execute(
            "DELETE FROM provider_links WHERE provider_id = $1 AND user_id = $2",
            args![id.uuid(), user.uuid()],
        )
        .await?;
    Ok(unlinked == 1)
}

/// Forgets who is whom at a provider; says how many were known.
pub(super) async fn unlink_all(tx: &mut Tx, id: IdentityProviderId) -> Result<u64> {
    tx.execute(
        "DELETE FROM provider_links WHERE provider_id = $1",
        args![id.uuid()],
    )
    .await
}

/// Uses the state of a sign-in up; false when it came back before.
pub(super) async fn use_state(tx: &mut Tx, state_hash: &[u8], until: Timestamp) -> Result<bool> {
    let used = tx
        .execute(
            "INSERT INTO sign_in_returns (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash) DO NOTHING",
            args![state_hash.to_vec(), until],
        )
        .await?;
    Ok(used == 1)
}

/// Forgets states that nobody may come back with any more.
pub(in super::super) async fn forget_old(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM sign_in_returns WHERE expires_at <= $1", args![now])
        .await
        .map(|_| ())
}

/// How people may sign in.
pub(super) async fn policy(tx: &mut Tx) -> Result<SignInPolicy> {
    let row: Option<(Json<SignInPolicyChange>, i32)> = tx
        .optional(
            "SELECT value, version FROM settings WHERE key = $1",
            args![POLICY],
        )
        .await?;
    Ok(row.map_or(
        SignInPolicy {
            only_single_sign_on: false,
            version: 0,
        },
        |(Json(decided), version)| SignInPolicy {
            only_single_sign_on: decided.only_single_sign_on,
            version: version.into(),
        },
    ))
}

/// Decides how people may sign in, if nobody else has since this version; false otherwise.
pub(super) async fn set_policy(
    tx: &mut Tx,
    decided: SignInPolicyChange,
    seen: i64,
    now: Timestamp,
) -> Result<bool> {
    let changed = tx
        .execute(
            "INSERT INTO settings (key, value, version, updated_at) VALUES ($1, $2, 1, $4) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = settings.version + 1, \
             updated_at = excluded.updated_at WHERE settings.version = $3",
            args![POLICY, json!(decided), i32::try_from(seen).unwrap_or(-1), now],
        )
        .await?;
    Ok(changed == 1)
}
