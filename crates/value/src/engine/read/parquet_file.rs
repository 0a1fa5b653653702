//! Transactions from Parquet files, decoded on a thread of its own while the rows before are laid into the
//! ledger here, in the order of the files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use base::{Error, Result};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, TimeUnit,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{CustomerKey, Fault, Row, Sink, amount_fault, checked_id, unreadable};
use crate::engine::calendar::checked_day;
use crate::engine::ledger::{COST_UNKNOWN, Line};
use crate::engine::progress::Reporter;
use crate::engine::source::{AmountUnit, Columns, Mapping};

/// So few that a batch is still in the cache when it is laid into the ledger.
const BATCH_ROWS: usize = 8_192;
/// Batches decoded ahead.
const BATCHES_AHEAD: usize = 8;

pub(super) fn read(
    paths: &[PathBuf],
    mapping: &Mapping,
    rejects: Option<&Path>,
    sink: &mut Sink,
    reporter: &mut Reporter<'_>,
) -> Result<()> {
    let Some(first) = paths.first() else {
        return Err(Error::invalid(
            "no_transactions",
            "no file of transactions was given",
        ));
    };
    let mut rows = 0;
    let mut schema: Option<Arc<Schema>> = None;
    for path in paths {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let footer =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, &error))?;
        rows += footer.metadata().file_metadata().num_rows();
        match &schema {
            None => schema = Some(Arc::clone(footer.schema())),
            Some(schema) if same_columns(schema, footer.schema()) => {}
            Some(_) => {
                let message = format!("its columns are not those of {}", first.display());
                return Err(unreadable(path, &message));
            }
        }
    }
    let Some(schema) = schema else { return Ok(()) };
    reporter.total(rows as u64);
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let columns = Columns::find(mapping, &names)?;
    let plan = Plan::of(&schema, &columns, mapping.unit)?;
    let header = plan.projected.iter().map(|&i| names[i].clone()).collect();
    sink.start(header, &columns, plan.customer_is_integer, rejects)?;
    sink.ledger.expect(rows as usize, columns.cost.is_some());

    std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        let plan = &plan;
        scope.spawn(move || scan(paths, &plan.projected, &sender));
        for batch in batches {
            plan.take(&batch?, sink)?;
            reporter.done(sink.rows)?;
        }
        Ok(())
    })
}

fn same_columns(a: &Schema, b: &Schema) -> bool {
    a.fields().len() == b.fields().len()
        && a.fields()
            .iter()
            .zip(b.fields())
            .all(|(a, b)| a.name() == b.name() && a.data_type() == b.data_type())
}

/// Sends every batch of every file in order, its columns those of the projection and in its order; ends early
/// when nobody listens any more.
fn scan(paths: &[PathBuf], projected: &[usize], sender: &SyncSender<Result<RecordBatch>>) {
    // A file gives columns in its own order.
    let mut of_file = projected.to_vec();
    of_file.sort_unstable();
    of_file.dedup();
    let places: Vec<usize> = projected
        .iter()
        .map(|column| of_file.partition_point(|other| other < column))
        .collect();
    for path in paths {
        let batches = match open(path, &of_file) {
            Ok(batches) => batches,
            Err(error) => {
                let _ = sender.send(Err(error));
                return;
            }
        };
        for batch in batches {
            let batch = batch
                .and_then(|batch| batch.project(&places))
                .map_err(|error| unreadable(path, &error));
            if sender.send(batch).is_err() {
                return;
            }
        }
    }
}

fn open(path: &Path, columns: &[usize]) -> Result<ParquetRecordBatchReader> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, &error))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
    builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| unreadable(path, &error))
}

/// How the columns of a batch are read. Positions are within the projection, whose order is that of
/// `Columns`: customer, at, amount, then those there are of cost, external id, reverses.
struct Plan {
    projected: Vec<usize>,
    customer_is_integer: bool,
    at: At,
    unit: AmountUnit,
    cost: Option<usize>,
    external_id: Option<usize>,
    reverses: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Day,
    /// A time on the firm's own clock, in ticks of which a day has so many.
    Clock(i64),
    /// An instant, moved into the firm's zone, in ticks of which a second has so many.
    Instant(i64),
    Text,
}

