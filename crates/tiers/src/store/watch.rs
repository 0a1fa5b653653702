//! How far the ledger was looked at, and when everybody was decided on last.

use base::{Day, Result};
use platform::args;
use platform::db::Tx;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// The last ledger line.
    pub seq: i64,
    /// The value run by which everybody was decided on last.
    pub run: Option<Uuid>,
    /// The day on which.
    pub decided_on: Option<Day>,
}

/// What was looked at.
pub async fn read(tx: &mut Tx) -> Result<Watched> {
    one(tx, "").await
}

/// The same, held until the transaction ends.
pub async fn hold(tx: &mut Tx) -> Result<Watched> {
    let lock = tx.dialect().for_update();
    one(tx, lock).await
}

async fn one(tx: &mut Tx, lock: &str) -> Result<Watched> {
    let sql = format!("SELECT seq, run_id, decided_on FROM tier_watch WHERE only_row = 1{lock}");
    let (seq, run, decided_on): (i64, Option<Uuid>, Option<i32>) = tx.one(AssertSqlSafe(sql), []).await?;
    Ok(Watched {
        seq,
        run,
        decided_on: decided_on.map(Day),
    })
}

/// Notes what was looked at.
pub async fn save(tx: &mut Tx, watched: Watched) -> Result<()> {
    tx.execute(
        "UPDATE tier_watch SET seq = $1, run_id = $2, decided_on = $3 WHERE only_row = 1",
        args![watched.seq, watched.run, watched.decided_on],
    )
    .await
    .map(|_| ())
}
