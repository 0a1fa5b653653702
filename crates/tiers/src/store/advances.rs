//! Claims to advance refunds, with what became of them.

use base::{Day, Error, Result};
use customers::store::{ScopeColumns, push_scope};
use jiff::Timestamp;
use platform::db::{Sql, Tx, timestamp, uuids};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{
    AGES_DAYS, Advance, AdvanceBalances, AdvanceEntry, AdvanceEntryKind, AdvanceId, AdvanceState, Ageing,
    AgeingBucket, Payout,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    customer_id: Uuid,
    key: String,
    source: String,
    external_id: String,
    claimed_minor: i64,
    merchant: String,
    reason: Option<String>,
    state: String,
    cause: String,
    facts: String,
    limits: Option<String>,
    decided_on: i32,
    claimed_by: Option<Uuid>,
    claimed_at: i64,
    payout_method: Option<String>,
    payout_reference: Option<String>,
    paid_by: Option<Uuid>,
    paid_at: Option<i64>,
    advanced_minor: i64,
    outstanding_minor: i64,
    recovered_minor: i64,
    written_off_minor: i64,
}

const COLUMNS: &str = "a.id, a.customer_id, a.key, a.source, a.external_id, a.claimed_minor, a.merchant, a.reason, \
     a.state, a.cause, a.facts, a.limits, a.decided_on, a.claimed_by, a.claimed_at, a.payout_method, \
     a.payout_reference, a.paid_by, a.paid_at, a.advanced_minor, a.outstanding_minor, a.recovered_minor, \
     a.written_off_minor";

/// Those of customers whom the scope shows: who was merged counts as the survivor.
const OF_SEEN: &str = " FROM tier_advances a JOIN customers o ON o.id = a.customer_id \
     JOIN customers c ON c.id = coalesce(o.merged_into, o.id)";

impl Row {
    fn advance(self) -> Result<Advance> {
        let payout = match (self.payout_method, self.paid_at) {
            (Some(method), Some(at)) => Some(Payout {
                method: method.parse()?,
                reference: self.payout_reference,
                by: self.paid_by,
                at: timestamp(at),
            }),
            _ => None,
        };
        let limits = self.limits.as_deref().map(serde_json::from_str).transpose();
        Ok(Advance {
            id: self.id.into(),
            customer: self.customer_id,
            key: self.key,
            source: self.source,
            external_id: self.external_id,
            claimed_minor: self.claimed_minor,
            merchant: self.merchant,
            reason: self.reason,
            state: self.state.parse()?,
            cause: self.cause.parse()?,
            facts: serde_json::from_str(&self.facts).map_err(Error::internal)?,
            limits: limits.map_err(Error::internal)?,
            decided_on: Day(self.decided_on),
            claimed_by: self.claimed_by,
            claimed_at: timestamp(self.claimed_at),
            payout,
            balances: AdvanceBalances {
                advanced_minor: self.advanced_minor,
                outstanding_minor: self.outstanding_minor,
                recovered_minor: self.recovered_minor,
                written_off_minor: self.written_off_minor,
            },
        })
    }
}

