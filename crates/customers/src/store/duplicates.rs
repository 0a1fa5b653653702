//! Pairs of customers who may be one: what they are found by, and what is known of them.

use std::collections::{BTreeMap, HashMap};

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use platform::crypto::Cipher;
use platform::db::{Bulk, Sql, timestamp, uuids};
use platform::{Clock, Scope, Tx, args, ids};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use super::life_events;
use super::read::rows_by_id;
use super::scope::{ScopeColumns, push_scope, push_scope_of_both};
use crate::identities;
use crate::model::{CustomerId, Duplicate, DuplicateId, DuplicateState, MergeId, PairFilter, Reason};
use crate::rules::duplicates::{Comparison, Traits, bits};
use crate::rules::names::{KeyKind, search_keys};
use crate::rules::{after_prefix, name_key};

/// Two customers, the smaller id first.
pub(crate) type Pair = (Uuid, Uuid);

/// Two customers in their order; none where they are one.
pub(crate) fn pair(one: Uuid, other: Uuid) -> Option<Pair> {
    (one != other).then(|| (one.min(other), one.max(other)))
}

/// What customers who may be one have in common: only those are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Common {
    /// The name.
    Name,
    /// How the name is read.
    Reading,
    /// The end of a phone number, and the first letter of the name.
    PhoneEnd,
    /// The birthday with its year, and the first letter of the name.
    Birthday,
}

impl Common {
    pub(crate) const ALL: [Self; 4] = [Self::Name, Self::Reading, Self::PhoneEnd, Self::Birthday];

    /// Whether it is too little in common where a name begins with another letter.
    pub(crate) fn is_divided_by_name(self) -> bool {
        matches!(self, Self::PhoneEnd | Self::Birthday)
    }
}

/// What customers have in common, and one of those who have it.
pub(crate) type Member = (String, Uuid);

/// The members after `after`, by what they have in common, at most `max`.
pub(crate) async fn members(
    tx: &mut Tx,
    common: Common,
    after: Option<&str>,
    max: u32,
) -> Result<Vec<Member>> {
    match common {
        Common::Name => {
            tx.all(
                "SELECT name_key, id FROM customers WHERE name_key > $1 ORDER BY name_key LIMIT $2",
                args![after.unwrap_or_default(), max],
            )
            .await
        }
        Common::Reading => {
            let first = KeyKind::Pinyin.prefix("");
            let end = after_prefix(&first).unwrap_or_default();
            tx.all(
                "SELECT key, customer_id FROM search_keys WHERE key > $1 AND key < $2 \
                 ORDER BY key, customer_id LIMIT $3",
                args![after.unwrap_or(&first), end, max],
            )
            .await
        }
        Common::PhoneEnd => {
            let after = match after {
                Some(text) => Uuid::parse_str(text).map_err(Error::internal)?,
                None => Uuid::nil(),
            };
            let rows: Vec<(Uuid, Uuid)> = tx
                .all(
                    "SELECT suffix, customer_id FROM identities \
                     WHERE suffix IS NOT NULL AND ended_at IS NULL AND suffix > $1 ORDER BY suffix LIMIT $2",
                    args![after, max],
                )
                .await?;
            Ok(rows.into_iter().map(|(end, id)| (end.to_string(), id)).collect())
        }
        Common::Birthday => {
            let (calendar, year, month, day): Day = match after {
                Some(text) => serde_json::from_str(text).map_err(Error::internal)?,
                None => (String::new(), i32::MIN, 0, 0),
            };
            let rows: Vec<(String, i32, i32, i32, Uuid)> = tx
                .all(
                    "SELECT calendar, year, month, day, customer_id FROM life_events \
                     WHERE kind = 'birthday' AND year IS NOT NULL \
                     AND (calendar, year, month, day) > ($1, $2, $3, $4) \
                     ORDER BY calendar, year, month, day LIMIT $5",
                    args![calendar, year, month, day, max],
                )
                .await?;
            rows.into_iter()
                .map(|(calendar, year, month, day, id)| {
                    let day: Day = (calendar, year, month, day);
                    Ok((serde_json::to_string(&day).map_err(Error::internal)?, id))
                })
                .collect()
        }
    }
}

/// Calendar, year, month, day.
type Day = (String, i32, i32, i32);

