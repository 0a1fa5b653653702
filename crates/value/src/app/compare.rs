//! Two published runs side by side.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result};
use platform::Caller;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::ValueRoom;
use super::runs::{self, Which};
use crate::engine::compare;
use crate::model::Run;

/// So many comparisons read their files at the same time; each may hold hundreds of megabytes.
pub(super) const AT_ONCE_MAX: usize = 2;
/// Who waits longer than this for a turn is told to come again.
const WAIT_MAX: Duration = Duration::from_secs(20);

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
/// Errors: a run without profiles; two runs in different currencies (`runs_not_comparable`); too many others who
/// compare (`comparisons_busy`).
pub async fn two_runs(room: &ValueRoom, caller: &Caller, from: Which, to: Which) -> Result<Compared> {
    let (from, before) = runs::profiles_file(room, caller, from).await?;
    let (to, after) = runs::profiles_file(room, caller, to).await?;
    if from.currency != to.currency {
        return Err(Error::conflict(
            "runs_not_comparable",
            "the runs are in different currencies",
        ));
    }
    let turn = turn(&room.comparing, WAIT_MAX).await?;
    // The turn ends with the work, not with a caller who goes away meanwhile.
    let comparison = tokio::task::spawn_blocking(move || {
        let compared = compare::compare(&before, &after);
        drop(turn);
        compared
    })
    .await
    .map_err(Error::internal)??;
    let movers: Vec<Uuid> = comparison
        .up
        .iter()
        .chain(&comparison.down)
        .filter_map(|mover| mover.customer_id.parse().ok())
        .collect();
    let mut tx = room.platform.db.read().await?;
    let names = customers::store::summaries(&mut tx, caller.scope(), &movers).await?;
    Ok(Compared {
        from,
        to,
        comparison,
        names,
    })
}

async fn turn(turns: &Arc<Semaphore>, wait_max: Duration) -> Result<OwnedSemaphorePermit> {
    let waited = tokio::time::timeout(wait_max, Arc::clone(turns).acquire_owned()).await;
    waited
        .map_err(|_| Error::Unavailable {
            code: "comparisons_busy",
            message: "too many comparisons are under way: try again in a moment".to_owned(),
        })?
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_told_so() {
        let turns = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let wait = Duration::from_millis(20);
        let first = turn(&turns, wait).await.unwrap();
        let _second = turn(&turns, wait).await.unwrap();
        assert_eq!(turn(&turns, wait).await.unwrap_err().code(), "comparisons_busy");
        drop(first);
        assert!(turn(&turns, wait).await.is_ok());
    }
}
