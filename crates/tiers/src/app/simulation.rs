//! What a draft would do to everybody, against the version in force. A job of seconds; what came out is kept for just
//! this revision of the draft, so that publishing can rely on it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base::{Currency, Cursor, Error, Page, PageSize, Result};
use customers::CustomerSummary;
use futures::StreamExt as _;
use platform::jobs::{Job, JobRun, NewJob, Unique};
use platform::{Caller, Clock, Permission, firm, ids};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::everybody::{Asked, Everybody};
use super::known::Wanted;
use super::programmes::not_a_draft;
use super::{NO_PROGRAMME, NO_VERSION, TiersRoom, blocking};
use crate::model::{
    Benefit, BenefitCost, Cell, Count, Curve, CurvePoint, Document, Facts, Grant, Moved, Programme,
    Sensitivity, SimulationResult, Standing, Version, VersionId, VersionState,
};
use crate::rules;
use crate::store::simulations::{Move, Notice, Simulation};
use crate::store::{benefits, decisions, grants, programmes, simulations};

/// The kind of the job.
pub const JOB_KIND: &str = "tier_simulation";
const VALUES_MAX: usize = 25;
const MOVES_PER_STEP: usize = 5_000;
/// Customers looked at between two looks at whether to stop.
const CUSTOMERS_PER_LOOK: usize = 65_536;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Input {
    version: VersionId,
    sensitivity: Option<Sensitivity>,
}

/// Asks for a simulation of a draft. Errors: `not_a_draft`; `sensitivity_invalid`; `simulation_in_progress`.
pub async fn start(
    room: &TiersRoom,
    caller: &Caller,
    id: VersionId,
    sensitivity: Option<Sensitivity>,
) -> Result<Job> {
    caller.require_whole_firm(Permission::TiersRead)?;
    caller.require(Permission::TiersWrite)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    let version = programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)?;
    if version.state != VersionState::Draft {
        return Err(not_a_draft());
    }
    if let Some(asked) = &sensitivity {
        check_sensitivity(asked, &version.document)?;
    }
    let key = format!("{JOB_KIND}/{id}");
    let new = NewJob {
        kind: JOB_KIND,
        subject: Some(("tier_version", id.uuid())),
        input: serde_json::to_value(Input {
            version: id,
            sensitivity,
        })
        .map_err(Error::internal)?,
        unique: Some(Unique {
            key: &key,
            code: "simulation_in_progress",
            message: "this draft is being simulated already",
        }),
        actor: caller.actor(),
    };
    let job = platform.jobs.enqueue(&mut tx, &platform.clock, new).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(job)
}

fn check_sensitivity(asked: &Sensitivity, document: &Document) -> Result<()> {
    let refuse = |field: &str, message: &str| Err(Error::invalid("sensitivity_invalid", message).at(field));
    if asked.values.is_empty()
        || asked.values.len() > VALUES_MAX
        || asked.values.iter().any(|v| !v.is_finite())
    {
        return refuse("values", "1 to 25 numbers");
    }
    let mut moved = document.clone();
    match with_threshold(&mut moved, asked, asked.values[0]) {
        Some(()) => Ok(()),
        None => refuse(
            "condition",
            "no condition of this level that compares with a number",
        ),
    }
}

/// The document with the threshold moved.
fn with_threshold(document: &mut Document, asked: &Sensitivity, value: f64) -> Option<()> {
    let level = document
        .levels
        .iter_mut()
        .find(|level| level.code == asked.level)?;
    let rule = match (asked.of_keep, &mut level.keep) {
        (true, Some(keep)) => keep,
        _ => &mut level.qualify,
    };
    let condition = rule.conditions_mut().get_mut(asked.condition)?;
    condition.set_threshold(value).then_some(())
}

/// What stands against each other.
struct Compared {
    programme: Programme,
    draft: Version,
    against: Option<Version>,
    standings: HashMap<Uuid, Standing>,
    grants: HashMap<Uuid, Vec<Grant>>,
    catalogue: Vec<Benefit>,
    currency: Currency,
}

