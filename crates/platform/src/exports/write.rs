//! The files of exports, written row by row in bounded memory. No text becomes a formula; numbers stay numbers.
//! Blocking: call it off the async threads.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use base::{Error, Money, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use rust_xlsxwriter::{ColNum, ExcelDateTime, Format, RowNum, Workbook, XlsxError};

use super::files::not_written;
use super::kind::{ExportCell, ExportColumn, ExportColumnKind};
use super::model::ExportFormat;
use crate::private;
use crate::tabular::formula;

/// The rows of a sheet below its header.
const SHEET_ROWS_MAX: u32 = 1_048_575;
/// The longest cell of a workbook, in characters.
const CELL_CHARS_MAX: usize = 32_767;
/// Whole numbers up to here are exact in a workbook, which has only floats; larger ones are written as texts.
const EXACT_MAX: u64 = 999_999_999_999_999;
/// Rows that Parquet holds in memory before they are written.
const GROUP_ROWS: usize = 50_000;
/// Amounts in Parquet: digits and decimals, enough for every currency.
const AMOUNT: (u8, i8) = (24, 4);

/// A file that is being written.
pub(super) struct Writer {
    columns: &'static [ExportColumn],
    file: Kind,
}

enum Kind {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<ArrowWriter<BufWriter<File>>>, SchemaRef),
    Xlsx(Box<Sheet>),
}

/// A workbook and what it is written into at the end.
struct Sheet {
    workbook: Workbook,
    file: File,
    rows: RowNum,
    quoted: Format,
    day: Format,
}

impl Writer {
    /// Begins a file with its header. What a workbook needs meanwhile is kept in the same folder.
    pub(super) fn create(
        path: &Path,
        format: ExportFormat,
        columns: &'static [ExportColumn],
    ) -> Result<Self> {
        let file = private::writing()
            .create_new(true)
            .open(path)
            .map_err(not_written)?;
        let file = match format {
            ExportFormat::Csv => Kind::Csv(Box::new(csv_of(file, columns)?)),
            ExportFormat::Parquet => {
                let schema = schema(columns);
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .build();
                let writer =
                    ArrowWriter::try_new(BufWriter::new(file), Arc::clone(&schema), Some(properties));
                Kind::Parquet(Box::new(writer.map_err(parquet_error)?), schema)
            }
            ExportFormat::Xlsx => {
                let folder = path.parent().unwrap_or(path);
                Kind::Xlsx(Box::new(Sheet::begin(file, folder, columns).map_err(xlsx_error)?))
            }
        };
        Ok(Self { columns, file })
    }

    /// Adds rows. Errors: `too_many_rows` for a workbook, `disk_full`.
    pub(super) fn write(&mut self, rows: &[Vec<ExportCell>]) -> Result<()> {
        match &mut self.file {
            Kind::Csv(writer) => {
                for row in rows {
                    writer.write_record(row.iter().map(csv_cell)).map_err(csv_error)?;
                }
                Ok(())
            }
            Kind::Parquet(writer, schema) => {
                let batch = batch(self.columns, schema, rows)?;
                writer.write(&batch).map_err(parquet_error)
            }
            Kind::Xlsx(sheet) => {
                if u32::try_from(rows.len())
                    .is_ok_and(|more| sheet.rows.saturating_add(more) > SHEET_ROWS_MAX)
                {
                    return Err(Error::conflict(
                        "too_many_rows",
                        format!(
                            "a sheet has at most {SHEET_ROWS_MAX} rows; filter the list or export it as CSV"
                        ),
                    ));
                }
                rows.iter()
                    .try_for_each(|row| sheet.write(row))
                    .map_err(xlsx_error)
            }
        }
    }

    /// Ends the file and brings it to the disk; gives its size.
    pub(super) fn finish(self) -> Result<u64> {
        let file = match self.file {
            Kind::Csv(writer) => {
                let buffer = writer.into_inner().map_err(|e| not_written(e.into_error()))?;
                buffer.into_inner().map_err(|e| not_written(e.into_error()))?
            }
            Kind::Parquet(writer, _) => {
                let buffer = writer.into_inner().map_err(parquet_error)?;
                buffer.into_inner().map_err(|e| not_written(e.into_error()))?
            }
            Kind::Xlsx(mut sheet) => {
                let mut buffer = BufWriter::new(&sheet.file);
                sheet.workbook.save_to_writer(&mut buffer).map_err(xlsx_error)?;
                buffer.flush().map_err(not_written)?;
                drop(buffer);
                sheet.file
            }
        };
        file.sync_all().map_err(not_written)?;
        Ok(file.metadata().map_err(not_written)?.len())
    }
}

fn csv_of(mut file: File, columns: &[ExportColumn]) -> Result<csv::Writer<BufWriter<File>>> {
    file.write_all(b"\xef\xbb\xbf").map_err(not_written)?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    writer
        .write_record(columns.iter().map(|column| column.name))
        .map_err(csv_error)?;
    Ok(writer)
}

