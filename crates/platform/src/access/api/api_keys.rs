//! `/api-keys` and `/users/{id}/api-keys`

use axum::extract::State;
use axum::http::StatusCode;
use base::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app::api_keys;
use super::super::model::{ApiKey, ApiKeyId, Caller, NewApiKey};
use super::users::user_id;
use crate::http::{Json, NoStore, Path, Problem, ProblemBody, no_store};
use crate::state::Platform;

/// Keys that are in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeys {
    /// The keys, newest first, at most 50.
    items: Vec<ApiKey>,
}

/// A new key, which is shown only now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyWithSecret {
    /// The key.
    api_key: ApiKey,
    /// What to send as `Authorization: Bearer …`.
    secret: String,
}

fn key_id(id: &str) -> Result<ApiKeyId, Error> {
    id.parse().map_err(|_| Error::NotFound { what: "API key" })
}

/// One's own API keys.
#[utoipa::path(get, path = "/api-keys", tag = "session", operation_id = "api_keys_list",
    responses((status = 200, body = ApiKeys),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn mine(State(platform): State<Platform>, caller: Caller) -> Result<Json<ApiKeys>, Problem> {
    let items = api_keys::mine(&platform, &caller).await?;
    Ok(Json(ApiKeys { items }))
}

/// Makes an API key with some of one's own permissions.
#[utoipa::path(post, path = "/api-keys", tag = "session", operation_id = "api_key_add", request_body = NewApiKey,
    responses((status = 201, body = ApiKeyWithSecret),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(new): Json<NewApiKey>,
) -> Result<(StatusCode, NoStore, Json<ApiKeyWithSecret>), Problem> {
    let (api_key, key) = api_keys::add(&platform, &caller, new).await?;
    Ok((
        StatusCode::CREATED,
        no_store(),
        Json(ApiKeyWithSecret { api_key, secret: key }),
    ))
}

/// Ends an API key of one's own.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "session", operation_id = "api_key_revoke",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    api_keys::revoke_mine(&platform, &caller, key_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A user's API keys. Needs `access.read`.
#[utoipa::path(get, path = "/users/{id}/api-keys", tag = "access", operation_id = "user_api_keys_list",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ApiKeys),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ApiKeys>, Problem> {
    let items = api_keys::of_user(&platform, &caller, user_id(&id)?).await?;
    Ok(Json(ApiKeys { items }))
}

/// Ends an API key of a user. Needs `users.manage`.
#[utoipa::path(delete, path = "/users/{id}/api-keys/{key}", tag = "access", operation_id = "user_api_key_revoke",
    params(("id" = Uuid, Path), ("key" = Uuid, Path)),
    responses((status = 204, description = "It is over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke_of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    api_keys::revoke_of_user(&platform, &caller, user_id(&id)?, key_id(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
