//! One customer at a time: read to be changed, placed in the hierarchy, stored.

use std::collections::HashMap;

use base::{Error, Result};
use jiff::Timestamp;
use platform::access::{BranchId, UserId};
use platform::db::Sql;
use platform::{Scope, Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::names;
use super::scope::{ScopeColumns, is_there, push_scope};
use super::write::KnownRow;
use crate::model::{CustomerId, CustomerKind};
use crate::rules::edit::HIERARCHY_LEVELS_MAX;
use crate::rules::{Known, name_key};

/// What is known of one customer of the scope and the version of it, held until the transaction ends; nobody merges
/// anyone meanwhile.
///
/// Errors: `customer_merged`, `customer_erased`.
pub(crate) async fn hold(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<(i64, Known)>> {
    tx.about_to_write("customers").await?;
    let lock = tx.dialect().for_update();
    unmerged(tx, scope, id, lock).await
}

/// The same without holding it.
pub(crate) async fn read(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<(i64, Known)>> {
    unmerged(tx, scope, id, "").await
}

/// What is known of a customer who is merged into another one, held until the transaction ends.
pub(crate) async fn hold_merged(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<Known>> {
    let lock = tx.dialect().for_update();
    known(tx, scope, id, lock).await
}

async fn unmerged(
    tx: &mut Tx,
    scope: &Scope,
    id: CustomerId,
    lock: &'static str,
) -> Result<Option<(i64, Known)>> {
    let sql = format!("SELECT version, merged_into, erased_at FROM customers WHERE id = $1{lock}");
    let row: Option<(i32, Option<Uuid>, Option<i64>)> =
        tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    let Some((version, survivor, erased_at)) = row else {
        return Ok(None);
    };
    if let Some(survivor) = survivor {
        return merged_into(tx, scope, survivor).await;
    }
    let known = known(tx, scope, id, "").await?;
    if known.is_some() && erased_at.is_some() {
        return Err(erased());
    }
    Ok(known.map(|known| (version.into(), known)))
}

/// Who was merged is not there to be changed; who stands for it is named where it is in scope.
async fn merged_into<T>(tx: &mut Tx, scope: &Scope, survivor: Uuid) -> Result<Option<T>> {
    if !is_there(tx, scope, survivor.into()).await? {
        return Ok(None);
    }
    let message = format!("this customer was merged into the customer {survivor}: change that one");
    Err(Error::conflict("customer_merged", message))
}

/// Of who was erased nothing is said any more.
pub(crate) fn erased() -> Error {
    Error::conflict(
        "customer_erased",
        "this customer was erased: nothing more is said of it",
    )
}

async fn known(tx: &mut Tx, scope: &Scope, id: CustomerId, lock: &'static str) -> Result<Option<Known>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(KnownRow::COLUMNS)
        .push(" FROM customers WHERE id = ")
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(lock);
    let Some(row) = sql.all::<KnownRow>(tx).await?.into_iter().next() else {
        return Ok(None);
    };
    let (_, (_, known)) = row.known()?;
    Ok(Some(known))
}

/// Whether a customer whom something is about to refer to is a person or an organisation, if it is there and in scope:
/// nobody merges anyone before the transaction ends.
///
/// Errors: `customer_merged`, `customer_erased`.
pub async fn refer(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<CustomerKind>> {
    tx.about_to_write("customers").await?;
    let sql = "SELECT merged_into FROM customers WHERE id = $1 AND merged_into IS NOT NULL";
    let merged: Option<(Uuid,)> = tx.optional(sql, args![id.uuid()]).await?;
    if let Some((survivor,)) = merged {
        return merged_into(tx, scope, survivor).await;
    }
    let mut sql = Sql::new("SELECT kind, erased_at FROM customers WHERE id = ");
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    match sql.all::<(String, Option<i64>)>(tx).await?.into_iter().next() {
        None => Ok(None),
        Some((_, Some(_))) => Err(erased()),
        Some((kind, None)) => kind.parse().map(Some),
    }
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
                 WHERE c.kind = 'organisation' AND c.merged_into IS NULL AND b.level < $2) \
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
