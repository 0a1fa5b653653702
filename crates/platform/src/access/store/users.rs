//! The SQL of users as administrators see them.

use std::collections::HashMap;

use base::{Cursor, Error, Page, PageSize, Result};
use uuid::Uuid;

use super::super::model::{BranchId, Role, TeamId, User, UserId, UserRecord};
use crate::args;
use crate::db::{Sql, Tx, uuids};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    login: String,
    name: String,
    role: String,
    branch_id: Option<Uuid>,
    active: bool,
    version: i64,
}

impl Row {
    fn record(self, team_ids: Vec<TeamId>) -> Result<UserRecord> {
        Ok(UserRecord {
            user: User {
                id: self.id.into(),
                login: self.login,
                name: self.name,
                role: self.role.parse().map_err(Error::internal)?,
            },
            branch_id: self.branch_id.map(Into::into),
            team_ids,
            active: self.active,
            version: self.version,
        })
    }
}

/// How many users are looked through at once.
const ROWS: u32 = 500;

/// One page of users, by login; those with this piece in their login or name, where one is given. A firm has so few users
/// that they are looked through, and here: the databases know different capital letters.
pub(in super::super) async fn page(
    tx: &mut Tx,
    piece: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<UserRecord>> {
    // No login is empty.
    let mut after = cursor.map(Cursor::key::<String>).transpose()?.unwrap_or_default();
    let rows = match piece.map(str::to_lowercase) {
        None => rows_after(tx, &after, size.rows() + 1).await?,
        Some(piece) => {
            let wanted = |row: &Row| row.login.contains(&piece) || row.name.to_lowercase().contains(&piece);
            let enough = size.rows() as usize + 1;
            let mut found = Vec::new();
            loop {
                let rows = rows_after(tx, &after, ROWS).await?;
                let is_last = rows.len() < ROWS as usize;
                if let Some(last) = rows.last() {
                    after.clone_from(&last.login);
                }
                found.extend(rows.into_iter().filter(wanted));
                if is_last || found.len() >= enough {
                    found.truncate(enough);
                    break found;
                }
            }
        }
    };
    let mut teams = teams_of(tx, rows.iter().map(|row| row.id)).await?;
    let users = rows
        .into_iter()
        .map(|row| {
            let of_user = teams.remove(&row.id).unwrap_or_default();
            row.record(of_user)
        })
        .collect::<Result<Vec<_>>>()?;
    Page::cut(users, size, |record| record.user.login.clone())
}

async fn rows_after(tx: &mut Tx, login: &str, most: u32) -> Result<Vec<Row>> {
    tx.all(
        "SELECT id, login, name, role, branch_id, active, version FROM users WHERE login > $1 ORDER BY login LIMIT $2",
        args![login, most],
    )
    .await
}

async fn teams_of(tx: &mut Tx, users: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Vec<TeamId>>> {
    let mut sql = Sql::new("SELECT user_id, team_id FROM team_members WHERE user_id");
    sql.bind_in_uuids(tx.dialect(), uuids(users))
        .push(" ORDER BY user_id, team_id");
    let mut teams: HashMap<Uuid, Vec<TeamId>> = HashMap::new();
    for (user, team) in sql.all::<(Uuid, Uuid)>(tx).await? {
        teams.entry(user).or_default().push(team.into());
    }
    Ok(teams)
}

pub(in super::super) async fn find(tx: &mut Tx, id: UserId) -> Result<Option<UserRecord>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, login, name, role, branch_id, active, version FROM users WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let teams = teams_of(tx, std::iter::once(row.id)).await?.remove(&row.id);
    row.record(teams.unwrap_or_default()).map(Some)
}

/// Holds a user against other changes until the transaction ends; false if there is none.
pub(in super::super) async fn hold(tx: &mut Tx, id: UserId) -> Result<bool> {
    let sql = format!("SELECT id FROM users WHERE id = $1{}", tx.dialect().for_update());
    let found: Option<(Uuid,)> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(found.is_some())
}

/// How many administrators can sign in besides this user; they are held until the transaction ends, so that
/// of two who remove each other one is refused.
pub(in super::super) async fn hold_other_administrators(tx: &mut Tx, but: UserId) -> Result<usize> {
    let sql = format!(
        "SELECT id FROM users WHERE role = $1 AND active = TRUE ORDER BY id{}",
        tx.dialect().for_update()
    );
    let rows: Vec<(Uuid,)> = tx
        .all(sqlx::AssertSqlSafe(sql), args![Role::Administrator.to_string()])
        .await?;
    Ok(rows.iter().filter(|(id,)| *id != but.uuid()).count())
}

pub(in super::super) async fn update(
    tx: &mut Tx,
    user: &User,
    branch: Option<BranchId>,
    active: bool,
) -> Result<()> {
    tx.execute(
        "UPDATE users SET name = $2, role = $3, branch_id = $4, active = $5, version = version + 1 WHERE id = $1",
        args![
            user.id.uuid(),
            &user.name,
            user.role.to_string(),
            branch.map(BranchId::uuid),
            active
        ],
    )
    .await
    .map(|_| ())
}
