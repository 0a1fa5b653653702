//! HTTP of identities: one call into its use case each.

use axum::extract::State;
use axum::http::StatusCode;
use base::{Error, Page};
use platform::http::{Json, NoStore, Paging, Path, Problem, ProblemBody, Query, no_store};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app;
use super::model::{Found, Identity, IdentityId, IdentityKind};
use crate::model::CustomerId;

/// The routes of identities, below `/api/v1`.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(lookup))
        .routes(routes!(list, add))
        .routes(routes!(end))
        .routes(routes!(reveal))
}

/// A page of identities.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityPage {
    /// The identities.
    items: Vec<Identity>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// Something a customer is known by.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewIdentityBody {
    /// `document`, `phone`, `email`, `card`, `account`, `wechat`, `wecom` or `external`.
    #[schema(value_type = IdentityKind)]
    kind: String,
    /// The number, address or id, as people write it.
    value: String,
}

#[derive(Deserialize)]
struct Lookup {
    identity: String,
    kind: Option<String>,
}

fn customer_id(text: &str) -> Result<CustomerId, Error> {
    text.parse().map_err(|_| Error::NotFound { what: "customer" })
}

/// The customer who is known by `identity`: a phone number, an e-mail address, a card, a document … Without
/// `kind` it may be of any kind it has the form of.
#[utoipa::path(get, path = "/customers/lookup", tag = "customers",
    params(("identity" = String, Query), ("kind" = Option<IdentityKind>, Query)),
    responses((status = 200, body = Found),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn lookup(
    State(platform): State<Platform>,
    caller: Caller,
    Query(wanted): Query<Lookup>,
) -> Result<Json<Found>, Problem> {
    let kind = wanted.kind.as_deref().map(str::parse).transpose()?;
    Ok(Json(
        app::lookup(&platform, &caller, &wanted.identity, kind).await?,
    ))
}

/// What a customer is and was known by, the newest first.
#[utoipa::path(get, path = "/customers/{id}/identities", tag = "customers",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = IdentityPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<IdentityPage>, Problem> {
    let id = customer_id(&id)?;
    let Page { items, next_cursor } =
        app::list(&platform, &caller, id, paging.size, paging.cursor.as_deref()).await?;
    Ok(Json(IdentityPage { items, next_cursor }))
}

/// Makes something known of a customer. What another customer is known by is refused (`identity_taken`).
#[utoipa::path(post, path = "/customers/{id}/identities", tag = "customers", params(("id" = Uuid, Path)),
    request_body = NewIdentityBody,
    responses((status = 201, body = Identity),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewIdentityBody>,
) -> Result<(StatusCode, Json<Identity>), Problem> {
    let (id, kind) = (customer_id(&id)?, new.kind.parse()?);
    let added = app::add(&platform, &caller, id, kind, &new.value).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Says that a customer is no longer known by something; it stays in the history.
#[utoipa::path(post, path = "/customers/{id}/identities/{identity}/end", tag = "customers",
    params(("id" = Uuid, Path), ("identity" = Uuid, Path)),
    responses((status = 200, body = Identity),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn end(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, identity)): Path<(String, String)>,
) -> Result<Json<Identity>, Problem> {
    let id = customer_id(&id)?;
    let identity: IdentityId = identity
        .parse()
        .map_err(|_| Error::NotFound { what: "identity" })?;
    Ok(Json(app::end(&platform, &caller, id, identity).await?))
}

/// Shows in clear something a customer is known by, to who otherwise sees it in part. Needs `customers.reveal`, and is
/// recorded.
#[utoipa::path(post, path = "/customers/{id}/identities/{identity}/reveal", tag = "customers",
    operation_id = "identity_reveal", params(("id" = Uuid, Path), ("identity" = Uuid, Path)),
    responses((status = 200, body = Identity),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn reveal(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, identity)): Path<(String, String)>,
) -> Result<(NoStore, Json<Identity>), Problem> {
    let id = customer_id(&id)?;
    let identity: IdentityId = identity
        .parse()
        .map_err(|_| Error::NotFound { what: "identity" })?;
    let revealed = app::reveal(&platform, &caller, id, identity).await?;
    Ok((no_store(), Json(revealed)))
}
