//! Finding customers as people look for them: by what they are known by, by name, pieces of it, its pinyin and
//! initials, by the end of a phone number, by external id, by tags. Every step goes through an index and is bounded.

use std::collections::{HashMap, HashSet};

use base::{Cursor, Page, PageSize, Result};
use platform::crypto::{Cipher, Keyring};
use platform::db::{Sql, like_containing};
use platform::{Scope, Tx, args, firm};
use uuid::Uuid;

use super::read::{ListRow, rows_by_id};
use super::scope::{InOrder, ScopeColumns, push_scope};
use super::tags::by_piece_of_tag;
use crate::identities::{self, IdentityKind};
use crate::model::{Facets, FoundCustomer};
use crate::rules::names::{self, KeyKind};
use crate::rules::{after_prefix, name_key};

/// The most customers that a search finds.
pub const SEARCH_MAX: u32 = 1_000;
/// Where nothing else is found, this many of the newest customers are looked through for a name that contains
/// what is looked for.
const LOOKED_THROUGH: u32 = 5_000;
const FACETS_MAX: u32 = 200;

/// The customers of the scope that a search finds, at most `max` (and [`SEARCH_MAX`]), the likeliest first: who is known
/// by it; whose name it is; whose name or external id begins with it; whose phone number ends with it; whose
/// name has it inside; whose name is read or abbreviated so; who has a tag with it inside. Upper and lower case are the same in names, not
/// in ids. Whoever was merged is found as its survivor.
pub async fn matching(
    tx: &mut Tx,
    scope: &Scope,
    keys: &Keyring,
    search: &str,
    max: u32,
) -> Result<Vec<Uuid>> {
    Ok(found(tx, scope, keys, search, max).await?.ids)
}

async fn found(tx: &mut Tx, scope: &Scope, keys: &Keyring, search: &str, max: u32) -> Result<FoundSoFar> {
    let search = search.trim();
    let cipher = keys.cipher(tx).await?;
    let mut found = FoundSoFar::new(max.min(SEARCH_MAX));
    if search.is_empty() {
        return Ok(found);
    }
    if let Some(known) = known_by(tx, scope, &cipher, search).await? {
        found.add([known]);
    }
    let name = name_key(search);
    for range in [Range::Name(&name), Range::ExternalId(search)] {
        if found.room() > 0 {
            found.add(in_range(tx, scope, range, found.max).await?);
        }
    }
    if found.room() > 0
        && let Some(digits) = phone_end(search)
    {
        found.add(identities::store::by_phone_end(tx, scope, &cipher, &digits, found.max).await?);
    }
    let latin = names::latin(search);
    let mut keyed = vec![KeyKind::Piece.prefix(&name)];
    if let Some(latin) = latin.filter(|latin| latin.bytes().any(|byte| byte.is_ascii_alphabetic())) {
        keyed.push(KeyKind::Pinyin.prefix(&latin));
        keyed.push(KeyKind::Initials.prefix(&latin));
    }
    for key in keyed {
        if found.room() > 0 {
            found.add(in_range(tx, scope, Range::Keys(&key), found.max).await?);
        }
    }
    if found.ids.is_empty() {
        found.add(by_piece_of_name(tx, scope, search, found.max).await?);
    }
    if found.room() > 0 {
        for (id, tag) in by_piece_of_tag(tx, scope, search, found.max).await? {
            if found.add([id]) > 0 {
                found.tags.insert(id, tag);
            }
        }
    }
    Ok(found)
}

/// What has been found, each customer once, in order.
struct FoundSoFar {
    ids: Vec<Uuid>,
    known: HashSet<Uuid>,
    /// The tags of those who were found by one.
    tags: HashMap<Uuid, String>,
    max: u32,
}

impl FoundSoFar {
    fn new(max: u32) -> Self {
        Self {
            ids: Vec::new(),
            known: HashSet::new(),
            tags: HashMap::new(),
            max,
        }
    }

    fn room(&self) -> usize {
        (self.max as usize).saturating_sub(self.ids.len())
    }

    /// Says how many are new.
    fn add(&mut self, more: impl IntoIterator<Item = Uuid>) -> usize {
        let before = self.ids.len();
        for id in more {
            if self.room() > 0 && self.known.insert(id) {
                self.ids.push(id);
            }
        }
        self.ids.len() - before
    }
}

