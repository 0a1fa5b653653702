//! `profiles.parquet`: every figure of every customer, sorted by customer. Estimates are floats in
//! major units; sums are exact decimals with the currency's digits; what is not defined is null.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use base::{Currency, Day, Error, Result};
use datafusion::arrow::array::{Array, AsArray, PrimitiveArray, RecordBatch};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float64Type, Int8Type, Int32Type,
    Int64Type, Schema, SchemaRef,
};
use datafusion::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::windows::MONTHS;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Day,
    Count,
    LongCount,
    Score,
    /// Exact, in major units.
    Amount,
    Figure,
    Name,
    Months,
}

/// The columns after `customer_id`: name, kind, whether it may be null, meaning.
const COLUMNS: [(&str, Kind, bool, &str); 49] = [
    ("x", Kind::Count, false, "repeat purchase days"),
    (
        "t_x",
        Kind::Count,
        false,
        "days from the first to the last purchase day",
    ),
    (
        "T",
        Kind::Count,
        false,
        "days from the first purchase day to the as-of day",
    ),
    (
        "monetary",
        Kind::Figure,
        true,
        "mean amount of the repeat purchase days, to the minor unit; null without one",
    ),
    (
        "contribution",
        Kind::Amount,
        false,
        "margin or revenue of the last 12 months",
    ),
    ("contribution_basis", Kind::Name, false, "margin or revenue"),
    (
        "stability",
        Kind::Figure,
        true,
        "how evenly the customer buys, 0 to 1; null where a variation is null",
    ),
    (
        "class",
        Kind::Name,
        false,
        "E-I, E-II, E-III, E-IV, new (under six full months) or none (never bought)",
    ),
    (
        "p_alive",
        Kind::Figure,
        true,
        "probability of still being a customer",
    ),
    (
        "expected_purchases_30d",
        Kind::Figure,
        true,
        "purchase days expected in the next 30 days",
    ),
    (
        "expected_purchases_30d_low",
        Kind::Figure,
        true,
        "lower end of the 80 % interval",
    ),
    (
        "expected_purchases_30d_high",
        Kind::Figure,
        true,
        "upper end of the 80 % interval",
    ),
    (
        "expected_purchases_90d",
        Kind::Figure,
        true,
        "purchase days expected in the next 90 days",
    ),
    (
        "expected_purchases_90d_low",
        Kind::Figure,
        true,
        "lower end of the 80 % interval",
    ),
    (
        "expected_purchases_90d_high",
        Kind::Figure,
        true,
        "upper end of the 80 % interval",
    ),
    (
        "expected_purchases_365d",
        Kind::Figure,
        true,
        "purchase days expected in the next 365 days",
    ),
    (
        "expected_purchases_365d_low",
        Kind::Figure,
        true,
        "lower end of the 80 % interval",
    ),
    (
        "expected_purchases_365d_high",
        Kind::Figure,
        true,
        "upper end of the 80 % interval",
    ),
    (
        "expected_ticket",
        Kind::Figure,
        true,
        "amount expected of the next purchase day",
    ),
    (
        "clv_12m",
        Kind::Figure,
        true,
        "discounted revenue expected over 12 months",
    ),
    (
        "clv_12m_low",
        Kind::Figure,
        true,
        "lower end of the 80 % interval",
    ),
    (
        "clv_12m_high",
        Kind::Figure,
        true,
        "upper end of the 80 % interval",
    ),
    (
        "clv_36m",
        Kind::Figure,
        true,
        "discounted revenue expected over 36 months",
    ),
    (
        "clv_36m_low",
        Kind::Figure,
        true,
        "lower end of the 80 % interval",
    ),
    (
        "clv_36m_high",
        Kind::Figure,
        true,
        "upper end of the 80 % interval",
    ),
    (
        "referral_value",
        Kind::Figure,
        true,
        "share of the value of the customers this one brought",
    ),
    ("value", Kind::Figure, true, "clv_36m and referral_value, revenue"),
    (
        "value_at_risk",
        Kind::Figure,
        true,
        "value times the probability of being gone",
    ),
    (
        "next_period",
        Kind::Figure,
        true,
        "revenue expected over the next period of the leaky bucket; null without periods",
    ),
    (
        "first_day",
        Kind::Day,
        false,
        "first purchase day; the first line's day for who never bought",
    ),
    (
        "last_day",
        Kind::Day,
        false,
        "last purchase day; first_day for who never bought",
    ),
    (
        "purchase_days",
        Kind::Count,
        false,
        "days whose net is above zero",
    ),
    ("transactions", Kind::LongCount, false, "ledger lines"),
    ("revenue", Kind::Amount, false, "sum of all lines"),
    (
        "revenue_12m",
        Kind::Amount,
        false,
        "sum of the lines of the last 12 months",
    ),
    (
        "largest_ticket",
        Kind::Amount,
        false,
        "largest amount of one purchase day",
    ),
    ("last_6m", Kind::Amount, false, "sum of the last 6 months"),
    ("previous_6m", Kind::Amount, false, "sum of the 6 months before"),
    ("recency_score", Kind::Score, false, "1 to 5 by last_day"),
    ("frequency_score", Kind::Score, false, "1 to 5 by purchase_days"),
    ("monetary_score", Kind::Score, false, "1 to 5 by revenue"),
    (
        "full_months",
        Kind::Count,
        false,
        "full months of history, at most 24",
    ),
    (
        "cv_month",
        Kind::Figure,
        true,
        "standard deviation over mean of the full months; null where the mean is not above 0",
    ),
    ("cv_quarter", Kind::Figure, true, "the same of the full quarters"),
    (
        "cv_ticket",
        Kind::Figure,
        true,
        "the same of the purchase days' amounts",
    ),
    ("loyalty", Kind::Name, false, "loyal, general or drifting"),
    ("loyalty_basis", Kind::Name, false, "behaviour or stated"),
    (
        "bucket",
        Kind::Name,
        true,
        "segment of the leaky bucket; null without periods",
    ),
    (
        "months",
        Kind::Months,
        false,
        "sums of the last 24 complete months, oldest first",
    ),
];

