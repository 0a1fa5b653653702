//! The SQL of teams and who is in them.

use base::{Cursor, Page, PageSize, Result};
use uuid::Uuid;

use super::super::model::{Team, TeamChange, TeamId, UserId};
use crate::args;
use crate::db::{Sql, Tx};

/// How many teams a user can be in.
pub(in super::super) const OF_USER_MAX: u32 = 20;
/// How many users a team can have.
pub(in super::super) const MEMBERS_MAX: u32 = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    members: i64,
    version: i64,
}

impl From<Row> for Team {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            members: row.members,
            version: row.version,
        }
    }
}

const SELECT: &str = "SELECT t.id, t.name, t.version, \
    (SELECT count(*) FROM team_members m WHERE m.team_id = t.id) AS members FROM teams t WHERE ";

/// One page of teams, by name.
pub(in super::super) async fn page(tx: &mut Tx, size: PageSize, cursor: Option<&str>) -> Result<Page<Team>> {
    let mut sql = Sql::new(SELECT);
    // No name is empty.
    sql.push("t.name > ")
        .bind(cursor.map(Cursor::key::<String>).transpose()?.unwrap_or_default())
        .push(" ORDER BY t.name LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    Page::cut(rows.into_iter().map(Team::from).collect(), size, |team| {
        team.name.clone()
    })
}

pub(in super::super) async fn find(tx: &mut Tx, id: TeamId) -> Result<Option<Team>> {
    let mut sql = Sql::new(SELECT);
    sql.push("t.id = ").bind(id.uuid());
    let rows: Vec<Row> = sql.all(tx).await?;
    Ok(rows.into_iter().next().map(Team::from))
}

/// Holds a team against other changes until the transaction ends; false if there is none.
pub(in super::super) async fn hold(tx: &mut Tx, id: TeamId) -> Result<bool> {
    let sql = format!("SELECT id FROM teams WHERE id = $1{}", tx.dialect().for_update());
    let found: Option<(Uuid,)> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(found.is_some())
}

/// Adds a team. Error: `already_exists` when the name is taken.
pub(in super::super) async fn insert(tx: &mut Tx, id: TeamId, team: &TeamChange) -> Result<()> {
    tx.execute(
        "INSERT INTO teams (id, name) VALUES ($1, $2)",
        args![id.uuid(), &team.name],
    )
    .await
    .map(|_| ())
}

/// Changes a team. Error: `already_exists` when the name is taken.
pub(in super::super) async fn update(tx: &mut Tx, id: TeamId, team: &TeamChange) -> Result<()> {
    tx.execute(
        "UPDATE teams SET name = $2, version = version + 1 WHERE id = $1",
        args![id.uuid(), &team.name],
    )
    .await
    .map(|_| ())
}

/// Puts a user into these teams and no others.
pub(in super::super) async fn set_of_user(tx: &mut Tx, user: UserId, teams: &[TeamId]) -> Result<()> {
    tx.execute("DELETE FROM team_members WHERE user_id = $1", args![user.uuid()])
        .await?;
    for team in teams {
        tx.execute(
            "INSERT INTO team_members (team_id, user_id) VALUES ($1, $2)",
            args![team.uuid(), user.uuid()],
        )
        .await?;
    }
    Ok(())
}