async fn known_by(tx: &mut Tx, scope: &Scope, cipher: &Cipher, search: &str) -> Result<Option<Uuid>> {
    let region = identities::rules::region(firm::load(tx).await?.currency);
    // An external id is looked for by its beginning.
    let guesses: Vec<_> = identities::rules::guesses(search, &region)
        .into_iter()
        .filter(|(kind, value)| *kind != IdentityKind::External && value.len() >= 5)
        .collect();
    if guesses.is_empty() {
        return Ok(None);
    }
    let found = identities::store::lookup(tx, scope, cipher, &guesses).await?;
    Ok(found.map(|found| found.customer.id.uuid()))
}

/// The digits of a search that may be the end of a phone number: 4 to 11 of them, grouped or not.
fn phone_end(search: &str) -> Option<String> {
    let digits: String = search.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_end = (4..=11).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_end.then_some(digits)
}

/// A range of an index: what begins with a prefix.
enum Range<'a> {
    ExternalId(&'a str),
    Name(&'a str),
    Keys(&'a str),
}

/// In the order of the index: what is no longer than the prefix comes first.
async fn in_range(tx: &mut Tx, scope: &Scope, range: Range<'_>, max: u32) -> Result<Vec<Uuid>> {
    match range {
        Range::ExternalId(prefix) => EXTERNAL_IDS.beginning_with(tx, scope, prefix, max).await,
        Range::Name(prefix) => NAMES.beginning_with(tx, scope, prefix, max).await,
        Range::Keys(prefix) => {
            let mut sql = Sql::new("SELECT k.customer_id FROM search_keys k");
            if !scope.is_whole_firm() {
                sql.push(" JOIN customers c ON c.id = k.customer_id");
            }
            sql.push(" WHERE k.key >= ").bind(prefix);
            if let Some(end) = after_prefix(prefix) {
                sql.push(" AND k.key < ").bind(end);
            }
            push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
            sql.push(" ORDER BY k.key, k.customer_id LIMIT ").bind(max);
            let rows = sql.all::<(Uuid,)>(tx).await?;
            Ok(rows.into_iter().map(|(id,)| id).collect())
        }
    }
}

/// A column that is looked through from a prefix on: of customers, and of those who were merged (`o`), who are found as
/// their survivors (`c`).
struct Column {
    of_customers: InOrder,
    from: &'static str,
    below: &'static str,
    of_merged: &'static str,
    below_of_merged: &'static str,
    order_of_merged: &'static str,
}

const EXTERNAL_IDS: Column = Column {
    of_customers: InOrder {
        select: "SELECT id, external_id FROM ",
        order: " ORDER BY external_id LIMIT ",
    },
    from: "merged_into IS NULL AND external_id >= ",
    below: " AND external_id < ",
    of_merged: "SELECT c.id, o.external_id FROM customers o JOIN customers c ON c.id = o.merged_into \
        WHERE o.merged_into IS NOT NULL AND o.external_id >= ",
    below_of_merged: " AND o.external_id < ",
    order_of_merged: " ORDER BY o.external_id LIMIT ",
};

const NAMES: Column = Column {
    of_customers: InOrder {
        select: "SELECT id, name_key FROM ",
        // Many have the same name: without their ids one page would not go on where the last one ended.
        order: " ORDER BY name_key, id LIMIT ",
    },
    from: "merged_into IS NULL AND name_key >= ",
    below: " AND name_key < ",
    of_merged: "SELECT c.id, o.name_key FROM customers o JOIN customers c ON c.id = o.merged_into \
        WHERE o.merged_into IS NOT NULL AND o.name_key >= ",
    below_of_merged: " AND o.name_key < ",
    order_of_merged: " ORDER BY o.name_key, c.id LIMIT ",
};

impl Column {
    /// Those of the scope, in the order of the column; who was merged is where its survivor is.
    async fn beginning_with(&self, tx: &mut Tx, scope: &Scope, prefix: &str, max: u32) -> Result<Vec<Uuid>> {
        let end = after_prefix(prefix);
        let conditions = |sql: &mut Sql| {
            sql.push(self.from).bind(prefix);
            if let Some(end) = &end {
                sql.push(self.below).bind(end);
            }
        };
        let mut found: Vec<(Uuid, String)> = self.of_customers.first(scope, conditions, max).all(tx).await?;
        let mut sql = Sql::new(self.of_merged);
        sql.bind(prefix);
        if let Some(end) = &end {
            sql.push(self.below_of_merged).bind(end);
        }
        push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
        sql.push(self.order_of_merged).bind(max);
        found.extend(sql.all::<(Uuid, String)>(tx).await?);
        found.sort_by(|(_, one), (_, other)| one.cmp(other));
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }
}

async fn by_piece_of_name(tx: &mut Tx, scope: &Scope, piece: &str, max: u32) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(
        "SELECT c.id FROM (SELECT id, merged_into, name_key FROM customers WHERE name_key IS NOT NULL",
    );
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(" ORDER BY id DESC LIMIT ")
        .bind(LOOKED_THROUGH)
        .push(") AS newest JOIN customers c ON c.id = coalesce(newest.merged_into, newest.id) WHERE newest.name_key LIKE ")
        .bind(like_containing(&name_key(piece)))
        .push(" ESCAPE '\\'");
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY newest.id DESC LIMIT ").bind(max);
    Ok(sql
        .all::<(Uuid,)>(tx)
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect())
}

/// Customers of the scope by external id, or those that a search finds, the likeliest first.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    keys: &Keyring,
    search: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<FoundCustomer>> {
    const PAGE: InOrder = InOrder {
        select: ListRow::SELECT_FROM,
        order: " ORDER BY external_id LIMIT ",
    };
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        return page_of_search(tx, scope, keys, search, size, cursor).await;
    }
    // No external id is empty.
    let after = cursor.map(Cursor::key::<String>).transpose()?.unwrap_or_default();
    let conditions = |sql: &mut Sql| {
        sql.push("merged_into IS NULL AND external_id > ").bind(&after);
    };
    let rows = PAGE
        .first(scope, conditions, size.rows() + 1)
        .all::<ListRow>(tx)
        .await?
        .into_iter()
        .map(|row| {
            row.customer()
                .map(|customer| FoundCustomer { customer, tag: None })
        })
        .collect::<Result<Vec<_>>>()?;
    Page::cut(rows, size, |row| row.customer.external_id.clone())
}

