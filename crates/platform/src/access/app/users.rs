//! Users as those see them who decide about them. Nobody gives a role, or touches someone who has one, that
//! grants more than the caller's own; and somebody stays who may do everything.

use base::{Error, Page, PageSize, Result, check_version};
use serde_json::json;

use super::super::model::{Caller, Permission, Role, TeamId, User, UserChange, UserId, UserRecord};
use super::super::{password, rules, store};
use super::{NAME_CHARS_MAX, give_one_time_password, insert};
use crate::db::Tx;
use crate::events::{self, Event};
use crate::state::Platform;
use crate::{ids, random};

/// The longest search, in characters: a login or a name.
const SEARCH_CHARS_MAX: usize = 100;

/// One page of users, by login; those with a piece of text in their login or name where one is given.
///
/// Error: `search_too_long`.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    piece: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<UserRecord>> {
    caller.require(Permission::AccessRead)?;
    let piece = piece.map(str::trim).filter(|piece| !piece.is_empty());
    if piece.is_some_and(|piece| piece.chars().count() > SEARCH_CHARS_MAX) {
        let message = format!("a search has at most {SEARCH_CHARS_MAX} characters");
        return Err(Error::invalid("search_too_long", message).at("q"));
    }
    store::users::page(&mut platform.db.read().await?, piece, size, cursor).await
}

/// One user.
pub async fn get(platform: &Platform, caller: &Caller, id: UserId) -> Result<UserRecord> {
    caller.require(Permission::AccessRead)?;
    find(&mut platform.db.read().await?, id).await
}

async fn find(tx: &mut Tx, id: UserId) -> Result<UserRecord> {
    store::users::find(tx, id)
        .await?
        .ok_or(Error::NotFound { what: "user" })
}

/// Adds a user and gives the password for the first sign-in, once.
///
/// Errors: `login_malformed`, `login_taken`, and those of [`change`].
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    login: &str,
    decided: UserChange,
) -> Result<(UserRecord, String)> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let id = ids::new(&platform.clock);
    let user = User {
        id,
        login: rules::normalise_login(login)?,
        name: rules::check_name(&decided.name, "name", NAME_CHARS_MAX)?,
        role: decided.role.parse()?,
    };
    let one_time = random::one_time_password();
    let hash = password::hash(one_time.clone()).await?;
    let mut tx = platform.db.write().await?;
    may_decide(&mut tx, caller, user.role).await?;
    let teams = check_places(&mut tx, &decided).await?;
    insert(platform, &mut tx, &user, decided.branch_id, &hash).await?;
    if !decided.active {
        store::users::update(&mut tx, &user, decided.branch_id, false).await?;
    }
    store::teams::set_of_user(&mut tx, id, &teams).await?;
    check_team_sizes(&mut tx, &teams).await?;
    let added = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "user.added", None, &added).await?;
    tx.commit().await?;
    Ok((added, one_time))
}

/// Decides about a user; it takes effect with the user's next request. `seen` is the version decided upon.
///
/// Errors: `version_stale`; `forbidden` where the role, before or after, grants what the caller's does not;
/// `last_administrator`; a name, role, branch or team that cannot be.
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: UserId,
    seen: i64,
    decided: UserChange,
) -> Result<UserRecord> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let name = rules::check_name(&decided.name, "name", NAME_CHARS_MAX)?;
    let role: Role = decided.role.parse()?;
    let mut tx = platform.db.write().await?;
    let others = store::users::hold_other_administrators(&mut tx, id).await?;
    if !store::users::hold(&mut tx, id).await? {
        return Err(Error::NotFound { what: "user" });
    }
    let before = find(&mut tx, id).await?;
    check_version(seen, before.version)?;
    may_decide(&mut tx, caller, before.user.role).await?;
    if role != before.user.role {
        may_decide(&mut tx, caller, role).await?;
    }
    let is_one = before.active && before.user.role == Role::Administrator;
    let stays_one = decided.active && role == Role::Administrator;
    if is_one && !stays_one && others == 0 {
        return Err(Error::conflict(
            "last_administrator",
            "this is the last administrator: make another one first",
        ));
    }
    let teams = check_places(&mut tx, &decided).await?;
    let user = User {
        name,
        role,
        ..before.user.clone()
    };
    store::users::update(&mut tx, &user, decided.branch_id, decided.active).await?;
    store::teams::set_of_user(&mut tx, id, &teams).await?;
    check_team_sizes(&mut tx, &teams).await?;
    if !decided.active {
        store::sessions::delete_all(&mut tx, id, &[]).await?;
    }
    let after = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "user.changed", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Gives a user a new one-time password, ends their sessions and lifts the throttle on their login.
pub async fn reset_password(
    platform: &Platform,
    caller: &Caller,
    id: UserId,
) -> Result<(UserRecord, String)> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let one_time = random::one_time_password();
    let hash = password::hash(one_time.clone()).await?;
    let mut tx = platform.db.write().await?;
    let found = find(&mut tx, id).await?;
    may_decide(&mut tx, caller, found.user.role).await?;
    give_one_time_password(platform, &mut tx, caller.actor(), &found.user, &hash).await?;
    tx.commit().await?;
    Ok((found, one_time))
}

/// Passes if the role grants nothing that the caller's own does not.
pub(in super::super) async fn may_decide(tx: &mut Tx, caller: &Caller, role: Role) -> Result<()> {
    let role = store::roles::hold(tx, role)
        .await?
        .ok_or_else(|| Error::invalid("role_unknown", "there is no such role").at("role"))?;
    grants_no_more(caller, &role.permissions)
}

pub(in super::super) fn grants_no_more(caller: &Caller, permissions: &[&str]) -> Result<()> {
    let beyond = Permission::ALL
        .into_iter()
        .find(|permission| permissions.contains(&permission.name()) && !caller.may(*permission));
    match beyond {
        None => Ok(()),
        Some(permission) => Err(Error::Forbidden {
            permission: permission.name(),
        }),
    }
}

async fn check_places(tx: &mut Tx, decided: &UserChange) -> Result<Vec<TeamId>> {
    if let Some(branch) = decided.branch_id
        && store::branches::find(tx, branch).await?.is_none()
    {
        return Err(Error::invalid("branch_unknown", "there is no such branch").at("branch_id"));
    }
    let mut teams = decided.team_ids.clone();
    teams.sort_unstable();
    teams.dedup();
    if teams.len() > store::teams::OF_USER_MAX as usize {
        let message = format!("a user is in at most {} teams", store::teams::OF_USER_MAX);
        return Err(Error::invalid("too_many_teams", message).at("team_ids"));
    }
    for team in &teams {
        if !store::teams::hold(tx, *team).await? {
            return Err(Error::invalid("team_unknown", "there is no such team").at("team_ids"));
        }
    }
    Ok(teams)
}

/// After the user was put into them; each team is held.
async fn check_team_sizes(tx: &mut Tx, teams: &[TeamId]) -> Result<()> {
    for team in teams {
        let members = store::teams::find(tx, *team)
            .await?
            .map_or(0, |team| team.members);
        if members > i64::from(store::teams::MEMBERS_MAX) {
            let message = format!("a team has at most {} members", store::teams::MEMBERS_MAX);
            return Err(Error::invalid("team_full", message).at("team_ids"));
        }
    }
    Ok(())
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    before: Option<&UserRecord>,
    after: &UserRecord,
) -> Result<()> {
    let payload = json!({ "before": before, "after": after });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "user",
        subject: after.user.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
