//! The use cases of panels. Each needs `panels.manage`, which administrators have, and the whole firm: a panel is asked
//! about everyone. What is personal is asked by, or shown, only at the word of who may see it (`customers.personal`).

use base::{Error, Result, check_version};
use platform::crypto::{Cipher, Zeroizing};
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde_json::{Value, json};

use super::model::{Panel, PanelAuth, PanelId, PanelSettings};
use super::rules;
use super::store::{self, PANELS_MAX, SECRET, Stored};
use crate::model::CustomerId;

/// Every panel, in the order in which a page shows them.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<Panel>> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    let stored = store::all(&mut platform.db.read().await?).await?;
    Ok(stored.into_iter().map(|stored| stored.panel).collect())
}

/// One panel.
pub async fn get(platform: &Platform, caller: &Caller, id: PanelId) -> Result<Panel> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    let mut tx = platform.db.read().await?;
    Ok(found(store::get(&mut tx, id).await?)?.panel)
}

/// Adds a panel. Errors: those of [`rules::check`], `secret_malformed`, `secret_required`, `secret_not_needed`,
/// `panels_too_many`.
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    settings: PanelSettings,
    secret: Option<String>,
) -> Result<Panel> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    let settings = checked(caller, settings)?;
    let id: PanelId = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    if store::count(&mut tx).await? >= PANELS_MAX {
        let message = format!("there are {PANELS_MAX} panels already; remove one first");
        return Err(Error::conflict("panels_too_many", message));
    }
    let secret = match said(&settings, secret.as_deref())? {
        Said::Nothing if settings.auth != PanelAuth::None => return Err(secret_required()),
        Said::Nothing => None,
        Said::Secret(secret) => Some(seal(platform, &mut tx, id, secret).await?),
    };
    store::insert(&mut tx, id, as_json(&settings)?, secret, platform.clock.now()).await?;
    record(platform, &mut tx, caller, "panel.added", id, &about(&settings)).await?;
    let added = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(added.panel)
}

/// Changes a panel that has this version still. The secret stays where none is said, unless after the change
/// someone else would get it.
///
/// Errors: `version_stale`, and those of [`add`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: PanelId,
    expected: i64,
    (settings, secret): (PanelSettings, Option<String>),
) -> Result<Panel> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    let settings = checked(caller, settings)?;
    let mut tx = platform.db.write().await?;
    let before = hold(&mut tx, id, expected).await?;
    let said = said(&settings, secret.as_deref())?;
    if settings == before.panel.settings && matches!(said, Said::Nothing) {
        return Ok(before.panel);
    }
    let is_new = matches!(said, Said::Secret(_));
    let secret = match said {
        Said::Secret(secret) => Some(seal(platform, &mut tx, id, secret).await?),
        Said::Nothing if settings.auth == PanelAuth::None => None,
        Said::Nothing if rules::asks_another(&before.panel.settings, &settings) => {
            return Err(secret_required());
        }
        Said::Nothing => before.secret,
    };
    store::update(&mut tx, id, as_json(&settings)?, secret).await?;
    let payload = json!({
        "before": about(&before.panel.settings),
        "after": about(&settings),
        "secret_changed": is_new,
    });
    record(platform, &mut tx, caller, "panel.changed", id, &payload).await?;
    let after = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(after.panel)
}

/// Removes a panel with its secret. `expected` is the version this is based on. Error: `version_stale`.
pub async fn remove(platform: &Platform, caller: &Caller, id: PanelId, expected: i64) -> Result<()> {
    caller.require_whole_firm(Permission::PanelsManage)?;
    let mut tx = platform.db.write().await?;
    let before = hold(&mut tx, id, expected).await?;
    store::delete(&mut tx, id).await?;
    let payload = about(&before.panel.settings);
    record(platform, &mut tx, caller, "panel.removed", id, &payload).await?;
    tx.commit().await
}

/// What is to be tried before it is saved.
#[derive(Debug)]
pub struct UnsavedPanel {
    /// The panel that is being changed; none for a new one.
    pub panel: Option<PanelId>,
    /// What it would be.
    pub settings: PanelSettings,
    /// Its secret, if it is said.
    pub secret: Option<String>,
}

/// A panel to be tried: with the secret that was kept of it, or the one that was said.
pub(super) struct Draft {
    pub(super) stored: Stored,
    pub(super) secret: Option<Zeroizing<String>>,
}

