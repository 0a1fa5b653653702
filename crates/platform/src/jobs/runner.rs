//! Takes jobs from the queue and sees them to their end.

use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::run::{JobRun, Progress};
use super::store::{self, ATTEMPTS_MAX, Outcome, Taken};
use super::{Handler, Kinds};
use crate::db::Dialect;
use crate::ids;
use crate::state::Platform;

/// How the runner works.
#[derive(Debug, Clone, Copy)]
pub struct RunnerSettings {
    /// How many jobs at once.
    pub concurrency: usize,
    /// How long a job of a dead process stays untouched (PostgreSQL; on SQLite there is one process,
    /// which takes its jobs up again at start).
    pub lease: Duration,
    /// How often the queue is looked at when nobody wakes the runner.
    pub poll: Duration,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            concurrency: 2,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
        }
    }
}

const PROGRESS_EVERY: Duration = Duration::from_millis(250);
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// The runner of this process. Dropping it stops nothing: call [`Runner::shutdown`].
#[derive(Debug)]
pub struct Runner {
    shutdown: CancellationToken,
    abort: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Runner {
    /// Begins to take jobs. On SQLite the caller must be the only server of the file
    /// (`Db::lock_server`): jobs that a killed process left are taken up at once.
    pub async fn start(platform: Platform, kinds: Kinds, settings: RunnerSettings) -> Result<Self> {
        if platform.db.dialect() == Dialect::Sqlite {
            let mut tx = platform.db.write().await?;
            let taken_over = store::expire_leases(&mut tx).await?;
            tx.commit().await?;
            if taken_over > 0 {
                tracing::warn!(jobs = taken_over, "taking up jobs that were interrupted");
            }
        }
        let shutdown = CancellationToken::new();
        let abort = CancellationToken::new();
        let work = Work {
            platform,
            kinds,
            settings,
            shutdown: shutdown.clone(),
            abort: abort.clone(),
        };
        let task = tokio::spawn(Arc::new(work).take_jobs());
        Ok(Self {
            shutdown,
            abort,
            task,
        })
    }

    /// Takes no more jobs, asks the running ones to stop at their next step, and after the deadline
    /// stops them where they are (their open transaction is rolled back). They are queued again.
    pub async fn shutdown(mut self, deadline: Duration) {
        self.shutdown.cancel();
        if tokio::time::timeout(deadline, &mut self.task).await.is_err() {
            self.abort.cancel();
            if tokio::time::timeout(Duration::from_secs(5), &mut self.task)
                .await
                .is_err()
            {
                tracing::error!("jobs could not be given back; they go on when their lease runs out");
                self.task.abort();
            }
        }
    }
}

struct Work {
    platform: Platform,
    kinds: Kinds,
    settings: RunnerSettings,
    shutdown: CancellationToken,
    abort: CancellationToken,
}

impl Work {
    async fn take_jobs(self: Arc<Self>) {
        let slots = Arc::new(Semaphore::new(self.settings.concurrency.max(1)));
        let mut at_work = JoinSet::new();
        while !self.shutdown.is_cancelled() {
            while at_work.try_join_next().is_some() {}
            let slot = tokio::select! {
                slot = Arc::clone(&slots).acquire_owned() => slot,
                () = self.shutdown.cancelled() => break,
            };
            let lease = ids::new::<Uuid>(&self.platform.clock);
            match self.take(lease).await {
                Ok(Some(taken)) => {
                    let work = Arc::clone(&self);
                    at_work.spawn(async move {
                        work.see_through(taken, lease).await;
                        drop(slot);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(e) => tracing::warn!(error = %e, "the job queue cannot be read"),
            }
            drop(slot);
            tokio::select! {
                () = self.platform.jobs.wake.notified() => {}
                () = tokio::time::sleep(self.settings.poll) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
        while at_work.join_next().await.is_some() {}
    }

    async fn take(&self, lease: Uuid) -> Result<Option<Taken>> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.write().await?;
        let taken = store::take(&mut tx, lease, now, self.lease_until()).await?;
        tx.commit().await?;
        Ok(taken)
    }

    fn lease_until(&self) -> jiff::Timestamp {
        let lease = SignedDuration::try_from(self.settings.lease).unwrap_or(SignedDuration::from_secs(30));
        self.platform
            .clock
            .now()
            .saturating_add(lease)
            .unwrap_or(jiff::Timestamp::MAX)
    }

    async fn see_through(&self, taken: Taken, lease: Uuid) {
        let run = JobRun::new(self.platform.clone(), &taken, lease, &self.shutdown);
        self.platform.jobs.running().insert(run.id(), run.clone());
        let outcome = if taken.attempts > ATTEMPTS_MAX {
            Outcome::Failed {
                code: "job_kept_failing".to_owned(),
                detail: format!("the job was interrupted {ATTEMPTS_MAX} times and is given up"),
            }
        } else if taken.cancel_requested {
            Outcome::Cancelled
        } else if let Some(handler) = self.kinds.0.get(taken.kind.as_str()) {
            tracing::info!(job = %run.id(), kind = %taken.kind, attempt = taken.attempts, "job begins");
            self.outcome(&run, taken.attempts, handler).await
        } else {
            Outcome::Failed {
                code: "job_unknown".to_owned(),
                detail: format!("this version of Patron does not know jobs of kind {}", taken.kind),
            }
        };
        tracing::info!(job = %run.id(), kind = %taken.kind, outcome = ?name_of(&outcome), "job ends");
        if !run.has_lost_lease() {
            self.store_outcome(&run, &outcome).await;
        }
        self.platform.jobs.running().remove(&run.id());
    }

    /// Runs the handler while keeping the lease, and reads its end.
    async fn outcome(&self, run: &JobRun, attempts: i32, handler: &Handler) -> Outcome {
        let mut handle = tokio::spawn(handler(run.clone()));
        let mut shown = run.progress_now();
        let mut beaten = tokio::time::Instant::now();
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                ended = &mut handle => break ended,
                () = self.abort.cancelled() => {
                    handle.abort();
                    break handle.await;
                }
                _ = tick.tick() => {}
            }
            let now = run.progress_now();
            if now == shown && beaten.elapsed() < self.settings.lease / 6 {
                continue;
            }
            tokio::select! {
                ended = &mut handle => break ended,
                // A deaf job may be what keeps the lease from being written: the deadline holds here too.
                () = self.abort.cancelled() => {
                    handle.abort();
                    break handle.await;
                }
                beat = self.beat(run, &now) => match beat {
                    Ok(()) => {
                        shown = now;
                        beaten = tokio::time::Instant::now();
                    }
                    Err(e) => tracing::warn!(job = %run.id(), error = %e, "the job's lease was not renewed"),
                },
            }
        };
        match ended {
            Ok(Ok(result)) => Outcome::Succeeded(result),
            // Cancelled and shut down look alike to the handler.
            Ok(Err(_)) | Err(_) if run.is_cancelled() => Outcome::Cancelled,
            Ok(Err(e)) if e.code() == "job_stopped" => Outcome::Released,
            Ok(Err(e @ Error::Unavailable { .. })) if attempts < ATTEMPTS_MAX => {
                tracing::warn!(job = %run.id(), error = %e, "the job tries again later");
                let now = self.platform.clock.now();
                Outcome::Later(now.saturating_add(RETRY_AFTER).unwrap_or(now))
            }
            Ok(Err(e)) => {
                let detail = match &e {
                    Error::Internal { context } => {
                        tracing::error!(job = %run.id(), context, "the job failed");
                        "an internal error; the log of the server says more".to_owned()
                    }
                    e => e.to_string(),
                };
                Outcome::Failed {
                    code: e.code().to_owned(),
                    detail,
                }
            }
            Err(e) if e.is_cancelled() => Outcome::Released,
            Err(e) => {
                tracing::error!(job = %run.id(), error = %e, "the job panicked");
                Outcome::Failed {
                    code: "internal".to_owned(),
                    detail: "an internal error; the log of the server says more".to_owned(),
                }
            }
        }
    }

    async fn beat(&self, run: &JobRun, progress: &Progress) -> Result<()> {
        let mut tx = self.platform.db.write().await?;
        let kept = store::beat(
            &mut tx,
            run.id(),
            run.lease(),
            self.lease_until(),
            progress.columns(),
        )
        .await?;
        if let Some(job) = store::get(&mut tx, run.id()).await? {
            tx.after_commit(job.live_event(run.actor().user()));
        }
        tx.commit().await?;
        match kept {
            None => {
                tracing::warn!(job = %run.id(), "another process has taken the job");
                run.lose_lease();
            }
            Some(true) => run.cancel(),
            Some(false) => {}
        }
        Ok(())
    }

    /// The end of a job must not be lost to a moment's trouble of the database.
    async fn store_outcome(&self, run: &JobRun, outcome: &Outcome) {
        let progress = run.progress_now();
        for pause_s in [0, 1, 2, 4, 8] {
            tokio::time::sleep(Duration::from_secs(pause_s)).await;
            let stored: Result<()> = async {
                let mut tx = self.platform.db.write().await?;
                let now = self.platform.clock.now();
                store::finish(&mut tx, run.id(), run.lease(), outcome, progress.columns(), now).await?;
                if let Some(job) = store::get(&mut tx, run.id()).await? {
                    tx.after_commit(job.live_event(run.actor().user()));
                }
                tx.commit().await
            }
            .await;
            match stored {
                Ok(()) => return,
                Err(e) => tracing::warn!(job = %run.id(), error = %e, "the end of the job was not stored"),
            }
        }
        tracing::error!(job = %run.id(), "the end of the job was not stored; it runs again after its lease");
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded(_) => "succeeded",
        Outcome::Failed { .. } => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::Released => "released",
        Outcome::Later(_) => "later",
    }
}
