//! `/identity-providers`, `/sign-in-policy`, `/session/links` and `/users/{id}/links`. Signing in itself is the server's,
//! which knows where requests come from.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use base::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app;
use super::client::Providers;
use super::model::{
    IdentityProvider, IdentityProviderId, ProviderLink, ProviderSettings, ProviderTest, SignInPolicy,
    SignInPolicyChange,
};
use crate::access::{Caller, UserId};
use crate::http::{IfMatch, Json, Path, Problem, ProblemBody, Versioned};
use crate::state::{Platform, Settings};

/// Where browsers come back to, below the address people use.
const CALLBACK: &str = "/api/v1/session/callback";

/// The routes of what is decided about single sign-on, below `/api/v1`. Whoever serves them layers an [`Extension`] of
/// [`Providers`] around them.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(test))
        .routes(routes!(policy, decide_policy))
        .routes(routes!(my_links))
        .routes(routes!(links_of))
        .routes(routes!(unlink))
}

/// Where browsers come back to: at the public address, or else at the one that was asked.
/// Error: `host_malformed`.
pub fn callback_url(settings: &Settings, headers: &HeaderMap) -> Result<String> {
    if let Some(url) = &settings.public_url {
        return Ok(format!("{url}{CALLBACK}"));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &&str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    match host.filter(is_host) {
        Some(host) => Ok(format!("http://{host}{CALLBACK}")),
        None => Err(Error::invalid(
            "host_malformed",
            "the request does not say which host it asks",
        )),
    }
}

/// The identity providers, at most 20.
#[derive(Debug, Serialize, ToSchema)]
struct IdentityProviders {
    /// The oldest first.
    items: Vec<IdentityProvider>,
    /// What to tell each provider of where it may send people back to.
    callback_url: String,
}

/// What is decided about an identity provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentityProviderChange {
    /// The settings, whole.
    settings: ProviderSettings,
    /// The client secret; none for a client that has none. When changing, the one before stays where none is said; it has
    /// to be said anew where someone else would get it. It is never shown again.
    secret: Option<String>,
}

/// Who somebody is at which providers.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderLinks {
    /// One for each provider.
    items: Vec<ProviderLink>,
}

/// The identity providers. Needs `users.manage`.
#[utoipa::path(get, path = "/identity-providers", tag = "access", operation_id = "identity_providers_list",
    responses((status = 200, body = IdentityProviders),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<IdentityProviders>, Problem> {
    let items = app::list(&platform, &caller).await?;
    let callback_url = callback_url(&platform.settings, &headers)?;
    Ok(Json(IdentityProviders { items, callback_url }))
}

/// Adds an identity provider. Needs every permission.
#[utoipa::path(post, path = "/identity-providers", tag = "access", operation_id = "identity_provider_add",
    request_body = IdentityProviderChange,
    responses((status = 201, body = IdentityProvider),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<IdentityProviderChange>,
) -> Result<(StatusCode, Versioned<IdentityProvider>), Problem> {
    let added = app::add(&platform, &caller, said.settings, said.secret.as_deref()).await?;
    Ok((StatusCode::CREATED, versioned(added)))
}

/// One identity provider. Needs `users.manage`.
#[utoipa::path(get, path = "/identity-providers/{id}", tag = "access", operation_id = "identity_provider_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = IdentityProvider),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<IdentityProvider>, Problem> {
    Ok(versioned(app::get(&platform, &caller, provider_id(&id)?).await?))
}

/// Changes an identity provider. Needs every permission.
#[utoipa::path(put, path = "/identity-providers/{id}", tag = "access", operation_id = "identity_provider_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = IdentityProviderChange,
    responses((status = 200, body = IdentityProvider),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(seen): IfMatch,
    Json(said): Json<IdentityProviderChange>,
) -> Result<Versioned<IdentityProvider>, Problem> {
    let decided = (said.settings, said.secret.as_deref());
    let changed = app::change(&platform, &caller, provider_id(&id)?, seen, decided).await?;
    Ok(versioned(changed))
}

