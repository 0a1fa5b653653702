//! Programmes and their versions.

use axum::Extension;
use axum::http::StatusCode;
use base::Page;
use platform::Caller;
use platform::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Versioned};
use platform::jobs::Job;
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use crate::app::{TiersRoom, decide_all, programmes, publish};
use crate::model::{Count, Document, Programme, ProgrammeFacts, Version};

/// Every programme.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Programmes {
    /// By code; at most 50.
    items: Vec<Programme>,
}

/// A programme with what is in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProgrammeShown {
    /// The programme.
    #[serde(flatten)]
    programme: Programme,
    /// The version in force.
    in_force: Option<Version>,
    /// The version that waits for its day.
    scheduled: Option<Version>,
    /// How many customers have each level; null for who does not see the whole firm.
    counts: Option<Vec<Count>>,
}

/// A page of versions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionPage {
    /// The newest first.
    items: Vec<Version>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

fn shown(version: Version) -> Versioned<Version> {
    Versioned {
        version: version.revision,
        body: version,
    }
}

/// Every programme, by code.
#[utoipa::path(get, path = "/tiers/programmes", tag = "tiers", operation_id = "tier_programmes_list",
    responses((status = 200, body = Programmes),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Json<Programmes>, Problem> {
    let items = programmes::list(&room, &caller).await?;
    Ok(Json(Programmes { items }))
}

/// Makes a programme. Needs `tiers.write`.
#[utoipa::path(post, path = "/tiers/programmes", tag = "tiers", operation_id = "tier_programme_create",
    request_body = ProgrammeFacts,
    responses((status = 201, body = Programme),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(facts): Json<ProgrammeFacts>,
) -> Result<(StatusCode, Versioned<Programme>), Problem> {
    let programme = programmes::create(&room, &caller, facts).await?;
    let versioned = Versioned {
        version: programme.version,
        body: programme,
    };
    Ok((StatusCode::CREATED, versioned))
}

/// A programme, what is in force, and how many have each level.
#[utoipa::path(get, path = "/tiers/programmes/{id}", tag = "tiers", operation_id = "tier_programme_read",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProgrammeShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<ProgrammeShown>, Problem> {
    let found = programmes::get(&room, &caller, named("programme", &id)?).await?;
    let counts = found.counts.map(|counts| {
        let of = |(level, customers)| Count {
            level: Some(level),
            customers,
        };
        counts.into_iter().map(of).collect()
    });
    Ok(Versioned {
        version: found.programme.version,
        body: ProgrammeShown {
            programme: found.programme,
            in_force: found.in_force,
            scheduled: found.scheduled,
            counts,
        },
    })
}

/// Decides anew what a programme is called and whom it is for. Needs `tiers.write`; for another group of customers of a
/// programme in force, `tiers.publish` too.
#[utoipa::path(put, path = "/tiers/programmes/{id}", tag = "tiers", operation_id = "tier_programme_change",
    request_body = ProgrammeFacts,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version this is based on")),
    responses((status = 200, body = Programme),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(facts): Json<ProgrammeFacts>,
) -> Result<Versioned<Programme>, Problem> {
    let programme = programmes::change(&room, &caller, named("programme", &id)?, expected, facts).await?;
    Ok(Versioned {
        version: programme.version,
        body: programme,
    })
}

/// The versions of a programme, the newest first.
#[utoipa::path(get, path = "/tiers/programmes/{id}/versions", tag = "tiers", operation_id = "tier_versions_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = VersionPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn versions(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<VersionPage>, Problem> {
    let (id, cursor) = (named("programme", &id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } = programmes::versions(&room, &caller, id, paging.size, cursor).await?;
    Ok(Json(VersionPage { items, next_cursor }))
}

/// Begins a draft. Needs `tiers.write`.
#[utoipa::path(post, path = "/tiers/programmes/{id}/versions", tag = "tiers", operation_id = "tier_version_draft",
    request_body = Document, params(("id" = Uuid, Path)),
    responses((status = 201, body = Version),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn draft(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(document): Json<Document>,
) -> Result<(StatusCode, Versioned<Version>), Problem> {
    let version = programmes::draft(&room, &caller, named("programme", &id)?, document).await?;
    Ok((StatusCode::CREATED, shown(version)))
}

/// Decides on everybody in a programme anew, as a job. Needs `tiers.write`.
#[utoipa::path(post, path = "/tiers/programmes/{id}/decide", tag = "tiers", operation_id = "tier_decide_all",
    params(("id" = Uuid, Path)),
    responses((status = 202, body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = decide_all::start(&room, &caller, named("programme", &id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// One version.
#[utoipa::path(get, path = "/tiers/versions/{id}", tag = "tiers", operation_id = "tier_version_read",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Version),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn version(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<Version>, Problem> {
    let id = named("version of a programme", &id)?;
    Ok(shown(programmes::version(&room, &caller, id).await?))
}

/// Changes a draft. Needs `tiers.write`.
#[utoipa::path(put, path = "/tiers/versions/{id}", tag = "tiers", operation_id = "tier_version_change",
    request_body = Document,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the revision this is based on")),
    responses((status = 200, body = Version),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_draft(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(document): Json<Document>,
) -> Result<Versioned<Version>, Problem> {
    let id = named("version of a programme", &id)?;
    Ok(shown(
        programmes::change_draft(&room, &caller, id, expected, document).await?,
    ))
}

/// Publishes a draft that was simulated and that someone else changed last; writes the notices due to those who lose a
/// level. Needs `tiers.publish`.
#[utoipa::path(post, path = "/tiers/versions/{id}/publish", tag = "tiers", operation_id = "tier_version_publish",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the revision to be published")),
    responses((status = 200, body = Version),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn publish(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Versioned<Version>, Problem> {
    let id = named("version of a programme", &id)?;
    Ok(shown(publish::publish(&room, &caller, id, expected).await?))
}
