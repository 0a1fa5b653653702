//! Decisions, which are never changed, and how everybody stands by them.

use std::collections::HashMap;

use base::{Day, Error, Result};
use futures::stream::{BoxStream, StreamExt as _};
use platform::args;
use platform::db::{Bulk, Sql, Tx, Value, timestamp, uuids};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{DecisionId, ProgrammeId, Recorded, Standing};

fn written(of: &impl Serialize) -> Result<String> {
    serde_json::to_string(of).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    programme_id: Uuid,
    version_id: Uuid,
    customer_id: Uuid,
    decided_on: i32,
    decided_at: i64,
    facts: String,
    before: Option<String>,
    after: String,
    cause: String,
}

impl Row {
    const COLUMNS: &'static str =
        "id, programme_id, version_id, customer_id, decided_on, decided_at, facts, before, after, cause";

    fn recorded(self) -> Result<Recorded> {
        Ok(Recorded {
            id: self.id.into(),
            programme: self.programme_id.into(),
            version: self.version_id.into(),
            customer: self.customer_id,
            on: Day(self.decided_on),
            at: timestamp(self.decided_at),
            facts: read(&self.facts)?,
            before: self.before.as_deref().map(read).transpose()?,
            after: read(&self.after)?,
            cause: self.cause.parse()?,
        })
    }
}

/// Stores decisions, and that customers stand by them: the caller holds the programme (see `programmes::hold`).
pub async fn record(tx: &mut Tx, decisions: &[Recorded]) -> Result<()> {
    const DECISIONS: Bulk = Bulk {
        table: "tier_decisions",
        columns: &[
            "id",
            "programme_id",
            "version_id",
            "customer_id",
            "decided_on",
            "decided_at",
            "facts",
            "before",
            "after",
            "cause",
        ],
        on_conflict: "",
    };
    const MEMBERSHIPS: Bulk = Bulk {
        table: "tier_memberships",
        columns: &[
            "programme_id",
            "customer_id",
            "earned",
            "level",
            "since",
            "review_on",
            "grace_until",
            "given",
            "decision_id",
        ],
        on_conflict: "ON CONFLICT (programme_id, customer_id) DO UPDATE SET earned = excluded.earned, \
             level = excluded.level, since = excluded.since, review_on = excluded.review_on, \
             grace_until = excluded.grace_until, given = excluded.given, decision_id = excluded.decision_id",
    };
    let rows: Vec<_> = decisions.iter().map(decision_values).collect::<Result<_>>()?;
    DECISIONS.insert(tx, rows).await?;
    let rows: Vec<_> = decisions.iter().map(membership_values).collect();
    MEMBERSHIPS.insert(tx, rows).await?;
    Ok(())
}

fn decision_values(decision: &Recorded) -> Result<Vec<Value>> {
    Ok(args![
        decision.id.uuid(),
        decision.programme.uuid(),
        decision.version.uuid(),
        decision.customer,
        decision.on,
        decision.at,
        written(&decision.facts)?,
        decision.before.as_ref().map(written).transpose()?,
        written(&decision.after)?,
        decision.cause.name(),
    ])
}

fn membership_values(decision: &Recorded) -> Vec<Value> {
    let after = &decision.after;
    args![
        decision.programme.uuid(),
        decision.customer,
        after.earned.as_deref(),
        after.level.as_deref(),
        after.since,
        after.review_on,
        after.grace_until,
        after.given,
        decision.id.uuid(),
    ]
}

/// How a customer stands in a programme, by which decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// In which.
    pub programme: ProgrammeId,
    /// Who.
    pub customer: Uuid,
    /// How.
    pub standing: Standing,
    /// By which decision.
    pub decision: DecisionId,
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    programme_id: Uuid,
    customer_id: Uuid,
    earned: Option<String>,
    level: Option<String>,
    since: i32,
    review_on: Option<i32>,
    grace_until: Option<i32>,
    given: Option<Uuid>,
    decision_id: Uuid,
}

impl MembershipRow {
    const SELECT: &'static str = "SELECT programme_id, customer_id, earned, level, since, review_on, grace_until, \
         given, decision_id FROM tier_memberships";
}

