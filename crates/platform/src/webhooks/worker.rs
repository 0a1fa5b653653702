//! Makes deliveries from the sealed event log and sends them. Every server does; a delivery is sent by one at
//! a time, and again by another if that one dies, so a receiver may get it twice and knows it by its id.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Result;
use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::call::{Calls, Message};
use super::model::{DeliveryState, EndpointId};
use super::store::{self, Taken, Target, Tried};
use super::{app, rules};
use crate::events::{self, EventRow};
use crate::ids;
use crate::state::Platform;

/// How the worker works.
#[derive(Debug, Clone, Copy)]
pub struct WebhooksSettings {
    /// How often the event log and the queue are looked at.
    pub every: Duration,
    /// How long a receiver may take to answer.
    pub deadline: Duration,
}

impl Default for WebhooksSettings {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(1),
            deadline: Duration::from_secs(15),
        }
    }
}

/// How many events become deliveries in one transaction.
const BATCH: u32 = 500;
/// How many endpoints are called at a time.
const ENDPOINTS_AT_ONCE: usize = 16;
/// How many deliveries an endpoint gets at a time.
const CALLS_AT_ONCE: u32 = 4;
/// After so many rounds the next endpoint has its turn.
const ROUNDS_MAX: usize = 20;

/// The worker of this process.
#[derive(Debug)]
pub struct Webhooks {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Webhooks {
    /// Begins to deliver.
    pub fn start(platform: Platform, settings: WebhooksSettings) -> Result<Self> {
        let stop = CancellationToken::new();
        let work = Work {
            calls: Calls::new(settings.deadline)?,
            platform,
            settings,
            stop: stop.clone(),
            at_work: Mutex::default(),
        };
        let task = tokio::spawn(Arc::new(work).deliver());
        Ok(Self { stop, task })
    }

