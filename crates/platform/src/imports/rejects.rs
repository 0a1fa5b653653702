//! Rejected rows as a file: the columns as they came and beside them why, in the format the file had. Corrected,
//! it can be imported as it is.

use base::{Error, Result};
use rust_xlsxwriter::{Format as CellFormat, Workbook};

use super::model::ImportId;
use super::store::{self, Found, RejectedRow};
use crate::access::{Caller, Permission};
use crate::db::Tx;
use crate::state::Platform;
use crate::tabular::{Format, formula};

/// Where the row stood, which of its columns is at fault, and why it was rejected.
pub(super) const OWN_COLUMNS: [&str; 3] = ["patron_line", "patron_column", REASON];
pub(super) const REASON: &str = "patron_reason";

const PER_QUERY: u32 = 1_000;
/// The longest cell of a workbook, in characters.
const CELL_CHARS_MAX: usize = 32_767;

/// A file to be downloaded.
#[derive(Debug, Clone)]
pub struct RejectsFile {
    /// Its name.
    pub name: String,
    /// What it is, as HTTP says it.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The rejected rows as CSV, whatever the file was.
pub async fn csv(platform: &Platform, caller: &Caller, id: ImportId) -> Result<RejectsFile> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.read().await?;
    let found = find(&mut tx, id).await?;
    as_csv(&mut tx, &found).await
}

/// The rejected rows as the file was: a workbook for a workbook, CSV for all else.
pub async fn file(platform: &Platform, caller: &Caller, id: ImportId) -> Result<RejectsFile> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.read().await?;
    let found = find(&mut tx, id).await?;
    match found.upload.shape.format {
        Format::Xlsx => as_workbook(&mut tx, &found).await,
        Format::Csv | Format::Parquet => as_csv(&mut tx, &found).await,
    }
}

async fn find(tx: &mut Tx, id: ImportId) -> Result<Found> {
    store::get(tx, id)
        .await?
        .ok_or(Error::NotFound { what: "import" })
}

async fn as_csv(tx: &mut Tx, found: &Found) -> Result<RejectsFile> {
    let mut csv = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let header = header(found);
    csv.write_record(header.iter().map(|cell| formula::defused(cell).into_owned()))
        .map_err(Error::internal)?;
    let mut pages = Pages::of(found);
    while let Some(rows) = pages.next(tx).await? {
        for rejected in &rows {
            let cells = cells(rejected, found.upload.columns.len());
            csv.write_record(cells.iter().map(|cell| formula::defused(cell).into_owned()))
                .map_err(Error::internal)?;
        }
    }
    Ok(RejectsFile {
        name: name(found, "csv"),
        content_type: "text/csv; charset=utf-8",
        bytes: csv.into_inner().map_err(Error::internal)?,
    })
}

async fn as_workbook(tx: &mut Tx, found: &Found) -> Result<RejectsFile> {
    let mut workbook = Workbook::new();
    let mut rows = vec![header(found)];
    let mut pages = Pages::of(found);
    while let Some(more) = pages.next(tx).await? {
        rows.extend(
            more.iter()
                .map(|rejected| cells(rejected, found.upload.columns.len())),
        );
    }
    let written = tokio::task::spawn_blocking(move || {
        // Every cell is a text; one that looks like a formula stays a text when someone edits it.
        let (plain, quoted) = (CellFormat::new(), CellFormat::new().set_quote_prefix());
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let format = if formula::is_formula_like(cell) {
                    &quoted
                } else {
                    &plain
                };
                let text: String = cell.chars().take(CELL_CHARS_MAX).collect();
                sheet.write_string_with_format(row, column, text, format)?;
            }
        }
        workbook.save_to_buffer()
    });
    Ok(RejectsFile {
        name: name(found, "xlsx"),
        content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        bytes: written.await.map_err(Error::internal)?.map_err(Error::internal)?,
    })
}

fn name(found: &Found, extension: &str) -> String {
    let name = &found.upload.file_name;
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    format!("{stem}-rejects.{extension}")
}

fn header(found: &Found) -> Vec<String> {
    let columns = found.upload.columns.iter().map(|column| column.name.clone());
    columns.chain(OWN_COLUMNS.map(str::to_owned)).collect()
}

/// The cells of a rejected row, as many as the header has, and what is said about it.
fn cells(rejected: &RejectedRow, width: usize) -> Vec<String> {
    let reject = &rejected.reject;
    let came = (0..width).map(|n| rejected.cells.get(n).cloned().unwrap_or_default());
    // Cells beyond the header go with the reason, so that nothing of the row is lost.
    let beyond = rejected.cells.get(width..).filter(|more| !more.is_empty());
    let mut reason = format!("{} ({}", reject.code, reject.message);
    if let Some(more) = beyond {
        reason += &format!("; further cells: {}", more.join(" | "));
    }
    if rejected.is_cut {
        reason += "; the row is longer than is kept and ends where the … is";
    }
    reason.push(')');
    let about = [
        reject.line.to_string(),
        reject.column.clone().unwrap_or_default(),
        reason,
    ];
    came.chain(about).collect()
}

/// The kept rejects, some at a time.
struct Pages {
    import: ImportId,
    after: i32,
    ended: bool,
}

impl Pages {
    fn of(found: &Found) -> Self {
        Self {
            import: found.upload.id,
            after: -1,
            ended: false,
        }
    }

    async fn next(&mut self, tx: &mut Tx) -> Result<Option<Vec<RejectedRow>>> {
        if self.ended {
            return Ok(None);
        }
        let rows = store::rejects(tx, self.import, self.after, PER_QUERY).await?;
        self.ended = rows.len() < PER_QUERY as usize;
        if let Some((number, _)) = rows.last() {
            self.after = *number;
        }
        Ok(Some(rows.into_iter().map(|(_, rejected)| rejected).collect()))
    }
}
