//! Signing in and out, and one's own password.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use jiff::Timestamp;
use platform::access::{Standing, User, app};
use platform::http::{AnySession, Json, Problem, ProblemBody, SESSION_COOKIE, SessionToken};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::proxies::{Network, client_address, neighbourhood};

/// The proxies whose word on where a request came from is taken.
#[derive(Clone)]
pub(crate) struct TrustedProxies(pub(crate) Arc<[Network]>);

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, current, sign_out))
        .routes(routes!(change_password))
}

/// Who is signed in and what they may do.
#[derive(Serialize, utoipa::ToSchema)]
struct Session {
    /// The user.
    user: User,
    /// What the user may do: `customers.read`.
    permissions: Vec<&'static str>,
    /// Nothing else works until the one-time password is changed.
    must_change_password: bool,
    /// Until when the session holds.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[serde(flatten)]
    standing: Standing,
}

impl Session {
    async fn of(platform: &Platform, caller: Caller, expires_at: Timestamp) -> Result<Self> {
        let standing = app::standing(platform, &caller).await?;
        Ok(Self {
            permissions: caller.permissions(),
            must_change_password: caller.must_change_password,
            user: caller.user,
            expires_at,
            standing,
        })
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
struct Credentials {
    /// The login.
    login: String,
    /// The password.
    password: String,
    /// A code of the second factor, or a recovery code, after `second_factor_required`.
    code: Option<String>,
}

#[derive(Deserialize, utoipa::ToSchema)]
struct PasswordChange {
    /// The password so far.
    current_password: String,
    /// The new one, at least 10 characters.
    new_password: String,
}

/// Signs in: sets the session cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = Credentials,
    responses((status = 200, body = Session),
        (status = 401, description = "credentials_wrong, second_factor_required, second_factor_wrong, password_sign_in_off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "too_many_attempts", body = ProblemBody, content_type = "application/problem+json")))]
async fn sign_in(
    State(platform): State<Platform>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(trusted): Extension<TrustedProxies>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    let address = neighbourhood(client_address(peer.ip(), &headers, &trusted.0));
    let Credentials {
        login,
        password,
        code,
    } = credentials;
    let session = app::sign_in_with_code(&platform, &login, password, code.as_deref(), &address).await?;
    with_cookie(&platform, session).await
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = Session),
        (status = 401, description = "not_signed_in", body = ProblemBody, content_type = "application/problem+json")))]
async fn current(
    State(platform): State<Platform>,
    AnySession { caller, expires_at }: AnySession,
) -> Result<Json<Session>, Problem> {
    Ok(Json(Session::of(&platform, caller, expires_at).await?))
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "Signed out, or was not signed in")))]
async fn sign_out(
    State(platform): State<Platform>,
    token: Result<SessionToken, Problem>,
) -> Result<Response, Problem> {
    if let Ok(SessionToken(token)) = token {
        app::sign_out(&platform, &token).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie(&platform, "", 0)?);
    Ok(response)
}

/// Changes one's own password; every other session of the user ends.
#[utoipa::path(post, path = "/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 200, body = Session),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn change_password(
    State(platform): State<Platform>,
    AnySession { caller, .. }: AnySession,
    _token: SessionToken,
    Json(change): Json<PasswordChange>,
) -> Result<Response, Problem> {
    let session =
        app::change_password(&platform, &caller, change.current_password, change.new_password).await?;
    with_cookie(&platform, session).await
}

/// The cookie of a new session.
pub(crate) fn session_cookie(platform: &Platform, session: &app::Session) -> Result<HeaderValue> {
    cookie(platform, &session.token, app::SESSION.as_secs())
}

async fn with_cookie(platform: &Platform, session: app::Session) -> Result<Response, Problem> {
    let cookie = session_cookie(platform, &session)?;
    let mut response = Json(Session::of(platform, session.caller, session.expires_at).await?).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn cookie(platform: &Platform, token: &str, max_age_s: i64) -> Result<HeaderValue> {
    let secure = if platform.settings.is_https() {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::try_from(format!(
        "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}"
    ))
    .map_err(Error::internal)
}
