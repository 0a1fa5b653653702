//! One customer at a time: read to be changed, placed in the hierarchy, stored.

use std::collections::HashMap;

use base::Result;
use jiff::Timestamp;
use platform::access::{BranchId, UserId};
use platform::db::Sql;
use platform::{Scope, Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::names;
use super::scope::{ScopeColumns, push_scope};
use super::write::KnownRow;
use crate::model::{CustomerId, CustomerKind};
use crate::rules::edit::HIERARCHY_LEVELS_MAX;
use crate::rules::{Known, name_key};

/// What is known of one customer of the scope and the version of it, held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<(i64, Known)>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(KnownRow::COLUMNS)
        .push(" FROM customers WHERE id = ")
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(tx.dialect().for_update());
    let Some(row) = sql.all::<KnownRow>(tx).await?.into_iter().next() else {
        return Ok(None);
    };
    let (version,): (i32,) = tx
        .one("SELECT version FROM customers WHERE id = $1", args![id.uuid()])
        .await?;
    let (_, (_, known)) = row.known()?;
    Ok(Some((version.into(), known)))
}

/// Whether a customer is a person or an organisation, if it is there and in scope.
pub(crate) async fn kind(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<CustomerKind>> {
    let mut sql = Sql::new("SELECT kind FROM customers WHERE id = ");
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    let row = sql.all::<(String,)>(tx).await?.into_iter().next();
    row.map(|(kind,)| kind.parse()).transpose()
}

/// An organisation and all above it, the nearest first, held until the transaction ends: two who place
/// each other's organisations wait for one another, and no cycle comes about between them.
pub(crate) async fn hold_chain(tx: &mut Tx, organisation: CustomerId) -> Result<Vec<CustomerId>> {
    let sql = format!(
        "SELECT organisation_id FROM customers WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let mut chain = Vec::new();
    let mut next = Some(organisation);
    while let Some(id) = next
        && chain.len() <= HIERARCHY_LEVELS_MAX
        && !chain.contains(&id)
    {
        chain.push(id);
        let above: Option<(Option<Uuid>,)> =
            tx.optional(AssertSqlSafe(sql.clone()), args![id.uuid()]).await?;
        next = above.and_then(|(above,)| above).map(CustomerId::from);
    }
    Ok(chain)
}

/// How many levels of organisations stand below a customer.
pub(crate) async fn levels_below(tx: &mut Tx, id: CustomerId) -> Result<usize> {
    let (levels,): (i32,) = tx
        .one(
            "WITH RECURSIVE below (id, level) AS ( \
                 SELECT id, 0 FROM customers WHERE id = $1 \
                 UNION SELECT c.id, b.level + 1 FROM customers c JOIN below b ON c.organisation_id = b.id \
                 WHERE c.kind = 'organisation' AND b.level < $2) \
             SELECT coalesce(max(level), 0) FROM below",
            args![id.uuid(), HIERARCHY_LEVELS_MAX as i32],
        )
        .await?;
    Ok(usize::try_from(levels).unwrap_or(0))
}

/// Stores what is known of a customer that is held, before and after; says its new version.
pub(crate) async fn update(
    tx: &mut Tx,
    id: CustomerId,
    (before, known): (&Known, &Known),
    now: Timestamp,
) -> Result<i64> {
    if known.name != before.name {
        let renamed = HashMap::from([(id.uuid(), (before.name.clone(), known.name.clone()))]);
        names::rename(tx, &renamed).await?;
    }
    let (version,): (i32,) = tx
        .one(
            "UPDATE customers SET name = $2, name_key = $3, brand = $4, region = $5, segment = $6, \
             since = $7, organisation_id = $8, referred_by = $9, branch_id = $10, owner_id = $11, updated_at = $12, \
             version = version + 1 WHERE id = $1 RETURNING version",
            args![
                id.uuid(),
                known.name.as_ref(),
                known.name.as_deref().map(name_key),
                known.brand.as_ref(),
                known.region.as_ref(),
                known.segment.as_ref(),
                known.since,
                known.organisation.map(CustomerId::uuid),
                known.referred_by.map(CustomerId::uuid),
                known.branch.map(BranchId::uuid),
                known.owner.map(UserId::uuid),
                now,
            ],
        )
        .await?;
    Ok(version.into())
}
