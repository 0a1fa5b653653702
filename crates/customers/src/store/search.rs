//! Finding customers as people look for them: by what they are known by, by name, pieces of it, its pinyin and
//! initials, by the end of a phone number, by external id. Every step goes through an index and is bounded.

use base::{Cursor, Page, PageSize, Result};
use platform::crypto::{Cipher, Keyring};
use platform::db::Sql;
use platform::{Tx, args, firm};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::read::{ListRow, rows_by_id};
use crate::identities::{self, IdentityKind};
use crate::model::{CustomerRow, Facets};
use crate::rules::names::{self, KeyKind};
use crate::rules::{after_prefix, name_key};

/// The most customers that a search finds.
pub const SEARCH_MAX: u32 = 1_000;
/// Where nothing else is found, this many of the newest customers are looked through for a name that contains
/// what is looked for.
const LOOKED_THROUGH: u32 = 5_000;
const FACETS_MAX: u32 = 200;

/// The customers that a search finds, at most `max` (and [`SEARCH_MAX`]), the likeliest first: who is known
/// by it; whose name it is; whose name or external id begins with it; whose phone number ends with it; whose
/// name has it inside; whose name is read or abbreviated so. Upper and lower case are the same in names, not
/// in ids. Whoever was merged is found as its survivor.
pub async fn matching(tx: &mut Tx, keys: &Keyring, search: &str, max: u32) -> Result<Vec<Uuid>> {
    let search = search.trim();
    let cipher = keys.cipher(tx).await?;
    let mut found = FoundSoFar::new(max.min(SEARCH_MAX));
    if search.is_empty() {
        return Ok(found.ids);
    }
    if let Some(known) = known_by(tx, &cipher, search).await? {
        found.add([known]);
    }
    let name = name_key(search);
    for range in [Range::name(&name), Range::external_id(search)] {
        if found.room() > 0 {
            found.add(in_range(tx, range, found.max).await?);
        }
    }
    if found.room() > 0
        && let Some(digits) = phone_end(search)
    {
        found.add(identities::store::by_phone_end(tx, &cipher, &digits, found.max).await?);
    }
    let latin = names::latin(search);
    let mut keyed = vec![KeyKind::Piece.prefix(&name)];
    if let Some(latin) = latin.filter(|latin| latin.bytes().any(|byte| byte.is_ascii_alphabetic())) {
        keyed.push(KeyKind::Pinyin.prefix(&latin));
        keyed.push(KeyKind::Initials.prefix(&latin));
    }
    for key in keyed {
        if found.room() > 0 {
            found.add(in_range(tx, Range::keys(&key), found.max).await?);
        }
    }
    if found.ids.is_empty() {
        found.add(by_piece_of_name(tx, search, found.max).await?);
    }
    Ok(found.ids)
}

/// What has been found, each customer once, in order.
struct FoundSoFar {
    ids: Vec<Uuid>,
    known: std::collections::HashSet<Uuid>,
    max: u32,
}

impl FoundSoFar {
    fn new(max: u32) -> Self {
        Self {
            ids: Vec::new(),
            known: std::collections::HashSet::new(),
            max,
        }
    }

    fn room(&self) -> usize {
        (self.max as usize).saturating_sub(self.ids.len())
    }

    fn add(&mut self, more: impl IntoIterator<Item = Uuid>) {
        for id in more {
            if self.room() > 0 && self.known.insert(id) {
                self.ids.push(id);
            }
        }
    }
}

async fn known_by(tx: &mut Tx, cipher: &Cipher, search: &str) -> Result<Option<Uuid>> {
    let region = identities::rules::region(firm::load(tx).await?.currency);
    // An external id is looked for by its beginning.
    let guesses: Vec<_> = identities::rules::guesses(search, &region)
        .into_iter()
        .filter(|(kind, value)| *kind != IdentityKind::External && value.len() >= 5)
        .collect();
    if guesses.is_empty() {
        return Ok(None);
    }
    let found = identities::store::lookup(tx, cipher, &guesses).await?;
    Ok(found.map(|found| found.customer.id.uuid()))
}

