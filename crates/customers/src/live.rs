//! Tells open screens of whom something has changed, and nothing else of it. Every server follows the sealed event log,
//! so that it does not matter on which one the change was made; who hears of a customer is who sees this customer. Where
//! much has changed at once nobody is named: screens read anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base::Result;
use platform::events::Happened;
use platform::imports::ROWS_STORED;
use platform::live::{Audience, LiveEvent};
use platform::{Platform, Tx, events};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use crate::store;

/// How often the log is looked at. It is sealed within seconds.
const EVERY: Duration = Duration::from_secs(1);
/// Of more than this at once nobody is told one by one: screens read anew.
const EVENTS_MAX: u32 = 1_000;
/// Screens read anew at most this often: an import goes on for minutes, and each of them reads all that it shows.
const READ_ANEW_EVERY: Duration = Duration::from_secs(5);

/// Goes on until it is dropped.
pub async fn tell_of_changes(platform: Platform) {
    let mut follower = Follower::default();
    loop {
        if let Err(e) = follower.step(&platform).await {
            tracing::warn!(error = %e, "open screens were not told; tried again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How far the log was followed, and what is still to be told.
#[derive(Default)]
struct Follower {
    place: Option<i64>,
    much_changed: bool,
    read_anew_at: Option<Instant>,
}

impl Follower {
    /// Tells of what was sealed since the step before, if anybody listens.
    async fn step(&mut self, platform: &Platform) -> Result<()> {
        let mut tx = platform.db.read().await?;
        let live = platform.db.live();
        let Some(place) = self.place.filter(|_| live.is_heard()) else {
            self.much_changed = false;
            self.place = Some(events::last_sealed(&mut tx).await?);
            return Ok(());
        };
        let sealed = events::sealed_after(&mut tx, place, EVENTS_MAX).await?;
        if sealed.len() == EVENTS_MAX as usize {
            self.much_changed = true;
            self.place = Some(events::last_sealed(&mut tx).await?);
        } else {
            // The rows of an import have one event for a batch, which names none of them.
            self.much_changed |= sealed.iter().any(|event| event.kind == ROWS_STORED);
            tell_of_customers(platform, &mut tx, &sealed).await?;
            self.place = sealed.last().map_or(self.place, |event| Some(event.position));
        }
        let is_early = self.read_anew_at.is_some_and(|at| at.elapsed() < READ_ANEW_EVERY);
        if self.much_changed && !is_early {
            live.send(LiveEvent {
                topic: "lagged",
                audience: Audience::Everybody,
                data: Arc::new(json!({})),
            });
            self.much_changed = false;
            self.read_anew_at = Some(Instant::now());
        }
        Ok(())
    }
}

async fn tell_of_customers(platform: &Platform, tx: &mut Tx, sealed: &[Happened]) -> Result<()> {
    let changed: BTreeSet<Uuid> = sealed.iter().filter_map(|event| event.customer_id).collect();
    let changed: Vec<Uuid> = changed.into_iter().collect();
    for whose in store::whose(tx, &changed).await? {
        for id in BTreeSet::from([whose.id, whose.survivor]) {
            platform.db.live().send(LiveEvent {
                topic: "customer",
                audience: Audience::Customer {
                    branch: whose.branch_id.map(Into::into),
                    owner: whose.owner_id.map(Into::into),
                },
                data: Arc::new(json!({ "id": id })),
            });
        }
    }
    Ok(())
}
