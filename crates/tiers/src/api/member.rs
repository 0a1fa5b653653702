//! A customer's own page. Opening and ending its session is the server's, which knows where requests come from.

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base::Error;
use jiff::Timestamp;
use platform::Caller;
use platform::http::{IfMatch, Json, NoStore, Path, Problem, ProblemBody, Versioned, no_store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::member_page::MemberOverview;
use super::named;
use crate::app::member::{self, LINK_MINUTES};
use crate::app::{TiersRoom, redemptions::Code};
use crate::model::{Member, MemberPageTexts, ProgrammeId, Redemption, RedemptionId, Wanted};

/// The name of the cookie of a member's session.
pub const MEMBER_COOKIE: &str = "patron_member";
/// Where it is sent along: nothing of the console is there.
pub const MEMBER_COOKIE_PATH: &str = "/api/v1/member";
/// Where the page is.
const PAGE: &str = "/member";

/// The secret of a member's session as it came.
pub fn member_secret(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, value)| *name == MEMBER_COOKIE && !value.is_empty())
        .map(|(_, value)| value)
}

/// Who holds a member's session.
pub(super) struct MemberSession(Member);

impl<S: Send + Sync> FromRequestParts<S> for MemberSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let room = parts.extensions.get::<TiersRoom>().cloned();
        let room = room.ok_or_else(|| Error::internal("the room is not layered around its routes"))?;
        let secret = member_secret(&parts.headers).ok_or_else(member::no_session)?;
        Ok(Self(member::session(&room, secret).await?))
    }
}

/// For how long a link is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberLinkRequest {
    /// How long it can be opened, 1 to 1,440 minutes; 60 where not said.
    minutes: Option<u32>,
}

/// A link that leads a customer to its own page, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberLinkMade {
    /// Its id.
    id: Uuid,
    /// Where it leads: below the address of the console, where no public one is set.
    address: String,
    /// Until when it can be opened.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What a member sets aside: one of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberCodeRequest {
    /// By which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// The benefit's code.
    benefit: String,
    /// So many others come along.
    #[serde(default)]
    companions: i32,
    /// The page's own key of this request, 1 to 100 characters: the same again changes nothing.
    key: String,
}

/// What was set aside, with its code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberCode {
    /// The use.
    #[schema(value_type = Uuid)]
    id: RedemptionId,
    /// Its code, shown once; null where the same was asked for before.
    code: Option<String>,
    /// The text of the code's QR code.
    qr: Option<String>,
    /// Until when it can be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl MemberCode {
    fn of(redemption: &Redemption, code: Option<Code>) -> Self {
        let (code, qr) = code.map_or((None, None), |code| (Some(code.code), Some(code.qr)));
        Self {
            id: redemption.id,
            code,
            qr,
            expires_at: redemption.expires_at,
        }
    }
}

/// What the firm writes on the page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberPageSettings {
    /// Goes up with every decision.
    version: i64,
    /// The texts.
    #[serde(flatten)]
    texts: MemberPageTexts,
}

fn settings((version, texts): (i64, MemberPageTexts)) -> Versioned<MemberPageSettings> {
    Versioned {
        version,
        body: MemberPageSettings { version, texts },
    }
}

/// Makes a link that leads a customer to its own page, once. One made before and not opened can be opened no more. Needs
/// `tiers.member_link`.
#[utoipa::path(post, path = "/customers/{id}/member-links", tag = "tiers", operation_id = "member_link_make",
    request_body = MemberLinkRequest, params(("id" = Uuid, Path)),
    responses((status = 201, body = MemberLinkMade),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn make_link(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<MemberLinkRequest>,
) -> Result<(StatusCode, NoStore, Json<MemberLinkMade>), Problem> {
    let customer = named("customer", &id)?;
    let minutes = asked.minutes.unwrap_or(LINK_MINUTES);
    let (link, secret) = member::make_link(&room, &caller, customer, minutes).await?;
    let site = room.platform.settings.public_url.as_deref().unwrap_or_default();
    let made = MemberLinkMade {
        id: link.id.uuid(),
        // Behind `#`, so that it is in no log of a proxy and no preview of a messenger uses it up.
        address: format!("{}{PAGE}#{secret}", site.trim_end_matches('/')),
        expires_at: link.expires_at,
    };
    Ok((StatusCode::CREATED, no_store(), Json(made)))
}

/// What stands on the member's own page.
#[utoipa::path(get, path = "/member/overview", tag = "member", operation_id = "member_overview",
    responses((status = 200, body = MemberOverview),
        (status = 401, description = "member_session_over", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn overview(
    Extension(room): Extension<TiersRoom>,
    MemberSession(member): MemberSession,
) -> Result<Json<MemberOverview>, Problem> {
    Ok(Json(member::page(&room, member).await?.into()))
}

/// Sets one of something aside for the member, and gives a code that can be used once.
#[utoipa::path(post, path = "/member/codes", tag = "member", operation_id = "member_code_reserve",
    request_body = MemberCodeRequest,
    responses((status = 201, body = MemberCode),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reserve(
    Extension(room): Extension<TiersRoom>,
    MemberSession(member): MemberSession,
    Json(asked): Json<MemberCodeRequest>,
) -> Result<(StatusCode, NoStore, Json<MemberCode>), Problem> {
    let wanted = Wanted {
        programme: asked.programme,
        benefit: asked.benefit,
        quantity: 1,
        companions: asked.companions,
        key: asked.key,
    };
    let (redemption, code) = member::reserve(&room, member, &wanted).await?;
    let body = Json(MemberCode::of(&redemption, code));
    Ok((StatusCode::CREATED, no_store(), body))
}

/// Gives up what was set aside for the member.
#[utoipa::path(post, path = "/member/codes/{id}/cancel", tag = "member", operation_id = "member_code_cancel",
    params(("id" = Uuid, Path)),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    Extension(room): Extension<TiersRoom>,
    MemberSession(member): MemberSession,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    member::cancel(&room, member, named("redemption", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the firm writes on its customers' pages.
#[utoipa::path(get, path = "/tiers/member-page", tag = "tiers", operation_id = "member_page_read",
    responses((status = 200, body = MemberPageSettings),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn texts(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Versioned<MemberPageSettings>, Problem> {
    Ok(settings(member::texts(&room, &caller).await?))
}

/// Decides anew what the firm writes on its customers' pages. Needs `tiers.benefits`.
#[utoipa::path(put, path = "/tiers/member-page", tag = "tiers", operation_id = "member_page_change",
    request_body = MemberPageTexts,
    params(("If-Match" = String, Header, description = "the version the decision is based on")),
    responses((status = 200, body = MemberPageSettings),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_texts(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    Json(texts): Json<MemberPageTexts>,
) -> Result<Versioned<MemberPageSettings>, Problem> {
    Ok(settings(
        member::change_texts(&room, &caller, expected, texts).await?,
    ))
}
