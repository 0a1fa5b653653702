//! The use cases of webhooks. Each needs `webhooks.manage`, which administrators have.

use base::{Error, Page, PageSize, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::{
    Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId, EndpointSettings, NewSecret, Replayed,
};
use super::{rules, store};
use crate::access::{Caller, Permission};
use crate::db::Tx;
use crate::events::{self, Actor, Event};
use crate::state::Platform;
use crate::{ids, random};

/// How many endpoints there may be: each is looked at every second.
const ENDPOINTS_MAX: i64 = 100;
/// How long the secret before a new one goes on signing, at most.
const ROTATION_HOURS_MAX: u32 = 7 * 24;
/// How far back events can be sent again; deliveries that are over are kept as long.
const REPLAY_DAYS_MAX: i64 = 30;
const REPLAY_MAX: SignedDuration = SignedDuration::from_hours(REPLAY_DAYS_MAX * 24);

/// Endpoints, oldest first.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Endpoint>> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    store::page(&mut platform.db.read().await?, size, cursor).await
}

/// One endpoint.
pub async fn get(platform: &Platform, caller: &Caller, id: EndpointId) -> Result<Endpoint> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    found(store::get(&mut platform.db.read().await?, id).await?)
}

/// Adds an endpoint, which is told of what happens from now on. Its secret is shown this once.
///
/// Errors: `url_malformed`, `url_insecure`, `kinds_malformed`, `too_many_endpoints`.
pub async fn add(platform: &Platform, caller: &Caller, settings: &EndpointSettings) -> Result<NewSecret> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    rules::check(settings)?;
    let secret = random::bytes::<32>().to_vec();
    let id: EndpointId = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    if store::count(&mut tx).await? >= ENDPOINTS_MAX {
        let message = format!("there are {ENDPOINTS_MAX} endpoints already; remove one first");
        return Err(Error::conflict("too_many_endpoints", message));
    }
    store::insert(&mut tx, id, settings, secret.clone(), platform.clock.now()).await?;
    record(
        platform,
        &mut tx,
        caller.actor(),
        "webhook_endpoint.added",
        id,
        about(settings),
    )
    .await?;
    let endpoint = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(NewSecret {
        endpoint,
        secret: rules::shown(&secret),
    })
}

/// Changes an endpoint that has this version still.
///
/// Errors: as [`add`], and `version_stale`.
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: EndpointId,
    expected: i64,
    settings: &EndpointSettings,
) -> Result<Endpoint> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    rules::check(settings)?;
    let mut tx = platform.db.write().await?;
    let before = found(store::hold(&mut tx, id).await?)?;
    base::check_version(expected, i64::from(before.version))?;
    store::update(&mut tx, id, settings).await?;
    let payload = json!({ "before": about(&before.settings), "after": about(settings) });
    record(
        platform,
        &mut tx,
        caller.actor(),
        "webhook_endpoint.changed",
        id,
        payload,
    )
    .await?;
    let after = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(after)
}

/// Removes an endpoint with its deliveries.
pub async fn remove(platform: &Platform, caller: &Caller, id: EndpointId) -> Result<()> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    let mut tx = platform.db.write().await?;
    let before = found(store::hold(&mut tx, id).await?)?;
    store::delete(&mut tx, id).await?;
    let payload = about(&before.settings);
    record(
        platform,
        &mut tx,
        caller.actor(),
        "webhook_endpoint.removed",
        id,
        payload,
    )
    .await?;
    tx.commit().await
}

/// A new secret, shown this once. The one before goes on signing beside it for so many hours, so that the
/// receiver can change over. Error: `hours_out_of_range`.
pub async fn rotate_secret(
    platform: &Platform,
    caller: &Caller,
    id: EndpointId,
    both_hours: u32,
) -> Result<NewSecret> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    if both_hours > ROTATION_HOURS_MAX {
        let message = format!("both secrets sign for at most {ROTATION_HOURS_MAX} hours");
        return Err(Error::invalid("hours_out_of_range", message).at("both_hours"));
    }
    let secret = random::bytes::<32>().to_vec();
    let until = platform
        .clock
        .now()
        .saturating_add(SignedDuration::from_hours(both_hours.into()))
        .map_err(Error::internal)?;
    let mut tx = platform.db.write().await?;
    found(store::hold(&mut tx, id).await?)?;
    store::rotate(&mut tx, id, secret.clone(), until).await?;
    let payload = json!({ "both_hours": both_hours });
    let kind = "webhook_endpoint.secret_rotated";
    record(platform, &mut tx, caller.actor(), kind, id, payload).await?;
    let endpoint = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(NewSecret {
        endpoint,
        secret: rules::shown(&secret),
    })
}

