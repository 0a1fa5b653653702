//! What is looked for, and what was found.

use base::{Error, Result};
use customers::store::{ScopeColumns, push_scope};
use jiff::Timestamp;
use platform::db::{Sql, Tx, timestamp};
use platform::{Scope, args};
use uuid::Uuid;

use crate::model::{AbuseRule, AbuseSettings, Finding, FindingId, FindingState, Found};

/// The newest version of the settings, if the firm ever decided anything.
pub async fn settings(tx: &mut Tx) -> Result<Option<(i64, AbuseSettings)>> {
    let row: Option<(i32, String)> = tx
        .optional(
            "SELECT version, settings FROM tier_abuse_settings ORDER BY version DESC LIMIT 1",
            [],
        )
        .await?;
    row.map(|(version, settings)| {
        let settings = serde_json::from_str(&settings).map_err(Error::internal)?;
        Ok((version.into(), settings))
    })
    .transpose()
}

/// Adds a version. One that is there already is an error of the database: someone was first.
pub async fn add_settings(
    tx: &mut Tx,
    version: i64,
    settings: &AbuseSettings,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    let text = serde_json::to_string(settings).map_err(Error::internal)?;
    let version = i32::try_from(version).map_err(Error::internal)?;
    tx.execute(
        "INSERT INTO tier_abuse_settings (version, settings, created_by, created_at) VALUES ($1, $2, $3, $4)",
        args![version, text, by, at],
    )
    .await
    .map(|_| ())
}

/// Until when everything was looked at; none before the first time.
pub async fn looked_at(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let (at,): (Option<i64>,) = tx
        .one("SELECT looked_at FROM tier_abuse_watch WHERE only_row = 1", [])
        .await?;
    Ok(at.map(timestamp))
}

/// Notes until when everything was looked at; where another server was further, it stays so.
pub async fn looked(tx: &mut Tx, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_abuse_watch SET looked_at = $1 WHERE only_row = 1 AND (looked_at IS NULL OR looked_at < $1)",
        args![at],
    )
    .await
    .map(|_| ())
}

/// Stores what was found, to be looked at; false where it was found before.
pub async fn insert(
    tx: &mut Tx,
    id: FindingId,
    found: &Found,
    (settings_version, at): (i64, Timestamp),
) -> Result<bool> {
    let evidence = serde_json::to_string(&found.evidence).map_err(Error::internal)?;
    let settings_version = i32::try_from(settings_version).map_err(Error::internal)?;
    let inserted = tx
        .execute(
            "INSERT INTO tier_findings (id, rule, customer_id, programme_id, evidence_key, happened_at, evidence, \
             settings_version, found_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open') \
             ON CONFLICT (rule, customer_id, evidence_key) DO NOTHING",
            args![
                id.uuid(),
                found.rule.name(),
                found.customer,
                found.programme.uuid(),
                &found.key,
                found.at,
                evidence,
                settings_version,
                at,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    rule: String,
    survivor: Uuid,
    programme_id: Uuid,
    happened_at: i64,
    evidence: String,
    settings_version: i32,
    found_at: i64,
    state: String,
    reason: Option<String>,
    decided_by: Option<Uuid>,
    decided_at: Option<i64>,
    grant_id: Option<Uuid>,
    version: i32,
}

const SELECT: &str = "SELECT f.id, f.rule, c.id AS survivor, f.programme_id, f.happened_at, f.evidence, \
     f.settings_version, f.found_at, f.state, f.reason, f.decided_by, f.decided_at, f.grant_id, f.version \
     FROM tier_findings f JOIN customers o ON o.id = f.customer_id \
     JOIN customers c ON c.id = coalesce(o.merged_into, o.id) WHERE ";

impl Row {
    fn finding(self) -> Result<Finding> {
        Ok(Finding {
            id: self.id.into(),
            rule: self.rule.parse()?,
            customer: self.survivor,
            programme: self.programme_id.into(),
            at: timestamp(self.happened_at),
            evidence: serde_json::from_str(&self.evidence).map_err(Error::internal)?,
            settings_version: self.settings_version.into(),
            found_at: timestamp(self.found_at),
            state: self.state.parse()?,
            reason: self.reason,
            decided_by: self.decided_by,
            decided_at: self.decided_at.map(timestamp),
            grant: self.grant_id,
            version: self.version.into(),
        })
    }
}

/// One, for who sees its customer, held until the transaction ends.
pub async fn hold(tx: &mut Tx, scope: &Scope, id: FindingId) -> Result<Option<Finding>> {
    let mut sql = Sql::new(SELECT);
    sql.push("f.id = ").bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    if tx.dialect() == platform::db::Dialect::Postgres {
        sql.push(" FOR UPDATE OF f");
    }
    let row = sql.all::<Row>(tx).await?.into_iter().next();
    row.map(Row::finding).transpose()
}

/// What was decided on a finding.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// Where it stands then.
    pub state: FindingState,
    /// Why.
    pub reason: &'a str,
    /// The suspension that was asked for; what is there stays where none is named.
    pub grant: Option<Uuid>,
    /// By whom.
    pub by: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// Stores what was decided on one that is held.
pub async fn decide(tx: &mut Tx, id: FindingId, decided: &Decided<'_>) -> Result<()> {
    tx.execute(
        "UPDATE tier_findings SET state = $2, reason = $3, grant_id = coalesce($4, grant_id), decided_by = $5, \
         decided_at = $6, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            decided.state.name(),
            decided.reason,
            decided.grant,
            decided.by,
            decided.at
        ],
    )
    .await
    .map(|_| ())
}

/// Which are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<FindingState>,
    /// By this rule.
    pub rule: Option<AbuseRule>,
    /// Of this customer and those merged into it.
    pub customer: Option<Uuid>,
}

/// A page of those on customers of the scope, the newest first: those before an id.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    filter: &Filter,
    before: Option<Uuid>,
    rows: u32,
) -> Result<Vec<Finding>> {
    let mut sql = Sql::new(SELECT);
    sql.push("f.id < ").bind(before.unwrap_or(Uuid::max()));
    if let Some(state) = filter.state {
        sql.push(" AND f.state = ").bind(state.name());
    }
    if let Some(rule) = filter.rule {
        sql.push(" AND f.rule = ").bind(rule.name());
    }
    if let Some(customer) = filter.customer {
        sql.push(" AND c.id = ").bind(customer);
    }
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY f.id DESC LIMIT ").bind(rows);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::finding).collect()
}
