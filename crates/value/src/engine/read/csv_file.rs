//! Transactions from a CSV file.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use base::{Error, Result};
use csv::ByteRecord;

use super::{CustomerKey, Fault, Row, Sink, amount_fault, checked_id, unreadable};
use crate::engine::ledger::{COST_UNKNOWN, Line};
use crate::engine::progress::Reporter;
use crate::engine::source::{AmountUnit, Columns, Mapping};

/// A row longer than this has lost its closing quote.
const ROW_BYTES_MAX: usize = 4 << 20;
const ROWS_PER_REPORT: u64 = 65_536;

pub(super) fn read(
    path: &Path,
    mapping: &Mapping,
    rejects: Option<&Path>,
    sink: &mut Sink,
    reporter: &mut Reporter<'_>,
) -> Result<()> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    reporter.total(file.metadata().map_err(|error| unreadable(path, &error))?.len());
    let since_row = Rc::new(Cell::new(0));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(path)?)
        .buffer_capacity(256 << 10)
        .from_reader(BoundedRows {
            file,
            since_row: Rc::clone(&since_row),
        });
    let header: Vec<String> = reader
        .byte_headers()
        .map_err(|error| unreadable(path, &error))?
        .iter()
        .map(|name| String::from_utf8(name.to_vec()).map(|name| name.trim().to_owned()))
        .collect::<Result<_, _>>()
        .map_err(|_| {
            Error::invalid(
                "file_not_utf8",
                format!(
                    "the header of {} is not UTF-8: save the file as UTF-8",
                    path.display()
                ),
            )
        })?;
    if header.is_empty() {
        return Err(Error::invalid(
            "file_empty",
            format!("{} is empty", path.display()),
        ));
    }
    let columns = Columns::find(mapping, &header)?;
    let width = header.len();
    sink.start(header, &columns, false, rejects)?;
    let mut record = ByteRecord::new();
    loop {
        since_row.set(0);
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = reader.position().line();
                return Err(unreadable(path, &format!("at line {line}: {error}")));
            }
        }
        sink.rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        match parse(&record, &columns, width, mapping.unit, sink) {
            Ok(row) => sink.accept(&row)?,
            Err(fault) => {
                let value = record.get(fault.column).unwrap_or_default();
                sink.reject(line, fault, value, record.iter())?;
            }
        }
        if sink.rows.is_multiple_of(ROWS_PER_REPORT) {
            reporter.done(reader.position().byte())?;
        }
    }
    reporter.done(reader.position().byte())
}

fn parse<'a>(
    record: &'a ByteRecord,
    columns: &Columns,
    width: usize,
    unit: AmountUnit,
    sink: &mut Sink,
) -> Result<Row<'a>, Fault> {
    if record.len() != width {
        return Err(Fault {
            column: usize::MAX,
            code: "column_count",
            message: format!("the row has {} columns, the header {width}", record.len()),
        });
    }
    let field = |column: usize| record.get(column).unwrap_or_default();
    let digits = match unit {
        AmountUnit::Major => sink.minor_digits,
        AmountUnit::Minor => 0,
    };
    let amount = |column: usize| {
        std::str::from_utf8(field(column))
            .map_err(|_| base::money::AmountError::NotANumber)
            .and_then(|text| base::money::parse_minor(text, digits))
            .map_err(|error| amount_fault(error, column))
    };
    let customer = checked_id(field(columns.customer), columns.customer)?;
    let day = sink
        .calendar
        .day_of_text(field(columns.at))
        .map_err(|error| Fault {
            column: columns.at,
            code: error.code(),
            message: error.to_string(),
        })?;
    let cost_minor = match columns.cost {
        Some(column) if !field(column).trim_ascii().is_empty() => amount(column)?,
        _ => COST_UNKNOWN,
    };
    Ok(Row {
        customer: CustomerKey::Text(customer),
        line: Line {
            day,
            amount_minor: amount(columns.amount)?,
            cost_minor,
        },
        external_id: columns.external_id.map(field).unwrap_or_default().trim_ascii(),
        reverses: columns.reverses.map(field).unwrap_or_default().trim_ascii(),
    })
}

/// What separates the columns: whichever of comma, semicolon and tab the header has most of.
fn delimiter(path: &Path) -> Result<u8> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(64 << 10).read_to_end(&mut start))
        .map_err(|error| unreadable(path, &error))?;
    let header = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if header.contains(&0) {
        return Err(unreadable(path, &"this is not a text file (UTF-8)"));
    }
    let count = |mark: u8| header.iter().filter(|&&byte| byte == mark).count();
    // The last of equals wins: the comma.
    Ok([b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&mark| count(mark))
        .unwrap_or(b','))
}

/// A file that stops where a row never ends, before the row fills the memory.
struct BoundedRows {
    file: File,
    since_row: Rc<Cell<usize>>,
}

impl Read for BoundedRows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.since_row.set(self.since_row.get() + count);
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a row is longer than 4 MiB; is a closing quote missing?",
            ));
        }
        Ok(count)
    }
}
