//! `/customers/{id}/exposure`, `/value/exposure`: who would take what along.

use std::collections::HashMap;

use axum::Extension;
use base::{Currency, Error};
use customers::store::Tie;
use customers::{ContactRole, CustomerSummary};
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::body::{MoneyBody, money};
use super::profiles::{CustomerOfRow, RunOfFigures};
use crate::app::ValueRoom;
use crate::app::exposure::{self, ExposedDetail, ExposedPerson, ListOfPersons};
use crate::rules::exposure::ExposureSort;

/// Influence that makes a key person, unless said.
const KEY_INFLUENCE: u8 = 4;

/// Where a person is a contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TieBody {
    contact_id: Uuid,
    organisation_id: Uuid,
    /// The organisation's name, or its external id where no name is known.
    organisation: String,
    role: ContactRole,
    influence: u8,
}

/// A person with what hangs on it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExposedPersonBody {
    name: String,
    /// The person as a customer, if it is one.
    customer_id: Option<Uuid>,
    ties: Vec<TieBody>,
    /// How many customers hang on the person, each counted once.
    customers: u64,
    /// Their money of the last twelve months.
    revenue_12m: MoneyBody,
    /// Their money expected within 36 months, discounted.
    clv_36m: MoneyBody,
}

/// A customer that hangs on a person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DependentBody {
    customer: CustomerOfRow,
    revenue_12m: MoneyBody,
    clv_36m: MoneyBody,
}

/// A person with what hangs on it, and who brings most of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExposedDetailBody {
    #[serde(flatten)]
    person: ExposedPersonBody,
    /// Subscriptions of these customers that have not ended.
    subscriptions: u64,
    /// Those who bring most, at most ten.
    largest: Vec<DependentBody>,
}

/// What hangs on a person, or on each of the people of an organisation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExposureBody {
    run: RunOfFigures,
    /// Those on whom most hangs first. Two may have the same customers hanging on them: do not add them up.
    people: Vec<ExposedDetailBody>,
    /// False: there is more than could be looked at, and the figures are too small.
    complete: bool,
}

/// A page of those on whom most hangs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExposurePageBody {
    run: RunOfFigures,
    items: Vec<ExposedPersonBody>,
    next_cursor: Option<String>,
}

fn tie_body(tie: &Tie, names: &HashMap<Uuid, CustomerSummary>) -> TieBody {
    let organisation = names.get(&tie.organisation.uuid());
    TieBody {
        contact_id: tie.contact.uuid(),
        organisation_id: tie.organisation.uuid(),
        organisation: organisation
            .map(|known| known.name.clone().unwrap_or_else(|| known.external_id.clone()))
            .unwrap_or_default(),
        role: tie.role,
        influence: tie.influence,
    }
}

fn person_body(
    person: &ExposedPerson,
    names: &HashMap<Uuid, CustomerSummary>,
    currency: Currency,
) -> ExposedPersonBody {
    ExposedPersonBody {
        name: person.name.clone(),
        customer_id: person.customer.map(customers::CustomerId::uuid),
        ties: person.ties.iter().map(|tie| tie_body(tie, names)).collect(),
        customers: person.exposure.customers as u64,
        revenue_12m: money(person.exposure.stake.revenue_minor, currency),
        clv_36m: money(person.exposure.stake.clv_minor, currency),
    }
}

fn detail_body(
    detail: ExposedDetail,
    names: &HashMap<Uuid, CustomerSummary>,
    currency: Currency,
) -> ExposedDetailBody {
    let largest = detail.largest.into_iter().map(|(customer, stake)| DependentBody {
        customer: customer.into(),
        revenue_12m: money(stake.revenue_minor, currency),
        clv_36m: money(stake.clv_minor, currency),
    });
    ExposedDetailBody {
        person: person_body(&detail.person, names, currency),
        subscriptions: detail.subscriptions,
        largest: largest.collect(),
    }
}

/// What hangs on a person who is a contact, or on each of the people of an organisation: the organisations
/// they stand for, everything below them, and their own custom, each customer once.
#[utoipa::path(get, path = "/customers/{id}/exposure", tag = "value", operation_id = "exposure_of_customer",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ExposureBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_customer(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ExposureBody>, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Error::NotFound { what: "customer" })?;
    let found = exposure::of_customer(&room, &caller, id).await?;
    let currency = found.run.run.currency;
    let people = found
        .people
        .into_iter()
        .map(|detail| detail_body(detail, &found.names, currency))
        .collect();
    Ok(Json(ExposureBody {
        run: found.run.as_ref().into(),
        people,
        complete: found.complete,
    }))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    influence: Option<u8>,
    sort: Option<String>,
}

/// Those on whom most hangs, among contacts of at least this influence (4 unless said), the most of what is sorted by
/// (`clv_36m` unless said) first.
#[utoipa::path(get, path = "/value/exposure", tag = "value", operation_id = "exposure_top",
    params(("influence" = Option<u8>, Query), ("sort" = inline(Option<ExposureSort>), Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ExposurePageBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn top(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    paging: Paging,
    Query(asked): Query<Asked>,
) -> Result<Json<ExposurePageBody>, Problem> {
    let list = ListOfPersons {
        influence: asked.influence.unwrap_or(KEY_INFLUENCE),
        sort: asked
            .sort
            .as_deref()
            .map(str::parse)
            .transpose()?
            .unwrap_or_default(),
    };
    let found = exposure::top(&room, &caller, list, paging.size, paging.cursor.as_deref()).await?;
    let currency = found.run.run.currency;
    let items = found.page.items.iter();
    Ok(Json(ExposurePageBody {
        run: found.run.as_ref().into(),
        items: items
            .map(|person| person_body(person, &found.names, currency))
            .collect(),
        next_cursor: found.page.next_cursor,
    }))
}
