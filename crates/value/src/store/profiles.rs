//! The profiles of the published run. The table is made anew by every run: filled under another name,
//! and put in the old one's place in one step, so that readers always see one whole run. Beside it stand the
//! same figures as columns, from which lists are made (`profile_columns`).

use base::{Day, Result};
use customers::store::{ScopeColumns, push_scope};
use futures::stream::BoxStream;
use platform::db::{Bulk, Sql, Tx, Value};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::RunId;
use crate::profile::{NONE, ProfileFigures, PublishedProfile};

/// The table while it is being filled.
const NEXT: &str = "value_profiles_next";

/// Columns in the order in which [`insert`] gives them. Types are PostgreSQL's.
const COLUMNS: [(&str, &str); 27] = [
    // Which run's this row is: a reader may meet the next run's table with the list of runs as it was.
    ("run_id", "UUID NOT NULL"),
    ("customer_id", "UUID PRIMARY KEY"),
    ("class", "TEXT NOT NULL"),
    ("loyalty", "TEXT NOT NULL"),
    ("bucket", "TEXT NOT NULL"),
    ("value_minor", "BIGINT NOT NULL"),
    ("clv_12m_minor", "BIGINT NOT NULL"),
    ("clv_36m_minor", "BIGINT NOT NULL"),
    ("referral_value_minor", "BIGINT NOT NULL"),
    ("value_at_risk_minor", "BIGINT NOT NULL"),
    ("contribution_minor", "BIGINT NOT NULL"),
    ("revenue_minor", "BIGINT NOT NULL"),
    ("monetary_minor", "BIGINT NOT NULL"),
    ("expected_ticket_minor", "BIGINT NOT NULL"),
    // Not every customer has these: `NONE` stands for it.
    ("stability", "DOUBLE PRECISION NOT NULL"),
    ("p_alive", "DOUBLE PRECISION NOT NULL"),
    ("expected_purchases_30d", "DOUBLE PRECISION NOT NULL"),
    ("expected_purchases_90d", "DOUBLE PRECISION NOT NULL"),
    ("expected_purchases_365d", "DOUBLE PRECISION NOT NULL"),
    ("x", "BIGINT NOT NULL"),
    ("first_purchase", "INTEGER NOT NULL"),
    ("last_purchase", "INTEGER NOT NULL"),
    ("recency_score", "INTEGER NOT NULL"),
    ("frequency_score", "INTEGER NOT NULL"),
    ("monetary_score", "INTEGER NOT NULL"),
    ("detail", "JSONB NOT NULL"),
    ("previous", "JSONB"),
];

/// Begins a new table of profiles, dropping one that an interrupted run left.
pub async fn begin(tx: &mut Tx) -> Result<()> {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect();
    let create = tx
        .dialect()
        .ddl(&format!("CREATE TABLE {NEXT} ({})", columns.join(", ")));
    tx.execute(AssertSqlSafe(format!("DROP TABLE IF EXISTS {NEXT}")), [])
        .await?;
    tx.execute(AssertSqlSafe(create), []).await?;
    Ok(())
}

/// Adds profiles to the new table.
pub async fn insert(tx: &mut Tx, run: RunId, profiles: &[PublishedProfile]) -> Result<u64> {
    const NAMES: [&str; COLUMNS.len()] = {
        let mut names = [""; COLUMNS.len()];
        let mut n = 0;
        while n < COLUMNS.len() {
            names[n] = COLUMNS[n].0;
            n += 1;
        }
        names
    };
    const PROFILES: Bulk = Bulk {
        table: NEXT,
        columns: &NAMES,
        on_conflict: "",
    };
    let rows: Vec<_> = profiles.iter().map(|profile| values(run, profile)).collect();
    PROFILES.insert(tx, rows).await
}

fn values(run: RunId, profile: &PublishedProfile) -> Vec<Value> {
    let figures = &profile.figures;
    args![
        run.uuid(),
        figures.customer,
        figures.class.as_str(),
        figures.loyalty.as_str(),
        figures.bucket.as_str(),
        figures.value_minor,
        figures.clv_12m_minor,
        figures.clv_36m_minor,
        figures.referral_value_minor,
        figures.value_at_risk_minor,
        figures.contribution_minor,
        figures.revenue_minor,
        figures.monetary_minor,
        figures.expected_ticket_minor,
        figures.stability.unwrap_or(NONE),
        figures.p_alive.unwrap_or(NONE),
        figures.expected_purchases_30d.unwrap_or(NONE),
        figures.expected_purchases_90d.unwrap_or(NONE),
        figures.expected_purchases_365d.unwrap_or(NONE),
        figures.x,
        figures.first_purchase,
        figures.last_purchase,
        i32::from(figures.recency_score),
        i32::from(figures.frequency_score),
        i32::from(figures.monetary_score),
        serde_json::to_value(&profile.detail).unwrap_or_default(),
        profile
            .previous
            .as_ref()
            .map(|previous| serde_json::to_value(previous).unwrap_or_default()),
    ]
}

