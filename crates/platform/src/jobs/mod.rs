//! Long work: imports, value runs, the example firm. A job is a row that a runner takes under a
//! lease; it shows progress, can be cancelled, and after a crash goes on from its last checkpoint.
//!
//! A handler works in steps. Each step is one transaction that changes data **and** saves the
//! checkpoint ([`JobRun::save_checkpoint`]), so a step is done exactly once however often the process
//! is killed. See `docs/adr/0004-jobs.md`.

mod model;
mod run;
mod runner;
mod store;

pub use model::{Job, JobError, JobId, JobState, NewJob, Subject, Unique};
pub use run::JobRun;
pub use runner::{Runner, RunnerSettings};
pub use store::{at_work, counts};

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Error, Page, PageSize, Result};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::access::{Caller, Permission};
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::ids;
use crate::state::Platform;

type Handler = Arc<dyn Fn(JobRun) -> BoxFuture<'static, Result<serde_json::Value>> + Send + Sync>;

/// The kinds of jobs this program can do.
#[derive(Clone, Default)]
pub struct Kinds(BTreeMap<&'static str, Handler>);

impl Kinds {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind with the function that does it. What the function returns is the job's result.
    #[must_use]
    pub fn with<F, Fut>(mut self, kind: &'static str, handler: F) -> Self
    where
        F: Fn(JobRun) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<serde_json::Value>> + Send + 'static,
    {
        self.0.insert(kind, Arc::new(move |run| Box::pin(handler(run))));
        self
    }
}

/// The queue as use cases see it. Cheap to clone.
#[derive(Clone, Default)]
pub struct Jobs {
    wake: Arc<Notify>,
    /// Jobs this process is doing, so that progress and cancellation need no database.
    running: Arc<Mutex<HashMap<JobId, JobRun>>>,
}

impl Jobs {
    /// Queues a job in the caller's transaction. Errors: another job with the same
    /// [`Unique::key`] is queued or running (a conflict with the code given there).
    pub async fn enqueue(&self, tx: &mut Tx, clock: &Clock, new: NewJob<'_>) -> Result<Job> {
        let id: JobId = ids::new(clock);
        if !store::insert(tx, id, &new, clock.now()).await? {
            let (code, message) = new
                .unique
                .map_or(("job_in_progress", ""), |unique| (unique.code, unique.message));
            return Err(Error::conflict(code, message));
        }
        let job = store::get(tx, id)
            .await?
            .ok_or_else(|| Error::internal("the job just queued is gone"))?;
        tx.after_commit(job.live_event(new.actor.user()));
        Ok(job)
    }

    /// Tells the runner that something is queued. Called after the commit; without it the runner
    /// finds the job within a second.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Jobs, newest first. Most are about the whole firm: who does not see all of it sees the own ones.
    pub async fn list(
        &self,
        db: &Db,
        caller: &Caller,
        filter: &JobFilter,
        size: PageSize,
        cursor: Option<&str>,
    ) -> Result<Page<Job>> {
        caller.require(Permission::JobsRead)?;
        let asked_by = (!caller.scope().is_whole_firm()).then(|| caller.user.id.uuid());
        let page = store::list(&mut db.read().await?, filter, asked_by, size, cursor).await?;
        Ok(page.map(|job| self.as_of_now(job)))
    }

    /// One job.
    pub async fn get(&self, db: &Db, caller: &Caller, id: JobId) -> Result<Job> {
        caller.require(Permission::JobsRead)?;
        let job = visible(&mut db.read().await?, caller, id).await?;
        Ok(self.as_of_now(job))
    }

    /// Asks a job to stop: a queued one is cancelled at once, a running one at its next step.
    /// Errors: the job is over already (`job_finished`).
    pub async fn cancel(&self, db: &Db, clock: &Clock, caller: &Caller, id: JobId) -> Result<Job> {
        caller.require(Permission::JobsCancel)?;
        let mut tx = db.write().await?;
        let job = visible(&mut tx, caller, id).await?;
        if job.state.is_finished() {
            return Err(Error::conflict("job_finished", "this job is over already"));
        }
        store::request_cancel(&mut tx, id, clock.now()).await?;
        let job = store::get(&mut tx, id)
            .await?
            .ok_or(Error::NotFound { what: "job" })?;
        crate::events::record(
            &mut tx,
            clock,
            &crate::events::Event {
                actor: caller.actor(),
                kind: "job.cancel_requested",
                subject_kind: "job",
                subject: id.uuid(),
                customer: None,
                payload: &serde_json::json!({ "kind": job.kind }),
            },
        )
        .await?;
        let asked_by = store::asked_by(&mut tx, id).await?;
        tx.after_commit(job.live_event(asked_by));
        tx.commit().await?;
        if let Some(run) = self.running().get(&id) {
            run.cancel();
        }
        Ok(self.as_of_now(job))
    }

    /// The stored job with the progress this process knows of.
    fn as_of_now(&self, job: Job) -> Job {
        match self.running().get(&job.id) {
            Some(run) if job.state == JobState::Running => run.with_progress(job),
            _ => job,
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, JobRun>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn visible(tx: &mut Tx, caller: &Caller, id: JobId) -> Result<Job> {
    let missing = Error::NotFound { what: "job" };
    let job = store::get(tx, id).await?.ok_or_else(|| missing.clone())?;
    let is_visible =
        caller.scope().is_whole_firm() || store::asked_by(tx, id).await? == Some(caller.user.id.uuid());
    if is_visible { Ok(job) } else { Err(missing) }
}

/// How long a job that is over can be seen.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Removes jobs that were over long ago.
pub async fn forget_old(platform: &Platform) -> Result<()> {
    let before = platform
        .clock
        .now()
        .saturating_sub(KEPT)
        .unwrap_or(Timestamp::MIN);
    let mut tx = platform.db.write().await?;
    store::delete_finished(&mut tx, before).await?;
    tx.commit().await
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this state.
    pub state: Option<JobState>,
    /// Only this kind.
    pub kind: Option<String>,
}
