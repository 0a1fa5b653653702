//! Signing in at an identity provider: which there are, the way there, and the way back.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use platform::Platform;
use platform::access::single_sign_on::sign_in::{Returned, TIME_LEFT, begin, finish};
use platform::access::single_sign_on::{IdentityProviderId, Providers, app, callback_url};
use platform::http::{Json, Path, Problem, ProblemBody, Query};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::proxies::{client_address, neighbourhood};
use crate::session::{TrustedProxies, session_cookie};

/// The cookie that waits while somebody signs in elsewhere.
const COOKIE: &str = "patron_sign_in";
const COOKIE_PATH: &str = "/api/v1/session/callback";

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(doors))
        .routes(routes!(go))
        .routes(routes!(come_back))
}

/// An identity provider as whoever is at the door sees it.
#[derive(Serialize, utoipa::ToSchema)]
struct SignInDoor {
    /// The provider.
    #[schema(value_type = Uuid)]
    id: IdentityProviderId,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
}

/// The ways in.
#[derive(Serialize, utoipa::ToSchema)]
struct SignInDoors {
    /// The identity providers, the oldest first.
    items: Vec<SignInDoor>,
    /// Whether passwords are for nobody but those who may decide about users.
    only_single_sign_on: bool,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInGo {
    /// Where in the console to go on after it; the start unless said.
    return_to: Option<String>,
}

/// Where to send the browser.
#[derive(Serialize, utoipa::ToSchema)]
struct SignInWay {
    /// The address of the provider.
    address: String,
}

/// The identity providers to sign in with.
#[utoipa::path(get, path = "/session/providers", tag = "session", operation_id = "sign_in_doors",
    responses((status = 200, body = SignInDoors)))]
async fn doors(State(platform): State<Platform>) -> Result<Json<SignInDoors>, Problem> {
    let (providers, policy) = app::at_the_door(&platform).await?;
    Ok(Json(SignInDoors {
        only_single_sign_on: policy.only_single_sign_on && !providers.is_empty(),
        items: providers
            .into_iter()
            .map(|provider| SignInDoor {
                id: provider.id,
                zh: provider.settings.zh,
                en: provider.settings.en,
            })
            .collect(),
    }))
}

/// Begins to sign in at an identity provider: sets a cookie, and says where to send the browser.
#[utoipa::path(post, path = "/session/providers/{id}", tag = "session", operation_id = "sign_in_go",
    params(("id" = Uuid, Path)), request_body = SignInGo,
    responses((status = 200, body = SignInWay),
        (status = 503, description = "provider_unreachable, provider_unusable", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn go(
    State(platform): State<Platform>,
    Extension(providers): Extension<Providers>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(said): Json<SignInGo>,
) -> Result<Response, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound {
        what: "identity provider",
    })?;
    let back = callback_url(&platform.settings, &headers)?;
    let return_to = said.return_to.unwrap_or_default();
    let begun = begin(&platform, &providers, id, &return_to, back).await?;
    let mut response = Json(SignInWay {
        address: begun.address,
    })
    .into_response();
    let cookie = waiting_cookie(&platform, &begun.cookie, TIME_LEFT.as_secs())?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Where an identity provider sends people back to: signs in, and goes on in the console, which says why nobody was signed
/// in where that is so.
#[utoipa::path(get, path = "/session/callback", tag = "session", operation_id = "sign_in_come_back",
    params(("code" = Option<String>, Query), ("state" = Option<String>, Query), ("iss" = Option<String>, Query),
        ("error" = Option<String>, Query)),
    responses((status = 303, description = "To the console, with a session or with `refused` in the address")))]
async fn come_back(
    State(platform): State<Platform>,
    Extension(providers): Extension<Providers>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(trusted): Extension<TrustedProxies>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Problem> {
    let from = neighbourhood(client_address(peer.ip(), &headers, &trusted.0));
    let cookie = waiting(&headers);
    let (session, return_to) = finish(&platform, &providers, &returned, cookie, &from).await;
    let to = match &session {
        Ok(_) => return_to,
        Err(error) => door(error, &return_to),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let answer = response.headers_mut();
    answer.insert(
        header::LOCATION,
        HeaderValue::try_from(to).map_err(Error::internal)?,
    );
    if cookie.is_some() {
        answer.insert(header::SET_COOKIE, waiting_cookie(&platform, "", 0)?);
    }
    if let Ok(session) = session {
        answer.append(header::SET_COOKIE, session_cookie(&platform, &session)?);
    }
    Ok(response)
}

/// The sign-in page, with what it should say and where it should lead.
fn door(error: &Error, return_to: &str) -> String {
    if matches!(error, Error::Internal { .. }) {
        tracing::error!(%error, "a sign-in at an identity provider failed");
    }
    // Letters, digits and `_` only: the codes are ours.
    let mut to = format!("/sign-in?refused={}", error.code());
    if return_to != "/" {
        to.push_str("&next=");
        // What ends a value in a query, or means something in one; the path is plain ASCII.
        for c in return_to.chars() {
            match c {
                '&' | '#' | '%' | '+' | '?' => to.push_str(&format!("%{:02X}", u32::from(c))),
                c => to.push(c),
            }
        }
    }
    to
}

fn waiting(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// It comes along when the provider sends the browser back, which `Strict` would not allow.
fn waiting_cookie(platform: &Platform, value: &str, max_age_s: i64) -> Result<HeaderValue> {
    let secure = if platform.settings.is_https() {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::try_from(format!(
        "{COOKIE}={value}; Path={COOKIE_PATH}; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}"
    ))
    .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_says_why_and_leads_on() {
        let error = Error::Unauthenticated {
            code: "sign_in_unknown",
            message: String::new(),
        };
        assert_eq!(door(&error, "/"), "/sign-in?refused=sign_in_unknown");
        assert_eq!(
            door(&error, "/customers?q=a&b=%2F#x"),
            "/sign-in?refused=sign_in_unknown&next=/customers%3Fq=a%26b=%252F%23x"
        );
    }
}
