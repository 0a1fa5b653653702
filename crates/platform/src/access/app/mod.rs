//! Signing in and out, one's own password, and the first user; users, roles, branches and teams in their
//! own files.

pub mod api_keys;
pub mod attempts;
pub mod branches;
pub mod roles;
pub mod second_factors;
pub mod sessions;
pub mod teams;
pub mod users;

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use self::second_factors::Answer;
use super::model::{BranchId, Caller, Role, Standing, User, UserId};
use super::single_sign_on;
use super::{password, rules, store};
use crate::db::{Tx, timestamp};
use crate::events::{self, Actor, Event};
use crate::state::Platform;
use crate::{ids, random};

/// How long a session holds after sign-in.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// How long a one-time password can be used.
pub const ONE_TIME_PASSWORD: SignedDuration = SignedDuration::from_hours(24);

/// The longest name of a user, a role, a branch or a team, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A session: what the browser keeps, and who it stands for.
#[derive(Debug)]
pub struct Session {
    /// The secret for the cookie; only its hash is stored.
    pub token: String,
    /// The user.
    pub caller: Caller,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// Signs in who has no second factor. `address` is where the request came from.
///
/// Errors: those of [`sign_in_with_code`].
pub async fn sign_in(platform: &Platform, login: &str, password: String, address: &str) -> Result<Session> {
    sign_in_with_code(platform, login, password, None, address).await
}

/// Signs in, with a code of the second factor where there is one. `address` is where the request came from.
///
/// Errors: `credentials_wrong` (whatever was wrong, after the same time), `too_many_attempts`;
/// `second_factor_required`, `second_factor_wrong` and `password_sign_in_off` after a right password.
pub async fn sign_in_with_code(
    platform: &Platform,
    login: &str,
    password: String,
    code: Option<&str>,
    address: &str,
) -> Result<Session> {
    let wrong = || Error::Unauthenticated {
        code: "credentials_wrong",
        message: "the login or the password is wrong".to_owned(),
    };
    // A login that cannot exist takes the same path as one that does not.
    let login = rules::normalise_login(login).unwrap_or_default();
    let now = platform.clock.now();
    let subjects = [
        (format!("login:{login}"), rules::FAILURES_FREE),
        (format!("address:{address}"), rules::FAILURES_FREE_PER_ADDRESS),
    ];
    let found = {
        let mut tx = platform.db.write().await?;
        for (subject, free) in &subjects {
            refuse_if_too_many(&mut tx, subject, *free, now).await?;
        }
        // Counted before the password is looked at, so that guesses sent all at once count as well.
        for (subject, _) in &subjects {
            store::count_failure(&mut tx, subject, now, earlier(now, rules::FAILURES_FORGOTTEN_S)).await?;
        }
        let found = store::by_login(&mut tx, &login).await?;
        tx.commit().await?;
        found
    };
    let known = found.as_ref().map(|found| found.user.id);
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let right =
        password.chars().count() <= rules::PASSWORD_CHARS_MAX && password::verify(password, hash).await?;
    let usable = found.filter(|found| {
        right
            && found.active
            && found
                .one_time_until
                .is_none_or(|until| until > now && !found.one_time_used)
    });
    let mut tx = platform.db.write().await?;
    let [(of_login, _), (of_address, _)] = &subjects;
    let mut refused = wrong();
    // The password may have been used, changed or reset since it was read.
    let user = match usable {
        Some(found) if store::hold_if_unchanged(&mut tx, found.user.id, &found.password_hash).await? => {
            match second_factors::ask(platform, &mut tx, &found.user, code).await? {
                Answer::Passed if single_sign_on::app::refuses_password(&mut tx, found.user.id).await? => {
                    refused = Error::Unauthenticated {
                        code: "password_sign_in_off",
                        message: "sign in with single sign-on: passwords are switched off".to_owned(),
                    };
                    None
                }
                Answer::Passed => {
                    let one_time = found.one_time_until.is_some();
                    let good = !one_time || store::use_one_time_password(&mut tx, found.user.id).await?;
                    good.then_some(found.user.id)
                }
                Answer::Missing => {
                    // The password was right, and the code comes with the next request.
                    store::take_failure_back(&mut tx, of_login).await?;
                    store::take_failure_back(&mut tx, of_address).await?;
                    tx.commit().await?;
                    return Err(Error::Unauthenticated {
                        code: "second_factor_required",
                        message: "send a code of the second factor too".to_owned(),
                    });
                }
                Answer::Wrong => {
                    refused = Error::Unauthenticated {
                        code: "second_factor_wrong",
                        message: "the code is wrong or was used".to_owned(),
                    };
                    None
                }
            }
        }
        _ => None,
    };
    let Some(user) = user else {
        // What was typed as the login stays out: it may be a password. An unknown one has no subject.
        let failed = Event {
            actor: Actor::System,
            kind: "user.sign_in_failed",
            subject_kind: "user",
            subject: known.map_or(Uuid::nil(), UserId::uuid),
            customer: None,
            payload: &json!({ "address": address }),
        };
        events::record(&mut tx, &platform.clock, &failed).await?;
        tx.commit().await?;
        return Err(refused);
    };
    store::forget_failures(&mut tx, of_login).await?;
    store::take_failure_back(&mut tx, of_address).await?;
    let session = open_session(platform, &mut tx, user, Some(address)).await?;
    record(
        platform,
        &mut tx,
        session.caller.actor(),
        "user.signed_in",
        session.caller.user.id,
    )
    .await?;
    tx.commit().await?;
    Ok(session)
}

pub(super) async fn refuse_if_too_many(tx: &mut Tx, subject: &str, free: i32, now: Timestamp) -> Result<()> {
    let (failures, last_at) = store::hold_failures(tx, subject, now).await?;
    let since_s = now.duration_since(timestamp(last_at)).as_secs();
    let wait_s = rules::wait_after_failures_s(failures, free) - since_s;
    if wait_s > 0 && since_s < rules::FAILURES_FORGOTTEN_S {
        return Err(Error::TooMany {
            code: "too_many_attempts",
            message: format!("too many failed attempts; try again in {wait_s} seconds"),
            retry_after_s: u32::try_from(wait_s).unwrap_or(u32::MAX),
        });
    }
    Ok(())
}

pub(super) async fn open_session(
    platform: &Platform,
    tx: &mut Tx,
    user: UserId,
    address: Option<&str>,
) -> Result<Session> {
    let caller = store::callers::of_user(tx, user)
        .await?
        .ok_or_else(|| Error::internal(format!("the user {user} signs in and is not there")))?;
    let now = platform.clock.now();
    let expires_at = now.saturating_add(SESSION).unwrap_or(Timestamp::MAX);
    let token = random::token();
    store::sessions::insert(tx, &token_hash(&token), user, address, now, expires_at).await?;
    Ok(Session {
        token,
        caller,
        expires_at,
    })
}

/// Who a session's token stands for. Error: `not_signed_in`.
pub async fn session(platform: &Platform, token: &str) -> Result<(Caller, Timestamp)> {
    let mut tx = platform.db.read().await?;
    store::callers::of_session(&mut tx, &token_hash(token), platform.clock.now())
        .await?
        .ok_or_else(not_signed_in)
}

/// What the caller's own role is called and how far it reaches.
pub async fn standing(platform: &Platform, caller: &Caller) -> Result<Standing> {
    let standing = store::callers::standing(&mut platform.db.read().await?, caller.user.id).await?;
    Ok(standing.unwrap_or_default())
}

/// A user as the caller its sessions make it, for tests of other rooms.
#[cfg(feature = "testing")]
pub async fn caller_of(platform: &Platform, user: UserId) -> Result<Caller> {
    let mut caller = on_behalf_of(&mut platform.db.read().await?, user).await?;
    caller.must_change_password = false;
    Ok(caller)
}

/// The user as a caller, for work that is done later on their behalf: with the rights they have now.
///
/// Errors: `user_gone` when they may not sign in any more.
pub async fn on_behalf_of(tx: &mut Tx, user: UserId) -> Result<Caller> {
    store::callers::of_user(tx, user)
        .await?
        .ok_or_else(|| Error::conflict("user_gone", "whoever asked for this may not sign in any more"))
}

/// The error for requests without a session.
pub fn not_signed_in() -> Error {
    Error::Unauthenticated {
        code: "not_signed_in",
        message: "sign in first".to_owned(),
    }
}

/// Ends a session; one that is over already stays so.
pub async fn sign_out(platform: &Platform, token: &str) -> Result<()> {
    let hash = token_hash(token);
    let mut tx = platform.db.write().await?;
    if let Some((caller, _)) = store::callers::of_session(&mut tx, &hash, platform.clock.now()).await? {
        store::sessions::delete(&mut tx, &hash).await?;
        record(
            platform,
            &mut tx,
            caller.actor(),
            "user.signed_out",
            caller.user.id,
        )
        .await?;
    }
    tx.commit().await
}

/// Changes the caller's own password and ends every other session of theirs. The session's token is
/// replaced. Errors: `credentials_wrong`, `password_too_short`, `password_unchanged`.
pub async fn change_password(
    platform: &Platform,
    caller: &Caller,
    current: String,
    new: String,
) -> Result<Session> {
    rules::check_password(&new)?;
    if current == new {
        return Err(
            Error::invalid("password_unchanged", "the new password is the old one").at("new_password"),
        );
    }
    let hash = verify_own_password(platform, caller, current).await?;
    let new_hash = password::hash(new).await?;
    let mut tx = platform.db.write().await?;
    if !store::hold_if_unchanged(&mut tx, caller.user.id, &hash).await? {
        return Err(Error::conflict(
            "password_changed_meanwhile",
            "the password was changed meanwhile",
        ));
    }
    store::set_password(&mut tx, caller.user.id, &new_hash, None).await?;
    store::sessions::delete_all(&mut tx, caller.user.id, &[]).await?;
    let session = open_session(platform, &mut tx, caller.user.id, None).await?;
    record(
        platform,
        &mut tx,
        caller.actor(),
        "user.password_changed",
        caller.user.id,
    )
    .await?;
    tx.commit().await?;
    Ok(session)
}

/// The hash of the caller's password, where this is it. Error: `credentials_wrong`.
async fn verify_own_password(platform: &Platform, caller: &Caller, current: String) -> Result<String> {
    let known = store::by_id(&mut platform.db.read().await?, caller.user.id).await?;
    let hash = known.map(|found| found.password_hash);
    let right = password::verify(current, hash.clone()).await?;
    hash.filter(|_| right).ok_or_else(|| Error::Unauthenticated {
        code: "credentials_wrong",
        message: "the current password is wrong".to_owned(),
    })
}

/// Adds a user and gives the password for the first sign-in. Whoever has the command line has the
/// database, so this asks for no caller. Error: `login_taken`.
pub async fn add_user(platform: &Platform, login: &str, name: &str, role: Role) -> Result<(User, String)> {
    let user = User {
        id: ids::new(&platform.clock),
        login: rules::normalise_login(login)?,
        name: rules::check_name(name, "name", NAME_CHARS_MAX)?,
        role,
    };
    let one_time = random::one_time_password();
    let hash = password::hash(one_time.clone()).await?;
    let mut tx = platform.db.write().await?;
    insert(platform, &mut tx, &user, None, &hash).await?;
    record(platform, &mut tx, Actor::System, "user.added", user.id).await?;
    tx.commit().await?;
    Ok((user, one_time))
}

pub(super) async fn insert(
    platform: &Platform,
    tx: &mut Tx,
    user: &User,
    branch: Option<BranchId>,
    password_hash: &str,
) -> Result<()> {
    let now = platform.clock.now();
    let until = later(now, ONE_TIME_PASSWORD);
    if store::insert(tx, user, branch, password_hash, until, now).await? {
        Ok(())
    } else {
        Err(Error::conflict(
            "login_taken",
            format!("there is a user {} already", user.login),
        ))
    }
}

/// Gives a user a new one-time password, ends their sessions, lifts the throttle on their login and forgets their
/// second factor: whoever has lost everything comes to whoever has the machine.
pub async fn reset_password(platform: &Platform, login: &str) -> Result<(User, String)> {
    let login = rules::normalise_login(login)?;
    let one_time = random::one_time_password();
    let hash = password::hash(one_time.clone()).await?;
    let mut tx = platform.db.write().await?;
    let Some(found) = store::by_login(&mut tx, &login).await? else {
        return Err(Error::NotFound { what: "user" });
    };
    give_one_time_password(platform, &mut tx, Actor::System, &found.user, &hash).await?;
    if store::second_factors::remove(&mut tx, found.user.id).await? {
        let user = found.user.id;
        record(
            platform,
            &mut tx,
            Actor::System,
            "user.second_factor_removed",
            user,
        )
        .await?;
    }
    tx.commit().await?;
    Ok((found.user, one_time))
}

async fn give_one_time_password(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    user: &User,
    password_hash: &str,
) -> Result<()> {
    let until = later(platform.clock.now(), ONE_TIME_PASSWORD);
    store::set_password(tx, user.id, password_hash, Some(until)).await?;
    store::sessions::delete_all(tx, user.id, &[]).await?;
    store::forget_failures(tx, &format!("login:{}", user.login)).await?;
    record(platform, tx, actor, "user.password_reset", user.id).await
}

/// Whether anyone can sign in at all.
pub async fn has_users(platform: &Platform) -> Result<bool> {
    store::count(&mut platform.db.read().await?)
        .await
        .map(|count| count > 0)
}

/// Removes expired sessions, forgotten failures and old sign-ins at providers.
pub async fn forget_old(platform: &Platform) -> Result<()> {
    let now = platform.clock.now();
    let mut tx = platform.db.write().await?;
    store::forget_old(&mut tx, now, earlier(now, rules::FAILURES_FORGOTTEN_S)).await?;
    single_sign_on::store::forget_old(&mut tx, now).await?;
    tx.commit().await
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    kind: &'static str,
    user: UserId,
) -> Result<()> {
    events::record(
        tx,
        &platform.clock,
        &Event {
            actor,
            kind,
            subject_kind: "user",
            subject: user.uuid(),
            customer: None,
            payload: &json!({}),
        },
    )
    .await
}

pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

pub(super) fn earlier(now: Timestamp, by_s: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_secs(by_s))
        .unwrap_or(Timestamp::MIN)
}
