//! Reads the tables people bring: CSV in the encodings and separators that Chinese and western programs
//! write, Excel workbooks and Parquet. One row at a time in bounded memory; a row that cannot be read is named by its
//! line, never dropped. Knows nothing of what the columns mean. Blocking: call it off the async threads.

mod csv;
mod encoding;
pub mod formula;
mod parquet;
mod parquet_pages;
mod xlsx;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base::{Error, Result};
use serde::{Deserialize, Serialize};

pub use encoding::Encoding;
pub use xlsx::SheetInfo;

/// More columns than anyone maps; a file with more is not a table.
pub const COLUMNS_MAX: usize = 500;

/// The longest row, in bytes: neither a quote that is never closed nor a cell of gigabytes is taken into
/// memory.
const ROW_BYTES_MAX: usize = 1024 * 1024;

/// What kind of file a table is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with separators and a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// An Excel workbook.
    Xlsx,
}

impl Format {
    /// The format's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The kind of file.
    pub format: Format,
    /// How its text is written.
    pub encoding: Encoding,
    /// What separates the columns of a CSV file.
    pub separator: u8,
    /// Which sheet of a workbook, from 0.
    #[serde(default)]
    pub sheet: u16,
}

/// One row as it came.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The line it begins on (CSV, the header is line 1), the row of the sheet (XLSX) or its number (Parquet,
    /// from 1).
    pub line: u64,
    /// Its cells as text, one per column unless there is a problem.
    pub cells: ::csv::StringRecord,
    /// Why it cannot be used.
    pub problem: Option<RowProblem>,
    /// Cells that cannot be used: the column, and why. It only matters to who reads that column.
    pub cell_problems: Vec<(usize, RowProblem)>,
}

/// Why a row, or a cell of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Stable name: `column_count`, `text_malformed`.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// An open table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<String>,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    Csv(Box<csv::CsvRows>),
    Parquet(Box<parquet::ParquetRows>),
    Xlsx(Box<xlsx::XlsxRows>),
}