impl Plan {
    fn of(schema: &Schema, columns: &Columns, unit: AmountUnit) -> Result<Self> {
        let kind = |column: usize| value_type(schema.field(column).data_type());
        let wrong = |column: usize, role: &str, wanted: &str| {
            let field = schema.field(column);
            let message = format!(
                "the column {:?} is {}, not {wanted}",
                field.name(),
                field.data_type()
            );
            Error::invalid("column_type", message).at(&format!("mapping.{role}"))
        };
        let customer_is_integer = match kind(columns.customer) {
            kind if kind.is_integer() => true,
            kind if is_text(kind) => false,
            _ => return Err(wrong(columns.customer, "customer", "text or a whole number")),
        };
        let at = match kind(columns.at) {
            DataType::Date32 => At::Day,
            DataType::Date64 => At::Clock(86_400 * 1_000),
            DataType::Timestamp(unit, None) => At::Clock(86_400 * per_second(*unit)),
            DataType::Timestamp(unit, Some(_)) => At::Instant(per_second(*unit)),
            kind if is_text(kind) => At::Text,
            _ => return Err(wrong(columns.at, "at", "a date, a timestamp or text")),
        };
        let is_amount = |kind: &DataType| match unit {
            AmountUnit::Major => kind.is_numeric() || is_text(kind),
            AmountUnit::Minor => kind.is_integer(),
        };
        for (column, role) in [(Some(columns.amount), "amount"), (columns.cost, "cost")] {
            match column {
                Some(column) if !is_amount(kind(column)) => return Err(wrong(column, role, "an amount")),
                _ => {}
            }
        }
        for (column, role) in [
            (columns.external_id, "external_id"),
            (columns.reverses, "reverses"),
        ] {
            match column {
                Some(column) if !(kind(column).is_integer() || is_text(kind(column))) => {
                    return Err(wrong(column, role, "text or a whole number"));
                }
                _ => {}
            }
        }
        let mut next = 3;
        let mut place = |column: Option<usize>| {
            column.map(|_| {
                next += 1;
                next - 1
            })
        };
        Ok(Self {
            projected: columns.used(),
            customer_is_integer,
            at,
            unit,
            cost: place(columns.cost),
            external_id: place(columns.external_id),
            reverses: place(columns.reverses),
        })
    }

    /// Takes the rows of one batch.
    fn take(&self, batch: &RecordBatch, sink: &mut Sink) -> Result<()> {
        let id_type = if self.customer_is_integer {
            DataType::Int64
        } else {
            DataType::Utf8View
        };
        let customers = cast(batch.column(0), &id_type)?;
        let customers = if self.customer_is_integer {
            Ids::Integers(customers.as_primitive::<Int64Type>())
        } else {
            Ids::Texts(customers.as_string_view())
        };
        let at = cast(
            batch.column(1),
            &match self.at {
                At::Day => DataType::Date32,
                At::Clock(_) | At::Instant(_) => DataType::Int64,
                At::Text => DataType::Utf8View,
            },
        )?;
        let amounts = Amounts::of(batch.column(2), self.unit)?;
        let costs = self
            .cost
            .map(|i| Amounts::of(batch.column(i), self.unit))
            .transpose()?;
        let texts = |place: Option<usize>| {
            place
                .map(|i| cast(batch.column(i), &DataType::Utf8View))
                .transpose()
        };
        let (external_ids, reverses) = (texts(self.external_id)?, texts(self.reverses)?);
        let plain = costs.is_none() && external_ids.is_none() && reverses.is_none();
        if plain && self.take_whole(&customers, &at, &amounts, sink)? {
            return Ok(());
        }
        for i in 0..batch.num_rows() {
            sink.rows += 1;
            let row = customers.get(i).and_then(|customer| {
                Ok(Row {
                    customer,
                    line: Line {
                        day: self.day(&at, i, sink)?,
                        amount_minor: amounts.get(i, 2, sink.minor_digits)?.ok_or_else(|| Fault {
                            column: 2,
                            code: "amount_malformed",
                            message: "the amount is empty".to_owned(),
                        })?,
                        cost_minor: match (&costs, self.cost) {
                            (Some(costs), Some(column)) => {
                                costs.get(i, column, sink.minor_digits)?.unwrap_or(COST_UNKNOWN)
                            }
                            _ => COST_UNKNOWN,
                        },
                    },
                    external_id: text_or_empty(external_ids.as_ref(), i),
                    reverses: text_or_empty(reverses.as_ref(), i),
                })
            });
            match row {
                Ok(row) => sink.accept(&row)?,
                Err(fault) => self.reject(batch, i, fault, sink)?,
            }
        }
        Ok(())
    }

