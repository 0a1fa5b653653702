//! What the portfolio of benefits is made from: who had which level when, who had which account, who used what. Names
//! nobody: for sums over the firm.

use base::{Day, Error, Result};
use futures::stream::{BoxStream, StreamExt as _};
use jiff::Timestamp;
use platform::args;
use platform::db::Tx;
use uuid::Uuid;

use crate::model::{BenefitId, Document, ProgrammeId, Standing};

/// Versions that a firm has ever had in force; beyond that the oldest are not looked at.
const VERSIONS_MAX: u32 = 1_000;

/// The documents of versions that are in force or have been, from which day: by programme, the oldest first.
pub async fn in_force_until(tx: &mut Tx, until: Day) -> Result<Vec<(ProgrammeId, Day, Document)>> {
    let rows: Vec<(Uuid, i32, String)> = tx
        .all(
            "SELECT programme_id, effective_on, document FROM (SELECT programme_id, number, effective_on, document \
             FROM tier_versions WHERE state IN ('effective', 'retired') AND effective_on <= $1 \
             ORDER BY effective_on DESC, number DESC LIMIT $2) AS newest ORDER BY programme_id, effective_on, number",
            args![until, VERSIONS_MAX],
        )
        .await?;
    rows.into_iter()
        .map(|(programme, on, document)| {
            let document = serde_json::from_str(&document).map_err(Error::internal)?;
            Ok((programme.into(), Day(on), document))
        })
        .collect()
}

/// A level that a customer had from a day on.
pub struct LevelFrom {
    /// In which programme.
    pub programme: ProgrammeId,
    /// Who; of one that was merged, the survivor.
    pub customer: Uuid,
    /// From which day.
    pub on: Day,
    /// Tells which of two of a day came later.
    pub at: i64,
    /// Which; none for none.
    pub level: Option<String>,
}

/// Every level that anybody had up to a day, in no order.
pub fn levels_until(tx: &mut Tx, until: Day) -> Result<BoxStream<'_, Result<LevelFrom>>> {
    let rows = tx.stream::<(Uuid, Uuid, i32, i64, String)>(
        "SELECT d.programme_id, coalesce(o.merged_into, o.id), d.decided_on, d.decided_at, d.after \
         FROM tier_decisions d JOIN customers o ON o.id = d.customer_id \
         WHERE d.decided_on <= $1 AND o.erased_at IS NULL",
        args![until],
    )?;
    Ok(rows
        .map(|row| {
            let (programme, customer, on, at, after) = row?;
            let standing: Standing = serde_json::from_str(&after).map_err(Error::internal)?;
            Ok(LevelFrom {
                programme: programme.into(),
                customer,
                on: Day(on),
                at,
                level: standing.level,
            })
        })
        .boxed())
}

/// Who had an account of which benefit at some time between two days, and whether on the first of them, in no order.
pub fn accounts_between(
    tx: &mut Tx,
    from: Day,
    until: Day,
) -> Result<BoxStream<'_, Result<(BenefitId, Uuid, bool)>>> {
    let rows = tx.stream::<(Uuid, Uuid, i32)>(
        "SELECT e.benefit_id, coalesce(o.merged_into, o.id), min(e.from_on) FROM tier_entitlements e \
         JOIN customers o ON o.id = e.customer_id \
         WHERE e.from_on <= $2 AND e.until_on >= $1 AND o.erased_at IS NULL \
         GROUP BY e.benefit_id, coalesce(o.merged_into, o.id)",
        args![from, until],
    )?;
    Ok(rows
        .map(move |row| {
            let (benefit, customer, begun) = row?;
            Ok((benefit.into(), customer, begun <= from.0))
        })
        .boxed())
}

/// What one customer used of one benefit.
pub struct UsesOf {
    /// Of which.
    pub benefit: BenefitId,
    /// Who; of one that was merged, the survivor.
    pub customer: Uuid,
    /// How many, or how much in minor units.
    pub units: i64,
    /// How many of them, and how many who came along, at no partner.
    pub at_no_partner: (i64, i64),
    /// What partners are owed for the others, minor units.
    pub owed_minor: i64,
}

/// What was used between two moments and not given back, by benefit and customer, in no order.
pub fn uses_between(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<BoxStream<'_, Result<UsesOf>>> {
    let rows = tx.stream::<(Uuid, Uuid, i64, i64, i64, i64)>(
        "SELECT e.benefit_id, coalesce(o.merged_into, o.id), CAST(sum(r.quantity) AS BIGINT), \
         CAST(sum(CASE WHEN r.partner_id IS NULL THEN r.quantity ELSE 0 END) AS BIGINT), \
         CAST(sum(CASE WHEN r.partner_id IS NULL THEN r.companions ELSE 0 END) AS BIGINT), \
         CAST(sum(coalesce(l.amount_minor, 0)) AS BIGINT) \
         FROM tier_redemptions r JOIN tier_entitlements e ON e.id = r.entitlement_id \
         JOIN customers o ON o.id = e.customer_id \
         LEFT JOIN tier_settlement_lines l ON l.redemption_id = r.id AND l.quantity > 0 \
         WHERE r.redeemed_at >= $1 AND r.redeemed_at < $2 AND r.state = 'redeemed' \
         GROUP BY e.benefit_id, coalesce(o.merged_into, o.id)",
        args![from, until],
    )?;
    Ok(rows
        .map(|row| {
            let (benefit, customer, units, quantity, companions, owed_minor) = row?;
            Ok(UsesOf {
                benefit: benefit.into(),
                customer,
                units,
                at_no_partner: (quantity, companions),
                owed_minor,
            })
        })
        .boxed())
}
