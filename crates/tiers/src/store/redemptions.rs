//! Uses of what customers have.

use base::Result;
use customers::store::{ScopeColumns, push_scope};
use jiff::Timestamp;
use platform::db::{Sql, Tx, timestamp, uuids};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{BenefitId, PartnerId, ProgrammeId, Redemption, RedemptionId, RedemptionState};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    entitlement_id: Uuid,
    key: String,
    quantity: i64,
    companions: i32,
    state: String,
    expires_at: i64,
    partner_id: Option<Uuid>,
    site: Option<String>,
    redeem_key: Option<String>,
    reason: Option<String>,
    reserved_by: Option<Uuid>,
    reserved_at: i64,
    redeemed_at: Option<i64>,
    closed_at: Option<i64>,
}

const COLUMNS: &str = "r.id, r.entitlement_id, r.key, r.quantity, r.companions, r.state, r.expires_at, r.partner_id, \
     r.site, r.redeem_key, r.reason, r.reserved_by, r.reserved_at, r.redeemed_at, r.closed_at";

impl Row {
    fn redemption(self) -> Result<Redemption> {
        Ok(Redemption {
            id: self.id.into(),
            entitlement: self.entitlement_id.into(),
            key: self.key,
            quantity: self.quantity,
            companions: self.companions,
            state: self.state.parse()?,
            expires_at: timestamp(self.expires_at),
            partner: self.partner_id.map(Into::into),
            site: self.site,
            redeem_key: self.redeem_key,
            reason: self.reason,
            reserved_by: self.reserved_by,
            reserved_at: timestamp(self.reserved_at),
            redeemed_at: self.redeemed_at.map(timestamp),
            closed_at: self.closed_at.map(timestamp),
        })
    }
}

/// Stores a new one, set aside.
pub async fn insert(tx: &mut Tx, new: &Redemption, code_hash: Option<[u8; 32]>) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_redemptions (id, entitlement_id, key, quantity, companions, state, code_hash, expires_at, \
         reserved_by, reserved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            new.id.uuid(),
            new.entitlement.uuid(),
            &new.key,
            new.quantity,
            new.companions,
            new.state.name(),
            code_hash.map(Vec::from),
            new.expires_at,
            new.reserved_by,
            new.reserved_at,
        ],
    )
    .await
    .map(|_| ())
}

/// The one of some customers who are one that goes by this key, of a benefit in a programme.
pub async fn by_key(
    tx: &mut Tx,
    customers: &[Uuid],
    (programme, benefit): (ProgrammeId, BenefitId),
    key: &str,
) -> Result<Option<Redemption>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_redemptions r JOIN tier_entitlements e ON e.id = r.entitlement_id \
         WHERE e.programme_id = $1 AND e.benefit_id = $2 AND r.key = $3 AND e.customer_id{} \
         ORDER BY r.id LIMIT 1",
        tx.dialect().in_uuids(4)
    );
    let args = args![programme.uuid(), benefit.uuid(), key, uuids(customers)];
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args).await?;
    row.map(Row::redemption).transpose()
}

/// The one with this code.
pub async fn by_code(tx: &mut Tx, hash: [u8; 32]) -> Result<Option<Redemption>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_redemptions r WHERE r.code_hash = $1");
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![Vec::from(hash)]).await?;
    row.map(Row::redemption).transpose()
}

/// One. Whoever changes it holds its entitlement first.
pub async fn find(tx: &mut Tx, id: RedemptionId) -> Result<Option<Redemption>> {
    let sql = format!("SELECT {COLUMNS} FROM tier_redemptions r WHERE r.id = $1");
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    row.map(Row::redemption).transpose()
}

/// What became of one.
#[derive(Debug, Clone, Default)]
pub struct Became<'a> {
    /// At which partner it was used.
    pub partner: Option<PartnerId>,
    /// At which site.
    pub site: Option<&'a str>,
    /// The partner's key.
    pub redeem_key: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Stores that one that is held is used.
pub async fn redeemed(
    tx: &mut Tx,
    id: RedemptionId,
    became: &Became<'_>,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE tier_redemptions SET state = 'redeemed', partner_id = $2, site = $3, redeem_key = $4, \
         redeemed_by = $5, redeemed_at = $6 WHERE id = $1",
        args![
            id.uuid(),
            became.partner.map(|partner| partner.uuid()),
            became.site,
            became.redeem_key,
            by,
            at
        ],
    )
    .await
    .map(|_| ())
}

/// Stores that one that is held is not used, or not any more.
pub async fn closed(
    tx: &mut Tx,
    id: RedemptionId,
    state: RedemptionState,
    reason: Option<&str>,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE tier_redemptions SET state = $2, reason = $3, closed_by = $4, closed_at = $5 WHERE id = $1",
        args![id.uuid(), state.name(), reason, by, at],
    )
    .await
    .map(|_| ())
}

/// Stores another code for one that is held.
pub async fn set_code(tx: &mut Tx, id: RedemptionId, hash: [u8; 32], expires_at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_redemptions SET code_hash = $2, expires_at = $3 WHERE id = $1",
        args![id.uuid(), Vec::from(hash), expires_at],
    )
    .await
    .map(|_| ())
}

/// Those set aside whose time is over, the oldest first.
pub async fn lapsing(tx: &mut Tx, now: Timestamp, rows: u32) -> Result<Vec<Redemption>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_redemptions r WHERE r.state = 'reserved' AND r.expires_at <= $1 \
         ORDER BY r.expires_at, r.id LIMIT $2"
    );
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![now, rows]).await?;
    rows.into_iter().map(Row::redemption).collect()
}

/// Those of some customers who are one, the newest first: those before an id.
pub async fn of_customer(
    tx: &mut Tx,
    scope: &Scope,
    customers: &[Uuid],
    before: Option<Uuid>,
    rows: u32,
) -> Result<Vec<Redemption>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM tier_redemptions r JOIN tier_entitlements e ON e.id = r.entitlement_id \
               JOIN customers o ON o.id = e.customer_id JOIN customers c ON c.id = coalesce(o.merged_into, o.id) \
               WHERE r.id < ")
        .bind(before.unwrap_or(Uuid::max()))
        .push(" AND e.customer_id");
    sql.bind_in_uuids(tx.dialect(), uuids(customers));
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    sql.push(" ORDER BY r.id DESC LIMIT ").bind(rows);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::redemption).collect()
}

/// Forgets what people wrote about uses by these customers; says of how many.
pub async fn forget(tx: &mut Tx, customers: &[Uuid]) -> Result<u64> {
    let sql = format!(
        "UPDATE tier_redemptions SET reason = NULL WHERE reason IS NOT NULL AND entitlement_id IN \
         (SELECT id FROM tier_entitlements WHERE customer_id{})",
        tx.dialect().in_uuids(1)
    );
    tx.execute(AssertSqlSafe(sql), args![uuids(customers)]).await
}
