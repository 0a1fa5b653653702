//! How rooms plug into the export of everything about a customer.

use std::sync::Arc;

use base::{Error, Result};
use futures::future::BoxFuture;
use platform::firm::Firm;
use platform::{Platform, Scope, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::model::CustomerId;

/// Whose everything it is. That the caller may have it is checked before.
pub struct About {
    /// Database, clock, keys.
    pub platform: Platform,
    /// The customer.
    pub customer: CustomerId,
    /// The customer and all who were merged into it.
    pub as_one: Vec<Uuid>,
    /// The scope of who asks: other customers out of it are not named.
    pub scope: Scope,
    /// The firm.
    pub firm: Firm,
}

/// A part of everything that is known of a customer. Registered in [`RecordParts`].
pub trait RecordPart: Send + Sync + 'static {
    /// What its document is called: `notes` for `notes.json`.
    fn name(&self) -> &'static str;

    /// The tables whose rows about the customer it has, all of them.
    fn tables(&self) -> &'static [&'static str];

    /// Its document, as JSON.
    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>>;

    /// Erases what is personal in its rows of these customers, within the transaction that erases them; says how many
    /// rows. Nothing, where they say nothing of a person. This room's own rows are erased by `store::erasure`.
    fn erase<'a>(&'a self, _tx: &'a mut Tx, _customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async { Ok(0) })
    }
}

/// The parts of all rooms. Cheap to clone.
#[derive(Clone, Default)]
pub struct RecordParts(Arc<[Arc<dyn RecordPart>]>);

impl RecordParts {
    /// Adds a part.
    #[must_use]
    pub fn with(self, part: impl RecordPart) -> Self {
        let part: Arc<dyn RecordPart> = Arc::new(part);
        Self(self.0.iter().cloned().chain([part]).collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<dyn RecordPart>] {
        &self.0
    }
}

/// A list as JSON, written as its items come, so that a long one is held once and as text only.
#[derive(Debug)]
pub struct Items(Vec<u8>);

impl Default for Items {
    fn default() -> Self {
        Self(vec![b'['])
    }
}

impl Items {
    /// Adds one.
    pub fn push(&mut self, item: &impl Serialize) -> Result<()> {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'\n');
        serde_json::to_writer(&mut self.0, item).map_err(Error::internal)
    }

    /// The list.
    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\n]\n");
        self.0
    }
}

/// A document as JSON.
pub(super) fn document(of: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(of).map_err(Error::internal)
}