/// Those of the scope who have something in common with one customer, at most `max` for each thing.
pub(crate) async fn in_common_with(
    tx: &mut Tx,
    scope: &Scope,
    customer: CustomerId,
    traits: &Traits,
    max: u32,
) -> Result<Vec<Uuid>> {
    let of_customer = ScopeColumns::OF_C.beside_better(tx.dialect());
    let mut found: Vec<(Uuid,)> = Vec::new();
    if let Some(name) = &traits.name {
        let mut sql = Sql::new("SELECT c.id FROM customers c WHERE c.name_key = ");
        sql.bind(name_key(name));
        push_scope(&mut sql, scope, of_customer);
        sql.push(" ORDER BY c.id LIMIT ").bind(max);
        found.extend(sql.all::<(Uuid,)>(tx).await?);
        let pinyin = KeyKind::Pinyin.prefix("");
        for key in search_keys(name)
            .into_iter()
            .filter(|key| key.starts_with(&pinyin))
        {
            let mut sql = Sql::new(
                "SELECT c.id FROM search_keys k JOIN customers c ON c.id = k.customer_id WHERE k.key = ",
            );
            sql.bind(key);
            push_scope(&mut sql, scope, of_customer);
            sql.push(" ORDER BY k.customer_id LIMIT ").bind(max);
            found.extend(sql.all::<(Uuid,)>(tx).await?);
        }
    }
    let ends = "SELECT DISTINCT suffix FROM identities \
        WHERE customer_id = $1 AND suffix IS NOT NULL AND ended_at IS NULL";
    for (end,) in tx.all::<(Uuid,)>(ends, args![customer.uuid()]).await? {
        let mut sql = Sql::new(
            "SELECT c.id FROM identities i JOIN customers c ON c.id = i.customer_id WHERE i.ended_at IS NULL \
             AND i.suffix = ",
        );
        sql.bind(end);
        push_scope(&mut sql, scope, of_customer);
        sql.push(" LIMIT ").bind(max);
        found.extend(sql.all::<(Uuid,)>(tx).await?);
    }
    for born in &traits.birthdays {
        let Some(year) = born.year else { continue };
        let mut sql = Sql::new(
            "SELECT c.id FROM life_events e JOIN customers c ON c.id = e.customer_id \
             WHERE e.kind = 'birthday' AND e.year IS NOT NULL AND e.calendar = ",
        );
        sql.bind(born.calendar.name())
            .push(" AND e.year = ")
            .bind(i32::from(year))
            .push(" AND e.month = ")
            .bind(i32::from(born.month))
            .push(" AND e.day = ")
            .bind(i32::from(born.day));
        push_scope(&mut sql, scope, of_customer);
        sql.push(" LIMIT ").bind(max);
        found.extend(sql.all::<(Uuid,)>(tx).await?);
    }
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Pairs of whom one was said to be known by what the other is known by, after the identity `after`: with the
/// identity of each.
pub(crate) async fn taken(tx: &mut Tx, after: Uuid, max: u32) -> Result<Vec<(Uuid, Uuid, Uuid)>> {
    tx.all(
        "SELECT i.id, i.customer_id, held.customer_id FROM identities i \
         JOIN identities held ON held.blind = i.blind AND held.ended_at IS NULL \
         WHERE i.ended_because = 'taken' AND i.id > $1 ORDER BY i.id LIMIT $2",
        args![after, max],
    )
    .await
}

/// The customers of the scope who are known by what this one was said to be known by.
pub(crate) async fn taken_of(
    tx: &mut Tx,
    scope: &Scope,
    customer: CustomerId,
    max: u32,
) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(
        "SELECT held.customer_id FROM identities i \
         JOIN identities held ON held.blind = i.blind AND held.ended_at IS NULL \
         JOIN customers c ON c.id = held.customer_id WHERE i.ended_because = 'taken' AND i.customer_id = ",
    );
    sql.bind(customer.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" LIMIT ").bind(max);
    let rows: Vec<(Uuid,)> = sql.all(tx).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What is compared of these customers; nothing of those who are merged.
pub(crate) async fn traits(
    tx: &mut Tx,
    cipher: &Cipher,
    customers: &[Uuid],
) -> Result<HashMap<Uuid, Traits>> {
    let mut found = HashMap::with_capacity(customers.len());
    for some in customers.chunks(IDS_PER_STATEMENT) {
        let sql = format!(
            "SELECT id, kind, name, region FROM customers WHERE merged_into IS NULL AND id{}",
            tx.dialect().in_uuids(1)
        );
        let rows: Vec<(Uuid, String, Option<String>, Option<String>)> =
            tx.all(AssertSqlSafe(sql), args![uuids(some)]).await?;
        for (id, kind, name, region) in rows {
            let traits = Traits {
                kind: kind.parse()?,
                name,
                region,
                birthdays: Vec::new(),
                phones: Vec::new(),
            };
            found.insert(id, traits);
        }
        for (customer, facts) in life_events::birthdays(tx, some).await? {
            if let Some(traits) = found.get_mut(&customer) {
                traits.birthdays.push(facts);
            }
        }
        for (customer, phone) in identities::store::phones(tx, cipher, some).await? {
            if let Some(traits) = found.get_mut(&customer) {
                traits.phones.push(phone);
            }
        }
    }
    Ok(found)
}

/// Pairs that may be one, with what speaks for it.
pub(crate) type Found = BTreeMap<Pair, Comparison>;

/// Stores pairs that were found; says how many were new or changed. What has been decided on stays decided,
/// and what is certain stays so.
pub(crate) async fn store(tx: &mut Tx, clock: &Clock, found: &Found) -> Result<u64> {
    const PAIRS: Bulk = Bulk {
        table: "duplicates",
        columns: &[
            "id",
            "customer_a",
            "customer_b",
            "certain",
            "score",
            "reasons",
            "state",
            "found_at",
        ],
        on_conflict: "ON CONFLICT (customer_a, customer_b) DO UPDATE SET certain = excluded.certain, \
            score = excluded.score, reasons = excluded.reasons, found_at = excluded.found_at \
            WHERE duplicates.state = 'open' AND (excluded.certain OR NOT duplicates.certain)",
    };
    let now = clock.now();
    let rows = found
        .iter()
        .map(|((a, b), comparison)| {
            let id: DuplicateId = ids::new(clock);
            let reasons = serde_json::to_value(&comparison.reasons).map_err(Error::internal)?;
            Ok(args![
                id.uuid(),
                *a,
                *b,
                comparison.certain,
                comparison.score,
                reasons,
                DuplicateState::Open.name(),
                now,
            ])
        })
        .collect::<Result<Vec<_>>>()?;
    PAIRS.insert(tx, rows).await
}

/// Forgets the pairs that nobody has decided on and that were found before, and not since: they are no longer
/// alike. What is certain stays.
pub(crate) async fn forget_before(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(
        "DELETE FROM duplicates WHERE state = 'open' AND NOT certain AND found_at < $1",
        args![before],
    )
    .await
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    customer_a: Uuid,
    customer_b: Uuid,
    certain: bool,
    score: i32,
    reasons: Json<Vec<Reason>>,
    state: String,
    merge_id: Option<Uuid>,
    found_at: i64,
    decided_at: Option<i64>,
    decided_by: Option<Uuid>,
}

/// Pairs of whom the caller sees both: the conditions follow.
const SELECT: &str = "SELECT d.id, d.customer_a, d.customer_b, d.certain, d.score, d.reasons, d.state, d.merge_id, \
    d.found_at, d.decided_at, d.decided_by FROM duplicates d JOIN customers a ON a.id = d.customer_a \
    JOIN customers b ON b.id = d.customer_b WHERE ";

/// Pairs of whom both are in the scope, what is certain first, the likeliest first. Pairs of which one was merged with
/// someone else are left out until that is undone.
pub(crate) async fn page(
    tx: &mut Tx,
    scope: &Scope,
    filter: PairFilter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Duplicate>> {
    let (certain, score, id) = match cursor {
        Some(cursor) => Cursor::key::<(bool, i32, Uuid)>(cursor)?,
        None => (true, i32::MAX, Uuid::max()),
    };
    let mut sql = Sql::new(SELECT);
    sql.push("d.state = ")
        .bind(filter.state.name())
        .push(" AND (d.certain, d.score, d.id) < (")
        .bind(certain)
        .push(", ")
        .bind(score)
        .push(", ")
        .bind(id)
        .push(")");
    if filter.state != DuplicateState::Merged {
        sql.push(" AND a.merged_into IS NULL AND b.merged_into IS NULL");
    }
    if let Some(certain) = filter.certain {
        sql.push(" AND d.certain = ").bind(certain);
    }
    if let Some(customer) = filter.customer {
        sql.push(" AND (d.customer_a = ")
            .bind(customer.uuid())
            .push(" OR d.customer_b = ")
            .bind(customer.uuid())
            .push(")");
    }
    push_scope_of_both(&mut sql, scope, tx.dialect());
    sql.push(" ORDER BY d.certain DESC, d.score DESC, d.id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    let page = Page::cut(rows, size, |row| (row.certain, row.score, row.id))?;
    Ok(Page {
        items: shown(tx, scope, page.items).await?,
        next_cursor: page.next_cursor,
    })
}

async fn shown(tx: &mut Tx, scope: &Scope, rows: Vec<Row>) -> Result<Vec<Duplicate>> {
    let mut ids: Vec<Uuid> = rows
        .iter()
        .flat_map(|row| [row.customer_a, row.customer_b])
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let customers = rows_by_id(tx, scope, &ids).await?;
    let customer = |id: Uuid| {
        let found = customers.get(&id).cloned();
        found.ok_or_else(|| Error::internal(format!("the customer {id} of a pair is gone")))
    };
    rows.into_iter()
        .map(|row| {
            Ok(Duplicate {
                id: row.id.into(),
                // Ids are in the order in which they were made.
                one: customer(row.customer_a)?,
                other: customer(row.customer_b)?,
                certain: row.certain,
                score: bits(row.score),
                reasons: row.reasons.0,
                state: row.state.parse()?,
                merge: row.merge_id.map(MergeId::from),
                found_at: timestamp(row.found_at),
                decided_at: row.decided_at.map(timestamp),
                decided_by: row.decided_by,
            })
        })
        .collect()
}

/// One pair of whom both are in the scope, held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, scope: &Scope, id: DuplicateId) -> Result<Option<Duplicate>> {
    let held = format!(
        "SELECT id FROM duplicates WHERE id = $1{}",
        tx.dialect().for_update()
    );
    if tx
        .optional::<(Uuid,)>(AssertSqlSafe(held), args![id.uuid()])
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let mut sql = Sql::new(SELECT);
    sql.push("d.id = ").bind(id.uuid());
    push_scope_of_both(&mut sql, scope, tx.dialect());
    let rows: Vec<Row> = sql.all(tx).await?;
    Ok(shown(tx, scope, rows).await?.pop())
}

/// Decides that two customers are two, or (none) that nothing is decided.
pub(crate) async fn decide(
    tx: &mut Tx,
    id: DuplicateId,
    dismissed: Option<(Timestamp, Option<Uuid>)>,
) -> Result<()> {
    let state = match dismissed {
        Some(_) => DuplicateState::NotDuplicate,
        None => DuplicateState::Open,
    };
    tx.execute(
        "UPDATE duplicates SET state = $2, decided_at = $3, decided_by = $4 WHERE id = $1",
        args![
            id.uuid(),
            state.name(),
            dismissed.map(|(at, _)| at),
            dismissed.and_then(|(_, by)| by),
        ],
    )
    .await
    .map(|_| ())
}

/// Says of a pair, if it is one, that the two were merged.
pub(crate) async fn merged(
    tx: &mut Tx,
    (one, other): (CustomerId, CustomerId),
    merge: MergeId,
    now: Timestamp,
    by: Option<Uuid>,
) -> Result<()> {
    let Some((a, b)) = pair(one.uuid(), other.uuid()) else {
        return Ok(());
    };
    tx.execute(
        "UPDATE duplicates SET state = 'merged', merge_id = $3, decided_at = $4, decided_by = $5 \
         WHERE customer_a = $1 AND customer_b = $2",
        args![a, b, merge.uuid(), now, by],
    )
    .await
    .map(|_| ())
}

/// A pair of one of some customers: its id, the customer, the other one, its state and when it was found.
pub(crate) type PairOf = (Uuid, Uuid, Uuid, String, Timestamp);

/// The pairs of some customers, in the order of their ids.
pub(crate) async fn pairs_of(
    tx: &mut Tx,
    customers: &[Uuid],
    (after, rows): (Uuid, u32),
) -> Result<Vec<PairOf>> {
    let among = tx.dialect().in_uuids(1);
    let sql = format!(
        "SELECT id, customer_a, customer_b, state, found_at FROM duplicates \
         WHERE (customer_a{among} OR customer_b{among}) AND id > $2 ORDER BY id LIMIT $3"
    );
    let rows: Vec<(Uuid, Uuid, Uuid, String, i64)> = tx
        .all(AssertSqlSafe(sql), args![uuids(customers), after, rows])
        .await?;
    let pair = |(pair, one, other, state, found_at)| {
        let (id, other) = if customers.contains(&one) {
            (one, other)
        } else {
            (other, one)
        };
        (pair, id, other, state, timestamp(found_at))
    };
    Ok(rows.into_iter().map(pair).collect())
}

/// Opens the pair of a merge again.
pub(crate) async fn unmerged(tx: &mut Tx, merge: MergeId) -> Result<()> {
    tx.execute(
        "UPDATE duplicates SET state = 'open', merge_id = NULL, decided_at = NULL, decided_by = NULL \
         WHERE merge_id = $1",
        args![merge.uuid()],
    )
    .await
    .map(|_| ())
}
