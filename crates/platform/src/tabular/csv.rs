//! CSV: with or without quotes, any usual separator, bounded rows.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use base::{Error, Result};

use super::encoding::{Encoding, Utf8Reader};
use super::{ROW_BYTES_MAX, Row, RowProblem, Shape, unreadable};

const BUFFER_BYTES: usize = 64 * 1024;

/// The separator of a file: the one that the header has most of.
pub(super) fn detect_separator(path: &Path, encoding: Encoding) -> Result<u8> {
    let mut text = vec![0; BUFFER_BYTES];
    let mut reader = Utf8Reader::new(File::open(path).map_err(unreadable)?, encoding);
    let mut got = 0;
    while got < text.len() {
        match reader.read(&mut text[got..]).map_err(unreadable)? {
            0 => break,
            n => got += n,
        }
    }
    let mut counts = [(b',', 0_u32), (b'\t', 0), (b';', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in &text[..got] {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            byte => {
                if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| *separator == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals wins: a header without any separator has one column.
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    Ok(counts
        .iter()
        .find(|(_, count)| *count == most)
        .map_or(b',', |(separator, _)| *separator))
}

/// The rows of a CSV file.
#[derive(Debug)]
pub(super) struct CsvRows {
    reader: csv::Reader<Metered<Utf8Reader<File>>>,
    metered: Arc<Meter>,
    width: usize,
    bytes: csv::ByteRecord,
    /// 1 if the reader has counted the line's end when it gives a row (LF), 0 if not (CRLF).
    passes_line_end: u64,
    line_after: u64,
}

impl CsvRows {
    pub(super) fn open(path: &Path, shape: &Shape) -> Result<(Vec<String>, Self)> {
        let metered = Arc::new(Meter::default());
        let file = File::open(path).map_err(unreadable)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(shape.separator)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Metered {
                inner: Utf8Reader::new(file, shape.encoding),
                meter: Arc::clone(&metered),
            });
        let mut header = csv::ByteRecord::new();
        let found = reader.read_byte_record(&mut header).map_err(read_error)?;
        if !found || header.iter().all(|name| name.trim_ascii().is_empty()) {
            return Err(Error::invalid(
                "header_missing",
                "the first line must name the columns",
            ));
        }
        let columns: Vec<String> = header
            .iter()
            .enumerate()
            .map(|(n, name)| match String::from_utf8_lossy(name).trim() {
                "" => format!("column {}", n + 1),
                name => name.to_owned(),
            })
            .collect();
        let width = columns.len();
        let header_lines = 1 + header.iter().flatten().filter(|&&byte| byte == b'\n').count() as u64;
        let line_after = reader.position().line();
        let rows = Self {
            passes_line_end: u64::from(line_after > header_lines),
            line_after,
            reader,
            metered,
            width,
            bytes: header,
        };
        Ok((columns, rows))
    }

    pub(super) fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        self.metered.bytes_since_row.store(0, Ordering::Relaxed);
        if !self
            .reader
            .read_byte_record(&mut self.bytes)
            .map_err(read_error)?
        {
            return Ok(false);
        }
        let line_after = self.reader.position().line();
        let lines_within = self.bytes.iter().flatten().filter(|&&byte| byte == b'\n').count() as u64;
        // A row ends where the reader stands; with LF it has passed the line's end already, with CRLF not
        // yet, and a last line may have no end at all.
        row.line = line_after
            .saturating_sub(lines_within + self.passes_line_end)
            .max(self.line_after * self.passes_line_end)
            .max(1);
        self.line_after = line_after;

        row.cells.clear();
        let mut broken_text = false;
        for cell in &self.bytes {
            match std::str::from_utf8(cell) {
                Ok(text) => {
                    broken_text |= text.contains('\u{fffd}');
                    row.cells.push_field(text);
                }
                Err(_) => {
                    broken_text = true;
                    row.cells.push_field(&String::from_utf8_lossy(cell));
                }
            }
        }
        // The row ended because the file did, within quotes that nothing closed: it has swallowed lines.
        let open_at_end = self.metered.ended.load(Ordering::Relaxed)
            && self
                .bytes
                .iter()
                .next_back()
                .is_some_and(|cell| cell.contains(&b'\n'))
            && self.metered.last_byte.load(Ordering::Relaxed) != b'"';
        if self.bytes.len() != self.width || open_at_end {
            if lines_within > 0 {
                return Err(Error::invalid(
                    "quote_unclosed",
                    format!(
                        "a quotation mark that opens on line {} is not closed before line {}; double it if it \
                         belongs to the text",
                        row.line,
                        row.line + lines_within
                    ),
                ));
            }
            row.problem = Some(RowProblem {
                code: "column_count",
                message: format!(
                    "the row has {} cells, the header {}",
                    self.bytes.len(),
                    self.width
                ),
            });
        } else if broken_text {
            row.problem = Some(RowProblem {
                code: "text_malformed",
                message: "the text of this row is damaged or in another encoding than the rest".to_owned(),
            });
        }
        Ok(true)
    }
}

/// Fails when one row has taken more than [`ROW_BYTES_MAX`].
#[derive(Debug)]
struct Metered<R> {
    inner: R,
    meter: Arc<Meter>,
}

/// What has gone through to the reader.
#[derive(Debug, Default)]
struct Meter {
    bytes_since_row: AtomicU64,
    /// The last byte that is no white space.
    last_byte: AtomicU8,
    /// The reader asked for more and there was none.
    ended: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
#[error("a row is longer than 1 MiB, or a quotation mark is not closed")]
struct RowTooLarge;

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.meter.bytes_since_row.load(Ordering::Relaxed) > ROW_BYTES_MAX as u64 {
            return Err(io::Error::other(RowTooLarge));
        }
        let got = self.inner.read(out)?;
        self.meter
            .bytes_since_row
            .fetch_add(got as u64, Ordering::Relaxed);
        self.meter.ended.fetch_or(got == 0, Ordering::Relaxed);
        if let Some(last) = out[..got].trim_ascii_end().last() {
            self.meter.last_byte.store(*last, Ordering::Relaxed);
        }
        Ok(got)
    }
}

fn read_error(e: csv::Error) -> Error {
    let line = e.position().map(csv::Position::line);
    match e.into_kind() {
        csv::ErrorKind::Io(io) if io.get_ref().is_some_and(|inner| inner.is::<RowTooLarge>()) => {
            let message = match line {
                Some(line) => format!("{RowTooLarge} (near line {line})"),
                None => RowTooLarge.to_string(),
            };
            Error::invalid("row_too_large", message)
        }
        csv::ErrorKind::Io(io) => unreadable(io),
        kind => unreadable(format!("{kind:?}")),
    }
}
