//! Who calls: the session cookie or the API key becomes a [`Caller`], or the request is refused. A request
//! that brings a key is the key's, whatever cookie comes with it.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base::Error;
use jiff::Timestamp;

use super::problem::Problem;
use crate::access::{Caller, app};
use crate::state::Platform;

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "patron_session";

/// The session's token as it came, for signing out.
#[derive(Debug, Clone)]
pub struct SessionToken(pub String);

/// The caller with the session's or the key's end, also before a one-time password is changed: for the session
/// endpoints only.
#[derive(Debug, Clone)]
pub struct AnySession {
    /// The user.
    pub caller: Caller,
    /// Until when the session or the key holds.
    pub expires_at: Timestamp,
}

impl<S: Send + Sync> FromRequestParts<S> for SessionToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        token(&parts.headers)
            .filter(|_| !has_key(&parts.headers))
            .map(Self)
            .ok_or_else(|| app::not_signed_in().into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnySession
where
    Platform: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let platform = Platform::from_ref(state);
        if let Some(key) = key(&parts.headers) {
            // Whoever asks a second time within a request must not count it twice.
            if let Some(known) = parts.extensions.get::<Self>() {
                return Ok(known.clone());
            }
            let (caller, expires_at) = app::api_keys::caller(&platform, key).await?;
            let known = Self { caller, expires_at };
            parts.extensions.insert(known.clone());
            return Ok(known);
        }
        let token = token(&parts.headers).ok_or_else(app::not_signed_in)?;
        let (caller, expires_at) = app::session(&platform, &token).await?;
        Ok(Self { caller, expires_at })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Platform: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let AnySession { caller, .. } = AnySession::from_request_parts(parts, state).await?;
        if caller.must_change_password {
            return Err(
                Error::conflict("password_change_required", "change the one-time password first").into(),
            );
        }
        Ok(caller)
    }
}

/// Whether a request brings an API key, right or wrong. Other schemes are not ours: a browser sends `Basic`
/// by itself.
pub fn has_key(headers: &HeaderMap) -> bool {
    key(headers).is_some()
}

fn key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, key) = authorization.split_once(' ').unwrap_or((authorization, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn token(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, value)| *name == SESSION_COOKIE && !value.is_empty() && value.len() <= 128)
        .map(|(_, value)| value.to_owned())
}
