//! Advance refunds: claimed for a customer and decided on at once, paid out, recovered from the merchant, given up by who may.

mod ageing;
mod limits;

use base::{Cursor, Day, Error, Page, PageSize, Result};
use customers::store::{as_one, refer, resolve};
use platform::events::{self, Event};
use platform::{Caller, Permission, Tx, firm, ids};
use serde_json::{Value, json};
use uuid::Uuid;
use value::store::ledger;

use super::TiersRoom;
use super::redemptions::survivor;
use crate::model::{
    Advance, AdvanceBalances, AdvanceDecision, AdvanceEntry, AdvanceEntryKind, AdvanceFacts, AdvanceId,
    AdvanceLimits, AdvanceState, Claim, Payout, PayoutMethod,
};
use crate::rules::advances as rules;
use crate::rules::{check_key, check_reason};
use crate::store::advances::{self, Filter, NewEntry};

pub use ageing::{ageing, csv};

const NO_CUSTOMER: Error = Error::NotFound { what: "customer" };
const NO_ADVANCE: Error = Error::NotFound { what: "advance" };

/// Claims an advance refund for a customer. It is decided on at once, and what was refused is kept too; the same request
/// again gives the decision that was made.
///
/// Errors: there is no such customer in the caller's scope; `customer_merged`, `customer_erased`; those of
/// [`rules::check_claim`]; `key_reused`.
pub async fn claim(room: &TiersRoom, caller: &Caller, customer: Uuid, claim: &Claim) -> Result<Advance> {
    caller.require(Permission::TiersAdvances)?;
    caller.require(Permission::CustomersRead)?;
    rules::check_claim(claim)?;
    let mut tx = room.platform.db.write().await?;
    refer(&mut tx, caller.scope(), customer.into())
        .await?
        .ok_or(NO_CUSTOMER)?;
    advances::hold_customer(&mut tx, customer).await?;
    let customers = as_one(&mut tx, customer).await?;
    if let Some(before) = advances::by_key(&mut tx, &customers, &claim.key).await? {
        rules::same_claim(&before, claim)?;
        return Ok(before);
    }
    let today = room.today(&mut tx).await?;
    let facts = facts(&mut tx, &customers, claim).await?;
    let limits = limits::of(&mut tx, &customers, today).await?;
    let decision = rules::decide(&facts, limits.as_ref(), claim.amount_minor, today);
    let mut advance = Advance {
        id: ids::new(&room.platform.clock),
        customer,
        key: claim.key.clone(),
        source: claim.source.clone(),
        external_id: claim.external_id.clone(),
        claimed_minor: claim.amount_minor,
        merchant: claim.merchant.clone(),
        reason: Some(claim.reason.clone()),
        state: AdvanceState::Refused,
        cause: decision.code,
        facts,
        limits,
        decided_on: today,
        claimed_by: caller.actor().user(),
        claimed_at: room.platform.clock.now(),
        payout: None,
        balances: AdvanceBalances::default(),
    };
    let kind = AdvanceEntryKind::Advanced;
    if decision.granted {
        advance.state = AdvanceState::Granted;
        rules::apply(&mut advance.balances, kind, claim.amount_minor)?;
    }
    advances::insert(&mut tx, &advance).await?;
    if decision.granted {
        let entry = new_entry(room, caller, kind, (claim.amount_minor, &claim.key, None));
        advances::enter(&mut tx, advance.id, entry).await?;
    }
    let kind = if decision.granted {
        "advance.granted"
    } else {
        "advance.refused"
    };
    let more = json!({ "cause": decision.code, "claimed_minor": claim.amount_minor });
    record(room, &mut tx, caller, (kind, &advance), more).await?;
    tx.commit().await?;
    Ok(advance)
}

/// What is known for a claim. Error: `transaction_unknown`.
async fn facts(tx: &mut Tx, customers: &[Uuid], claim: &Claim) -> Result<AdvanceFacts> {
    let named = (claim.source.as_str(), claim.external_id.as_str());
    let lines = ledger::known(tx, named.0, &[named.1]).await?;
    let is_theirs = |line: &ledger::KnownLine| line.customer_id.is_some_and(|id| customers.contains(&id));
    let line = lines.into_iter().find(is_theirs);
    let line = line.ok_or_else(rules::transaction_unknown)?;
    let firm = firm::load(tx).await?;
    let at = firm.time_zone()?.to_datetime(platform::db::timestamp(line.at));
    Ok(AdvanceFacts {
        currency: firm.currency,
        transaction_minor: line.amount_minor,
        taken_back_minor: ledger::taken_back(tx, customers, named).await?,
        on: Day::from_date(at.date()),
        advanced: advances::is_advanced(tx, named.0, named.1).await?,
        outstanding_minor: advances::outstanding(tx, customers).await?,
    })
}

