//! API keys: a program calls in a user's name, with some of the user's permissions and within the user's
//! scope. A key is shown once, and neither makes keys nor touches sessions.

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::model::{ApiKey, ApiKeyId, Caller, NewApiKey, Permission, UserId};
use super::super::{rules, store};
use super::users::may_decide;
use super::{NAME_CHARS_MAX, later, not_signed_in, token_hash};
use crate::db::Tx;
use crate::events::{self, Event};
use crate::state::Platform;
use crate::{ids, random};

/// What a key begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "patron_";
/// The longest a key holds, in days.
const DAYS_MAX: i32 = 366;
/// The most requests a key may be allowed in a minute.
const PER_MINUTE_MAX: i32 = 60_000;
/// How exactly the last use is remembered.
const LAST_USE: SignedDuration = SignedDuration::from_secs(60);

/// The caller's own keys that are in force, newest first.
pub async fn mine(platform: &Platform, caller: &Caller) -> Result<Vec<ApiKey>> {
    caller.require_session()?;
    let mut tx = platform.db.read().await?;
    store::api_keys::of_user(&mut tx, caller.user.id, platform.clock.now()).await
}

/// A user's keys that are in force, newest first.
pub async fn of_user(platform: &Platform, caller: &Caller, user: UserId) -> Result<Vec<ApiKey>> {
    caller.require(Permission::AccessRead)?;
    let mut tx = platform.db.read().await?;
    store::api_keys::of_user(&mut tx, user, platform.clock.now()).await
}

/// Makes a key of the caller's own and gives it, once.
///
/// Errors: `name_malformed`, `permission_unknown`, `expiry_out_of_range`, `rate_out_of_range`, `too_many_keys`;
/// `forbidden` for a permission that the caller does not have.
pub async fn add(platform: &Platform, caller: &Caller, new: NewApiKey) -> Result<(ApiKey, String)> {
    caller.require_session()?;
    let permissions = rules::permissions_named(&new.permissions)?;
    for permission in &permissions {
        caller.require(*permission)?;
    }
    let in_range = |n: i32, most: i32, code, field: &'static str| {
        if (1..=most).contains(&n) {
            Ok(())
        } else {
            Err(Error::invalid(code, format!("this is 1 to {most}")).at(field))
        }
    };
    in_range(
        new.expires_in_days,
        DAYS_MAX,
        "expiry_out_of_range",
        "expires_in_days",
    )?;
    in_range(new.per_minute, PER_MINUTE_MAX, "rate_out_of_range", "per_minute")?;
    let now = platform.clock.now();
    let key = ApiKey {
        id: ids::new(&platform.clock),
        user_id: caller.user.id,
        name: rules::check_name(&new.name, "name", NAME_CHARS_MAX)?,
        permissions: permissions.into_iter().map(Permission::name).collect(),
        per_minute: new.per_minute,
        created_at: now,
        expires_at: later(
            now,
            SignedDuration::from_hours(24 * i64::from(new.expires_in_days)),
        ),
        last_used_at: None,
    };
    let secret = format!("{PREFIX}{}", random::token());
    let mut tx = platform.db.write().await?;
    if !store::users::hold(&mut tx, caller.user.id).await? {
        return Err(Error::NotFound { what: "user" });
    }
    let in_force = store::api_keys::of_user(&mut tx, caller.user.id, now).await?;
    if in_force.len() >= store::api_keys::OF_USER_MAX {
        return Err(Error::conflict(
            "too_many_keys",
            format!("a user has at most {} keys", store::api_keys::OF_USER_MAX),
        ));
    }
    store::api_keys::insert(&mut tx, &key, &token_hash(&secret)).await?;
    record(platform, &mut tx, caller, "api_key.added", key.id, key.user_id).await?;
    tx.commit().await?;
    Ok((key, secret))
}

/// Ends a key of the caller's own. Error: there is no such key in force.
pub async fn revoke_mine(platform: &Platform, caller: &Caller, id: ApiKeyId) -> Result<()> {
    caller.require_session()?;
    let mut tx = platform.db.write().await?;
    revoke(platform, &mut tx, caller, caller.user.id, id).await?;
    tx.commit().await
}

/// Ends a key of a user. Errors: there is no such key in force; `forbidden` where the user's role grants
/// what the caller's does not.
pub async fn revoke_of_user(platform: &Platform, caller: &Caller, user: UserId, id: ApiKeyId) -> Result<()> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.write().await?;
    let found = store::users::find(&mut tx, user)
        .await?
        .ok_or(Error::NotFound { what: "user" })?;
    may_decide(&mut tx, caller, found.user.role).await?;
    revoke(platform, &mut tx, caller, user, id).await?;
    tx.commit().await
}

async fn revoke(platform: &Platform, tx: &mut Tx, caller: &Caller, user: UserId, id: ApiKeyId) -> Result<()> {
    if !store::api_keys::revoke(tx, user, id, platform.clock.now()).await? {
        return Err(Error::NotFound { what: "API key" });
    }
    record(platform, tx, caller, "api_key.revoked", id, user).await
}

/// Who calls with a key, and until when it holds. Counts the call.
///
/// Errors: `not_signed_in` for a key that is not, or is over; `rate_limited` with the time to wait.
pub async fn caller(platform: &Platform, secret: &str) -> Result<(Caller, Timestamp)> {
    let now = platform.clock.now();
    let mut tx = platform.db.read().await?;
    let key = store::api_keys::by_hash(&mut tx, &token_hash(secret), now)
        .await?
        .ok_or_else(not_signed_in)?;
    let owner = store::callers::of_user(&mut tx, key.user_id)
        .await?
        .ok_or_else(not_signed_in)?;
    drop(tx);
    platform
        .key_rates
        .take(key.id, key.per_minute, now)
        .map_err(|wait_s| Error::TooMany {
            code: "rate_limited",
            message: format!("this key is used too often; try again in {wait_s} seconds"),
            retry_after_s: wait_s,
        })?;
    let used_lately = key
        .last_used_at
        .is_some_and(|at| now.duration_since(at) < LAST_USE);
    if !used_lately {
        let mut tx = platform.db.write().await?;
        store::api_keys::used(&mut tx, key.id, now).await?;
        tx.commit().await?;
    }
    Ok((owner.by_key(key.id, &key.permissions), key.expires_at))
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    id: ApiKeyId,
    user: UserId,
) -> Result<()> {
    let payload = json!({ "user": user });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "api_key",
        subject: id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
