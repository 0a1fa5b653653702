//! What was set aside or used and is given back: cancelled, lapsed, reversed; and another code for what is set aside.

use base::{Error, Result};
use customers::store::resolve;
use platform::events::Actor;
use platform::{Caller, Tx, ids};
use uuid::Uuid;

use super::TiersRoom;
use super::entitlements::save;
use super::redemptions::{Code, NO_REDEMPTION, Said, expiry, for_the_firm, new_code};
use crate::model::{Benefit, Entitlement, Redemption, RedemptionId, RedemptionState};
use crate::rules;
use crate::store::{benefits, entitlements, programmes, redemptions, statements};

/// A use whose entitlement is held.
pub(super) struct Held {
    pub(super) redemption: Redemption,
    pub(super) account: Entitlement,
    pub(super) benefit: Benefit,
    pub(super) programme: String,
}

/// Holds the entitlement of a use, then reads the use as it is by then.
pub(super) async fn hold(tx: &mut Tx, redemption: &Redemption) -> Result<Held> {
    let account = entitlements::hold(tx, redemption.entitlement)
        .await?
        .ok_or(NO_REDEMPTION)?;
    let redemption = redemptions::find(tx, redemption.id).await?.ok_or(NO_REDEMPTION)?;
    let benefit = benefits::find(tx, account.benefit).await?.ok_or(NO_REDEMPTION)?;
    let programme = programmes::find(tx, account.programme).await?;
    Ok(Held {
        redemption,
        account,
        benefit,
        programme: programme.map_or_else(String::new, |programme| programme.facts.code),
    })
}

async fn held(tx: &mut Tx, caller: &Caller, id: RedemptionId) -> Result<Held> {
    for_the_firm(tx, caller).await?;
    let redemption = redemptions::find(tx, id).await?.ok_or(NO_REDEMPTION)?;
    let seen = entitlements::find(tx, caller.scope(), redemption.entitlement).await?;
    seen.ok_or(NO_REDEMPTION)?;
    hold(tx, &redemption).await
}

/// Gives up what was set aside. What is given up already stays so. Errors: there is none in the caller's scope;
/// `reason_malformed`; `redemption_state`.
pub async fn cancel(room: &TiersRoom, caller: &Caller, id: RedemptionId, reason: &str) -> Result<Redemption> {
    give_back(room, caller, (id, RedemptionState::Cancelled), reason).await
}

/// Gives back what was used, with the day it had; what a partner was owed is taken back. What was given back already stays
/// so. Errors: those of [`cancel`].
pub async fn reverse(
    room: &TiersRoom,
    caller: &Caller,
    id: RedemptionId,
    reason: &str,
) -> Result<Redemption> {
    give_back(room, caller, (id, RedemptionState::Reversed), reason).await
}

async fn give_back(
    room: &TiersRoom,
    caller: &Caller,
    (id, next): (RedemptionId, RedemptionState),
    reason: &str,
) -> Result<Redemption> {
    rules::check_reason(reason)?;
    let mut tx = room.platform.db.write().await?;
    let held = held(&mut tx, caller, id).await?;
    if held.redemption.state == next {
        return Ok(held.redemption);
    }
    let after = close(room, &mut tx, held, (next, Some(reason)), caller.actor()).await?;
    tx.commit().await?;
    Ok(after)
}

pub(super) async fn close(
    room: &TiersRoom,
    tx: &mut Tx,
    held: Held,
    (next, reason): (RedemptionState, Option<&str>),
    actor: Actor,
) -> Result<Redemption> {
    let Held {
        redemption,
        mut account,
        benefit,
        programme,
    } = held;
    if !redemption.state.may_become(next) {
        let message = format!(
            "this is {} and cannot come to be {}",
            redemption.state.name(),
            next.name()
        );
        return Err(Error::conflict("redemption_state", message));
    }
    let today = room.today(tx).await?;
    let (kind, entered) = match next {
        RedemptionState::Reversed => {
            let entered = rules::reverse(&mut account, redemption.quantity, today)?;
            ("redemption.reversed", entered)
        }
        _ => {
            let entered = rules::release(&mut account, redemption.quantity, today)?;
            let cancelled = next == RedemptionState::Cancelled;
            let kind = if cancelled {
                "redemption.cancelled"
            } else {
                "redemption.lapsed"
            };
            (kind, entered)
        }
    };
    save(room, tx, &account, &entered, (actor, Some(redemption.id))).await?;
    let clock = &room.platform.clock;
    if next == RedemptionState::Reversed {
        statements::take_back(tx, ids::new(clock), redemption.id, today).await?;
    }
    redemptions::closed(tx, redemption.id, next, reason, actor.user(), clock.now()).await?;
    let after = redemptions::find(tx, redemption.id).await?.ok_or(NO_REDEMPTION)?;
    let customer = survivor(tx, account.customer).await?;
    let said = Said::of(&programme, &benefit, customer);
    said.record(room, tx, kind, &after, actor).await?;
    Ok(after)
}

pub(super) async fn survivor(tx: &mut Tx, customer: Uuid) -> Result<Uuid> {
    let scope = platform::Scope::of_system();
    let found = resolve(tx, &scope, customer.into()).await?;
    Ok(found.map_or(customer, |(survivor, _)| survivor.uuid()))
}

/// Gives another code for what is set aside; the one before can be used no more. Errors: those of [`cancel`];
/// `minutes_malformed`.
pub async fn another_code(
    room: &TiersRoom,
    caller: &Caller,
    id: RedemptionId,
    minutes: u32,
) -> Result<(Redemption, Code)> {
    let expires_at = expiry(room.platform.clock.now(), minutes)?;
    let (code, hash) = new_code();
    let mut tx = room.platform.db.write().await?;
    let held = held(&mut tx, caller, id).await?;
    if held.redemption.state != RedemptionState::Reserved {
        return Err(Error::conflict(
            "redemption_state",
            "only what is set aside has a code",
        ));
    }
    redemptions::set_code(&mut tx, id, hash, expires_at).await?;
    let customer = survivor(&mut tx, held.account.customer).await?;
    let said = Said::of(&held.programme, &held.benefit, customer);
    let actor = caller.actor();
    said.record(room, &mut tx, "redemption.code_given", &held.redemption, actor)
        .await?;
    let after = redemptions::find(&mut tx, id).await?.ok_or(NO_REDEMPTION)?;
    tx.commit().await?;
    Ok((after, code))
}

/// Gives up what was set aside and not used in time, each in a transaction of its own.
pub(crate) async fn lapse_those_over(room: &TiersRoom, most: u32) -> Result<()> {
    let db = &room.platform.db;
    let now = room.platform.clock.now();
    let mut tx = db.read().await?;
    let over = redemptions::lapsing(&mut tx, now, most).await?;
    drop(tx);
    for redemption in over {
        let mut tx = db.write().await?;
        let held = hold(&mut tx, &redemption).await?;
        let current = &held.redemption;
        // It may have been used, or another code given, meanwhile.
        if current.state != RedemptionState::Reserved || current.expires_at > now {
            continue;
        }
        close(
            room,
            &mut tx,
            held,
            (RedemptionState::Lapsed, None),
            Actor::System,
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}
