//! Which customers' groups changed, for who holds groups in memory: as fresh as the database, whichever server wrote.
//! A trigger notes each change (migration 8), so no writer can forget to.
//!
//! What was read in one transaction holds every change before [`next_group_change`] of that transaction, and may
//! hold some after it. On SQLite, where one writes at a time, changes are numbered. On PostgreSQL a change has the
//! number of its transaction, and the next one is that of the oldest that was still under way: a transaction with a
//! greater number may have ended before it.

use base::Result;
use platform::Tx;
use platform::args;
use platform::db::Dialect;
use uuid::Uuid;

/// The first change that what this transaction reads may lack.
pub async fn next_group_change(tx: &mut Tx) -> Result<i64> {
    let next: (i64,) = tx
        .one(
            match tx.dialect() {
                Dialect::Sqlite => "SELECT COALESCE(MAX(changed_in), 0) + 1 FROM customer_group_changes",
                Dialect::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
            },
            [],
        )
        .await?;
    Ok(next.0)
}

/// The customers whose groups changed in this change or later, `most` at the most, and in which.
pub async fn group_changes(tx: &mut Tx, from: i64, most: u32) -> Result<Vec<(Uuid, i64)>> {
    tx.all(
        "SELECT customer_id, changed_in FROM customer_group_changes WHERE changed_in >= $1 \
         ORDER BY changed_in LIMIT $2",
        args![from, i64::from(most)],
    )
    .await
}

/// Forgets the changes so far: for who makes known in the same transaction that everything is to be read anew. What
/// somebody is changing in this moment stays and is waited for by nobody, since they may wait for this transaction.
pub async fn forget_group_changes(tx: &mut Tx) -> Result<()> {
    tx.execute(
        match tx.dialect() {
            Dialect::Sqlite => "DELETE FROM customer_group_changes",
            Dialect::Postgres => {
                "DELETE FROM customer_group_changes WHERE customer_id IN \
                 (SELECT customer_id FROM customer_group_changes FOR UPDATE SKIP LOCKED)"
            }
        },
        [],
    )
    .await
    .map(|_| ())
}
