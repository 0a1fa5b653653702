//! One run of a job, as its handler sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::model::{Job, JobId};
use super::store::{self, Taken};
use crate::db::Tx;
use crate::events::Actor;
use crate::state::Platform;

/// A job at work: its input, its checkpoint, its progress, and whether it should stop.
/// Cheap to clone.
#[derive(Clone)]
pub struct JobRun(Arc<Inner>);

struct Inner {
    platform: Platform,
    id: JobId,
    lease: Uuid,
    actor: Actor,
    input: Value,
    checkpoint: Option<Value>,
    progress: Mutex<Progress>,
    stop: CancellationToken,
    cancelled: AtomicBool,
    lease_lost: AtomicBool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progress {
    pub(super) stage: String,
    pub(super) done: i64,
    pub(super) total: Option<i64>,
}

impl Progress {
    pub(super) fn columns(&self) -> (&str, i64, Option<i64>) {
        (&self.stage, self.done, self.total)
    }
}

impl JobRun {
    pub(super) fn new(platform: Platform, taken: &Taken, lease: Uuid, shutdown: &CancellationToken) -> Self {
        Self(Arc::new(Inner {
            platform,
            id: taken.id.into(),
            lease,
            actor: taken.actor(),
            input: taken.input.0.clone(),
            checkpoint: taken.checkpoint.as_ref().map(|json| json.0.clone()),
            progress: Mutex::new(Progress {
                stage: taken.stage.clone(),
                done: taken.done,
                total: taken.total,
            }),
            stop: shutdown.child_token(),
            cancelled: AtomicBool::new(taken.cancel_requested),
            lease_lost: AtomicBool::new(false),
        }))
    }

    /// The job.
    pub fn id(&self) -> JobId {
        self.0.id
    }

    /// The program's database, clock and settings.
    pub fn platform(&self) -> &Platform {
        &self.0.platform
    }

    /// Who asked for the job; events it records carry this.
    pub fn actor(&self) -> Actor {
        self.0.actor
    }

    /// What the job was queued with.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.0.input.clone())
            .map_err(|e| Error::internal(format!("the input of job {}: {e}", self.0.id)))
    }

    /// Where the last run of this job got to; none when it begins.
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.0
            .checkpoint
            .clone()
            .map(serde_json::from_value)
            .transpose()
            .map_err(|e| Error::internal(format!("the checkpoint of job {}: {e}", self.0.id)))
    }

    /// Stores how far the job is, in the transaction that got it there; the next run of the job must go on
    /// from it, because what led there no longer counts as an attempt. When this fails, give up: the
    /// transaction must not be committed (another process has the job).
    pub async fn save_checkpoint<T: Serialize>(&self, tx: &mut Tx, checkpoint: &T) -> Result<()> {
        let checkpoint = serde_json::to_value(checkpoint).map_err(Error::internal)?;
        let progress = self.progress_now();
        if store::save_checkpoint(tx, self.0.id, self.0.lease, checkpoint, progress.columns()).await? {
            Ok(())
        } else {
            self.lose_lease();
            Err(stopped())
        }
    }

    /// For a handler that begins anew when the job is taken up again: passes while the job is this
    /// process's, in the transaction that must not be committed otherwise. Unlike
    /// [`JobRun::save_checkpoint`] it is no step forward: a job that is interrupted again and again at the
    /// same place is given up.
    pub async fn hold(&self, tx: &mut Tx) -> Result<()> {
        if store::hold(tx, self.0.id, self.0.lease).await? {
            Ok(())
        } else {
            self.lose_lease();
            Err(stopped())
        }
    }

    /// Says what the job is doing. Cheap: it is stored and shown at most four times a second.
    pub fn progress(&self, stage: &str, done: u64, total: Option<u64>) {
        let mut progress = self.0.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.stage != stage {
            stage.clone_into(&mut progress.stage);
        }
        progress.done = i64::try_from(done).unwrap_or(i64::MAX);
        progress.total = total.map(|total| i64::try_from(total).unwrap_or(i64::MAX));
    }

    /// Whether to go on. Call it between steps and return its error as it is.
    pub fn check(&self) -> Result<()> {
        if self.should_stop() {
            Err(stopped())
        } else {
            Ok(())
        }
    }

    /// The same as a flag, for loops in blocking threads.
    pub fn should_stop(&self) -> bool {
        self.is_cancelled() || self.0.stop.is_cancelled()
    }

    /// Waits until the job should stop.
    pub async fn stopped(&self) {
        if !self.should_stop() {
            self.0.stop.cancelled().await;
        }
    }

    pub(super) fn lease(&self) -> Uuid {
        self.0.lease
    }

    pub(super) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.stop.cancel();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    pub(super) fn lose_lease(&self) {
        self.0.lease_lost.store(true, Ordering::SeqCst);
        self.0.stop.cancel();
    }

    pub(super) fn has_lost_lease(&self) -> bool {
        self.0.lease_lost.load(Ordering::SeqCst)
    }

    pub(super) fn progress_now(&self) -> Progress {
        self.0
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn with_progress(&self, job: Job) -> Job {
        let progress = self.progress_now();
        Job {
            stage: progress.stage,
            done: progress.done,
            total: progress.total,
            ..job
        }
    }
}

fn stopped() -> Error {
    Error::conflict("job_stopped", "the job was asked to stop")
}
