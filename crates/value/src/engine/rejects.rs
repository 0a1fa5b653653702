//! Rows that were not accepted: counted, the first ones kept for the screen, all of them written
//! to a file with the reason and the row as it came.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use base::{Error, Result};

/// One row that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reject {
    /// The line of a CSV file, the header being line 1; the row of a Parquet file, from 1.
    pub line: u64,
    /// The column at fault, empty where it is the row as a whole.
    pub column: String,
    /// Stable name of the reason.
    pub code: String,
    /// The reason, for a person.
    pub message: String,
    /// What stood there, cut to 200 characters.
    pub value: String,
}

/// How many rejects are kept for showing.
const SHOWN: usize = 50;

/// Collects rejects while reading.
pub(crate) struct Rejects {
    pub(crate) count: u64,
    pub(crate) by_code: BTreeMap<String, u64>,
    pub(crate) first: Vec<Reject>,
    file: Option<RejectsFile>,
}

struct RejectsFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl Rejects {
    /// Starts a collection; `header` names the columns of the rows.
    pub(crate) fn new(path: Option<&Path>, header: &[String]) -> Result<Self> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| unwritable(path, &error))?;
                // Rows of the wrong width are among what is rejected, so widths may differ.
                let mut writer = csv::WriterBuilder::new()
                    .flexible(true)
                    .from_writer(BufWriter::new(file));
                let own = ["line", "column", "reason"].into_iter();
                writer
                    .write_record(own.chain(header.iter().map(String::as_str)))
                    .map_err(|error| unwritable(path, &error))?;
                Some(RejectsFile {
                    path: path.to_owned(),
                    writer,
                })
            }
        };
        Ok(Self {
            count: 0,
            by_code: BTreeMap::new(),
            first: Vec::new(),
            file,
        })
    }

    /// Adds one; `row` is the row as it came.
    pub(crate) fn add<'a>(&mut self, reject: Reject, row: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        self.count += 1;
        *self.by_code.entry(reject.code.clone()).or_default() += 1;
        if let Some(RejectsFile { path, writer }) = &mut self.file {
            let line = reject.line.to_string();
            let own = [
                line.as_bytes(),
                reject.column.as_bytes(),
                reject.message.as_bytes(),
            ];
            let mut record = csv::ByteRecord::from_iter(own);
            record.extend(row);
            writer
                .write_byte_record(&record)
                .map_err(|error| unwritable(path, &error))?;
        }
        if self.first.len() < SHOWN {
            self.first.push(reject);
        }
        Ok(())
    }

    /// Completes the file. Errors: `too_many_rejects` when their share of `rows` is above the limit.
    pub(crate) fn finish(&mut self, rows: u64, max_share: f64) -> Result<()> {
        if let Some(RejectsFile { path, writer }) = &mut self.file {
            writer.flush().map_err(|error| unwritable(path, &error))?;
        }
        if self.count as f64 <= max_share * rows as f64 {
            return Ok(());
        }
        let mut message = format!(
            "{} of {rows} rows are malformed, more than the limit of {:.4} %; the first:",
            self.count,
            max_share * 100.0
        );
        for reject in self.first.iter().take(5) {
            message.push_str(&format!(
                "\n  line {}: {} ({:?})",
                reject.line, reject.message, reject.value
            ));
        }
        Err(Error::invalid("too_many_rejects", message))
    }
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "file_unwritable",
        format!("cannot write {}: {error}", path.display()),
    )
}

/// At most 200 characters of what stood in a field.
pub(crate) fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(200).collect()
}
