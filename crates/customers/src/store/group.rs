//! Customers by what their record says of them, as lists filter them.

use std::collections::HashSet;

use base::Result;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use platform::access::{BranchId, UserId};
use platform::db::{Sql, uuids};
use platform::{Scope, Tx};
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use super::scope::{ScopeColumns, push_scope};

/// Customers of any of these brands and any of these regions (all where none is named), and of this kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Group {
    /// Any of these brands.
    pub brands: Vec<String>,
    /// Any of these regions.
    pub regions: Vec<String>,
    /// This kind of customer.
    pub kind: Option<String>,
}

impl Group {
    /// Whether everyone is in it.
    pub fn is_everyone(&self) -> bool {
        *self == Self::default()
    }

    /// What each of its conditions is on, and the values it allows.
    fn conditions(&self) -> impl Iterator<Item = (Column, &[String])> {
        [
            (Column::Brand, self.brands.as_slice()),
            (Column::Region, &self.regions),
            (Column::Kind, self.kind.as_slice()),
        ]
        .into_iter()
        .filter(|(_, allowed)| !allowed.is_empty())
    }

    fn push(&self, sql: &mut Sql) {
        for (column, allowed) in self.conditions() {
            sql.push(" AND ").push(column.name()).push(" IN (");
            for (n, value) in allowed.iter().enumerate() {
                sql.push(if n == 0 { "" } else { ", " }).bind(value.as_str());
            }
            sql.push(")");
        }
    }
}

/// What a group asks for.
#[derive(Clone, Copy)]
enum Column {
    Brand,
    Region,
    Kind,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Region => "region",
            Self::Kind => "kind",
        }
    }
}

/// What of a customer's record decides which groups it is in, and who sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// Its brand.
    pub brand: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Its branch.
    pub branch: Option<BranchId>,
    /// Who owns it.
    pub owner: Option<UserId>,
}

impl Grouping {
    /// Whether the scope shows such customers and they are in a group: what [`among`] asks the database.
    pub fn is_in(&self, scope: &Scope, group: &Group) -> bool {
        group.conditions().all(|(column, allowed)| {
            let is = match column {
                Column::Brand => self.brand.as_ref(),
                Column::Region => self.region.as_ref(),
                Column::Kind => Some(&self.kind),
            };
            is.is_some_and(|is| allowed.contains(is))
        }) && scope.lets_through(self.branch, self.owner)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    brand: Option<String>,
    region: Option<String>,
    kind: String,
    branch_id: Option<Uuid>,
    owner_id: Option<Uuid>,
}

impl Row {
    const SELECT: &'static str = "SELECT id, brand, region, kind, branch_id, owner_id FROM customers";
}

impl From<Row> for (Uuid, Grouping) {
    fn from(row: Row) -> Self {
        let grouping = Grouping {
            brand: row.brand,
            region: row.region,
            kind: row.kind,
            branch: row.branch_id.map(Into::into),
            owner: row.owner_id.map(Into::into),
        };
        (row.id, grouping)
    }
}

/// Everybody's grouping, in no order. Shows nobody: who asks for a list of them brings a scope
/// ([`Grouping::is_in`]).
pub fn groupings(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, Grouping)>>> {
    let rows = tx.stream::<Row>(Row::SELECT, [])?;
    Ok(rows.map_ok(Into::into).boxed())
}

/// The groupings of these customers.
pub async fn groupings_of(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<(Uuid, Grouping)>> {
    let mut groupings = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new(Row::SELECT);
        sql.push(" WHERE id");
        sql.bind_in_uuids(tx.dialect(), uuids(some));
        groupings.extend(sql.all::<Row>(tx).await?.into_iter().map(Into::into));
    }
    Ok(groupings)
}

/// Which of these customers are of the scope and in a group.
pub async fn among(tx: &mut Tx, scope: &Scope, ids: &[Uuid], group: &Group) -> Result<HashSet<Uuid>> {
    let mut members = HashSet::new();
    for some in ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new("SELECT id FROM customers WHERE id");
        sql.bind_in_uuids(tx.dialect(), uuids(some));
        group.push(&mut sql);
        push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
        let found: Vec<(Uuid,)> = sql.all(tx).await?;
        members.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(members)
}
