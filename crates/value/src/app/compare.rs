//! Two published runs side by side.

use std::collections::HashMap;

use base::{Error, Result};
use platform::Caller;
use uuid::Uuid;

use super::ValueRoom;
use super::runs::{self, Which};
use crate::engine::compare;
use crate::model::Run;

/// What changed between two runs, with names.
pub struct Compared {
    /// The earlier run.
    pub from: Run,
    /// The later run.
    pub to: Run,
    /// What changed.
    pub comparison: compare::Comparison,
    /// The names of those who moved most.
    pub names: HashMap<Uuid, customers::CustomerSummary>,
}

/// Compares two runs: who moved class, and how much value moved.
///
/// Errors: a run without profiles; two runs in different currencies (`runs_not_comparable`).
pub async fn two_runs(room: &ValueRoom, caller: &Caller, from: Which, to: Which) -> Result<Compared> {
    let (from, before) = runs::profiles_file(room, caller, from).await?;
    let (to, after) = runs::profiles_file(room, caller, to).await?;
    if from.currency != to.currency {
        return Err(Error::conflict(
            "runs_not_comparable",
            "the runs are in different currencies",
        ));
    }
    let comparison = tokio::task::spawn_blocking(move || compare::compare(&before, &after))
        .await
        .map_err(Error::internal)??;
    let movers: Vec<Uuid> = comparison
        .up
        .iter()
        .chain(&comparison.down)
        .filter_map(|mover| mover.customer_id.parse().ok())
        .collect();
    let names = customers::store::summaries(&mut room.platform.db.read().await?, &movers).await?;
    Ok(Compared {
        from,
        to,
        comparison,
        names,
    })
}
