//! Reads transactions into the ledger: what is malformed is rejected with its reason, what lies
//! after the as-of day or was there before is counted and left out.

use std::collections::HashMap;
use std::path::Path;

use base::{Day, Error, Result};
use jiff::tz::TimeZone;

use super::calendar::Calendar;
use super::keys::{IntegerKeys, Keys, TextKeys};
use super::ledger::{Ledger, Line};
use super::progress::{Reporter, Stage};
use super::rejects::{Reject, Rejects, shown};
use super::settings::ValueSettings;
use super::source::{Columns, LedgerSource};

mod csv_file;
mod parquet_file;

/// What was read.
pub(crate) struct Read {
    pub ledger: Ledger,
    pub rejected: u64,
    pub rejects: Vec<Reject>,
    pub rejects_by_code: std::collections::BTreeMap<String, u64>,
    pub after_as_of: u64,
    pub repeated: u64,
}

/// Reads a source up to the as-of day.
///
/// Errors: files that cannot be read or are not what they should be, columns that are missing or
/// ambiguous, too many malformed rows, nothing left to compute from.
pub(crate) fn read(
    source: &LedgerSource,
    settings: &ValueSettings,
    as_of: Day,
    rejects: Option<&Path>,
    reporter: &mut Reporter<'_>,
) -> Result<Read> {
    let zone = TimeZone::get(&settings.zone).map_err(|_| {
        Error::invalid(
            "zone_unknown",
            format!("{:?} is not a time zone such as Asia/Shanghai", settings.zone),
        )
        .at("zone")
    })?;
    let mut sink = Sink {
        ledger: Ledger::new(Keys::Texts(TextKeys::default())),
        calendar: Calendar::new(zone),
        minor_digits: settings.currency.minor_digits(),
        as_of: as_of.0,
        costed: false,
        rows: 0,
        after_as_of: 0,
        repeated: 0,
        header: Vec::new(),
        rejects: Rejects::new(None, &[])?,
        counted_as: source
            .mapping()
            .counted_as
            .iter()
            .map(|(named, other)| (named.clone().into_bytes(), other.clone().into_bytes()))
            .collect(),
    };
    reporter.stage(Stage::Reading, None)?;
    if let Some(reversed) = &source.mapping().reversed {
        sink.ledger.remember_only(reversed)?;
    }
    match source {
        LedgerSource::Csv { path, mapping } => csv_file::read(path, mapping, rejects, &mut sink, reporter)?,
        LedgerSource::Parquet { paths, mapping } => {
            parquet_file::read(paths, mapping, rejects, &mut sink, reporter)?
        }
    }
    sink.rejects.finish(sink.rows, settings.max_rejected_share)?;
    if sink.ledger.lines() == 0 {
        let (code, message) = if sink.rows == 0 {
            (
                "no_transactions",
                "there are no transactions in the input".to_owned(),
            )
        } else if sink.after_as_of > 0 {
            (
                "no_transactions_before_as_of",
                format!(
                    "all {} transactions are after the as-of day {as_of}",
                    sink.after_as_of
                ),
            )
        } else {
            ("no_transactions", "no row of the input was accepted".to_owned())
        };
        return Err(Error::invalid(code, message));
    }
    Ok(Read {
        ledger: sink.ledger,
        rejected: sink.rejects.count,
        rejects: sink.rejects.first,
        rejects_by_code: sink.rejects.by_code,
        after_as_of: sink.after_as_of,
        repeated: sink.repeated,
    })
}

/// Where the readers put their rows.
struct Sink {
    ledger: Ledger,
    calendar: Calendar,
    minor_digits: u32,
    as_of: i32,
    /// Whether the input has a column of costs.
    costed: bool,
    rows: u64,
    after_as_of: u64,
    repeated: u64,
    header: Vec<String>,
    rejects: Rejects,
    /// Customers that are counted as others.
    counted_as: HashMap<Vec<u8>, Vec<u8>>,
}

/// Why a row is not accepted.
struct Fault {
    column: usize,
    code: &'static str,
    message: String,
}

/// A row that is well-formed.
struct Row<'a> {
    customer: CustomerKey<'a>,
    line: Line,
    external_id: &'a [u8],
    reverses: &'a [u8],
}

#[derive(Clone, Copy)]
enum CustomerKey<'a> {
    Integer(i64),
    Text(&'a [u8]),
}

impl Sink {
    /// Prepares for rows of these columns.
    fn start(
        &mut self,
        header: Vec<String>,
        columns: &Columns,
        integers: bool,
        rejects: Option<&Path>,
    ) -> Result<()> {
        self.rejects = Rejects::new(rejects, &header)?;
        self.header = header;
        self.costed = columns.cost.is_some();
        if integers {
            self.ledger.keys = Keys::Integers(IntegerKeys::default());
        }
        Ok(())
    }

    /// Takes a well-formed row.
    fn accept(&mut self, row: &Row<'_>) -> Result<()> {
        if row.line.day > self.as_of {
            self.after_as_of += 1;
            return Ok(());
        }
        if !row.external_id.is_empty() && self.ledger.is_repeated(row.external_id)? {
            self.repeated += 1;
            return Ok(());
        }
        if !row.reverses.is_empty() {
            self.ledger.reverses(row.reverses)?;
        }
        let customer = match (&mut self.ledger.keys, row.customer) {
            (Keys::Integers(keys), CustomerKey::Integer(key)) => keys.number(key)?,
            (Keys::Texts(keys), CustomerKey::Text(key)) => {
                let other = if self.counted_as.is_empty() {
                    None
                } else {
                    self.counted_as.get(key)
                };
                keys.number(other.map_or(key, Vec::as_slice))?.0
            }
            _ => return Err(Error::internal("customer ids changed their type while reading")),
        };
        self.ledger.push(customer, &row.line, self.costed);
        Ok(())
    }

    /// Takes note of a malformed row.
    fn reject<'a>(
        &mut self,
        line: u64,
        fault: Fault,
        value: &[u8],
        row: impl Iterator<Item = &'a [u8]>,
    ) -> Result<()> {
        let column = self.header.get(fault.column).cloned().unwrap_or_default();
        self.rejects.add(
            Reject {
                line,
                column,
                code: fault.code.to_owned(),
                message: fault.message,
                value: shown(value),
            },
            row,
        )
    }
}

/// The longest id a customer or line may have.
const ID_BYTES_MAX: usize = 256;

/// Checks an id that is text. Blanks around it do not belong to it.
fn checked_id(text: &[u8], column: usize) -> Result<&[u8], Fault> {
    let text = text.trim_ascii();
    let fault = |code, message: &str| Fault {
        column,
        code,
        message: message.to_owned(),
    };
    if text.is_empty() {
        return Err(fault("customer_empty", "the customer is empty"));
    }
    if text.len() > ID_BYTES_MAX {
        return Err(fault("id_too_long", "the id is longer than 256 bytes"));
    }
    if text.iter().any(|&byte| byte < b' ') || std::str::from_utf8(text).is_err() {
        return Err(fault("id_malformed", "the id is not readable text (UTF-8)"));
    }
    Ok(text)
}

fn amount_fault(error: base::money::AmountError, column: usize) -> Fault {
    Fault {
        column,
        code: match error {
            base::money::AmountError::NotANumber => "amount_malformed",
            base::money::AmountError::TooLarge => "amount_too_large",
        },
        message: error.to_string(),
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "file_unreadable",
        format!("cannot read {}: {error}", path.display()),
    )
}