    /// Takes a batch column by column, which is several times quicker than row by row; false, and nothing
    /// taken, where a row of it has to be looked at.
    fn take_whole(
        &self,
        customers: &Ids<'_>,
        at: &ArrayRef,
        amounts: &Amounts,
        sink: &mut Sink,
    ) -> Result<bool> {
        let (Ids::Integers(ids), At::Clock(per_day), Amounts::Floats(amounts)) =
            (customers, self.at, amounts)
        else {
            return Ok(false);
        };
        let at = at.as_primitive::<Int64Type>();
        if ids.null_count() + at.null_count() + amounts.null_count() > 0 {
            return Ok(false);
        }
        let mut lines = Vec::with_capacity(ids.len());
        for (at, &amount) in at.values().iter().zip(amounts.values()) {
            match (
                checked_day(at.div_euclid(per_day)),
                base::money::minor_from_major(amount, sink.minor_digits),
            ) {
                (Ok(day), Ok(amount_minor)) if day <= sink.as_of => lines.push((day, amount_minor)),
                _ => return Ok(false),
            }
        }
        sink.rows += lines.len() as u64;
        sink.ledger.extend(ids.values(), &lines)?;
        Ok(true)
    }

    fn day(&self, at: &ArrayRef, i: usize, sink: &mut Sink) -> Result<i32, Fault> {
        let day = if at.is_null(i) {
            Err(crate::engine::calendar::DateError::Empty)
        } else {
            match self.at {
                At::Day => checked_day(i64::from(at.as_primitive::<Date32Type>().value(i))),
                At::Clock(per_day) => {
                    checked_day(at.as_primitive::<Int64Type>().value(i).div_euclid(per_day))
                }
                At::Instant(per_second) => {
                    let ticks = at.as_primitive::<Int64Type>().value(i);
                    sink.calendar.day_of_instant(ticks.div_euclid(per_second))
                }
                At::Text => sink.calendar.day_of_text(at.as_string_view().value(i).as_bytes()),
            }
        };
        day.map_err(|error| Fault {
            column: 1,
            code: error.code(),
            message: error.to_string(),
        })
    }

    fn reject(&self, batch: &RecordBatch, i: usize, fault: Fault, sink: &mut Sink) -> Result<()> {
        let options = FormatOptions::default();
        let mut row = Vec::with_capacity(batch.num_columns());
        for column in batch.columns() {
            let text = ArrayFormatter::try_new(column, &options).map_err(Error::internal)?;
            row.push(text.value(i).try_to_string().unwrap_or_default());
        }
        let value = row.get(fault.column).cloned().unwrap_or_default();
        sink.reject(
            sink.rows,
            fault,
            value.as_bytes(),
            row.iter().map(String::as_bytes),
        )
    }
}

/// The type of the values, looking through a dictionary.
fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Values that the type cannot hold become null, which the row check then rejects.
fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if column.data_type() == to {
        return Ok(Arc::clone(column));
    }
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    cast_with_options(column, to, &options)
        .map_err(|error| Error::invalid("column_type", format!("cannot read a column as {to}: {error}")))
}

