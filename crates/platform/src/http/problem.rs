//! The one place where an error becomes a response (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Error, FieldError};
use serde::Serialize;

tokio::task_local! {
    /// The id of the request at work, set by the server around every handler.
    pub static REQUEST_ID: String;
}

/// An error on its way out.
#[derive(Debug)]
pub struct Problem(pub Error);

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        Self(e)
    }
}

/// A problem as the API shows it (`application/problem+json`).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` says which problem it is.
    pub r#type: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the error, which the console translates.
    pub code: &'static str,
    /// What is wrong, in English.
    pub detail: String,
    /// The inputs at fault.
    #[schema(value_type = Vec<Object>)]
    pub fields: Vec<FieldError>,
    /// To find the request in the server's log.
    pub request_id: Option<String>,
}

fn status_of(e: &Error) -> StatusCode {
    match e {
        Error::Invalid {
            code: "body_too_large" | "file_too_large",
            ..
        } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Invalid {
            code: "method_not_allowed",
            ..
        } => StatusCode::METHOD_NOT_ALLOWED,
        Error::Invalid {
            code: "version_missing",
            ..
        } => StatusCode::PRECONDITION_REQUIRED,
        Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::NotFound { .. }
        | Error::Conflict {
            code: "no_profile", ..
        } => StatusCode::NOT_FOUND,
        Error::Conflict {
            code: "version_stale",
            ..
        } => StatusCode::PRECONDITION_FAILED,
        Error::Conflict {
            code: "password_change_required" | "origin_not_allowed",
            ..
        } => StatusCode::FORBIDDEN,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable {
            code: "disk_full", ..
        } => StatusCode::INSUFFICIENT_STORAGE,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let e = self.0;
        let status = status_of(&e);
        let request_id = REQUEST_ID.try_with(Clone::clone).ok();
        let detail = match &e {
            Error::Internal { context } => {
                tracing::error!(request_id, context, "internal error");
                "something went wrong on our side; it has been logged".to_owned()
            }
            e => e.to_string(),
        };
        let (retry_after_s, fields) = match &e {
            Error::TooMany { retry_after_s, .. } => (Some(*retry_after_s), Vec::new()),
            Error::Unavailable { .. } => (Some(5), Vec::new()),
            Error::Invalid { fields, .. } => (None, fields.clone()),
            _ => (None, Vec::new()),
        };
        let body = ProblemBody {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("error"),
            status: status.as_u16(),
            code: e.code(),
            detail,
            fields,
            request_id,
        };
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
