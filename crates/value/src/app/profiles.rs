//! Reading profiles: the list that is sorted and filtered by any figure, and one customer's page; of the
//! customers in the caller's scope.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base::{Cursor, Error, Page, PageSize, Result};
use customers::CustomerSummary;
use customers::store::Group;
use platform::{Caller, Permission, Scope, Tx};
use uuid::Uuid;

use super::{PublishedRun, ValueRoom, no_run};
use crate::explain::{self, ExplainedFigure, Reason};
use crate::model::RunId;
use crate::profile::{ProfileFigures, PublishedProfile, Range};
use crate::profile_columns::{After, Order, ProfileColumns, Selection};
use crate::store::{profiles, runs};

/// A search lists at most so many customers.
const SEARCH_MAX: u32 = 1_000;
/// A group of fewer customers is read whole: its ids cost about as much as the look-ups in the record that meeting
/// fifty of its members along a list takes.
pub(super) const SMALL_GROUP: u32 = 30_000;
/// After so many rows of a list were looked up in the record, the whole group is read after all.
const LOOKED_UP_MAX: usize = 50_000;

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

/// One page of profiles. Errors: no run is published yet; `cursor_malformed` for a cursor of another list;
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
    let whom = Whom {
        scope,
        group: &request.filter.group,
    };
    let rows = match found(room, &mut tx, request.search.as_deref(), whom).await? {
        Found::Everyone => list.page(after, most).await?,
        Found::These { ids, .. } => list.page_among(ids, after, most).await?,
        Found::Group => list.page_of_group(&mut tx, whom, after, most).await?,
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
    let (mut tx, _, columns) = room.published_columns().await?;
    let selection = filter.selection();
    let whom = Whom {
        scope: caller.scope(),
        group: &filter.group,
    };
    let (ids, exact) = match found(room, &mut tx, search, whom).await? {
        Found::Everyone => (None, true),
        Found::These { ids, all } => (Some(ids), all),
        Found::Group => (Some(whom.members(&mut tx).await?), true),
    };
    let rows = blocking(move || match ids {
        None => columns.count(&selection),
        Some(ids) => {
            let rows = columns.rows_of(ids);
            let admitted = rows
                .into_iter()
                .filter(|row| columns.admits(&selection, *row as usize));
            admitted.count()
        }
    })
    .await?;
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

    async fn members(self, tx: &mut Tx) -> Result<Vec<Uuid>> {
        customers::store::members(tx, self.scope, self.group).await
    }

    async fn among(self, tx: &mut Tx, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        customers::store::among(tx, self.scope, ids, self.group).await
    }
}

/// Whom a search and what the record says leave.
enum Found {
    /// Neither is asked for.
    Everyone,
    /// These, and no others if `all`.
    These { ids: Vec<Uuid>, all: bool },
    /// A group too large to be read for a page.
    Group,
}

async fn found(room: &ValueRoom, tx: &mut Tx, search: Option<&str>, whom: Whom<'_>) -> Result<Found> {
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        let keys = &room.platform.keys;
        let mut ids = customers::store::matching(tx, whom.scope, keys, search, SEARCH_MAX).await?;
        let all = ids.len() < SEARCH_MAX as usize;
        if !whom.group.is_everyone() {
            let members = whom.among(tx, &ids).await?;
            ids.retain(|id| members.contains(id));
        }
        return Ok(Found::These { ids, all });
    }
    if whom.is_everyone() {
        return Ok(Found::Everyone);
    }
    if !room.is_small(tx, whom.scope, whom.group).await? {
        return Ok(Found::Group);
    }
    let ids = whom.members(tx).await?;
    Ok(Found::These { ids, all: true })
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
        blocking(move || columns.page(&selection, order, after, most)).await
    }

    /// The first rows of these customers after a place.
    async fn page_among(&self, ids: Vec<Uuid>, after: Option<After>, most: usize) -> Result<Vec<u32>> {
        let (columns, selection, order) = (Arc::clone(&self.columns), self.selection.clone(), self.order);
        blocking(move || columns.page_among(&columns.rows_of(ids), &selection, order, after, most)).await
    }

    /// The first rows after a place whose customers are in a group: goes along the list, and asks the record for
    /// as many at once as the share of members among those before lets it expect.
    async fn page_of_group(
        &self,
        tx: &mut Tx,
        whom: Whom<'_>,
        begin: Option<After>,
        most: usize,
    ) -> Result<Vec<u32>> {
        let mut after = begin;
        let (mut found, mut looked_up, mut at_once) = (Vec::with_capacity(most), 0, 4 * most);
        let mut scanned = 32 * most;
        loop {
            let rows = self.page(after, scanned).await?;
            let mut rest = rows.as_slice();
            while !rest.is_empty() && found.len() < most {
                let (some, others) = rest.split_at(at_once.min(rest.len()));
                rest = others;
                let ids: Vec<Uuid> = some.iter().map(|row| self.columns.customer(*row)).collect();
                let members = whom.among(tx, &ids).await?;
                let there = some.iter().zip(&ids).filter(|(_, id)| members.contains(*id));
                found.extend(there.map(|(row, _)| *row));
                looked_up += some.len();
                // A small share is known badly at first: no more than four times as many as before.
                let expected = most.saturating_sub(found.len()) * looked_up * 5 / 4 / found.len().max(1);
                at_once = expected.clamp(most, 4 * at_once);
            }
            match rows.last() {
                Some(last) if rows.len() == scanned && found.len() < most => after = Some(self.place(*last)),
                _ => break,
            }
            if looked_up >= LOOKED_UP_MAX {
                let ids = whom.members(tx).await?;
                return self.page_among(ids, begin, most).await;
            }
            scanned = (4 * scanned).min(LOOKED_UP_MAX);
        }
        found.truncate(most);
        Ok(found)
    }
}

/// Reads columns from end to end where nobody else waits for the thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// The customer of the scope that an id stands for: of one that was merged, its survivor. What stands for nobody
/// stays what it is.
pub(super) async fn survivor(tx: &mut Tx, scope: &Scope, customer: Uuid) -> Result<Uuid> {
    let found = customers::store::resolve(tx, scope, customer.into()).await?;
    Ok(found.map_or(customer, |(id, _)| id.uuid()))
}

/// One customer's figures. Errors: the customer has no profile in the published run (`no_profile`).
pub async fn of_customer(room: &ValueRoom, caller: &Caller, customer: Uuid) -> Result<ProfilePage> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    if runs::published(&mut tx).await?.is_none() {
        return Err(no_run());
    }
    let customer = survivor(&mut tx, caller.scope(), customer).await?;
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
