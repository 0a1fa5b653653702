//! The firm's branches, a tree. Who sees a branch's customers sees those of every branch below it.

use base::{Error, Page, PageSize, Result, check_version};
use serde_json::json;

use super::super::model::{Branch, BranchChange, BranchId, Caller, Permission};
use super::super::{rules, store};
use super::NAME_CHARS_MAX;
use crate::db::Tx;
use crate::events::{self, Event};
use crate::ids;
use crate::state::Platform;

/// The longest code, in characters.
const CODE_CHARS_MAX: usize = 64;

/// One page of branches, by code.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Branch>> {
    caller.require(Permission::AccessRead)?;
    store::branches::page(&mut platform.db.read().await?, size, cursor).await
}

/// Adds a branch. Errors: `name_malformed`, `branch_code_taken`, `branch_unknown`, `too_many_branches`.
pub async fn add(platform: &Platform, caller: &Caller, decided: BranchChange) -> Result<Branch> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let decided = checked(decided)?;
    let id = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    let tree = store::branches::hold_tree(&mut tx).await?;
    if tree.len() >= store::branches::BRANCHES_MAX as usize {
        return Err(Error::conflict(
            "too_many_branches",
            format!("there are {} branches already", store::branches::BRANCHES_MAX),
        ));
    }
    if decided
        .parent_id
        .is_some_and(|parent| !tree.contains_key(&parent))
    {
        return Err(parent_unknown());
    }
    store::branches::insert(&mut tx, id, &decided)
        .await
        .map_err(code_taken)?;
    let added = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "branch.added", None, &added).await?;
    tx.commit().await?;
    Ok(added)
}

/// Decides about a branch. Errors: `version_stale`, `branch_below_itself`, and those of [`add`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: BranchId,
    seen: i64,
    decided: BranchChange,
) -> Result<Branch> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let decided = checked(decided)?;
    let mut tx = platform.db.write().await?;
    let tree = store::branches::hold_tree(&mut tx).await?;
    let before = find(&mut tx, id).await?;
    check_version(seen, before.version)?;
    if let Some(parent) = decided.parent_id {
        if !tree.contains_key(&parent) {
            return Err(parent_unknown());
        }
        if rules::is_below_itself(id, parent, &tree) {
            return Err(
                Error::invalid("branch_below_itself", "a branch cannot be below itself").at("parent_id"),
            );
        }
    }
    store::branches::update(&mut tx, id, &decided)
        .await
        .map_err(code_taken)?;
    let after = find(&mut tx, id).await?;
    record(platform, &mut tx, caller, "branch.changed", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

fn checked(decided: BranchChange) -> Result<BranchChange> {
    Ok(BranchChange {
        code: rules::check_name(&decided.code, "code", CODE_CHARS_MAX)?,
        name: rules::check_name(&decided.name, "name", NAME_CHARS_MAX)?,
        ..decided
    })
}

fn parent_unknown() -> Error {
    Error::invalid("branch_unknown", "there is no such branch").at("parent_id")
}

fn code_taken(e: Error) -> Error {
    if e.code() == "already_exists" {
        Error::conflict("branch_code_taken", "there is a branch of this code already")
    } else {
        e
    }
}

async fn find(tx: &mut Tx, id: BranchId) -> Result<Branch> {
    store::branches::find(tx, id)
        .await?
        .ok_or(Error::NotFound { what: "branch" })
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    before: Option<&Branch>,
    after: &Branch,
) -> Result<()> {
    let payload = json!({ "before": before, "after": after });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "branch",
        subject: after.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
