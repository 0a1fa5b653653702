//! Rows about single customers, for who asks for everything about one and who erases it.

use base::Result;
use platform::args;
use platform::db::{Tx, uuids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// The most rows read of one customer.
const ROWS_MAX: u32 = 10_000;

/// Deletes the rows of a table of this room about these customers; says how many.
pub async fn delete(tx: &mut Tx, table: &'static str, customers: &[Uuid]) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE customer_id{}",
        tx.dialect().in_uuids(1)
    );
    tx.execute(AssertSqlSafe(sql), args![uuids(customers)]).await
}

/// Of which version, to whom, from which level to which, by when.
pub type Notice = (Uuid, Uuid, Option<String>, Option<String>, i32);

/// The notices to these customers.
pub async fn notices(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<Notice>> {
    let sql = format!(
        "SELECT version_id, customer_id, from_level, to_level, due_on FROM tier_notices WHERE customer_id{} \
         ORDER BY id LIMIT {ROWS_MAX}",
        tx.dialect().in_uuids(1)
    );
    tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await
}

/// Of which draft, who, from which level to which.
pub type Move = (Uuid, Uuid, Option<String>, Option<String>);

/// What drafts would change for these customers, by their newest simulations.
pub async fn moves(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<Move>> {
    let sql = format!(
        "SELECT s.version_id, m.customer_id, m.from_level, m.to_level FROM tier_moves m \
         JOIN tier_simulations s ON s.id = m.simulation_id WHERE m.customer_id{} ORDER BY m.id LIMIT {ROWS_MAX}",
        tx.dialect().in_uuids(1)
    );
    tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await
}
