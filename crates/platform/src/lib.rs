//! What every room stands on: database, migrations, event log, jobs, access, HTTP plumbing.
//! Knows nothing of customers or value.

pub mod tabular;
