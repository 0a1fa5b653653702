//! Chains events after they are committed, so that writers never wait for each other. Every server has a
//! sealer; one at a time is at work, because it holds the row of the chain's end. The order is the order of
//! sealing: an event whose transaction took long comes later in the chain, and none is left out. Never
//! touches an event.

use std::time::Duration;

use base::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::state::Platform;

/// How many events one transaction seals.
const BATCH: u32 = 1_000;
/// How often the sealer looks for events. Every event is sealed within five seconds.
const EVERY: Duration = Duration::from_secs(1);

/// The sealer of this process.
#[derive(Debug)]
pub struct Sealer {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Sealer {
    /// Begins to seal.
    pub fn start(platform: Platform) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(keep_sealing(platform, stop.clone()));
        Self { stop, task }
    }

    /// Seals what is there and ends, within the deadline: what is left over is sealed at the next start.
    pub async fn shutdown(mut self, deadline: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(deadline, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn keep_sealing(platform: Platform, stop: CancellationToken) {
    loop {
        let last = stop.is_cancelled();
        match seal_all(&platform).await {
            Ok(()) => {}
            Err(e) => tracing::warn!(error = %e, "events were not sealed; the sealer tries again"),
        }
        if last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn seal_all(platform: &Platform) -> Result<()> {
    while seal_batch(platform).await? > 0 {}
    Ok(())
}

/// Seals the oldest waiting events in one transaction; says how many. None when there are none or another
/// server is at it.
pub async fn seal_batch(platform: &Platform) -> Result<usize> {
    if !store::any_waits(&mut platform.db.read().await?).await? {
        return Ok(0);
    }
    let mut tx = platform.db.write().await?;
    let Some(mut link) = store::take_head(&mut tx).await? else {
        return Ok(0);
    };
    let mut events = store::waiting(&mut tx, BATCH).await?;
    events.sort_by_key(|event| (event.at, event.id));
    let links: Vec<_> = events
        .iter()
        .map(|event| {
            link = link.next(event);
            (link, event.id)
        })
        .collect();
    store::append(&mut tx, &links).await?;
    tx.commit().await?;
    Ok(links.len())
}
