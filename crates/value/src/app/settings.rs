//! What the firm decides about its value runs. Every change is a new version.

use base::{Error, Result};
use platform::events::{self, Event};
use platform::{Caller, Permission};
use serde_json::json;

use super::ValueRoom;
use crate::engine::settings::ValueSettings;
use crate::store;

/// The settings in force: version 0 is what Patron ships.
pub async fn current(tx: &mut platform::Tx) -> Result<(u32, ValueSettings)> {
    let (version, settings) = store::settings::newest(tx).await?.unwrap_or_default();
    Ok((version, of_firm(tx, settings).await?))
}

/// The settings of a version.
pub(super) async fn version(tx: &mut platform::Tx, version: u32) -> Result<(u32, ValueSettings)> {
    match store::settings::find(tx, version).await? {
        Some(settings) => Ok((version, of_firm(tx, settings).await?)),
        None if version == 0 => Ok((0, of_firm(tx, ValueSettings::default()).await?)),
        None => Err(Error::internal(format!(
            "version {version} of the value settings is not there"
        ))),
    }
}

/// In the firm's currency and zone: a version may be older than the first import, which decides on them.
async fn of_firm(tx: &mut platform::Tx, settings: ValueSettings) -> Result<ValueSettings> {
    let firm = platform::firm::load(tx).await?;
    Ok(ValueSettings {
        currency: firm.currency,
        zone: firm.zone,
        ..settings
    })
}

fn stale() -> Error {
    Error::conflict(
        "version_stale",
        "someone else has changed the settings meanwhile: read them again",
    )
}

/// The settings in force, for a caller who may see value.
pub async fn read(room: &ValueRoom, caller: &Caller) -> Result<(u32, ValueSettings)> {
    caller.require(Permission::ValueRead)?;
    current(&mut room.platform.db.read().await?).await
}

/// Decides anew. `expected` is the version the decision was based on. Currency and zone are the firm's
/// and cannot be changed here.
///
/// Errors: `version_stale` when someone else decided meanwhile; a setting out of range.
pub async fn change(
    room: &ValueRoom,
    caller: &Caller,
    expected: u32,
    settings: ValueSettings,
) -> Result<(u32, ValueSettings)> {
    caller.require(Permission::ValueSettings)?;
    settings.check()?;
    let mut tx = room.platform.db.write().await?;
    let (version, before) = current(&mut tx).await?;
    if version != expected {
        return Err(stale());
    }
    if settings.currency != before.currency || settings.zone != before.zone {
        return Err(Error::invalid(
            "setting_fixed",
            "currency and zone are the firm's and cannot be changed here",
        )
        .at(if settings.zone == before.zone {
            "currency"
        } else {
            "zone"
        }));
    }
    let version = version + 1;
    let clock = &room.platform.clock;
    store::settings::add(
        &mut tx,
        version,
        &settings,
        Some(caller.user.id.uuid()),
        clock.now(),
    )
    .await
    .map_err(|e| if e.code() == "already_exists" { stale() } else { e })?;
    events::record(
        &mut tx,
        clock,
        &Event {
            actor: caller.actor(),
            kind: "value_settings.changed",
            subject_kind: "value_settings",
            subject: uuid::Uuid::nil(),
            customer: None,
            payload: &json!({ "version": version, "before": before, "after": settings }),
        },
    )
    .await?;
    tx.commit().await?;
    Ok((version, settings))
}