/// The job's handler.
pub async fn perform(room: TiersRoom, job: JobRun) -> Result<serde_json::Value> {
    let Input { version, sensitivity } = job.input()?;
    let everybody = Arc::new(Everybody::read(&room, &job).await?);
    let mut tx = room.platform.db.read().await?;
    tx.allow_minutes(30).await?;
    let draft = programmes::version(&mut tx, version).await?.ok_or(NO_VERSION)?;
    let programme = programmes::find(&mut tx, draft.programme)
        .await?
        .ok_or(NO_PROGRAMME)?;
    let against = programmes::version_in(&mut tx, programme.id, VersionState::Effective).await?;
    let mut standings = HashMap::new();
    let mut rows = decisions::memberships(&mut tx, programme.id)?;
    while let Some(row) = rows.next().await {
        let row = row?;
        standings.insert(row.customer, row.standing);
    }
    drop(rows);
    let compared = Compared {
        grants: grants::approved(&mut tx, programme.id).await?,
        catalogue: benefits::all(&mut tx).await?,
        currency: firm::load(&mut tx).await?.currency,
        programme,
        draft,
        against,
        standings,
    };
    drop(tx);
    job.progress("simulating", 0, Some(everybody.customers.len() as u64));
    let (watched, people) = (job.clone(), Arc::clone(&everybody));
    let (compared, result, moves) = blocking(move || {
        let (result, moves) = simulate(&people, &compared, sensitivity, &watched)?;
        Ok((compared, result, moves))
    })
    .await?;
    let simulation = Simulation {
        id: ids::new(&room.platform.clock),
        version,
        revision: compared.draft.revision,
        against: compared.against.map(|against| against.id),
        run: everybody.run_id(),
        result,
        at: room.platform.clock.now(),
    };
    store(&room, &job, &simulation, &moves).await?;
    Ok(json!({ "simulation": simulation.id, "customers": simulation.result.customers }))
}

/// Stores a simulation in one transaction, so that publishing finds all who lose or none of it.
async fn store(room: &TiersRoom, job: &JobRun, simulation: &Simulation, moves: &[Move]) -> Result<()> {
    let mut tx = room.platform.db.write().await?;
    tx.allow_minutes(30).await?;
    simulations::replace(&mut tx, simulation).await?;
    for (n, some) in moves.chunks(MOVES_PER_STEP).enumerate() {
        job.check()?;
        job.progress("storing", (n * MOVES_PER_STEP) as u64, Some(moves.len() as u64));
        simulations::insert_moves(&mut tx, simulation.id, some).await?;
    }
    job.hold(&mut tx).await?;
    tx.commit().await
}

/// Places by version in force and by draft, where nothing is waited for.
struct Places {
    n: usize,
    before: Option<usize>,
    after: Option<usize>,
}

fn simulate(
    everybody: &Everybody,
    compared: &Compared,
    sensitivity: Option<Sensitivity>,
    job: &JobRun,
) -> Result<(SimulationResult, Vec<Move>)> {
    let draft = &compared.draft.document;
    let against = compared.against.as_ref().map(|against| &against.document);
    let wanted = Wanted::of(std::iter::once(draft).chain(against));
    let curve_documents = curve_documents(draft, sensitivity.as_ref());
    let look = Look {
        everybody,
        compared,
        wanted: &wanted,
    };
    let mut places = Vec::with_capacity(everybody.customers.len());
    let mut curves = vec![vec![0_u64; draft.levels.len() + 1]; curve_documents.len()];
    for from in (0..everybody.customers.len()).step_by(CUSTOMERS_PER_LOOK) {
        job.check()?;
        job.progress("simulating", from as u64, Some(everybody.customers.len() as u64));
        let until = everybody.customers.len().min(from + CUSTOMERS_PER_LOOK);
        let some: Vec<(Places, Vec<u8>)> = (from..until)
            .into_par_iter()
            .map(|n| look.at(n, &curve_documents))
            .collect();
        for (of, points) in some {
            for (counts, place) in curves.iter_mut().zip(points) {
                counts[usize::from(place)] += 1;
            }
            places.push(of);
        }
    }
    let (result, moves) = told(&look, &places, &job.platform().clock);
    let curve = sensitivity.map(|asked| Curve {
        points: asked
            .values
            .iter()
            .zip(&curves)
            .map(|(value, counts)| CurvePoint {
                value: *value,
                levels: counted(counts, draft),
            })
            .collect(),
        asked,
    });
    Ok((SimulationResult { curve, ..result }, moves))
}

