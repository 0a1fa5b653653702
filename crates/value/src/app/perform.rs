//! Does a run, as a job. Interrupted anywhere it begins again from the ledger; nothing of it is visible
//! before its last step.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use base::{Currency, Error, Result};
use futures::StreamExt as _;
use platform::jobs::JobRun;
use platform::{Platform, Scope};
use serde_json::json;
use uuid::Uuid;

use super::runs::{self, PROFILES_FILE, RunInput};
use super::settings;
use crate::columns;
use crate::engine;
use crate::engine::referrals::Referral;
use crate::engine::settings::{ModelChoice, ValueSettings};
use crate::engine::source::LedgerSource;
use crate::model::{Run, RunId, RunState};
use crate::profile::{Previous, PublishedProfile};
use crate::profile_columns;
use crate::store;

/// Profiles stored in one transaction: well under a second on SQLite.
const PROFILES_PER_STEP: usize = 5_000;
/// So many runs keep their file of profiles; older ones keep their report.
const RUN_FILES_KEPT: u32 = 30;

/// The job's handler.
pub async fn perform(job: JobRun) -> Result<serde_json::Value> {
    let RunInput { run: id } = job.input()?;
    let platform = job.platform().clone();
    let run = store::runs::find(&mut platform.db.read().await?, id)
        .await?
        .ok_or_else(|| Error::internal(format!("run {id} is not there")))?;
    if run.state != RunState::Published {
        compute(&platform, &job, &run).await?;
        publish(&platform, &job, &run).await?;
    }
    Ok(json!({ "run": id }))
}

