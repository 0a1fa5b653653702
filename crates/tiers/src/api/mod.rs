//! This room over HTTP. One handler, one use case.

mod benefits;
mod entitlements;
mod everything;
mod grants;
mod member;
mod member_page;
mod of_customer;
mod overview;
mod programmes;
mod redemptions;
mod settlement;
mod simulation;

use std::str::FromStr;

use base::{Error, Result};
use platform::Platform;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use everything::with_record_parts;
pub use member::{MEMBER_COOKIE, MEMBER_COOKIE_PATH, member_secret};
pub use overview::with_parts;

/// The routes of this room, below `/api/v1`. Whoever serves them layers an [`axum::Extension`] of
/// [`crate::app::TiersRoom`] around them.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(programmes::list, programmes::create))
        .routes(routes!(programmes::get, programmes::change))
        .routes(routes!(programmes::versions, programmes::draft))
        .routes(routes!(programmes::decide))
        .routes(routes!(programmes::version, programmes::change_draft))
        .routes(routes!(programmes::publish))
        .routes(routes!(simulation::read, simulation::start))
        .routes(routes!(simulation::moves))
        .routes(routes!(simulation::notices))
        .routes(routes!(of_customer::members))
        .routes(routes!(of_customer::decide))
        .routes(routes!(of_customer::history))
        .routes(routes!(grants::request))
        .routes(routes!(grants::list))
        .routes(routes!(grants::approve))
        .routes(routes!(grants::refuse))
        .routes(routes!(grants::revoke))
        .routes(routes!(benefits::list, benefits::create))
        .routes(routes!(benefits::change))
        .routes(routes!(benefits::partners, benefits::create_partner))
        .routes(routes!(benefits::change_partner))
        .routes(routes!(settlement::list))
        .routes(routes!(settlement::of_month))
        .routes(routes!(settlement::lines))
        .routes(routes!(settlement::file))
        .routes(routes!(settlement::close))
        .routes(routes!(entitlements::of_customer))
        .routes(routes!(entitlements::choose))
        .routes(routes!(entitlements::entries))
        .routes(routes!(redemptions::of_customer, redemptions::reserve))
        .routes(routes!(redemptions::redeem))
        .routes(routes!(redemptions::cancel))
        .routes(routes!(redemptions::reverse))
        .routes(routes!(redemptions::another_code))
        .routes(routes!(redemptions::verify))
        .routes(routes!(redemptions::redeem_by_code))
        .routes(routes!(member::make_link))
        .routes(routes!(member::texts, member::change_texts))
        .routes(routes!(member::overview))
        .routes(routes!(member::reserve))
        .routes(routes!(member::cancel))
}

/// A thing that a path names. What is no id names nothing.
fn named<Id: FromStr>(what: &'static str, id: &str) -> Result<Id> {
    id.parse().map_err(|_| Error::NotFound { what })
}
