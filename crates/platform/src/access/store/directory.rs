//! What other rooms may ask of users and branches: who is meant by a login or a code, and what to show.

use std::collections::HashMap;

use base::Result;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::super::model::{BranchId, UserId};
use super::super::rules::normalise_login;
use crate::args;
use crate::db::{Tx, list};

/// How many codes or logins go into one statement.
const PER_STATEMENT: usize = 1_000;

/// A branch in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BranchLink {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: BranchId,
    /// What files call it.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A user in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UserLink {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// The name to show.
    pub name: String,
}

/// The branches of these codes, those that are there.
pub async fn branches_by_code(tx: &mut Tx, codes: &[&str]) -> Result<HashMap<String, BranchId>> {
    let mut found = HashMap::new();
    let sql = format!(
        "SELECT code, id FROM branches WHERE code{}",
        tx.dialect().in_texts(1)
    );
    for some in codes.chunks(PER_STATEMENT) {
        let rows: Vec<(String, Uuid)> = tx.all(AssertSqlSafe(sql.clone()), args![list(some)]).await?;
        found.extend(rows.into_iter().map(|(code, id)| (code, id.into())));
    }
    Ok(found)
}

/// The users of these logins, as they were given; those that are there.
pub async fn users_by_login(tx: &mut Tx, logins: &[&str]) -> Result<HashMap<String, UserId>> {
    let mut found = HashMap::new();
    let sql = format!(
        "SELECT login, id FROM users WHERE login{}",
        tx.dialect().in_texts(1)
    );
    for some in logins.chunks(PER_STATEMENT) {
        let known = some.iter().filter_map(|login| normalise_login(login).ok());
        let rows: Vec<(String, Uuid)> = tx.all(AssertSqlSafe(sql.clone()), args![list(known)]).await?;
        let ids: HashMap<String, Uuid> = rows.into_iter().collect();
        for given in some {
            let login = normalise_login(given).unwrap_or_default();
            if let Some(id) = ids.get(&login) {
                found.insert((*given).to_owned(), (*id).into());
            }
        }
    }
    Ok(found)
}

/// A branch in few words.
pub async fn branch(tx: &mut Tx, id: BranchId) -> Result<Option<BranchLink>> {
    let row: Option<(Uuid, String, String)> = tx
        .optional(
            "SELECT id, code, name FROM branches WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(|(id, code, name)| BranchLink {
        id: id.into(),
        code,
        name,
    }))
}

/// A user in few words.
pub async fn user(tx: &mut Tx, id: UserId) -> Result<Option<UserLink>> {
    let row: Option<(Uuid, String)> = tx
        .optional("SELECT id, name FROM users WHERE id = $1", args![id.uuid()])
        .await?;
    Ok(row.map(|(id, name)| UserLink { id: id.into(), name }))
}