/// Columns whose few values repeat.
pub(crate) const REPETITIVE: [&str; 5] = [
    "contribution_basis",
    "class",
    "loyalty",
    "loyalty_basis",
    "bucket",
];

/// The schema of the profiles, as the file has it.
pub fn schema(customer_id: DataType, currency: Currency) -> SchemaRef {
    schema_with(customer_id, &amount_type(currency))
}

/// The same while it is made: amounts in the 64 bits that the file stores them in, half the memory.
pub(crate) fn schema_while_made(customer_id: DataType, currency: Currency) -> SchemaRef {
    schema_with(customer_id, &amount_type_while_made(currency))
}

fn schema_with(customer_id: DataType, amount: &DataType) -> SchemaRef {
    let mut fields = vec![Field::new("customer_id", customer_id, false)];
    for (name, kind, nullable, meaning) in COLUMNS {
        let data_type = match kind {
            Kind::Day => DataType::Date32,
            Kind::Count => DataType::Int32,
            Kind::LongCount => DataType::Int64,
            Kind::Score => DataType::Int8,
            Kind::Amount => amount.clone(),
            Kind::Figure => DataType::Float64,
            Kind::Name => DataType::Utf8,
            Kind::Months => {
                DataType::FixedSizeList(Arc::new(Field::new("item", amount.clone(), false)), MONTHS as i32)
            }
        };
        let comment = [("comment".to_owned(), meaning.to_owned())];
        fields.push(Field::new(name, data_type, nullable).with_metadata(comment.into()));
    }
    Arc::new(Schema::new(fields))
}

/// What a sum of nets is bounded to, and what Parquet stores in 64 bits.
const AMOUNT_DIGITS: u8 = 18;

fn amount_type(currency: Currency) -> DataType {
    DataType::Decimal128(AMOUNT_DIGITS, currency.minor_digits() as i8)
}

