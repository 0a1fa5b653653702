//! What has just happened, for open screens: sent to this process's listeners after the transaction
//! that did it is committed. Nothing depends on it arriving; the event log is the record. Says of every message who may
//! hear it, and nothing without.

use std::sync::Arc;

use tokio::sync::broadcast;

use uuid::Uuid;

use crate::access::{BranchId, Caller, Permission, UserId};

/// One message to open screens.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    /// The name of the server-sent event: `job`, `customer`, `lagged`.
    pub topic: &'static str,
    /// Who may hear it.
    pub audience: Audience,
    /// The data as the API shows it.
    pub data: Arc<serde_json::Value>,
}

/// Who may hear a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Of a job: who may read jobs, and sees the whole firm or is who asked for it.
    Job {
        /// Who asked for it; none where the program did by itself.
        asked_by: Option<Uuid>,
    },
    /// Of a customer of this branch and this owner: who may read customers, and sees this one.
    Customer {
        /// The branch that looks after the customer.
        branch: Option<BranchId>,
        /// The customer manager.
        owner: Option<UserId>,
    },
    /// Everybody who listens. For what tells nothing.
    Everybody,
}

impl Audience {
    /// Whether a caller belongs to it.
    pub fn has(self, caller: &Caller) -> bool {
        match self {
            Self::Job { asked_by } => {
                let own = asked_by == Some(caller.user.id.uuid());
                caller.may(Permission::JobsRead) && (own || caller.scope().is_whole_firm())
            }
            Self::Customer { branch, owner } => {
                caller.may(Permission::CustomersRead) && caller.scope().lets_through(branch, owner)
            }
            Self::Everybody => true,
        }
    }
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

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }
}
