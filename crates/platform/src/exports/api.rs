//! HTTP of exports: one call into its use case each; the file is streamed from the disk.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base::{Error, Page};
use serde::Serialize;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{Export, ExportId, NewExport};
use super::{Exports, app};
use crate::access::Caller;
use crate::http::{Json, Paging, Path, Problem, ProblemBody, attachment};
use crate::state::Platform;

/// The routes of exports, below `/api/v1`. Whoever serves them layers an [`Extension`] of [`Exports`] around them.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(get))
        .routes(routes!(file))
}

/// A page of exports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportPage {
    /// The exports, newest first.
    items: Vec<Export>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// The exports of whoever asks, newest first.
#[utoipa::path(get, path = "/exports", tag = "exports", operation_id = "exports_list",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ExportPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<ExportPage>, Problem> {
    let page = app::list(&platform, &caller, paging.size, paging.cursor.as_deref()).await?;
    let Page { items, next_cursor } = page;
    Ok(Json(ExportPage { items, next_cursor }))
}

/// Writes a list into a file, as a job: all its rows with the filters given, as whoever asks may see them. The
/// file can be downloaded for a week.
#[utoipa::path(post, path = "/exports", tag = "exports", operation_id = "exports_start", request_body = NewExport,
    responses((status = 202, body = Export),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn start(
    State(platform): State<Platform>,
    Extension(exports): Extension<Exports>,
    caller: Caller,
    Json(new): Json<NewExport>,
) -> Result<(StatusCode, Json<Export>), Problem> {
    let export = app::start(&platform, &exports, &caller, new).await?;
    Ok((StatusCode::ACCEPTED, Json(export)))
}

/// One export.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports", operation_id = "exports_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Export),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Export>, Problem> {
    Ok(Json(app::get(&platform, &caller, export_id(&id)?).await?))
}

/// The file. Texts that a spreadsheet might take for formulas are marked as texts.
#[utoipa::path(get, path = "/exports/{id}/file", tag = "exports", operation_id = "exports_file",
    params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn file(
    State(platform): State<Platform>,
    Extension(exports): Extension<Exports>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (export, file) = app::download(&platform, &exports, &caller, export_id(&id)?).await?;
    let mut response = Body::from_stream(ReaderStream::with_capacity(file, 64 * 1024)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(export.format.content_type()),
    );
    if let Some(bytes) = export.bytes {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_DISPOSITION, attachment(&export.file_name()));
    Ok(response)
}

fn export_id(text: &str) -> Result<ExportId, Error> {
    text.parse().map_err(|_| Error::NotFound { what: "export" })
}