fn new_entry<'a>(
    room: &TiersRoom,
    caller: &Caller,
    kind: AdvanceEntryKind,
    (amount_minor, key, said): (i64, &'a str, Option<&'a str>),
) -> NewEntry<'a> {
    let clock = &room.platform.clock;
    NewEntry {
        id: ids::new(clock),
        kind,
        amount_minor,
        key,
        said,
        by: caller.actor().user(),
        at: clock.now(),
    }
}

async fn held(tx: &mut Tx, caller: &Caller, id: AdvanceId) -> Result<Advance> {
    caller.require(Permission::CustomersRead)?;
    advances::hold(tx, caller.scope(), id).await?.ok_or(NO_ADVANCE)
}

/// Records that the customer was paid. The same again changes nothing.
///
/// Errors: there is none in the caller's scope; `payment_reference_malformed`; `advance_state`.
pub async fn pay_out(
    room: &TiersRoom,
    caller: &Caller,
    id: AdvanceId,
    (method, reference): (PayoutMethod, String),
) -> Result<Advance> {
    caller.require(Permission::TiersAdvances)?;
    rules::check_reference(&reference)?;
    let mut tx = room.platform.db.write().await?;
    let mut advance = held(&mut tx, caller, id).await?;
    let reference = Some(reference);
    if let Some(payout) = &advance.payout
        && (payout.method, &payout.reference) == (method, &reference)
    {
        return Ok(advance);
    }
    rules::require(&advance, AdvanceState::Granted)?;
    let payout = Payout {
        method,
        reference,
        by: caller.actor().user(),
        at: room.platform.clock.now(),
    };
    advances::paid(&mut tx, id, &payout).await?;
    advance.payout = Some(payout);
    advance.state = AdvanceState::Paid;
    let more = json!({ "method": method });
    record(room, &mut tx, caller, ("advance.paid", &advance), more).await?;
    tx.commit().await?;
    Ok(advance)
}

/// Takes back an advance of which the customer was not paid: its transaction can be claimed again. What is taken back
/// already stays so.
///
/// Errors: there is none in the caller's scope; `reason_malformed`; `advance_state`.
pub async fn cancel(room: &TiersRoom, caller: &Caller, id: AdvanceId, reason: &str) -> Result<Advance> {
    caller.require(Permission::TiersAdvances)?;
    check_reason(reason)?;
    let mut tx = room.platform.db.write().await?;
    let mut advance = held(&mut tx, caller, id).await?;
    if advance.state == AdvanceState::Cancelled {
        return Ok(advance);
    }
    rules::require(&advance, AdvanceState::Granted)?;
    let amount_minor = advance.balances.outstanding_minor;
    let kind = AdvanceEntryKind::Cancelled;
    rules::apply(&mut advance.balances, kind, amount_minor)?;
    advance.state = AdvanceState::Cancelled;
    let entry = new_entry(room, caller, kind, (amount_minor, "cancel", Some(reason)));
    advances::enter(&mut tx, id, entry).await?;
    advances::save(&mut tx, &advance).await?;
    let more = json!({ "amount_minor": amount_minor });
    record(room, &mut tx, caller, ("advance.cancelled", &advance), more).await?;
    tx.commit().await?;
    Ok(advance)
}

/// What is recovered or given up.
pub struct Settling {
    /// How much, minor units.
    pub amount_minor: i64,
    /// The merchant's reference of what it gave back, or why it is given up.
    pub said: String,
    /// The caller's own key of this request: the same again changes nothing.
    pub key: String,
}

/// Records what the merchant gave back; there may be several.
///
/// Errors: there is none in the caller's scope; `key_malformed`, `key_reused`; `payment_reference_malformed`; `advance_state` where
/// the customer was not paid or nothing is outstanding; those of [`rules::apply`]; `too_many_entries`.
pub async fn recover(room: &TiersRoom, caller: &Caller, id: AdvanceId, what: Settling) -> Result<Advance> {
    caller.require(Permission::TiersAdvances)?;
    rules::check_reference(&what.said)?;
    settle(room, caller, id, (AdvanceEntryKind::Recovered, what)).await
}

/// Gives up what is outstanding, or some of it.
///
/// Errors: those of [`recover`], but `reason_malformed`; `second_person_needed` for who claimed it.
pub async fn write_off(room: &TiersRoom, caller: &Caller, id: AdvanceId, what: Settling) -> Result<Advance> {
    caller.require(Permission::TiersWriteOff)?;
    check_reason(&what.said)?;
    settle(room, caller, id, (AdvanceEntryKind::WrittenOff, what)).await
}

