//! The parts of a path, with a problem rather than plain text where they cannot be read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::Error;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The named parts of the path as a type.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(e) => Err(Error::invalid("path_malformed", e.body_text()).into()),
        }
    }
}
