//! Uses of what customers have, the agent's way: set aside with a code, used at once, cancelled, reversed.

use base::{Cursor, Error, Page, PageSize, Result};
use customers::store::{as_one, refer, resolve};
use jiff::{SignedDuration, Timestamp};
use platform::events::Actor;
use platform::{Caller, Permission, Tx, ids, random};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::TiersRoom;
use super::benefits::NO_PARTNER;
use super::entitlements::{Holder, record, save};
use crate::model::{
    Benefit, Entitlement, EntryKind, PartnerId, Posting, Redemption, RedemptionId, RedemptionState, Wanted,
};
use crate::rules;
use crate::store::redemptions::Became;
use crate::store::{benefits, entitlements, partners, redemptions, statements};

/// How long a code can be used where nobody says otherwise.
pub const CODE_MINUTES: u32 = 15;
const CODE_MINUTES_MAX: u32 = 24 * 60;

pub(super) const NO_REDEMPTION: Error = Error::NotFound { what: "redemption" };

/// A code as it is shown, once.
pub struct Code {
    /// For a person to read out.
    pub code: String,
    /// The text of its QR code.
    pub qr: String,
}

/// A code and how it is stored.
fn new_code() -> (Code, [u8; 32]) {
    let (code, qr) = rules::code_of(random::bytes());
    let hash = hash_of(&code);
    (Code { code, qr }, hash)
}

pub(super) fn hash_of(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

fn expiry(now: Timestamp, minutes: u32) -> Result<Timestamp> {
    if !(1..=CODE_MINUTES_MAX).contains(&minutes) {
        let message = "a code can be used for 1 to 1,440 minutes";
        return Err(Error::invalid("minutes_malformed", message).at("minutes"));
    }
    now.checked_add(SignedDuration::from_mins(i64::from(minutes)))
        .map_err(Error::internal)
}

/// Passes if the caller redeems for customers of the firm, and this one is in its scope. Errors: `customer_merged`,
/// `customer_erased`; a partner is refused.
pub(super) async fn may_redeem_for(tx: &mut Tx, caller: &Caller, customer: Uuid) -> Result<()> {
    for_the_firm(tx, caller).await?;
    let there = refer(tx, caller.scope(), customer.into()).await?;
    there.map(|_| ()).ok_or(Error::NotFound { what: "customer" })
}

async fn for_the_firm(tx: &mut Tx, caller: &Caller) -> Result<()> {
    caller.require(Permission::TiersRedeem)?;
    caller.require(Permission::CustomersRead)?;
    match partners::of_user(tx, caller.user.id.uuid()).await? {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden {
            permission: "no partner's key",
        }),
    }
}

/// What is about to be used.
struct Aside {
    redemption: Redemption,
    account: Entitlement,
    benefit: Benefit,
    programme: String,
    /// It was set aside by an earlier request of the same key.
    before: bool,
}