fn curve_documents(draft: &Document, sensitivity: Option<&Sensitivity>) -> Vec<Document> {
    let Some(asked) = sensitivity else {
        return Vec::new();
    };
    let of = |value: &f64| {
        let mut moved = draft.clone();
        // It was checked when it was asked for; a draft changed since leaves the curve flat.
        let _there = with_threshold(&mut moved, asked, *value);
        moved
    };
    asked.values.iter().map(of).collect()
}

struct Look<'a> {
    everybody: &'a Everybody,
    compared: &'a Compared,
    wanted: &'a Wanted,
}

impl Look<'_> {
    fn at(&self, n: usize, curve: &[Document]) -> (Places, Vec<u8>) {
        let Self {
            everybody,
            compared,
            wanted,
        } = self;
        let today = everybody.today;
        let customer = &everybody.customers[n];
        let standing = compared.standings.get(&customer.id);
        let organisation = customer.organisation.filter(|_| wanted.organisations);
        let organisation = organisation.and_then(|id| compared.standings.get(&id)?.level.clone());
        let facts = |document: &Document| -> Facts {
            let asked = Asked {
                programme: &compared.programme.facts,
                document,
                wanted,
                grants: &compared.grants,
            };
            everybody.facts(n, &asked, organisation.clone())
        };
        let draft = &compared.draft.document;
        let known = facts(draft);
        let before = compared.against.as_ref().and_then(|against| {
            // What was given by hand depends on the levels there are.
            let given = compared
                .grants
                .get(&customer.id)
                .map(|_| facts(&against.document));
            rules::settled(
                given.as_ref().unwrap_or(&known),
                &against.document,
                standing,
                today,
            )
            .level
        });
        let after = |document: &Document| rules::settled(&known, document, standing, today).level;
        let place =
            |level: Option<usize>| u8::try_from(level.map_or(0, |level| level + 1)).unwrap_or(u8::MAX);
        let points = curve.iter().map(|document| place(after(document))).collect();
        let after = after(draft);
        (Places { n, before, after }, points)
    }

    fn code_before(&self, place: Option<usize>) -> Option<&str> {
        let levels = &self.compared.against.as_ref()?.document.levels;
        levels.get(place?).map(|level| level.code.as_str())
    }

    fn code_after(&self, place: Option<usize>) -> Option<&str> {
        let levels = &self.compared.draft.document.levels;
        levels.get(place?).map(|level| level.code.as_str())
    }

    /// Where a level of the version in force stands in the draft; by its place where the draft has none of its code.
    fn place_in_draft(&self, before: Option<usize>) -> Option<usize> {
        let code = self.code_before(before)?;
        let levels = &self.compared.draft.document.levels;
        levels.iter().position(|level| level.code == code).or(before)
    }
}

