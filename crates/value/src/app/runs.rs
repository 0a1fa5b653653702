//! Value runs: asking for one, doing it as a job, publishing it in one step, comparing two. A run is about
//! the whole firm, and so for those who see all of it.

use std::path::PathBuf;

use base::{Cursor, Day, Error, Page, PageSize, Result};
use jiff::tz::TimeZone;
use platform::events::{self, Event};
use platform::jobs::{Job, NewJob, Unique};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{ValueRoom, no_run, settings};
use crate::engine::settings::{ModelChoice, ValueSettings};
use crate::model::{Run, RunId, RunState};
use crate::store;

/// The kind of job that does a run.
pub const JOB_KIND: &str = "value_run";
/// The version of what is computed; it changes when a figure's definition does.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a run may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunRequest {
    /// The as-of day; the day of the last ledger line where not given.
    pub as_of: Option<Day>,
    /// The model; the settings' where not given.
    pub model: Option<ModelChoice>,
    /// Weeks to hold out; the settings' where not given.
    pub holdout_weeks: Option<u32>,
}

/// What the job is queued with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct RunInput {
    pub(super) run: RunId,
}

/// Asks for a run.
///
/// Errors: `no_transactions`; `run_in_progress`; an as-of day after today (`as_of_in_future`) or before the
/// ledger (`as_of_before_ledger`); held-out weeks out of range.
pub async fn start(room: &ValueRoom, caller: &Caller, request: RunRequest) -> Result<(Run, Job)> {
    caller.require_whole_firm(Permission::ValueRun)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    let (run, job) = queue(platform, &mut tx, caller.actor(), request).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok((run, job))
}

/// Queues a run in the caller's transaction: what `start` does, and what the example firm does for
/// itself.
pub async fn queue(
    platform: &Platform,
    tx: &mut Tx,
    actor: events::Actor,
    request: RunRequest,
) -> Result<(Run, Job)> {
    let (settings_version, settings) = settings::current(tx).await?;
    let zone =
        TimeZone::get(&settings.zone).map_err(|e| Error::internal(format!("zone {}: {e}", settings.zone)))?;
    let Some((first_at, last_at)) = store::ledger::span(tx).await? else {
        return Err(Error::conflict(
            "no_transactions",
            "there are no transactions yet: import some first",
        ));
    };
    let now = platform.clock.now();
    let today = Day::from_date(now.to_zoned(zone.clone()).date());
    let first_day = Day::from_date(first_at.to_zoned(zone.clone()).date());
    let last_day = Day::from_date(last_at.to_zoned(zone).date());
    let as_of = request.as_of.unwrap_or(last_day.min(today));
    if as_of > today {
        return Err(Error::invalid(
            "as_of_in_future",
            format!("the as-of day is at most today, {today}"),
        )
        .at("as_of"));
    }
    if as_of < first_day {
        return Err(Error::invalid(
            "as_of_before_ledger",
            format!("the first transaction was on {first_day}: an earlier as-of day has nothing to value"),
        )
        .at("as_of"));
    }
    let settings = ValueSettings {
        model: request.model.unwrap_or(settings.model),
        holdout_weeks: request.holdout_weeks.or(settings.holdout_weeks),
        ..settings
    };
    settings.check()?;
    let run = Run {
        id: ids::new(&platform.clock),
        state: RunState::Queued,
        as_of,
        model_requested: settings.model.name().to_owned(),
        model_chosen: None,
        holdout_weeks: settings.holdout_weeks,
        settings_version,
        currency: settings.currency,
        zone: settings.zone,
        watermark: None,
        customers: None,
        transactions: None,
        value: None,
        value_at_risk: None,
        engine_version: ENGINE_VERSION.to_owned(),
        error: None,
        created_at: now,
        finished_at: None,
    };
    let job = platform
        .jobs
        .enqueue(
            tx,
            &platform.clock,
            NewJob {
                kind: JOB_KIND,
                subject: Some(("run", run.id.uuid())),
                input: serde_json::to_value(RunInput { run: run.id }).map_err(Error::internal)?,
                unique: Some(Unique {
                    key: JOB_KIND,
                    code: "run_in_progress",
                    message: "a value run is under way: wait for it or cancel it",
                }),
                actor,
            },
        )
        .await?;
    store::runs::add(tx, &run, job.id, actor.user()).await?;
    record(
        platform,
        tx,
        actor,
        "value_run.requested",
        &run,
        json!({ "as_of": run.as_of, "model": run.model_requested }),
    )
    .await?;
    Ok((run, job))
}

pub(super) async fn record(
    platform: &Platform,
    tx: &mut Tx,
    actor: events::Actor,
    kind: &'static str,
    run: &Run,
    payload: serde_json::Value,
) -> Result<()> {
    let event = Event {
        actor,
        kind,
        subject_kind: "run",
        subject: run.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// Where a run's files are.
pub fn folder(platform: &Platform, run: RunId) -> PathBuf {
    platform.settings.data_dir.join("runs").join(run.to_string())
}

/// The folder of the ledger's columnar copy.
pub fn columns_folder(platform: &Platform) -> PathBuf {
    platform.settings.data_dir.join("ledger")
}

/// One page of runs, newest first.
pub async fn list(
    room: &ValueRoom,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Run>> {
    caller.require_whole_firm(Permission::ValueRead)?;
    let before = cursor.map(Cursor::key::<(i64, Uuid)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = store::runs::page(&mut tx, before, size.rows() + 1).await?;
    Page::cut(rows, size, |run| (run.created_at.as_microsecond(), run.id.uuid()))
}

/// Which run: one by its id, or the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Run(RunId),
    /// The published one.
    Latest,
}

impl std::str::FromStr for Which {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "latest" {
            Ok(Self::Latest)
        } else {
            text.parse().map(Self::Run)
        }
    }
}

/// One run.
pub async fn find(room: &ValueRoom, caller: &Caller, which: Which) -> Result<Run> {
    caller.require_whole_firm(Permission::ValueRead)?;
    find_in(&mut room.platform.db.read().await?, which).await
}

async fn find_in(tx: &mut Tx, which: Which) -> Result<Run> {
    let run = match which {
        Which::Run(id) => store::runs::find(tx, id).await?,
        Which::Latest => return store::runs::published(tx).await?.ok_or_else(no_run),
    };
    run.ok_or(Error::NotFound { what: "run" })
}

/// The report of a run. Errors: the run has none (yet).
pub async fn report(room: &ValueRoom, caller: &Caller, which: Which) -> Result<(Run, serde_json::Value)> {
    caller.require_whole_firm(Permission::ValueRead)?;
    let mut tx = room.platform.db.read().await?;
    let run = find_in(&mut tx, which).await?;
    let report = store::runs::report(&mut tx, run.id)
        .await?
        .ok_or(Error::NotFound {
            what: "report of this run",
        })?;
    Ok((run, report))
}

/// The file with every profile of a run. Errors: the run has none, or the file was removed.
pub async fn profiles_file(room: &ValueRoom, caller: &Caller, which: Which) -> Result<(Run, PathBuf)> {
    caller.require_whole_firm(Permission::ValueRead)?;
    caller.require(Permission::CustomersRead)?;
    let run = find_in(&mut room.platform.db.read().await?, which).await?;
    let path = folder(&room.platform, run.id).join(PROFILES_FILE);
    if run.state != RunState::Published || tokio::fs::metadata(&path).await.is_err() {
        return Err(Error::NotFound {
            what: "profiles of this run",
        });
    }
    Ok((run, path))
}

pub(super) const PROFILES_FILE: &str = "profiles.parquet";