/// An endpoint's deliveries, the newest events first.
pub async fn deliveries(
    platform: &Platform,
    caller: &Caller,
    id: EndpointId,
    state: Option<DeliveryState>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Delivery>> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    let mut tx = platform.db.read().await?;
    found(store::get(&mut tx, id).await?)?;
    store::deliveries(&mut tx, id, state, size, cursor).await
}

/// Sends one delivery again, whatever became of it. Error: `endpoint_inactive`.
pub async fn replay(
    platform: &Platform,
    caller: &Caller,
    id: EndpointId,
    delivery: DeliveryId,
) -> Result<Delivery> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    let mut tx = platform.db.write().await?;
    active(store::hold(&mut tx, id).await?)?;
    let missing = || Error::NotFound { what: "delivery" };
    let was = store::delivery(&mut tx, id, delivery)
        .await?
        .ok_or_else(missing)?;
    store::replay(&mut tx, delivery, platform.clock.now()).await?;
    let payload = json!({ "delivery": delivery, "event": was.event_id, "state": was.state.name() });
    record(
        platform,
        &mut tx,
        caller.actor(),
        "webhook_endpoint.replayed",
        id,
        payload,
    )
    .await?;
    let after = store::delivery(&mut tx, id, delivery)
        .await?
        .ok_or_else(missing)?;
    tx.commit().await?;
    Ok(after)
}

/// Sends everything since then again, also what was missed while the endpoint was not active.
///
/// Errors: `since_out_of_range`, `endpoint_inactive`.
pub async fn replay_since(
    platform: &Platform,
    caller: &Caller,
    id: EndpointId,
    since: Timestamp,
) -> Result<Replayed> {
    caller.require_whole_firm(Permission::WebhooksManage)?;
    let now = platform.clock.now();
    if since > now || now.duration_since(since) > REPLAY_MAX {
        let message = format!("events of the last {REPLAY_DAYS_MAX} days can be sent again");
        return Err(Error::invalid("since_out_of_range", message).at("since"));
    }
    let mut tx = platform.db.write().await?;
    active(store::hold(&mut tx, id).await?)?;
    let again = store::replay_since(&mut tx, id, since, now).await?;
    let payload = json!({ "since": since, "again": again });
    record(
        platform,
        &mut tx,
        caller.actor(),
        "webhook_endpoint.replayed",
        id,
        payload,
    )
    .await?;
    tx.commit().await?;
    Ok(Replayed { again })
}

/// Switches off an endpoint that says it is gone.
pub(super) async fn disable_gone(platform: &Platform, tx: &mut Tx, id: EndpointId) -> Result<()> {
    if store::disable(tx, id, "gone").await? {
        let payload = json!({ "reason": "gone" });
        record(
            platform,
            tx,
            Actor::System,
            "webhook_endpoint.disabled",
            id,
            payload,
        )
        .await?;
    }
    Ok(())
}

/// Removes deliveries that were over so long ago that they can no longer be sent again.
pub async fn forget_old(platform: &Platform) -> Result<()> {
    let mut tx = platform.db.write().await?;
    store::forget_old(&mut tx, platform.clock.now(), REPLAY_MAX).await?;
    tx.commit().await
}

fn found(endpoint: Option<Endpoint>) -> Result<Endpoint> {
    endpoint.ok_or(Error::NotFound {
        what: "webhook endpoint",
    })
}

fn active(endpoint: Option<Endpoint>) -> Result<Endpoint> {
    let endpoint = found(endpoint)?;
    if endpoint.settings.active {
        Ok(endpoint)
    } else {
        Err(Error::conflict(
            "endpoint_inactive",
            "this endpoint is switched off; switch it on first",
        ))
    }
}

/// An endpoint's settings for the event log, without the part of the address that may hold a key.
fn about(settings: &EndpointSettings) -> Value {
    let address = settings.url.split(['?', '#']).next().unwrap_or_default();
    let origin: String = address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    json!({ "address": origin, "kinds": settings.kinds, "active": settings.active,
        "allow_http": settings.allow_http })
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    kind: &'static str,
    id: EndpointId,
    payload: Value,
) -> Result<()> {
    let event = Event {
        actor,
        kind,
        subject_kind: "webhook_endpoint",
        subject: id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
