//! What rules on abuse look at, by customer and time. Of customers who were merged everything is the survivor's; nothing is
//! read of those who were erased. Shows nobody: for what the program looks for by itself.

use std::collections::HashMap;

use base::{Error, Result};
use futures::stream::{BoxStream, StreamExt as _};
use jiff::Timestamp;
use platform::args;
use platform::db::{Tx, timestamp, uuids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{ProgrammeId, Recorded, Standing, UseFact};

/// A use, whose it was and who of the staff redeemed it.
pub struct UseOf {
    /// Whose.
    pub customer: Uuid,
    /// The use; its place is not known yet.
    pub fact: UseFact,
    /// Who set it aside.
    pub reserved_by: Option<Uuid>,
    /// Who redeemed it.
    pub redeemed_by: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct UseRow {
    survivor: Uuid,
    id: Uuid,
    programme_id: Uuid,
    code: String,
    redeemed_at: i64,
    quantity: i64,
    companions: i32,
    partner_id: Option<Uuid>,
    site: Option<String>,
    reserved_by: Option<Uuid>,
    redeemed_by: Option<Uuid>,
}

/// Every use from a moment on, those given back too, by customer and time.
pub fn uses_since(tx: &mut Tx, since: Timestamp) -> Result<BoxStream<'_, Result<UseOf>>> {
    let rows = tx.stream::<UseRow>(
        "SELECT coalesce(o.merged_into, o.id) AS survivor, r.id, e.programme_id, b.code, r.redeemed_at, r.quantity, \
         r.companions, r.partner_id, r.site, r.reserved_by, r.redeemed_by \
         FROM tier_redemptions r JOIN tier_entitlements e ON e.id = r.entitlement_id \
         JOIN tier_benefits b ON b.id = e.benefit_id JOIN customers o ON o.id = e.customer_id \
         WHERE r.redeemed_at >= $1 AND o.erased_at IS NULL ORDER BY survivor, r.redeemed_at, r.id",
        args![since],
    )?;
    Ok(rows
        .map(|row| {
            let row = row?;
            Ok(UseOf {
                customer: row.survivor,
                fact: UseFact {
                    redemption: row.id,
                    programme: row.programme_id.into(),
                    benefit: row.code,
                    at: timestamp(row.redeemed_at),
                    quantity: row.quantity,
                    companions: row.companions,
                    partner: row.partner_id,
                    site: row.site,
                    place: None,
                },
                reserved_by: row.reserved_by,
                redeemed_by: row.redeemed_by,
            })
        })
        .boxed())
}

/// Something given by hand that was agreed to.
pub struct Given {
    /// Which.
    pub id: Uuid,
    /// To whom.
    pub customer: Uuid,
    /// In which programme.
    pub programme: ProgrammeId,
    /// The level; none for a nomination.
    pub level: Option<String>,
    /// What was earned when it was asked for.
    pub earned: Option<String>,
    /// When it was asked for.
    pub at: Timestamp,
    /// By whom.
    pub requested_by: Option<Uuid>,
    /// Who agreed.
    pub approved_by: Uuid,
}

#[derive(sqlx::FromRow)]
struct GivenRow {
    id: Uuid,
    survivor: Uuid,
    programme_id: Uuid,
    level: Option<String>,
    requested_at: i64,
    requested_by: Option<Uuid>,
    decided_by: Uuid,
    after: Option<String>,
}

/// The most that is looked at; a firm gives fewer by hand.
const GIVEN_MAX: u32 = 100_000;

/// Levels and nominations by hand that were asked for from a moment on and agreed to, and not taken back since, in order of
/// time.
pub async fn given_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<Given>> {
    let rows: Vec<GivenRow> = tx
        .all(
            "SELECT g.id, coalesce(o.merged_into, o.id) AS survivor, g.programme_id, g.level, g.requested_at, \
             g.requested_by, g.decided_by, \
             (SELECT d.after FROM tier_decisions d WHERE d.customer_id = g.customer_id \
              AND d.programme_id = g.programme_id AND d.decided_at <= g.requested_at \
              ORDER BY d.decided_at DESC, d.id DESC LIMIT 1) AS after \
             FROM tier_grants g JOIN customers o ON o.id = g.customer_id \
             WHERE g.kind <> 'suspension' AND g.state IN ('approved', 'ended') AND g.decided_by IS NOT NULL \
             AND g.requested_at >= $1 AND o.erased_at IS NULL ORDER BY g.requested_at, g.id LIMIT $2",
            args![since, GIVEN_MAX],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let after: Option<Standing> = match &row.after {
                Some(after) => Some(serde_json::from_str(after).map_err(Error::internal)?),
                None => None,
            };
            Ok(Given {
                id: row.id,
                customer: row.survivor,
                programme: row.programme_id.into(),
                level: row.level,
                earned: after.and_then(|after| after.earned),
                at: timestamp(row.requested_at),
                requested_by: row.requested_by,
                approved_by: row.decided_by,
            })
        })
        .collect()
}

/// Decisions from a moment on by which these customers, or those merged into them, reached a level, in order of time; with
/// each the survivor.
pub async fn reached_since(
    tx: &mut Tx,
    customers: &[Uuid],
    since: Timestamp,
) -> Result<Vec<(Uuid, Recorded)>> {
    let ids = tx.dialect().in_uuids(2);
    let sql = format!(
        "SELECT d.id, coalesce(o.merged_into, o.id) FROM tier_decisions d JOIN customers o ON o.id = d.customer_id \
         WHERE (o.id{ids} OR o.merged_into{ids}) AND d.cause = 'qualified' AND d.decided_at >= $1 \
         ORDER BY d.decided_at, d.id"
    );
    let rows: Vec<(Uuid, Uuid)> = tx.all(AssertSqlSafe(sql), args![since, uuids(customers)]).await?;
    let survivors: HashMap<Uuid, Uuid> = rows.iter().copied().collect();
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let found = super::decisions::these(tx, &ids).await?;
    Ok(found
        .into_iter()
        .filter_map(|one| survivors.get(&one.id.uuid()).map(|survivor| (*survivor, one)))
        .collect())
}