/// The panel that these settings would make. The secret that is kept goes nowhere that it would not go if they were
/// saved.
pub(super) async fn draft(platform: &Platform, tx: &mut Tx, unsaved: UnsavedPanel) -> Result<Draft> {
    let settings = rules::check_asking(unsaved.settings)?;
    let before = match unsaved.panel {
        Some(id) => Some(found(store::get(tx, id).await?)?),
        None => None,
    };
    let said = match said(&settings, unsaved.secret.as_deref())? {
        Said::Secret(secret) => Some(Zeroizing::new(secret.to_owned())),
        Said::Nothing => None,
    };
    let kept = if said.is_some() || settings.auth == PanelAuth::None {
        None
    } else {
        let same = before.filter(|before| !rules::asks_another(&before.panel.settings, &settings));
        Some(same.ok_or_else(secret_required)?)
    };
    let id = kept
        .as_ref()
        .map_or_else(|| ids::new(&platform.clock), |kept| kept.panel.id);
    let secret = kept.and_then(|kept| kept.secret);
    let panel = Panel {
        id,
        settings,
        has_secret: secret.is_some(),
        version: 0,
        created_at: platform.clock.now(),
    };
    Ok(Draft {
        stored: Stored { panel, secret },
        secret: said,
    })
}

/// The settings as they are stored, if the caller may decide so: who may not see what is personal cannot have it sent
/// to a system either.
fn checked(caller: &Caller, settings: PanelSettings) -> Result<PanelSettings> {
    let settings = rules::check(settings)?;
    if rules::is_personal(&settings) {
        caller.require(Permission::CustomersPersonal)?;
    }
    Ok(settings)
}

/// What was said of the secret.
enum Said<'a> {
    Nothing,
    Secret(&'a str),
}

fn said<'a>(settings: &PanelSettings, secret: Option<&'a str>) -> Result<Said<'a>> {
    match secret {
        None => Ok(Said::Nothing),
        Some(_) if settings.auth == PanelAuth::None => {
            let message = "say how the secret is shown, or leave it out";
            Err(Error::invalid("secret_not_needed", message).at("secret"))
        }
        Some(secret) => rules::check_secret(secret).map(|()| Said::Secret(secret)),
    }
}

fn secret_required() -> Error {
    let message = "say the secret: it is not known, or someone else would get it from now on";
    Error::invalid("secret_required", message).at("secret")
}

async fn seal(platform: &Platform, tx: &mut Tx, id: PanelId, secret: &str) -> Result<Vec<u8>> {
    let cipher: Cipher = platform.keys.cipher(tx).await?;
    cipher.seal(SECRET, id.uuid(), secret)
}

fn as_json(settings: &PanelSettings) -> Result<Value> {
    serde_json::to_value(settings).map_err(Error::internal)
}

pub(super) fn found(stored: Option<Stored>) -> Result<Stored> {
    stored.ok_or(Error::NotFound { what: "panel" })
}

/// Holds a panel that has this version until the transaction ends.
async fn hold(tx: &mut Tx, id: PanelId, expected: i64) -> Result<Stored> {
    let stored = found(store::hold(tx, id).await?)?;
    check_version(expected, stored.panel.version)?;
    Ok(stored)
}

/// A panel's settings for the event log, without the part of the address that may hold a key.
fn about(settings: &PanelSettings) -> Value {
    json!({
        "zh": settings.zh,
        "en": settings.en,
        "address": rules::origin(&settings.url),
        "auth": settings.auth,
        "fields": settings.fields,
        "cache_s": settings.cache_s,
        "deadline_ms": settings.deadline_ms,
        "bytes_max": settings.bytes_max,
        "position": settings.position,
        "active": settings.active,
        "personal": settings.personal,
        "allow_http": settings.allow_http,
        "allow_private": settings.allow_private,
    })
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    id: PanelId,
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "panel",
        subject: id.uuid(),
        customer: None,
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// Records, before it is done, that someone asks a system about a customer with settings that nobody has saved.
pub(super) async fn record_tried(
    platform: &Platform,
    caller: &Caller,
    panel: &Panel,
    customer: CustomerId,
) -> Result<()> {
    let settings = &panel.settings;
    let event = Event {
        actor: caller.actor(),
        kind: "panel.tried",
        subject_kind: "panel",
        subject: panel.id.uuid(),
        customer: Some(customer.uuid()),
        payload: &json!({
            "address": rules::origin(&settings.url),
            "allow_private": settings.allow_private,
        }),
    };
    let mut tx = platform.db.write().await?;
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await
}
