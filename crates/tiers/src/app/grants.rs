//! Levels, suspensions and nominations given by hand: asked for by one person, agreed to by another, dated, ending by
//! themselves. When one ends the customer has what it earned, at once.

use base::{Cursor, Error, Page, PageSize, Result, check_version};
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Tx, ids};
use serde_json::json;
use uuid::Uuid;

use super::{NO_PROGRAMME, TiersRoom, decide_one};
use crate::model::{Grant, GrantId, GrantState, NewGrant, VersionState};
use crate::rules;
use crate::store::grants::{self, Filter};
use crate::store::programmes;

/// Asks for something to be given.
///
/// Errors: there is no such customer in the caller's scope; `customer_merged`; `no_version_in_force`; those of
/// [`rules::check_grant`].
pub async fn request(room: &TiersRoom, caller: &Caller, customer: Uuid, new: NewGrant) -> Result<Grant> {
    let mut tx = room.platform.db.write().await?;
    let grant = request_in(room, &mut tx, caller, customer, new).await?;
    tx.commit().await?;
    Ok(grant)
}

/// The same in a transaction that is there.
pub(super) async fn request_in(
    room: &TiersRoom,
    tx: &mut Tx,
    caller: &Caller,
    customer: Uuid,
    new: NewGrant,
) -> Result<Grant> {
    caller.require(Permission::TiersGrant)?;
    caller.require(Permission::CustomersRead)?;
    let platform = &room.platform;
    let there = customers::store::refer(tx, caller.scope(), customer.into()).await?;
    there.ok_or(Error::NotFound { what: "customer" })?;
    programmes::find(tx, new.programme).await?.ok_or(NO_PROGRAMME)?;
    let version = programmes::version_in(tx, new.programme, VersionState::Effective).await?;
    let version = version.ok_or_else(|| {
        let message = "no version of this programme is in force: there are no levels to be given";
        Error::conflict("no_version_in_force", message)
    })?;
    let today = room.today(tx).await?;
    rules::check_grant(&new, &version.document, today)?;
    let grant = Grant {
        id: ids::new(&platform.clock),
        customer,
        facts: new,
        state: GrantState::Requested,
        requested_by: caller.actor().user(),
        requested_at: platform.clock.now(),
        decided_by: None,
        decided_at: None,
        version: 1,
    };
    grants::insert(tx, &grant).await?;
    record(room, tx, "tier_grant.requested", &grant, caller.actor()).await?;
    Ok(grant)
}

/// Agrees to what was asked for, refuses it, or takes it back.
///
/// Errors: there is none in the caller's scope; `version_stale`; `grant_state`; `second_person_needed`;
/// `customer_erased`.
pub async fn decide(
    room: &TiersRoom,
    caller: &Caller,
    id: GrantId,
    expected: i64,
    next: GrantState,
) -> Result<Grant> {
    caller.require(Permission::TiersGrant)?;
    caller.require(Permission::CustomersRead)?;
    let platform = &room.platform;
    let figures = room.value.published_figures().await?;
    let mut tx = platform.db.write().await?;
    tx.about_to_write("customers").await?;
    let grant = held(&mut tx, caller, id).await?;
    check_version(expected, grant.version)?;
    rules::may_decide(&grant, next, caller.user.id.uuid())?;
    if next == GrantState::Approved {
        customers::store::refer(&mut tx, caller.scope(), grant.customer.into()).await?;
    }
    let by = caller.actor();
    grants::set_state(&mut tx, id, next, by.user(), platform.clock.now()).await?;
    let now = held(&mut tx, caller, id).await?;
    let kind = match next {
        GrantState::Approved => "tier_grant.approved",
        GrantState::Refused => "tier_grant.refused",
        _ => "tier_grant.revoked",
    };
    record(room, &mut tx, kind, &now, by).await?;
    let of = (grant.facts.programme, grant.customer);
    decide_one::decide(room, &mut tx, &figures, of, by).await?;
    tx.commit().await?;
    Ok(now)
}

async fn held(tx: &mut Tx, caller: &Caller, id: GrantId) -> Result<Grant> {
    let grant = grants::hold(tx, caller.scope(), id).await?;
    grant.ok_or(Error::NotFound {
        what: "level given by hand",
    })
}

/// What was given to customers the caller sees, the soonest to end first.
pub async fn list(
    room: &TiersRoom,
    caller: &Caller,
    filter: Filter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Grant>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key::<(i32, Uuid)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = grants::page(&mut tx, caller.scope(), &filter, after, size.rows() + 1).await?;
    Page::cut(rows, size, |grant| (grant.facts.until.0, grant.id.uuid()))
}

/// Ends what is over, each with its customer's decision in one transaction.
pub(crate) async fn end_those_over(room: &TiersRoom, most: u32) -> Result<()> {
    let platform = &room.platform;
    let mut tx = platform.db.read().await?;
    let today = room.today(&mut tx).await?;
    let over = grants::over_before(&mut tx, today, most).await?;
    drop(tx);
    if over.is_empty() {
        return Ok(());
    }
    let figures = room.value.published_figures().await?;
    for grant in over {
        let mut tx = platform.db.write().await?;
        tx.about_to_write("customers").await?;
        let scope = platform::Scope::of_system();
        let Some(grant) = grants::hold(&mut tx, &scope, grant.id).await? else {
            continue;
        };
        if !grant.state.may_become(GrantState::Ended) {
            continue;
        }
        grants::set_state(&mut tx, grant.id, GrantState::Ended, None, platform.clock.now()).await?;
        record(room, &mut tx, "tier_grant.ended", &grant, Actor::System).await?;
        let of = (grant.facts.programme, grant.customer);
        decide_one::decide(room, &mut tx, &figures, of, Actor::System).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    kind: &'static str,
    grant: &Grant,
    actor: Actor,
) -> Result<()> {
    // The log keeps no free text: what a reason says of a person could never be erased (ADR 14).
    let facts = &grant.facts;
    let payload = json!({
        "programme": facts.programme, "kind": facts.kind, "level": facts.level, "from": facts.from,
        "until": facts.until, "requested_by": grant.requested_by,
    });
    let event = Event {
        actor,
        kind,
        subject_kind: "tier_grant",
        subject: grant.id.uuid(),
        customer: Some(grant.customer),
        payload: &payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}
