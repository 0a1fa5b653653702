//! What an export is.

use base::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::ExportFilter;
use crate::jobs::{JobId, JobState};

base::typed_id!(
    /// A list written into a file.
    ExportId
);

/// The job kind of an export.
pub const EXPORT: &str = "export";

/// What a list is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Text with commas, UTF-8 with a byte order mark so that Excel knows.
    Csv,
    /// An Excel workbook of one sheet.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

impl ExportFormat {
    /// The format's name in the database and the API, and how its files end.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// What its files are, as HTTP says it.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        [Self::Csv, Self::Xlsx, Self::Parquet]
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no format of an export")))
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// Which list: `customers` or `value`.
    pub kind: String,
    /// What it is written as.
    pub format: ExportFormat,
    /// What the list is filtered and sorted by: the parameters of its request (`q`, `class`, `min_value` …).
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub filter: ExportFilter,
}

/// An export as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Export {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ExportId,
    /// Which list.
    pub kind: String,
    /// What it is written as.
    pub format: ExportFormat,
    /// What the list is filtered and sorted by.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub filter: ExportFilter,
    /// Where its job stands: once it has succeeded, the file can be downloaded.
    pub state: JobState,
    /// Its job; stop it there.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// The rows of the file, once it is whole.
    pub rows: Option<u64>,
    /// Its size, likewise.
    pub bytes: Option<u64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the file is removed.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The file is removed.
    pub removed: bool,
}

impl Export {
    /// The name under which it is downloaded.
    pub(super) fn file_name(&self) -> String {
        let at = self.created_at.strftime("%Y%m%d-%H%M");
        format!("{}-{at}.{}", self.kind, self.format.name())
    }
}

/// What the job of an export works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JobInput {
    pub(super) export: ExportId,
}
