//! What a draft would do, and who is told of it.

use base::{Day, Result};
use customers::store::{ScopeColumns, push_scope};
use jiff::Timestamp;
use platform::db::{Bulk, Sql, Tx, timestamp};
use platform::{Scope, args};
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{SimulationId, SimulationResult, VersionId};

/// A simulation that was made.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// Its id.
    pub id: SimulationId,
    /// Of which draft.
    pub version: VersionId,
    /// Of which revision of it.
    pub revision: i64,
    /// What it was compared with; none where no version was in force.
    pub against: Option<VersionId>,
    /// The value run its figures are of.
    pub run: Option<Uuid>,
    /// What came out.
    pub result: SimulationResult,
    /// When.
    pub at: Timestamp,
}

/// Who would get another level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its id.
    pub id: Uuid,
    /// Who.
    pub customer: Uuid,
    /// Whether it is a lower one.
    pub loses: bool,
    /// From which level.
    pub from: Option<String>,
    /// To which.
    pub to: Option<String>,
    /// What the customer brought in a year, minor units.
    pub revenue_minor: i64,
    /// What is expected of it within three years, minor units.
    pub clv_minor: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    version_id: Uuid,
    revision: i32,
    against_id: Option<Uuid>,
    run_id: Option<Uuid>,
    result: Json<SimulationResult>,
    created_at: i64,
}

/// The simulation of a version, if one was made.
pub async fn of_version(tx: &mut Tx, version: VersionId) -> Result<Option<Simulation>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, version_id, revision, against_id, run_id, result, created_at FROM tier_simulations \
             WHERE version_id = $1",
            args![version.uuid()],
        )
        .await?;
    Ok(row.map(|row| Simulation {
        id: row.id.into(),
        version: row.version_id.into(),
        revision: row.revision.into(),
        against: row.against_id.map(Into::into),
        run: row.run_id,
        result: row.result.0,
        at: timestamp(row.created_at),
    }))
}

/// Puts a simulation in the place of the one before it of the same version, moves and all.
pub async fn replace(tx: &mut Tx, simulation: &Simulation) -> Result<()> {
    tx.execute(
        "DELETE FROM tier_moves WHERE simulation_id IN (SELECT id FROM tier_simulations WHERE version_id = $1)",
        args![simulation.version.uuid()],
    )
    .await?;
    tx.execute(
        "DELETE FROM tier_simulations WHERE version_id = $1",
        args![simulation.version.uuid()],
    )
    .await?;
    tx.execute(
        "INSERT INTO tier_simulations (id, version_id, revision, against_id, run_id, result, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            simulation.id.uuid(),
            simulation.version.uuid(),
            simulation.revision as i32,
            simulation.against.map(VersionId::uuid),
            simulation.run,
            serde_json::to_value(&simulation.result).map_err(base::Error::internal)?,
            simulation.at,
        ],
    )
    .await
    .map(|_| ())
}

/// Stores who would get another level.
pub async fn insert_moves(tx: &mut Tx, simulation: SimulationId, moves: &[Move]) -> Result<u64> {
    const MOVES: Bulk = Bulk {
        table: "tier_moves",
        columns: &[
            "id",
            "simulation_id",
            "customer_id",
            "loses",
            "from_level",
            "to_level",
            "revenue_minor",
            "clv_minor",
        ],
        on_conflict: "",
    };
    let rows = moves.iter().map(|of| {
        args![
            of.id,
            simulation.uuid(),
            of.customer,
            of.loses,
            of.from.as_deref(),
            of.to.as_deref(),
            of.revenue_minor,
            of.clv_minor,
        ]
    });
    MOVES.insert(tx, rows.collect::<Vec<_>>()).await
}

type MoveRow = (Uuid, Uuid, bool, Option<String>, Option<String>, i64, i64);

/// A page of those of the scope who lose a level or gain one, of whom most is expected first.
pub async fn moves(
    tx: &mut Tx,
    scope: &Scope,
    (simulation, loses): (SimulationId, bool),
    after: Option<(i64, Uuid)>,
    rows: u32,
) -> Result<Vec<Move>> {
    let (clv, id) = after.unwrap_or((i64::MAX, Uuid::max()));
    let mut sql = Sql::new(
        "SELECT m.id, m.customer_id, m.loses, m.from_level, m.to_level, m.revenue_minor, m.clv_minor \
         FROM tier_moves m JOIN customers c ON c.id = m.customer_id WHERE m.simulation_id = ",
    );
    sql.bind(simulation.uuid())
        .push(" AND m.loses = ")
        .bind(loses)
        .push(" AND (m.clv_minor, m.id) < (")
        .bind(clv)
        .push(", ")
        .bind(id)
        .push(")");
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY m.clv_minor DESC, m.id DESC LIMIT ")
        .bind(rows);
    let rows: Vec<MoveRow> = sql.all(tx).await?;
    Ok(rows
        .into_iter()
        .map(|(id, customer, loses, from, to, revenue_minor, clv_minor)| Move {
            id,
            customer,
            loses,
            from,
            to,
            revenue_minor,
            clv_minor,
        })
        .collect())
}

/// Plans a notice to everybody who loses a level by a version; says how many.
pub async fn plan_notices(
    tx: &mut Tx,
    simulation: SimulationId,
    version: VersionId,
    due_on: Day,
    at: Timestamp,
) -> Result<u64> {
    tx.execute(
        "INSERT INTO tier_notices (id, version_id, customer_id, from_level, to_level, due_on, created_at) \
         SELECT m.id, $2, m.customer_id, m.from_level, m.to_level, $3, $4 FROM tier_moves m \
         JOIN customers c ON c.id = m.customer_id \
         WHERE m.simulation_id = $1 AND m.loses AND c.merged_into IS NULL AND c.erased_at IS NULL",
        args![simulation.uuid(), version.uuid(), due_on, at],
    )
    .await
}

/// A notice: to whom, from which level to which, by when.
pub type Notice = (Uuid, Uuid, Option<String>, Option<String>, i32);

/// A page of the notices of a version to customers of the scope: those after an id.
pub async fn notices(
    tx: &mut Tx,
    scope: &Scope,
    version: VersionId,
    after: Option<Uuid>,
    rows: u32,
) -> Result<Vec<Notice>> {
    let mut sql = Sql::new(
        "SELECT n.id, n.customer_id, n.from_level, n.to_level, n.due_on FROM tier_notices n \
         JOIN customers c ON c.id = n.customer_id WHERE n.version_id = ",
    );
    sql.bind(version.uuid())
        .push(" AND n.id > ")
        .bind(after.unwrap_or_else(Uuid::nil));
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY n.id LIMIT ").bind(rows);
    sql.all(tx).await
}
