//! `/value/settings`

use axum::Extension;
use platform::Caller;
use platform::http::{IfMatch, Json, Problem, ProblemBody, Versioned};
use serde::Serialize;

use crate::app::{ValueRoom, settings};
use crate::engine::settings::ValueSettings;

/// The settings in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SettingsBody {
    /// Goes up with every change; send it as `If-Match` when changing.
    version: u32,
    /// What the firm decided.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    settings: ValueSettings,
}

/// How value is computed.
#[utoipa::path(get, path = "/value/settings", tag = "value", operation_id = "value_settings_read",
    responses((status = 200, body = SettingsBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
) -> Result<Versioned<SettingsBody>, Problem> {
    let (version, settings) = settings::read(&room, &caller).await?;
    Ok(versioned(version, settings))
}

/// Decides anew how value is computed; the next run uses it.
#[utoipa::path(put, path = "/value/settings", tag = "value", operation_id = "value_settings_change",
    request_body(content = Object, description = "the settings, as read"),
    params(("If-Match" = String, Header, description = "the version the change is based on")),
    responses((status = 200, body = SettingsBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    Json(wanted): Json<ValueSettings>,
) -> Result<Versioned<SettingsBody>, Problem> {
    let (version, settings) = settings::change(
        &room,
        &caller,
        u32::try_from(expected).unwrap_or(u32::MAX),
        wanted,
    )
    .await?;
    Ok(versioned(version, settings))
}

fn versioned(version: u32, settings: ValueSettings) -> Versioned<SettingsBody> {
    Versioned {
        version: version.into(),
        body: SettingsBody { version, settings },
    }
}
