//! `/value/runs` and `/value/comparison`

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Day, Error};
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::jobs::Job;
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::body::{MoneyBody, RunBody, money};
use super::profiles::CustomerOfRow;
use crate::app::runs::{self, RunRequest, Which};
use crate::app::{ValueRoom, compare};
use crate::engine::compare::Mover;
use crate::engine::settings::ModelChoice;
use crate::model::RunId;

/// What a run is asked.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunRequestBody {
    /// The as-of day; the day of the last transaction where not given.
    #[schema(value_type = Option<String>, format = Date)]
    as_of: Option<String>,
    /// `auto`, `bg_nbd`, `mbg_nbd`, `pareto_nbd`, or `sbg` for contracts that are renewed every `renewal_months` of
    /// the settings; the settings' where not given.
    model: Option<String>,
    /// Weeks to hold out for validation.
    holdout_weeks: Option<u32>,
}

/// A run that was asked for, and the job that does it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct StartedRun {
    run: RunBody,
    job: Job,
}

/// Starts a value run as a job.
#[utoipa::path(post, path = "/value/runs", tag = "value", operation_id = "value_runs_start",
    request_body = RunRequestBody,
    responses((status = 202, body = StartedRun),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn start(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Json(body): Json<RunRequestBody>,
) -> Result<(StatusCode, Json<StartedRun>), Problem> {
    let request = RunRequest {
        as_of: body
            .as_of
            .as_deref()
            .map(|day| Day::parse(day).map_err(|e| e.at("as_of")))
            .transpose()?,
        model: body.model.as_deref().map(ModelChoice::parse).transpose()?,
        holdout_weeks: body.holdout_weeks,
    };
    let (run, job) = runs::start(&room, &caller, request).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(StartedRun {
            run: (&run).into(),
            job,
        }),
    ))
}

/// One page of runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunPage {
    items: Vec<RunBody>,
    next_cursor: Option<String>,
}

