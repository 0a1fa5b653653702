//! The use cases of the customer record. Those here need `customers.read`; all show and change the customers in
//! the caller's scope: the others are not there.

pub mod consents;
pub mod duplicates;
pub mod edit;
pub mod erasure;
pub mod holdings;
pub mod life_events;
pub mod merges;
pub mod record;
pub(crate) mod timeline;

pub use timeline::timeline;

use base::{Error, Page, PageSize, Result};
use platform::{Caller, Permission, Platform, Tx};

use crate::model::{CustomerDetail, CustomerId, CustomerKind, Facets, FoundCustomer};
use crate::rules::Known;
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
) -> Result<Page<FoundCustomer>> {
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

/// Everything about one customer; of one that was merged, about its survivor.
pub async fn get(platform: &Platform, caller: &Caller, id: CustomerId) -> Result<CustomerDetail> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (id, _) = found(&mut tx, caller, id).await?;
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

/// The customer that an id stands for, and what kind of customer this is: of one that was merged, its survivor. Every
/// reading of one customer begins here. Error: there is none in the caller's scope.
pub(crate) async fn found(
    tx: &mut Tx,
    caller: &Caller,
    id: CustomerId,
) -> Result<(CustomerId, CustomerKind)> {
    let found = store::resolve(tx, caller.scope(), id).await?;
    found.ok_or(Error::NotFound { what: "customer" })
}

/// What customers can be filtered by.
pub async fn facets(platform: &Platform, caller: &Caller) -> Result<Facets> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    store::facets(&mut tx, caller.scope()).await
}

/// Passes where something may be said of a customer: nobody merges it before the transaction ends. Errors: there is none
/// in the caller's scope; `customer_merged`, `customer_erased`.
async fn refer(tx: &mut Tx, caller: &Caller, id: CustomerId) -> Result<()> {
    let kind = store::edit::refer(tx, caller.scope(), id).await?;
    kind.map(|_| ()).ok_or(Error::NotFound { what: "customer" })
}

/// Holds a customer until the transaction ends: its version and what is known of it. Errors: there is none in the
/// caller's scope; `customer_merged`.
pub(crate) async fn hold(tx: &mut Tx, caller: &Caller, id: CustomerId) -> Result<(i64, Known)> {
    let held = store::edit::hold(tx, caller.scope(), id).await?;
    held.ok_or(Error::NotFound { what: "customer" })
}

/// Queues what is to be done once after an update of the program: sealing what stands in clear, indexing
/// names. At every start.
pub async fn catch_up(platform: &Platform) -> Result<()> {
    crate::identities::app::seal_what_is_plain(platform).await?;
    crate::index::queue(platform).await
}
