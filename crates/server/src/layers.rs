//! What happens around every request: its id, its deadline, where it may come from, what the browser
//! is told about safety, and that a repeated create is answered and not repeated.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use platform::http::{AnySession, Problem, REQUEST_ID, SESSION_COOKIE, has_key};
use platform::idempotency::{ANSWER_BYTES_MAX, Known, Once};
use platform::{Platform, ids};
use sha2::{Digest as _, Sha256};
use tiers::api::MEMBER_COOKIE;
use tokio::task::JoinError;
use tracing::Instrument as _;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The largest body of a request that is not an upload.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
const DEADLINE: Duration = Duration::from_secs(30);
/// The routes that take files.
const UPLOAD_ROUTES: [&str; 2] = ["/api/v1/imports", "/api/v1/customers/{id}/attachments"];
/// Two gigabytes over a slow line take their time.
const UPLOAD_DEADLINE: Duration = Duration::from_secs(2 * 60 * 60);

/// Gives the request an id (or takes the proxy's), logs it, and says the id in the answer.
pub(crate) async fn request_id(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(&X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        });
    let id = given.map_or_else(|| ids::new::<Uuid>(&platform.clock).to_string(), str::to_owned);
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    REQUEST_ID
        .scope(
            id.clone(),
            async {
                let begun = std::time::Instant::now();
                let mut response = next.run(request).await;
                if let Ok(id) = HeaderValue::try_from(id) {
                    response.headers_mut().insert(X_REQUEST_ID, id);
                }
                let took_ms = begun.elapsed().as_millis();
                tracing::info!(status = response.status().as_u16(), took_ms, "answered");
                response
            }
            .instrument(span),
        )
        .await
}

/// Answers in time, if only to say that it took too long.
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    let deadline = if is_upload(request.method(), request.extensions(), request.headers()) {
        UPLOAD_DEADLINE
    } else {
        DEADLINE
    };
    match tokio::time::timeout(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem(Error::Unavailable {
            code: "timeout",
            message: "the answer took too long; nothing is known of whether it was carried out".to_owned(),
        })
        .into_response(),
    }
}

fn is_upload(method: &Method, extensions: &Extensions, headers: &HeaderMap) -> bool {
    let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    takes_file(method, route, content_type)
}

/// Whether a request may bring a file: no other may be as large or as slow.
fn takes_file(method: &Method, route: Option<&str>, content_type: Option<&str>) -> bool {
    method == Method::POST
        && route.is_some_and(|route| UPLOAD_ROUTES.contains(&route))
        && content_type.is_some_and(|value| value.starts_with("multipart/form-data"))
}

/// Refuses writes with a cookie that another site's page has sent (besides `SameSite=Strict`).
pub(crate) async fn same_origin(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // A page of another site cannot bring a key, and a request with a key does without the cookie.
    let by_cookie = has_session_cookie(request.headers()) && !has_key(request.headers());
    if !safe && by_cookie {
        let public_url = platform.settings.public_url.as_deref();
        if !is_same_origin(public_url, request.headers()) {
            return Problem(Error::conflict(
                "origin_not_allowed",
                "this request comes from another site's page",
            ))
            .into_response();
        }
    }
    next.run(request).await
}

fn has_session_cookie(headers: &HeaderMap) -> bool {
    headers.get_all(header::COOKIE).iter().any(|value| {
        value.to_str().is_ok_and(|cookies| {
            [SESSION_COOKIE, MEMBER_COOKIE]
                .iter()
                .any(|name| cookies.contains(name))
        })
    })
}

fn is_same_origin(public_url: Option<&str>, headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return false;
    }
    let Some(origin) = text("origin") else {
        return true; // not a browser
    };
    match public_url {
        Some(url) if origin.eq_ignore_ascii_case(url) => true,
        // Also with a public URL the console may be opened at the address listened on.
        _ => {
            let host = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            host.is_some() && host == text("host")
        }
    }
}

/// The same for every answer; the console needs inline styles (Ant Design) and nothing else.
pub(crate) async fn security_headers(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
        img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'";
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if platform.settings.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if is_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Carries a `POST` with an `Idempotency-Key` out once, however often it is sent.
pub(crate) async fn idempotent(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return next.run(request).await;
    }
    match carry_out_once(&platform, request, next).await {
        Ok(response) => response,
        Err(e) => Problem(e).into_response(),
    }
}

