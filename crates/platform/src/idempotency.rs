//! A request with an `Idempotency-Key` is carried out once. The key is written in the same transaction
//! as the change, so not even a crash between the two lets a repetition through; the answer is kept
//! for a day and given again.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Tx};
use crate::state::Platform;

/// How long a key is remembered.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// Answers larger than this are not kept: the repetition is told that it was done.
pub const ANSWER_BYTES_MAX: usize = 256 << 10;

tokio::task_local! {
    static CURRENT: Once;
}

/// One request that must not be carried out twice. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Once(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    user: Uuid,
    key: String,
    /// SHA-256 of method, path and body: the same key for something else is a mistake.
    request: Vec<u8>,
    at: Timestamp,
    claimed: AtomicBool,
}

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: carry the request out.
    New,
    /// It was carried out, and this was the answer.
    Answered {
        /// HTTP status.
        status: u16,
        /// Its type.
        content_type: String,
        /// Its body.
        body: Vec<u8>,
    },
}

impl Once {
    /// A request of a user with this key.
    pub fn new(user: Uuid, key: String, request: Vec<u8>, at: Timestamp) -> Self {
        Self(Arc::new(Inner {
            user,
            key,
            request,
            at,
            claimed: AtomicBool::new(false),
        }))
    }

    /// Carries the request out: every transaction begun within belongs to it.
    pub async fn carry_out<F: Future>(self, request: F) -> F::Output {
        CURRENT.scope(self, request).await
    }

    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Whether it changed anything.
    pub fn changed_something(&self) -> bool {
        self.0.claimed.load(Ordering::SeqCst)
    }

    /// Looks the key up. Errors: `idempotency_key_reused` for another request, `already_done` when it
    /// was carried out but its answer was lost.
    pub async fn look_up(&self, db: &Db) -> Result<Known> {
        #[derive(sqlx::FromRow)]
        struct Row {
            request_hash: Vec<u8>,
            status: Option<i32>,
            content_type: Option<String>,
            body: Option<Vec<u8>>,
        }
        let row: Option<Row> = db
            .read()
            .await?
            .optional(
                "SELECT request_hash, status, content_type, body FROM idempotency_keys \
                 WHERE user_id = $1 AND key = $2",
                args![self.0.user, &self.0.key],
            )
            .await?;
        match row {
            None => Ok(Known::New),
            Some(row) if row.request_hash != self.0.request => Err(Error::invalid(
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            )),
            Some(row) => match (row.status.and_then(|s| u16::try_from(s).ok()), row.body) {
                (Some(status), Some(body)) => Ok(Known::Answered {
                    status,
                    content_type: row.content_type.unwrap_or_default(),
                    body,
                }),
                _ => Err(already_done()),
            },
        }
    }

    /// Writes the key in the transaction of the change.
    pub(crate) async fn claim(&self, tx: &mut Tx) -> Result<()> {
        if self.changed_something() {
            return Ok(());
        }
        let claimed = tx
            .execute(
                "INSERT INTO idempotency_keys (user_id, key, request_hash, created_at) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                args![self.0.user, &self.0.key, self.0.request.clone(), self.0.at],
            )
            .await?;
        if claimed == 0 {
            return Err(already_done());
        }
        self.0.claimed.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Keeps the answer for the next time.
    pub async fn answer(&self, db: &Db, status: u16, content_type: &str, body: &[u8]) -> Result<()> {
        let mut tx = db.write().await?;
        tx.execute(
            "UPDATE idempotency_keys SET status = $3, content_type = $4, body = $5 \
             WHERE user_id = $1 AND key = $2",
            args![
                self.0.user,
                &self.0.key,
                i32::from(status),
                content_type,
                body.to_vec()
            ],
        )
        .await?;
        tx.commit().await
    }
}

/// Forgets every answer that is kept: some may say something of someone who is to be forgotten. That the requests
/// were carried out stays known, so none is repeated. Says how many.
pub(crate) async fn forget_answers(tx: &mut Tx) -> Result<u64> {
    tx.execute(
        "UPDATE idempotency_keys SET status = NULL, content_type = NULL, body = NULL WHERE body IS NOT NULL",
        [],
    )
    .await
}

/// Forgets keys that are too old.
pub async fn forget_old(platform: &Platform) -> Result<()> {
    let before = platform
        .clock
        .now()
        .saturating_sub(REMEMBERED)
        .unwrap_or(Timestamp::MIN);
    let mut tx = platform.db.write().await?;
    tx.execute(
        "DELETE FROM idempotency_keys WHERE created_at < $1",
        args![before],
    )
    .await?;
    tx.commit().await
}

fn already_done() -> Error {
    Error::conflict(
        "already_done",
        "a request with this Idempotency-Key was carried out already, or is at work",
    )
}
