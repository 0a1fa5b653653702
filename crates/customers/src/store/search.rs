//! Finding customers: by the beginning of an external id or a name, through the indexes; by a piece of a
//! name among the newest customers only. The full search comes with its own issue.

use base::{Cursor, Page, PageSize, Result};
use platform::Tx;
use platform::args;
use platform::db::{Sql, uuids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::read::ListRow;
use crate::model::{CustomerRow, Facets};
use crate::rules::{after_prefix, name_key};

/// The most customers that a search finds.
pub const SEARCH_MAX: u32 = 1_000;
/// Where no id and no name begins with what is looked for, this many of the newest customers are
/// looked through for a name that contains it.
const LOOKED_THROUGH: u32 = 5_000;
const FACETS_MAX: u32 = 200;

/// The customers that a search finds: those whose external id begins with it, then those whose name
/// does, at most `max` (and [`SEARCH_MAX`]); if there are none, those among the newest 5,000 whose name
/// contains it. Upper and lower case are the same in names, not in ids.
pub async fn matching(tx: &mut Tx, search: &str, max: u32) -> Result<Vec<Uuid>> {
    let search = search.trim();
    let max = max.min(SEARCH_MAX);
    let mut found = by_prefix(tx, Prefix::ExternalId, search, max).await?;
    let room = max.saturating_sub(u32::try_from(found.len()).unwrap_or(max));
    if room > 0 {
        for id in by_prefix(tx, Prefix::Name, &name_key(search), room).await? {
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    if found.is_empty() && !search.is_empty() {
        found = by_piece_of_name(tx, search, max).await?;
    }
    Ok(found)
}

#[derive(Clone, Copy)]
enum Prefix {
    ExternalId,
    Name,
}

async fn by_prefix(tx: &mut Tx, column: Prefix, prefix: &str, max: u32) -> Result<Vec<Uuid>> {
    let (from, below, order) = match column {
        Prefix::ExternalId => (
            "SELECT id FROM customers WHERE external_id >= ",
            " AND external_id < ",
            " ORDER BY external_id LIMIT ",
        ),
        Prefix::Name => (
            "SELECT id FROM customers WHERE name_key >= ",
            " AND name_key < ",
            " ORDER BY name_key LIMIT ",
        ),
    };
    let mut sql = Sql::new(from);
    sql.bind(prefix);
    if let Some(end) = after_prefix(prefix) {
        sql.push(below).bind(end);
    }
    sql.push(order).bind(max);
    Ok(sql
        .all::<(Uuid,)>(tx)
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect())
}

async fn by_piece_of_name(tx: &mut Tx, piece: &str, max: u32) -> Result<Vec<Uuid>> {
    let literal = name_key(piece)
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let mut sql = Sql::new(
        "SELECT id FROM (SELECT id, name_key FROM customers WHERE name_key IS NOT NULL ORDER BY id DESC LIMIT ",
    );
    sql.bind(LOOKED_THROUGH)
        .push(") AS newest WHERE name_key LIKE ")
        .bind(format!("%{literal}%"));
    sql.push(" ESCAPE '\\' ORDER BY id DESC LIMIT ").bind(max);
    Ok(sql
        .all::<(Uuid,)>(tx)
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect())
}

/// Customers by external id, all or those that a search finds.
pub async fn page(
    tx: &mut Tx,
    search: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<CustomerRow>> {
    let mut sql = format!(
        "SELECT {} FROM customers WHERE external_id > $1",
        ListRow::COLUMNS
    );
    let after = cursor.map(Cursor::key::<String>).transpose()?;
    // No external id is empty.
    let mut args = args![after.unwrap_or_default(), size.rows() + 1];
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        let found = matching(tx, search, SEARCH_MAX).await?;
        sql += &format!(" AND id{}", tx.dialect().in_uuids(3));
        args.push(uuids(found));
    }
    sql += " ORDER BY external_id LIMIT $2";
    let rows = tx
        .all::<ListRow>(AssertSqlSafe(sql), args)
        .await?
        .into_iter()
        .map(ListRow::customer)
        .collect::<Result<Vec<_>>>()?;
    Page::cut(rows, size, |row| row.external_id.clone())
}

/// What customers can be filtered by. Steps through each index from value to value, so that the number
/// of customers does not matter.
pub async fn facets(tx: &mut Tx) -> Result<Facets> {
    async fn values(tx: &mut Tx, sql: &'static str) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = tx.all(sql, args![FACETS_MAX]).await?;
        Ok(rows.into_iter().map(|(value,)| value).collect())
    }
    macro_rules! distinct {
        ($column:literal) => {
            concat!(
                "WITH RECURSIVE step (value) AS (SELECT min(",
                $column,
                ") FROM customers WHERE ",
                $column,
                " IS NOT NULL UNION ALL SELECT (SELECT min(",
                $column,
                ") FROM customers WHERE ",
                $column,
                " > step.value) FROM step WHERE step.value IS NOT NULL) \
                 SELECT value FROM step WHERE value IS NOT NULL LIMIT $1"
            )
        };
    }
    Ok(Facets {
        brands: values(tx, distinct!("brand")).await?,
        regions: values(tx, distinct!("region")).await?,
        segments: values(tx, distinct!("segment")).await?,
    })
}
