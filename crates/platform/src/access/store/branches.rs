//! The SQL of branches.

use std::collections::HashMap;

use base::{Cursor, Page, PageSize, Result};
use uuid::Uuid;

use super::super::model::{Branch, BranchChange, BranchId};
use crate::args;
use crate::db::{Sql, Tx};

/// How many branches a firm has at most: a scope names each of its own.
pub(in super::super) const BRANCHES_MAX: u32 = 5_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    parent_id: Option<Uuid>,
    version: i64,
}

impl From<Row> for Branch {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            code: row.code,
            name: row.name,
            parent_id: row.parent_id.map(Into::into),
            version: row.version,
        }
    }
}

/// One page of branches, by code.
pub(in super::super) async fn page(
    tx: &mut Tx,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Branch>> {
    let mut sql = Sql::new("SELECT id, code, name, parent_id, version FROM branches WHERE code > ");
    // No code is empty.
    sql.bind(cursor.map(Cursor::key::<String>).transpose()?.unwrap_or_default())
        .push(" ORDER BY code LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    Page::cut(rows.into_iter().map(Branch::from).collect(), size, |branch| {
        branch.code.clone()
    })
}

pub(in super::super) async fn find(tx: &mut Tx, id: BranchId) -> Result<Option<Branch>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, code, name, parent_id, version FROM branches WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(Branch::from))
}

/// Each branch's parent. Nobody else can change the tree until the transaction ends.
pub(in super::super) async fn hold_tree(tx: &mut Tx) -> Result<HashMap<BranchId, Option<BranchId>>> {
    tx.wait_for_writers("branches").await?;
    let rows: Vec<(Uuid, Option<Uuid>)> = tx.all("SELECT id, parent_id FROM branches", []).await?;
    Ok(rows
        .into_iter()
        .map(|(id, parent)| (id.into(), parent.map(Into::into)))
        .collect())
}

/// Adds a branch. Error: `already_exists` when the code is taken.
pub(in super::super) async fn insert(tx: &mut Tx, id: BranchId, branch: &BranchChange) -> Result<()> {
    tx.execute(
        "INSERT INTO branches (id, code, name, parent_id) VALUES ($1, $2, $3, $4)",
        args![
            id.uuid(),
            &branch.code,
            &branch.name,
            branch.parent_id.map(BranchId::uuid)
        ],
    )
    .await
    .map(|_| ())
}

/// Changes a branch. Error: `already_exists` when the code is taken.
pub(in super::super) async fn update(tx: &mut Tx, id: BranchId, branch: &BranchChange) -> Result<()> {
    tx.execute(
        "UPDATE branches SET code = $2, name = $3, parent_id = $4, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            &branch.code,
            &branch.name,
            branch.parent_id.map(BranchId::uuid)
        ],
    )
    .await
    .map(|_| ())
}
