//! Partners.

use base::{Error, Result};
use jiff::Timestamp;
use platform::args;
use platform::db::Tx;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Partner, PartnerFacts, PartnerId, Site};

/// A firm has fewer partners.
pub const PARTNERS_MAX: u32 = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    code: String,
    zh: String,
    en: String,
    active: bool,
    sites: Json<Vec<Site>>,
    benefits: Json<Vec<String>>,
    user_id: Option<Uuid>,
    version: i32,
}

const COLUMNS: &str = "id, code, zh, en, active, sites, benefits, user_id, version";

impl From<Row> for Partner {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            facts: PartnerFacts {
                code: row.code,
                zh: row.zh,
                en: row.en,
                active: row.active,
                sites: row.sites.0,
                benefits: row.benefits.0,
                user: row.user_id,
            },
            version: row.version.into(),
        }
    }
}

/// Every partner, by code.
pub async fn all(tx: &mut Tx) -> Result<Vec<Partner>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_partners ORDER BY code LIMIT $1");
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![PARTNERS_MAX]).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One partner.
pub async fn find(tx: &mut Tx, id: PartnerId) -> Result<Option<Partner>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_partners WHERE id = $1");
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Into::into))
}

/// One partner, held until the transaction ends.
pub async fn hold(tx: &mut Tx, id: PartnerId) -> Result<Option<Partner>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_partners WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Into::into))
}

/// The partner whose keys are this user's.
pub async fn of_user(tx: &mut Tx, user: Uuid) -> Result<Option<Partner>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_partners WHERE user_id = $1");
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![user]).await?;
    Ok(row.map(Into::into))
}

fn json(of: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(of).map_err(Error::internal)
}

/// Stores a new one.
pub async fn insert(tx: &mut Tx, id: PartnerId, facts: &PartnerFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_partners (id, code, zh, en, active, sites, benefits, user_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        args![
            id.uuid(),
            &facts.code,
            &facts.zh,
            &facts.en,
            facts.active,
            json(&facts.sites)?,
            json(&facts.benefits)?,
            facts.user,
            at
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what one that is held has become.
pub async fn update(tx: &mut Tx, id: PartnerId, facts: &PartnerFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_partners SET code = $2, zh = $3, en = $4, active = $5, sites = $6, benefits = $7, user_id = $8, \
         updated_at = $9, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            &facts.code,
            &facts.zh,
            &facts.en,
            facts.active,
            json(&facts.sites)?,
            json(&facts.benefits)?,
            facts.user,
            at
        ],
    )
    .await
    .map(|_| ())
}
