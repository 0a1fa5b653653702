//! The SQL of second factors and recovery codes.

use base::Result;
use jiff::Timestamp;

use super::super::model::UserId;
use crate::args;
use crate::crypto::Place;
use crate::db::{Bulk, Tx};

/// Where the secret stands, sealed; the row is the user's.
pub(in super::super) const SECRET: Place = Place {
    table: "second_factors",
    column: "secret",
};

/// A second factor as it is stored.
pub(in super::super) struct Stored {
    pub(in super::super) secret: Vec<u8>,
    pub(in super::super) is_confirmed: bool,
}

/// The second factor of a user, held until the transaction ends.
pub(in super::super) async fn hold(tx: &mut Tx, user: UserId) -> Result<Option<Stored>> {
    let sql = format!(
        "SELECT secret, confirmed_at FROM second_factors WHERE user_id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<(Vec<u8>, Option<i64>)> =
        tx.optional(sqlx::AssertSqlSafe(sql), args![user.uuid()]).await?;
    Ok(row.map(|(secret, confirmed_at)| Stored {
        secret,
        is_confirmed: confirmed_at.is_some(),
    }))
}

/// Whether a user is asked for codes, and how many recovery codes are left.
pub(in super::super) async fn status(tx: &mut Tx, user: UserId) -> Result<(bool, i64)> {
    let (active,): (i64,) = tx
        .one(
            "SELECT count(*) FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL",
            args![user.uuid()],
        )
        .await?;
    let (codes,): (i64,) = tx
        .one(
            "SELECT count(*) FROM recovery_codes WHERE user_id = $1",
            args![user.uuid()],
        )
        .await?;
    Ok((active > 0, codes))
}

/// Stores a secret that is not confirmed yet in place of one that never was.
pub(in super::super) async fn offer(tx: &mut Tx, user: UserId, secret: Vec<u8>) -> Result<()> {
    tx.execute(
        "INSERT INTO second_factors (user_id, secret, last_step) VALUES ($1, $2, 0) \
         ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0",
        args![user.uuid(), secret],
    )
    .await
    .map(|_| ())
}

/// From now on the user is asked for codes.
pub(in super::super) async fn confirm(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE second_factors SET confirmed_at = $2 WHERE user_id = $1",
        args![user.uuid(), now],
    )
    .await
    .map(|_| ())
}

/// Stores the secret as a newer key has sealed it.
pub(in super::super) async fn seal_anew(tx: &mut Tx, user: UserId, secret: Vec<u8>) -> Result<()> {
    tx.execute(
        "UPDATE second_factors SET secret = $2 WHERE user_id = $1",
        args![user.uuid(), secret],
    )
    .await
    .map(|_| ())
}

/// Uses the code of a step up; false when it or a later one was used before.
pub(in super::super) async fn use_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool> {
    let used = tx
        .execute(
            "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            args![user.uuid(), step],
        )
        .await?;
    Ok(used == 1)
}

/// Stores recovery codes in place of those before.
pub(in super::super) async fn set_recovery_codes(
    tx: &mut Tx,
    user: UserId,
    hashes: &[[u8; 32]],
) -> Result<()> {
    const CODES: Bulk = Bulk {
        table: "recovery_codes",
        columns: &["user_id", "code_hash"],
        on_conflict: "",
    };
    tx.execute(
        "DELETE FROM recovery_codes WHERE user_id = $1",
        args![user.uuid()],
    )
    .await?;
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| args![user.uuid(), hash.to_vec()])
        .collect();
    CODES.insert(tx, rows).await.map(|_| ())
}

/// Uses a recovery code up; false when there is no such code.
pub(in super::super) async fn use_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8; 32]) -> Result<bool> {
    let used = tx
        .execute(
            "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2",
            args![user.uuid(), hash.to_vec()],
        )
        .await?;
    Ok(used == 1)
}

/// Forgets a user's second factor; false when there is none.
pub(in super::super) async fn remove(tx: &mut Tx, user: UserId) -> Result<bool> {
    tx.execute(
        "DELETE FROM recovery_codes WHERE user_id = $1",
        args![user.uuid()],
    )
    .await?;
    let removed = tx
        .execute(
            "DELETE FROM second_factors WHERE user_id = $1",
            args![user.uuid()],
        )
        .await?;
    Ok(removed > 0)
}
