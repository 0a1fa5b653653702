//! Every column that refers to customers is listed by its room, so that a merge knows of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use customers::references::Reference;
use platform::db::Dialect;
use platform::testing::TestDb;
use platform::{Tx, test_on_both};

/// Columns with a foreign key to customers, and those that are named after one.
async fn in_the_schema(tx: &mut Tx) -> BTreeSet<String> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => {
            "SELECT t.name, k.\"from\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k \
             WHERE t.type = 'table' AND k.\"table\" = 'customers' \
             UNION SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND c.name LIKE '%customer\\_id' ESCAPE '\\'"
        }
        Dialect::Postgres => {
            "SELECT CAST(t.relname AS TEXT), CAST(c.attname AS TEXT) FROM pg_constraint k \
             JOIN pg_class t ON t.oid = k.conrelid \
             JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = ANY (k.conkey) \
             WHERE k.contype = 'f' AND k.confrelid = CAST('customers' AS regclass) \
             UNION SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = current_schema() AND column_name LIKE '%customer\\_id'"
        }
    };
    let rows: Vec<(String, String)> = tx.all(sql, []).await.unwrap();
    rows.into_iter()
        .map(|(table, column)| format!("{table}.{column}"))
        .collect()
}

test_on_both!(
    every_reference_is_listed,
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS]
);
async fn every_reference_is_listed(t: &TestDb) {
    let mut tx = t.platform.db.write().await.unwrap();
    // The one table that is made while running.
    value::store::profiles::begin(&mut tx).await.unwrap();
    value::store::profiles::swap(&mut tx).await.unwrap();
    let listed: BTreeSet<String> = server::references().all().iter().map(Reference::name).collect();
    assert_eq!(
        in_the_schema(&mut tx).await,
        listed,
        "list the column in its room's REFERENCES"
    );

    // A room that forgets one is found out.
    for sql in [
        "CREATE TABLE cases (about TEXT, customer_id UUID)",
        "CREATE TABLE visits (host_id UUID REFERENCES customers (id))",
    ] {
        tx.execute(sql, []).await.unwrap();
    }
    let found = in_the_schema(&mut tx).await;
    let forgotten: Vec<_> = found.difference(&listed).map(String::as_str).collect();
    assert_eq!(forgotten, ["cases.customer_id", "visits.host_id"]);
    tx.rollback().await.unwrap();
}
