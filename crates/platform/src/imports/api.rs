//! HTTP of imports. Uploading streams to the disk; the rest is one call into its use case each.

use axum::Extension;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base::{Error, Page};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{EncodingChoice, Import, ImportId, ImportOptions, ImportStart, SheetChoice};
use super::rejects::{self, RejectsFile};
use super::{Imports, app};
use crate::access::{Caller, Permission};
use crate::http::{Json, Multipart, Paging, Path, Problem, ProblemBody, attachment, receive};
use crate::jobs::Job;
use crate::state::Platform;

/// The routes of imports, below `/api/v1`.
pub fn router(imports: Imports) -> OpenApiRouter<Platform> {
    // The size of an upload is limited while it is written, by the setting.
    let uploads = OpenApiRouter::new()
        .routes(routes!(list, upload))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(encoding))
        .routes(routes!(sheet))
        .routes(routes!(dry_run))
        .routes(routes!(start))
        .routes(routes!(rejects_csv))
        .routes(routes!(rejects_as_it_came))
        .merge(uploads)
        .layer(Extension(imports))
}

/// A page of imports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPage {
    /// The imports, newest first.
    items: Vec<Import>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// What is uploaded.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the parts of the form; they are read one by one"
)]
struct UploadForm {
    /// `customers` or `transactions`.
    kind: String,
    /// The file: CSV (UTF-8, UTF-16 or GB18030, with a header), XLSX or Parquet.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Imports, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ImportPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<ImportPage>, Problem> {
    let Page { items, next_cursor } = app::list(
        &platform,
        &imports,
        &caller,
        paging.size,
        paging.cursor.as_deref(),
    )
    .await?;
    Ok(Json(ImportPage { items, next_cursor }))
}

/// Uploads a file: says what it is, its columns, and how they might be mapped.
#[utoipa::path(post, path = "/imports", tag = "imports",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = Import),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn upload(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    form: Multipart,
) -> Result<(StatusCode, Json<Import>), Problem> {
    // Before a byte is taken; the use case asks again.
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let upload = receive(&platform, form).await?;
    let kind = upload.field("kind")?.trim().to_owned();
    let import = app::add(&platform, &imports, &caller, &kind, upload.file).await?;
    Ok((StatusCode::CREATED, Json(import)))
}

/// One import with its columns, state and newest report.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = Import),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Import>, Problem> {
    Ok(Json(
        app::get(&platform, &imports, &caller, import_id(&id)?).await?,
    ))
}

/// Reads the header anew in another encoding: the one found out was wrong. What was checked is forgotten.
#[utoipa::path(post, path = "/imports/{id}/encoding", tag = "imports", params(("id" = Uuid, Path)),
    request_body = EncodingChoice,
    responses((status = 200, body = Import),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn encoding(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    Path(id): Path<String>,
    Json(choice): Json<EncodingChoice>,
) -> Result<Json<Import>, Problem> {
    let id = import_id(&id)?;
    Ok(Json(
        app::set_encoding(&platform, &imports, &caller, id, choice.encoding).await?,
    ))
}

/// Reads another sheet of a workbook. What was checked is forgotten.
#[utoipa::path(post, path = "/imports/{id}/sheet", tag = "imports", params(("id" = Uuid, Path)),
    request_body = SheetChoice,
    responses((status = 200, body = Import),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn sheet(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    Path(id): Path<String>,
    Json(choice): Json<SheetChoice>,
) -> Result<Json<Import>, Problem> {
    let id = import_id(&id)?;
    Ok(Json(
        app::set_sheet(&platform, &imports, &caller, id, &choice.sheet).await?,
    ))
}

/// Reads the whole file and says what importing it would do. Changes nothing.
#[utoipa::path(post, path = "/imports/{id}/dry-run", tag = "imports", params(("id" = Uuid, Path)),
    request_body = ImportOptions,
    responses((status = 202, description = "The job; its result has the counts of the report that the import then shows.", body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn dry_run(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    Path(id): Path<String>,
    Json(options): Json<ImportOptions>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = app::start_dry_run(&platform, &imports, &caller, import_id(&id)?, options).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Imports the file as the newest dry run has read it. Repeating an import changes nothing; above the reject
/// limit nothing is imported.
#[utoipa::path(post, path = "/imports/{id}/start", tag = "imports", params(("id" = Uuid, Path)),
    request_body = ImportStart,
    responses((status = 202, description = "The job; its result has the counts of the report that the import then shows.", body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn start(
    State(platform): State<Platform>,
    Extension(imports): Extension<Imports>,
    caller: Caller,
    Path(id): Path<String>,
    Json(how): Json<ImportStart>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = app::start(&platform, &imports, &caller, import_id(&id)?, how).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// The rejected rows as they came, with line, column and reason (at most the first 10,000).
#[utoipa::path(get, path = "/imports/{id}/rejects.csv", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "text/csv", body = String),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn rejects_csv(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = rejects::csv(&platform, &caller, import_id(&id)?).await?;
    Ok(download(file))
}

/// The rejected rows in the format the file had (a workbook for a workbook, CSV for all else), with the columns
/// `patron_line`, `patron_column` and `patron_reason` after its own, which an import leaves out: correct the rows
/// and upload the file as it is.
#[utoipa::path(get, path = "/imports/{id}/rejects", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn rejects_as_it_came(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(download(
        rejects::file(&platform, &caller, import_id(&id)?).await?,
    ))
}

fn download(file: RejectsFile) -> Response {
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_DISPOSITION, attachment(&file.name));
    response
}

fn import_id(text: &str) -> Result<ImportId, Error> {
    text.parse().map_err(|_| Error::NotFound { what: "import" })
}
