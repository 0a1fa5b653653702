//! `/roles`

use axum::extract::State;
use axum::http::StatusCode;
use base::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app;
use super::super::model::{Caller, Permission, RoleChange, RoleRecord};
use crate::http::{IfMatch, Json, Path, Problem, ProblemBody, Versioned};
use crate::state::Platform;

/// Every role, and every permission that a role can grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Roles {
    /// The roles, the built-in ones first.
    items: Vec<RoleRecord>,
    /// The permissions there are.
    permissions: Vec<&'static str>,
}

/// Every role. Needs `access.read`.
#[utoipa::path(get, path = "/roles", tag = "access", operation_id = "roles_list",
    responses((status = 200, body = Roles),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(State(platform): State<Platform>, caller: Caller) -> Result<Json<Roles>, Problem> {
    Ok(Json(Roles {
        items: app::roles::list(&platform, &caller).await?,
        permissions: Permission::ALL.map(Permission::name).to_vec(),
    }))
}

/// Makes a role. Needs `users.manage`.
#[utoipa::path(post, path = "/roles", tag = "access", operation_id = "role_add", request_body = RoleChange,
    responses((status = 201, body = RoleRecord),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(decided): Json<RoleChange>,
) -> Result<(StatusCode, Json<RoleRecord>), Problem> {
    let added = app::roles::add(&platform, &caller, decided).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Decides about a role; of a built-in one only how far it reaches. Needs `users.manage`.
#[utoipa::path(put, path = "/roles/{role}", tag = "access", operation_id = "role_change",
    params(("role" = String, Path), ("If-Match" = String, Header)), request_body = RoleChange,
    responses((status = 200, body = RoleRecord),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(role): Path<String>,
    IfMatch(seen): IfMatch,
    Json(decided): Json<RoleChange>,
) -> Result<Versioned<RoleRecord>, Problem> {
    let role = role.parse().map_err(|_| Error::NotFound { what: "role" })?;
    let body = app::roles::change(&platform, &caller, role, seen, decided).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}
