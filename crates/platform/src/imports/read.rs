//! Reads a file from its beginning, off the async threads: once to check it, once more to hand its
//! accepted rows on in batches. Both readings see the same rows with the same identities.

use std::path::PathBuf;
use std::sync::Arc;

use base::{Error, Result};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::fields::CellFacts;
use super::identity::{Keys, Numbering, Repeat, Repeated};
use super::kind::{ImportKind, ImportRow, Repeats};
use super::model::{REJECTS_KEPT_MAX, Reject};
use super::rules::{self, Places};
use super::store::RejectedRow;
use super::table::ImportTable;
use crate::jobs::JobRun;
use crate::tabular::{Row, Shape};

/// Rows per transaction: well under a second of SQLite's one writer, and few enough to lose little.
pub const BATCH_ROWS: usize = 2_000;
/// How often a reader shows progress and looks whether it should stop.
const ROWS_PER_LOOK: u64 = 1_000;
/// The most characters that are kept of a rejected row; what is longer is cut, and says so.
const KEPT_ROW_CHARS: usize = 16_384;

/// A file and how it is understood: everything a reading needs.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) shape: Shape,
    pub(super) kind: Arc<dyn ImportKind>,
    pub(super) places: Arc<Places>,
    pub(super) columns: Arc<Vec<String>>,
    pub(super) facts: CellFacts,
}

/// What the first reading found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) rows: u64,
    pub(super) rejected: u64,
    /// The first of the rejected rows.
    pub(super) rejects: Vec<RejectedRow>,
    /// The sum of the accepted amounts, in minor units.
    pub(super) amount_minor: Option<i64>,
    pub(super) first_at: Option<Timestamp>,
    pub(super) last_at: Option<Timestamp>,
    /// Keys that more than one accepted row has.
    pub(super) repeated: Repeated,
}

/// Accepted rows of the second reading.
#[derive(Debug)]
pub(super) struct Batch {
    /// The rows.
    pub(super) rows: Vec<ImportRow>,
    /// Their cells as they came.
    pub(super) cells: Vec<csv::StringRecord>,
    /// For each row, what it is to the earlier rows of the file.
    repeats: Vec<Repeat>,
    /// Rows that are refused because an earlier row has their external id and says something else.
    pub(super) refused: Vec<(ImportRow, csv::StringRecord)>,
    /// Rows that say again what an earlier row says, left out because the kind refuses others.
    pub(super) said_before: u64,
    /// How many rows of the file are read once this batch is done, rejected ones counted.
    pub(super) rows_read: u64,
}

/// Reads everything and checks every row; changes nothing.
pub(super) async fn check(source: Source, run: JobRun) -> Result<Checked> {
    off_thread(move || check_blocking(&source, &run)).await
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| damaged(&e))?
}

/// A reader that panics met a file that is damaged in a way its library did not expect.
fn damaged(e: &tokio::task::JoinError) -> Error {
    tracing::error!(error = %e, "the reader of an import broke down");
    Error::invalid("file_unreadable", "the file is damaged and cannot be read")
}

fn check_blocking(source: &Source, run: &JobRun) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut keys = Keys::default();
    let identity = source.kind.identity();
    let totals = source.kind.totals();
    let mut table = source.open()?;
    let mut row = Row::default();
    while table.next_row(&mut row)? {
        checked.rows += 1;
        if checked.rows.is_multiple_of(ROWS_PER_LOOK) {
            run.check()?;
            run.progress("checking", checked.rows, None);
        }
        match source.check_row(&row) {
            Ok(accepted) => {
                keys.add(&accepted, &identity);
                if let Some(totals) = totals {
                    let minor = accepted.amount(totals.amount).unwrap_or(0);
                    let sum = checked.amount_minor.unwrap_or(0).checked_add(minor);
                    checked.amount_minor = Some(sum.ok_or_else(|| {
                        Error::invalid(
                            "amount_too_large",
                            "the amounts of this file add up to more than can be counted",
                        )
                    })?);
                    if let Some(at) = accepted.time(totals.at) {
                        checked.first_at = Some(checked.first_at.map_or(at, |first| first.min(at)));
                        checked.last_at = Some(checked.last_at.map_or(at, |last| last.max(at)));
                    }
                }
            }
            Err(reject) => {
                checked.rejected += 1;
                if checked.rejects.len() < REJECTS_KEPT_MAX {
                    checked.rejects.push(rejected(reject, &row.cells));
                }
            }
        }
    }
    checked.repeated = keys.repeated();
    Ok(checked)
}

