//! The things of this room: ledger lines, runs, published profiles.

use base::{Currency, Day, Error, Money, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

base::typed_id!(
    /// One value run.
    RunId
);

/// One line of the ledger. Lines are never changed; a correction is a new line that reverses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub customer: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// What it brought, in the firm's minor units; negative for money given back.
    pub amount_minor: i64,
    /// What it cost, where known.
    pub cost_minor: Option<i64>,
    /// purchase, refund, fee, recharge, bill …
    pub kind: String,
    /// What was bought.
    pub product: Option<String>,
    /// Where it was bought.
    pub channel: Option<String>,
    /// The system it comes from.
    pub source: String,
    /// Its id there: source and id together name the line.
    pub external_id: String,
    /// The id (same source) of the line it takes back.
    pub reverses: Option<String>,
}

/// A line with the number the ledger gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLine {
    /// Its place in the ledger: later lines have larger numbers.
    pub seq: i64,
    /// The line.
    pub line: Line,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for its turn.
    Queued,
    /// Is being computed.
    Running,
    /// Is there, whole.
    Published,
    /// Stopped by an error; the figures before it still stand.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl RunState {
    /// Reads a state as the store says it.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "queued" => Ok(Self::Queued),
            "running" => Ok(Self::Running),
            "published" | "succeeded" => Ok(Self::Published),
            "failed" => Ok(Self::Failed),
            "cancelled" => Ok(Self::Cancelled),
            other => Err(Error::internal(format!("{other:?} is no state of a run"))),
        }
    }
}

/// A value run: what it was asked, from what, and what came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// The as-of day: figures are as of its end.
    pub as_of: Day,
    /// The model asked for (`auto` lets the held-out weeks decide).
    pub model_requested: String,
    /// The model taken.
    pub model_chosen: Option<String>,
    /// Weeks held out, where asked for.
    pub holdout_weeks: Option<u32>,
    /// The version of the settings it used.
    pub settings_version: u32,
    /// The currency of its amounts.
    pub currency: Currency,
    /// The zone whose days it counted.
    pub zone: String,
    /// The last ledger line it saw.
    pub watermark: Option<i64>,
    /// How many customers have a profile.
    pub customers: Option<u64>,
    /// How many lines it read.
    pub transactions: Option<u64>,
    /// The value of all customers.
    pub value: Option<Money>,
    /// The part of it that is at risk.
    pub value_at_risk: Option<Money>,
    /// The program that made it.
    pub engine_version: String,
    /// Why it failed: a stable code and a sentence.
    pub error: Option<(String, String)>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}