impl From<MembershipRow> for Membership {
    fn from(row: MembershipRow) -> Self {
        Self {
            programme: row.programme_id.into(),
            customer: row.customer_id,
            standing: Standing {
                earned: row.earned,
                level: row.level,
                since: Day(row.since),
                review_on: row.review_on.map(Day),
                grace_until: row.grace_until.map(Day),
                given: row.given,
            },
            decision: row.decision_id.into(),
        }
    }
}

/// How everybody stands in a programme.
pub fn memberships(tx: &mut Tx, programme: ProgrammeId) -> Result<BoxStream<'_, Result<Membership>>> {
    let sql = format!("{} WHERE programme_id = $1", MembershipRow::SELECT);
    let rows = tx.stream::<MembershipRow>(AssertSqlSafe(sql), args![programme.uuid()])?;
    Ok(rows.map(|row| row.map(Into::into)).boxed())
}

/// How these customers stand in a programme.
pub async fn memberships_of(
    tx: &mut Tx,
    programme: ProgrammeId,
    customers: &[Uuid],
) -> Result<HashMap<Uuid, Membership>> {
    let sql = format!(
        "{} WHERE programme_id = $1 AND customer_id{}",
        MembershipRow::SELECT,
        tx.dialect().in_uuids(2)
    );
    let rows: Vec<MembershipRow> = tx
        .all(AssertSqlSafe(sql), args![programme.uuid(), uuids(customers)])
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer_id, row.into()))
        .collect())
}

/// How these customers stand in every programme.
pub async fn members(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<Membership>> {
    let sql = format!(
        "{} WHERE customer_id{} ORDER BY programme_id, customer_id",
        MembershipRow::SELECT,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<MembershipRow> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many customers have each level of a programme; those who were merged are not counted.
pub async fn counts(tx: &mut Tx, programme: ProgrammeId) -> Result<Vec<(String, u64)>> {
    let rows: Vec<(String, i64)> = tx
        .all(
            "SELECT m.level, count(*) FROM tier_memberships m JOIN customers c ON c.id = m.customer_id \
             WHERE m.programme_id = $1 AND m.level IS NOT NULL AND c.merged_into IS NULL \
             AND c.erased_at IS NULL GROUP BY m.level",
            args![programme.uuid()],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(level, count)| (level, count.unsigned_abs()))
        .collect())
}

/// The decisions on some customers who are one, the newest first: those before `(at, id)`; of one programme where asked.
pub async fn page(
    tx: &mut Tx,
    customers: &[Uuid],
    programme: Option<ProgrammeId>,
    before: Option<(i64, Uuid)>,
    rows: u32,
) -> Result<Vec<Recorded>> {
    let (at, id) = before.unwrap_or((i64::MAX, Uuid::max()));
    let mut sql = Sql::new("SELECT ");
    sql.push(Row::COLUMNS)
        .push(" FROM tier_decisions WHERE (decided_at, id) < (")
        .bind(at)
        .push(", ")
        .bind(id)
        .push(") AND customer_id");
    sql.bind_in_uuids(tx.dialect(), uuids(customers));
    if let Some(programme) = programme {
        sql.push(" AND programme_id = ").bind(programme.uuid());
    }
    sql.push(" ORDER BY decided_at DESC, id DESC LIMIT ").bind(rows);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::recorded).collect()
}

/// One decision.
pub async fn find(tx: &mut Tx, id: DecisionId) -> Result<Option<Recorded>> {
    let sql = format!("SELECT {} FROM tier_decisions WHERE id = $1", Row::COLUMNS);
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    row.map(Row::recorded).transpose()
}

/// These decisions, oldest first.
pub async fn these(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Recorded>> {
    let sql = format!(
        "SELECT {} FROM tier_decisions WHERE id{} ORDER BY decided_at, id",
        Row::COLUMNS,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
    rows.into_iter().map(Row::recorded).collect()
}

/// Every decision of a programme, oldest first.
pub fn everything(tx: &mut Tx, programme: ProgrammeId) -> Result<BoxStream<'_, Result<Recorded>>> {
    let sql = format!(
        "SELECT {} FROM tier_decisions WHERE programme_id = $1 ORDER BY decided_at, id",
        Row::COLUMNS
    );
    let rows = tx.stream::<Row>(AssertSqlSafe(sql), args![programme.uuid()])?;
    Ok(rows.map(|row| row.and_then(Row::recorded)).boxed())
}
