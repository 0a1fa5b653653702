//! `/value/settings`

use axum::Extension;
use axum::http::HeaderMap;
use platform::Caller;
use platform::http::{Json, Problem, ProblemBody};
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
) -> Result<Json<SettingsBody>, Problem> {
    let (version, settings) = settings::read(&room, &caller).await?;
    Ok(Json(SettingsBody { version, settings }))
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
    headers: HeaderMap,
    Json(wanted): Json<ValueSettings>,
) -> Result<Json<SettingsBody>, Problem> {
    let expected = headers
        .get("if-match")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim_matches('"').parse().ok())
        .ok_or_else(|| base::Error::invalid("version_missing", "send the version as If-Match").at("If-Match"))?;
    let (version, settings) = settings::change(&room, &caller, expected, wanted).await?;
    Ok(Json(SettingsBody { version, settings }))
}
