//! Lists as files: a job writes what a list shows into CSV, a workbook or Parquet, with the rights of who asked
//! for it. A room that has a list says what its rows are by an [`ExportKind`]; everything else is here.

pub mod api;
pub mod app;
mod files;
mod kind;
mod model;
mod run;
mod store;
mod write;

pub use files::sweep;
pub use kind::{ExportCell, ExportColumn, ExportColumnKind, ExportFilter, ExportKind, ExportList};
pub use model::{EXPORT, Export, ExportFormat, ExportId, NewExport};
pub(crate) use store::withdraw;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, Result};

use crate::jobs::Kinds;

/// The lists this program writes into files. Cheap to clone.
#[derive(Clone, Default)]
pub struct Exports(Arc<BTreeMap<&'static str, Arc<dyn ExportKind>>>);

impl Exports {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(self, kind: impl ExportKind) -> Self {
        let mut kinds = (*self.0).clone();
        kinds.insert(kind.name(), Arc::new(kind));
        Self(Arc::new(kinds))
    }

    /// The job kind of exports, added to those the runner knows.
    #[must_use]
    pub fn jobs(&self, kinds: Kinds) -> Kinds {
        let exports = self.clone();
        kinds.with(EXPORT, move |run| run::export(exports.clone(), run))
    }

    fn kind(&self, name: &str) -> Result<Arc<dyn ExportKind>> {
        self.0.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = self.0.keys().copied().collect();
            Error::invalid(
                "kind_unknown",
                format!("there is no list of {name:?}; kinds: {}", known.join(", ")),
            )
            .at("kind")
        })
    }
}
