//! Customers by what their record says of them, as lists filter them.

use std::collections::HashSet;

use base::Result;
use platform::db::{Dialect, Sql, uuids};
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
    fn conditions(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        [
            ("brand", self.brands.as_slice()),
            ("region", &self.regions),
            ("kind", self.kind.as_slice()),
        ]
        .into_iter()
        .filter(|(_, allowed)| !allowed.is_empty())
    }

    fn push(&self, sql: &mut Sql) {
        for (column, allowed) in self.conditions() {
            sql.push(" AND ");
            push_one_of(sql, column, allowed);
        }
    }
}

fn push_one_of(sql: &mut Sql, column: &'static str, allowed: &[String]) {
    sql.push(column).push(" IN (");
    for (n, value) in allowed.iter().enumerate() {
        sql.push(if n == 0 { "" } else { ", " }).bind(value.as_str());
    }
    sql.push(")");
}

/// Whether the scope or one of a group's conditions alone leaves fewer than `few`; told from the indexes.
pub async fn is_small(tx: &mut Tx, scope: &Scope, group: &Group, few: u32) -> Result<bool> {
    for (column, allowed) in group.conditions() {
        let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 AS one FROM customers WHERE ");
        push_one_of(&mut sql, column, allowed);
        sql.push(" LIMIT ").bind(few).push(") AS counted");
        let counted: Vec<(i64,)> = sql.all(tx).await?;
        if counted.first().is_some_and(|(count,)| *count < i64::from(few)) {
            return Ok(true);
        }
    }
    if scope.is_whole_firm() {
        return Ok(false);
    }
    let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 AS one FROM customers WHERE 1 = 1");
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(" LIMIT ").bind(few).push(") AS counted");
    let counted: Vec<(i64,)> = sql.all(tx).await?;
    Ok(counted.first().is_some_and(|(count,)| *count < i64::from(few)))
}

/// Everyone of the scope in a group, in no order: as one value, because many thousand rows cost more than what is in them.
pub async fn members(tx: &mut Tx, scope: &Scope, group: &Group) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(match tx.dialect() {
        Dialect::Sqlite => "SELECT unhex(group_concat(hex(id), '')) FROM customers WHERE 1 = 1",
        Dialect::Postgres => "SELECT string_agg(uuid_send(id), ''::bytea) FROM customers WHERE 1 = 1",
    });
    group.push(&mut sql);
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    let all: Vec<(Option<Vec<u8>>,)> = sql.all(tx).await?;
    let bytes = all.into_iter().find_map(|(bytes,)| bytes).unwrap_or_default();
    Ok(bytes
        .as_chunks()
        .0
        .iter()
        .map(|id| Uuid::from_bytes(*id))
        .collect())
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
