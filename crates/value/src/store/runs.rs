//! Runs and their reports.

use base::{Currency, Day, Money, Result};
use jiff::Timestamp;
use platform::args;
use platform::db::{Tx, timestamp};
use platform::jobs::JobId;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Run, RunId, RunState};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    state: String,
    as_of: i32,
    model_requested: String,
    model_chosen: Option<String>,
    holdout_weeks: Option<i32>,
    settings_version: i32,
    currency: String,
    zone: String,
    watermark: Option<i64>,
    customers: Option<i64>,
    transactions: Option<i64>,
    value_minor: Option<i64>,
    value_at_risk_minor: Option<i64>,
    engine_version: String,
    error_code: Option<String>,
    error_detail: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

impl TryFrom<Row> for Run {
    type Error = base::Error;

    fn try_from(row: Row) -> Result<Self> {
        let currency = Currency::parse(&row.currency)?;
        let money = |minor: Option<i64>| minor.map(|minor| Money::new(minor, currency));
        Ok(Self {
            id: row.id.into(),
            state: RunState::parse(&row.state)?,
            as_of: Day(row.as_of),
            model_requested: row.model_requested,
            model_chosen: row.model_chosen,
            holdout_weeks: row.holdout_weeks.map(i32::unsigned_abs),
            settings_version: row.settings_version.unsigned_abs(),
            currency,
            zone: row.zone,
            watermark: row.watermark,
            customers: row.customers.map(i64::unsigned_abs),
            transactions: row.transactions.map(i64::unsigned_abs),
            value: money(row.value_minor),
            value_at_risk: money(row.value_at_risk_minor),
            engine_version: row.engine_version,
            error: row.error_code.zip(row.error_detail),
            created_at: timestamp(row.created_at),
            finished_at: row.finished_at.map(timestamp),
        })
    }
}

/// The columns of a run, in every statement that reads one.
macro_rules! select_run {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, CASE WHEN r.published_at IS NOT NULL THEN 'published' ELSE coalesce(j.state, 'failed') END \
             AS state, r.as_of, r.model_requested, r.model_chosen, r.holdout_weeks, r.settings_version, r.currency, \
             r.zone, r.watermark, r.customers, r.transactions, r.value_minor, r.value_at_risk_minor, \
             r.engine_version, j.error_code, j.error_detail, r.created_at, \
             coalesce(r.published_at, j.finished_at) AS finished_at \
             FROM value_runs r LEFT JOIN jobs j ON j.id = r.job_id ",
            $rest
        )
    };
}

/// Records a run that was asked for, and the job that does it.
pub async fn add(tx: &mut Tx, run: &Run, job: JobId, by: Option<Uuid>) -> Result<()> {
    tx.execute(
        "INSERT INTO value_runs (id, job_id, as_of, model_requested, holdout_weeks, settings_version, currency, zone, \
         engine_version, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            run.id.uuid(),
            job.uuid(),
            run.as_of,
            &run.model_requested,
            run.holdout_weeks.map(|weeks| weeks as i32),
            run.settings_version as i32,
            run.currency.code(),
            &run.zone,
            &run.engine_version,
            run.created_at,
            by,
        ],
    )
    .await
    .map(|_| ())
}

/// What came out of a run.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The model taken, if any could be fitted.
    pub model_chosen: Option<&'a str>,
    /// The last ledger line it saw.
    pub watermark: i64,
    /// Profiles made.
    pub customers: u64,
    /// Lines read.
    pub transactions: u64,
    /// The value of all customers, minor units.
    pub value_minor: i64,
    /// The part at risk, minor units.
    pub value_at_risk_minor: i64,
    /// The whole report.
    pub report: serde_json::Value,
}

/// Records what came out.
pub async fn set_outcome(tx: &mut Tx, id: RunId, outcome: &Outcome<'_>) -> Result<()> {
    tx.execute(
        "UPDATE value_runs SET model_chosen = $2, watermark = $3, customers = $4, transactions = $5, \
         value_minor = $6, value_at_risk_minor = $7, report = $8 WHERE id = $1",
        args![
            id.uuid(),
            outcome.model_chosen,
            outcome.watermark,
            outcome.customers as i64,
            outcome.transactions as i64,
            outcome.value_minor,
            outcome.value_at_risk_minor,
            outcome.report.clone(),
        ],
    )
    .await
    .map(|_| ())
}

/// One run.
pub async fn find(tx: &mut Tx, id: RunId) -> Result<Option<Run>> {
    let row: Option<Row> = tx
        .optional(select_run!("WHERE r.id = $1"), args![id.uuid()])
        .await?;
    row.map(Run::try_from).transpose()
}

/// The id of the run whose profiles are published.
pub async fn published_id(tx: &mut Tx) -> Result<Option<RunId>> {
    let row: Option<(Uuid,)> = tx.optional("SELECT run_id FROM value_published", []).await?;
    Ok(row.map(|(id,)| id.into()))
}

/// The run whose profiles are published.
pub async fn published(tx: &mut Tx) -> Result<Option<Run>> {
    let row: Option<Row> = tx
        .optional(
            select_run!("WHERE r.id = (SELECT run_id FROM value_published)"),
            [],
        )
        .await?;
    row.map(Run::try_from).transpose()
}

/// One page of runs, newest first: those before `(created_at, id)`.
pub async fn page(tx: &mut Tx, before: Option<(i64, Uuid)>, limit: u32) -> Result<Vec<Run>> {
    let (at, id) = before.unwrap_or((i64::MAX, Uuid::max()));
    let rows: Vec<Row> = tx
        .all(
            select_run!(
                "WHERE (r.created_at, r.id) < ($1, $2) ORDER BY r.created_at DESC, r.id DESC LIMIT $3"
            ),
            args![at, id, limit],
        )
        .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// The report of a run.
pub async fn report(tx: &mut Tx, id: RunId) -> Result<Option<serde_json::Value>> {
    let row: Option<(Option<Json<serde_json::Value>>,)> = tx
        .optional("SELECT report FROM value_runs WHERE id = $1", args![id.uuid()])
        .await?;
    Ok(row.and_then(|(report,)| report).map(|Json(report)| report))
}

/// Makes this run the published one.
pub async fn publish(tx: &mut Tx, id: RunId, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE value_runs SET published_at = $2 WHERE id = $1",
        args![id.uuid(), at],
    )
    .await?;
    tx.execute(
        "INSERT INTO value_published (only_row, run_id) VALUES (1, $1) \
         ON CONFLICT (only_row) DO UPDATE SET run_id = excluded.run_id",
        args![id.uuid()],
    )
    .await
    .map(|_| ())
}
