//! HTTP of panels: one call into its use case each.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use base::Error;
use platform::http::{IfMatch, Json, Path, Problem, ProblemBody, Versioned};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::UnsavedPanel;
use super::model::{Panel, PanelId, PanelSettings, PanelTry};
use super::{PanelRoom, app};
use crate::model::CustomerId;

/// The routes of panels, below `/api/v1`. Whoever serves them layers an [`Extension`] of [`PanelRoom`] around
/// them.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(try_unsaved))
        .routes(routes!(try_it))
}

/// The panels, at most 30.
#[derive(Debug, Serialize, ToSchema)]
struct Panels {
    /// In the order in which a page shows them.
    items: Vec<Panel>,
}

/// What is decided of a panel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PanelChange {
    /// The settings, whole.
    settings: PanelSettings,
    /// The secret: needed where the panel has an `auth`. When changing, the one before stays where none is said;
    /// it has to be said anew where someone else would get it. It is never shown again.
    secret: Option<String>,
}

/// Whom a panel is tried on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PanelTrial {
    /// The customer.
    #[schema(value_type = Uuid)]
    customer: CustomerId,
}

/// What is tried before it is saved, and on whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnsavedTrial {
    /// The customer.
    #[schema(value_type = Uuid)]
    customer: CustomerId,
    /// The panel that is being changed; none for a new one.
    #[schema(value_type = Option<Uuid>)]
    panel: Option<PanelId>,
    /// What it would be. It needs no names, and `fields` may be empty.
    settings: PanelSettings,
    /// The secret; of a panel that is being changed the one that is kept is used where none is said, as long as nobody
    /// else would get it.
    secret: Option<String>,
}

/// Panels that other systems fill.
#[utoipa::path(get, path = "/panels", tag = "panels", operation_id = "panels_list",
    responses((status = 200, body = Panels),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(State(platform): State<Platform>, caller: Caller) -> Result<Json<Panels>, Problem> {
    let items = app::list(&platform, &caller).await?;
    Ok(Json(Panels { items }))
}

/// Adds a panel.
#[utoipa::path(post, path = "/panels", tag = "panels", operation_id = "panels_add", request_body = PanelChange,
    responses((status = 201, body = Panel),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<PanelChange>,
) -> Result<(StatusCode, Versioned<Panel>), Problem> {
    let added = app::add(&platform, &caller, said.settings, said.secret).await?;
    Ok((StatusCode::CREATED, versioned(added)))
}

/// One panel.
#[utoipa::path(get, path = "/panels/{id}", tag = "panels", operation_id = "panels_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Panel),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<Panel>, Problem> {
    Ok(versioned(app::get(&platform, &caller, panel_id(&id)?).await?))
}

/// Changes a panel; what was kept of its answers is no longer shown.
#[utoipa::path(put, path = "/panels/{id}", tag = "panels", operation_id = "panels_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version the change is based on")),
    request_body = PanelChange,
    responses((status = 200, body = Panel),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<PanelChange>,
) -> Result<Versioned<Panel>, Problem> {
    let (id, said) = (panel_id(&id)?, (said.settings, said.secret));
    Ok(versioned(
        app::change(&platform, &caller, id, expected, said).await?,
    ))
}

/// Removes a panel with its secret.
#[utoipa::path(delete, path = "/panels/{id}", tag = "panels", operation_id = "panels_remove",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version this is based on")),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    app::remove(&platform, &caller, panel_id(&id)?, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a panel's system about one customer now, also where the panel is not active, and says how it went with
/// the whole answer.
#[utoipa::path(post, path = "/panels/{id}/try", tag = "panels", operation_id = "panels_try",
    params(("id" = Uuid, Path)), request_body = PanelTrial,
    responses((status = 200, body = PanelTry),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn try_it(
    Extension(room): Extension<PanelRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(trial): Json<PanelTrial>,
) -> Result<Json<PanelTry>, Problem> {
    Ok(Json(room.try_it(&caller, panel_id(&id)?, trial.customer).await?))
}

/// Asks a system about one customer with settings that nobody has saved, and says how it went with the whole answer.
/// Nothing is stored.
#[utoipa::path(post, path = "/panels/try", tag = "panels", operation_id = "panels_try_unsaved",
    request_body = UnsavedTrial,
    responses((status = 200, body = PanelTry),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn try_unsaved(
    Extension(room): Extension<PanelRoom>,
    caller: Caller,
    Json(trial): Json<UnsavedTrial>,
) -> Result<Json<PanelTry>, Problem> {
    let unsaved = UnsavedPanel {
        panel: trial.panel,
        settings: trial.settings,
        secret: trial.secret,
    };
    Ok(Json(room.try_unsaved(&caller, trial.customer, unsaved).await?))
}

fn versioned(panel: Panel) -> Versioned<Panel> {
    Versioned {
        version: panel.version,
        body: panel,
    }
}

fn panel_id(text: &str) -> Result<PanelId, Error> {
    text.parse().map_err(|_| Error::NotFound { what: "panel" })
}