/// Runs, newest first.
#[utoipa::path(get, path = "/value/runs", tag = "value", operation_id = "value_runs_list",
    params(("limit" = Option<u32>, Query, description = "1 to 200, 50 unless told"),
           ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = RunPage),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<RunPage>, Problem> {
    let page = runs::list(&room, &caller, paging.size, paging.cursor.as_deref()).await?;
    let page = page.map(|run| RunBody::from(&run));
    Ok(Json(RunPage {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// One run.
#[utoipa::path(get, path = "/value/runs/{id}", tag = "value", operation_id = "value_runs_find",
    params(("id" = String, Path, description = "a run's id, or latest")),
    responses((status = 200, body = RunBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn find(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RunBody>, Problem> {
    Ok(Json((&runs::find(&room, &caller, id.parse()?).await?).into()))
}

/// A run with its report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunWithReport {
    run: RunBody,
    /// As `patron value run --report` writes it; `docs/value.md` says how to read it.
    #[schema(value_type = Object)]
    report: serde_json::Value,
}

/// The whole report of a run.
#[utoipa::path(get, path = "/value/runs/{id}/report", tag = "value", operation_id = "value_runs_report",
    params(("id" = String, Path, description = "a run's id, or latest")),
    responses((status = 200, body = RunWithReport),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn report(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RunWithReport>, Problem> {
    let (run, report) = runs::report(&room, &caller, id.parse()?).await?;
    Ok(Json(RunWithReport {
        run: (&run).into(),
        report,
    }))
}

/// One part of a run's report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReportPart {
    run: RunBody,
    /// The part, with amounts in minor units of the run's currency.
    #[schema(value_type = Object)]
    part: serde_json::Value,
}

/// One part of a run's report: leaky-bucket, pareto, cohorts, classes, loyalty, validation.
#[utoipa::path(get, path = "/value/runs/{id}/{part}", tag = "value", operation_id = "value_runs_part",
    params(("id" = String, Path, description = "a run's id, or latest"),
           ("part" = String, Path, description = "leaky-bucket, pareto, cohorts, classes, loyalty or validation")),
    responses((status = 200, body = ReportPart),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn part(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path((id, part)): Path<(String, String)>,
) -> Result<Json<ReportPart>, Problem> {
    let key = match part.as_str() {
        "leaky-bucket" => "leaky_bucket",
        "pareto" => "concentration",
        "cohorts" => "cohorts",
        "classes" => "classes",
        "loyalty" => "loyalty",
        "validation" => "validation",
        _ => {
            return Err(Error::NotFound {
                what: "part of a report",
            }
            .into());
        }
    };
    let (run, mut report) = runs::report(&room, &caller, id.parse()?).await?;
    Ok(Json(ReportPart {
        run: (&run).into(),
        part: report[key].take(),
    }))
}

/// Every profile of a run, as the Parquet file that `patron value run` writes.
#[utoipa::path(get, path = "/value/runs/{id}/profiles.parquet", tag = "value", operation_id = "value_runs_profiles",
    params(("id" = String, Path, description = "a run's id, or latest")),
    responses((status = 200, content_type = "application/vnd.apache.parquet"),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn profiles_file(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (run, path) = runs::profiles_file(&room, &caller, id.parse()?).await?;
    let file = tokio::fs::File::open(&path).await.map_err(Error::internal)?;
    let name = format!("attachment; filename=\"profiles-{}.parquet\"", run.as_of);
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.apache.parquet"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(Error::internal)?,
    );
    Ok(response)
}

/// Which two runs to compare.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComparisonQuery {
    /// The earlier run.
    from: Uuid,
    /// The later run.
    to: Uuid,
}

/// Customers who went from one class to another, or stayed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ClassMoveBody {
    /// The class before; empty for those who were not customers.
    from_class: String,
    /// The class after; empty for those who are not customers any more.
    to_class: String,
    customers: u64,
    value_from: MoneyBody,
    value_to: MoneyBody,
}

/// The sums of both runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparedTotals {
    customers_from: u64,
    customers_to: u64,
    value_from: MoneyBody,
    value_to: MoneyBody,
}

/// A customer whose value moved much.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MoverBody {
    customer: CustomerOfRow,
    class_from: String,
    class_to: String,
    value_from: MoneyBody,
    value_to: MoneyBody,
}

/// Those who moved most.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Movers {
    /// Gained most, at most 20.
    up: Vec<MoverBody>,
    /// Lost most, at most 20.
    down: Vec<MoverBody>,
}

/// Two runs side by side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparisonBody {
    from: RunBody,
    to: RunBody,
    classes: Vec<ClassMoveBody>,
    totals: ComparedTotals,
    movers: Movers,
    /// Customers only of the later run.
    entered: u64,
    /// Customers only of the earlier run.
    left: u64,
}

impl From<compare::Compared> for ComparisonBody {
    fn from(compared: compare::Compared) -> Self {
        let compare::Compared {
            from,
            to,
            comparison,
            mut names,
        } = compared;
        let currency = to.currency;
        let value = |minor: i64| money(minor, currency);
        let mut mover = |mover: Mover| {
            let id = mover.customer_id.parse().ok()?;
            Some(MoverBody {
                customer: names.remove(&id)?.into(),
                class_from: mover.from_class,
                class_to: mover.to_class,
                value_from: value(mover.value_before_minor),
                value_to: value(mover.value_after_minor),
            })
        };
        Self {
            from: (&from).into(),
            to: (&to).into(),
            movers: Movers {
                up: comparison.up.into_iter().filter_map(&mut mover).collect(),
                down: comparison.down.into_iter().filter_map(&mut mover).collect(),
            },
            classes: comparison
                .classes
                .into_iter()
                .map(|class| ClassMoveBody {
                    from_class: class.from_class,
                    to_class: class.to_class,
                    customers: class.customers,
                    value_from: value(class.value_before_minor),
                    value_to: value(class.value_after_minor),
                })
                .collect(),
            totals: ComparedTotals {
                customers_from: comparison.customers_before,
                customers_to: comparison.customers_after,
                value_from: value(comparison.value_before_minor),
                value_to: value(comparison.value_after_minor),
            },
            entered: comparison.entered,
            left: comparison.left,
        }
    }
}

/// Who moved class between two runs, and how much value moved.
#[utoipa::path(get, path = "/value/comparison", tag = "value", operation_id = "value_comparison",
    params(ComparisonQuery),
    responses((status = 200, body = ComparisonBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn compare(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Query(query): Query<ComparisonQuery>,
) -> Result<Json<ComparisonBody>, Problem> {
    let (from, to) = (
        Which::Run(RunId::from(query.from)),
        Which::Run(RunId::from(query.to)),
    );
    Ok(Json(compare::two_runs(&room, &caller, from, to).await?.into()))
}
