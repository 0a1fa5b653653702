//! The catalogue of benefits, and the partners at whose sites they are used.

use base::{Error, Result, check_version};
use platform::access::directory;
use platform::events::{self, Event};
use platform::{Caller, Permission, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::TiersRoom;
use crate::model::{Benefit, BenefitFacts, BenefitId, Partner, PartnerFacts, PartnerId};
use crate::rules;
use crate::store::{benefits, partners};

const NO_BENEFIT: Error = Error::NotFound { what: "benefit" };
pub(super) const NO_PARTNER: Error = Error::NotFound { what: "partner" };

/// Every benefit, by code; a firm has at most 200.
pub async fn list(room: &TiersRoom, caller: &Caller) -> Result<Vec<Benefit>> {
    caller.require(Permission::TiersRead)?;
    benefits::all(&mut room.platform.db.read().await?).await
}

/// Makes a benefit. Errors: `benefit_invalid`; `benefit_code_taken`; `too_many_benefits`.
pub async fn create(room: &TiersRoom, caller: &Caller, facts: BenefitFacts) -> Result<Benefit> {
    caller.require(Permission::TiersBenefits)?;
    rules::check_benefit(&facts)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    if benefits::all(&mut tx).await?.len() >= benefits::BENEFITS_MAX as usize {
        return Err(Error::conflict(
            "too_many_benefits",
            "a firm has at most 200 benefits",
        ));
    }
    let id: BenefitId = ids::new(&platform.clock);
    benefits::insert(&mut tx, id, &facts, platform.clock.now())
        .await
        .map_err(|e| taken(e, "benefit_code_taken", "another benefit has this code"))?;
    let subject = ("tier_benefit.created", "tier_benefit", id.uuid());
    record(room, &mut tx, caller, subject, json!({ "after": facts })).await?;
    tx.commit().await?;
    Ok(Benefit {
        id,
        facts,
        version: 1,
    })
}

/// Decides anew about a benefit. Errors: `version_stale`, `benefit_fixed`, `benefit_invalid`.
pub async fn change(
    room: &TiersRoom,
    caller: &Caller,
    id: BenefitId,
    expected: i64,
    facts: BenefitFacts,
) -> Result<Benefit> {
    caller.require(Permission::TiersBenefits)?;
    let mut tx = room.platform.db.write().await?;
    let before = benefits::hold(&mut tx, id).await?.ok_or(NO_BENEFIT)?;
    check_version(expected, before.version)?;
    rules::check_change(&before.facts, &facts)?;
    benefits::update(&mut tx, id, &facts, room.platform.clock.now()).await?;
    let subject = ("tier_benefit.changed", "tier_benefit", id.uuid());
    let payload = json!({ "before": before.facts, "after": facts });
    record(room, &mut tx, caller, subject, payload).await?;
    tx.commit().await?;
    Ok(Benefit {
        id,
        facts,
        version: before.version + 1,
    })
}

/// Every partner, by code; a firm has at most 500.
pub async fn partners(room: &TiersRoom, caller: &Caller) -> Result<Vec<Partner>> {
    caller.require(Permission::TiersRead)?;
    partners::all(&mut room.platform.db.read().await?).await
}

/// Makes a partner. Errors: `partner_invalid`; `partner_taken`; `user_unknown`; `too_many_partners`.
pub async fn create_partner(room: &TiersRoom, caller: &Caller, facts: PartnerFacts) -> Result<Partner> {
    caller.require(Permission::TiersBenefits)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    check_partner(&mut tx, caller, &facts).await?;
    if partners::all(&mut tx).await?.len() >= partners::PARTNERS_MAX as usize {
        return Err(Error::conflict(
            "too_many_partners",
            "a firm has at most 500 partners",
        ));
    }
    let id: PartnerId = ids::new(&platform.clock);
    partners::insert(&mut tx, id, &facts, platform.clock.now())
        .await
        .map_err(partner_taken)?;
    let subject = ("tier_partner.created", "tier_partner", id.uuid());
    record(room, &mut tx, caller, subject, json!({ "after": facts })).await?;
    tx.commit().await?;
    Ok(Partner {
        id,
        facts,
        version: 1,
    })
}

/// Decides anew about a partner. Errors: `version_stale`, and those of [`create_partner`].
pub async fn change_partner(
    room: &TiersRoom,
    caller: &Caller,
    id: PartnerId,
    expected: i64,
    facts: PartnerFacts,
) -> Result<Partner> {
    caller.require(Permission::TiersBenefits)?;
    let mut tx = room.platform.db.write().await?;
    let before = partners::hold(&mut tx, id).await?.ok_or(NO_PARTNER)?;
    check_version(expected, before.version)?;
    check_partner(&mut tx, caller, &facts).await?;
    partners::update(&mut tx, id, &facts, room.platform.clock.now())
        .await
        .map_err(partner_taken)?;
    let subject = ("tier_partner.changed", "tier_partner", id.uuid());
    let payload = json!({ "before": before.facts, "after": facts });
    record(room, &mut tx, caller, subject, payload).await?;
    tx.commit().await?;
    Ok(Partner {
        id,
        facts,
        version: before.version + 1,
    })
}

async fn check_partner(tx: &mut Tx, caller: &Caller, facts: &PartnerFacts) -> Result<()> {
    rules::check_partner(facts, &benefits::all(tx).await?)?;
    let Some(user) = facts.user else {
        return Ok(());
    };
    let known = directory::user(tx, user.into()).await?.is_some();
    // Who redeems for the firm would redeem for the partner from then on.
    if known && user != caller.user.id.uuid() {
        return Ok(());
    }
    Err(Error::invalid("user_unknown", "no other user has this id").at("user"))
}

fn taken(e: Error, code: &'static str, message: &str) -> Error {
    match e.code() {
        "already_exists" => Error::conflict(code, message),
        _ => e,
    }
}

fn partner_taken(e: Error) -> Error {
    taken(e, "partner_taken", "another partner has this code or this user")
}

async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    caller: &Caller,
    (kind, subject_kind, subject): (&'static str, &'static str, Uuid),
    payload: Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind,
        subject,
        customer: None,
        payload: &payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}