fn told(look: &Look<'_>, places: &[Places], clock: &Clock) -> (SimulationResult, Vec<Move>) {
    let everybody = look.everybody;
    let draft = &look.compared.draft.document;
    let levels_before = look
        .compared
        .against
        .as_ref()
        .map_or(0, |against| against.document.levels.len());
    let (mut before, mut after) = (vec![0; levels_before + 1], vec![0; draft.levels.len() + 1]);
    let mut cells: BTreeMap<(Option<usize>, Option<usize>), Moved> = BTreeMap::new();
    let (mut lose, mut gain, mut moves) = (Moved::default(), Moved::default(), Vec::new());
    for places in places {
        let (revenue_minor, clv_minor) = (everybody.revenue_minor(places.n), everybody.clv_minor(places.n));
        let add = |to: &mut Moved| {
            to.customers += 1;
            to.revenue_minor += revenue_minor;
            to.clv_minor += clv_minor;
        };
        before[places.before.map_or(0, |place| place + 1)] += 1;
        after[places.after.map_or(0, |place| place + 1)] += 1;
        add(cells.entry((places.before, places.after)).or_default());
        let stood = look.place_in_draft(places.before);
        if stood == places.after {
            continue;
        }
        let loses = places.after < stood;
        add(if loses { &mut lose } else { &mut gain });
        let id = everybody.customers[places.n].id;
        moves.push(Move {
            id: ids::new(clock),
            customer: id,
            loses,
            from: look.code_before(places.before).map(str::to_owned),
            to: look.code_after(places.after).map(str::to_owned),
            revenue_minor,
            clv_minor,
        });
    }
    let matrix = cells
        .into_iter()
        .map(|((from, to), moved)| Cell {
            from: look.code_before(from).map(str::to_owned),
            to: look.code_after(to).map(str::to_owned),
            customers: moved.customers,
            revenue_minor: moved.revenue_minor,
            clv_minor: moved.clv_minor,
        })
        .collect();
    let catalogue = &look.compared.catalogue;
    let against = look.compared.against.as_ref().map(|against| &against.document);
    let benefit_cost = BenefitCost {
        before_minor: against.map_or(0, |against| cost_minor(&before, against, catalogue)),
        after_minor: cost_minor(&after, draft, catalogue),
    };
    let result = SimulationResult {
        on: everybody.today,
        currency: look.compared.currency,
        customers: places.len() as u64,
        before: look
            .compared
            .against
            .as_ref()
            .map_or_else(Vec::new, |against| counted(&before, &against.document)),
        after: counted(&after, draft),
        matrix,
        lose,
        gain,
        benefit_cost,
        curve: None,
    };
    (result, moves)
}

/// What the benefits of so many in each place cost in a year, minor units.
fn cost_minor(counts: &[u64], document: &Document, catalogue: &[Benefit]) -> i64 {
    let levels = counts.iter().skip(1).zip(&document.levels);
    levels.fold(0, |sum, (customers, level)| {
        let each = rules::yearly_cost_minor(level, catalogue);
        let of = each.saturating_mul(i64::try_from(*customers).unwrap_or(i64::MAX));
        sum.saturating_add(of)
    })
}

/// Counts by place, none first, as counts by level.
fn counted(counts: &[u64], document: &Document) -> Vec<Count> {
    let codes = std::iter::once(None).chain(document.levels.iter().map(|level| Some(level.code.clone())));
    let of = |(level, customers): (Option<String>, &u64)| Count {
        level,
        customers: *customers,
    };
    codes.zip(counts).map(of).collect()
}

/// The simulation of a version, and whether it still holds for the draft as it is. Errors: none was made.
pub async fn of_version(room: &TiersRoom, caller: &Caller, id: VersionId) -> Result<(Simulation, bool)> {
    caller.require_whole_firm(Permission::TiersRead)?;
    let mut tx = room.platform.db.read().await?;
    let version = programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)?;
    let simulation = simulations::of_version(&mut tx, id).await?;
    let simulation = simulation.ok_or(Error::NotFound { what: "simulation" })?;
    let current = simulation.revision == version.revision;
    Ok((simulation, current))
}

/// Those who lose a level or gain one, by name, of whom most is expected first; of the customers the caller sees.
/// Errors: no simulation was made; `cursor_malformed`.
pub async fn moves(
    room: &TiersRoom,
    caller: &Caller,
    (id, loses): (VersionId, bool),
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<(Move, CustomerSummary)>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key::<(i64, Uuid)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let simulation = simulations::of_version(&mut tx, id).await?;
    let simulation = simulation.ok_or(Error::NotFound { what: "simulation" })?;
    let rows = simulations::moves(
        &mut tx,
        caller.scope(),
        (simulation.id, loses),
        after,
        size.rows() + 1,
    )
    .await?;
    let page = Page::cut(rows, size, |of| (of.clv_minor, of.id))?;
    let ids: Vec<Uuid> = page.items.iter().map(|of| of.customer).collect();
    let mut names = customers::store::summaries(&mut tx, caller.scope(), &ids).await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .filter_map(|of| names.remove(&of.customer).map(|name| (of, name)))
            .collect(),
        next_cursor: page.next_cursor,
    })
}

/// The notices planned with a version, to customers the caller sees.
pub async fn notices(
    room: &TiersRoom,
    caller: &Caller,
    id: VersionId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Notice>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)?;
    let rows = simulations::notices(&mut tx, caller.scope(), id, after, size.rows() + 1).await?;
    Page::cut(rows, size, |notice| notice.0)
}
