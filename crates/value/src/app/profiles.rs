//! Reading profiles: the list that is sorted and filtered by any figure, and one customer's page; of the
//! customers in the caller's scope.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Cursor, Error, Page, PageSize, Result};
use customers::CustomerSummary;
use customers::store::Group;
use platform::{Caller, Permission, Scope, Tx};
use uuid::Uuid;

use super::groups::Groups;
use super::{PublishedRun, ValueRoom, no_run};
use crate::explain::{self, ExplainedFigure, Reason};
use crate::model::RunId;
use crate::profile::{ProfileFigures, PublishedProfile, Range};
use crate::profile_columns::{After, Order, ProfileColumns, Selection};
use crate::store::{profiles, runs};

/// A search lists at most so many customers.
const SEARCH_MAX: u32 = 1_000;

/// Which customers a list shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these classes; all where empty.
    pub classes: Vec<String>,
    /// Any of these loyalty classes.
    pub loyalties: Vec<String>,
    /// Any of these segments of the leaky bucket.
    pub buckets: Vec<String>,
    /// Figures within these ranges.
    pub ranges: Vec<Range>,
    /// Of this group by their record.
    pub group: Group,
}

impl Filter {
    fn selection(&self) -> Selection {
        Selection::new(&self.classes, &self.loyalties, &self.buckets, &self.ranges)
    }
}

/// What a list shows, and in which order.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Who.
    pub filter: Filter,
    /// What was typed into the search.
    pub search: Option<String>,
    /// Sorted by.
    pub order: Order,
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
    pub page: Page<(CustomerSummary, ProfileFigures)>,
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
    fn is_of(&self, order: Order) -> bool {
        self.sort == order.figure.name() && self.descending == order.descending
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

/// One page of profiles. Errors: `no_run`; `cursor_malformed` for a cursor of another list;
/// `cursor_stale` where another run was published since the page before, and the list is to be begun anew;
/// `columns_missing` where the published run is of a version that made lists otherwise.
pub async fn list(room: &ValueRoom, caller: &Caller, request: ListRequest) -> Result<ProfileList> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let order = request.order;
    let cursor = request
        .cursor
        .as_deref()
        .map(Cursor::key::<ListCursor>)
        .transpose()?;
    if cursor.as_ref().is_some_and(|cursor| !cursor.is_of(order)) {
        return Err(Error::invalid(
            "cursor_malformed",
            "this cursor is of a list that was sorted otherwise",
        )
        .at("cursor"));
    }
    let scope = caller.scope();
    let whom = Whom {
        scope,
        group: &request.filter.group,
    };
    let (mut tx, published, columns) = room.published_columns().await?;
    if cursor.as_ref().is_some_and(|cursor| cursor.run != published.id) {
        return Err(Error::conflict(
            "cursor_stale",
            "a newer run has been published since the page before; the list begins anew",
        ));
    }
    let list = List {
        columns: Arc::clone(&columns),
        selection: request.filter.selection(),
        order,
    };
    let after = cursor.map(|cursor| cursor.after);
    let most = request.size.rows() as usize + 1;
    let rows = match searched(room, &mut tx, request.search.as_deref(), whom).await? {
        Some((ids, _)) => list.page_among(ids, after, most).await?,
        None if whom.is_everyone() => list.page(after, most).await?,
        None => {
            let groups;
            (tx, groups) = room.groups(tx, published.id, &columns).await?;
            list.page_of(groups, whom, after, most).await?
        }
    };
    let page = Page::cut(rows, request.size, |row| ListCursor {
        run: published.id,
        sort: order.figure.name().to_owned(),
        descending: order.descending,
        after: list.place(*row),
    })?;
    let ids: Vec<Uuid> = page.items.iter().map(|row| columns.customer(*row)).collect();
    let mut who: HashMap<Uuid, CustomerSummary> = customers::store::summaries(&mut tx, scope, &ids).await?;
    let mut items = Vec::with_capacity(ids.len());
    for (row, id) in page.items.iter().zip(ids) {
        match who.remove(&id) {
            Some(customer) => items.push((customer, columns.profile(*row))),
            // Was put out of the caller's sight in this moment.
            None if !scope.is_whole_firm() => {}
            None => {
                return Err(Error::internal(format!(
                    "customer {id} has a profile and no record"
                )));
            }
        }
    }
    Ok(ProfileList {
        run: room.published_run(&mut tx, published.id).await?,
        page: Page {
            items,
            next_cursor: page.next_cursor,
        },
    })
}

/// How many profiles a list has: exactly, unless a search does not find everyone it could.
pub async fn count(room: &ValueRoom, caller: &Caller, filter: Filter, search: Option<&str>) -> Result<Count> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let (mut tx, published, columns) = room.published_columns().await?;
    let selection = filter.selection();
    let whom = Whom {
        scope: caller.scope(),
        group: &filter.group,
    };
    let (rows, exact) = match searched(room, &mut tx, search, whom).await? {
        Some((ids, all)) => {
            let admitted = move || {
                let rows = columns.rows_of(ids).into_iter();
                rows.filter(|row| columns.admits(&selection, *row as usize))
                    .count()
            };
            (blocking(admitted).await?, all)
        }
        None if whom.is_everyone() => (blocking(move || columns.count(&selection, None)).await?, true),
        None => {
            let (_, groups) = room.groups(tx, published.id, &columns).await?;
            let (scope, group) = whom.owned();
            let counted =
                move || groups.members(&scope, &group, |members| columns.count(&selection, Some(members)));
            (blocking(counted).await?, true)
        }
    };
    Ok(Count {
        rows: rows as u64,
        exact,
    })
}

