//! The SQL of roles.

use base::{Error, Result};
use serde_json::json;
use sqlx::types::Json;

use super::super::model::{Permission, Role, RoleRecord};
use super::super::rules::known_permissions;
use super::super::scope::ScopeKind;
use crate::args;
use crate::db::Tx;

/// How many roles a firm has at most.
pub(in super::super) const ROLES_MAX: u32 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    key: String,
    name: Option<String>,
    permissions: Option<Json<Vec<String>>>,
    scope: String,
    version: i64,
}

impl TryFrom<Row> for RoleRecord {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let role: Role = row.key.parse().map_err(Error::internal)?;
        let permissions = match row.permissions {
            Some(Json(names)) => known_permissions(&names),
            None => role.built_in_grants(),
        };
        Ok(Self {
            role,
            name: row.name,
            permissions: permissions.into_iter().map(Permission::name).collect(),
            scope: row.scope.parse().map_err(Error::internal)?,
            version: row.version,
        })
    }
}

/// Every role, the built-in ones first.
pub(in super::super) async fn all(tx: &mut Tx) -> Result<Vec<RoleRecord>> {
    let rows: Vec<Row> = tx
        .all(
            "SELECT key, name, permissions, scope, version FROM roles \
             ORDER BY CASE WHEN name IS NULL THEN 0 ELSE 1 END, name, key LIMIT $1",
            args![ROLES_MAX],
        )
        .await?;
    rows.into_iter().map(RoleRecord::try_from).collect()
}

/// A role, held against other changes until the transaction ends.
pub(in super::super) async fn hold(tx: &mut Tx, role: Role) -> Result<Option<RoleRecord>> {
    let sql = format!(
        "SELECT key, name, permissions, scope, version FROM roles WHERE key = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx
        .optional(sqlx::AssertSqlSafe(sql), args![role.to_string()])
        .await?;
    row.map(RoleRecord::try_from).transpose()
}

/// Adds a role. Error: `already_exists` when the name is taken.
pub(in super::super) async fn insert(
    tx: &mut Tx,
    role: Role,
    name: &str,
    permissions: &[&str],
    scope: ScopeKind,
) -> Result<()> {
    tx.execute(
        "INSERT INTO roles (key, name, permissions, scope) VALUES ($1, $2, $3, $4)",
        args![role.to_string(), name, json!(permissions), scope.name()],
    )
    .await
    .map(|_| ())
}

/// Changes a role; name and permissions only of one that the firm has made. Error: `already_exists` when
/// the name is taken.
pub(in super::super) async fn update(
    tx: &mut Tx,
    role: Role,
    made: Option<(&str, &[&str])>,
    scope: ScopeKind,
) -> Result<()> {
    tx.execute(
        "UPDATE roles SET name = $2, permissions = $3, scope = $4, version = version + 1 WHERE key = $1",
        args![
            role.to_string(),
            made.map(|(name, _)| name),
            made.map(|(_, permissions)| json!(permissions)),
            scope.name()
        ],
    )
    .await
    .map(|_| ())
}
