//! Does a run, as a job. Interrupted anywhere it begins again from the ledger; nothing of it is visible
//! before its last step.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use base::{Error, Result};
use futures::StreamExt as _;
use platform::Platform;
use platform::jobs::JobRun;
use serde_json::json;
use uuid::Uuid;

use super::runs::{self, PROFILES_FILE, RunInput};
use super::settings;
use crate::columns;
use crate::engine::{self, ModelChoice};
use crate::model::{Run, RunId, RunState};
use crate::profile::{Previous, PublishedProfile};
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
    drop(tx);

    let folder = runs::folder(platform, run.id);
    // What an interrupted attempt left is not looked at.
    match std::fs::remove_dir_all(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::internal(e)),
        _ => {}
    }
    std::fs::create_dir_all(&folder).map_err(|e| Error::internal(format!("{}: {e}", folder.display())))?;
    let request = engine::RunRequest {
        source: engine::LedgerSource::Parquet { paths: copy.paths, mapping: columns::mapping() },
        as_of: run.as_of,
        settings: engine::ValueSettings {
            model: ModelChoice::parse(&run.model_requested)?,
            holdout_weeks: run.holdout_weeks,
            ..settings
        },
        referrals,
        profiles: folder.join(PROFILES_FILE),
    };
    let watched = job.clone();
    let summary = engine::run(request, &mut |progress: engine::Progress| {
        watched.progress(progress.stage.name(), progress.done, progress.total);
        if watched.should_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
    job.check()?;
    let summary = summary?;
    if summary.lines_read != copy.rows {
        return Err(Error::internal(format!(
            "the ledger has {} lines up to number {}, the run read {}",
            copy.rows, copy.watermark, summary.lines_read
        )));
    }
    let outcome = store::runs::Outcome {
        model_chosen: summary.report.model.chosen.name(),
        watermark: copy.watermark,
        customers: summary.report.customers,
        transactions: summary.report.transactions,
        value_minor: summary.report.totals.value_minor,
        value_at_risk_minor: summary.report.totals.value_at_risk_minor,
        report: serde_json::to_value(&summary.report).map_err(Error::internal)?,
    };
    let mut tx = platform.db.write().await?;
    store::runs::set_outcome(&mut tx, run.id, &outcome).await?;
    tx.commit().await
}

async fn referrals(tx: &mut platform::Tx) -> Result<HashMap<String, String>> {
    let mut pairs = customers::store::referrals(tx)?;
    let mut referrals = HashMap::new();
    while let Some(pair) = pairs.next().await {
        let (customer, referrer) = pair?;
        referrals.insert(customer.to_string(), referrer.to_string());
    }
    Ok(referrals)
}

/// Stores the profiles under another name, indexes them, and makes them visible in one step.
async fn publish(platform: &Platform, job: &JobRun, run: &Run) -> Result<()> {
    let db = &platform.db;
    let previous = previous(platform).await?;
    let mut tx = db.write().await?;
    store::profiles::begin(&mut tx).await?;
    tx.commit().await?;

    let total = store::runs::find(&mut db.read().await?, run.id).await?.and_then(|run| run.customers);
    let path = runs::folder(platform, run.id).join(PROFILES_FILE);
    let mut done = 0;
    let mut batches = engine::profiles::read(&path)?;
    loop {
        job.progress("publishing", done, total);
        job.check()?;
        let (next, rest) = tokio::task::spawn_blocking(move || (batches.next(), batches))
            .await
            .map_err(Error::internal)?;
        batches = rest;
        let Some(batch) = next.transpose()? else { break };
        let profiles: Vec<PublishedProfile> =
            batch.into_iter().map(|row| published(row, &previous)).collect::<Result<_>>()?;
        for step in profiles.chunks(PROFILES_PER_STEP) {
            let mut tx = db.write().await?;
            store::profiles::insert(&mut tx, step).await?;
            tx.commit().await?;
            done += step.len() as u64;
            job.progress("publishing", done, total);
        }
    }
    let statements = store::profiles::index_statements(run.id);
    for (n, statement) in statements.iter().enumerate() {
        job.progress("indexing", n as u64, Some(statements.len() as u64));
        job.check()?;
        let mut tx = db.write().await?;
        store::profiles::index(&mut tx, statement).await?;
        tx.commit().await?;
    }
    let mut tx = db.write().await?;
    store::profiles::swap(&mut tx).await?;
    store::runs::publish(&mut tx, run.id, platform.clock.now()).await?;
    runs::record(platform, &mut tx, job.actor(), "value_run.published", run, json!({ "customers": done })).await?;
    tx.commit().await?;
    let mut tx = db.write().await?;
    store::profiles::analyze(&mut tx).await?;
    tx.commit().await?;
    remove_old_files(platform).await
}

/// What the published run says of everyone: class and value, and which run it is.
async fn previous(platform: &Platform) -> Result<Option<(RunId, HashMap<Uuid, (String, i64)>)>> {
    let mut tx = platform.db.read().await?;
    let Some(run) = store::runs::published(&mut tx).await? else { return Ok(None) };
    let mut known = HashMap::new();
    let mut rows = store::profiles::classes_and_values(&mut tx)?;
    while let Some(row) = rows.next().await {
        let (customer, class, value_minor) = row?;
        known.insert(customer, (class, value_minor));
    }
    Ok(Some((run.id, known)))
}

fn published(
    row: engine::profiles::ProfileRow,
    previous: &Option<(RunId, HashMap<Uuid, (String, i64)>)>,
) -> Result<PublishedProfile> {
    let mut profile = PublishedProfile::try_from(row)?;
    profile.previous = previous.as_ref().and_then(|(run, known)| {
        let (class, value_minor) = known.get(&profile.customer)?;
        Some(Previous { run: *run, class: class.clone(), value_minor: *value_minor })
    });
    Ok(profile)
}

async fn remove_old_files(platform: &Platform) -> Result<()> {
    let runs = store::runs::page(&mut platform.db.read().await?, None, RUN_FILES_KEPT + 200).await?;
    for run in runs.iter().skip(RUN_FILES_KEPT as usize).filter(|run| run.state.is_over()) {
        let folder: &Path = &runs::folder(platform, run.id);
        if let Err(e) = std::fs::remove_dir_all(folder)
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), error = %e, "the files of an old run could not be removed");
        }
    }
    Ok(())
}
