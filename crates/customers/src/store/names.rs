//! The keys under which names are found: written with the name.

use std::collections::HashMap;

use base::Result;
use platform::db::{Bulk, list};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::rules::names::search_keys;

const INSERT: Bulk = Bulk {
    table: "search_keys",
    columns: &["key", "customer_id"],
    on_conflict: "",
};

/// Where some of the keys may be there.
const INSERT_MISSING: Bulk = Bulk {
    on_conflict: "ON CONFLICT (key, customer_id) DO NOTHING",
    ..INSERT
};

/// Stores the keys of customers that are new.
pub(super) async fn index_new<'a>(
    tx: &mut Tx,
    names: impl IntoIterator<Item = (Uuid, Option<&'a str>)>,
) -> Result<()> {
    INSERT.insert(tx, rows(names)).await.map(|_| ())
}

/// In order: an index that is filled in order is filled in half the time.
fn rows<'a>(names: impl IntoIterator<Item = (Uuid, Option<&'a str>)>) -> Vec<Vec<platform::db::Value>> {
    let mut keys: Vec<(String, Uuid)> = names
        .into_iter()
        .filter_map(|(id, name)| name.map(|name| (id, name)))
        .flat_map(|(id, name)| search_keys(name).into_iter().map(move |key| (key, id)))
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(key, id)| args![key, id]).collect()
}

/// Gives customers the keys of their new names in place of those of the names before.
pub(super) async fn rename(
    tx: &mut Tx,
    renamed: &HashMap<Uuid, (Option<String>, Option<String>)>,
) -> Result<()> {
    let sql = format!(
        "DELETE FROM search_keys WHERE customer_id = $1 AND key{}",
        tx.dialect().in_texts(2)
    );
    for (id, (before, _)) in renamed {
        if let Some(before) = before {
            tx.execute(AssertSqlSafe(sql.clone()), args![*id, list(search_keys(before))])
                .await?;
        }
    }
    let names = renamed.iter().map(|(id, (_, after))| (*id, after.as_deref()));
    INSERT_MISSING.insert(tx, rows(names)).await.map(|_| ())
}

/// Whether there are names from before the keys.
pub(crate) async fn has_unindexed(tx: &mut Tx) -> Result<bool> {
    let (count,): (i64,) = tx.one("SELECT count(*) FROM search_backlog", []).await?;
    Ok(count > 0)
}

/// Gives the next `max` customers their keys; says how many, nothing when all have theirs.
pub(crate) async fn index_some(tx: &mut Tx, max: u32) -> Result<Option<u64>> {
    // Nobody is erased between the look and the writing.
    tx.about_to_write("customers").await?;
    let place: Option<(String,)> = tx
        .optional("SELECT after_external_id FROM search_backlog", [])
        .await?;
    let Some((after,)) = place else { return Ok(None) };
    let sql = format!(
        "SELECT id, external_id, CASE WHEN merged_into IS NULL THEN name END FROM customers \
         WHERE external_id > $1 ORDER BY external_id LIMIT $2{}",
        tx.dialect().for_update()
    );
    let rows_found: Vec<(Uuid, String, Option<String>)> =
        tx.all(AssertSqlSafe(sql), args![after, max]).await?;
    let Some((_, last, _)) = rows_found.last() else {
        tx.execute("DELETE FROM search_backlog", []).await?;
        return Ok(Some(0));
    };
    tx.execute(
        "UPDATE search_backlog SET after_external_id = $1",
        args![last.as_str()],
    )
    .await?;
    let names = rows_found.iter().map(|(id, _, name)| (*id, name.as_deref()));
    INSERT_MISSING.insert(tx, rows(names)).await?;
    Ok(Some(rows_found.len() as u64))
}