async fn set_aside(
    room: &TiersRoom,
    tx: &mut Tx,
    actor: Actor,
    (customer, wanted): (Uuid, &Wanted),
    (expires_at, hash): (Timestamp, Option<[u8; 32]>),
) -> Result<Aside> {
    rules::check_key(&wanted.key)?;
    let holder = Holder::read(room, tx, (wanted.programme, customer)).await?;
    let unknown = || Error::invalid("benefit_unknown", "no benefit has this code").at("benefit");
    let benefit = holder.benefit(&wanted.benefit).ok_or_else(unknown)?.clone();
    let accounts = holder.settle(room, tx, actor).await?;
    let of = (wanted.programme, benefit.id);
    let programme = holder.programme.facts.code.clone();
    if let Some(redemption) = redemptions::by_key(tx, holder.ids(), of, &wanted.key).await? {
        rules::same_request(&redemption, wanted.quantity, wanted.companions)?;
        let account = entitlements::hold(tx, redemption.entitlement).await?;
        return Ok(Aside {
            account: account.ok_or(NO_REDEMPTION)?,
            redemption,
            benefit,
            programme,
            before: true,
        });
    }
    if !benefit.facts.active {
        return Err(Error::conflict(
            "benefit_inactive",
            "this benefit is not given at present",
        ));
    }
    let mut account = usable(accounts, &benefit, wanted.quantity, holder.today)?;
    let entered = rules::reserve(&mut account, wanted.quantity, wanted.companions, holder.today)?;
    let clock = &room.platform.clock;
    let redemption = Redemption {
        id: ids::new(clock),
        entitlement: account.id,
        key: wanted.key.clone(),
        quantity: wanted.quantity,
        companions: wanted.companions,
        state: RedemptionState::Reserved,
        expires_at,
        partner: None,
        site: None,
        redeem_key: None,
        reason: None,
        reserved_by: actor.user(),
        reserved_at: clock.now(),
        redeemed_at: None,
        closed_at: None,
    };
    redemptions::insert(tx, &redemption, hash).await?;
    save(room, tx, &account, &entered, (actor, Some(redemption.id))).await?;
    account.version += 1;
    Ok(Aside {
        redemption,
        account,
        benefit,
        programme,
        before: false,
    })
}

/// The entitlement it is taken from: the soonest to end of those that have so much.
fn usable(
    accounts: Vec<Entitlement>,
    benefit: &Benefit,
    quantity: i64,
    today: base::Day,
) -> Result<Entitlement> {
    let live = accounts
        .into_iter()
        .filter(|account| account.benefit == benefit.id && account.until >= today);
    let key = |account: &Entitlement| {
        let short = account.balances.available < quantity;
        (short, account.until, account.id)
    };
    live.min_by_key(key).ok_or_else(|| {
        let message = "the customer's level does not give this, or it was not picked";
        Error::conflict("not_entitled", message)
    })
}

/// Sets some aside for a customer and gives a code that can be used once. The same request again gives no code: it was
/// shown.
///
/// Errors: there is no such customer in the caller's scope; `customer_merged`; `key_malformed`, `key_reused`;
/// `minutes_malformed`; `benefit_unknown`, `benefit_inactive`, `not_entitled`; those of [`rules::reserve`].
pub async fn reserve(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    wanted: &Wanted,
    minutes: u32,
) -> Result<(Redemption, Option<Code>)> {
    let mut tx = room.platform.db.write().await?;
    may_redeem_for(&mut tx, caller, customer).await?;
    let whose = (customer, wanted);
    let (redemption, code) = reserve_in(room, &mut tx, caller.actor(), whose, minutes).await?;
    if code.is_some() {
        tx.commit().await?;
    }
    Ok((redemption, code))
}

/// The same for who may, in a transaction that is there.
pub(super) async fn reserve_in(
    room: &TiersRoom,
    tx: &mut Tx,
    actor: Actor,
    whose: (Uuid, &Wanted),
    minutes: u32,
) -> Result<(Redemption, Option<Code>)> {
    let expires_at = expiry(room.platform.clock.now(), minutes)?;
    let (code, hash) = new_code();
    let aside = set_aside(room, tx, actor, whose, (expires_at, Some(hash))).await?;
    if aside.before {
        return Ok((aside.redemption, None));
    }
    let said = Said::of(&aside.programme, &aside.benefit, whose.0);
    said.record(room, tx, "redemption.reserved", &aside.redemption, actor)
        .await?;
    Ok((aside.redemption, Some(code)))
}