async fn carry_out_once(platform: &Platform, request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let key = parts
        .headers
        .get(IDEMPOTENCY_KEY)
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=200).contains(&key.len()))
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::invalid(
                "idempotency_key_malformed",
                "an Idempotency-Key has 1 to 200 characters",
            )
        })?;
    let Ok(session) = AnySession::from_request_parts(&mut parts, platform).await else {
        // The handler says what is missing.
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update(parts.uri.to_string());
    // A file is not held in memory for this: its length stands for it.
    let body = if is_upload(&parts.method, &parts.extensions, &parts.headers) {
        hash.update(
            parts
                .headers
                .get(header::CONTENT_LENGTH)
                .map_or(&b""[..], HeaderValue::as_bytes),
        );
        body
    } else {
        let bytes = to_bytes(body, BODY_BYTES_MAX)
            .await
            .map_err(|_| Error::invalid("body_too_large", "the body of the request is too large"))?;
        hash.update(&bytes);
        Body::from(bytes)
    };
    let user = session.caller.user.id.uuid();
    let once = Once::new(user, key, hash.finalize().to_vec(), platform.clock.now());
    if let Some(given) = given_before(platform, &once).await? {
        return Ok(given);
    }
    let work = {
        let (platform, once) = (platform.clone(), once.clone());
        async move {
            let response = once
                .clone()
                .carry_out(next.run(Request::from_parts(parts, body)))
                .await;
            if once.changed_something() {
                return keep_answer(&platform, &once, response).await;
            }
            // What refused it may be the same request, carried out meanwhile over another connection.
            if response.status().is_client_error() {
                return given_before(&platform, &once)
                    .await
                    .map(|given| given.unwrap_or(response));
            }
            Ok(response)
        }
    };
    // By itself, so that a client that goes away neither stops it half-way nor loses the answer it will ask for.
    let id = REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
    let work = tokio::spawn(REQUEST_ID.scope(id, work).in_current_span());
    match work.await.map_err(JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(e)) => Err(Error::internal(e)),
    }
}

async fn keep_answer(platform: &Platform, once: &Once, response: Response) -> Result<Response> {
    let is_small = response
        .body()
        .size_hint()
        .upper()
        .is_some_and(|bytes| bytes <= ANSWER_BYTES_MAX as u64);
    // A handler says so of what is shown once: a password. The others get theirs further out.
    let is_secret = response.status().is_success() && response.headers().contains_key(header::CACHE_CONTROL);
    if !is_small || is_secret {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Error::internal)?;
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    // The change is made; that its answer could not be kept must not make it look failed.
    if let Err(e) = once
        .answer(&platform.db, parts.status.as_u16(), content_type, &bytes)
        .await
    {
        tracing::warn!(error = %e, "the answer to a request with an Idempotency-Key was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The answer that was given when this request was carried out, if it was.
async fn given_before(platform: &Platform, once: &Once) -> Result<Option<Response>> {
    let Known::Answered {
        status,
        content_type,
        body,
    } = once.look_up(&platform.db).await?
    else {
        return Ok(None);
    };
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .header("idempotent-replay", "true")
        .body(Body::from(body))
        .map(Some)
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn a_page_of_another_site_may_not_write() {
        let url = Some("https://patron.example.com");
        let same = |public, headers: &[_]| is_same_origin(public, &from(headers));
        assert!(same(url, &[("host", "10.0.0.1:8080")]));
        assert!(same(
            url,
            &[
                ("origin", "https://patron.example.com"),
                ("host", "10.0.0.1:8080")
            ]
        ));
        assert!(same(
            None,
            &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]
        ));
        assert!(!same(
            None,
            &[("origin", "http://evil.example"), ("host", "127.0.0.1:8080")]
        ));
        assert!(!same(None, &[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(!same(
            url,
            &[
                ("origin", "https://patron.example.com.evil"),
                ("host", "patron.example.com")
            ]
        ));
        assert!(!same(
            url,
            &[("sec-fetch-site", "cross-site"), ("host", "patron.example.com")]
        ));
        assert!(!same(
            url,
            &[("sec-fetch-site", "same-site"), ("host", "patron.example.com")]
        ));
    }

    #[test]
    fn only_an_upload_may_take_long() {
        let form = Some("multipart/form-data; boundary=x");
        let document: serde_json::Value = serde_json::from_str(&crate::openapi()).unwrap();
        for route in UPLOAD_ROUTES {
            assert!(takes_file(&Method::POST, Some(route), form));
            assert!(!takes_file(&Method::GET, Some(route), form));
            assert!(!takes_file(&Method::POST, Some(route), Some("application/json")));
            let body = &document["paths"][route]["post"]["requestBody"];
            assert!(body["content"]["multipart/form-data"].is_object(), "{route}");
        }
        assert!(!takes_file(&Method::POST, Some("/api/v1/session"), form));
        assert!(!takes_file(&Method::POST, None, form));
    }

    #[tokio::test]
    async fn a_large_answer_is_given_and_not_kept() {
        let t = platform::testing::TestDb::sqlite(&[]).await;
        let db = &t.platform.db;
        let user = ids::new::<Uuid>(&t.platform.clock);
        for (bytes, kept) in [(ANSWER_BYTES_MAX, true), (ANSWER_BYTES_MAX + 1, false)] {
            let now = t.platform.clock.now();
            let once = Once::new(user, bytes.to_string(), vec![1], now);
            let change = async { db.write().await.unwrap().commit().await };
            once.clone().carry_out(change).await.unwrap();
            let answer = Response::new(Body::from("x".repeat(bytes)));
            let given = keep_answer(&t.platform, &once, answer).await.unwrap();
            assert_eq!(given.status(), 200);
            assert_eq!(
                to_bytes(given.into_body(), usize::MAX).await.unwrap().len(),
                bytes
            );
            let again = once.look_up(db).await;
            assert_eq!(again.is_ok(), kept, "{again:?}");
        }
    }
}
