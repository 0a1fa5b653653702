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
    if let Some(newest) = store::settings::newest(tx).await? {
        return Ok(newest);
    }
    shipped(tx).await
}

/// The settings of a version.
pub(super) async fn version(tx: &mut platform::Tx, version: u32) -> Result<(u32, ValueSettings)> {
    match store::settings::find(tx, version).await? {
        Some(settings) => Ok((version, settings)),
        None if version == 0 => shipped(tx).await,
        None => Err(Error::internal(format!(
            "version {version} of the value settings is not there"
        ))),
    }
}

/// What Patron ships, in the firm's currency and zone.
async fn shipped(tx: &mut platform::Tx) -> Result<(u32, ValueSettings)> {
    let firm = platform::firm::load(tx).await?;
    Ok((
        0,
        ValueSettings {
            currency: firm.currency,
            zone: firm.zone,
            ..ValueSettings::default()
        },
    ))
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
        return Err(Error::conflict(
            "version_stale",
            "someone else has changed the settings meanwhile: read them again",
        ));
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
    .await?;
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
