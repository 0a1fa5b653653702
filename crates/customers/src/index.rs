//! The job that gives names from before the search its keys, in batches.

use base::{Error, Result};
use platform::Platform;
use platform::events::Actor;
use platform::jobs::{JobRun, NewJob, Unique};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store;

/// The kind of the job.
pub(crate) const KIND: &str = "customers_index";

const BATCH: u32 = 500;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Indexed {
    customers: u64,
}

pub(crate) async fn perform(run: JobRun) -> Result<Value> {
    let platform = run.platform().clone();
    let mut indexed: Indexed = run.checkpoint()?.unwrap_or_default();
    loop {
        run.check()?;
        run.progress("indexing", indexed.customers, None);
        let mut tx = platform.db.write().await?;
        let batch = store::index_some(&mut tx, BATCH).await?;
        indexed.customers += batch.unwrap_or(0);
        run.save_checkpoint(&mut tx, &indexed).await?;
        tx.commit().await?;
        if batch.is_none() {
            return Ok(json!({ "customers": indexed.customers }));
        }
    }
}

/// Queues the job where there are names without their keys.
pub(crate) async fn queue(platform: &Platform) -> Result<()> {
    let mut tx = platform.db.write().await?;
    if !store::has_unindexed(&mut tx).await? {
        return tx.rollback().await;
    }
    let new = NewJob {
        kind: KIND,
        subject: None,
        input: json!({}),
        unique: Some(Unique {
            key: KIND,
            code: "job_in_progress",
            message: "this is being done already",
        }),
        actor: Actor::System,
    };
    match platform.jobs.enqueue(&mut tx, &platform.clock, new).await {
        Ok(_) => tx.commit().await,
        Err(Error::Conflict { .. }) => tx.rollback().await,
        Err(e) => Err(e),
    }
}
