//! What an import is.

use std::collections::BTreeMap;
use std::str::FromStr;

use base::{Currency, Error, Money};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jobs::{JobId, JobState};
use crate::tabular::{Encoding, Shape};

base::typed_id!(
    /// An uploaded file and what became of it.
    ImportId
);

/// Which column each field is read from: field name to column name.
pub type Mapping = BTreeMap<String, String>;

/// The most rejects that are kept; all are counted.
pub const REJECTS_KEPT_MAX: usize = 10_000;
/// The rejects a report shows.
pub(super) const REJECTS_SHOWN: usize = 50;
/// The share of rows that may be rejected unless told, in percent.
pub const REJECT_LIMIT_PERCENT: f64 = 1.0;

/// Where an import stands. Read off its newest job, so that the two cannot disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The file is here.
    Uploaded,
    /// A dry run has read it all.
    Checked,
    /// Rows are being stored.
    Importing,
    /// Every row that was accepted is stored.
    Imported,
    /// The last job failed; its error says why.
    Failed,
    /// The last job was stopped; what it had stored stays, and starting again completes it.
    Cancelled,
}

impl ImportState {
    /// What the newest job, if there is one, says about the import.
    pub(super) fn of(job: Option<(&str, JobState)>) -> Self {
        match job {
            None => Self::Uploaded,
            Some((DRY_RUN, JobState::Succeeded)) => Self::Checked,
            Some((DRY_RUN, JobState::Queued | JobState::Running | JobState::Cancelled)) => Self::Uploaded,
            Some((_, JobState::Failed)) => Self::Failed,
            Some((_, JobState::Succeeded)) => Self::Imported,
            Some((_, JobState::Cancelled)) => Self::Cancelled,
            Some((_, JobState::Queued | JobState::Running)) => Self::Importing,
        }
    }
}

/// The job kind of a dry run.
pub const DRY_RUN: &str = "import_dry_run";
/// The job kind of an import.
pub const IMPORT: &str = "import";

/// A column of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Some of its first values.
    pub samples: Vec<String>,
}

/// An uploaded file as the database has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Upload {
    /// Its id.
    pub(super) id: ImportId,
    /// The kind of rows: `customers`.
    pub(super) kind: String,
    /// The name the file had.
    pub(super) file_name: String,
    /// Its size.
    pub(super) bytes: u64,
    /// SHA-256 of its content, in hex.
    pub(super) sha256: String,
    /// How it is read.
    pub(super) shape: Shape,
    /// The names of its sheets, if it is a workbook.
    pub(super) sheets: Vec<String>,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// How the newest dry run was asked to read it.
    pub(super) options: Option<ImportOptions>,
    /// Whether that dry run has read it all.
    pub(super) checked: bool,
    /// What became of it last.
    pub(super) report: Option<ImportReport>,
    /// Its newest job.
    pub(super) job: Option<JobId>,
    /// When it was uploaded.
    pub(super) created_at: Timestamp,
}

/// How a file is to be understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// Which column each field is read from.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub mapping: Mapping,
    /// Where the file comes from, such as `billing`: external ids of transactions are unique within it.
    #[serde(default = "default_source")]
    pub source: String,
    /// The currency of its amounts; the firm's unless this is the first import.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "CNY")]
    pub currency: Option<Currency>,
    /// The zone of its times; the firm's unless this is the first import.
    #[serde(default)]
    #[schema(example = "Asia/Shanghai")]
    pub zone: Option<String>,
    /// The share of rows that may be rejected, in percent (1 unless told). Above it nothing is imported.
    #[serde(default)]
    pub reject_limit_percent: Option<f64>,
}

/// What starting an import may still decide; the rest is as it was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportStart {
    /// The share of rows that may be rejected, in percent; as in the dry run unless told.
    #[serde(default)]
    pub reject_limit_percent: Option<f64>,
}

/// How the text of a file is to be read.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EncodingChoice {
    /// The encoding; null has it found out.
    pub(super) encoding: Option<Encoding>,
}

/// Which sheet of a workbook is to be read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetChoice {
    /// The sheet's name.
    pub(super) sheet: String,
}

fn default_source() -> String {
    "file".to_owned()
}

/// What a job of an import works on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct JobInput {
    pub(super) import: ImportId,
    pub(super) options: ImportOptions,
}

/// A row that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reject {
    /// The line of the file (CSV, the header is line 1), the row of the sheet (XLSX) or the row's number
    /// (Parquet).
    pub line: u64,
    /// The column at fault, as the file names it; none when it is the whole row.
    pub column: Option<String>,
    /// Stable name of the reason.
    pub code: String,
    /// The reason for a person.
    pub message: String,
    /// What the cell says (its beginning).
    pub value: Option<String>,
}

/// Something worth knowing that rejects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportWarning {
    /// Stable name.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// What an import did, or what it would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportReport {
    /// Nothing was changed.
    pub dry_run: bool,
    /// Rows read, blank ones not counted.
    pub rows: u64,
    /// Rows that were not there.
    pub created: u64,
    /// Rows that were there with other content.
    pub updated: u64,
    /// Rows that were there just so.
    pub unchanged: u64,
    /// Rows not accepted.
    pub rejected: u64,
    /// Customers made because rows name them.
    pub new_customers: u64,
    /// The sum of the accepted rows of the file.
    #[schema(value_type = Option<Object>)]
    pub amount: Option<Money>,
    /// The first time among the accepted rows.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_at: Option<Timestamp>,
    /// The last time among the accepted rows.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// The first rejected rows.
    pub rejects: Vec<Reject>,
    /// What else is worth knowing.
    pub warnings: Vec<ImportWarning>,
}

/// A field as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldInfo {
    /// Its name in the mapping.
    pub name: &'static str,
    /// Whether it must be mapped and filled.
    pub required: bool,
}

/// An import as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Import {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ImportId,
    /// The kind of rows: `customers`, `transactions`.
    pub kind: String,
    /// The name the file had.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// `csv`, `xlsx` or `parquet`.
    pub format: &'static str,
    /// How its text is read.
    pub encoding: Encoding,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The sheet that is read.
    pub sheet: Option<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The mapping used last for such a file, or the one its column names suggest.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub suggested_mapping: Mapping,
    /// The source that such a file was imported as last; none when there was none.
    pub suggested_source: Option<String>,
    /// How the newest dry run read it; starting the import uses this.
    pub options: Option<ImportOptions>,
    /// The fields that can be mapped.
    pub fields: Vec<FieldInfo>,
    /// Where it stands.
    pub state: ImportState,
    /// Its newest job.
    #[schema(value_type = Option<Uuid>)]
    pub job_id: Option<JobId>,
    /// What the newest job found or did.
    pub report: Option<ImportReport>,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The name of a source: 1 to 64 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source(pub(super) String);

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 64 || text.chars().any(base::text::is_hidden) {
            return Err(Error::invalid("source_malformed", "the source has 1 to 64 characters").at("source"));
        }
        Ok(Self(text.to_owned()))
    }
}