/// Puts the new table in the old one's place. Together with `runs::publish` in one transaction, the run
/// becomes visible in one step.
pub async fn swap(tx: &mut Tx) -> Result<()> {
    tx.execute("DROP TABLE IF EXISTS value_profiles", []).await?;
    tx.execute(
        AssertSqlSafe(format!("ALTER TABLE {NEXT} RENAME TO value_profiles")),
        [],
    )
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    run_id: Uuid,
    customer_id: Uuid,
    class: String,
    loyalty: String,
    bucket: String,
    value_minor: i64,
    clv_12m_minor: i64,
    clv_36m_minor: i64,
    referral_value_minor: i64,
    value_at_risk_minor: i64,
    contribution_minor: i64,
    revenue_minor: i64,
    monetary_minor: i64,
    expected_ticket_minor: i64,
    stability: f64,
    p_alive: f64,
    expected_purchases_30d: f64,
    expected_purchases_90d: f64,
    expected_purchases_365d: f64,
    x: i64,
    first_purchase: i32,
    last_purchase: i32,
    recency_score: i32,
    frequency_score: i32,
    monetary_score: i32,
    detail: Json<crate::profile::Detail>,
    previous: Option<Json<crate::profile::Previous>>,
}

impl From<Row> for (RunId, PublishedProfile) {
    fn from(row: Row) -> Self {
        let some = |figure: f64| (figure >= 0.0).then_some(figure);
        let score = |score: i32| u8::try_from(score).unwrap_or(0);
        let figures = ProfileFigures {
            customer: row.customer_id,
            class: row.class,
            loyalty: row.loyalty,
            bucket: row.bucket,
            value_minor: row.value_minor,
            clv_12m_minor: row.clv_12m_minor,
            clv_36m_minor: row.clv_36m_minor,
            referral_value_minor: row.referral_value_minor,
            value_at_risk_minor: row.value_at_risk_minor,
            contribution_minor: row.contribution_minor,
            revenue_minor: row.revenue_minor,
            monetary_minor: row.monetary_minor,
            expected_ticket_minor: row.expected_ticket_minor,
            stability: some(row.stability),
            p_alive: some(row.p_alive),
            expected_purchases_30d: some(row.expected_purchases_30d),
            expected_purchases_90d: some(row.expected_purchases_90d),
            expected_purchases_365d: some(row.expected_purchases_365d),
            x: row.x,
            first_purchase: Day(row.first_purchase),
            last_purchase: Day(row.last_purchase),
            recency_score: score(row.recency_score),
            frequency_score: score(row.frequency_score),
            monetary_score: score(row.monetary_score),
        };
        let profile = PublishedProfile {
            figures,
            detail: row.detail.0,
            previous: row.previous.map(|Json(previous)| previous),
        };
        (row.run_id.into(), profile)
    }
}

const SELECT: &str = "SELECT p.* FROM value_profiles p JOIN customers c ON c.id = p.customer_id WHERE 1 = 1";

/// One customer's profile.
pub async fn find(tx: &mut Tx, scope: &Scope, customer: Uuid) -> Result<Option<(RunId, PublishedProfile)>> {
    let mut sql = if scope.is_whole_firm() {
        Sql::new("SELECT * FROM value_profiles WHERE customer_id = ")
    } else {
        let mut sql = Sql::new(SELECT);
        push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
        sql.push(" AND p.customer_id = ");
        sql
    };
    sql.bind(customer);
    Ok(sql.all::<Row>(tx).await?.into_iter().next().map(Into::into))
}

/// Everyone's class and value in the published run.
pub async fn classes_and_values(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, String, i64)>>> {
    tx.allow_minutes(30).await?;
    tx.stream("SELECT customer_id, class, value_minor FROM value_profiles", [])
}

/// Stores the columns of the customers of one step (`profile_columns::encode`).
pub async fn insert_columns(tx: &mut Tx, run: RunId, step: u32, bytes: Vec<u8>) -> Result<()> {
    tx.execute(
        "INSERT INTO value_profile_columns (run_id, step, columns) VALUES ($1, $2, $3)",
        args![run.uuid(), i64::from(step), bytes],
    )
    .await
    .map(|_| ())
}

/// The columns of a run, step by step.
pub fn columns(tx: &mut Tx, run: RunId) -> Result<BoxStream<'_, Result<(Vec<u8>,)>>> {
    tx.stream(
        "SELECT columns FROM value_profile_columns WHERE run_id = $1 ORDER BY step",
        args![run.uuid()],
    )
}

/// Removes the columns of runs that are not published: older ones, and those of an interrupted run.
pub async fn forget_columns(tx: &mut Tx) -> Result<()> {
    tx.allow_minutes(30).await?;
    tx.execute(
        "DELETE FROM value_profile_columns WHERE run_id NOT IN (SELECT run_id FROM value_published)",
        [],
    )
    .await
    .map(|_| ())
}
