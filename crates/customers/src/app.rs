//! The use cases of the customer record. Those here need `customers.read`; all show and change the customers in
//! the caller's scope: the others are not there.

pub mod consents;
pub mod edit;
pub mod holdings;
pub mod life_events;
pub mod record;

use base::{Error, Page, PageSize, Result};
use platform::events::{self, EventFilter, EventRow};
use platform::{Caller, Permission, Platform, Tx};

use crate::model::{CustomerDetail, CustomerId, CustomerKind, CustomerRow, Facets};
use crate::rules::{Known, masking};
use crate::store;

/// The longest search, in characters.
const SEARCH_CHARS_MAX: usize = 100;

/// Customers by external id, or those that a search finds, the likeliest first (see [`store::matching`]).
///
/// Errors: `search_too_long`.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    search: Option<&str>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<CustomerRow>> {
    caller.require(Permission::CustomersRead)?;
    check_search(search)?;
    let mut tx = platform.db.read().await?;
    store::page(&mut tx, caller.scope(), &platform.keys, search, size, cursor).await
}

/// Passes if a search is no longer than anyone types. Error: `search_too_long`.
pub(crate) fn check_search(search: Option<&str>) -> Result<()> {
    if search.is_some_and(|search| search.chars().count() > SEARCH_CHARS_MAX) {
        let message = format!("a search has at most {SEARCH_CHARS_MAX} characters");
        return Err(Error::invalid("search_too_long", message).at("q"));
    }
    Ok(())
}

/// Everything about one customer.
pub async fn get(platform: &Platform, caller: &Caller, id: CustomerId) -> Result<CustomerDetail> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let detail = store::detail(&mut tx, caller.scope(), &cipher, id)
        .await?
        .ok_or(Error::NotFound { what: "customer" })?;
    Ok(if caller.may(Permission::CustomersPersonal) {
        detail
    } else {
        detail.masked()
    })
}

/// What happened to one customer, newest first; of one kind where that is asked for.
pub async fn timeline(
    platform: &Platform,
    caller: &Caller,
    id: CustomerId,
    kind: Option<String>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    self::kind(&mut tx, caller, id).await?;
    let filter = EventFilter {
        customer: Some(id.uuid()),
        kind,
        ..EventFilter::default()
    };
    let page = events::page(&mut tx, &filter, size, cursor).await?;
    Ok(page.map(|event| event_shown(caller, event)))
}

/// An event of a customer as the caller may see it.
pub(crate) fn event_shown(caller: &Caller, mut event: EventRow) -> EventRow {
    if !caller.may(Permission::CustomersPersonal) {
        masking::facts(&mut event.payload);
    }
    event
}

/// What customers can be filtered by.
pub async fn facets(platform: &Platform, caller: &Caller) -> Result<Facets> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    store::facets(&mut tx, caller.scope()).await
}

/// What kind of customer this is. Error: there is none in the caller's scope.
async fn kind(tx: &mut Tx, caller: &Caller, id: CustomerId) -> Result<CustomerKind> {
    let kind = store::edit::kind(tx, caller.scope(), id).await?;
    kind.ok_or(Error::NotFound { what: "customer" })
}

/// Holds a customer until the transaction ends: its version and what is known of it. Error: there is none in the
/// caller's scope.
async fn hold(tx: &mut Tx, caller: &Caller, id: CustomerId) -> Result<(i64, Known)> {
    let held = store::edit::hold(tx, caller.scope(), id).await?;
    held.ok_or(Error::NotFound { what: "customer" })
}

/// Queues what is to be done once after an update of the program: sealing what stands in clear, indexing
/// names. At every start.
pub async fn catch_up(platform: &Platform) -> Result<()> {
    crate::identities::app::seal_what_is_plain(platform).await?;
    crate::index::queue(platform).await
}