/// Holds a customer until the transaction ends: whoever claims for the same one waits.
pub async fn hold_customer(tx: &mut Tx, customer: Uuid) -> Result<()> {
    let sql = format!(
        "SELECT id FROM customers WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let _: Option<(Uuid,)> = tx.optional(AssertSqlSafe(sql), args![customer]).await?;
    Ok(())
}

/// What some customers who are one have outstanding.
pub async fn outstanding(tx: &mut Tx, customers: &[Uuid]) -> Result<i64> {
    let sql = format!(
        "SELECT CAST(coalesce(sum(outstanding_minor), 0) AS BIGINT) FROM tier_advances \
         WHERE outstanding_minor > 0 AND customer_id{}",
        tx.dialect().in_uuids(1)
    );
    let (minor,): (i64,) = tx.one(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    Ok(minor)
}

/// Whether a transaction was advanced.
pub async fn is_advanced(tx: &mut Tx, source: &str, external_id: &str) -> Result<bool> {
    let one: Option<(Uuid,)> = tx
        .optional(
            "SELECT id FROM tier_advances WHERE source = $1 AND external_id = $2 AND advanced_minor > 0",
            args![source, external_id],
        )
        .await?;
    Ok(one.is_some())
}

/// Stores a claim with the decision on it; nothing is advanced by that.
pub async fn insert(tx: &mut Tx, new: &Advance) -> Result<()> {
    let written = |limits| serde_json::to_string(limits).map_err(Error::internal);
    tx.execute(
        "INSERT INTO tier_advances (id, customer_id, key, source, external_id, claimed_minor, currency, merchant, \
         reason, state, cause, facts, limits, decided_on, claimed_by, claimed_at, advanced_minor, outstanding_minor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        args![
            new.id.uuid(),
            new.customer,
            &new.key,
            &new.source,
            &new.external_id,
            new.claimed_minor,
            new.facts.currency.code(),
            &new.merchant,
            new.reason.as_deref(),
            new.state.name(),
            new.cause.name(),
            serde_json::to_string(&new.facts).map_err(Error::internal)?,
            new.limits.as_ref().map(written).transpose()?,
            new.decided_on,
            new.claimed_by,
            new.claimed_at,
            new.balances.advanced_minor,
            new.balances.outstanding_minor,
        ],
    )
    .await
    .map(|_| ())
}

/// What is entered about an advance.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// Its id.
    pub id: Uuid,
    /// What.
    pub kind: AdvanceEntryKind,
    /// How much.
    pub amount_minor: i64,
    /// By which whoever enters it tells it from others.
    pub key: &'a str,
    /// What is said of it.
    pub said: Option<&'a str>,
    /// By whom.
    pub by: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// Stores an entry.
pub async fn enter(tx: &mut Tx, of: AdvanceId, entry: NewEntry<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_advance_entries (id, advance_id, kind, amount_minor, key, said, actor_id, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            entry.id,
            of.uuid(),
            entry.kind.name(),
            entry.amount_minor,
            entry.key,
            entry.said,
            entry.by,
            entry.at,
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what one that is held has become.
pub async fn save(tx: &mut Tx, after: &Advance) -> Result<()> {
    let balances = &after.balances;
    tx.execute(
        "UPDATE tier_advances SET state = $2, advanced_minor = $3, outstanding_minor = $4, recovered_minor = $5, \
         written_off_minor = $6 WHERE id = $1",
        args![
            after.id.uuid(),
            after.state.name(),
            balances.advanced_minor,
            balances.outstanding_minor,
            balances.recovered_minor,
            balances.written_off_minor,
        ],
    )
    .await
    .map(|_| ())
}

/// Stores that the customer of one that is held was paid.
pub async fn paid(tx: &mut Tx, id: AdvanceId, payout: &Payout) -> Result<()> {
    tx.execute(
        "UPDATE tier_advances SET state = 'paid', payout_method = $2, payout_reference = $3, paid_by = $4, \
         paid_at = $5 WHERE id = $1",
        args![
            id.uuid(),
            payout.method.name(),
            payout.reference.as_deref(),
            payout.by,
            payout.at
        ],
    )
    .await
    .map(|_| ())
}

/// The one of some customers who are one that goes by this key.
pub async fn by_key(tx: &mut Tx, customers: &[Uuid], key: &str) -> Result<Option<Advance>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_advances a WHERE a.key = $1 AND a.customer_id{} ORDER BY a.id LIMIT 1",
        tx.dialect().in_uuids(2)
    );
    let row: Option<Row> = tx
        .optional(AssertSqlSafe(sql), args![key, uuids(customers)])
        .await?;
    row.map(Row::advance).transpose()
}

async fn one(tx: &mut Tx, scope: &Scope, id: AdvanceId, lock: &'static str) -> Result<Option<Advance>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(OF_SEEN)
        .push(" WHERE a.id = ")
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    sql.push(lock);
    let row = sql.all::<Row>(tx).await?.into_iter().next();
    row.map(Row::advance).transpose()
}

/// One, for who sees its customer.
pub async fn find(tx: &mut Tx, scope: &Scope, id: AdvanceId) -> Result<Option<Advance>> {
    one(tx, scope, id, "").await
}

/// The same, held until the transaction ends.
pub async fn hold(tx: &mut Tx, scope: &Scope, id: AdvanceId) -> Result<Option<Advance>> {
    let lock = match tx.dialect() {
        platform::db::Dialect::Sqlite => "",
        platform::db::Dialect::Postgres => " FOR UPDATE OF a",
    };
    one(tx, scope, id, lock).await
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Uuid,
    kind: String,
    amount_minor: i64,
    key: String,
    said: Option<String>,
    actor_id: Option<Uuid>,
    at: i64,
}

/// The most entries of one advance.
pub const ENTRIES_MAX: u32 = 1_000;

/// The entries of one, the oldest first.
pub async fn entries(tx: &mut Tx, of: AdvanceId) -> Result<Vec<AdvanceEntry>> {
    let rows: Vec<EntryRow> = tx
        .all(
            "SELECT id, kind, amount_minor, key, said, actor_id, at FROM tier_advance_entries \
             WHERE advance_id = $1 ORDER BY at, id LIMIT $2",
            args![of.uuid(), ENTRIES_MAX],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AdvanceEntry {
                id: row.id,
                kind: row.kind.parse()?,
                amount_minor: row.amount_minor,
                key: row.key,
                said: row.said,
                by: row.actor_id,
                at: timestamp(row.at),
            })
        })
        .collect()
}

/// Which are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these customers, who are one.
    pub customers: Option<Vec<Uuid>>,
    /// In this state.
    pub state: Option<AdvanceState>,
    /// Of which something is outstanding.
    pub open: bool,
}

