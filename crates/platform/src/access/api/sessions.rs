//! `/sessions` and `/users/{id}/sessions`

use axum::extract::State;
use axum::http::StatusCode;
use base::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app::sessions::{self, SessionRecord, Which};
use super::super::model::{Caller, SessionId};
use super::users::user_id;
use crate::http::{Json, Path, Problem, ProblemBody, SessionToken};
use crate::state::Platform;

/// Sessions that have not expired, at most the newest 200.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The sessions, newest first.
    items: Vec<SessionRecord>,
}

fn session_id(id: &str) -> Result<SessionId, Error> {
    id.parse().map_err(|_| Error::NotFound { what: "session" })
}

/// One's own sessions.
#[utoipa::path(get, path = "/sessions", tag = "session", operation_id = "sessions_list",
    responses((status = 200, body = Sessions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn mine(
    State(platform): State<Platform>,
    caller: Caller,
    SessionToken(token): SessionToken,
) -> Result<Json<Sessions>, Problem> {
    let items = sessions::mine(&platform, &caller, &token).await?;
    Ok(Json(Sessions { items }))
}

/// Ends every other session of one's own.
#[utoipa::path(delete, path = "/sessions", tag = "session", operation_id = "sessions_end_others",
    responses((status = 204, description = "They are over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_others(
    State(platform): State<Platform>,
    caller: Caller,
    SessionToken(token): SessionToken,
) -> Result<StatusCode, Problem> {
    sessions::end_mine(&platform, &caller, &token, Which::All).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of one's own.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "session", operation_id = "session_end",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_one(
    State(platform): State<Platform>,
    caller: Caller,
    SessionToken(token): SessionToken,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    sessions::end_mine(&platform, &caller, &token, Which::One(session_id(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A user's sessions. Needs `access.read`.
#[utoipa::path(get, path = "/users/{id}/sessions", tag = "access", operation_id = "user_sessions_list",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Sessions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Sessions>, Problem> {
    let items = sessions::of_user(&platform, &caller, user_id(&id)?).await?;
    Ok(Json(Sessions { items }))
}

/// Ends every session of a user. Needs `users.manage`.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "access", operation_id = "user_sessions_end",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "They are over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_all_of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    sessions::end_of_user(&platform, &caller, user_id(&id)?, Which::All).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of a user. Needs `users.manage`.
#[utoipa::path(delete, path = "/users/{id}/sessions/{session}", tag = "access", operation_id = "user_session_end",
    params(("id" = Uuid, Path), ("session" = Uuid, Path)),
    responses((status = 204, description = "It is over"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_one_of_user(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, session)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let which = Which::One(session_id(&session)?);
    sessions::end_of_user(&platform, &caller, user_id(&id)?, which).await?;
    Ok(StatusCode::NO_CONTENT)
}