/// Uses some for a customer at once, at a partner where one is named.
///
/// Errors: those of [`reserve`]; `partner_inactive`, `benefit_not_served`, `site_unknown`.
pub async fn redeem(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    wanted: &Wanted,
    at: Option<(PartnerId, Option<String>)>,
) -> Result<Redemption> {
    let now = room.platform.clock.now();
    let expires_at = expiry(now, CODE_MINUTES)?;
    let mut tx = room.platform.db.write().await?;
    may_redeem_for(&mut tx, caller, customer).await?;
    let actor = caller.actor();
    let aside = set_aside(room, &mut tx, actor, (customer, wanted), (expires_at, None)).await?;
    let redemption = aside.redemption;
    if aside.before {
        let message = "this key was used for something that is set aside or was given back";
        return match redemption.state {
            RedemptionState::Redeemed => Ok(redemption),
            _ => Err(Error::conflict("key_reused", message)),
        };
    }
    let became = match &at {
        None => Became::default(),
        Some((partner, site)) => {
            let partner = partners::find(&mut tx, *partner).await?.ok_or(NO_PARTNER)?;
            rules::may_redeem(&partner, &aside.benefit, site.as_deref(), &redemption, now)?;
            Became {
                partner: Some(partner.id),
                site: site.as_deref(),
                ..Became::default()
            }
        }
    };
    let said = Said::of(&aside.programme, &aside.benefit, customer);
    let used = use_up(
        room,
        &mut tx,
        aside.account,
        (&redemption, &aside.benefit),
        &became,
        actor,
    )
    .await?;
    said.record(room, &mut tx, "redemption.redeemed", &used, actor)
        .await?;
    tx.commit().await?;
    Ok(used)
}

/// Uses what was set aside, of an entitlement that is held, and notes what a partner is owed for it.
pub(super) async fn use_up(
    room: &TiersRoom,
    tx: &mut Tx,
    mut account: Entitlement,
    (redemption, benefit): (&Redemption, &Benefit),
    became: &Became<'_>,
    actor: Actor,
) -> Result<Redemption> {
    let posting = Posting {
        kind: EntryKind::Redeemed,
        quantity: redemption.quantity,
    };
    rules::apply(&mut account.balances, &[posting])?;
    save(room, tx, &account, &[posting], (actor, Some(redemption.id))).await?;
    let clock = &room.platform.clock;
    redemptions::redeemed(tx, redemption.id, became, actor.user(), clock.now()).await?;
    if let Some(partner) = became.partner {
        let amount = rules::settlement_minor(benefit, redemption.quantity, redemption.companions);
        let today = room.today(tx).await?;
        let owed = (became.site, today, amount);
        statements::owe(tx, ids::new(clock), (partner, benefit.id), redemption, owed).await?;
    }
    redemptions::find(tx, redemption.id).await?.ok_or(NO_REDEMPTION)
}

/// What events on a use say of it.
pub(super) struct Said<'a> {
    programme: &'a str,
    benefit: &'a str,
    customer: Uuid,
}

impl<'a> Said<'a> {
    pub(super) fn of(programme: &'a str, benefit: &'a Benefit, customer: Uuid) -> Self {
        Self {
            programme,
            benefit: &benefit.facts.code,
            customer,
        }
    }

    pub(super) async fn record(
        &self,
        room: &TiersRoom,
        tx: &mut Tx,
        kind: &'static str,
        redemption: &Redemption,
        actor: Actor,
    ) -> Result<()> {
        let payload = json!({
            "redemption": redemption.id, "programme": self.programme, "benefit": self.benefit,
            "quantity": redemption.quantity, "companions": redemption.companions,
            "partner": redemption.partner, "site": redemption.site,
        });
        let of = (redemption.entitlement, self.customer);
        record(room, tx, kind, of, &payload, actor).await
    }
}

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
    let programme = crate::store::programmes::find(tx, account.programme).await?;
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

/// A customer's uses, the newest first.
pub async fn of_customer(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Redemption>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let found = resolve(&mut tx, caller.scope(), customer.into()).await?;
    let (survivor, _) = found.ok_or(Error::NotFound { what: "customer" })?;
    let ids = as_one(&mut tx, survivor.uuid()).await?;
    let rows = redemptions::of_customer(&mut tx, caller.scope(), &ids, before, size.rows() + 1).await?;
    Page::cut(rows, size, |redemption| redemption.id.uuid())
}
