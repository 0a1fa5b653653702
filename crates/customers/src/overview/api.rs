//! HTTP of a customer's page.

use axum::Extension;
use base::Error;
use platform::http::{Json, Path, Problem, ProblemBody};
use platform::{Caller, Platform};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Overview, OverviewPage, Parts};

/// The route of the page, below `/api/v1`, documented with these parts. Whoever serves it layers an
/// [`Extension`] of [`Overview`] around it.
pub fn router<R>(parts: &Parts<R>) -> OpenApiRouter<Platform> {
    let mut router = OpenApiRouter::new().routes(routes!(overview));
    parts.describe(router.get_openapi_mut());
    router
}

/// A customer's page in one request: what every part of the system has to say in brief, and what other systems say
/// in panels. The answer comes within two seconds, whatever is slow; what is missing is marked.
#[utoipa::path(get, path = "/customers/{id}/overview", tag = "customers", operation_id = "customer_overview",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = OverviewPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn overview(
    Extension(overview): Extension<Overview>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OverviewPage>, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound { what: "customer" })?;
    Ok(Json(overview.of(&caller, id).await?))
}
