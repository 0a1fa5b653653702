//! `/users`

use axum::extract::State;
use axum::http::StatusCode;
use base::{Error, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::app;
use super::super::model::{Caller, UserChange, UserId, UserRecord};
use crate::http::{IfMatch, Json, NoStore, Paging, Path, Problem, ProblemBody, Query, Versioned, no_store};
use crate::state::Platform;

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserPage {
    /// The users, by login.
    items: Vec<UserRecord>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A user to be added.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewUser {
    /// The name to sign in with, unique.
    login: String,
    #[serde(flatten)]
    decided: UserChange,
}

/// A user with the password for the first sign-in, which is shown only now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserWithPassword {
    /// The user.
    user: UserRecord,
    /// Works once, within 24 hours.
    one_time_password: String,
}

pub(super) fn user_id(id: &str) -> Result<UserId, Error> {
    id.parse().map_err(|_| Error::NotFound { what: "user" })
}

#[derive(Deserialize)]
pub(super) struct Search {
    q: Option<String>,
}

/// Users, by login; with `q` those with it in their login or name, whatever its case. Needs `access.read`.
#[utoipa::path(get, path = "/users", tag = "access", operation_id = "users_list",
    params(("q" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = UserPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
    Query(search): Query<Search>,
) -> Result<Json<UserPage>, Problem> {
    let (q, cursor) = (search.q.as_deref(), paging.cursor.as_deref());
    let Page { items, next_cursor } = app::users::list(&platform, &caller, q, paging.size, cursor).await?;
    Ok(Json(UserPage { items, next_cursor }))
}

/// Adds a user. Needs `users.manage`.
#[utoipa::path(post, path = "/users", tag = "access", operation_id = "user_add", request_body = NewUser,
    responses((status = 201, body = UserWithPassword),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, NoStore, Json<UserWithPassword>), Problem> {
    let (user, one_time_password) = app::users::add(&platform, &caller, &new.login, new.decided).await?;
    Ok((
        StatusCode::CREATED,
        no_store(),
        Json(UserWithPassword {
            user,
            one_time_password,
        }),
    ))
}

/// One user. Needs `access.read`.
#[utoipa::path(get, path = "/users/{id}", tag = "access", operation_id = "user_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = UserRecord),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<UserRecord>, Problem> {
    let body = app::users::get(&platform, &caller, user_id(&id)?).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}

/// Decides about a user: name, role, branch, teams, and whether it can sign in. Needs `users.manage`.
#[utoipa::path(put, path = "/users/{id}", tag = "access", operation_id = "user_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = UserChange,
    responses((status = 200, body = UserRecord),
        (status = 409, description = "last_administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(seen): IfMatch,
    Json(decided): Json<UserChange>,
) -> Result<Versioned<UserRecord>, Problem> {
    let body = app::users::change(&platform, &caller, user_id(&id)?, seen, decided).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}

/// Gives a user a new one-time password and ends the user's sessions. Needs `users.manage`.
#[utoipa::path(post, path = "/users/{id}/password", tag = "access", operation_id = "user_reset_password",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = UserWithPassword),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reset_password(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(NoStore, Json<UserWithPassword>), Problem> {
    let (user, one_time_password) = app::users::reset_password(&platform, &caller, user_id(&id)?).await?;
    Ok((
        no_store(),
        Json(UserWithPassword {
            user,
            one_time_password,
        }),
    ))
}
