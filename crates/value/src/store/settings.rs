//! Versions of the value settings. Every change is a new version; runs say which one they used.

use base::Result;
use jiff::Timestamp;
use platform::args;
use platform::db::Tx;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::settings::ValueSettings;

/// The newest version, if the firm ever decided anything.
pub async fn newest(tx: &mut Tx) -> Result<Option<(u32, ValueSettings)>> {
    let row: Option<(i32, Json<ValueSettings>)> = tx
        .optional(
            "SELECT version, settings FROM value_settings ORDER BY version DESC LIMIT 1",
            [],
        )
        .await?;
    Ok(row.map(|(version, Json(settings))| (version.unsigned_abs(), settings)))
}

/// One version.
pub async fn find(tx: &mut Tx, version: u32) -> Result<Option<ValueSettings>> {
    let row: Option<(Json<ValueSettings>,)> = tx
        .optional(
            "SELECT settings FROM value_settings WHERE version = $1",
            args![version as i32],
        )
        .await?;
    Ok(row.map(|(Json(settings),)| settings))
}

/// Adds a version. A version that is there already is an error of the database (someone was first).
pub async fn add(
    tx: &mut Tx,
    version: u32,
    settings: &ValueSettings,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    let settings = serde_json::to_value(settings).map_err(base::Error::internal)?;
    tx.execute(
        "INSERT INTO value_settings (version, settings, created_at, created_by) VALUES ($1, $2, $3, $4)",
        args![version as i32, settings, at, by],
    )
    .await
    .map(|_| ())
}
