//! The catalogue of benefits.

use base::Result;
use jiff::Timestamp;
use platform::args;
use platform::db::Tx;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Benefit, BenefitFacts, BenefitId, Terms};

/// A firm has fewer benefits.
pub const BENEFITS_MAX: u32 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    code: String,
    zh: String,
    en: String,
    terms: Json<Terms>,
    need: Option<String>,
    unit_cost_minor: i64,
    settlement_minor: i64,
    active: bool,
    version: i32,
}

const COLUMNS: &str = "id, code, zh, en, terms, need, unit_cost_minor, settlement_minor, active, version";

impl From<Row> for Benefit {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            facts: BenefitFacts {
                code: row.code,
                zh: row.zh,
                en: row.en,
                terms: row.terms.0,
                need: row.need,
                unit_cost_minor: row.unit_cost_minor,
                settlement_minor: row.settlement_minor,
                active: row.active,
            },
            version: row.version.into(),
        }
    }
}

/// Every benefit, by code.
pub async fn all(tx: &mut Tx) -> Result<Vec<Benefit>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_benefits ORDER BY code LIMIT $1");
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![BENEFITS_MAX]).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One benefit.
pub async fn find(tx: &mut Tx, id: BenefitId) -> Result<Option<Benefit>> {
    one(tx, id, "").await
}

/// One benefit, held until the transaction ends.
pub async fn hold(tx: &mut Tx, id: BenefitId) -> Result<Option<Benefit>> {
    let lock = tx.dialect().for_update();
    one(tx, id, lock).await
}

async fn one(tx: &mut Tx, id: BenefitId, lock: &str) -> Result<Option<Benefit>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_benefits WHERE id = $1{lock}");
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Into::into))
}

fn terms(facts: &BenefitFacts) -> Result<serde_json::Value> {
    serde_json::to_value(&facts.terms).map_err(base::Error::internal)
}

/// Stores a new one.
pub async fn insert(tx: &mut Tx, id: BenefitId, facts: &BenefitFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_benefits (id, code, zh, en, terms, need, unit_cost_minor, settlement_minor, active, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        args![
            id.uuid(),
            &facts.code,
            &facts.zh,
            &facts.en,
            terms(facts)?,
            facts.need.as_deref(),
            facts.unit_cost_minor,
            facts.settlement_minor,
            facts.active,
            at
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what one that is held has become; its code stays.
pub async fn update(tx: &mut Tx, id: BenefitId, facts: &BenefitFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_benefits SET zh = $2, en = $3, terms = $4, need = $5, unit_cost_minor = $6, \
         settlement_minor = $7, active = $8, updated_at = $9, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            &facts.zh,
            &facts.en,
            terms(facts)?,
            facts.need.as_deref(),
            facts.unit_cost_minor,
            facts.settlement_minor,
            facts.active,
            at
        ],
    )
    .await
    .map(|_| ())
}
