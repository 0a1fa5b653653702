//! Reading profiles: the list that is sorted and filtered by any figure, and one customer's page; of the
//! customers in the caller's scope.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Cursor, Error, Page, PageSize, Result};
use customers::CustomerSummary;
use platform::{Caller, Permission, Scope};
use uuid::Uuid;

use super::{PublishedRun, ValueRoom};
use crate::explain::{self, ExplainedFigure, Reason};
use crate::model::RunId;
use crate::profile::{Figure, PublishedProfile};
use crate::store::profiles::{self, After, Filter};
use crate::store::runs;

/// A search lists at most so many customers.
const SEARCH_MAX: u32 = 1_000;
/// A count stops here.
const COUNT_MAX: u32 = 10_000;

/// What a list shows, and in which order.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Who.
    pub filter: Filter,
    /// What was typed into the search.
    pub search: Option<String>,
    /// Sorted by.
    pub sort: Figure,
    /// Largest first.
    pub descending: bool,
    /// How many.
    pub size: PageSize,
    /// After which row.
    pub cursor: Option<String>,
}

/// One page of the list.
pub struct ProfileList {
    /// The run it shows.
    pub run: Arc<PublishedRun>,
    /// The rows: who, and the figures.
    pub page: Page<(CustomerSummary, PublishedProfile)>,
}

/// Where a page begins: in which list, and after which of its rows. Without the run a publication between two
/// pages would lose rows or show them twice; without the order one list's cursor would pass for another's.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct ListCursor {
    run: RunId,
    sort: String,
    descending: bool,
    after: After,
}

impl ListCursor {
    fn is_of(&self, request: &ListRequest) -> bool {
        self.sort == request.sort.name()
            && self.descending == request.descending
            && request.sort.takes(self.after.key)
    }
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// This many.
    pub rows: u64,
    /// Or more, if not exact.
    pub exact: bool,
}

/// A customer's figures with their explanations.
pub struct ProfilePage {
    /// The run it shows.
    pub run: Arc<PublishedRun>,
    /// The figures.
    pub profile: PublishedProfile,
    /// Each with what went into it.
    pub figures: Vec<ExplainedFigure>,
    /// Why this class, why this risk.
    pub reasons: Vec<Reason>,
}

fn no_run() -> Error {
    Error::NotFound {
        what: "published run",
    }
}

/// One page of profiles. Errors: no run is published yet; `cursor_malformed` for a cursor of another list;
/// `cursor_stale` where another run was published since the page before, and the list is to be begun anew.
pub async fn list(room: &ValueRoom, caller: &Caller, request: ListRequest) -> Result<ProfileList> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let cursor = request
        .cursor
        .as_deref()
        .map(Cursor::key::<ListCursor>)
        .transpose()?;
    if cursor.as_ref().is_some_and(|cursor| !cursor.is_of(&request)) {
        return Err(Error::invalid(
            "cursor_malformed",
            "this cursor is of a list that was sorted otherwise",
        )
        .at("cursor"));
    }
    let scope = caller.scope();
    let mut tx = room.platform.db.read().await?;
    let published = runs::published(&mut tx).await?.ok_or_else(no_run)?;
    let filter = with_search(&mut tx, scope, request.filter, request.search.as_deref()).await?;
    let rows = profiles::page(
        &mut tx,
        scope,
        &filter,
        request.sort,
        request.descending,
        cursor.as_ref().map(|cursor| cursor.after),
        request.size,
    )
    .await?;
    let shown = rows.first().map_or(published.id, |(run, _)| *run);
    if cursor.is_some_and(|cursor| cursor.run != shown) {
        return Err(Error::conflict(
            "cursor_stale",
            "a newer run has been published since the page before; the list begins anew",
        ));
    }
    let page = Page::cut(rows, request.size, |(run, profile)| ListCursor {
        run: *run,
        sort: request.sort.name().to_owned(),
        descending: request.descending,
        after: After {
            key: request.sort.of(profile),
            customer: profile.customer,
        },
    })?;
    let ids: Vec<Uuid> = page.items.iter().map(|(_, profile)| profile.customer).collect();
    let mut who: HashMap<Uuid, CustomerSummary> = customers::store::summaries(&mut tx, scope, &ids).await?;
    let run = room.published_run(&mut tx, shown).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for (_, profile) in page.items {
        let customer = who.remove(&profile.customer).ok_or_else(|| {
            Error::internal(format!(
                "customer {} has a profile and no record",
                profile.customer
            ))
        })?;
        items.push((customer, profile));
    }
    Ok(ProfileList {
        run,
        page: Page {
            items,
            next_cursor: page.next_cursor,
        },
    })
}

/// How many profiles a list has, exactly up to 10,000 and as long as the search finds everyone it could.
pub async fn count(room: &ValueRoom, caller: &Caller, filter: Filter, search: Option<&str>) -> Result<Count> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let scope = caller.scope();
    let mut tx = room.platform.db.read().await?;
    let published = runs::published(&mut tx).await?.ok_or_else(no_run)?;
    let filter = with_search(&mut tx, scope, filter, search).await?;
    if filter.is_empty() && scope.is_whole_firm() {
        return Ok(Count {
            rows: published.customers.unwrap_or(0),
            exact: true,
        });
    }
    let rows = profiles::count(&mut tx, scope, &filter, COUNT_MAX + 1).await?;
    let search_is_full = filter
        .customers
        .is_some_and(|found| found.len() >= SEARCH_MAX as usize);
    Ok(Count {
        rows: u64::from(rows.min(COUNT_MAX)),
        exact: rows <= COUNT_MAX && !search_is_full,
    })
}

async fn with_search(
    tx: &mut platform::Tx,
    scope: &Scope,
    mut filter: Filter,
    search: Option<&str>,
) -> Result<Filter> {
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        filter.customers = Some(customers::store::matching(tx, scope, search, SEARCH_MAX).await?);
    }
    Ok(filter)
}

/// One customer's figures. Errors: the customer has no profile in the published run (`no_profile`).
pub async fn of_customer(room: &ValueRoom, caller: &Caller, customer: Uuid) -> Result<ProfilePage> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    if runs::published(&mut tx).await?.is_none() {
        return Err(no_run());
    }
    let (run, profile) = profiles::find(&mut tx, caller.scope(), customer).await?.ok_or_else(|| {
        Error::conflict(
            "no_profile",
            "the published run has no profile of this customer: there were no transactions up to its as-of day",
        )
    })?;
    let run = room.published_run(&mut tx, run).await?;
    Ok(ProfilePage {
        figures: explain::figures(&profile, &run.facts),
        reasons: explain::reasons(&profile, &run.facts),
        profile,
        run,
    })
}
