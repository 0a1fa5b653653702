//! The use cases of identities: reading needs `customers.read`, changing `customers.write`. Values are shown in part to
//! who lacks `customers.personal`.

use base::{Error, Page, PageSize, Result};
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Platform, Tx, firm};
use serde_json::json;

use super::model::{EndedBecause, Found, Identity, IdentityId, IdentityKind};
use super::store::{self, NewIdentity};
use super::{jobs, rules};
use crate::app::{found, hold};
use crate::duplicates;
use crate::model::CustomerId;
use crate::store::is_there;

/// The most active identities of one customer.
const ACTIVE_MAX: u64 = 200;

const NO_CUSTOMER: Error = Error::NotFound { what: "customer" };

/// The identities of a customer, active and ended, the newest first.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Identity>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let page = store::page(&mut tx, &cipher, customer, size, cursor).await?;
    Ok(page.map(|identity| shown(caller, identity)))
}

/// The customer who is known by this; of any kind it has the form of where none is given.
///
/// Errors: those of [`rules::normalise`] where the kind is given; not found.
pub async fn lookup(
    platform: &Platform,
    caller: &Caller,
    identity: &str,
    kind: Option<IdentityKind>,
) -> Result<Found> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let region = rules::region(firm::load(&mut tx).await?.currency);
    let guesses = match kind {
        Some(kind) => {
            let value = rules::normalise(kind, identity, &region).map_err(|e| e.at("identity"))?;
            vec![(kind, value)]
        }
        None => rules::guesses(identity, &region),
    };
    if guesses.is_empty() {
        return Err(NO_CUSTOMER);
    }
    let cipher = platform.keys.cipher(&mut tx).await?;
    store::lookup(&mut tx, caller.scope(), &cipher, &guesses)
        .await?
        .ok_or(NO_CUSTOMER)
}

/// Makes something known of a customer; what is known already stays as it is.
///
/// Errors: those of [`rules::normalise`], at `value`; `identity_taken` when another customer is known by it (the two
/// are then among the duplicates to be reviewed); `identities_too_many`.
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    kind: IdentityKind,
    value: &str,
) -> Result<Identity> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let region = rules::region(firm::load(&mut tx).await?.currency);
    let value = rules::normalise(kind, value, &region).map_err(|e| e.at("value"))?;
    hold(&mut tx, caller, customer).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    match store::holder(&mut tx, &cipher, kind, &value).await? {
        Some((Some(id), holder)) if holder == customer => {
            let known = store::get_for_update(&mut tx, &cipher, customer, id).await?;
            let known = known.ok_or_else(|| Error::internal("an active identity is gone"))?;
            return Ok(shown(caller, known));
        }
        // Its own external id in the record: it may also stand here.
        Some((None, holder)) if holder == customer => {}
        Some((_, holder)) => {
            // The two may be one: whoever reviews duplicates and sees both sees them so.
            let pairs = [(customer.uuid(), holder.uuid())];
            let found = duplicates::certain(&mut tx, &cipher, &pairs).await?;
            crate::store::duplicates::store(&mut tx, &platform.clock, &found).await?;
            // Who is out of scope is not named.
            let seen = is_there(&mut tx, caller.scope(), holder).await?;
            tx.commit().await?;
            return Err(taken(caller, kind, seen.then_some(holder)));
        }
        None => {}
    }
    check_active(store::count_active(&mut tx, customer).await? + 1)?;
    let new = NewIdentity {
        customer,
        kind,
        value,
        imported: false,
        active_since: platform.clock.now(),
        ended: None,
    };
    let inserted = store::insert(&mut tx, &platform.clock, &cipher, &[new]).await;
    let ids = inserted.map_err(|e| match e {
        // Someone else was first in this moment.
        Error::Conflict { .. } => taken(caller, kind, None),
        e => e,
    })?;
    let id = *ids
        .first()
        .ok_or_else(|| Error::internal("the identity has no id"))?;
    record(
        platform,
        &mut tx,
        caller.actor(),
        "identity.added",
        customer,
        id,
        kind,
    )
    .await?;
    let added = store::get_for_update(&mut tx, &cipher, customer, id)
        .await?
        .ok_or_else(|| Error::internal("the identity just added is gone"))?;
    tx.commit().await?;
    Ok(shown(caller, added))
}

