//! The customer aggregates: one row per customer, everything that later steps need to know of the
//! ledger. A Parquet contract: any engine that can group and sum can write it (the same in SQL:
//! `sql/customer_aggregates.sql`), and everything after it reads only this and the population.

use std::sync::Arc;

use base::{Error, Result};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Int32Type, Int64Type, Schema, SchemaRef,
};

use super::population::Population;
use super::windows::MONTHS;

/// The most that a customer's amounts may add up to, signs aside: eighteen digits, so that a square
/// fits the contract's decimals and a sum those of the profiles.
pub(crate) const SUM_MAX: i64 = 999_999_999_999_999_999;

/// The columns after `customer_id`: name, type, whether it may be null, meaning.
///
/// "Net" is purchases minus reversals of one customer and one day; a purchase day is a day whose
/// net is above zero. Every window counts back from the as-of day A, included.
pub const COLUMNS: [(&str, DataType, bool, &str); 25] = [
    (
        "first_day",
        DataType::Date32,
        false,
        "first purchase day; the first line's day where there is no purchase day",
    ),
    (
        "last_day",
        DataType::Date32,
        false,
        "last purchase day; first_day where there is no purchase day",
    ),
    ("purchase_days", DataType::Int32, false, "number of purchase days"),
    ("lines", DataType::Int64, false, "number of ledger lines"),
    ("net_minor", DataType::Int64, false, "sum of all nets"),
    (
        "purchase_minor",
        DataType::Int64,
        false,
        "sum of the nets of purchase days",
    ),
    (
        "repeat_minor",
        DataType::Int64,
        false,
        "the same without the first purchase day",
    ),
    (
        "purchase_square",
        DataType::Decimal128(38, 0),
        false,
        "sum of the squared nets of purchase days",
    ),
    (
        "largest_ticket_minor",
        DataType::Int64,
        false,
        "largest net of a purchase day, 0 without one",
    ),
    (
        "revenue_12m_minor",
        DataType::Int64,
        false,
        "sum of nets of the last 12 months",
    ),
    (
        "cost_12m_minor",
        DataType::Int64,
        false,
        "sum of the known costs of the last 12 months",
    ),
    ("lines_12m", DataType::Int64, false, "lines of the last 12 months"),
    (
        "costed_lines_12m",
        DataType::Int64,
        false,
        "those of them whose cost is known",
    ),
    (
        "last_6m_minor",
        DataType::Int64,
        false,
        "sum of nets of the last 6 months",
    ),
    (
        "previous_6m_minor",
        DataType::Int64,
        false,
        "sum of nets of the 6 months before",
    ),
    (
        "p0_minor",
        DataType::Int64,
        false,
        "sum of nets of the leaky bucket's earlier period",
    ),
    (
        "p1_minor",
        DataType::Int64,
        false,
        "sum of nets of its later period",
    ),
    (
        "p0_purchase_days",
        DataType::Int32,
        false,
        "purchase days of the earlier period",
    ),
    (
        "p1_purchase_days",
        DataType::Int32,
        false,
        "purchase days of the later period",
    ),
    (
        "calibration_first_day",
        DataType::Date32,
        true,
        "first_day as of the calibration's end; null if not yet a customer",
    ),
    (
        "calibration_last_day",
        DataType::Date32,
        true,
        "last_day as of the calibration's end; null if not yet a customer",
    ),
    (
        "calibration_purchase_days",
        DataType::Int32,
        false,
        "purchase days up to the calibration's end",
    ),
    (
        "calibration_repeat_minor",
        DataType::Int64,
        false,
        "repeat_minor as of the calibration's end",
    ),
    (
        "holdout_purchase_days",
        DataType::Int32,
        false,
        "purchase days after the calibration's end",
    ),
    (
        "holdout_minor",
        DataType::Int64,
        false,
        "sum of nets after the calibration's end",
    ),
];

/// The schema of the contract; the 24 columns `m01` … `m24` at the end are the nets of the complete
/// months up to A, oldest first.
pub fn schema(customer_id: DataType) -> SchemaRef {
    let described = |name: &str, data_type: DataType, nullable, meaning: &str| {
        Field::new(name, data_type, nullable)
            .with_metadata([("comment".to_owned(), meaning.to_owned())].into())
    };
    let mut fields = vec![described(
        "customer_id",
        customer_id,
        false,
        "the customer's id as the ledger has it",
    )];
    fields.extend(
        COLUMNS.map(|(name, data_type, nullable, meaning)| described(name, data_type, nullable, meaning)),
    );
    fields.extend(
        (1..=MONTHS).map(|m| described(&format!("m{m:02}"), DataType::Int64, false, "net of one month")),
    );
    Arc::new(Schema::new(fields))
}