pub(crate) fn amount_type_while_made(currency: Currency) -> DataType {
    DataType::Decimal64(AMOUNT_DIGITS, currency.minor_digits() as i8)
}

/// A figure with its 80 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// What is expected.
    pub expected: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One customer's profile, as read back from the file. Amounts in minor units are exact; figures
/// are in major units; what is not defined is `None`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the columns are described in COLUMNS")]
pub struct ProfileRow {
    pub customer_id: String,
    pub x: i32,
    pub t_x_days: i32,
    pub t_days: i32,
    pub monetary: Option<f64>,
    pub contribution_minor: i64,
    pub contribution_basis: String,
    pub stability: Option<f64>,
    pub class: String,
    pub p_alive: Option<f64>,
    pub expected_purchases_30d: Option<Estimate>,
    pub expected_purchases_90d: Option<Estimate>,
    pub expected_purchases_365d: Option<Estimate>,
    pub expected_ticket: Option<f64>,
    pub clv_12m: Option<Estimate>,
    pub clv_36m: Option<Estimate>,
    pub referral_value: Option<f64>,
    pub value: Option<f64>,
    pub value_at_risk: Option<f64>,
    pub next_period: Option<f64>,
    pub first_day: Day,
    pub last_day: Day,
    pub purchase_days: i32,
    pub transactions: i64,
    pub revenue_minor: i64,
    pub revenue_12m_minor: i64,
    pub largest_ticket_minor: i64,
    pub last_6m_minor: i64,
    pub previous_6m_minor: i64,
    pub recency_score: u8,
    pub frequency_score: u8,
    pub monetary_score: u8,
    pub full_months: i32,
    pub cv_month: Option<f64>,
    pub cv_quarter: Option<f64>,
    pub cv_ticket: Option<f64>,
    pub loyalty: String,
    pub loyalty_basis: String,
    pub bucket: Option<String>,
    pub months_minor: [i64; MONTHS],
}

/// Streams the profiles of a file in batches of at most `rows`, in the order of the file.
///
/// Errors: a file that cannot be read or is not of this shape (`profiles_malformed`).
pub fn read(path: &Path, rows: usize) -> Result<Profiles> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            "profiles_malformed",
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(rows.max(1)).build())
        .map_err(|error| unreadable(&error))?;
    Ok(Profiles { batches })
}

/// An iterator over batches of profiles.
pub struct Profiles {
    batches: ParquetRecordBatchReader,
}

impl Iterator for Profiles {
    type Item = Result<Vec<ProfileRow>>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        Some(
            batch
                .map_err(|error| malformed(&error))
                .and_then(|batch| rows_of(&batch)),
        )
    }
}

fn malformed(error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "profiles_malformed",
        format!("this is not a file of profiles: {error}"),
    )
}

