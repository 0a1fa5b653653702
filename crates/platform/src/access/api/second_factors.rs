//! `/session/second-factor` and `/users/{id}/second-factor`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::app::second_factors::{self, Offer, Status};
use super::super::model::Caller;
use super::users::user_id;
use crate::http::{Json, NoStore, Path, Problem, ProblemBody, no_store};
use crate::state::Platform;

/// The caller's password, asked for once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurrentPassword {
    /// The password.
    current_password: String,
}

/// A code of the authenticator app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits.
    code: String,
}

/// Codes that stand in for a lost app, each once. Shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// The codes.
    recovery_codes: Vec<String>,
}

/// Whether codes are asked for at one's own sign-in.
#[utoipa::path(get, path = "/session/second-factor", tag = "session", operation_id = "second_factor_status",
    responses((status = 200, body = Status),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn status(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<Json<Status>, Problem> {
    Ok(Json(second_factors::status(&platform, &caller).await?))
}

/// Offers a secret for an authenticator app. Nothing is asked for before it is confirmed.
#[utoipa::path(post, path = "/session/second-factor", tag = "session", operation_id = "second_factor_offer",
    request_body = CurrentPassword,
    responses((status = 200, body = Offer),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn offer(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<CurrentPassword>,
) -> Result<(NoStore, Json<Offer>), Problem> {
    let offer = second_factors::offer(&platform, &caller, said.current_password).await?;
    Ok((no_store(), Json(offer)))
}

/// Proves by a code that the app has the secret; from then on codes are asked for at sign-in.
#[utoipa::path(post, path = "/session/second-factor/confirm", tag = "session",
    operation_id = "second_factor_confirm", request_body = Code,
    responses((status = 200, body = RecoveryCodes),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn confirm(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<Code>,
) -> Result<(NoStore, Json<RecoveryCodes>), Problem> {
    let recovery_codes = second_factors::confirm(&platform, &caller, &said.code).await?;
    Ok((no_store(), Json(RecoveryCodes { recovery_codes })))
}

/// Removes one's own second factor.
#[utoipa::path(post, path = "/session/second-factor/remove", tag = "session",
    operation_id = "second_factor_remove", request_body = CurrentPassword,
    responses((status = 204, description = "Codes are no longer asked for"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<CurrentPassword>,
) -> Result<StatusCode, Problem> {
    second_factors::remove_mine(&platform, &caller, said.current_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the second factor of a user who has lost it. Needs `users.manage`.
#[utoipa::path(delete, path = "/users/{id}/second-factor", tag = "access",
    operation_id = "user_second_factor_remove", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Codes are no longer asked for"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove_of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    second_factors::remove_of_user(&platform, &caller, user_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
