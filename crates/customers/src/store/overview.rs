//! Reading a customer for its page: few statements.

use base::Result;
use platform::access::directory::{self, BranchLink, UserLink};
use platform::db::Sql;
use platform::{Scope, Tx};
use uuid::Uuid;

use super::read::{ListRow, summaries};
use super::scope::{ScopeColumns, push_scope};
use crate::model::{CustomerId, CustomerKind, CustomerLink, CustomerRow};

/// Whom an id stands for, external id and kind, if there is such a customer in scope: of one that was merged, its
/// survivor. Every page begins with this.
pub(crate) async fn customer(
    tx: &mut Tx,
    scope: &Scope,
    id: CustomerId,
) -> Result<Option<(CustomerId, String, CustomerKind)>> {
    let mut sql = Sql::new(
        "SELECT c.id, c.external_id, c.kind FROM customers o JOIN customers c ON c.id = coalesce(o.merged_into, o.id) \
         WHERE o.id = ",
    );
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    let row = sql.all::<(Uuid, String, String)>(tx).await?.into_iter().next();
    row.map(|(id, external_id, kind)| Ok((id.into(), external_id, kind.parse()?)))
        .transpose()
}

/// The record itself with those it names.
pub(crate) struct Core {
    pub(crate) row: CustomerRow,
    pub(crate) organisation: Option<CustomerLink>,
    pub(crate) referred_by: Option<CustomerLink>,
    pub(crate) branch: Option<BranchLink>,
    pub(crate) owner: Option<UserLink>,
    pub(crate) generated: bool,
    pub(crate) version: i64,
}

/// The record of a customer of the scope. Of other customers it names those in scope.
pub(crate) async fn core(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<Option<Core>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        row: ListRow,
        organisation_id: Option<Uuid>,
        referred_by: Option<Uuid>,
        branch_id: Option<Uuid>,
        owner_id: Option<Uuid>,
        generated: bool,
        version: i32,
    }
    let mut sql = Sql::new("SELECT ");
    sql.push(ListRow::COLUMNS_OF_C)
        .push(
            ", c.organisation_id, c.referred_by, c.branch_id, c.owner_id, c.generated, c.version \
             FROM customers c WHERE c.id = ",
        )
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    let Some(found) = sql.all::<Row>(tx).await?.into_iter().next() else {
        return Ok(None);
    };
    let others: Vec<Uuid> = found
        .organisation_id
        .into_iter()
        .chain(found.referred_by)
        .collect();
    let others = summaries(tx, scope, &others).await?;
    let link = |id: Option<Uuid>| {
        let other = others.get(&id?)?;
        Some(CustomerLink {
            id: other.id,
            name: other.name.clone().unwrap_or_else(|| other.external_id.clone()),
        })
    };
    let branch = match found.branch_id {
        Some(branch) => directory::branch(tx, branch.into()).await?,
        None => None,
    };
    let owner = match found.owner_id {
        Some(owner) => directory::user(tx, owner.into()).await?,
        None => None,
    };
    Ok(Some(Core {
        organisation: link(found.organisation_id),
        referred_by: link(found.referred_by),
        branch,
        owner,
        row: found.row.customer()?,
        generated: found.generated,
        version: found.version.into(),
    }))
}
