//! What a draft would do.

use axum::Extension;
use axum::http::StatusCode;
use base::{Day, Error};
use customers::CustomerSummary;
use jiff::Timestamp;
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::jobs::Job;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::named;
use crate::app::{TiersRoom, simulation};
use crate::model::{Sensitivity, SimulationId, SimulationResult, VersionId};

/// What is asked of a simulation besides itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulationRequest {
    /// One threshold to be moved over several values.
    #[serde(default)]
    sensitivity: Option<Sensitivity>,
}

/// A simulation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimulationShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: SimulationId,
    /// The revision of the draft it was made of.
    revision: i64,
    /// Whether that is the draft as it is now.
    is_current: bool,
    /// The version in force it was compared with.
    #[schema(value_type = Option<Uuid>)]
    against: Option<VersionId>,
    /// The value run its figures are of.
    run: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What came out.
    #[serde(flatten)]
    result: SimulationResult,
}

/// A customer who would get another level.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MoveShown {
    /// Who.
    customer: Uuid,
    /// Its name, or its external id where it has none.
    name: String,
    /// Its id in the firm's other systems.
    external_id: String,
    /// From which level; null for none.
    from: Option<String>,
    /// To which.
    to: Option<String>,
    /// What it brought in twelve complete months and the one under way, minor units.
    revenue_minor: i64,
    /// What is expected of it within 36 months, minor units.
    clv_minor: i64,
}

impl MoveShown {
    fn of((of, name): (crate::store::simulations::Move, CustomerSummary)) -> Self {
        Self {
            customer: of.customer,
            name: name.name.unwrap_or_else(|| name.external_id.clone()),
            external_id: name.external_id,
            from: of.from,
            to: of.to,
            revenue_minor: of.revenue_minor,
            clv_minor: of.clv_minor,
        }
    }
}

/// A page of customers who would get another level.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovePage {
    /// Of whom most is expected first.
    items: Vec<MoveShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A notice that is due.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticeShown {
    /// Its id.
    id: Uuid,
    /// To whom.
    customer: Uuid,
    /// From which level.
    from: Option<String>,
    /// To which.
    to: Option<String>,
    /// By when.
    #[schema(value_type = String, format = Date)]
    due_on: Day,
}

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticePage {
    /// The notices.
    items: Vec<NoticeShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

fn version(id: &str) -> base::Result<VersionId> {
    named("version of a programme", id)
}

/// Simulates a draft on everybody, as a job. Needs `tiers.write`.
#[utoipa::path(post, path = "/tiers/versions/{id}/simulation", tag = "tiers", operation_id = "tier_simulate",
    request_body = SimulationRequest, params(("id" = Uuid, Path)),
    responses((status = 202, body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn start(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<SimulationRequest>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = simulation::start(&room, &caller, version(&id)?, asked.sensitivity).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// What the newest simulation of a version told.
#[utoipa::path(get, path = "/tiers/versions/{id}/simulation", tag = "tiers", operation_id = "tier_simulation_read",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = SimulationShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SimulationShown>, Problem> {
    let (made, is_current) = simulation::of_version(&room, &caller, version(&id)?).await?;
    Ok(Json(SimulationShown {
        id: made.id,
        revision: made.revision,
        is_current,
        against: made.against,
        run: made.run,
        created_at: made.at,
        result: made.result,
    }))
}

#[derive(Deserialize)]
pub(super) struct Which {
    direction: Option<String>,
}

/// Who would lose a level or gain one, by name, of whom most is expected first.
#[utoipa::path(get, path = "/tiers/versions/{id}/simulation/moves", tag = "tiers", operation_id = "tier_moves_list",
    params(("id" = Uuid, Path),
        ("direction" = Option<String>, Query, description = "lose (unless told) or gain"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = MovePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn moves(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    paging: Paging,
) -> Result<Json<MovePage>, Problem> {
    let loses = match which.direction.as_deref() {
        None | Some("lose") => true,
        Some("gain") => false,
        Some(_) => {
            return Err(Error::invalid("direction_unknown", "lose or gain")
                .at("direction")
                .into());
        }
    };
    let of = (version(&id)?, loses);
    let page = simulation::moves(&room, &caller, of, paging.size, paging.cursor.as_deref()).await?;
    let page = page.map(MoveShown::of);
    Ok(Json(MovePage {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// The notices planned when a version was published.
#[utoipa::path(get, path = "/tiers/versions/{id}/notices", tag = "tiers", operation_id = "tier_notices_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = NoticePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn notices(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<NoticePage>, Problem> {
    let id = version(&id)?;
    let page = simulation::notices(&room, &caller, id, paging.size, paging.cursor.as_deref()).await?;
    let page = page.map(|(id, customer, from, to, due_on)| NoticeShown {
        id,
        customer,
        from,
        to,
        due_on: Day(due_on),
    });
    Ok(Json(NoticePage {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}
