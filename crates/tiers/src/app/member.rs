//! A customer's own page: the link that leads to it, the session that the link opens, and what a customer does there.
//! A member is no user: it has no permission and no scope, and sees itself only. See `docs/adr/0020-member-page.md`.

use base::{Error, Result, check_version};
use customers::store::{as_one, refer};
use jiff::{SignedDuration, Timestamp};
use platform::access::app::attempts;
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Scope, Tx, ids, random};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::TiersRoom;
use super::giving_back::{close, hold};
use super::redemptions::{CODE_MINUTES, Code, NO_REDEMPTION, reserve_in};
use crate::model::{Member, MemberLink, MemberPageTexts, Redemption, RedemptionId, RedemptionState, Wanted};
use crate::rules;
use crate::store::{benefits, member};

pub use super::member_page::{LevelChange, MemberPage, Use, page};

/// How long a link can be opened where nobody says otherwise.
pub const LINK_MINUTES: u32 = 60;
/// How long a session holds after a link was opened.
pub const SESSION: SignedDuration = SignedDuration::from_mins(30);
/// How long links that are over are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A customer gives itself so many codes in an hour.
const CODES_PER_HOUR: i64 = 20;
/// How attempts to open links are counted.
const ATTEMPTS: &str = "member";
/// Longer than any secret of ours.
const SECRET_BYTES_MAX: usize = 128;

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn later(now: Timestamp, by: SignedDuration) -> Result<Timestamp> {
    now.checked_add(by).map_err(Error::internal)
}

async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    kind: &'static str,
    (link, customer, actor): (Uuid, Uuid, Actor),
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor,
        kind,
        subject_kind: "member_link",
        subject: link,
        customer: Some(customer),
        payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}

/// Makes a link for a customer, which can be opened once, and gives its secret, once. A link made before and not opened
/// can be opened no more.
///
/// Errors: `minutes_malformed`; there is no such customer in the caller's scope; `customer_merged`, `customer_erased`.
pub async fn make_link(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    minutes: u32,
) -> Result<(MemberLink, String)> {
    caller.require(Permission::TiersMemberLink)?;
    caller.require(Permission::CustomersRead)?;
    rules::check_link_minutes(minutes)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    let there = refer(&mut tx, caller.scope(), customer.into()).await?;
    there.ok_or(Error::NotFound { what: "customer" })?;
    let (now, token) = (platform.clock.now(), random::token());
    let link = MemberLink {
        id: ids::new(&platform.clock),
        customer,
        made_by: caller.actor().user(),
        made_at: now,
        expires_at: later(now, SignedDuration::from_mins(minutes.into()))?,
        opened_at: None,
    };
    let over = now.checked_sub(KEPT).map_err(Error::internal)?;
    member::forget_old(&mut tx, over).await?;
    member::insert(&mut tx, &link, hash_of(&token)).await?;
    let about = (link.id.uuid(), customer, caller.actor());
    let payload = json!({ "expires_at": link.expires_at });
    record(room, &mut tx, "member_link.made", about, &payload).await?;
    tx.commit().await?;
    Ok((link, token))
}

/// Opens a link: it is used up, and a session begins. Gives the session's secret. `from` is where the request came from.
///
/// Errors: `member_link_over` whatever is wrong with it; `too_many_attempts`.
pub async fn open(room: &TiersRoom, token: &str, from: &str) -> Result<(Member, String)> {
    let platform = &room.platform;
    let (now, session) = (platform.clock.now(), random::token());
    let mut tx = platform.db.write().await?;
    attempts::count(&mut tx, (ATTEMPTS, from), now).await?;
    let opened = if token.len() <= SECRET_BYTES_MAX {
        let span = (now, later(now, SESSION)?);
        member::open(&mut tx, hash_of(token), hash_of(&session), span).await?
    } else {
        None
    };
    let Some(opened) = opened else {
        tx.commit().await?;
        return Err(Error::Unauthenticated {
            code: "member_link_over",
            message: "this link was used or is too old: ask for another one".to_owned(),
        });
    };
    attempts::take_back(&mut tx, (ATTEMPTS, from)).await?;
    let about = (opened.link.uuid(), opened.customer, Actor::System);
    record(room, &mut tx, "member_link.opened", about, &json!({})).await?;
    tx.commit().await?;
    Ok((opened, session))
}

/// The error for requests without a session of a member.
pub fn no_session() -> Error {
    Error::Unauthenticated {
        code: "member_session_over",
        message: "this page was left alone for too long: ask for another link".to_owned(),
    }
}

/// Whose a session is. Error: `member_session_over`, also of who was merged or erased meanwhile.
pub async fn session(room: &TiersRoom, secret: &str) -> Result<Member> {
    if secret.len() > SECRET_BYTES_MAX {
        return Err(no_session());
    }
    let mut tx = room.platform.db.read().await?;
    let now = room.platform.clock.now();
    let found = member::of_session(&mut tx, hash_of(secret), now).await?;
    found.ok_or_else(no_session)
}

