//! Teams of users. Who is in which is decided with the user.

use base::{Error, Page, PageSize, Result, check_version};
use serde_json::json;

use super::super::model::{Caller, Permission, Team, TeamChange, TeamId};
use super::super::{rules, store};
use super::NAME_CHARS_MAX;
use crate::db::Tx;
use crate::events::{self, Event};
use crate::ids;
use crate::state::Platform;

/// One page of teams, by name.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Team>> {
    caller.require(Permission::AccessRead)?;
    store::teams::page(&mut platform.db.read().await?, size, cursor).await
}

/// Adds a team. Errors: `name_malformed`, `team_name_taken`.
pub async fn add(platform: &Platform, caller: &Caller, decided: TeamChange) -> Result<Team> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let decided = checked(&decided)?;
    let id = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    store::teams::insert(&mut tx, id, &decided)
        .await
        .map_err(name_taken)?;
    let added = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "team.added", None, &added).await?;
    tx.commit().await?;
    Ok(added)
}

/// Decides about a team. Errors: `version_stale`, and those of [`add`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: TeamId,
    seen: i64,
    decided: TeamChange,
) -> Result<Team> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let decided = checked(&decided)?;
    let mut tx = platform.db.write().await?;
    if !store::teams::hold(&mut tx, id).await? {
        return Err(Error::NotFound { what: "team" });
    }
    let before = find(&mut tx, id).await?;
    check_version(seen, before.version)?;
    store::teams::update(&mut tx, id, &decided)
        .await
        .map_err(name_taken)?;
    let after = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "team.changed", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

fn checked(decided: &TeamChange) -> Result<TeamChange> {
    Ok(TeamChange {
        name: rules::check_name(&decided.name, "name", NAME_CHARS_MAX)?,
    })
}

fn name_taken(e: Error) -> Error {
    if e.code() == "already_exists" {
        Error::conflict("team_name_taken", "there is a team of this name already")
    } else {
        e
    }
}

async fn find(tx: &mut Tx, id: TeamId) -> Result<Team> {
    store::teams::find(tx, id)
        .await?
        .ok_or(Error::NotFound { what: "team" })
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    before: Option<&Team>,
    after: &Team,
) -> Result<()> {
    let payload = json!({ "before": before, "after": after });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "team",
        subject: after.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
