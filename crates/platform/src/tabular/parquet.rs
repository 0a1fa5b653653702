//! Parquet: every flat column as text, so that it is checked like any other file.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray as _, RecordBatch, RecordBatchReader as _};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base::{Error, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::{ROW_BYTES_MAX, Row, parquet_pages, unreadable};

/// The most rows decoded at once, and the bytes they may come to by what the file says of itself.
const BATCH_ROWS_MAX: usize = 1_024;
const BATCH_BYTES: usize = 32 * 1024 * 1024;
/// Rows turned into text at once: with the limit of a row, 64 MiB at the very most.
const WINDOW_ROWS: usize = 64;

/// The rows of a Parquet file.
#[derive(Debug)]
pub(super) struct ParquetRows {
    reader: ParquetRecordBatchReader,
    /// What of the batch read last is not text yet.
    batch: RecordBatch,
    columns: Vec<Texts>,
    window_rows: usize,
    next_in_window: usize,
    rows_given: u64,
}

/// The texts of one column of some rows, end to end.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, row: usize) -> &str {
        let from = if row == 0 {
            0
        } else {
            self.ends.get(row - 1).copied().unwrap_or(0)
        };
        let to = self.ends.get(row).copied().unwrap_or(from);
        self.text.get(from..to).unwrap_or_default()
    }

    /// Takes the texts of an array, and adds their lengths to those of their rows.
    ///
    /// Errors: `row_too_large`, naming the row, which comes after `rows_before` others.
    fn fill(&mut self, array: &dyn Array, row_bytes: &mut [usize], rows_before: u64) -> Result<()> {
        use std::fmt::Write as _;
        self.text.clear();
        self.ends.clear();
        let options = FormatOptions::default();
        let formatter = ArrayFormatter::try_new(array, &options).map_err(unreadable)?;
        for (row, bytes) in row_bytes.iter_mut().enumerate() {
            let before = self.text.len();
            if array.is_valid(row) {
                // Arrow writes large floats with an exponent, which no amount has.
                match array.data_type() {
                    DataType::Float64 => {
                        write!(self.text, "{}", array.as_primitive::<Float64Type>().value(row))
                    }
                    DataType::Float32 => {
                        write!(self.text, "{}", array.as_primitive::<Float32Type>().value(row))
                    }
                    _ => write!(self.text, "{}", formatter.value(row)),
                }
                .map_err(unreadable)?;
            }
            self.ends.push(self.text.len());
            *bytes += self.text.len() - before;
            if *bytes > ROW_BYTES_MAX {
                return Err(Error::invalid(
                    "row_too_large",
                    format!("row {} is longer than 1 MiB", rows_before + row as u64 + 1),
                ));
            }
        }
        Ok(())
    }
}

/// Passes if a file can be read without its pages filling the memory.
///
/// Errors: `pages_too_large`, `file_unreadable`.
pub(super) fn inspect(path: &Path) -> Result<()> {
    parquet_pages::check_footer(path)?;
    let file = File::open(path).map_err(unreadable)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(unreadable)?;
    parquet_pages::check_pages(path, metadata.metadata())
}

impl ParquetRows {
    pub(super) fn open(path: &Path) -> Result<(Vec<String>, Self)> {
        let file = File::open(path).map_err(unreadable)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(unreadable)?;
        let batch_rows = batch_rows(metadata.metadata());
        let options = ArrowReaderOptions::new().with_schema(with_views(metadata.schema()));
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(unreadable)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let flat: Vec<usize> = builder
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| is_flat(field.data_type()))
            .map(|(n, _)| n)
            .collect();
        if flat.is_empty() {
            return Err(Error::invalid(
                "header_missing",
                "the file has no column of texts, numbers or times",
            ));
        }
        let columns: Vec<String> = flat
            .iter()
            .map(|&n| builder.schema().field(n).name().trim().to_owned())
            .collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), flat.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_batch_size(batch_rows)
            .build()
            .map_err(unreadable)?;
        let rows = Self {
            batch: RecordBatch::new_empty(reader.schema()),
            reader,
            columns: columns.iter().map(|_| Texts::default()).collect(),
            window_rows: 0,
            next_in_window: 0,
            rows_given: 0,
        };
        Ok((columns, rows))
    }

    pub(super) fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        while self.next_in_window == self.window_rows {
            if self.batch.num_rows() == 0 {
                match self.reader.next() {
                    None => return Ok(false),
                    Some(batch) => self.batch = batch.map_err(unreadable)?,
                }
            }
            self.take_window()?;
        }
        row.cells.clear();
        for column in &self.columns {
            row.cells.push_field(column.get(self.next_in_window));
        }
        self.next_in_window += 1;
        self.rows_given += 1;
        row.line = self.rows_given;
        Ok(true)
    }

    /// Turns the next rows of the batch into text.
    fn take_window(&mut self) -> Result<()> {
        let rows = self.batch.num_rows().min(WINDOW_ROWS);
        let mut row_bytes = vec![0; rows];
        for (texts, array) in self.columns.iter_mut().zip(self.batch.columns()) {
            texts.fill(&*array.slice(0, rows), &mut row_bytes, self.rows_given)?;
        }
        self.batch = self.batch.slice(rows, self.batch.num_rows() - rows);
        self.window_rows = rows;
        self.next_in_window = 0;
        Ok(())
    }
}

/// Texts as views into the pages: one long text that many rows share is in memory once.
fn with_views(schema: &Schema) -> SchemaRef {
    let views = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(views.collect::<Vec<_>>()))
}

/// How many rows to decode at once, going by how large the file says its rows are.
fn batch_rows(metadata: &ParquetMetaData) -> usize {
    let row_bytes = metadata.row_groups().iter().map(|group| {
        let bytes = usize::try_from(group.total_byte_size()).unwrap_or(usize::MAX);
        bytes / usize::try_from(group.num_rows()).unwrap_or(1).max(1)
    });
    let widest = row_bytes.max().unwrap_or(0).max(1);
    (BATCH_BYTES / widest).clamp(1, BATCH_ROWS_MAX)
}

fn is_flat(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_flat(values),
        DataType::Null
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Duration(_)
        | DataType::Interval(_)
        | DataType::RunEndEncoded(..) => false,
        other => !other.is_nested(),
    }
}
