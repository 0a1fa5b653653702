//! What of the customers a caller may see, as SQL. Every statement that shows customers goes through here,
//! in this room and in others; who is out of scope is not there.

use std::collections::HashSet;

use base::Result;
use platform::Scope;
use platform::access::Reach;
use platform::db::{Dialect, Sql, Tx, uuids};
use uuid::Uuid;

use crate::model::CustomerId;

/// The two columns of `customers` that a scope looks at, as a statement calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeColumns {
    branch: &'static str,
    owner: &'static str,
}

impl ScopeColumns {
    /// Of `FROM customers`.
    pub const PLAIN: Self = Self {
        branch: "branch_id",
        owner: "owner_id",
    };
    /// Of `FROM customers c`.
    pub const OF_C: Self = Self {
        branch: "c.branch_id",
        owner: "c.owner_id",
    };
    /// Of `JOIN customers a`, the first of two.
    const OF_A: Self = Self {
        branch: "a.branch_id",
        owner: "a.owner_id",
    };
    /// Of `JOIN customers b`, the second of two.
    const OF_B: Self = Self {
        branch: "b.branch_id",
        owner: "b.owner_id",
    };

    /// The same, but never the reason why a row is looked for: the statement has a better one. PostgreSQL
    /// finds that out by itself.
    #[must_use]
    pub fn beside_better(self, dialect: Dialect) -> Self {
        match (dialect, self) {
            (Dialect::Postgres, _) => self,
            (Dialect::Sqlite, Self::PLAIN) => Self {
                branch: "+branch_id",
                owner: "+owner_id",
            },
            (Dialect::Sqlite, Self::OF_A) => Self {
                branch: "+a.branch_id",
                owner: "+a.owner_id",
            },
            (Dialect::Sqlite, Self::OF_B) => Self {
                branch: "+b.branch_id",
                owner: "+b.owner_id",
            },
            (Dialect::Sqlite, _) => Self {
                branch: "+c.branch_id",
                owner: "+c.owner_id",
            },
        }
    }
}

/// Adds ` AND …` that lets through the customers of the scope; nothing where that is everyone.
pub fn push_scope(sql: &mut Sql, scope: &Scope, columns: ScopeColumns) {
    let (column, ids): (_, Vec<Uuid>) = match scope.reach() {
        Reach::All => return,
        Reach::Branches(branches) => (columns.branch, branches.iter().map(|id| id.uuid()).collect()),
        Reach::Owners(owners) => (columns.owner, owners.iter().map(|id| id.uuid()).collect()),
    };
    match ids.as_slice() {
        [] => {
            sql.push(" AND 1 = 0");
        }
        [one] => {
            sql.push(" AND ").push(column).push(" = ").bind(*one);
        }
        // Each by itself: the indexes are of those who have a branch or an owner, and PostgreSQL sees that
        // these do, which it does not where the ids come from a list.
        several => {
            sql.push(" AND ").push(column).push(" IN (");
            for (n, id) in several.iter().enumerate() {
                sql.push(if n == 0 { "" } else { ", " }).bind(*id);
            }
            sql.push(")");
        }
    }
}

/// The same for statements about two customers, who are called `a` and `b`: both are of the scope.
pub(super) fn push_scope_of_both(sql: &mut Sql, scope: &Scope, dialect: Dialect) {
    push_scope(sql, scope, ScopeColumns::OF_A.beside_better(dialect));
    push_scope(sql, scope, ScopeColumns::OF_B.beside_better(dialect));
}

/// Whether there is this customer, for who has this scope.
pub async fn is_there(tx: &mut Tx, scope: &Scope, id: CustomerId) -> Result<bool> {
    let mut sql = Sql::new("SELECT CAST(1 AS BIGINT) FROM customers WHERE id = ");
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    Ok(!sql.all::<(i64,)>(tx).await?.is_empty())
}

/// Which of these customers there are, for who has this scope.
pub async fn those_there(tx: &mut Tx, scope: &Scope, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut sql = Sql::new("SELECT id FROM customers WHERE id");
    sql.bind_in_uuids(tx.dialect(), uuids(ids));
    push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
    let rows = sql.all::<(Uuid,)>(tx).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whose a customer is: what scopes look at. Of one that was merged, its survivor's.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Whose {
    pub(crate) id: Uuid,
    pub(crate) survivor: Uuid,
    pub(crate) branch_id: Option<Uuid>,
    pub(crate) owner_id: Option<Uuid>,
}

/// Whose these customers are, for deciding who is told of them. Shows nobody anything.
pub(crate) async fn whose(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Whose>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(
        "SELECT c.id, s.id AS survivor, s.branch_id, s.owner_id FROM customers c \
         JOIN customers s ON s.id = coalesce(c.merged_into, c.id) WHERE c.id",
    );
    sql.bind_in_uuids(tx.dialect(), uuids(ids));
    sql.all(tx).await
}

/// So many branches or owners are each asked for their first rows. Who sees more of them than this sees
/// much of the firm, and walking through everyone meets enough of them soon.
const PARTS_MAX: usize = 64;

/// A page in the order of a column: which columns, of whom besides the scope, ordered by what.
pub(super) struct InOrder {
    /// `SELECT … FROM customers`, with the table left out.
    pub(super) select: &'static str,
    /// ` ORDER BY … LIMIT `.
    pub(super) order: &'static str,
}

impl InOrder {
    /// The first rows of the scope that meet the conditions. What it costs depends on how many branches and
    /// owners there are and not on how many customers: each has an index in this order.
    pub(super) fn first(&self, scope: &Scope, conditions: impl Fn(&mut Sql), rows: u32) -> Sql {
        let mut sql = Sql::new(self.select);
        let (column, parts): (_, Vec<Uuid>) = match scope.reach() {
            Reach::All => ("", Vec::new()),
            Reach::Branches(branches) => (" AND branch_id = ", branches.iter().map(|id| id.uuid()).collect()),
            Reach::Owners(owners) => (" AND owner_id = ", owners.iter().map(|id| id.uuid()).collect()),
        };
        if parts.len() < 2 || parts.len() > PARTS_MAX {
            sql.push("customers WHERE ");
            conditions(&mut sql);
            push_scope(&mut sql, scope, ScopeColumns::PLAIN);
        } else {
            sql.push("(");
            for (n, part) in parts.into_iter().enumerate() {
                sql.push(if n == 0 { "" } else { " UNION ALL " })
                    .push("SELECT * FROM (SELECT * FROM customers WHERE ");
                conditions(&mut sql);
                sql.push(column)
                    .bind(part)
                    .push(self.order)
                    .bind(rows)
                    .push(") AS part");
            }
            sql.push(") AS parts");
        }
        sql.push(self.order).bind(rows);
        sql
    }
}