/// A rejected row with its cells as they came, but for NUL, which not every database holds.
pub(super) fn rejected(reject: Reject, cells: &csv::StringRecord) -> RejectedRow {
    let mut room = KEPT_ROW_CHARS;
    let mut kept = Vec::with_capacity(cells.len());
    for cell in cells {
        let text: String = cell
            .chars()
            .take(room)
            .map(|c| if c == '\0' { '\u{fffd}' } else { c })
            .collect();
        if cell.chars().nth(room).is_some() {
            kept.push(text + "…");
            return RejectedRow {
                reject,
                cells: kept,
                is_cut: true,
            };
        }
        room -= text.chars().count();
        kept.push(text);
    }
    RejectedRow {
        reject,
        cells: kept,
        is_cut: false,
    }
}

impl Source {
    fn open(&self) -> Result<ImportTable> {
        let table = ImportTable::open(&self.path, &self.shape)?;
        if table.columns() == self.columns.as_slice() {
            Ok(table)
        } else {
            Err(Error::internal(format!(
                "the upload {} has changed",
                self.path.display()
            )))
        }
    }

    fn check_row(&self, row: &Row) -> Result<ImportRow, Reject> {
        rules::check_row(&*self.kind, &self.places, &self.columns, row, &self.facts)
    }
}

/// The second reading, under way in another thread.
pub(super) struct Batches {
    receive: mpsc::Receiver<Batch>,
    reader: tokio::task::JoinHandle<Result<()>>,
}

impl Batches {
    /// Begins to read; rows up to `after_rows` are read over, but count for identities.
    pub(super) fn read(source: Source, run: JobRun, repeated: Repeated, after_rows: u64) -> Self {
        let (send, receive) = mpsc::channel(2);
        let reader = tokio::task::spawn_blocking(move || {
            send_batches(&source, &run, Numbering::new(repeated), after_rows, &send)
        });
        Self { receive, reader }
    }

    /// The next batch; none at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>> {
        match self.receive.recv().await {
            Some(batch) => Ok(Some(batch)),
            None => match (&mut self.reader).await {
                Ok(ended) => ended.map(|()| None),
                Err(e) => Err(damaged(&e)),
            },
        }
    }
}

fn send_batches(
    source: &Source,
    run: &JobRun,
    mut numbering: Numbering,
    after_rows: u64,
    send: &mpsc::Sender<Batch>,
) -> Result<()> {
    let identity = source.kind.identity();
    let refuses = source.kind.repeats() == Repeats::Refused;
    let mut table = source.open()?;
    let mut row = Row::default();
    let mut rows_read = 0;
    let mut batch = Batch::empty();
    while table.next_row(&mut row)? {
        rows_read += 1;
        if rows_read % ROWS_PER_LOOK == 0 {
            run.check()?;
        }
        if let Ok(mut accepted) = source.check_row(&row) {
            let repeat = numbering.number(&mut accepted, &identity);
            match repeat {
                _ if rows_read <= after_rows => {}
                Repeat::Same if refuses => batch.said_before += 1,
                Repeat::Differs if refuses => batch.refused.push((accepted, row.cells.clone())),
                _ => {
                    batch.rows.push(accepted);
                    batch.cells.push(row.cells.clone());
                    batch.repeats.push(repeat);
                }
            }
        }
        if batch.rows.len() + batch.refused.len() == BATCH_ROWS {
            batch.rows_read = rows_read;
            // Nobody receives any more: the job has ended for another reason.
            if send
                .blocking_send(std::mem::replace(&mut batch, Batch::empty()))
                .is_err()
            {
                return Ok(());
            }
        }
    }
    if rows_read > after_rows {
        batch.rows_read = rows_read;
        let _nobody_receives = send.blocking_send(batch);
    }
    Ok(())
}

impl Batch {
    fn empty() -> Self {
        Self {
            rows: Vec::with_capacity(BATCH_ROWS),
            cells: Vec::with_capacity(BATCH_ROWS),
            repeats: Vec::with_capacity(BATCH_ROWS),
            refused: Vec::new(),
            said_before: 0,
            rows_read: 0,
        }
    }

    /// The batch without the rows whose external id an earlier row has; and of those, how many say what
    /// the first one says, and how many something else.
    pub(super) fn without_repeats(self) -> (Self, u64, u64) {
        let (mut same, mut differing) = (0, 0);
        let mut first = Self {
            rows_read: self.rows_read,
            refused: self.refused,
            said_before: self.said_before,
            ..Self::empty()
        };
        for ((row, cells), repeat) in self.rows.into_iter().zip(self.cells).zip(self.repeats) {
            match repeat {
                Repeat::First => {
                    first.rows.push(row);
                    first.cells.push(cells);
                    first.repeats.push(repeat);
                }
                Repeat::Same => same += 1,
                Repeat::Differs => differing += 1,
            }
        }
        (first, same, differing)
    }
}