fn text_or_empty(column: Option<&ArrayRef>, i: usize) -> &[u8] {
    match column {
        Some(column) if column.is_valid(i) => column.as_string_view().value(i).trim_ascii().as_bytes(),
        _ => &[],
    }
}

enum Ids<'a> {
    Integers(&'a Int64Array),
    Texts(&'a StringViewArray),
}

impl<'a> Ids<'a> {
    fn get(&self, i: usize) -> Result<CustomerKey<'a>, Fault> {
        match self {
            Self::Integers(ids) if ids.is_valid(i) => Ok(CustomerKey::Integer(ids.value(i))),
            Self::Texts(ids) if ids.is_valid(i) => {
                checked_id(ids.value(i).as_bytes(), 0).map(CustomerKey::Text)
            }
            _ => Err(Fault {
                column: 0,
                code: "customer_empty",
                message: "the customer is empty".to_owned(),
            }),
        }
    }
}

/// A column of amounts in whatever type the file has them.
enum Amounts {
    Floats(Float64Array),
    /// Whole numbers of ten to the minus this scale.
    Decimals(Decimal128Array, u32),
    Texts(StringViewArray),
    Minor(Int64Array),
}

impl Amounts {
    fn of(column: &ArrayRef, unit: AmountUnit) -> Result<Self> {
        Ok(match (unit, value_type(column.data_type())) {
            (AmountUnit::Minor, _) => Self::Minor(
                cast(column, &DataType::Int64)?
                    .as_primitive::<Int64Type>()
                    .clone(),
            ),
            (_, kind) if is_text(kind) => {
                Self::Texts(cast(column, &DataType::Utf8View)?.as_string_view().clone())
            }
            (_, kind) if kind.is_integer() => Self::Decimals(
                cast(column, &DataType::Decimal128(38, 0))?
                    .as_primitive::<Decimal128Type>()
                    .clone(),
                0,
            ),
            (_, DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale)) if *scale >= 0 => {
                let wanted = DataType::Decimal128(38, *scale);
                let decimals = cast(column, &wanted)?.as_primitive::<Decimal128Type>().clone();
                Self::Decimals(decimals, scale.unsigned_abs().into())
            }
            _ => Self::Floats(
                cast(column, &DataType::Float64)?
                    .as_primitive::<Float64Type>()
                    .clone(),
            ),
        })
    }

    /// The amount in minor units; none where it is null.
    fn get(&self, i: usize, column: usize, minor_digits: u32) -> Result<Option<i64>, Fault> {
        use base::money::{AMOUNT_MINOR_MAX, AmountError, minor_from_major, parse_minor};
        let minor = match self {
            Self::Floats(amounts) if amounts.is_valid(i) => minor_from_major(amounts.value(i), minor_digits),
            Self::Decimals(amounts, scale) if amounts.is_valid(i) => {
                rescaled(amounts.value(i), *scale, minor_digits).ok_or(AmountError::TooLarge)
            }
            Self::Texts(amounts) if amounts.is_valid(i) => parse_minor(amounts.value(i), minor_digits),
            Self::Minor(amounts) if amounts.is_valid(i) => match amounts.value(i) {
                minor if minor.abs() <= AMOUNT_MINOR_MAX => Ok(minor),
                _ => Err(AmountError::TooLarge),
            },
            _ => return Ok(None),
        };
        minor.map(Some).map_err(|error| amount_fault(error, column))
    }
}

/// A decimal in minor units, rounded half away from zero; none where it is more than a line can be.
fn rescaled(value: i128, scale: u32, minor_digits: u32) -> Option<i64> {
    let minor = if scale > minor_digits {
        let unit = 10_i128.checked_pow(scale - minor_digits)?;
        let half = unit / 2 * value.signum();
        value.checked_add(half)? / unit
    } else {
        value.checked_mul(10_i128.checked_pow(minor_digits - scale)?)?
    };
    i64::try_from(minor)
        .ok()
        .filter(|minor| minor.abs() <= base::money::AMOUNT_MINOR_MAX)
}
