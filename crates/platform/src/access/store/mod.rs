//! The SQL of users' credentials and sign-in failures; the rest in its own files.

pub(super) mod api_keys;
pub(super) mod branches;
pub(super) mod callers;
pub mod directory;
pub(super) mod roles;
pub(super) mod second_factors;
pub(super) mod sessions;
pub(super) mod teams;
pub(super) mod users;

use base::{Error, Result};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{BranchId, User, UserId};
use crate::args;
use crate::db::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    login: String,
    name: String,
    role: String,
    password_hash: String,
    one_time_until: Option<i64>,
    one_time_used: bool,
    active: bool,
}

/// A user with what sign-in needs to know.
pub(super) struct Credentials {
    pub(super) user: User,
    pub(super) password_hash: String,
    pub(super) one_time_until: Option<Timestamp>,
    pub(super) one_time_used: bool,
    pub(super) active: bool,
}

impl TryFrom<Row> for Credentials {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            user: User {
                id: row.id.into(),
                login: row.login,
                name: row.name,
                role: row.role.parse().map_err(Error::internal)?,
            },
            password_hash: row.password_hash,
            one_time_until: row.one_time_until.map(crate::db::timestamp),
            one_time_used: row.one_time_used,
            active: row.active,
        })
    }
}

pub(super) async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<Credentials>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, login, name, role, password_hash, one_time_until, one_time_used, active \
             FROM users WHERE login = $1",
            args![login],
        )
        .await?;
    row.map(Credentials::try_from).transpose()
}

pub(super) async fn by_id(tx: &mut Tx, id: UserId) -> Result<Option<Credentials>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, login, name, role, password_hash, one_time_until, one_time_used, active \
             FROM users WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    row.map(Credentials::try_from).transpose()
}

/// Whether the user may still sign in with the password of this hash; held until the transaction ends, so
/// that a password changed or reset meanwhile does not leave a session of the old one behind.
pub(super) async fn hold_if_unchanged(tx: &mut Tx, id: UserId, password_hash: &str) -> Result<bool> {
    let sql = format!(
        "SELECT one_time_used FROM users WHERE id = $1 AND password_hash = $2 AND active = TRUE{}",
        tx.dialect().for_update()
    );
    let found: Option<(bool,)> = tx
        .optional(sqlx::AssertSqlSafe(sql), args![id.uuid(), password_hash])
        .await?;
    Ok(found.is_some())
}

pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    tx.one::<(i64,)>("SELECT count(*) FROM users", [])
        .await
        .map(|(count,)| count)
}

/// Adds a user with a one-time password; false when the login is taken.
pub(super) async fn insert(
    tx: &mut Tx,
    user: &User,
    branch: Option<BranchId>,
    password_hash: &str,
    one_time_until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO users (id, login, name, role, password_hash, one_time_until, created_at, branch_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login) DO NOTHING",
            args![
                user.id.uuid(),
                user.login.as_str(),
                user.name.as_str(),
                user.role.to_string(),
                password_hash,
                one_time_until,
                now,
                branch.map(BranchId::uuid)
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Gives a user a one-time password (`Some(until)`) or an ordinary one.
pub(super) async fn set_password(
    tx: &mut Tx,
    id: UserId,
    password_hash: &str,
    one_time_until: Option<Timestamp>,
) -> Result<()> {
    tx.execute(
        "UPDATE users SET password_hash = $2, one_time_until = $3, one_time_used = FALSE WHERE id = $1",
        args![id.uuid(), password_hash, one_time_until],
    )
    .await
    .map(|_| ())
}

/// Uses a one-time password up; false when it was used already.
pub(super) async fn use_one_time_password(tx: &mut Tx, id: UserId) -> Result<bool> {
    let used = tx
        .execute(
            "UPDATE users SET one_time_used = TRUE \
             WHERE id = $1 AND one_time_until IS NOT NULL AND one_time_used = FALSE",
            args![id.uuid()],
        )
        .await?;
    Ok(used == 1)
}

/// How often a login or address failed lately, and when last; held until the transaction ends, so that
/// attempts sent all at once wait for each other.
pub(super) async fn hold_failures(tx: &mut Tx, subject: &str, now: Timestamp) -> Result<(i32, i64)> {
    tx.execute(
        "INSERT INTO sign_in_failures (subject, failures, first_at, last_at) VALUES ($1, 0, $2, $2) \
         ON CONFLICT (subject) DO NOTHING",
        args![subject, now],
    )
    .await?;
    let sql = format!(
        "SELECT failures, last_at FROM sign_in_failures WHERE subject = $1{}",
        tx.dialect().for_update()
    );
    tx.one(sqlx::AssertSqlSafe(sql), args![subject]).await
}

/// Counts a failure; one after a long pause begins anew.
pub(super) async fn count_failure(
    tx: &mut Tx,
    subject: &str,
    now: Timestamp,
    forgotten_before: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO sign_in_failures (subject, failures, first_at, last_at) VALUES ($1, 1, $2, $2) \
         ON CONFLICT (subject) DO UPDATE SET \
         failures = CASE WHEN sign_in_failures.last_at < $3 THEN 1 ELSE sign_in_failures.failures + 1 END, \
         last_at = excluded.last_at",
        args![subject, now, forgotten_before],
    )
    .await
    .map(|_| ())
}

/// Takes back the failure that was counted before the password turned out to be right.
pub(super) async fn take_failure_back(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.execute(
        "UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $1 AND failures > 0",
        args![subject],
    )
    .await
    .map(|_| ())
}

pub(super) async fn forget_failures(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.execute("DELETE FROM sign_in_failures WHERE subject = $1", args![subject])
        .await
        .map(|_| ())
}

/// Removes what no longer matters: expired sessions, forgotten failures.
pub(super) async fn forget_old(tx: &mut Tx, now: Timestamp, failures_before: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE expires_at <= $1", args![now])
        .await?;
    tx.execute(
        "DELETE FROM sign_in_failures WHERE last_at < $1",
        args![failures_before],
    )
    .await?;
    Ok(())
}
