//! The second factor: codes of an authenticator app, and recovery codes for when it is lost. Whoever has one is asked
//! for a code at every sign-in; nothing else asks for it.

use base::{Error, Result};
use serde::Serialize;

use super::super::model::{Caller, Permission, User, UserId};
use super::super::{second_factor, store};
use super::users::may_decide;
use super::{record, token_hash, verify_own_password};
use crate::db::Tx;
use crate::random;
use crate::state::Platform;

/// How many recovery codes there are at first.
const RECOVERY_CODES: usize = 10;

/// Whether codes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactor)]
pub struct Status {
    /// Whether a code is asked for at sign-in.
    pub active: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
}

/// What is put into an authenticator app; shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactorOffer)]
pub struct Offer {
    /// The secret, to be typed.
    pub secret: String,
    /// The same as an address, to be shown as a QR code.
    pub address: String,
}

/// Whether the caller is asked for codes.
pub async fn status(platform: &Platform, caller: &Caller) -> Result<Status> {
    let mut tx = platform.db.read().await?;
    let (active, recovery_codes_left) = store::second_factors::status(&mut tx, caller.user.id).await?;
    Ok(Status {
        active,
        recovery_codes_left,
    })
}

/// Offers a secret for an authenticator app; nothing is asked for before [`confirm`].
///
/// Errors: `credentials_wrong`, `second_factor_active`.
pub async fn offer(platform: &Platform, caller: &Caller, password: String) -> Result<Offer> {
    caller.require_session()?;
    verify_own_password(platform, caller, password).await?;
    let secret = second_factor::new_secret();
    let address = second_factor::address(&secret, &caller.user.login)?;
    let mut tx = platform.db.write().await?;
    let known = store::second_factors::hold(&mut tx, caller.user.id).await?;
    if known.is_some_and(|known| known.is_confirmed) {
        return Err(Error::conflict(
            "second_factor_active",
            "the second factor is set up already: remove it first",
        ));
    }
    let cipher = platform.keys.cipher(&mut tx).await?;
    let sealed = cipher.seal(store::second_factors::SECRET, caller.user.id.uuid(), &secret)?;
    store::second_factors::offer(&mut tx, caller.user.id, sealed).await?;
    tx.commit().await?;
    Ok(Offer { secret, address })
}

/// Proves that the app has the secret: from now on codes are asked for. Gives the recovery codes, shown this once.
///
/// Errors: `second_factor_not_offered`, `second_factor_active`, `second_factor_wrong`.
pub async fn confirm(platform: &Platform, caller: &Caller, code: &str) -> Result<Vec<String>> {
    caller.require_session()?;
    let mut tx = platform.db.write().await?;
    let stored = store::second_factors::hold(&mut tx, caller.user.id)
        .await?
        .ok_or_else(|| Error::conflict("second_factor_not_offered", "ask for a secret first"))?;
    if stored.is_confirmed {
        return Err(Error::conflict(
            "second_factor_active",
            "the second factor is set up already",
        ));
    }
    if !takes(platform, &mut tx, &caller.user, &stored.secret, code).await? {
        return Err(Error::invalid("second_factor_wrong", "the code is wrong").at("code"));
    }
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| random::one_time_password()).collect();
    let hashes: Vec<_> = codes.iter().map(|code| token_hash(code)).collect();
    store::second_factors::set_recovery_codes(&mut tx, caller.user.id, &hashes).await?;
    store::second_factors::confirm(&mut tx, caller.user.id, platform.clock.now()).await?;
    let (actor, user) = (caller.actor(), caller.user.id);
    record(platform, &mut tx, actor, "user.second_factor_added", user).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Removes the caller's own second factor.
///
/// Errors: `credentials_wrong`, not found.
pub async fn remove_mine(platform: &Platform, caller: &Caller, password: String) -> Result<()> {
    caller.require_session()?;
    verify_own_password(platform, caller, password).await?;
    let mut tx = platform.db.write().await?;
    remove(platform, &mut tx, caller, caller.user.id).await?;
    tx.commit().await
}

/// Removes the second factor of a user who has lost it.
pub async fn remove_of_user(platform: &Platform, caller: &Caller, user: UserId) -> Result<()> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.write().await?;
    let found = store::by_id(&mut tx, user)
        .await?
        .ok_or(Error::NotFound { what: "user" })?;
    may_decide(&mut tx, caller, found.user.role).await?;
    remove(platform, &mut tx, caller, user).await?;
    tx.commit().await
}

async fn remove(platform: &Platform, tx: &mut Tx, caller: &Caller, user: UserId) -> Result<()> {
    if !store::second_factors::remove(tx, user).await? {
        return Err(Error::NotFound {
            what: "second factor",
        });
    }
    record(platform, tx, caller.actor(), "user.second_factor_removed", user).await
}

/// What the second factor says to a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Go on: none is set up, or the code is right.
    Passed,
    /// A code is needed, and none came.
    Missing,
    /// The code is wrong or was used.
    Wrong,
}

/// Asks a user who signs in for a code: one of the app, or a recovery code. Each is used up.
pub(super) async fn ask(platform: &Platform, tx: &mut Tx, user: &User, code: Option<&str>) -> Result<Answer> {
    let stored = store::second_factors::hold(tx, user.id).await?;
    let Some(stored) = stored.filter(|stored| stored.is_confirmed) else {
        return Ok(Answer::Passed);
    };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return Ok(Answer::Missing);
    };
    let right = takes(platform, tx, user, &stored.secret, code).await?
        || store::second_factors::use_recovery_code(tx, user.id, &token_hash(code)).await?;
    Ok(if right { Answer::Passed } else { Answer::Wrong })
}

/// Whether this is a code of the secret that was not used before; seals the secret anew where its key is an old one.
async fn takes(platform: &Platform, tx: &mut Tx, user: &User, sealed: &[u8], code: &str) -> Result<bool> {
    let place = store::second_factors::SECRET;
    let cipher = platform.keys.cipher(tx).await?;
    let secret = cipher.open(place, user.id.uuid(), sealed)?;
    let step = second_factor::step_of(&secret, &user.login, code, platform.clock.now())?;
    let Some(step) = step else { return Ok(false) };
    if !cipher.is_current(sealed) {
        let anew = cipher.seal(place, user.id.uuid(), &secret)?;
        store::second_factors::seal_anew(tx, user.id, anew).await?;
    }
    store::second_factors::use_step(tx, user.id, step).await
}