/// The cursor of a search is how many have been shown: their order is none of a column.
async fn page_of_search(
    tx: &mut Tx,
    scope: &Scope,
    keys: &Keyring,
    search: &str,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<FoundCustomer>> {
    let shown = cursor
        .map(Cursor::key::<u32>)
        .transpose()?
        .unwrap_or(0)
        .min(SEARCH_MAX);
    let mut found = found(tx, scope, keys, search, shown + size.rows() + 1).await?;
    let wanted: Vec<Uuid> = found.ids.drain(..).skip(shown as usize).collect();
    let mut by_id = rows_by_id(tx, scope, &wanted).await?;
    let mut row = |id: &Uuid| -> Option<FoundCustomer> {
        let (customer, tag) = (by_id.remove(id)?, found.tags.remove(id));
        Some(FoundCustomer { customer, tag })
    };
    let rows: Vec<(u32, FoundCustomer)> = wanted
        .iter()
        .zip(shown + 1..)
        .filter_map(|(id, place)| Some((place, row(id)?)))
        .collect();
    Ok(Page::cut(rows, size, |(place, _)| *place)?.map(|(_, row)| row))
}

/// What customers can be filtered by. Steps through each index from value to value, so that the number
/// of customers does not matter.
/// Within a scope, reads the index that has all three of each branch.
pub async fn facets(tx: &mut Tx, scope: &Scope) -> Result<Facets> {
    if !scope.is_whole_firm() {
        return facets_within(tx, scope).await;
    }
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

async fn facets_within(tx: &mut Tx, scope: &Scope) -> Result<Facets> {
    async fn values(tx: &mut Tx, scope: &Scope, select: &'static str) -> Result<Vec<String>> {
        let mut sql = Sql::new(select);
        push_scope(&mut sql, scope, ScopeColumns::PLAIN);
        sql.push(" ORDER BY value LIMIT ").bind(FACETS_MAX);
        Ok(sql
            .all::<(String,)>(tx)
            .await?
            .into_iter()
            .map(|(value,)| value)
            .collect())
    }
    macro_rules! distinct {
        ($column:literal) => {
            concat!(
                "SELECT DISTINCT ",
                $column,
                " AS value FROM customers WHERE ",
                $column,
                " IS NOT NULL"
            )
        };
    }
    Ok(Facets {
        brands: values(tx, scope, distinct!("brand")).await?,
        regions: values(tx, scope, distinct!("region")).await?,
        segments: values(tx, scope, distinct!("segment")).await?,
    })
}
