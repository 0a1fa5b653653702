//! Jobs: see them, stop them.

use axum::extract::State;
use axum::http::StatusCode;
use base::Page;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::jobs::{Job, JobFilter};
use platform::{Caller, Platform};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
}

/// A page of jobs.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct JobPage {
    /// The jobs, newest first.
    items: Vec<Job>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

impl From<Page<Job>> for JobPage {
    fn from(page: Page<Job>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor,
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only jobs in this state.
    #[param(value_type = Option<platform::jobs::JobState>)]
    state: Option<String>,
    /// Only jobs of this kind, such as `value_run`.
    kind: Option<String>,
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs",
    params(Filter, ("limit" = Option<u32>, Query, description = "1 to 200, 50 unless told"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = JobPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<Json<JobPage>, Problem> {
    let filter = JobFilter {
        state: filter.state.map(|state| state.parse()).transpose()?,
        kind: filter.kind,
    };
    let cursor = paging.cursor.as_deref();
    let page = platform
        .jobs
        .list(&platform.db, &caller, &filter, paging.size, cursor)
        .await?;
    Ok(Json(page.into()))
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(platform.jobs.get(&platform.db, &caller, id.parse()?).await?))
}

/// Asks a job to stop: a queued one at once, a running one at its next step.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn cancel(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = platform
        .jobs
        .cancel(&platform.db, &platform.clock, &caller, id.parse()?)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
