//! The value engine: from a ledger of transactions to one row of figures per customer and a report.
//! Never touches a database; reads files, writes files.

pub mod aggregates;
pub mod population;
pub mod progress;
pub mod rejects;
pub mod settings;
pub mod source;
pub mod windows;

mod accumulate;
mod calendar;
mod keys;
mod read;
