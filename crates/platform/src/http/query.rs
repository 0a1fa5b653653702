//! `?a=b` of a request, with a problem rather than plain text where it cannot be read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::Error;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query as a type.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(e) => Err(Error::invalid("query_malformed", e.body_text()).into()),
        }
    }
}
