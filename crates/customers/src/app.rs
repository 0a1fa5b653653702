//! The use cases of the customer record. Each needs `customers.read` and shows the customers in the caller's
//! scope; the others are not there.

use base::{Error, Page, PageSize, Result};
use platform::{Caller, Permission, Platform};

use crate::model::{CustomerDetail, CustomerId, CustomerRow, Facets};
use crate::store;

/// The longest search, in characters.
const SEARCH_CHARS_MAX: usize = 100;

/// Customers by external id, all or those that a search finds (see [`store::matching`] for what it finds).
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
    if search.is_some_and(|search| search.chars().count() > SEARCH_CHARS_MAX) {
        let message = format!("a search has at most {SEARCH_CHARS_MAX} characters");
        return Err(Error::invalid("search_too_long", message).at("q"));
    }
    let mut tx = platform.db.read().await?;
    store::page(&mut tx, caller.scope(), search, size, cursor).await
}

/// Everything about one customer.
pub async fn get(platform: &Platform, caller: &Caller, id: CustomerId) -> Result<CustomerDetail> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    store::detail(&mut tx, caller.scope(), id)
        .await?
        .ok_or(Error::NotFound { what: "customer" })
}

/// What customers can be filtered by.
pub async fn facets(platform: &Platform, caller: &Caller) -> Result<Facets> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    store::facets(&mut tx, caller.scope()).await
}
