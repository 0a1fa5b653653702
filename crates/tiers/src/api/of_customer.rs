//! One customer's levels.

use axum::Extension;
use base::Day;
use jiff::Timestamp;
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::named;
use crate::app::TiersRoom;
use crate::app::of_customer::{self, Explained, Member};
use crate::model::{Decision, DecisionId, Facts, Level, ProgrammeId, Standing};

/// A level in few words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct LevelShown {
    code: String,
    zh: String,
    en: String,
    colour: String,
}

impl From<&Level> for LevelShown {
    fn from(level: &Level) -> Self {
        Self {
            code: level.code.clone(),
            zh: level.zh.clone(),
            en: level.en.clone(),
            colour: level.colour.clone(),
        }
    }
}

/// How a customer stands in a programme.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberShown {
    /// The programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// What other systems call it.
    code: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// The number of the version in force.
    version: i32,
    /// Its levels, the lowest first.
    levels: Vec<LevelShown>,
    /// How the customer stands, why, and what is missing.
    #[serde(flatten)]
    decision: Decision,
    /// The decision it stands by; null for who never had a level.
    #[schema(value_type = Option<Uuid>)]
    decided_by: Option<DecisionId>,
}

impl From<Member> for MemberShown {
    fn from(member: Member) -> Self {
        Self {
            programme: member.programme.id,
            code: member.programme.facts.code,
            zh: member.programme.facts.zh,
            en: member.programme.facts.en,
            version: member.version.number,
            levels: member.version.document.levels.iter().map(Into::into).collect(),
            decision: member.decision,
            decided_by: member.decided_by,
        }
    }
}

/// How a customer stands in every programme that is for it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Members {
    /// By the programmes' codes.
    pub(super) items: Vec<MemberShown>,
}

/// A decision with what it was made from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecisionShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: DecisionId,
    /// Of which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// By which version.
    version: Uuid,
    /// On whom; of one that was merged, on that one.
    customer: Uuid,
    /// On which day.
    #[schema(value_type = String, format = Date)]
    on: Day,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How it stood before.
    before: Option<Standing>,
    /// What was decided and why.
    #[serde(flatten)]
    decision: Decision,
    /// What was known.
    facts: Facts,
}

impl From<Explained> for DecisionShown {
    fn from(Explained { recorded, decision }: Explained) -> Self {
        Self {
            id: recorded.id,
            programme: recorded.programme,
            version: recorded.version.uuid(),
            customer: recorded.customer,
            on: recorded.on,
            at: recorded.at,
            before: recorded.before,
            decision,
            facts: recorded.facts,
        }
    }
}

/// A page of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecisionPage {
    /// The newest first.
    items: Vec<DecisionShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OfProgramme {
    programme: Option<String>,
}

/// How a customer stands in every programme with a version in force, why, and what is missing to the next level.
#[utoipa::path(get, path = "/customers/{id}/tiers", tag = "tiers", operation_id = "customer_tiers",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Members),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn members(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Members>, Problem> {
    let members = of_customer::members(&room, &caller, named("customer", &id)?).await?;
    let items = members.into_iter().map(Into::into).collect();
    Ok(Json(Members { items }))
}

/// Decides on a customer now. Needs `tiers.write`.
#[utoipa::path(post, path = "/customers/{id}/tiers/decide", tag = "tiers", operation_id = "customer_tiers_decide",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Members),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Members>, Problem> {
    let members = of_customer::decide_now(&room, &caller, named("customer", &id)?).await?;
    let items = members.into_iter().map(Into::into).collect();
    Ok(Json(Members { items }))
}

/// The decisions on a customer, the newest first, each with what was known and why.
#[utoipa::path(get, path = "/customers/{id}/tiers/decisions", tag = "tiers", operation_id = "customer_tier_decisions",
    params(("id" = Uuid, Path), ("programme" = Option<Uuid>, Query), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = DecisionPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn history(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Query(of): Query<OfProgramme>,
    paging: Paging,
) -> Result<Json<DecisionPage>, Problem> {
    let customer = named("customer", &id)?;
    let programme = of.programme.as_deref().map(str::parse).transpose()?;
    let cursor = paging.cursor.as_deref();
    let page = of_customer::history(&room, &caller, customer, programme, paging.size, cursor).await?;
    let page = page.map(Into::into);
    Ok(Json(DecisionPage {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}
