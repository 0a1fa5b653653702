//! The portfolio of benefits.

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::Day;
use platform::Caller;
use platform::http::{Json, Problem, ProblemBody, Query, attachment};
use serde::Deserialize;

use crate::app::TiersRoom;
use crate::app::portfolio::{self, Asked, STAY_DAYS};
use crate::model::Portfolio;

#[derive(Deserialize)]
pub(super) struct Period {
    from: String,
    until: String,
    stay_days: Option<i32>,
}

impl Period {
    fn asked(&self) -> base::Result<Asked> {
        Ok(Asked {
            from: Day::parse(&self.from).map_err(|e| e.at("from"))?,
            until: Day::parse(&self.until).map_err(|e| e.at("until"))?,
            stay_days: self.stay_days.unwrap_or(STAY_DAYS),
        })
    }
}

/// Every benefit over a period of at most 366 days: who had it, who used it, what that cost, and whether who used it stayed
/// more often than non-users like them, which is a comparison and no proof. For who sees the whole firm.
#[utoipa::path(get, path = "/tiers/portfolio", tag = "tiers", operation_id = "tier_portfolio",
    params(("from" = String, Query, description = "the first day, 2026-01-01"),
        ("until" = String, Query, description = "the last day"),
        ("stay_days" = Option<i32>, Query, description = "in which a ledger line is to have stayed; 90 unless told")),
    responses((status = 200, body = Portfolio),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Query(period): Query<Period>,
) -> Result<Json<Portfolio>, Problem> {
    Ok(Json(portfolio::read(&room, &caller, period.asked()?).await?))
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/tiers/portfolio/file", tag = "tiers", operation_id = "tier_portfolio_file",
    params(("from" = String, Query), ("until" = String, Query), ("stay_days" = Option<i32>, Query)),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn file(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Query(period): Query<Period>,
) -> Result<Response, Problem> {
    let (name, text) = portfolio::csv(&room, &caller, period.asked()?).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(&name));
    Ok(response)
}