/// Says that a customer is no longer known by something; it stays in the history. One that was ended stays
/// as it is.
pub async fn end(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    id: IdentityId,
) -> Result<Identity> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, customer).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let mut identity = store::get_for_update(&mut tx, &cipher, customer, id)
        .await?
        .ok_or(Error::NotFound { what: "identity" })?;
    if identity.ended_at.is_some() {
        return Ok(shown(caller, identity));
    }
    let now = platform.clock.now();
    store::end(&mut tx, id, now, EndedBecause::Ended).await?;
    record(
        platform,
        &mut tx,
        caller.actor(),
        "identity.ended",
        customer,
        id,
        identity.kind,
    )
    .await?;
    tx.commit().await?;
    identity.ended_at = Some(now);
    identity.ended_because = Some(EndedBecause::Ended);
    Ok(shown(caller, identity))
}

/// An identity in clear, for once, to who sees personal data in part only; the log says who saw which.
pub async fn reveal(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    id: IdentityId,
) -> Result<Identity> {
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersReveal)?;
    let mut tx = platform.db.write().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let identity = store::get_for_update(&mut tx, &cipher, customer, id)
        .await?
        .ok_or(Error::NotFound { what: "identity" })?;
    let kind = identity.kind;
    record(
        platform,
        &mut tx,
        caller.actor(),
        "identity.revealed",
        customer,
        id,
        kind,
    )
    .await?;
    tx.commit().await?;
    Ok(identity)
}

/// An identity as the caller may see it.
pub(crate) fn shown(caller: &Caller, identity: Identity) -> Identity {
    if caller.may(Permission::CustomersPersonal) {
        identity
    } else {
        identity.masked()
    }
}

/// Passes if one customer may have so many active identities. Error: `identities_too_many`.
pub(crate) fn check_active(count: u64) -> Result<()> {
    if count <= ACTIVE_MAX {
        return Ok(());
    }
    let message = format!("a customer has at most {ACTIVE_MAX} active identities; end one first");
    Err(Error::conflict("identities_too_many", message))
}

fn taken(caller: &Caller, kind: IdentityKind, holder: Option<CustomerId>) -> Error {
    let whose = holder
        .filter(|_| caller.may(Permission::CustomersRead))
        .map_or_else(
            || "another customer".to_owned(),
            |id| format!("the customer {id}"),
        );
    let kind = kind.name();
    Error::conflict(
        "identity_taken",
        format!("this {kind} is that of {whose}; end it there first"),
    )
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    what: &'static str,
    customer: CustomerId,
    id: IdentityId,
    kind: IdentityKind,
) -> Result<()> {
    let event = Event {
        actor,
        kind: what,
        subject_kind: "identity",
        subject: id.uuid(),
        customer: Some(customer.uuid()),
        payload: &json!({ "kind": kind }),
    };
    events::record(tx, &platform.clock, &event).await
}

/// Queues the job that moves phone numbers and e-mail addresses of earlier versions out of the clear, where
/// there are any. At every start.
pub async fn seal_what_is_plain(platform: &Platform) -> Result<()> {
    let mut tx = platform.db.write().await?;
    if store::not_sealed(&mut tx, 1).await?.is_empty() {
        return tx.rollback().await;
    }
    jobs::queue(platform, &mut tx, jobs::SEAL_PLAIN, Actor::System).await?;
    tx.commit().await
}

/// Makes a new key the one that seals and queues the job that seals everything anew with it; gives its name.
/// For whoever has the machine: nobody else has the key file.
///
/// Errors: `sealing_in_progress`, and what is wrong with the keys.
pub async fn rotate_keys(platform: &Platform) -> Result<String> {
    let mut tx = platform.db.write().await?;
    let key = platform
        .keys
        .rotate(&mut tx, &platform.clock, Actor::System)
        .await?;
    if !jobs::queue(platform, &mut tx, jobs::SEAL_ANEW, Actor::System).await? {
        return Err(Error::conflict(
            "sealing_in_progress",
            "everything is being sealed anew after an earlier change of keys; wait for that job first",
        ));
    }
    tx.commit().await?;
    platform.jobs.wake();
    Ok(key)
}