/// Whom a list is of: those in the caller's scope, as far as their record puts them into a group.
#[derive(Clone, Copy)]
struct Whom<'a> {
    scope: &'a Scope,
    group: &'a Group,
}

impl Whom<'_> {
    fn is_everyone(self) -> bool {
        self.scope.is_whole_firm() && self.group.is_everyone()
    }

    fn owned(self) -> (Scope, Group) {
        (self.scope.clone(), self.group.clone())
    }
}

/// Those of a list whom a search finds, and whether these are all; none where nothing is searched for.
async fn searched(
    room: &ValueRoom,
    tx: &mut Tx,
    search: Option<&str>,
    whom: Whom<'_>,
) -> Result<Option<(Vec<Uuid>, bool)>> {
    let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) else {
        return Ok(None);
    };
    let keys = &room.platform.keys;
    let mut ids = customers::store::matching(tx, whom.scope, keys, search, SEARCH_MAX).await?;
    let all = ids.len() < SEARCH_MAX as usize;
    if !whom.group.is_everyone() {
        let members = customers::store::among(tx, whom.scope, &ids, whom.group).await?;
        ids.retain(|id| members.contains(id));
    }
    Ok(Some((ids, all)))
}

/// A list over the figures of a run.
struct List {
    columns: Arc<ProfileColumns>,
    selection: Selection,
    order: Order,
}

impl List {
    /// The place of a row, for the page after it.
    fn place(&self, row: u32) -> After {
        After {
            key: self.columns.key(self.order.figure, row),
            customer: self.columns.customer(row),
        }
    }

    /// The first rows after a place.
    async fn page(&self, after: Option<After>, most: usize) -> Result<Vec<u32>> {
        let (columns, selection, order) = (Arc::clone(&self.columns), self.selection.clone(), self.order);
        blocking(move || columns.page(&selection, None, order, after, most)).await
    }

    /// The first rows of these customers after a place.
    async fn page_among(&self, ids: Vec<Uuid>, after: Option<After>, most: usize) -> Result<Vec<u32>> {
        let (columns, selection, order) = (Arc::clone(&self.columns), self.selection.clone(), self.order);
        blocking(move || columns.page_among(&columns.rows_of(ids), &selection, order, after, most)).await
    }

    /// The first rows after a place whose customers are in a group.
    async fn page_of(
        &self,
        groups: Arc<Groups>,
        whom: Whom<'_>,
        after: Option<After>,
        most: usize,
    ) -> Result<Vec<u32>> {
        let (columns, selection, order) = (Arc::clone(&self.columns), self.selection.clone(), self.order);
        let (scope, group) = whom.owned();
        blocking(move || {
            groups.members(&scope, &group, |members| {
                columns.page(&selection, Some(members), order, after, most)
            })
        })
        .await
    }
}

/// Reads columns from end to end where nobody else waits for the thread.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// The customer of the scope that an id stands for: of one that was merged, its survivor. What stands for nobody
/// stays what it is.
pub(super) async fn survivor(tx: &mut Tx, scope: &Scope, customer: Uuid) -> Result<Uuid> {
    let found = customers::store::resolve(tx, scope, customer.into()).await?;
    Ok(found.map_or(customer, |(id, _)| id.uuid()))
}

/// One customer's figures. Errors: `no_run`; the customer has no profile in the published run (`no_profile`).
pub async fn of_customer(room: &ValueRoom, caller: &Caller, customer: Uuid) -> Result<ProfilePage> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    let customer = survivor(&mut tx, caller.scope(), customer).await?;
    let (run, profile) = published(room, &mut tx, caller.scope(), customer)
        .await?
        .ok_or_else(no_run)?;
    let profile = profile.ok_or_else(|| {
        Error::conflict(
            "no_profile",
            "the published run has no profile of this customer: there were no transactions up to its as-of day",
        )
    })?;
    Ok(ProfilePage {
        figures: explain::figures(&profile, &run.facts),
        reasons: explain::reasons(&profile, &run.facts),
        profile,
        run,
    })
}

/// The published run, if there is one, and what it says of a customer of the scope, if it says anything.
pub(crate) async fn published(
    room: &ValueRoom,
    tx: &mut Tx,
    scope: &Scope,
    customer: Uuid,
) -> Result<Option<(Arc<PublishedRun>, Option<PublishedProfile>)>> {
    // Without a run there is no table of profiles.
    let Some(newest) = runs::published_id(tx).await? else {
        return Ok(None);
    };
    Ok(Some(match profiles::find(tx, scope, customer).await? {
        // A reader may meet the next run's table with the list of runs as it was.
        Some((run, profile)) => (room.published_run(tx, run).await?, Some(profile)),
        None => (room.published_run(tx, newest).await?, None),
    }))
}
