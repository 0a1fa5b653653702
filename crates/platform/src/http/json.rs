//! JSON bodies: in with clear errors, out as they are.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use base::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A JSON body. The size is limited by the server (1 MiB unless a route says otherwise).
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::JsonDataError(e)) => Err(Error::invalid("body_invalid", e.body_text()).into()),
            Err(JsonRejection::JsonSyntaxError(e)) => {
                Err(Error::invalid("body_malformed", e.body_text()).into())
            }
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Error::invalid("body_not_json", "send JSON with Content-Type: application/json").into())
            }
            Err(e) if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Error::invalid("body_too_large", "the body of the request is too large").into())
            }
            Err(e) => Err(Error::invalid("body_unreadable", e.body_text()).into()),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
