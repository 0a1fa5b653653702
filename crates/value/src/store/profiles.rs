//! The profiles of the published run. The table is made anew by every run: filled under another name,
//! indexed, and put in the old one's place in one step, so that readers always see one whole run.

use base::{Day, PageSize, Result};
use customers::store::{ScopeColumns, push_scope};
use futures::stream::BoxStream;
use platform::db::{Bulk, Dialect, Sql, Tx, Value, list};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::RunId;
use crate::profile::{Figure, NONE, PublishedProfile, Range, Unit};

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
    // Not every customer has these: `NONE` stands for it, so that a page can begin anywhere.
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
    args![
        run.uuid(),
        profile.customer,
        profile.class.as_str(),
        profile.loyalty.as_str(),
        profile.bucket.as_str(),
        profile.value_minor,
        profile.clv_12m_minor,
        profile.clv_36m_minor,
        profile.referral_value_minor,
        profile.value_at_risk_minor,
        profile.contribution_minor,
        profile.revenue_minor,
        profile.monetary_minor,
        profile.expected_ticket_minor,
        profile.stability.unwrap_or(NONE),
        profile.p_alive.unwrap_or(NONE),
        profile.expected_purchases_30d.unwrap_or(NONE),
        profile.expected_purchases_90d.unwrap_or(NONE),
        profile.expected_purchases_365d.unwrap_or(NONE),
        profile.x,
        profile.first_purchase,
        profile.last_purchase,
        i32::from(profile.recency_score),
        i32::from(profile.frequency_score),
        i32::from(profile.monetary_score),
        serde_json::to_value(&profile.detail).unwrap_or_default(),
        profile
            .previous
            .as_ref()
            .map(|previous| serde_json::to_value(previous).unwrap_or_default()),
    ]
}

/// The statements that index the new table, one transaction each, so that nobody waits long for them.
/// Index names are the run's, because the old table's still exist.
pub fn index_statements(run: RunId) -> Vec<String> {
    let suffix = run.uuid().simple().to_string();
    let by_figure = Figure::ALL
        .iter()
        .map(|figure| vec![figure.column(), "customer_id"]);
    // "The most valuable of this class" must not walk through all the other classes first.
    let by_group = ["class", "loyalty", "bucket"].into_iter().flat_map(|group| {
        [
            vec![group, "value_minor", "customer_id"],
            vec![group, "value_at_risk_minor", "customer_id"],
        ]
    });
    by_figure
        .chain(by_group)
        .map(|columns| {
            format!(
                "CREATE INDEX p_{}_{suffix} ON {NEXT} ({})",
                columns[..columns.len() - 1].join("_"),
                columns.join(", ")
            )
        })
        .collect()
}

/// Runs one of [`index_statements`].
pub async fn index(tx: &mut Tx, statement: &str) -> Result<()> {
    tx.allow_minutes(30).await?;
    tx.execute(AssertSqlSafe(statement.to_owned()), [])
        .await
        .map(|_| ())
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

/// Tells the planner what the new table is like.
pub async fn analyze(tx: &mut Tx) -> Result<()> {
    tx.allow_minutes(30).await?;
    tx.execute("ANALYZE value_profiles", []).await.map(|_| ())
}

/// Which customers a list shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these classes; all where empty.
    pub classes: Vec<String>,
    /// Any of these loyalty classes.
    pub loyalties: Vec<String>,
    /// Any of these segments of the leaky bucket.
    pub buckets: Vec<String>,
    /// Any of these brands.
    pub brands: Vec<String>,
    /// Any of these regions.
    pub regions: Vec<String>,
    /// This kind of customer.
    pub kind: Option<String>,
    /// These customers only (what a search found).
    pub customers: Option<Vec<Uuid>>,
    /// Figures within these ranges.
    pub ranges: Vec<Range>,
}

impl Filter {
    /// Whether it lets everyone through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a page begins: the figure and the customer of the row before it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct After {
    /// The figure the list is sorted by: an integer or a real, as the column is.
    pub key: Key,
    /// The customer.
    pub customer: Uuid,
}

/// A sort key.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// Money, counts, days.
    Integer(i64),
    /// Probabilities, expectations.
    Real(#[serde(with = "exact")] f64),
}

/// Reals as text: a number that JSON gives back a hair off would lose or repeat a row at a page's end.
mod exact {
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(real: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(real)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let real: f64 = String::deserialize(from)?.parse().map_err(D::Error::custom)?;
        if real.is_finite() {
            Ok(real)
        } else {
            Err(D::Error::custom("not a finite number"))
        }
    }
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Integer(n) => n.into(),
            Key::Real(r) => r.into(),
        }
    }
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
        let profile = PublishedProfile {
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
            detail: row.detail.0,
            previous: row.previous.map(|Json(previous)| previous),
        };
        (row.run_id.into(), profile)
    }
}

const SELECT: &str = "SELECT p.* FROM value_profiles p JOIN customers c ON c.id = p.customer_id WHERE 1 = 1";