/// A page of those of customers of the scope, the newest first: those before an id.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    filter: &Filter,
    before: Option<Uuid>,
    rows: u32,
) -> Result<Vec<Advance>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(OF_SEEN)
        .push(" WHERE a.id < ")
        .bind(before.unwrap_or(Uuid::max()));
    if let Some(customers) = &filter.customers {
        sql.push(" AND a.customer_id");
        sql.bind_in_uuids(tx.dialect(), uuids(customers));
    }
    if let Some(state) = filter.state {
        sql.push(" AND a.state = ").bind(state.name());
    }
    if filter.open {
        sql.push(" AND a.outstanding_minor > 0");
    }
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    sql.push(" ORDER BY a.id DESC LIMIT ").bind(rows);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::advance).collect()
}

#[derive(sqlx::FromRow)]
struct AgeingRow {
    currency: String,
    bucket: i32,
    open_count: i64,
    advanced_minor: i64,
    outstanding_minor: i64,
    recovered_minor: i64,
    written_off_minor: i64,
}

/// All advances of customers of the scope, by currency, and how old is what is outstanding on a day.
pub async fn ageing(tx: &mut Tx, scope: &Scope, today: Day) -> Result<Vec<Ageing>> {
    let mut sql = Sql::new(
        "SELECT x.currency, x.bucket, \
         CAST(sum(CASE WHEN x.outstanding_minor > 0 THEN 1 ELSE 0 END) AS BIGINT) AS open_count, \
         CAST(sum(x.advanced_minor) AS BIGINT) AS advanced_minor, \
         CAST(sum(x.outstanding_minor) AS BIGINT) AS outstanding_minor, \
         CAST(sum(x.recovered_minor) AS BIGINT) AS recovered_minor, \
         CAST(sum(x.written_off_minor) AS BIGINT) AS written_off_minor \
         FROM (SELECT a.currency, a.advanced_minor, a.outstanding_minor, a.recovered_minor, a.written_off_minor, \
         CASE WHEN a.decided_on > ",
    );
    sql.bind(Day(today.0 - AGES_DAYS[1]))
        .push(" THEN 0 WHEN a.decided_on > ")
        .bind(Day(today.0 - AGES_DAYS[2]))
        .push(" THEN 1 WHEN a.decided_on > ")
        .bind(Day(today.0 - AGES_DAYS[3]))
        .push(" THEN 2 ELSE 3 END AS bucket")
        .push(OF_SEEN)
        .push(" WHERE a.advanced_minor > 0");
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    sql.push(") x GROUP BY x.currency, x.bucket ORDER BY x.currency, x.bucket");
    let rows: Vec<AgeingRow> = sql.all(tx).await?;
    let mut all: Vec<Ageing> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| last.currency != row.currency) {
            all.push(Ageing {
                currency: row.currency.clone(),
                balances: AdvanceBalances::default(),
                buckets: buckets(),
            });
        }
        if let Some(last) = all.last_mut() {
            last.balances.advanced_minor += row.advanced_minor;
            last.balances.outstanding_minor += row.outstanding_minor;
            last.balances.recovered_minor += row.recovered_minor;
            last.balances.written_off_minor += row.written_off_minor;
            if let Some(bucket) = last.buckets.get_mut(usize::try_from(row.bucket).unwrap_or(0)) {
                bucket.count = row.open_count;
                bucket.outstanding_minor = row.outstanding_minor;
            }
        }
    }
    Ok(all)
}

fn buckets() -> Vec<AgeingBucket> {
    let until = |n: usize| AGES_DAYS.get(n + 1).map(|next| next - 1);
    let empty = |(n, from): (usize, i32)| AgeingBucket {
        from_days: from,
        until_days: until(n),
        count: 0,
        outstanding_minor: 0,
    };
    AGES_DAYS.into_iter().enumerate().map(empty).collect()
}

/// Forgets what people wrote about advances to these customers, and what they were paid by; says of how many rows. What was
/// advanced stays.
pub async fn forget(tx: &mut Tx, customers: &[Uuid]) -> Result<u64> {
    let claims = format!(
        "UPDATE tier_advances SET reason = NULL, payout_reference = NULL \
         WHERE (reason IS NOT NULL OR payout_reference IS NOT NULL) AND customer_id{}",
        tx.dialect().in_uuids(1)
    );
    let entries = format!(
        "UPDATE tier_advance_entries SET said = NULL WHERE said IS NOT NULL AND advance_id IN \
         (SELECT id FROM tier_advances WHERE customer_id{})",
        tx.dialect().in_uuids(1)
    );
    let claims = tx.execute(AssertSqlSafe(claims), args![uuids(customers)]).await?;
    Ok(claims
        + tx.execute(AssertSqlSafe(entries), args![uuids(customers)])
            .await?)
}