async fn settle(
    room: &TiersRoom,
    caller: &Caller,
    id: AdvanceId,
    (kind, what): (AdvanceEntryKind, Settling),
) -> Result<Advance> {
    check_key(&what.key)?;
    rules::check_amount(what.amount_minor)?;
    let mut tx = room.platform.db.write().await?;
    let mut advance = held(&mut tx, caller, id).await?;
    let event = match kind {
        AdvanceEntryKind::WrittenOff => {
            rules::may_write_off(&advance, caller.user.id.uuid())?;
            "advance.written_off"
        }
        _ => "advance.recovered",
    };
    let entries = advances::entries(&mut tx, id).await?;
    let is_same = |entry: &&AdvanceEntry| (entry.kind, &entry.key) == (kind, &what.key);
    if let Some(before) = entries.iter().find(is_same) {
        if before.amount_minor == what.amount_minor {
            return Ok(advance);
        }
        return Err(rules::key_reused());
    }
    rules::require(&advance, AdvanceState::Paid)?;
    if entries.len() >= advances::ENTRIES_MAX as usize {
        let message = "an advance has at most 1,000 entries";
        return Err(Error::conflict("too_many_entries", message));
    }
    rules::apply(&mut advance.balances, kind, what.amount_minor)?;
    if advance.balances.outstanding_minor == 0 {
        advance.state = AdvanceState::Settled;
    }
    let entry = new_entry(
        room,
        caller,
        kind,
        (what.amount_minor, &what.key, Some(&what.said)),
    );
    advances::enter(&mut tx, id, entry).await?;
    advances::save(&mut tx, &advance).await?;
    let more = json!({ "amount_minor": what.amount_minor });
    record(room, &mut tx, caller, (event, &advance), more).await?;
    tx.commit().await?;
    Ok(advance)
}

/// The log keeps no free text (ADR 14).
async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    caller: &Caller,
    (kind, advance): (&'static str, &Advance),
    more: Value,
) -> Result<()> {
    let mut payload = json!({
        "source": advance.source, "external_id": advance.external_id, "currency": advance.facts.currency,
        "state": advance.state, "outstanding_minor": advance.balances.outstanding_minor,
    });
    if let (Value::Object(payload), Value::Object(more)) = (&mut payload, more) {
        payload.extend(more);
    }
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "advance",
        subject: advance.id.uuid(),
        customer: Some(survivor(tx, advance.customer).await?),
        payload: &payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}

/// An advance with what explains it.
pub struct Explained {
    /// As it stands.
    pub advance: Advance,
    /// The decision on the claim, made again.
    pub decision: AdvanceDecision,
    /// Everything that happened to it, the oldest first.
    pub entries: Vec<AdvanceEntry>,
}

/// One, with the decision on it and its entries.
pub async fn get(room: &TiersRoom, caller: &Caller, id: AdvanceId) -> Result<Explained> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    let advance = advances::find(&mut tx, caller.scope(), id)
        .await?
        .ok_or(NO_ADVANCE)?;
    Ok(Explained {
        decision: rules::replay(&advance),
        entries: advances::entries(&mut tx, id).await?,
        advance,
    })
}

/// Those of customers the caller sees, the newest first.
pub async fn list(
    room: &TiersRoom,
    caller: &Caller,
    filter: &Filter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Advance>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = advances::page(&mut tx, caller.scope(), filter, before, size.rows() + 1).await?;
    Page::cut(rows, size, |advance| advance.id.uuid())
}

/// How a customer stands with advances.
pub struct OfCustomer {
    /// Up to which refunds are advanced; none where its levels advance nothing.
    pub limits: Option<AdvanceLimits>,
    /// What is outstanding, minor units.
    pub outstanding_minor: i64,
    /// The firm's currency.
    pub currency: String,
    /// Its claims, the newest first.
    pub page: Page<Advance>,
}

/// A customer's limits and claims.
pub async fn of_customer(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<OfCustomer> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let found = resolve(&mut tx, caller.scope(), customer.into()).await?;
    let (survivor, _) = found.ok_or(NO_CUSTOMER)?;
    let customers = as_one(&mut tx, survivor.uuid()).await?;
    let today = room.today(&mut tx).await?;
    let limits = limits::of(&mut tx, &customers, today).await?;
    let outstanding_minor = advances::outstanding(&mut tx, &customers).await?;
    let filter = Filter {
        customers: Some(customers),
        ..Filter::default()
    };
    let rows = advances::page(&mut tx, caller.scope(), &filter, before, size.rows() + 1).await?;
    Ok(OfCustomer {
        limits,
        outstanding_minor,
        currency: firm::load(&mut tx).await?.currency.code().to_owned(),
        page: Page::cut(rows, size, |advance| advance.id.uuid())?,
    })
}
