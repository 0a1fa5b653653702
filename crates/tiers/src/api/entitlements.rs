//! What a customer has by its level, and what it picks.

use axum::Extension;
use axum::http::StatusCode;
use base::{Day, Page};
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::named;
use crate::app::TiersRoom;
use crate::app::choices::{self, Group, Pick};
use crate::app::entitlements::{self, Has};
use crate::model::{Balances, BenefitId, Entry, ProgrammeId, Promise, Terms};

/// How much there is of an entitlement, and until when.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntitlementShown {
    /// Its id; null while nobody has asked for any of it.
    id: Option<Uuid>,
    /// The first day of its period.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// The last day on which it can be used.
    #[schema(value_type = String, format = Date)]
    until: Day,
    /// So many others may come along.
    companions_max: i32,
    /// So many of it were carried over from the period before.
    carried: i64,
    /// What became of it.
    #[serde(flatten)]
    balances: Balances,
}

/// What a customer has of a benefit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HasShown {
    /// By which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// The benefit.
    #[schema(value_type = Uuid)]
    benefit: BenefitId,
    /// Its code.
    code: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// What it is.
    terms: Terms,
    /// What need it answers.
    need: Option<String>,
    /// What the level promises; null where that was lost.
    promise: Option<Promise>,
    /// How much there is; null of what is not used up.
    entitlement: Option<EntitlementShown>,
}

impl From<Has> for HasShown {
    fn from(has: Has) -> Self {
        let facts = has.benefit.facts;
        Self {
            programme: has.programme.id,
            benefit: has.benefit.id,
            code: facts.code,
            zh: facts.zh,
            en: facts.en,
            terms: facts.terms,
            need: facts.need,
            promise: has.promise,
            entitlement: has.entitlement.map(|account| EntitlementShown {
                id: Some(account.id.uuid()).filter(|id| !id.is_nil()),
                from: account.from,
                until: account.until,
                companions_max: account.companions_max,
                carried: account.carried,
                balances: account.balances,
            }),
        }
    }
}

/// A choice group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChoiceShown {
    /// Of which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// Its code.
    code: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// How many are picked.
    pick: u32,
    /// The codes of its benefits.
    of: Vec<String>,
    /// The codes of those that were picked.
    picked: Vec<String>,
    /// The last day of the period.
    #[schema(value_type = String, format = Date)]
    until: Day,
}

impl From<Group> for ChoiceShown {
    fn from(group: Group) -> Self {
        Self {
            programme: group.programme,
            code: group.choice.code,
            zh: group.choice.zh,
            en: group.choice.en,
            pick: group.choice.pick,
            of: group.of,
            picked: group.picked,
            until: group.ends,
        }
    }
}

/// What a customer has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Entitlements {
    /// By programme and benefit.
    items: Vec<HasShown>,
    /// What it may pick of.
    choices: Vec<ChoiceShown>,
}

/// What a customer picks of a choice group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntitlementChoice {
    /// Of which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// The group's code.
    choice: String,
    /// The codes of the benefits.
    benefits: Vec<String>,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryPage {
    /// The oldest first.
    items: Vec<Entry>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// What a customer has by its levels today, and what it may pick. What nobody asked for yet is among it.
#[utoipa::path(get, path = "/customers/{id}/entitlements", tag = "tiers", operation_id = "customer_entitlements",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Entitlements),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_customer(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Entitlements>, Problem> {
    let customer = named("customer", &id)?;
    let (has, groups) = entitlements::of_customer(&room, &caller, customer).await?;
    Ok(Json(Entitlements {
        items: has.into_iter().map(Into::into).collect(),
        choices: groups.into_iter().map(Into::into).collect(),
    }))
}

/// Picks benefits of a choice group for the period under way, in place of those picked before. Needs `tiers.redeem`.
#[utoipa::path(put, path = "/customers/{id}/entitlements/choice", tag = "tiers",
    operation_id = "customer_entitlements_choose", request_body = EntitlementChoice, params(("id" = Uuid, Path)),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn choose(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(choice): Json<EntitlementChoice>,
) -> Result<StatusCode, Problem> {
    let pick = Pick {
        programme: choice.programme,
        choice: choice.choice,
        benefits: choice.benefits,
    };
    choices::choose(&room, &caller, named("customer", &id)?, pick).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that happened to an entitlement, the oldest first.
#[utoipa::path(get, path = "/tiers/entitlements/{id}/entries", tag = "tiers", operation_id = "entitlement_entries",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = EntryPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn entries(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<EntryPage>, Problem> {
    let id = named("entitlement", &id)?;
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } = entitlements::entries(&room, &caller, id, paging.size, cursor).await?;
    Ok(Json(EntryPage { items, next_cursor }))
}