/// Brings the columnar copy up to date and computes every profile and the report into the run's folder.
async fn compute(platform: &Platform, job: &JobRun, run: &Run) -> Result<()> {
    let ledger = runs::columns_folder(platform);
    let copy = columns::bring_up_to_date(&platform.db, &ledger, |done, total| {
        job.progress("copying", done, Some(total));
        job.check()
    })
    .await?;
    let mut tx = platform.db.read().await?;
    let (_, settings) = settings::version(&mut tx, run.settings_version).await?;
    let referrals = referrals(&mut tx).await?;
    let reversed = columns::reversed(&mut tx).await?;
    let merged = merged(&mut tx).await?;
    drop(tx);

    let folder = runs::folder(platform, run.id);
    // What an interrupted attempt left is not looked at.
    match tokio::fs::remove_dir_all(&folder).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::internal(e)),
        _ => {}
    }
    platform::private::folder(&folder).map_err(|e| Error::internal(format!("{}: {e}", folder.display())))?;
    let request = engine::RunRequest {
        source: LedgerSource::Parquet {
            paths: copy.paths,
            mapping: columns::mapping(reversed, merged),
        },
        as_of: run.as_of,
        settings: ValueSettings {
            model: ModelChoice::parse(&run.model_requested)?,
            holdout_weeks: run.holdout_weeks,
            ..settings
        },
        referrals,
        profiles: folder.join(PROFILES_FILE),
        report: None,
        rejects: None,
        aggregates: None,
    };
    let watched = job.clone();
    let summary = tokio::task::spawn_blocking(move || {
        engine::run(&request, &mut |progress: engine::Progress| {
            watched.progress(progress.stage.name(), progress.done, progress.total);
            if watched.should_stop() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    })
    .await
    .map_err(Error::internal)?;
    job.check()?;
    let report = summary?.report;
    let lines_read = report.transactions + report.after_as_of + report.repeated + report.rejected;
    if lines_read != copy.rows {
        return Err(Error::internal(format!(
            "the ledger has {} lines up to number {}, the run read {lines_read}",
            copy.rows, copy.watermark
        )));
    }
    // What the database added up when it was copied, and the engine when it read the copy.
    if report.after_as_of == 0 && report.revenue_minor != copy.amount_minor {
        return Err(Error::internal(format!(
            "the ledger's lines up to number {} add up to {} minor units, the run found {}",
            copy.watermark, copy.amount_minor, report.revenue_minor
        )));
    }
    let outcome = store::runs::Outcome {
        model_chosen: report.model.chosen,
        watermark: copy.watermark,
        customers: report.customers,
        transactions: report.transactions,
        value_minor: report.totals.value_minor,
        value_at_risk_minor: report.totals.value_at_risk_minor,
        report: serde_json::to_value(&report).map_err(Error::internal)?,
    };
    let mut tx = platform.db.write().await?;
    store::runs::set_outcome(&mut tx, run.id, &outcome).await?;
    commit(job, tx).await
}

/// Commits a step of the run, if the run is still this process's: one that was slow enough to lose its
/// lease must not touch the table that its successor fills.
async fn commit(job: &JobRun, mut tx: platform::Tx) -> Result<()> {
    job.hold(&mut tx).await?;
    tx.commit().await
}

async fn referrals(tx: &mut platform::Tx) -> Result<Vec<Referral>> {
    tx.allow_minutes(30).await?;
    let mut pairs = customers::store::referrals(tx, &Scope::of_system())?;
    let mut referrals = Vec::new();
    while let Some(pair) = pairs.next().await {
        let (customer, referrer) = pair?;
        referrals.push(Referral {
            customer: customer.to_string(),
            referrer: referrer.to_string(),
        });
    }
    Ok(referrals)
}

/// The ledger keeps whom a line was said of: those who were merged are counted as their survivors.
async fn merged(tx: &mut platform::Tx) -> Result<Vec<(String, String)>> {
    let mut pairs = customers::store::merged(tx)?;
    let mut merged = Vec::new();
    while let Some(pair) = pairs.next().await {
        let (customer, survivor) = pair?;
        merged.push((customer.to_string(), survivor.to_string()));
    }
    Ok(merged)
}

/// Stores the profiles and their columns beside the published ones, and makes them visible in one step.
async fn publish(platform: &Platform, job: &JobRun, run: &Run) -> Result<()> {
    let db = &platform.db;
    let previous = previous(platform).await?;
    let mut tx = db.write().await?;
    store::profiles::begin(&mut tx).await?;
    store::profiles::forget_columns(&mut tx).await?;
    commit(job, tx).await?;

    let total = store::runs::find(&mut db.read().await?, run.id)
        .await?
        .and_then(|run| run.customers);
    let path = runs::folder(platform, run.id).join(PROFILES_FILE);
    let mut done = 0;
    let mut steps = 0_u32..;
    let mut file = blocking(move || engine::profiles::read(&path, PROFILES_PER_STEP)).await?;
    loop {
        job.progress("publishing", done, total);
        job.check()?;
        let (rest, batch) = blocking(move || {
            let batch = file.next().transpose()?;
            Ok((file, batch))
        })
        .await?;
        file = rest;
        let Some(batch) = batch else {
            break;
        };
        let profiles: Vec<PublishedProfile> = batch
            .into_iter()
            .map(|row| published(row, run.currency, previous.as_ref()))
            .collect::<Result<_>>()?;
        let columns = profile_columns::encode(profiles.iter().map(|profile| &profile.figures))?;
        let step = steps.next().unwrap_or_default();
        let mut tx = db.write().await?;
        store::profiles::insert(&mut tx, run.id, &profiles).await?;
        store::profiles::insert_columns(&mut tx, run.id, step, columns).await?;
        commit(job, tx).await?;
        done += profiles.len() as u64;
    }
    let mut tx = db.write().await?;
    store::profiles::swap(&mut tx).await?;
    // Whoever holds groups in memory holds them of a run, and reads them anew with this one.
    customers::store::forget_group_changes(&mut tx).await?;
    store::runs::publish(&mut tx, run.id, platform.clock.now()).await?;
    runs::record(
        platform,
        &mut tx,
        job.actor(),
        "value_run.published",
        run,
        json!({ "customers": done }),
    )
    .await?;
    commit(job, tx).await?;
    remove_old_files(platform).await
}

/// Does what blocks where nobody else waits for the thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// The run before, and everyone's class and value in it.
type PreviousRun = (RunId, HashMap<Uuid, (String, i64)>);

/// What the published run says of everyone: class and value, and which run it is.
async fn previous(platform: &Platform) -> Result<Option<PreviousRun>> {
    let mut tx = platform.db.read().await?;
    let Some(run) = store::runs::published(&mut tx).await? else {
        return Ok(None);
    };
    let mut known = HashMap::new();
    let mut rows = store::profiles::classes_and_values(&mut tx).await?;
    while let Some(row) = rows.next().await {
        let (customer, class, value_minor) = row?;
        known.insert(customer, (class, value_minor));
    }
    Ok(Some((run.id, known)))
}

fn published(
    row: engine::profiles::ProfileRow,
    currency: Currency,
    previous: Option<&PreviousRun>,
) -> Result<PublishedProfile> {
    let mut profile = PublishedProfile::of_row(row, currency)?;
    profile.previous = previous.and_then(|(run, known)| {
        let (class, value_minor) = known.get(&profile.figures.customer)?;
        Some(Previous {
            run: *run,
            class: class.clone(),
            value_minor: *value_minor,
        })
    });
    Ok(profile)
}

async fn remove_old_files(platform: &Platform) -> Result<()> {
    let runs = store::runs::page(&mut platform.db.read().await?, None, RUN_FILES_KEPT + 200).await?;
    for run in runs
        .iter()
        .filter(|run| run.finished_at.is_some())
        .skip(RUN_FILES_KEPT as usize)
    {
        let folder: &Path = &runs::folder(platform, run.id);
        if let Err(e) = tokio::fs::remove_dir_all(folder).await
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), error = %e, "the files of an old run could not be removed");
        }
    }
    Ok(())
}
