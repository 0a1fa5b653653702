//! `/branches` and `/teams`

use axum::extract::State;
use axum::http::StatusCode;
use base::{Error, Page};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::app;
use super::super::model::{Branch, BranchChange, Caller, Team, TeamChange};
use crate::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Versioned};
use crate::state::Platform;

/// A page of branches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BranchPage {
    /// The branches, by code.
    items: Vec<Branch>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A page of teams.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamPage {
    /// The teams, by name.
    items: Vec<Team>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// The firm's branches, by code. Needs `access.read`.
#[utoipa::path(get, path = "/branches", tag = "access", operation_id = "branches_list",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = BranchPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn branches(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<BranchPage>, Problem> {
    let Page { items, next_cursor } =
        app::branches::list(&platform, &caller, paging.size, paging.cursor.as_deref()).await?;
    Ok(Json(BranchPage { items, next_cursor }))
}

/// Adds a branch. Needs `users.manage`.
#[utoipa::path(post, path = "/branches", tag = "access", operation_id = "branch_add", request_body = BranchChange,
    responses((status = 201, body = Branch),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add_branch(
    State(platform): State<Platform>,
    caller: Caller,
    Json(decided): Json<BranchChange>,
) -> Result<(StatusCode, Json<Branch>), Problem> {
    let added = app::branches::add(&platform, &caller, decided).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Decides about a branch: its code, its name, and where in the tree it is. Needs `users.manage`.
#[utoipa::path(put, path = "/branches/{id}", tag = "access", operation_id = "branch_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = BranchChange,
    responses((status = 200, body = Branch),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_branch(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(seen): IfMatch,
    Json(decided): Json<BranchChange>,
) -> Result<Versioned<Branch>, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound { what: "branch" })?;
    let body = app::branches::change(&platform, &caller, id, seen, decided).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}

/// The teams, by name. Needs `access.read`.
#[utoipa::path(get, path = "/teams", tag = "access", operation_id = "teams_list",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = TeamPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn teams(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<TeamPage>, Problem> {
    let Page { items, next_cursor } =
        app::teams::list(&platform, &caller, paging.size, paging.cursor.as_deref()).await?;
    Ok(Json(TeamPage { items, next_cursor }))
}

/// Adds a team. Needs `users.manage`.
#[utoipa::path(post, path = "/teams", tag = "access", operation_id = "team_add", request_body = TeamChange,
    responses((status = 201, body = Team),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add_team(
    State(platform): State<Platform>,
    caller: Caller,
    Json(decided): Json<TeamChange>,
) -> Result<(StatusCode, Json<Team>), Problem> {
    let added = app::teams::add(&platform, &caller, decided).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Decides about a team. Needs `users.manage`.
#[utoipa::path(put, path = "/teams/{id}", tag = "access", operation_id = "team_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = TeamChange,
    responses((status = 200, body = Team),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_team(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(seen): IfMatch,
    Json(decided): Json<TeamChange>,
) -> Result<Versioned<Team>, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound { what: "team" })?;
    let body = app::teams::change(&platform, &caller, id, seen, decided).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}
