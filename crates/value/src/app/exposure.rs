//! Who would take what along: what hangs on a person, on the people of an organisation, and on whom most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base::{Cursor, Day, Error, Page, PageSize, Result};
use customers::store::{Group, Tie};
use customers::{CustomerId, CustomerKind, CustomerSummary};
use futures::TryStreamExt as _;
use platform::{Caller, Permission, Scope, Tx, firm};
use uuid::Uuid;

use super::profiles::survivor;
use super::{PublishedRun, ValueRoom, no_run};
use crate::model::RunId;
use crate::rules::exposure::{self, Exposure, ExposureSort, Hierarchy, SortKey, Stake, exposures};
use crate::store;

/// The most customers that are looked at for one page.
const REACH_MAX: u32 = 20_000;
/// The most levels that are walked down; edits of the record allow fewer.
const LEVELS_MAX: usize = 20;
/// So many of a person's customers are named.
const LARGEST_SHOWN: usize = 10;

/// A person with what hangs on it.
pub struct ExposedPerson {
    /// What.
    pub exposure: Exposure,
    /// The person's name.
    pub name: String,
    /// The person as a customer, if it is one.
    pub customer: Option<CustomerId>,
    /// Where the person is a contact.
    pub ties: Vec<Tie>,
}

/// The same with the customers who bring most of it.
pub struct ExposedDetail {
    /// The person.
    pub person: ExposedPerson,
    /// How many subscriptions the customers hold that have not ended.
    pub subscriptions: u64,
    /// Those who bring most, at most ten.
    pub largest: Vec<(CustomerSummary, Stake)>,
}

/// What hangs on the people of a customer.
pub struct ExposurePage {
    /// The run the figures are of.
    pub run: Arc<PublishedRun>,
    /// The people, those on whom most hangs first.
    pub people: Vec<ExposedDetail>,
    /// Whether everything was looked at: of more than 20,000 customers the rest was left out.
    pub complete: bool,
    /// Who the organisations are that the people are tied to, among others.
    pub names: HashMap<Uuid, CustomerSummary>,
}

/// A page of those on whom most hangs.
pub struct ExposureList {
    /// The run the figures are of.
    pub run: Arc<PublishedRun>,
    /// The people.
    pub page: Page<ExposedPerson>,
    /// Names of the organisations they are tied to.
    pub names: HashMap<Uuid, CustomerSummary>,
}

async fn published(room: &ValueRoom, tx: &mut Tx) -> Result<Arc<PublishedRun>> {
    let run = store::runs::published(tx).await?.ok_or_else(no_run)?;
    room.published_run(tx, run.id).await
}

async fn today(room: &ValueRoom, tx: &mut Tx) -> Result<Day> {
    let zone = firm::load(tx).await?.time_zone()?;
    Ok(Day::from_date(zone.to_datetime(room.platform.clock.now()).date()))
}

/// Those of some customers who are in the scope.
async fn those_in(tx: &mut Tx, scope: &Scope, customers: Vec<Uuid>) -> Result<HashSet<Uuid>> {
    if scope.is_whole_firm() {
        return Ok(customers.into_iter().collect());
    }
    customers::store::among(tx, scope, &customers, &Group::default()).await
}

/// Who of the scope stands below some organisations, level by level, and whether that is all.
async fn below(tx: &mut Tx, scope: &Scope, organisations: Vec<Uuid>) -> Result<(Hierarchy, bool)> {
    let mut seen: HashSet<Uuid> = organisations.iter().copied().collect();
    let mut pairs = Vec::new();
    let mut level = organisations;
    for _ in 0..LEVELS_MAX {
        let left = REACH_MAX.saturating_sub(u32::try_from(seen.len()).unwrap_or(u32::MAX));
        if level.is_empty() || left == 0 {
            break;
        }
        let mut found = customers::store::belonging(tx, &level, left).await?;
        let in_scope = those_in(tx, scope, found.iter().map(|(member, _)| *member).collect()).await?;
        found.retain(|(member, _)| in_scope.contains(member));
        level = found
            .iter()
            .map(|(member, _)| *member)
            .filter(|member| seen.insert(*member))
            .collect();
        pairs.extend(found);
    }
    let complete = level.is_empty() && seen.len() < REACH_MAX as usize;
    Ok((pairs.into_iter().collect(), complete))
}

