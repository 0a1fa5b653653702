//! The SQL that finds out who calls: user, what the role grants, and which customers are in scope. The
//! tree of branches and the members of teams are resolved here, once per request.

use base::{Error, Result};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::model::{BranchId, Caller, Role, Standing, User, UserId};
use super::super::rules::known_permissions;
use super::super::scope::{Reach, Scope, ScopeKind};
use crate::args;
use crate::db::{Tx, timestamp};

/// How many owners a scope can have: what a user's teams have at most.
const OWNERS_MAX: u32 = super::teams::OF_USER_MAX * super::teams::MEMBERS_MAX;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    login: String,
    name: String,
    role: String,
    branch_id: Option<Uuid>,
    one_time_until: Option<i64>,
    permissions: Option<Json<Vec<String>>>,
    scope: Option<String>,
    expires_at: i64,
}

/// The user of a session that has not expired, and until when it holds.
pub(in super::super) async fn of_session(
    tx: &mut Tx,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Caller, Timestamp)>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT u.id, u.login, u.name, u.role, u.branch_id, u.one_time_until, r.permissions, r.scope, \
             s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN roles r ON r.key = u.role \
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.active = TRUE",
            args![token_hash.to_vec(), now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at = timestamp(row.expires_at);
    Ok(Some((caller(tx, row).await?, expires_at)))
}

/// A user who may sign in, as a caller.
pub(in super::super) async fn of_user(tx: &mut Tx, id: UserId) -> Result<Option<Caller>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT u.id, u.login, u.name, u.role, u.branch_id, u.one_time_until, r.permissions, r.scope, \
             CAST(0 AS BIGINT) AS expires_at FROM users u LEFT JOIN roles r ON r.key = u.role \
             WHERE u.id = $1 AND u.active = TRUE",
            args![id.uuid()],
        )
        .await?;
    match row {
        Some(row) => caller(tx, row).await.map(Some),
        None => Ok(None),
    }
}

async fn caller(tx: &mut Tx, row: Row) -> Result<Caller> {
    let role: Role = row.role.parse().map_err(Error::internal)?;
    let grants = match (&row.scope, row.permissions) {
        // A role that is not there grants nothing.
        (None, _) => Vec::new(),
        (Some(_), Some(Json(names))) => known_permissions(&names),
        (Some(_), None) => role.built_in_grants(),
    };
    let user = User {
        id: row.id.into(),
        login: row.login,
        name: row.name,
        role,
    };
    let reach = match row.scope.as_deref().map(str::parse::<ScopeKind>).transpose()? {
        None => Reach::Owners(Vec::new()),
        Some(ScopeKind::All) => Reach::All,
        Some(ScopeKind::Branch) => Reach::Branches(branches_below(tx, row.branch_id.map(Into::into)).await?),
        Some(ScopeKind::Team) => Reach::Owners(team_mates(tx, user.id).await?),
        Some(ScopeKind::Own) => Reach::Owners(vec![user.id]),
    };
    Ok(Caller::new(
        (user, row.branch_id.map(Into::into)),
        row.one_time_until.is_some(),
        grants,
        Scope::of(reach),
    ))
}

/// What a user's role is called and how far it reaches, and the user's branch.
pub(in super::super) async fn standing(tx: &mut Tx, user: UserId) -> Result<Option<Standing>> {
    type Row = (Option<String>, Option<String>, Option<String>);
    let row: Option<Row> = tx
        .optional(
            "SELECT r.name, r.scope, b.name FROM users u LEFT JOIN roles r ON r.key = u.role \
             LEFT JOIN branches b ON b.id = u.branch_id WHERE u.id = $1",
            args![user.uuid()],
        )
        .await?;
    let standing = |(role_name, scope, branch_name): Row| {
        Ok(Standing {
            role_name,
            scope: scope.as_deref().map(str::parse).transpose()?,
            branch_name,
        })
    };
    row.map(standing).transpose()
}

/// A branch with every branch below it.
async fn branches_below(tx: &mut Tx, branch: Option<BranchId>) -> Result<Vec<BranchId>> {
    let Some(branch) = branch else {
        return Ok(Vec::new());
    };
    let rows: Vec<(Uuid,)> = tx
        .all(
            "WITH RECURSIVE below (id) AS (SELECT id FROM branches WHERE id = $1 \
             UNION SELECT b.id FROM branches b JOIN below ON b.parent_id = below.id) \
             SELECT id FROM below LIMIT $2",
            args![branch.uuid(), super::branches::BRANCHES_MAX],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// A user with the members of the user's teams.
async fn team_mates(tx: &mut Tx, user: UserId) -> Result<Vec<UserId>> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT DISTINCT m.user_id FROM team_members mine JOIN team_members m ON m.team_id = mine.team_id \
             WHERE mine.user_id = $1 AND m.user_id <> $1 LIMIT $2",
            args![user.uuid(), OWNERS_MAX],
        )
        .await?;
    Ok(std::iter::once(user)
        .chain(rows.into_iter().map(|(id,)| id.into()))
        .collect())
}
