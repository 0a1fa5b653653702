//! Database, migrations, event log, jobs, access, HTTP plumbing.
