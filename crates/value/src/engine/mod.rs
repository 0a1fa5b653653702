//! The value engine: from a ledger of transactions to one row of figures per customer and a report.
//! Never touches a database and never asks for the time: the same input and settings give the same
//! bytes.
//!
//! 1. `read` takes the transactions into the `ledger`, `layout` brings each customer's together, and
//!    `accumulate` makes one row of aggregates per customer (`aggregates`) and the ledger's own figures
//!    (`population`). Nothing later sees the ledger.
//! 2. `models` fits, `validation` holds out and compares.
//! 3. `score` computes every customer's figures into `profiles` and adds up the `report`.

pub mod aggregates;
pub mod basics;
pub mod bucket;
pub mod cohorts;
pub mod compare;
pub mod concentration;
pub mod contracts;
pub mod models;
pub mod population;
pub mod profiles;
pub mod progress;
pub mod referrals;
pub mod rejects;
pub mod report;
pub mod settings;
pub mod source;
pub mod validation;
pub mod windows;

mod accumulate;
mod aggregate_columns;
mod calendar;
mod choice;
pub(crate) mod contract_terms;
mod keys;
mod layout;
mod ledger;
mod parallel;
mod parquet_out;
mod prediction;
mod read;
mod run;
mod scan;
mod score;

pub use progress::{OnProgress, Progress, Stage};
pub use run::{RunRequest, RunSummary, StageTime, run, run_from_aggregates};
