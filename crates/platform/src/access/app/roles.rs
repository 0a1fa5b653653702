//! Roles: the built-in ones, of which the firm decides how far they reach, and those it makes.

use base::{Error, Result, check_version};
use serde_json::json;
use uuid::Uuid;

use super::super::model::{Caller, Permission, Role, RoleChange, RoleId, RoleRecord};
use super::super::scope::ScopeKind;
use super::super::{rules, store};
use super::NAME_CHARS_MAX;
use super::users::grants_no_more;
use crate::db::Tx;
use crate::events::{self, Event};
use crate::ids;
use crate::state::Platform;

/// Every role, the built-in ones first.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<RoleRecord>> {
    caller.require(Permission::AccessRead)?;
    store::roles::all(&mut platform.db.read().await?).await
}

/// Makes a role. Errors: `name_malformed`, `role_name_taken`, `permission_unknown`, `too_many_roles`;
/// `forbidden` where it would grant what the caller's own does not.
pub async fn add(platform: &Platform, caller: &Caller, decided: RoleChange) -> Result<RoleRecord> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let (name, permissions) = made(&decided)?;
    grants_no_more(caller, &permissions)?;
    let role = Role::Made(ids::new::<RoleId>(&platform.clock));
    let mut tx = platform.db.write().await?;
    if store::roles::all(&mut tx).await?.len() >= store::roles::ROLES_MAX as usize {
        return Err(Error::conflict(
            "too_many_roles",
            format!("there are {} roles already", store::roles::ROLES_MAX),
        ));
    }
    store::roles::insert(&mut tx, role, &name, &permissions, decided.scope)
        .await
        .map_err(name_taken)?;
    let added = find(&mut tx, role).await?;
    record(platform, &mut tx, caller, "role.added", None, &added).await?;
    tx.commit().await?;
    Ok(added)
}

/// Decides about a role; it takes effect with the next request of whoever has it. Of a built-in one only how
/// far it reaches can be decided, and of the administrator's not even that.
///
/// Errors: `version_stale`, `role_built_in`, and those of [`add`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    role: Role,
    seen: i64,
    decided: RoleChange,
) -> Result<RoleRecord> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.write().await?;
    let before = find(&mut tx, role).await?;
    check_version(seen, before.version)?;
    grants_no_more(caller, &before.permissions)?;
    if let Role::Made(_) = role {
        let (name, permissions) = made(&decided)?;
        grants_no_more(caller, &permissions)?;
        store::roles::update(&mut tx, role, Some((&name, &permissions)), decided.scope)
            .await
            .map_err(name_taken)?;
    } else {
        let is_administrators = role == Role::Administrator && decided.scope != ScopeKind::All;
        if is_administrators || decided.name.is_some() || decided.permissions.is_some() {
            return Err(Error::invalid(
                "role_built_in",
                "of a built-in role only the scope can be changed, and not the administrator's",
            ));
        }
        store::roles::update(&mut tx, role, None, decided.scope).await?;
    }
    let after = find(&mut tx, role).await?;
    record(platform, &mut tx, caller, "role.changed", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

fn made(decided: &RoleChange) -> Result<(String, Vec<&'static str>)> {
    let name = rules::check_name(
        decided.name.as_deref().unwrap_or_default(),
        "name",
        NAME_CHARS_MAX,
    )?;
    let permissions = rules::permissions_named(decided.permissions.as_deref().unwrap_or_default())?;
    Ok((name, permissions.into_iter().map(Permission::name).collect()))
}

fn name_taken(e: Error) -> Error {
    if e.code() == "already_exists" {
        Error::conflict("role_name_taken", "there is a role of this name already")
    } else {
        e
    }
}

async fn find(tx: &mut Tx, role: Role) -> Result<RoleRecord> {
    store::roles::hold(tx, role)
        .await?
        .ok_or(Error::NotFound { what: "role" })
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    before: Option<&RoleRecord>,
    after: &RoleRecord,
) -> Result<()> {
    let payload = json!({ "before": before, "after": after });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "role",
        // The built-in ones have names and no ids; the payload says which.
        subject: match after.role {
            Role::Made(id) => id.uuid(),
            _ => Uuid::nil(),
        },
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
