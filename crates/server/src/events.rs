//! Live events for open screens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use base::Error;
use futures::stream::{self, Stream};
use platform::http::{Problem, ProblemBody, SessionToken};
use platform::live::LiveEvent;
use platform::{Caller, Platform, access};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many screens may listen at once.
const LISTENERS_MAX: usize = 2_000;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a listener's session is looked at again.
const SESSION_CHECKED: Duration = Duration::from_secs(60);

/// What the stream needs besides the platform.
#[derive(Clone)]
pub(crate) struct Listeners {
    slots: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Listeners {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(LISTENERS_MAX)),
            stop,
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Live events.
///
/// `event: job` carries a job whenever it changes, `event: customer` the id of a customer within the caller's scope of
/// whom something has changed, on whichever server; `event: lagged` says that events were missed, or that much has changed
/// at once, as by an import, and the screen should read anew. A comment comes every 15 seconds.
#[utoipa::path(get, path = "/events", tag = "jobs", responses(
    (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
    (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn events(
    State(platform): State<Platform>,
    Extension(listeners): Extension<Listeners>,
    caller: Caller,
    SessionToken(token): SessionToken,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let slot = Arc::clone(&listeners.slots)
        .try_acquire_owned()
        .map_err(|_| Error::TooMany {
            code: "too_many_listeners",
            message: "too many screens are listening".to_owned(),
            retry_after_s: 30,
        })?;
    let listener = Listener {
        live: platform.db.live().listen(),
        platform,
        caller,
        token,
        stop: listeners.stop,
        checked: tokio::time::Instant::now(),
        _slot: slot,
    };
    let stream = stream::unfold(listener, |mut listener| async {
        listener.next().await.map(|event| (Ok(event), listener))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

struct Listener {
    live: broadcast::Receiver<LiveEvent>,
    platform: Platform,
    caller: Caller,
    token: String,
    stop: CancellationToken,
    checked: tokio::time::Instant,
    _slot: OwnedSemaphorePermit,
}

impl Listener {
    /// The next event this caller may see; none when the stream should end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                received = self.live.recv() => received,
                () = tokio::time::sleep_until(self.checked + SESSION_CHECKED) => {
                    self.checked = tokio::time::Instant::now();
                    match access::app::session(&self.platform, &self.token).await {
                        Ok((caller, _)) => self.caller = caller,
                        Err(Error::Unauthenticated { .. }) => return None,
                        // The database may be away for a moment; the session is asked for again.
                        Err(_) => {}
                    }
                    continue;
                }
                () = self.stop.cancelled() => return None,
            };
            match received {
                Ok(event) if event.audience.has(&self.caller) => {
                    return Some(Event::default().event(event.topic).data(event.data.to_string()));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(Event::default().event("lagged").data("{}")),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
