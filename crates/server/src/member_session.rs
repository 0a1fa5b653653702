//! A customer's way to its own page: a link is opened once, and its session ends. Gives no access to anything else.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use jiff::Timestamp;
use platform::Platform;
use platform::http::{Json, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use tiers::api::{MEMBER_COOKIE, MEMBER_COOKIE_PATH, member_secret};
use tiers::app::{TiersRoom, member};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::proxies::{client_address, neighbourhood};
use crate::session::TrustedProxies;

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(open, sign_out))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberSignIn {
    /// What stands behind `#` in the link.
    token: String,
}

/// Who has opened a link.
#[derive(Serialize, utoipa::ToSchema)]
struct MemberSignedIn {
    /// Until when the page can be used.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Opens a link to a customer's own page: uses it up, and sets the cookie of its session.
#[utoipa::path(post, path = "/member/session", tag = "member", operation_id = "member_sign_in",
    request_body = MemberSignIn,
    responses((status = 200, body = MemberSignedIn),
        (status = 401, description = "member_link_over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "too_many_attempts", body = ProblemBody, content_type = "application/problem+json")))]
async fn open(
    State(platform): State<Platform>,
    Extension(room): Extension<TiersRoom>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(trusted): Extension<TrustedProxies>,
    headers: HeaderMap,
    Json(said): Json<MemberSignIn>,
) -> Result<Response, Problem> {
    let from = neighbourhood(client_address(peer.ip(), &headers, &trusted.0));
    let (opened, secret) = member::open(&room, &said.token, &from).await?;
    let mut response = Json(MemberSignedIn { until: opened.until }).into_response();
    let cookie = cookie(&platform, &secret, member::SESSION.as_secs())?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Ends the session of a customer's own page.
#[utoipa::path(delete, path = "/member/session", tag = "member", operation_id = "member_sign_out",
    responses((status = 204, description = "Ended, or there was none")))]
async fn sign_out(
    State(platform): State<Platform>,
    Extension(room): Extension<TiersRoom>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = member_secret(&headers) {
        member::sign_out(&room, secret).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = cookie(&platform, "", 0)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn cookie(platform: &Platform, secret: &str, max_age_s: i64) -> Result<HeaderValue> {
    let secure = if platform.settings.is_https() {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::try_from(format!(
        "{MEMBER_COOKIE}={secret}; Path={MEMBER_COOKIE_PATH}; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}"
    ))
    .map_err(Error::internal)
}