/// Ends a session, if there is one.
pub async fn sign_out(room: &TiersRoom, secret: &str) -> Result<()> {
    let mut tx = room.platform.db.write().await?;
    member::end_session(&mut tx, hash_of(secret), room.platform.clock.now()).await?;
    tx.commit().await
}

/// The member as one that may write: not merged, not erased, until the transaction ends.
async fn holding(tx: &mut Tx, member: Member) -> Result<()> {
    // Whoever holds a session is the customer itself.
    let there = refer(tx, &Scope::of_system(), member.customer.into()).await;
    match there {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(no_session()),
        Err(e) if matches!(e.code(), "customer_merged" | "customer_erased") => Err(no_session()),
        Err(e) => Err(e),
    }
}

/// Sets some of what the member has aside and gives its code. The same request again gives no code: it was shown.
///
/// Errors: `member_session_over`; `no_codes_for_this`; `too_many_codes`; those of [`super::redemptions::reserve`].
pub async fn reserve(
    room: &TiersRoom,
    member: Member,
    wanted: &Wanted,
) -> Result<(Redemption, Option<Code>)> {
    let mut tx = room.platform.db.write().await?;
    holding(&mut tx, member).await?;
    let catalogue = benefits::all(&mut tx).await?;
    let benefit = catalogue
        .iter()
        .find(|benefit| benefit.facts.code == wanted.benefit);
    if benefit.is_some_and(|benefit| !rules::has_codes(&benefit.facts.terms)) {
        let message = "this is used without a code";
        return Err(Error::conflict("no_codes_for_this", message));
    }
    may_ask(room, &mut tx, member.customer).await?;
    let whose = (member.customer, wanted);
    let (redemption, code) = reserve_in(room, &mut tx, Actor::System, whose, CODE_MINUTES).await?;
    if code.is_some() {
        tx.commit().await?;
    }
    Ok((redemption, code))
}

async fn may_ask(room: &TiersRoom, tx: &mut Tx, customer: Uuid) -> Result<()> {
    let ids = as_one(tx, customer).await?;
    let hour = SignedDuration::from_hours(1);
    let since = room
        .platform
        .clock
        .now()
        .checked_sub(hour)
        .map_err(Error::internal)?;
    if member::codes_since(tx, &ids, since).await? < CODES_PER_HOUR {
        return Ok(());
    }
    Err(Error::TooMany {
        code: "too_many_codes",
        message: "so many codes were given in this hour; try again later".to_owned(),
        retry_after_s: 600,
    })
}

/// Gives up what was set aside for the member. What is given up already stays so.
///
/// Errors: `member_session_over`; the member has no such; `redemption_state`.
pub async fn cancel(room: &TiersRoom, member: Member, id: RedemptionId) -> Result<Redemption> {
    let mut tx = room.platform.db.write().await?;
    holding(&mut tx, member).await?;
    let redemption = crate::store::redemptions::find(&mut tx, id).await?;
    let held = hold(&mut tx, &redemption.ok_or(NO_REDEMPTION)?).await?;
    let ids = as_one(&mut tx, member.customer).await?;
    if !ids.contains(&held.account.customer) {
        return Err(NO_REDEMPTION);
    }
    if held.redemption.state == RedemptionState::Cancelled {
        return Ok(held.redemption);
    }
    let next = (RedemptionState::Cancelled, None);
    let after = close(room, &mut tx, held, next, Actor::System).await?;
    tx.commit().await?;
    Ok(after)
}

/// What the firm writes on the page, with its version.
pub async fn texts(room: &TiersRoom, caller: &Caller) -> Result<(i64, MemberPageTexts)> {
    caller.require(Permission::TiersRead)?;
    member::texts(&mut room.platform.db.read().await?).await
}

/// Decides anew what the firm writes on the page. Errors: `version_stale`; `member_text_malformed`.
pub async fn change_texts(
    room: &TiersRoom,
    caller: &Caller,
    expected: i64,
    texts: MemberPageTexts,
) -> Result<(i64, MemberPageTexts)> {
    caller.require(Permission::TiersBenefits)?;
    rules::check_member_texts(&texts)?;
    let mut tx = room.platform.db.write().await?;
    let (version, before) = member::hold_texts(&mut tx).await?;
    check_version(expected, version)?;
    if before == texts {
        return Ok((version, texts));
    }
    member::save_texts(&mut tx, &texts).await?;
    let event = Event {
        actor: caller.actor(),
        kind: "tier_member_page.changed",
        subject_kind: "tier_member_page",
        subject: Uuid::nil(),
        customer: None,
        payload: &json!({ "before": before, "after": texts }),
    };
    events::record(&mut tx, &room.platform.clock, &event).await?;
    tx.commit().await?;
    Ok((version + 1, texts))
}
