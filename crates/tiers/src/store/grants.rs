//! What was given by hand.

use std::collections::HashMap;

use base::{Day, Result};
use customers::store::{ScopeColumns, push_scope};
use futures::stream::StreamExt as _;
use jiff::Timestamp;
use platform::db::{Sql, Tx, timestamp, uuids};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{Grant, GrantId, GrantState, NewGrant, ProgrammeId};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    programme_id: Uuid,
    customer_id: Uuid,
    kind: String,
    level: Option<String>,
    reason: String,
    from_on: i32,
    until_on: i32,
    state: String,
    requested_by: Option<Uuid>,
    requested_at: i64,
    decided_by: Option<Uuid>,
    decided_at: Option<i64>,
    version: i32,
}

const COLUMNS: &str = "g.id, g.programme_id, g.customer_id, g.kind, g.level, g.reason, g.from_on, g.until_on, g.state, \
     g.requested_by, g.requested_at, g.decided_by, g.decided_at, g.version";

impl Row {
    fn grant(self) -> Result<Grant> {
        Ok(Grant {
            id: self.id.into(),
            customer: self.customer_id,
            facts: NewGrant {
                programme: self.programme_id.into(),
                kind: self.kind.parse()?,
                level: self.level,
                reason: self.reason,
                from: Day(self.from_on),
                until: Day(self.until_on),
            },
            state: self.state.parse()?,
            requested_by: self.requested_by,
            requested_at: timestamp(self.requested_at),
            decided_by: self.decided_by,
            decided_at: self.decided_at.map(timestamp),
            version: self.version.into(),
        })
    }
}

/// Stores a new one.
pub async fn insert(tx: &mut Tx, grant: &Grant) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_grants (id, programme_id, customer_id, kind, level, reason, from_on, until_on, state, \
         requested_by, requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            grant.id.uuid(),
            grant.facts.programme.uuid(),
            grant.customer,
            grant.facts.kind.name(),
            grant.facts.level.as_deref(),
            &grant.facts.reason,
            grant.facts.from,
            grant.facts.until,
            grant.state.name(),
            grant.requested_by,
            grant.requested_at,
        ],
    )
    .await
    .map(|_| ())
}

/// One, for who sees its customer, held until the transaction ends.
pub async fn hold(tx: &mut Tx, scope: &Scope, id: GrantId) -> Result<Option<Grant>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM tier_grants g JOIN customers c ON c.id = g.customer_id WHERE g.id = ")
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    if tx.dialect() == platform::db::Dialect::Postgres {
        sql.push(" FOR UPDATE OF g");
    }
    let row = sql.all::<Row>(tx).await?.into_iter().next();
    row.map(Row::grant).transpose()
}

/// Stores where one that is held stands.
pub async fn set_state(
    tx: &mut Tx,
    id: GrantId,
    state: GrantState,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE tier_grants SET state = $2, decided_by = coalesce($3, decided_by), decided_at = $4, \
         version = version + 1 WHERE id = $1",
        args![id.uuid(), state.name(), by, at],
    )
    .await
    .map(|_| ())
}

/// Ends what these customers were given, and forgets why: the customers are erased. Says how many rows.
pub async fn forget(tx: &mut Tx, customers: &[Uuid]) -> Result<u64> {
    let sql = format!(
        "UPDATE tier_grants SET reason = 'erased', version = version + 1, \
         state = CASE WHEN state IN ('requested', 'approved') THEN 'ended' ELSE state END WHERE customer_id{}",
        tx.dialect().in_uuids(1)
    );
    tx.execute(AssertSqlSafe(sql), args![uuids(customers)]).await
}

/// Which are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this programme.
    pub programme: Option<ProgrammeId>,
    /// To this customer.
    pub customer: Option<Uuid>,
    /// In this state.
    pub state: Option<GrantState>,
}

/// A page of those to customers of the scope, the soonest to end first: those after `(until, id)`.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    filter: &Filter,
    after: Option<(i32, Uuid)>,
    rows: u32,
) -> Result<Vec<Grant>> {
    let (until, id) = after.unwrap_or((i32::MIN, Uuid::nil()));
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM tier_grants g JOIN customers c ON c.id = g.customer_id WHERE (g.until_on, g.id) > (")
        .bind(until)
        .push(", ")
        .bind(id)
        .push(")");
    if let Some(programme) = filter.programme {
        sql.push(" AND g.programme_id = ").bind(programme.uuid());
    }
    if let Some(customer) = filter.customer {
        sql.push(" AND g.customer_id = ").bind(customer);
    }
    if let Some(state) = filter.state {
        sql.push(" AND g.state = ").bind(state.name());
    }
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY g.until_on, g.id LIMIT ").bind(rows);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::grant).collect()
}

/// Those of a programme that were approved, by customer.
pub async fn approved(tx: &mut Tx, programme: ProgrammeId) -> Result<HashMap<Uuid, Vec<Grant>>> {
    let sql =
        format!("SELECT {COLUMNS} FROM tier_grants g WHERE g.programme_id = $1 AND g.state = 'approved'");
    let mut rows = tx.stream::<Row>(AssertSqlSafe(sql), args![programme.uuid()])?;
    let mut found: HashMap<Uuid, Vec<Grant>> = HashMap::new();
    while let Some(row) = rows.next().await {
        let grant = row?.grant()?;
        found.entry(grant.customer).or_default().push(grant);
    }
    Ok(found)
}

/// Those of a programme that were approved for these customers.
pub async fn approved_for(tx: &mut Tx, programme: ProgrammeId, customers: &[Uuid]) -> Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_grants g WHERE g.programme_id = $1 AND g.state = 'approved' AND g.customer_id{}",
        tx.dialect().in_uuids(2)
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![programme.uuid(), uuids(customers)])
        .await?;
    rows.into_iter().map(Row::grant).collect()
}

/// Those whose time is over before a day though they do not say so yet, and those that begin on it.
pub async fn over_before(tx: &mut Tx, today: Day, rows: u32) -> Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_grants g WHERE g.until_on < $1 AND g.state IN ('requested', 'approved') \
         ORDER BY g.until_on, g.id LIMIT $2"
    );
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![today, rows]).await?;
    rows.into_iter().map(Row::grant).collect()
}
