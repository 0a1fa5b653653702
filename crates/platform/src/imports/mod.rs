//! Files that people bring in: upload, mapping of columns, dry run, import as a job, rejected rows.
//! A room that takes files says what its rows are by an [`ImportKind`]; everything else is here.

pub mod api;
pub mod app;
pub mod fields;
mod files;
mod identity;
mod kind;
mod model;
mod read;
pub mod rejects;
mod rules;
mod run;
mod store;
mod table;

pub use fields::{CellFacts, CellProblem, Field, FieldKind, FieldValue};
pub(crate) use files::forget_waiting;
pub use files::sweep;
pub use kind::{FORGOTTEN, Identity, ImportContext, ImportKind, ImportRow, Repeats, Seen, Stored, Totals};
pub use model::{
    Column, DRY_RUN, FieldInfo, IMPORT, Import, ImportId, ImportOptions, ImportReport, ImportStart,
    ImportState, ImportWarning, Mapping, REJECT_LIMIT_PERCENT, REJECTS_KEPT_MAX, Reject,
};
pub use read::BATCH_ROWS;
pub use rules::fold;
pub use run::ROWS_STORED;
pub(crate) use store::{check_none_at_work, forget};

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, Result};

use crate::jobs::Kinds;

/// The kinds of files this program takes. Cheap to clone.
#[derive(Clone, Default)]
pub struct Imports(Arc<BTreeMap<&'static str, Arc<dyn ImportKind>>>);

impl Imports {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(self, kind: impl ImportKind) -> Self {
        let mut kinds = (*self.0).clone();
        kinds.insert(kind.name(), Arc::new(kind));
        Self(Arc::new(kinds))
    }

    /// The job kinds of imports, added to those the runner knows.
    #[must_use]
    pub fn jobs(&self, kinds: Kinds) -> Kinds {
        let (dry_run, import) = (self.clone(), self.clone());
        kinds
            .with(DRY_RUN, move |run| run::dry_run(dry_run.clone(), run))
            .with(IMPORT, move |run| run::import(import.clone(), run))
    }

    fn kind(&self, name: &str) -> Result<Arc<dyn ImportKind>> {
        self.0.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = self.0.keys().copied().collect();
            Error::invalid(
                "kind_unknown",
                format!(
                    "a file of {name:?} cannot be imported; kinds: {}",
                    known.join(", ")
                ),
            )
            .at("kind")
        })
    }
}
