//! Versions of things that people change: `ETag` on the way out, `If-Match` on the way in, so that
//! nobody overwrites what they have not seen.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use serde::Serialize;

use super::problem::Problem;

/// The version the caller has seen, from `If-Match: "7"`. A request without it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl IfMatch {
    /// Passes if the thing still has this version. Error: `version_stale` (412).
    pub fn check(self, current: i64) -> Result<()> {
        base::check_version(self.0, current)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let header = parts
            .headers
            .get(header::IF_MATCH)
            .and_then(|value| value.to_str().ok());
        let Some(header) = header else {
            return Err(Error::invalid(
                "version_missing",
                "send the ETag you have read as If-Match, so that nothing unseen is overwritten",
            )
            .into());
        };
        header
            .trim()
            .trim_matches('"')
            .parse()
            .map(Self)
            .map_err(|_| Error::invalid("version_malformed", "If-Match is an ETag such as \"7\"").into())
    }
}

/// A body with its version as `ETag`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The version.
    pub version: i64,
    /// The thing.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.body).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