/// Removes an identity provider, and who is whom there. Needs every permission.
#[utoipa::path(delete, path = "/identity-providers/{id}", tag = "access", operation_id = "identity_provider_remove",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204, description = "Nobody signs in with it any more"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    app::remove(&platform, &caller, provider_id(&id)?, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks an identity provider about itself and for its keys, now. Needs every permission.
#[utoipa::path(post, path = "/identity-providers/{id}/test", tag = "access", operation_id = "identity_provider_test",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProviderTest),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn test(
    State(platform): State<Platform>,
    Extension(providers): Extension<Providers>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProviderTest>, Problem> {
    let said = app::test(&platform, &providers, &caller, provider_id(&id)?).await?;
    Ok(Json(said))
}

/// How people may sign in. Needs `users.manage`.
#[utoipa::path(get, path = "/sign-in-policy", tag = "access", operation_id = "sign_in_policy_get",
    responses((status = 200, body = SignInPolicy),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn policy(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<Versioned<SignInPolicy>, Problem> {
    let body = app::policy(&platform, &caller).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}

/// Decides how people may sign in. Needs every permission.
#[utoipa::path(put, path = "/sign-in-policy", tag = "access", operation_id = "sign_in_policy_change",
    params(("If-Match" = String, Header)), request_body = SignInPolicyChange,
    responses((status = 200, body = SignInPolicy),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn decide_policy(
    State(platform): State<Platform>,
    caller: Caller,
    IfMatch(seen): IfMatch,
    Json(decided): Json<SignInPolicyChange>,
) -> Result<Versioned<SignInPolicy>, Problem> {
    let body = app::decide_policy(&platform, &caller, seen, decided).await?;
    Ok(Versioned {
        version: body.version,
        body,
    })
}

/// Who one is oneself at which identity providers.
#[utoipa::path(get, path = "/session/links", tag = "session", operation_id = "session_links_list",
    responses((status = 200, body = ProviderLinks),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn my_links(State(platform): State<Platform>, caller: Caller) -> Result<Json<ProviderLinks>, Problem> {
    let items = app::my_links(&platform, &caller).await?;
    Ok(Json(ProviderLinks { items }))
}

/// Who a user is at which identity providers. Needs `access.read`.
#[utoipa::path(get, path = "/users/{id}/links", tag = "access", operation_id = "user_links_list",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ProviderLinks),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn links_of(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProviderLinks>, Problem> {
    let items = app::links_of(&platform, &caller, user_id(&id)?).await?;
    Ok(Json(ProviderLinks { items }))
}

/// Forgets who a user is at an identity provider. Needs `users.manage`.
#[utoipa::path(delete, path = "/users/{id}/links/{provider}", tag = "access", operation_id = "user_unlink",
    params(("id" = Uuid, Path), ("provider" = Uuid, Path)),
    responses((status = 204, description = "The next sign-in there finds the user anew, or nobody"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn unlink(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, provider)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app::unlink(&platform, &caller, user_id(&id)?, provider_id(&provider)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn versioned(provider: IdentityProvider) -> Versioned<IdentityProvider> {
    Versioned {
        version: provider.version,
        body: provider,
    }
}

fn provider_id(text: &str) -> Result<IdentityProviderId> {
    text.parse().map_err(|_| Error::NotFound {
        what: "identity provider",
    })
}

fn user_id(text: &str) -> Result<UserId> {
    text.parse().map_err(|_| Error::NotFound { what: "user" })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn browsers_come_back_to_the_address_people_use() {
        let at = |public_url: Option<&str>, host: Option<&'static str>| {
            let settings = Settings {
                data_dir: std::path::PathBuf::new(),
                public_url: public_url.map(str::to_owned),
                upload_bytes_max: 0,
            };
            let host = host.map(|host| (header::HOST, HeaderValue::from_static(host)));
            callback_url(&settings, &host.into_iter().collect()).map_err(|e| e.code())
        };
        let good = Ok("https://patron.example.com/api/v1/session/callback".to_owned());
        assert_eq!(at(Some("https://patron.example.com"), Some("evil.example")), good);
        let good = Ok("http://127.0.0.1:8080/api/v1/session/callback".to_owned());
        assert_eq!(at(None, Some("127.0.0.1:8080")), good);
        assert_eq!(at(None, Some("a/b?c")), Err("host_malformed"));
        assert_eq!(at(None, None), Err("host_malformed"));
    }
}