    /// Finishes the calls at work within the deadline. What is cut off is sent again.
    pub async fn shutdown(mut self, deadline: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(deadline, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

struct Work {
    platform: Platform,
    settings: WebhooksSettings,
    calls: Calls,
    stop: CancellationToken,
    /// Endpoints this process is calling.
    at_work: Mutex<HashSet<EndpointId>>,
}

impl Work {
    async fn deliver(self: Arc<Self>) {
        let mut endpoints = JoinSet::new();
        while !self.stop.is_cancelled() {
            while endpoints.try_join_next().is_some() {}
            if let Err(e) = self.begin(&mut endpoints).await {
                tracing::warn!(error = %e, "webhooks are not delivered; tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(self.settings.every) => {}
                () = self.stop.cancelled() => {}
            }
        }
        while endpoints.join_next().await.is_some() {}
    }

    /// Makes deliveries, and begins to call the endpoints that have some.
    async fn begin(self: &Arc<Self>, endpoints: &mut JoinSet<()>) -> Result<()> {
        let mut tx = self.platform.db.read().await?;
        let behind = store::behind(&mut tx).await?;
        drop(tx);
        for endpoint in behind {
            while !self.stop.is_cancelled() && self.tell(endpoint).await? {}
        }
        let now = self.platform.clock.now();
        let due = store::due(&mut self.platform.db.read().await?, now).await?;
        for endpoint in due {
            if endpoints.len() >= ENDPOINTS_AT_ONCE {
                break;
            }
            if self.endpoints_at_work().insert(endpoint) {
                let work = Arc::clone(self);
                endpoints.spawn(async move {
                    if let Err(e) = work.call(endpoint).await {
                        tracing::warn!(error = %e, %endpoint, "webhooks are not delivered; tried again");
                    }
                    work.endpoints_at_work().remove(&endpoint);
                });
            }
        }
        Ok(())
    }

    fn endpoints_at_work(&self) -> std::sync::MutexGuard<'_, HashSet<EndpointId>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an endpoint's deliveries of the next events; says whether there may be more.
    async fn tell(&self, endpoint: EndpointId) -> Result<bool> {
        let clock = &self.platform.clock;
        let mut tx = self.platform.db.write().await?;
        let Some((place, kinds)) = store::take_place(&mut tx, endpoint).await? else {
            return Ok(false);
        };
        let events = store::sealed_after(&mut tx, place, BATCH).await?;
        let Some(last) = events.last() else {
            return Ok(false);
        };
        let deliveries = events
            .iter()
            .filter(|event| rules::wants(&kinds, &event.kind))
            .map(|event| (ids::new(clock), event))
            .collect();
        store::tell(&mut tx, endpoint, deliveries, last.position, clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Sends what is due to an endpoint.
    async fn call(&self, endpoint: EndpointId) -> Result<()> {
        for _ in 0..ROUNDS_MAX {
            if self.stop.is_cancelled() {
                break;
            }
            let now = self.platform.clock.now();
            let mut tx = self.platform.db.write().await?;
            let Some(target) = store::target(&mut tx, endpoint, now).await? else {
                break;
            };
            let taken = store::take(&mut tx, endpoint, now, self.again_at(now), CALLS_AT_ONCE).await?;
            let mut messages = Vec::with_capacity(taken.len());
            for delivery in &taken {
                messages.push(events::store::by_id(&mut tx, delivery.event_id).await?);
            }
            tx.commit().await?;
            if taken.is_empty() {
                break;
            }
            let calls: Vec<_> = taken
                .into_iter()
                .zip(messages)
                .map(|(taken, event)| self.send(&target, taken, event))
                .collect();
            let answers = futures::future::join_all(calls).await;
            self.store(endpoint, answers).await?;
        }
        Ok(())
    }

    /// When a delivery whose process died is taken again.
    fn again_at(&self, now: Timestamp) -> Timestamp {
        let lease =
            SignedDuration::try_from(self.settings.deadline * 4).unwrap_or(SignedDuration::from_mins(1));
        now.saturating_add(lease).unwrap_or(now)
    }

    async fn send(
        &self,
        target: &Target,
        taken: Taken,
        event: Option<EventRow>,
    ) -> (Taken, Result<StatusCode, &'static str>) {
        let Some(event) = event else {
            return (taken, Err("event_missing"));
        };
        let message = message(&event, target, self.platform.clock.now());
        let answer = match message {
            Ok(message) => self.calls.post(&target.url, message).await,
            Err(e) => {
                tracing::error!(error = %e, "a webhook cannot be signed");
                Err("unreachable")
            }
        };
        (taken, answer)
    }

    async fn store(
        &self,
        endpoint: EndpointId,
        answers: Vec<(Taken, Result<StatusCode, &'static str>)>,
    ) -> Result<()> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.write().await?;
        // The endpoint before its deliveries, as everyone takes them.
        if answers.iter().any(|(_, answer)| *answer == Ok(StatusCode::GONE)) {
            app::disable_gone(&self.platform, &mut tx, endpoint).await?;
        }
        for (taken, answer) in answers {
            let (status, error) = match answer {
                Ok(status) if status.is_success() => (Some(status), None),
                Ok(status) => (Some(status), Some("status")),
                Err(error) => (None, Some(error)),
            };
            let next_at =
                rules::next_try(taken.attempts + 1, now).filter(|_| status != Some(StatusCode::GONE));
            let (state, next_at) = match (error, next_at) {
                (None, _) => (DeliveryState::Delivered, None),
                (Some(_), None) => (DeliveryState::Exhausted, None),
                (Some(_), next_at) => (DeliveryState::Pending, next_at),
            };
            let tried = Tried {
                status: status.map(|status| status.as_u16().into()),
                error,
                state,
                next_at,
            };
            store::store_try(&mut tx, &taken, &tried, now).await?;
        }
        tx.commit().await
    }
}

/// The message about an event, signed at this moment.
fn message(event: &EventRow, target: &Target, now: Timestamp) -> Result<Message> {
    let body = json!({
        "type": event.kind,
        "timestamp": event.at,
        "data": {
            "actor_id": event.actor.as_ref().map(|actor| actor.id),
            "subject_kind": event.subject_kind,
            "subject_id": event.subject_id,
            "customer_id": event.customer_id,
            "facts": event.payload,
        },
    })
    .to_string();
    let (id, at_s) = (event.id.to_string(), now.as_second());
    Ok(Message {
        signature: rules::signature(&target.secrets, &id, at_s, &body)?,
        id,
        at_s,
        body,
    })
}
