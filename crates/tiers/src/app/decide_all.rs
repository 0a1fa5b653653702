//! Decides on everybody, as a job: after a value run, on a new day, by a new version, or because someone asks. Facts are
//! read once and decided on by all cores; what changed is stored in steps. Interrupted, it begins anew and finds what was
//! stored already as it should be.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Error, Result};
use customers::CustomerKind;
use futures::StreamExt as _;
use platform::events::{self, Actor, Event};
use platform::jobs::{Job, JobRun, NewJob, Unique};
use platform::{Caller, Permission, Platform, Tx, ids};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::everybody::{Asked, Everybody};
use super::known::Wanted;
use super::{NO_PROGRAMME, TiersRoom, blocking, entitlements};
use crate::model::{Facts, Grant, Programme, ProgrammeId, Recorded, Standing, Version, VersionState};
use crate::rules::{self, Outcome};
use crate::store::decisions::Membership;
use crate::store::{decisions, grants, programmes, watch};

/// The kind of the job.
pub const JOB_KIND: &str = "tier_decisions";
/// Decisions stored in one transaction: well under a second on SQLite.
const DECISIONS_PER_STEP: usize = 5_000;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Input {
    /// Which programme; every one where none is named.
    programme: Option<ProgrammeId>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Stored {
    changed: u64,
}

/// Asks for everybody to be decided on. Errors: no such programme; `tier_decisions_in_progress`.
pub async fn start(room: &TiersRoom, caller: &Caller, programme: ProgrammeId) -> Result<Job> {
    caller.require_whole_firm(Permission::TiersWrite)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    programmes::find(&mut tx, programme).await?.ok_or(NO_PROGRAMME)?;
    let job = queue(platform, &mut tx, caller.actor(), Some(programme)).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(job)
}

/// Queues the job in the caller's transaction.
pub(crate) async fn queue(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    programme: Option<ProgrammeId>,
) -> Result<Job> {
    let new = NewJob {
        kind: JOB_KIND,
        subject: programme.map(|programme| ("tier_programme", programme.uuid())),
        input: serde_json::to_value(Input { programme }).map_err(Error::internal)?,
        unique: Some(Unique {
            key: JOB_KIND,
            code: "tier_decisions_in_progress",
            message: "everybody is being decided on already: wait for it or cancel it",
        }),
        actor,
    };
    platform.jobs.enqueue(tx, &platform.clock, new).await
}

/// Queues the job for every programme, unless it is at work already: then the watch finds that there is something left
/// to be decided on.
pub(crate) async fn queue_again(platform: &Platform, tx: &mut Tx, actor: Actor) -> Result<()> {
    match queue(platform, tx, actor, None).await {
        Err(e) if e.code() == "tier_decisions_in_progress" => Ok(()),
        queued => queued.map(|_| ()),
    }
}

/// The job's handler.
pub async fn perform(room: TiersRoom, job: JobRun) -> Result<serde_json::Value> {
    let Input { programme: only } = job.input()?;
    let mut in_force = programmes::in_force(&mut room.platform.db.read().await?).await?;
    in_force.retain(|(programme, _)| only.is_none_or(|only| only == programme.id));
    let mut stored = Stored::default();
    let mut customers = 0;
    if !in_force.is_empty() {
        let everybody = Arc::new(Everybody::read(&room, &job).await?);
        customers = everybody.customers.len() as u64;
        let by: Vec<_> = in_force.iter().map(|(_, version)| version.id).collect();
        for (programme, version) in in_force {
            decide(&room, &job, &everybody, (programme, version), &mut stored).await?;
        }
        if only.is_none() {
            let mut tx = room.platform.db.write().await?;
            let watched = watch::hold(&mut tx).await?;
            let now = programmes::in_force(&mut tx).await?;
            // By a version that came into force meanwhile everybody is decided on anew.
            if now.iter().map(|(_, version)| version.id).eq(by) {
                let seen = watch::Watched {
                    seq: watched.seq.max(everybody.watermark),
                    run: everybody.run_id(),
                    decided_on: Some(everybody.today),
                };
                watch::save(&mut tx, seen).await?;
            }
            job.hold(&mut tx).await?;
            tx.commit().await?;
        }
    }
    Ok(json!({ "customers": customers, "changed": stored.changed }))
}

/// How everybody stands in a programme, and what was given by hand.
async fn stand(
    tx: &mut Tx,
    programme: ProgrammeId,
) -> Result<(HashMap<Uuid, Membership>, HashMap<Uuid, Vec<Grant>>)> {
    tx.allow_minutes(30).await?;
    let mut known = HashMap::new();
    let mut rows = decisions::memberships(tx, programme)?;
    while let Some(row) = rows.next().await {
        let row = row?;
        known.insert(row.customer, row);
    }
    drop(rows);
    let given = grants::approved(tx, programme).await?;
    Ok((known, given))
}

/// A decision that changes something: of whom, by what, to what.
struct Changed {
    n: usize,
    facts: Facts,
    outcome: Outcome,
}

async fn decide(
    room: &TiersRoom,
    job: &JobRun,
    everybody: &Arc<Everybody>,
    (programme, version): (Programme, Version),
    stored: &mut Stored,
) -> Result<()> {
    job.progress("deciding", 0, Some(everybody.customers.len() as u64));
    let (known, given) = stand(&mut room.platform.db.read().await?, programme.id).await?;
    let known = Arc::new(known);
    let (people, by, of) = (
        Arc::clone(everybody),
        Arc::clone(&known),
        (programme.clone(), version.clone()),
    );
    let changed = blocking(move || Ok(all_changes(&people, &of.0, &of.1, &by, &given))).await?;
    let total = changed.len() as u64;
    let mut done = 0;
    let mut changed = changed.into_iter().peekable();
    while changed.peek().is_some() {
        job.check()?;
        job.progress("storing", done, Some(total));
        let step: Vec<Changed> = changed.by_ref().take(DECISIONS_PER_STEP).collect();
        done += step.len() as u64;
        if !store_step(room, job, everybody, (&programme, &version), &known, step, stored).await? {
            // Another version came into force meanwhile, and with it everybody is decided on anew.
            break;
        }
    }
    Ok(())
}

/// Decides on all, organisations first: their level may earn others theirs. An organisation's own organisation counts as
/// it stood before.
fn all_changes(
    everybody: &Everybody,
    programme: &Programme,
    version: &Version,
    known: &HashMap<Uuid, Membership>,
    given: &HashMap<Uuid, Vec<Grant>>,
) -> Vec<Changed> {
    let document = &version.document;
    let wanted = Wanted::of([document]);
    let asked = Asked {
        programme: &programme.facts,
        document,
        wanted: &wanted,
        grants: given,
    };
    let level_of = |id: &Uuid| known.get(id).and_then(|member| member.standing.level.clone());
    let decided = |n: usize, organisation_level: Option<String>| {
        let before = known
            .get(&everybody.customers[n].id)
            .map(|member| &member.standing);
        let facts = everybody.facts(n, &asked, organisation_level);
        let outcome = rules::outcome(&facts, document, before, everybody.today);
        rules::changes(&outcome, document, before).then_some(Changed { n, facts, outcome })
    };
    let all = 0..everybody.customers.len();
    if !wanted.organisations {
        return all.into_par_iter().filter_map(|n| decided(n, None)).collect();
    }
    let (first, others): (Vec<usize>, Vec<usize>) =
        all.partition(|n| everybody.customers[*n].kind == CustomerKind::Organisation);
    let stood = |n: &usize| everybody.customers[*n].organisation.as_ref().and_then(level_of);
    let mut changed: Vec<Changed> = first.par_iter().filter_map(|n| decided(*n, stood(n))).collect();
    let newer: HashMap<Uuid, Option<String>> = changed
        .iter()
        .map(|one| {
            let level = rules::standing(&one.outcome, document).level;
            (everybody.customers[one.n].id, level)
        })
        .collect();
    let now = |n: &usize| {
        let organisation = everybody.customers[*n].organisation?;
        newer
            .get(&organisation)
            .cloned()
            .unwrap_or_else(|| level_of(&organisation))
    };
    changed.par_extend(others.par_iter().filter_map(|n| decided(*n, now(n))));
    changed
}

/// Stores what changed, but for those who were decided on otherwise meanwhile; false where the version is not in force
/// any more.
async fn store_step(
    room: &TiersRoom,
    job: &JobRun,
    everybody: &Everybody,
    (programme, version): (&Programme, &Version),
    known: &HashMap<Uuid, Membership>,
    step: Vec<Changed>,
    stored: &mut Stored,
) -> Result<bool> {
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    tx.about_to_write("customers").await?;
    programmes::hold(&mut tx, programme.id)
        .await?
        .ok_or(NO_PROGRAMME)?;
    let in_force = programmes::version_in(&mut tx, programme.id, VersionState::Effective).await?;
    if in_force.is_none_or(|now| now.id != version.id) {
        return Ok(false);
    }
    let ids: Vec<Uuid> = step.iter().map(|one| everybody.customers[one.n].id).collect();
    let now = decisions::memberships_of(&mut tx, programme.id, &ids).await?;
    let mut counts = Counts::default();
    let mut recorded = Vec::with_capacity(step.len());
    for one in step {
        let customer = everybody.customers[one.n].id;
        let before = known.get(&customer);
        if now.get(&customer).map(|member| member.decision) != before.map(|member| member.decision) {
            continue;
        }
        let before = before.map(|member| member.standing.clone());
        let after = rules::standing(&one.outcome, &version.document);
        counts.add(before.as_ref(), &after, version);
        recorded.push(Recorded {
            id: ids::new(&platform.clock),
            programme: programme.id,
            version: version.id,
            customer,
            on: everybody.today,
            at: platform.clock.now(),
            facts: one.facts,
            before,
            after,
            cause: one.outcome.cause,
        });
    }
    decisions::record(&mut tx, &recorded).await?;
    let level = |standing: &Standing| standing.level.clone();
    let other_level: Vec<Uuid> = recorded
        .iter()
        .filter(|one| one.before.as_ref().and_then(level) != one.after.level)
        .map(|one| one.customer)
        .collect();
    entitlements::follow_holders(room, &mut tx, programme.id, &other_level, job.actor()).await?;
    let payload = json!({
        "programme": programme.facts.code, "version": version.number, "decided": recorded.len(),
        "raised": counts.raised, "lowered": counts.lowered, "job": job.id(),
    });
    let event = Event {
        actor: job.actor(),
        kind: "tier_programme.decided",
        subject_kind: "tier_programme",
        subject: programme.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    stored.changed += recorded.len() as u64;
    job.save_checkpoint(&mut tx, stored).await?;
    tx.commit().await?;
    Ok(true)
}

#[derive(Default)]
struct Counts {
    raised: u64,
    lowered: u64,
}

impl Counts {
    fn add(&mut self, before: Option<&Standing>, after: &Standing, version: &Version) {
        let place = |code: Option<&String>| {
            let code = code?;
            version
                .document
                .levels
                .iter()
                .position(|level| level.code == *code)
        };
        let before = place(before.and_then(|before| before.level.as_ref()));
        match place(after.level.as_ref()).cmp(&before) {
            std::cmp::Ordering::Greater => self.raised += 1,
            std::cmp::Ordering::Less => self.lowered += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
}
