//! HTTP of everything about a customer: it is sent while it is written.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base::Error;
use futures::{Stream, StreamExt as _, stream};
use platform::http::{Path, Problem, ProblemBody, attachment};
use platform::{Caller, Platform};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RecordParts;
use super::app::{self, Turns};
use super::zip::{Piece, Sent};
use crate::api::{customer_id, erasure};

/// The routes that go through the parts of all rooms, below `/api/v1`: everything about a customer, and its erasure.
pub fn router(parts: RecordParts) -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(everything))
        .routes(routes!(erasure::erase))
        .layer(Extension(parts))
        .layer(Extension(Turns::default()))
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
    Extension(turns): Extension<Turns>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = app::export(&platform, (&parts, &turns), &caller, customer_id(&id)?).await?;
    let mut response = Body::from_stream(pieces(file.sent)).into_response();
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

/// The pieces, and an error where they end before their time: nobody takes half of it for the whole.
fn pieces(sent: Sent) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(Some(sent), |sent| async move {
        let mut sent = sent?;
        match sent.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(Bytes::from(bytes)), Some(sent))),
            Some(Piece::End) => None,
            None => Some((
                Err(Error::internal("everything about a customer broke off")),
                None,
            )),
        }
    })
    // Whoever compresses asks once more after the end.
    .fuse()
}
