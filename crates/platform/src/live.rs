//! What has just happened, for open screens: sent to this process's listeners after the transaction
//! that did it is committed. Nothing depends on it arriving; the event log is the record.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::access::Permission;

/// One message to open screens.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    /// The name of the server-sent event: `job`, `run`.
    pub topic: &'static str,
    /// Who may see it.
    pub permission: Permission,
    /// The data as the API shows it.
    pub data: Arc<serde_json::Value>,
}

/// The hub that live events go through.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<LiveEvent>);

impl Default for Live {
    fn default() -> Self {
        // A screen that falls 1,024 events behind is told so and reads anew.
        Self(broadcast::Sender::new(1024))
    }
}

impl Live {
    /// Tells everyone who listens; nobody listening is fine.
    pub fn send(&self, event: LiveEvent) {
        let _nobody_listens = self.0.send(event);
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }
}