fn rows_of(batch: &RecordBatch) -> Result<Vec<ProfileRow>> {
    let columns = Columns { batch };
    let ids = columns.named("customer_id")?;
    let ids = datafusion::arrow::compute::cast(ids, &DataType::Utf8).map_err(|error| malformed(&error))?;
    let ids = ids.as_string::<i32>();
    let months = columns
        .named("months")?
        .as_fixed_size_list_opt()
        .ok_or_else(|| malformed(&"months is not a list"))?;
    let months_of = |row: usize| {
        let values = months.value(row);
        let values = values.as_primitive_opt::<Decimal128Type>()?;
        (values.len() == MONTHS).then(|| std::array::from_fn(|m| values.value(m) as i64))
    };
    (0..batch.num_rows())
        .map(|row| {
            let at = Row {
                columns: &columns,
                row,
            };
            Ok(ProfileRow {
                customer_id: ids.value(row).to_owned(),
                x: at.value::<Int32Type>("x")?,
                t_x_days: at.value::<Int32Type>("t_x")?,
                t_days: at.value::<Int32Type>("T")?,
                monetary: at.figure("monetary")?,
                contribution_minor: at.minor("contribution")?,
                contribution_basis: at.name("contribution_basis")?.unwrap_or_default(),
                stability: at.figure("stability")?,
                class: at.name("class")?.unwrap_or_default(),
                p_alive: at.figure("p_alive")?,
                expected_purchases_30d: at.estimate("expected_purchases_30d")?,
                expected_purchases_90d: at.estimate("expected_purchases_90d")?,
                expected_purchases_365d: at.estimate("expected_purchases_365d")?,
                expected_ticket: at.figure("expected_ticket")?,
                clv_12m: at.estimate("clv_12m")?,
                clv_36m: at.estimate("clv_36m")?,
                referral_value: at.figure("referral_value")?,
                value: at.figure("value")?,
                value_at_risk: at.figure("value_at_risk")?,
                next_period: at.figure("next_period")?,
                first_day: Day(at.value::<Date32Type>("first_day")?),
                last_day: Day(at.value::<Date32Type>("last_day")?),
                purchase_days: at.value::<Int32Type>("purchase_days")?,
                transactions: at.value::<Int64Type>("transactions")?,
                revenue_minor: at.minor("revenue")?,
                revenue_12m_minor: at.minor("revenue_12m")?,
                largest_ticket_minor: at.minor("largest_ticket")?,
                last_6m_minor: at.minor("last_6m")?,
                previous_6m_minor: at.minor("previous_6m")?,
                recency_score: at.value::<Int8Type>("recency_score")? as u8,
                frequency_score: at.value::<Int8Type>("frequency_score")? as u8,
                monetary_score: at.value::<Int8Type>("monetary_score")? as u8,
                full_months: at.value::<Int32Type>("full_months")?,
                cv_month: at.figure("cv_month")?,
                cv_quarter: at.figure("cv_quarter")?,
                cv_ticket: at.figure("cv_ticket")?,
                loyalty: at.name("loyalty")?.unwrap_or_default(),
                loyalty_basis: at.name("loyalty_basis")?.unwrap_or_default(),
                bucket: at.name("bucket")?,
                months_minor: months_of(row).ok_or_else(|| malformed(&"months are not 24 amounts"))?,
            })
        })
        .collect()
}

struct Columns<'a> {
    batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    fn named(&self, name: &str) -> Result<&'a datafusion::arrow::array::ArrayRef> {
        self.batch
            .column_by_name(name)
            .ok_or_else(|| malformed(&format!("there is no column {name}")))
    }

    fn primitive<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&'a PrimitiveArray<T>> {
        self.named(name)?
            .as_primitive_opt::<T>()
            .ok_or_else(|| malformed(&format!("the column {name} has another type")))
    }
}

struct Row<'a> {
    columns: &'a Columns<'a>,
    row: usize,
}

impl Row<'_> {
    fn value<T: ArrowPrimitiveType>(&self, name: &str) -> Result<T::Native> {
        let column = self.columns.primitive::<T>(name)?;
        if column.is_null(self.row) {
            return Err(malformed(&format!("the column {name} has a null")));
        }
        Ok(column.value(self.row))
    }

    fn minor(&self, name: &str) -> Result<i64> {
        i64::try_from(self.value::<Decimal128Type>(name)?).map_err(|error| malformed(&error))
    }

    fn figure(&self, name: &str) -> Result<Option<f64>> {
        let column = self.columns.primitive::<Float64Type>(name)?;
        Ok(column.is_valid(self.row).then(|| column.value(self.row)))
    }

    fn estimate(&self, name: &str) -> Result<Option<Estimate>> {
        let end = |end: &str| self.figure(&format!("{name}_{end}"));
        Ok(match (self.figure(name)?, end("low")?, end("high")?) {
            (Some(expected), Some(low), Some(high)) => Some(Estimate { expected, low, high }),
            _ => None,
        })
    }

    fn name(&self, name: &str) -> Result<Option<String>> {
        let column = self
            .columns
            .named(name)?
            .as_string_opt::<i32>()
            .ok_or_else(|| malformed(&format!("the column {name} is not text")))?;
        Ok(column
            .is_valid(self.row)
            .then(|| column.value(self.row).to_owned()))
    }
}
