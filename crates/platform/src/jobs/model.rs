//! What a job is.

use std::str::FromStr;
use std::sync::Arc;

use base::Error;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::events::Actor;
use crate::live::{Audience, LiveEvent};

base::typed_id!(
    /// A job.
    JobId
);

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for its turn.
    Queued,
    /// At work.
    Running,
    /// Done; the result is there.
    Succeeded,
    /// Given up; the error is there.
    Failed,
    /// Stopped because someone asked.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The state's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more will happen to it.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl FromStr for JobState {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                Error::invalid("state_unknown", format!("{text:?} is not a state of a job")).at("state")
            })
    }
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Subject {
    /// The kind of thing: `import`, `run`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct JobError {
    /// Stable name.
    pub code: String,
    /// For a person.
    pub detail: String,
}

/// A job as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Job {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: JobId,
    /// What it does: `import`, `value_run`.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What it is doing right now: `reading`.
    pub stage: String,
    /// How much of the stage is done.
    pub done: i64,
    /// How much there is, where known.
    pub total: Option<i64>,
    /// What a person should know, such as that it was taken up again.
    pub message: Option<String>,
    /// Why it failed.
    pub error: Option<JobError>,
    /// What it brought.
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was first taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// The job for open screens. `asked_by` is who asked for it.
    pub(crate) fn live_event(&self, asked_by: Option<Uuid>) -> LiveEvent {
        LiveEvent {
            topic: "job",
            audience: Audience::Job { asked_by },
            data: Arc::new(serde_json::to_value(self).unwrap_or_default()),
        }
    }
}

/// Only one job with this key may be queued or running.
#[derive(Debug, Clone, Copy)]
pub struct Unique<'a> {
    /// The key: `value_run`, `import/<id>`.
    pub key: &'a str,
    /// The error's code when there is one already: `run_in_progress`.
    pub code: &'static str,
    /// The error's message for a person.
    pub message: &'static str,
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// What it does, as registered in `Kinds`.
    pub kind: &'static str,
    /// What it is about.
    pub subject: Option<(&'static str, Uuid)>,
    /// What it needs to know.
    pub input: serde_json::Value,
    /// Whether there may be only one.
    pub unique: Option<Unique<'a>>,
    /// Who asked for it.
    pub actor: Actor,
}