fn csv_cell(cell: &ExportCell) -> String {
    match cell {
        ExportCell::Empty => String::new(),
        ExportCell::Text(text) => formula::defused(text).into_owned(),
        ExportCell::Whole(number) => number.to_string(),
        ExportCell::Real(number) => number.to_string(),
        ExportCell::Amount(money) => decimal(*money),
        ExportCell::Day(day) => day.to_string(),
    }
}

/// An amount in major units: `-0.05`.
fn decimal(money: Money) -> String {
    let per_major = money.currency.minor_per_major().unsigned_abs();
    let (sign, minor) = (if money.minor < 0 { "-" } else { "" }, money.minor.unsigned_abs());
    let (whole, rest) = (minor / per_major, minor % per_major);
    match money.currency.minor_digits() as usize {
        0 => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{rest:0digits$}"),
    }
}

impl Sheet {
    fn begin(file: File, folder: &Path, columns: &[ExportColumn]) -> std::result::Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        let heading = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        for (column, about) in (0..).zip(columns) {
            sheet.write_string_with_format(0, column, about.name, &heading)?;
        }
        Ok(Self {
            workbook,
            file,
            rows: 0,
            quoted: Format::new().set_quote_prefix(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
        })
    }

    fn write(&mut self, cells: &[ExportCell]) -> std::result::Result<(), XlsxError> {
        self.rows += 1;
        let row = self.rows;
        for (column, cell) in (0..).zip(cells) {
            self.write_cell(row, column, cell)?;
        }
        Ok(())
    }

    fn write_cell(
        &mut self,
        row: RowNum,
        column: ColNum,
        cell: &ExportCell,
    ) -> std::result::Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        match cell {
            ExportCell::Empty => return Ok(()),
            ExportCell::Text(text) if formula::is_formula_like(text) => {
                // A text that shows its quotation mark to nobody and is never computed, even when it is edited.
                let text: String = text.chars().take(CELL_CHARS_MAX).collect();
                sheet.write_string_with_format(row, column, text, &self.quoted)?
            }
            ExportCell::Text(text) => {
                let text: String = text.chars().take(CELL_CHARS_MAX).collect();
                sheet.write_string(row, column, text)?
            }
            ExportCell::Whole(number) if number.unsigned_abs() <= EXACT_MAX => {
                sheet.write_number(row, column, *number as f64)?
            }
            ExportCell::Whole(number) => sheet.write_string(row, column, number.to_string())?,
            ExportCell::Real(number) if number.is_finite() => sheet.write_number(row, column, *number)?,
            ExportCell::Real(number) => sheet.write_string(row, column, number.to_string())?,
            ExportCell::Amount(money) => match decimal(*money).parse::<f64>() {
                Ok(number) if money.minor.unsigned_abs() <= EXACT_MAX => {
                    sheet.write_number(row, column, number)?
                }
                _ => sheet.write_string(row, column, decimal(*money))?,
            },
            ExportCell::Day(day) => {
                let date = day.date();
                let at = u16::try_from(date.year()).ok().and_then(|year| {
                    ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs()).ok()
                });
                match at {
                    Some(at) => sheet.write_datetime_with_format(row, column, &at, &self.day)?,
                    // A workbook knows no day before 1900.
                    None => sheet.write_string(row, column, day.to_string())?,
                }
            }
        };
        Ok(())
    }
}

