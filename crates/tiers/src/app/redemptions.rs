//! Uses of what customers have, the agent's way: set aside with a code, or used at once.

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
    Benefit, Entitlement, EntryKind, PartnerId, Posting, Redemption, RedemptionState, Wanted,
};
use crate::rules;
use crate::store::redemptions::Became;
use crate::store::{entitlements, partners, redemptions, statements};

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
pub(super) fn new_code() -> (Code, [u8; 32]) {
    let (code, qr) = rules::code_of(random::bytes());
    let hash = hash_of(&code);
    (Code { code, qr }, hash)
}

pub(super) fn hash_of(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

pub(super) fn expiry(now: Timestamp, minutes: u32) -> Result<Timestamp> {
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

pub(super) async fn for_the_firm(tx: &mut Tx, caller: &Caller) -> Result<()> {
    caller.require(Permission::TiersRedeem)?;
    caller.require(Permission::CustomersRead)?;
    match partners::of_user(tx, caller.user.id.uuid()).await? {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden {
            permission: "tiers.no_partner",
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
