//! HTTP of attachments: one call into its use case each; files stream in and out.

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base::{Error, Page};
use futures::stream;
use platform::crypto::Pieces;
use platform::http::{Json, Multipart, Paging, Path, Problem, ProblemBody, attachment, receive_into};
use platform::{Caller, Platform};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Attachment, AttachmentId, app};
use crate::api::{customer_id, part_id};

pub(crate) fn router() -> OpenApiRouter<Platform> {
    // The size of a file is limited while it is written, by the firm's setting.
    let uploads = OpenApiRouter::new()
        .routes(routes!(list, add))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new().routes(routes!(file, remove)).merge(uploads)
}

/// A page of attachments.
#[derive(Debug, Serialize, ToSchema)]
struct AttachmentPage {
    /// The attachments, the newest first.
    items: Vec<Attachment>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// What is uploaded.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the part of the form, which is read piece by piece"
)]
struct AttachmentForm {
    /// The file: PDF, an image, an office document, text or CSV, as far as the record's schema allows them.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The files on a customer's record, the newest first, at most 200.
#[utoipa::path(get, path = "/customers/{id}/attachments", tag = "customers", operation_id = "attachments_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = AttachmentPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<AttachmentPage>, Problem> {
    let (id, cursor) = (customer_id(&id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } = app::list(&platform, &caller, id, paging.size, cursor).await?;
    Ok(Json(AttachmentPage { items, next_cursor }))
}

/// Puts a file on a customer's record. What it is, is told by its content and its ending; its size and kind are
/// limited by `attachments` of the record's schema. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/attachments", tag = "customers", operation_id = "attachment_add",
    request_body(content = AttachmentForm, content_type = "multipart/form-data"), params(("id" = Uuid, Path)),
    responses((status = 201, body = Attachment),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<(StatusCode, Json<Attachment>), Problem> {
    let id = customer_id(&id)?;
    let keeping = app::keeping(&platform, &caller, id).await?;
    let upload = receive_into(&platform, keeping, form).await?;
    let added = app::add(&platform, &caller, id, upload.file).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// The file, to be saved and never to be shown by the browser itself. Needs `customers.personal`.
#[utoipa::path(get, path = "/customers/{id}/attachments/{attachment_id}", tag = "customers",
    operation_id = "attachment_file", params(("id" = Uuid, Path), ("attachment_id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn file(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, attachment_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let which = which(&id, &attachment_id)?;
    let (about, pieces) = app::open(&platform, &caller, which).await?;
    let mut response = Body::from_stream(streamed(pieces)).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_str(&about.media_type);
    headers.insert(
        header::CONTENT_TYPE,
        content_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(about.bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(&about.name));
    Ok(response)
}

/// Opening blocks, so each piece is opened where that is allowed.
fn streamed(pieces: Pieces) -> impl futures::Stream<Item = Result<Bytes, Error>> {
    stream::try_unfold(pieces, |mut pieces| async move {
        let opened =
            tokio::task::spawn_blocking(move || pieces.next().transpose().map(|piece| (piece, pieces)));
        let (piece, pieces) = opened.await.map_err(Error::internal)??;
        Ok(piece.map(|piece| (Bytes::from(piece), pieces)))
    })
}

/// Takes a file off a customer's record, for good. Needs `customers.write`.
#[utoipa::path(delete, path = "/customers/{id}/attachments/{attachment_id}", tag = "customers",
    operation_id = "attachment_remove", params(("id" = Uuid, Path), ("attachment_id" = Uuid, Path)),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, attachment_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app::remove(&platform, &caller, which(&id, &attachment_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn which(id: &str, attachment_id: &str) -> Result<(crate::CustomerId, AttachmentId), Error> {
    Ok((customer_id(id)?, part_id("attachment", attachment_id)?))
}
