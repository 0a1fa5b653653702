//! What customers pick of choice groups, for a period.

use base::{Day, Error, Result};
use platform::events::{self, Event};
use platform::{Caller, ids};
use serde_json::json;
use uuid::Uuid;

use super::TiersRoom;
use super::entitlements::{Holder, Stands};
use super::redemptions::may_redeem_for;
use crate::model::{Choice, Chosen, Entitlement, ProgrammeId, Promise};
use crate::rules;
use crate::store::entitlements;

/// A choice group with what was picked for the period under way.
pub struct Group {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The group.
    pub choice: Choice,
    /// The codes of its benefits.
    pub of: Vec<String>,
    /// The codes of those that were picked.
    pub picked: Vec<String>,
    /// The last day of the period.
    pub ends: Day,
}

/// The groups of a customer's level, with what was picked for the periods under way.
pub(super) fn groups_of(holder: &Holder, stands: &Stands<'_>) -> Vec<Group> {
    let (Some(level), Some(standing)) = (stands.level, &stands.standing) else {
        return Vec::new();
    };
    let group = |choice: &Choice| {
        let of = |promise: &&Promise| promise.choice.as_ref() == Some(&choice.code);
        let promises: Vec<&Promise> = level.benefits.iter().filter(of).collect();
        let span = rules::span(promises.first()?.per, standing.since, holder.today);
        let picked = stands
            .chosen
            .iter()
            .find(|one| (&one.level, &one.choice, one.from) == (&level.code, &choice.code, span.from));
        Some(Group {
            programme: holder.programme.id,
            choice: choice.clone(),
            of: promises.iter().map(|promise| promise.benefit.clone()).collect(),
            picked: picked.map_or_else(Vec::new, |one| one.benefits.clone()),
            ends: span.ends,
        })
    };
    level.choices.iter().filter_map(group).collect()
}

/// What a customer picks of a choice group.
pub struct Pick {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// Of which group of its level.
    pub choice: String,
    /// The codes of the benefits.
    pub benefits: Vec<String>,
}

/// Picks some benefits of a choice group for the period under way, in place of those that were picked before.
///
/// Errors: there is no such customer in the caller's scope, or it is not its own; `choice_group_unknown`, `choice_invalid`,
/// `choice_used`.
pub async fn choose(room: &TiersRoom, caller: &Caller, customer: Uuid, pick: Pick) -> Result<()> {
    let mut tx = room.platform.db.write().await?;
    may_redeem_for(&mut tx, caller, customer).await?;
    let holder = Holder::read(room, &mut tx, (pick.programme, customer)).await?;
    let actor = caller.actor();
    let accounts = holder.settle(room, &mut tx, actor).await?;
    let stands = holder.stands(&mut tx).await?;
    let unknown = || Error::invalid("choice_group_unknown", "the level has no such group").at("choice");
    let (level, standing) = stands.level.zip(stands.standing.as_ref()).ok_or_else(unknown)?;
    let choice = level.choices.iter().find(|choice| choice.code == pick.choice);
    let choice = choice.ok_or_else(unknown)?;
    rules::check_pick(level, choice, &pick.benefits)?;
    let of = |promise: &&Promise| promise.choice.as_ref() == Some(&choice.code);
    let promises: Vec<&Promise> = level.benefits.iter().filter(of).collect();
    let per = promises.first().ok_or_else(unknown)?.per;
    let span = rules::span(per, standing.since, holder.today);
    let of_period = |promise: &Promise| {
        let of = |account: &&Entitlement| {
            holder.code_of(account.benefit) == promise.benefit && account.from == span.from
        };
        accounts.iter().find(of)
    };
    let picked = |promise: &&&Promise| pick.benefits.contains(&promise.benefit);
    let given_up: Vec<&Entitlement> = promises
        .iter()
        .filter(|promise| !picked(promise))
        .filter_map(|promise| of_period(promise))
        .filter(|account| account.promised > 0)
        .collect();
    rules::may_swap(&given_up)?;
    let again = promises.iter().filter(picked).filter_map(|promise| {
        let account = of_period(promise).filter(|account| account.promised == 0)?;
        Some((account, promise.quantity))
    });
    for (account, promised) in given_up.iter().map(|account| (*account, 0)).chain(again) {
        let mut after = account.clone();
        after.promised = promised;
        let entered = rules::settle(&mut after)?;
        holder.adjusted(room, &mut tx, &after, &entered, actor).await?;
    }
    let chosen = Chosen {
        level: level.code.clone(),
        choice: choice.code.clone(),
        from: span.from,
        benefits: pick.benefits,
    };
    let clock = &room.platform.clock;
    let by = (actor.user(), clock.now());
    let whose = (pick.programme, customer);
    entitlements::choose(&mut tx, ids::new(clock), whose, &chosen, by).await?;
    let payload = json!({
        "programme": holder.programme.facts.code, "choice": chosen.choice, "benefits": chosen.benefits,
        "until": span.ends,
    });
    let event = Event {
        actor,
        kind: "entitlement.chosen",
        subject_kind: "tier_programme",
        subject: pick.programme.uuid(),
        customer: Some(customer),
        payload: &payload,
    };
    events::record(&mut tx, clock, &event).await?;
    holder.settle(room, &mut tx, actor).await?;
    tx.commit().await
}
