//! Tells open screens of whom something has changed, and nothing else of it. Every server follows the sealed event log,
//! so that it does not matter on which one the change was made; who hears of a customer is who sees this customer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base::Result;
use platform::live::{Audience, LiveEvent};
use platform::{Platform, events};
use serde_json::json;
use uuid::Uuid;

use crate::store;

/// How often the log is looked at. It is sealed within seconds.
const EVERY: Duration = Duration::from_secs(1);
/// Of more than this at once nobody is told one by one: screens read anew.
const EVENTS_MAX: u32 = 1_000;

/// Goes on until it is dropped.
pub async fn tell_of_changes(platform: Platform) {
    let mut place = None;
    loop {
        match step(&platform, place).await {
            Ok(next) => place = Some(next),
            Err(e) => tracing::warn!(error = %e, "open screens were not told; tried again"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Tells of what was sealed after a place, if anybody listens; gives the place to go on from.
async fn step(platform: &Platform, place: Option<i64>) -> Result<i64> {
    let mut tx = platform.db.read().await?;
    let live = platform.db.live();
    let Some(place) = place.filter(|_| live.is_heard()) else {
        return events::last_sealed(&mut tx).await;
    };
    let sealed = events::customers_sealed_after(&mut tx, place, EVENTS_MAX).await?;
    let Some((last, _)) = sealed.last() else {
        return Ok(place);
    };
    if sealed.len() == EVENTS_MAX as usize {
        live.send(LiveEvent {
            topic: "lagged",
            audience: Audience::Everybody,
            data: Arc::new(json!({})),
        });
        return events::last_sealed(&mut tx).await;
    }
    let changed: BTreeSet<Uuid> = sealed.iter().filter_map(|(_, customer)| *customer).collect();
    let changed: Vec<Uuid> = changed.into_iter().collect();
    for whose in store::whose(&mut tx, &changed).await? {
        for id in BTreeSet::from([whose.id, whose.survivor]) {
            live.send(LiveEvent {
                topic: "customer",
                audience: Audience::Customer {
                    branch: whose.branch_id.map(Into::into),
                    owner: whose.owner_id.map(Into::into),
                },
                data: Arc::new(json!({ "id": id })),
            });
        }
    }
    Ok(*last)
}
