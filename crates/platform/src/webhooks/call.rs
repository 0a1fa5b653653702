//! Calling a receiver: one POST with a deadline. Of the answer only the status counts.

use std::time::Duration;

use base::Result;
use hyper::StatusCode;

use crate::outbound::{Call, Client, Fault, Reach, Said};

/// So much of an answer is read, so that the connection can be used again.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// The client of this process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    client: Client,
    deadline: Duration,
}

/// A message on its way.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) at_s: i64,
    pub(super) signature: String,
    pub(super) body: String,
}

impl Calls {
    /// A client that trusts the certificates this machine trusts.
    pub(super) fn new(deadline: Duration) -> Result<Self> {
        Ok(Self {
            client: Client::new()?,
            deadline,
        })
    }

    /// The status of the answer, or what kept it from coming: `timeout`, `unreachable`.
    pub(super) async fn post(&self, url: &str, message: Message) -> Result<StatusCode, &'static str> {
        let call = Call {
            url,
            reach: Reach::Private,
            headers: vec![
                ("webhook-id", message.id),
                ("webhook-timestamp", message.at_s.to_string()),
                ("webhook-signature", message.signature),
            ],
            said: Said::Json(message.body),
            deadline: self.deadline,
        };
        let answer = self.client.send(call).await.map_err(|fault| match fault {
            Fault::Timeout => "timeout",
            Fault::Unreachable | Fault::NotPermitted | Fault::TooLarge => "unreachable",
        })?;
        let status = StatusCode::from_u16(answer.status).map_err(|_| "unreachable")?;
        let _what_it_says_does_not_matter = answer.read(ANSWER_BYTES_MAX).await;
        Ok(status)
    }
}
