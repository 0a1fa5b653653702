//! Parquet: every flat column as text, so that it is checked like any other file.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base::{Error, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{Row, unreadable};

const BATCH_ROWS: usize = 2048;

/// The rows of a Parquet file.
#[derive(Debug)]
pub(super) struct ParquetRows {
    reader: ParquetRecordBatchReader,
    columns: Vec<Texts>,
    batch_rows: usize,
    next_in_batch: usize,
    rows_given: u64,
}

/// The texts of one column of one batch, end to end.
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

    fn fill(&mut self, array: &dyn Array) -> Result<()> {
        use std::fmt::Write as _;
        self.text.clear();
        self.ends.clear();
        // Arrow writes large floats with an exponent, which no amount has.
        macro_rules! floats {
            ($of:ty) => {
                for value in array.as_primitive::<$of>() {
                    if let Some(value) = value {
                        write!(self.text, "{value}").map_err(unreadable)?;
                    }
                    self.ends.push(self.text.len());
                }
            };
        }
        match array.data_type() {
            DataType::Float64 => floats!(Float64Type),
            DataType::Float32 => floats!(Float32Type),
            _ => {
                let options = FormatOptions::default();
                let formatter = ArrayFormatter::try_new(array, &options).map_err(unreadable)?;
                for row in 0..array.len() {
                    if array.is_valid(row) {
                        write!(self.text, "{}", formatter.value(row)).map_err(unreadable)?;
                    }
                    self.ends.push(self.text.len());
                }
            }
        }
        Ok(())
    }
}

impl ParquetRows {
    pub(super) fn open(path: &Path) -> Result<(Vec<String>, Self)> {
        let file = File::open(path).map_err(unreadable)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
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
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(unreadable)?;
        let rows = Self {
            reader,
            columns: columns.iter().map(|_| Texts::default()).collect(),
            batch_rows: 0,
            next_in_batch: 0,
            rows_given: 0,
        };
        Ok((columns, rows))
    }

    pub(super) fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        while self.next_in_batch == self.batch_rows {
            match self.reader.next() {
                None => return Ok(false),
                Some(batch) => self.take_batch(&batch.map_err(unreadable)?)?,
            }
        }
        row.problem = None;
        row.cells.clear();
        for column in &self.columns {
            row.cells.push_field(column.get(self.next_in_batch));
        }
        self.next_in_batch += 1;
        self.rows_given += 1;
        row.line = self.rows_given;
        Ok(true)
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.batch_rows = batch.num_rows();
        self.next_in_batch = 0;
        self.columns
            .iter_mut()
            .zip(batch.columns())
            .try_for_each(|(texts, array)| texts.fill(array))
    }
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