/// The digits of a search that may be the end of a phone number: 4 to 11 of them, grouped or not.
fn phone_end(search: &str) -> Option<String> {
    let digits: String = search.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_end = (4..=11).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_end.then_some(digits)
}

/// A range of an index.
struct Range<'a> {
    from: &'static str,
    below: &'static str,
    order: &'static str,
    prefix: &'a str,
}

impl<'a> Range<'a> {
    fn external_id(prefix: &'a str) -> Self {
        Self {
            from: "SELECT coalesce(merged_into, id) FROM customers WHERE external_id >= ",
            below: " AND external_id < ",
            order: " ORDER BY external_id LIMIT ",
            prefix,
        }
    }

    fn name(prefix: &'a str) -> Self {
        Self {
            from: "SELECT coalesce(merged_into, id) FROM customers WHERE name_key >= ",
            below: " AND name_key < ",
            order: " ORDER BY name_key LIMIT ",
            prefix,
        }
    }

    fn keys(prefix: &'a str) -> Self {
        Self {
            from: "SELECT customer_id FROM search_keys WHERE key >= ",
            below: " AND key < ",
            order: " ORDER BY key, customer_id LIMIT ",
            prefix,
        }
    }
}

/// In the order of the index: what is no longer than the prefix comes first.
async fn in_range(tx: &mut Tx, range: Range<'_>, max: u32) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(range.from);
    sql.bind(range.prefix);
    if let Some(end) = after_prefix(range.prefix) {
        sql.push(range.below).bind(end);
    }
    sql.push(range.order).bind(max);
    let rows = sql.all::<(Uuid,)>(tx).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

async fn by_piece_of_name(tx: &mut Tx, piece: &str, max: u32) -> Result<Vec<Uuid>> {
    let literal = name_key(piece)
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let mut sql = Sql::new(
        "SELECT coalesce(merged_into, id) FROM (SELECT id, merged_into, name_key FROM customers WHERE name_key IS NOT NULL ORDER BY id DESC LIMIT ",
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

/// Customers by external id, or those that a search finds, the likeliest first.
pub async fn page(
    tx: &mut Tx,
    keys: &Keyring,
    search: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<CustomerRow>> {
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        return page_of_search(tx, keys, search, size, cursor).await;
    }
    let sql = format!(
        "SELECT {} FROM customers WHERE external_id > $1 AND merged_into IS NULL ORDER BY external_id LIMIT $2",
        ListRow::COLUMNS
    );
    let after = cursor.map(Cursor::key::<String>).transpose()?;
    // No external id is empty.
    let args = args![after.unwrap_or_default(), size.rows() + 1];
    let rows = tx
        .all::<ListRow>(AssertSqlSafe(sql), args)
        .await?
        .into_iter()
        .map(ListRow::customer)
        .collect::<Result<Vec<_>>>()?;
    Page::cut(rows, size, |row| row.external_id.clone())
}

/// The cursor of a search is how many have been shown: their order is none of a column.
async fn page_of_search(
    tx: &mut Tx,
    keys: &Keyring,
    search: &str,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<CustomerRow>> {
    let shown = cursor
        .map(Cursor::key::<u32>)
        .transpose()?
        .unwrap_or(0)
        .min(SEARCH_MAX);
    let found = matching(tx, keys, search, shown + size.rows() + 1).await?;
    let wanted: Vec<Uuid> = found.into_iter().skip(shown as usize).collect();
    let mut by_id = rows_by_id(tx, &wanted).await?;
    let rows: Vec<(u32, CustomerRow)> = wanted
        .iter()
        .zip(shown + 1..)
        .filter_map(|(id, place)| Some((place, by_id.remove(id)?)))
        .collect();
    Ok(Page::cut(rows, size, |(place, _)| *place)?.map(|(_, row)| row))
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