fn organisations(ties: &[Tie]) -> Vec<Uuid> {
    let mut found: Vec<Uuid> = ties.iter().map(|tie| tie.organisation.uuid()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn person(exposure: Exposure, ties: Vec<Tie>) -> Option<ExposedPerson> {
    let first = ties.first()?;
    Some(ExposedPerson {
        exposure,
        name: first.name.clone(),
        customer: first.customer,
        ties,
    })
}

fn by_person(ties: Vec<Tie>) -> HashMap<Uuid, Vec<Tie>> {
    let mut by_person: HashMap<Uuid, Vec<Tie>> = HashMap::new();
    for tie in ties {
        by_person.entry(tie.person()).or_default().push(tie);
    }
    by_person
}

/// What hangs on a person, or on each of the people of an organisation, of the customers the caller sees. Who has no tie to an organisation
/// has nothing hanging on it but itself, and is not listed.
///
/// Errors: `no_run`.
pub async fn of_customer(room: &ValueRoom, caller: &Caller, customer: Uuid) -> Result<ExposurePage> {
    caller.require(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let scope = caller.scope();
    let mut tx = room.platform.db.read().await?;
    let customer = survivor(&mut tx, scope, customer).await?;
    let known = customers::store::summaries(&mut tx, scope, &[customer]).await?;
    let known = known.get(&customer).ok_or(Error::NotFound { what: "customer" })?;
    let run = published(room, &mut tx).await?;
    let today = today(room, &mut tx).await?;
    let mut ties = match known.kind {
        CustomerKind::Person => customers::store::ties_of_people(&mut tx, &[customer], today).await?,
        CustomerKind::Organisation => {
            let mut ties = customers::store::ties_of_organisation(&mut tx, customer.into(), today).await?;
            let people: Vec<Uuid> = ties
                .iter()
                .filter_map(|tie| tie.customer)
                .map(CustomerId::uuid)
                .collect();
            let elsewhere = customers::store::ties_of_people(&mut tx, &people, today).await?;
            ties.extend(
                elsewhere
                    .into_iter()
                    .filter(|tie| tie.organisation.uuid() != customer),
            );
            ties
        }
    };
    let seen = those_in(&mut tx, scope, organisations(&ties)).await?;
    ties.retain(|tie| seen.contains(&tie.organisation.uuid()));
    let roots = organisations(&ties);
    let (hierarchy, complete) = below(&mut tx, scope, roots.clone()).await?;
    let people = ties.iter().map(Tie::person);
    let reached: Vec<Uuid> = hierarchy
        .reach(roots.iter().copied().chain(people))
        .into_iter()
        .collect();
    let in_sight = those_in(&mut tx, scope, reached).await?;
    let reached: Vec<Uuid> = in_sight.iter().copied().collect();
    let stakes = store::exposure::stakes(&mut tx, &reached).await?;
    let found = exposures(
        ties.iter().map(|tie| (tie.person(), tie.organisation.uuid())),
        &hierarchy,
        &stakes,
    );
    let held = customers::store::subscriptions_held(&mut tx, &reached).await?;
    let mut ties = by_person(ties);
    let mut details = Vec::with_capacity(found.len());
    for exposure in found {
        let ties = ties.remove(&exposure.person).unwrap_or_default();
        let mut reached = hierarchy.reach(organisations(&ties));
        reached.extend(ties.iter().filter_map(|tie| tie.customer).map(CustomerId::uuid));
        reached.retain(|one| in_sight.contains(one));
        let subscriptions = reached.iter().filter_map(|one| held.get(one)).sum();
        let mut largest: Vec<_> = reached
            .iter()
            .filter_map(|one| Some((*one, *stakes.get(one)?)))
            .collect();
        largest.sort_by_key(|(one, stake)| std::cmp::Reverse((stake.clv_minor, stake.revenue_minor, *one)));
        largest.truncate(LARGEST_SHOWN);
        details.extend(person(exposure, ties).map(|person| (person, subscriptions, largest)));
    }
    let largest = details.iter().flat_map(|(_, _, largest)| largest);
    let mut named: Vec<Uuid> = largest.map(|(one, _)| *one).chain(roots).collect();
    named.sort_unstable();
    named.dedup();
    let names = customers::store::summaries(&mut tx, scope, &named).await?;
    let people = details
        .into_iter()
        .map(|(person, subscriptions, largest)| ExposedDetail {
            person,
            subscriptions,
            largest: largest
                .into_iter()
                .filter_map(|(one, stake)| Some((names.get(&one)?.clone(), stake)))
                .collect(),
        })
        .collect();
    Ok(ExposurePage {
        run,
        people,
        complete,
        names,
    })
}

/// Where a page begins: after which person of which list.
#[derive(serde::Serialize, serde::Deserialize)]
struct After {
    run: RunId,
    list: ListOfPersons,
    key: SortKey,
}

/// Who is listed, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListOfPersons {
    /// Contacts of at least this influence, 1 to 5.
    pub influence: u8,
    /// By what, the most first.
    pub sort: ExposureSort,
}

/// Those on whom most hangs, among contacts of some influence. What hangs on a person is only told
/// whole: this list is for who may see the whole firm.
///
/// Errors: `no_run`; `influence_out_of_range`; `cursor_malformed`; `cursor_stale` where
/// another run was published since the page before.
pub async fn top(
    room: &ValueRoom,
    caller: &Caller,
    list: ListOfPersons,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<ExposureList> {
    caller.require_whole_firm(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    if !(1..=5).contains(&list.influence) {
        let message = "influence is 1 (none) to 5 (decides)";
        return Err(Error::invalid("influence_out_of_range", message).at("influence"));
    }
    let after: Option<After> = cursor.map(Cursor::key).transpose()?;
    if after.as_ref().is_some_and(|after| after.list != list) {
        let message = "this cursor is of another list";
        return Err(Error::invalid("cursor_malformed", message).at("cursor"));
    }
    let mut tx = room.platform.db.read().await?;
    let run = published(room, &mut tx).await?;
    let id = run.run.id;
    if after.as_ref().is_some_and(|after| after.run != id) {
        return Err(Error::conflict(
            "cursor_stale",
            "a newer run has been published since the page before; the list begins anew",
        ));
    }
    let today = today(room, &mut tx).await?;
    let ties: Vec<Tie> = customers::store::ties_of_influence(&mut tx, list.influence, today)?
        .try_collect()
        .await?;
    let pairs: Vec<(Uuid, Uuid)> = customers::store::memberships(&mut tx)?.try_collect().await?;
    let hierarchy: Hierarchy = pairs.into_iter().collect();
    let stakes = store::exposure::stakes_of_organisations(&mut tx).await?;
    let pairs = ties.iter().map(|tie| (tie.person(), tie.organisation.uuid()));
    let mut rows = exposures(pairs, &hierarchy, &stakes);
    let mut ties = by_person(ties);
    let key = |row: &Exposure| {
        let influence = ties
            .get(&row.person)
            .into_iter()
            .flatten()
            .map(|tie| tie.influence);
        exposure::sort_key(row, list.sort, influence.max().unwrap_or_default())
    };
    rows.retain(|row| after.as_ref().is_none_or(|after| key(row) < after.key));
    rows.sort_by_cached_key(|row| std::cmp::Reverse(key(row)));
    rows.truncate(size.rows() as usize + 1);
    let page = Page::cut(rows, size, |row| After {
        run: id,
        list,
        key: key(row),
    })?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let ties = ties.remove(&row.person).unwrap_or_default();
        items.extend(person(row, ties));
    }
    let mut named: Vec<Uuid> = items
        .iter()
        .flat_map(|person| organisations(&person.ties))
        .collect();
    named.sort_unstable();
    named.dedup();
    let names = customers::store::summaries(&mut tx, caller.scope(), &named).await?;
    Ok(ExposureList {
        run,
        page: Page {
            items,
            next_cursor: page.next_cursor,
        },
        names,
    })
}