impl Shape {
    /// Finds out what a file is. Reads all of it once, because one late byte decides the encoding; of a
    /// workbook the first sheet that can be seen is taken.
    ///
    /// Errors: `file_empty`, `format_unknown` (it says what it looks like), `file_unreadable`,
    /// `workbook_too_large`, `pages_too_large`.
    pub fn detect(path: &Path) -> Result<Self> {
        let mut head = [0_u8; 8];
        let mut file = File::open(path).map_err(unreadable)?;
        let got = read_head(&mut file, &mut head)?;
        match &head[..got] {
            [] => Err(Error::invalid("file_empty", "the file is empty")),
            [b'P', b'A', b'R', b'1', ..] => {
                parquet::inspect(path)?;
                Ok(Self {
                    format: Format::Parquet,
                    encoding: Encoding::Utf8,
                    separator: b',',
                    sheet: 0,
                })
            }
            [b'P', b'K', 3, 4, ..] => {
                let sheets = xlsx::inspect(path)?;
                let seen = sheets.iter().position(|sheet| !sheet.hidden).unwrap_or(0);
                Ok(Self {
                    format: Format::Xlsx,
                    encoding: Encoding::Utf8,
                    separator: b',',
                    sheet: u16::try_from(seen).unwrap_or(0),
                })
            }
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(Error::invalid(
                "format_unknown",
                "this is an Excel workbook that is protected by a password or of the old kind (.xls); save it \
                 as .xlsx without a password",
            )),
            [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(Error::invalid(
                "format_unknown",
                "this file is compressed; unpack it and upload the table inside",
            )),
            _ => Self::of_text(path, Encoding::detect(path)?),
        }
    }

    /// A text file whose encoding someone knows better than [`Shape::detect`].
    ///
    /// Errors: `file_unreadable`.
    pub fn of_text(path: &Path, encoding: Encoding) -> Result<Self> {
        Ok(Self {
            format: Format::Csv,
            encoding,
            separator: csv::detect_separator(path, encoding)?,
            sheet: 0,
        })
    }

    /// The sheets of the file, if it is a workbook.
    ///
    /// Errors: `file_unreadable`.
    pub fn sheets(&self, path: &Path) -> Result<Vec<SheetInfo>> {
        match self.format {
            Format::Xlsx => xlsx::sheets(path),
            Format::Csv | Format::Parquet => Ok(Vec::new()),
        }
    }
}

/// Writes a text file as UTF-8 into `to`, for readers that take nothing else; false, and nothing is written,
/// when it is UTF-8 already or no text. Without an encoding it is found out.
///
/// Errors: `file_unreadable`, `file_not_writable`.
pub fn copy_as_utf8(path: &Path, encoding: Option<Encoding>, to: &Path) -> Result<bool> {
    if encoding == Some(Encoding::Utf8) {
        return Ok(false);
    }
    let shape = match (Shape::detect(path), encoding) {
        // What the file is, the reader says better.
        (Err(_), _) => return Ok(false),
        (Ok(shape), Some(encoding)) if shape.format == Format::Csv => Shape { encoding, ..shape },
        (Ok(shape), _) => shape,
    };
    if shape.format != Format::Csv || shape.encoding == Encoding::Utf8 {
        return Ok(false);
    }
    let mut from = encoding::Utf8Reader::new(File::open(path).map_err(unreadable)?, shape.encoding);
    let not_written =
        |e: std::io::Error| Error::invalid("file_not_writable", format!("{}: {e}", to.display()));
    let mut copy = File::create_new(to).map_err(not_written)?;
    std::io::copy(&mut from, &mut copy).map_err(not_written)?;
    Ok(true)
}

impl Table {
    /// Opens a file of a known shape.
    ///
    /// Errors: `file_unreadable`, `header_missing`, `too_many_columns`, `format_unknown`, `sheet_unknown`.
    pub fn open(path: &Path, shape: &Shape) -> Result<Self> {
        let (columns, rows) = match shape.format {
            Format::Csv => {
                let (columns, rows) = csv::CsvRows::open(path, shape)?;
                (columns, Rows::Csv(Box::new(rows)))
            }
            Format::Parquet => {
                let (columns, rows) = parquet::ParquetRows::open(path)?;
                (columns, Rows::Parquet(Box::new(rows)))
            }
            Format::Xlsx => {
                let (columns, rows) = xlsx::XlsxRows::open(path, shape.sheet)?;
                (columns, Rows::Xlsx(Box::new(rows)))
            }
        };
        if columns.len() > COLUMNS_MAX {
            return Err(Error::invalid(
                "too_many_columns",
                format!(
                    "the file has {} columns; at most {COLUMNS_MAX} can be read",
                    columns.len()
                ),
            ));
        }
        if columns.iter().any(|name| name.contains('\0')) {
            return Err(Error::invalid(
                "format_unknown",
                "the names of the columns have NUL characters in them; if this is UTF-16 text without a byte \
                 order mark, save it as CSV (UTF-8)",
            ));
        }
        Ok(Self { columns, rows })
    }

    /// The names of the columns, in the file's order; two may be the same.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Reads the next row into `row`; false at the end. Rows without any text are passed over.
    ///
    /// Errors: the file cannot be read further (`quote_unclosed`, `row_too_large`, `file_unreadable`).
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        loop {
            row.problem = None;
            row.cell_problems.clear();
            let more = match &mut self.rows {
                Rows::Csv(rows) => rows.next_row(row)?,
                Rows::Parquet(rows) => rows.next_row(row)?,
                Rows::Xlsx(rows) => rows.next_row(row)?,
            };
            if !more
                || row.problem.is_some()
                || !row.cell_problems.is_empty()
                || row.cells.iter().any(|cell| !cell.trim().is_empty())
            {
                return Ok(more);
            }
        }
    }
}

fn read_head(file: &mut File, head: &mut [u8]) -> Result<usize> {
    let mut got = 0;
    while got < head.len() {
        match file.read(&mut head[got..]).map_err(unreadable)? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// The file itself is at fault, as far as the person who brought it is concerned.
fn unreadable(e: impl std::fmt::Display) -> Error {
    Error::invalid("file_unreadable", format!("the file cannot be read: {e}"))
}

#[cfg(test)]
mod tests;
