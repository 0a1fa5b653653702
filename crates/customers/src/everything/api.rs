//! HTTP of everything about a customer: it is sent while it is written.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, StreamExt as _};
use platform::http::{Path, Problem, ProblemBody, attachment};
use platform::{Caller, Platform};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RecordParts, app};
use crate::api::customer_id;

/// The route, below `/api/v1`, with the parts of all rooms.
pub fn router(parts: RecordParts) -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(everything))
        .layer(Extension(parts))
}

/// Everything that is known of a customer and of those who were merged into it, in clear, as a ZIP: one JSON document
/// for each part, and the attachments. Needs `customers.personal` and `customers.export_person`; the log says who took
/// it.
#[utoipa::path(get, path = "/customers/{id}/everything", tag = "customers", operation_id = "customer_everything",
    params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn everything(
    State(platform): State<Platform>,
    Extension(parts): Extension<RecordParts>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = app::export(&platform, &parts, &caller, customer_id(&id)?).await?;
    let pieces = stream::unfold(file.sent, |mut sent| async move {
        let piece = sent.recv().await?;
        Some((piece.map(Bytes::from), sent))
    });
    // Whoever compresses asks once more after the end.
    let pieces = pieces.fuse();
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(&file.name));
    Ok(response)
}