fn schema(columns: &[ExportColumn]) -> SchemaRef {
    let fields = columns.iter().map(|column| {
        let kind = match column.kind {
            ExportColumnKind::Text => DataType::Utf8,
            ExportColumnKind::Whole => DataType::Int64,
            ExportColumnKind::Real => DataType::Float64,
            ExportColumnKind::Amount => DataType::Decimal128(AMOUNT.0, AMOUNT.1),
            ExportColumnKind::Day => DataType::Date32,
        };
        Field::new(column.name, kind, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn batch(columns: &[ExportColumn], schema: &SchemaRef, rows: &[Vec<ExportCell>]) -> Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (n, column) in columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(n).unwrap_or(&ExportCell::Empty));
        arrays.push(array(column.kind, cells)?);
    }
    RecordBatch::try_new(Arc::clone(schema), arrays).map_err(Error::internal)
}

fn array<'a>(kind: ExportColumnKind, cells: impl Iterator<Item = &'a ExportCell>) -> Result<ArrayRef> {
    Ok(match kind {
        ExportColumnKind::Text => {
            let mut builder = StringBuilder::new();
            cells.for_each(|cell| match cell {
                ExportCell::Text(text) => builder.append_value(text),
                _ => builder.append_null(),
            });
            Arc::new(builder.finish())
        }
        ExportColumnKind::Whole => {
            let mut builder = Int64Builder::new();
            cells.for_each(|cell| match cell {
                ExportCell::Whole(number) => builder.append_value(*number),
                _ => builder.append_null(),
            });
            Arc::new(builder.finish())
        }
        ExportColumnKind::Real => {
            let mut builder = Float64Builder::new();
            cells.for_each(|cell| match cell {
                ExportCell::Real(number) => builder.append_value(*number),
                _ => builder.append_null(),
            });
            Arc::new(builder.finish())
        }
        ExportColumnKind::Amount => {
            let mut builder = Decimal128Builder::new()
                .with_precision_and_scale(AMOUNT.0, AMOUNT.1)
                .map_err(Error::internal)?;
            for cell in cells {
                match cell {
                    ExportCell::Amount(money) => {
                        let missing =
                            u32::from(AMOUNT.1.unsigned_abs()).saturating_sub(money.currency.minor_digits());
                        builder.append_value(i128::from(money.minor) * 10_i128.pow(missing));
                    }
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        ExportColumnKind::Day => {
            let mut builder = Date32Builder::new();
            cells.for_each(|cell| match cell {
                ExportCell::Day(day) => builder.append_value(day.0),
                _ => builder.append_null(),
            });
            Arc::new(builder.finish())
        }
    })
}

fn csv_error(e: csv::Error) -> Error {
    match e.into_kind() {
        csv::ErrorKind::Io(e) => not_written(e),
        kind => Error::internal(format!("writing an export: {kind:?}")),
    }
}

fn parquet_error(e: ParquetError) -> Error {
    match e {
        ParquetError::External(e) => match e.downcast::<io::Error>() {
            Ok(e) => not_written(*e),
            Err(e) => Error::internal(e),
        },
        e => Error::internal(e),
    }
}

fn xlsx_error(e: XlsxError) -> Error {
    match e {
        XlsxError::IoError(e) => not_written(e),
        e => Error::internal(e),
    }
}

#[cfg(test)]
mod tests {
    use base::{Currency, Day};

    use super::*;
    use crate::tabular::{Row, Shape, Table};

    const COLUMNS: &[ExportColumn] = &[
        ExportColumn {
            name: "name",
            kind: ExportColumnKind::Text,
        },
        ExportColumn {
            name: "n",
            kind: ExportColumnKind::Whole,
        },
        ExportColumn {
            name: "share",
            kind: ExportColumnKind::Real,
        },
        ExportColumn {
            name: "amount",
            kind: ExportColumnKind::Amount,
        },
        ExportColumn {
            name: "day",
            kind: ExportColumnKind::Day,
        },
    ];

    const NAMES: [&str; 9] = [
        "=HYPERLINK(\"http://x\")",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "张三 😀",
        "\u{202e}abc",
        "'; DROP TABLE customers; --",
        "a,\"b\"\nc",
    ];

    fn rows() -> Vec<Vec<ExportCell>> {
        let money = |minor| ExportCell::Amount(Money::new(minor, Currency::CNY));
        let row = |name: &&str| {
            vec![
                ExportCell::Text((*name).to_owned()),
                ExportCell::Whole(-7),
                ExportCell::Real(0.25),
                money(-5),
                ExportCell::Day(Day::parse("2026-10-31").unwrap()),
            ]
        };
        let mut rows: Vec<_> = NAMES.iter().map(row).collect();
        rows.push(vec![
            ExportCell::Text("large".to_owned()),
            ExportCell::Whole(i64::MAX),
            ExportCell::Empty,
            money(i64::MIN),
            ExportCell::Empty,
        ]);
        rows
    }

    fn written(format: ExportFormat) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut writer = Writer::create(&path, format, COLUMNS).unwrap();
        let all = rows();
        let (some, others) = all.split_at(3);
        writer.write(some).unwrap();
        writer.write(others).unwrap();
        assert_eq!(writer.finish().unwrap(), std::fs::metadata(&path).unwrap().len());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
        (folder, path)
    }

    fn read(path: &Path) -> Vec<Vec<String>> {
        let mut table = Table::open(path, &Shape::detect(path).unwrap()).unwrap();
        let mut rows = vec![table.columns().to_vec()];
        let mut row = Row::default();
        while table.next_row(&mut row).unwrap() {
            assert_eq!(row.problem, None);
            rows.push(row.cells.iter().map(str::to_owned).collect());
        }
        rows
    }

    #[test]
    fn every_format_says_the_same_and_no_text_is_a_formula() {
        for format in [ExportFormat::Csv, ExportFormat::Xlsx, ExportFormat::Parquet] {
            let (_folder, path) = written(format);
            let rows = read(&path);
            assert_eq!(rows[0], ["name", "n", "share", "amount", "day"]);
            assert_eq!(rows.len(), 1 + NAMES.len() + 1, "{format:?}");
            for (name, row) in NAMES.iter().zip(&rows[1..]) {
                let told = if format == ExportFormat::Csv {
                    assert!(!formula::is_formula_like(&row[0]), "{row:?}");
                    formula::restored(&row[0])
                } else {
                    &row[0]
                };
                assert_eq!(&told, name, "{format:?}");
                let amount = if format == ExportFormat::Parquet {
                    "-0.0500"
                } else {
                    "-0.05"
                };
                assert_eq!(row[1..], ["-7", "0.25", amount, "2026-10-31"], "{format:?}");
            }
            let large = &rows[NAMES.len() + 1];
            assert_eq!(large[1], i64::MAX.to_string(), "{format:?}");
            assert!(large[3].starts_with("-92233720368547758.08"), "{format:?}");
            assert_eq!((large[2].as_str(), large[4].as_str()), ("", ""));
        }
    }
}