/// One page of profiles sorted by a figure; equal figures by customer, so that no page loses or repeats
/// a row. Gives up to one row more than asked for.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    filter: &Filter,
    sort: Figure,
    descending: bool,
    after: Option<After>,
    size: PageSize,
) -> Result<Vec<(RunId, PublishedProfile)>> {
    let mut sql = Sql::new(SELECT);
    let plan = Plan::of(tx, scope, filter).await?;
    push_filter(&mut sql, scope, filter, tx, plan);
    if let Some(after) = after {
        sql.push(" AND (p.")
            .push(sort.column())
            .push(", p.customer_id) ")
            .push(if descending { "<" } else { ">" });
        sql.push(" (")
            .bind(after.key)
            .push(", ")
            .bind(after.customer)
            .push(")");
    }
    let direction = if descending { " DESC" } else { " ASC" };
    sql.push(" ORDER BY p.")
        .push(sort.column())
        .push(direction)
        .push(", p.customer_id")
        .push(direction);
    sql.push(" LIMIT ").bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many profiles the filter lets through, counting to `most` at the most.
pub async fn count(tx: &mut Tx, scope: &Scope, filter: &Filter, most: u32) -> Result<u32> {
    let mut sql = Sql::new(
        "SELECT count(*) FROM (SELECT 1 AS one FROM value_profiles p JOIN customers c ON c.id = p.customer_id WHERE 1 = 1",
    );
    push_filter(&mut sql, scope, filter, tx, Plan::Free);
    sql.push(" LIMIT ").bind(most).push(") AS counted");
    let rows: Vec<(i64,)> = sql.all(tx).await?;
    Ok(rows
        .first()
        .map_or(0, |(rows,)| u32::try_from(*rows).unwrap_or(most)))
}

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

/// Where a page of a brand or region is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Where the database thinks best.
    Free,
    /// Along the index of the figure: SQLite would else fetch and sort all customers of a region or a branch,
    /// a tenth of everybody, for one page.
    AlongFigure,
}

impl Plan {
    /// Small groups are quicker fetched and sorted than met along an index.
    async fn of(tx: &mut Tx, scope: &Scope, filter: &Filter) -> Result<Self> {
        const SMALL: i64 = 2_000;
        if tx.dialect() != Dialect::Sqlite {
            return Ok(Self::Free);
        }
        for (column, wanted) in [("brand", &filter.brands), ("region", &filter.regions)] {
            if wanted.is_empty() {
                continue;
            }
            let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 FROM customers WHERE ");
            push_one_of(&mut sql, column, wanted);
            sql.push(" LIMIT ").bind(SMALL).push(")");
            let counted: Vec<(i64,)> = sql.all(tx).await?;
            if counted.first().is_some_and(|(count,)| *count < SMALL) {
                return Ok(Self::Free);
            }
        }
        if !scope.is_whole_firm() {
            let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 FROM customers WHERE 1 = 1");
            push_scope(&mut sql, scope, ScopeColumns::PLAIN);
            sql.push(" LIMIT ").bind(SMALL).push(")");
            let counted: Vec<(i64,)> = sql.all(tx).await?;
            if counted.first().is_some_and(|(count,)| *count < SMALL) {
                return Ok(Self::Free);
            }
        }
        Ok(Self::AlongFigure)
    }
}

fn push_one_of(sql: &mut Sql, column: &'static str, wanted: &[String]) {
    sql.push(column).push(" IN (");
    for (n, text) in wanted.iter().enumerate() {
        sql.push(if n == 0 { "" } else { ", " }).bind(text.as_str());
    }
    sql.push(")");
}

fn push_filter(sql: &mut Sql, scope: &Scope, filter: &Filter, tx: &Tx, plan: Plan) {
    // A plus sign keeps SQLite from using the column's index.
    let (brand, region, of_scope) = match plan {
        Plan::Free => ("c.brand", "c.region", ScopeColumns::OF_C),
        Plan::AlongFigure => (
            "+c.brand",
            "+c.region",
            ScopeColumns::OF_C.beside_better(tx.dialect()),
        ),
    };
    push_scope(sql, scope, of_scope);
    let texts = [
        ("p.class", &filter.classes),
        ("p.loyalty", &filter.loyalties),
        ("p.bucket", &filter.buckets),
        (brand, &filter.brands),
        (region, &filter.regions),
    ];
    for (column, wanted) in texts {
        if let [one] = wanted.as_slice() {
            sql.push(" AND ").push(column).push(" = ").bind(one.as_str());
        } else if !wanted.is_empty() {
            sql.push(" AND ");
            push_one_of(sql, column, wanted);
        }
    }
    if let Some(kind) = &filter.kind {
        sql.push(" AND c.kind = ").bind(kind.as_str());
    }
    if let Some(customers) = &filter.customers {
        sql.push(" AND p.customer_id");
        sql.bind_in_uuids(tx.dialect(), list(customers));
    }
    for range in &filter.ranges {
        let figure = range.figure;
        if figure.unit() == Unit::Real {
            // Who does not have the figure is on neither side of a bound.
            sql.push(" AND p.").push(figure.column()).push(" >= 0");
        }
        let bounds = [
            (range.low.map(|low| figure.least(low)), " >= "),
            (range.high.map(|high| figure.most(high)), " <= "),
        ];
        for (bound, operator) in bounds {
            if let Some(bound) = bound {
                sql.push(" AND p.")
                    .push(figure.column())
                    .push(operator)
                    .bind(bound);
            }
        }
    }
}