/// One batch of aggregates, its columns as slices.
pub(crate) struct Aggregates<'a> {
    pub customer_id: &'a ArrayRef,
    pub first_day: &'a [i32],
    pub last_day: &'a [i32],
    pub purchase_days: &'a [i32],
    pub lines: &'a [i64],
    pub net_minor: &'a [i64],
    pub purchase_minor: &'a [i64],
    pub repeat_minor: &'a [i64],
    pub purchase_square: &'a [i128],
    pub largest_ticket_minor: &'a [i64],
    pub revenue_12m_minor: &'a [i64],
    pub cost_12m_minor: &'a [i64],
    pub lines_12m: &'a [i64],
    pub costed_lines_12m: &'a [i64],
    pub last_6m_minor: &'a [i64],
    pub previous_6m_minor: &'a [i64],
    pub p0_minor: &'a [i64],
    pub p1_minor: &'a [i64],
    pub p0_purchase_days: &'a [i32],
    pub p1_purchase_days: &'a [i32],
    pub calibration_first_day: &'a PrimitiveArray<Date32Type>,
    pub calibration_last_day: &'a PrimitiveArray<Date32Type>,
    pub calibration_purchase_days: &'a [i32],
    pub holdout_purchase_days: &'a [i32],
    pub months: [&'a [i64]; MONTHS],
}

impl<'a> Aggregates<'a> {
    /// The columns of a batch. Errors: `aggregates_malformed` where it is not of the contract.
    pub(crate) fn of(batch: &'a RecordBatch) -> Result<Self> {
        let mut months: [&[i64]; MONTHS] = [&[]; MONTHS];
        for (m, month) in months.iter_mut().enumerate() {
            *month = values::<Int64Type>(batch, &format!("m{:02}", m + 1))?;
        }
        let int64 = |name| values::<Int64Type>(batch, name);
        let int32 = |name| values::<Int32Type>(batch, name);
        let dates = |name| values::<Date32Type>(batch, name);
        Ok(Self {
            customer_id: named(batch, "customer_id")?,
            first_day: dates("first_day")?,
            last_day: dates("last_day")?,
            purchase_days: int32("purchase_days")?,
            lines: int64("lines")?,
            net_minor: int64("net_minor")?,
            purchase_minor: int64("purchase_minor")?,
            repeat_minor: int64("repeat_minor")?,
            purchase_square: values::<Decimal128Type>(batch, "purchase_square")?,
            largest_ticket_minor: int64("largest_ticket_minor")?,
            revenue_12m_minor: int64("revenue_12m_minor")?,
            cost_12m_minor: int64("cost_12m_minor")?,
            lines_12m: int64("lines_12m")?,
            costed_lines_12m: int64("costed_lines_12m")?,
            last_6m_minor: int64("last_6m_minor")?,
            previous_6m_minor: int64("previous_6m_minor")?,
            p0_minor: int64("p0_minor")?,
            p1_minor: int64("p1_minor")?,
            p0_purchase_days: int32("p0_purchase_days")?,
            p1_purchase_days: int32("p1_purchase_days")?,
            calibration_first_day: primitive(batch, "calibration_first_day")?,
            calibration_last_day: primitive(batch, "calibration_last_day")?,
            calibration_purchase_days: int32("calibration_purchase_days")?,
            holdout_purchase_days: int32("holdout_purchase_days")?,
            months,
        })
    }

    /// The number of customers in the batch.
    pub(crate) fn len(&self) -> usize {
        self.first_day.len()
    }
}

/// What must be the same before and after aggregating, so that no line is lost or counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    customers: u64,
    lines: i128,
    net_minor: i128,
    p0_minor: i128,
    p1_minor: i128,
}

impl Totals {
    /// Added up over the aggregates. Errors: as [`Aggregates::of`].
    pub(crate) fn of(batches: &[RecordBatch]) -> Result<Self> {
        let sum = |column: &[i64]| column.iter().map(|&value| i128::from(value)).sum::<i128>();
        let mut totals = Self {
            customers: 0,
            lines: 0,
            net_minor: 0,
            p0_minor: 0,
            p1_minor: 0,
        };
        for batch in batches {
            let rows = Aggregates::of(batch)?;
            totals.customers += rows.len() as u64;
            totals.lines += sum(rows.lines);
            totals.net_minor += sum(rows.net_minor);
            totals.p0_minor += sum(rows.p0_minor);
            totals.p1_minor += sum(rows.p1_minor);
        }
        Ok(totals)
    }

    /// As counted on the ledger's lines themselves.
    pub(crate) fn of_ledger(population: &Population) -> Self {
        Self {
            customers: population.customers,
            lines: i128::from(population.transactions),
            net_minor: i128::from(population.revenue_minor),
            p0_minor: i128::from(population.p0_minor),
            p1_minor: i128::from(population.p1_minor),
        }
    }
}

fn named<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| malformed(format!("the customer aggregates have no column {name}")))
}

fn primitive<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Result<&'a PrimitiveArray<T>> {
    named(batch, name)?.as_primitive_opt::<T>().ok_or_else(|| {
        malformed(format!(
            "the column {name} of the customer aggregates is not {}",
            T::DATA_TYPE
        ))
    })
}

fn values<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Result<&'a [T::Native]> {
    let column = primitive::<T>(batch, name)?;
    if column.null_count() > 0 {
        return Err(malformed(format!(
            "the column {name} of the customer aggregates has nulls"
        )));
    }
    Ok(column.values())
}

fn malformed(message: String) -> Error {
    Error::invalid("aggregates_malformed", message)
}
