//! The first start: what there is already, and an example firm for those who only want to look.

use axum::extract::State;
use axum::http::StatusCode;
use base::{Currency, Error, Result};
use platform::db::Tx;
use platform::events::Actor;
use platform::http::{Json, Problem, ProblemBody};
use platform::jobs::{Job, NewJob, Unique};
use platform::{Caller, Permission, Platform, Scope, firm};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The kind of the job that makes the example firm; `patron` brings its handler.
pub const EXAMPLE_FIRM: &str = "example_firm";
const CUSTOMERS_MAX: u32 = 1_000_000;

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(setup))
        .routes(routes!(example))
}

/// What there is already.
#[derive(Serialize, utoipa::ToSchema)]
struct Setup {
    /// How many customers the caller may see.
    customers: i64,
    /// How many ledger lines; null for who does not see the whole firm.
    transactions: Option<i64>,
    /// Whether value has been computed.
    has_run: bool,
    /// Whether this is the example firm.
    generated: bool,
    /// The import, run or example that is at work.
    running_job: Option<Job>,
    /// The firm's name; empty until someone gives one.
    firm_name: String,
    /// The currency of its ledger.
    #[schema(value_type = String)]
    currency: Currency,
    /// Its time zone.
    zone: String,
}

/// What there is already: decides whether the console begins with the first-start walk-through.
#[utoipa::path(get, path = "/setup", tag = "setup",
    responses((status = 200, body = Setup),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn setup(State(platform): State<Platform>, caller: Caller) -> Result<Json<Setup>, Problem> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    Ok(Json(state_of(&mut tx, caller.scope()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
struct ExampleFirm {
    /// How many customers.
    #[schema(minimum = 1, maximum = 1_000_000)]
    customers: u32,
    /// The same seed makes the same firm.
    seed: u64,
}

/// Makes the example firm, on an empty system only.
#[utoipa::path(post, path = "/setup/example", tag = "setup", request_body = ExampleFirm,
    responses((status = 202, body = Job),
        (status = 409, description = "not_empty", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn example(
    State(platform): State<Platform>,
    caller: Caller,
    Json(wanted): Json<ExampleFirm>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    if wanted.customers == 0 || wanted.customers > CUSTOMERS_MAX {
        return Err(
            Error::invalid("customers_out_of_range", "1 to 1,000,000 customers")
                .at("customers")
                .into(),
        );
    }
    let mut tx = platform.db.write().await?;
    let now = state_of(&mut tx, caller.scope()).await?;
    if now.customers > 0 || now.transactions.is_some_and(|lines| lines > 0) {
        return Err(Error::conflict("not_empty", "the example firm is only made on an empty system").into());
    }
    let new = example_firm_job(u64::from(wanted.customers), wanted.seed, caller.actor());
    let job = platform.jobs.enqueue(&mut tx, &platform.clock, new).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// The job that makes the example firm.
pub fn example_firm_job(customers: u64, seed: u64, actor: Actor) -> NewJob<'static> {
    NewJob {
        kind: EXAMPLE_FIRM,
        subject: None,
        input: json!({ "customers": customers, "seed": seed }),
        unique: Some(Unique {
            key: EXAMPLE_FIRM,
            code: "example_in_progress",
            message: "the example firm is being made already",
        }),
        actor,
    }
}

async fn state_of(tx: &mut Tx, scope: &Scope) -> Result<Setup> {
    let firm = firm::load(tx).await?;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (transactions, running_job) = if scope.is_whole_firm() {
        let lines = value::store::ledger::size(tx).await?;
        (Some(count(lines)), platform::jobs::at_work(tx).await?)
    } else {
        (None, None)
    };
    Ok(Setup {
        customers: count(customers::store::count(tx, scope).await?),
        transactions,
        has_run: value::store::runs::published(tx).await?.is_some(),
        generated: firm.generated,
        running_job,
        firm_name: firm.name,
        currency: firm.currency,
        zone: firm.zone,
    })
}
