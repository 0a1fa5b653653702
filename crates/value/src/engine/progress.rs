//! How a run says how far it is, and how it is told to stop.

use std::ops::ControlFlow;

use base::{Error, Result};

/// The stages of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the transactions; counts rows or bytes.
    Reading,
    /// Making one row per customer.
    Aggregating,
    /// Fitting the models.
    Fitting,
    /// Predicting the held-out weeks, and what everybody will do.
    Validating,
    /// Putting together and writing every customer's figures; counts customers.
    Scoring,
    /// Writing the report.
    Reporting,
}

impl Stage {
    /// The name as in jobs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Aggregating => "aggregating",
            Self::Fitting => "fitting",
            Self::Validating => "validating",
            Self::Scoring => "scoring",
            Self::Reporting => "reporting",
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The current stage.
    pub stage: Stage,
    /// Done within the stage.
    pub done: u64,
    /// Of how many, where known.
    pub total: Option<u64>,
}

/// Is told how far a run is, many times a second at most; breaking stops the run.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Passes progress on and turns a request to stop into the error `cancelled`.
pub(crate) struct Reporter<'a> {
    on_progress: OnProgress<'a>,
    now: Progress,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(on_progress: OnProgress<'a>) -> Self {
        Self {
            on_progress,
            now: Progress {
                stage: Stage::Reading,
                done: 0,
                total: None,
            },
        }
    }

    pub(crate) fn stage(&mut self, stage: Stage, total: Option<u64>) -> Result<()> {
        self.now = Progress {
            stage,
            done: 0,
            total,
        };
        self.tell()
    }

    pub(crate) fn done(&mut self, done: u64) -> Result<()> {
        self.now.done = done;
        self.tell()
    }

    pub(crate) fn total(&mut self, total: u64) {
        self.now.total = Some(total);
    }

    fn tell(&mut self) -> Result<()> {
        match (self.on_progress)(self.now) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::conflict("cancelled", "the run was cancelled")),
        }
    }
}
