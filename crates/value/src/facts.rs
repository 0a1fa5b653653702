//! What customers brought month by month, for whoever decides by it: from the columnar copy for everybody at once, from
//! the ledger for one. Months are the firm's; both ways count alike.

use std::collections::HashMap;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use base::{Day, Error, Month, Result};
use datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use uuid::Uuid;

use crate::store::ledger::LedgerFile;

/// Rows read from a file at once.
const ROWS_PER_BATCH: usize = 16_384;

/// What one customer brought in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfCustomer {
    /// Who.
    pub customer: Uuid,
    /// When, by the firm's calendar.
    pub month: Month,
    /// The sum of the month's lines, minor units.
    pub spend_minor: i64,
    /// How many lines brought money, less those that took one back.
    pub orders: i32,
}

/// Adds up lines by customer and month.
pub struct Monthly<'a> {
    zone: &'a TimeZone,
    months: RangeInclusive<Month>,
    sums: Vec<MonthOfCustomer>,
    /// The instants between which all are of the month met last, in microseconds.
    near: (RangeInclusive<i64>, Month),
}

impl<'a> Monthly<'a> {
    /// Counts lines of these months of a zone.
    pub fn new(zone: &'a TimeZone, months: RangeInclusive<Month>) -> Self {
        Self {
            zone,
            months,
            sums: Vec::new(),
            near: (RangeInclusive::new(1, 0), Month(0)),
        }
    }

    /// Adds a line: whose, when (microseconds), how much, and whether it takes another one back.
    pub fn add(&mut self, customer: Uuid, at: i64, amount_minor: i64, takes_back: bool) {
        let month = self.month_of(at);
        if !self.months.contains(&month) {
            return;
        }
        let orders = i32::from(amount_minor > 0) - i32::from(takes_back && amount_minor < 0);
        match self.sums.last_mut() {
            Some(last) if last.customer == customer && last.month == month => {
                last.spend_minor += amount_minor;
                last.orders += orders;
            }
            _ => self.sums.push(MonthOfCustomer {
                customer,
                month,
                spend_minor: amount_minor,
                orders,
            }),
        }
    }

    fn month_of(&mut self, at: i64) -> Month {
        if self.near.0.contains(&at) {
            return self.near.1;
        }
        let instant = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        let month = Day::from_date(self.zone.to_datetime(instant(at)).date()).month();
        let begin = |month: Month| {
            let midnight = month.first_day().date().to_zoned(self.zone.clone());
            midnight.map(|midnight| midnight.timestamp().as_microsecond())
        };
        if let (Ok(begin), Ok(end)) = (begin(month), begin(month.next())) {
            self.near = (begin..=end - 1, month);
        }
        month
    }

    /// The sums by customer and month, each once.
    pub fn sums(self) -> Vec<MonthOfCustomer> {
        together(self.sums)
    }
}

fn together(mut sums: Vec<MonthOfCustomer>) -> Vec<MonthOfCustomer> {
    sums.par_sort_unstable_by_key(|sum| (sum.customer, sum.month));
    sums.dedup_by(|next, kept| {
        let same = next.customer == kept.customer && next.month == kept.month;
        if same {
            kept.spend_minor += next.spend_minor;
            kept.orders += next.orders;
        }
        same
    });
    sums
}

/// What everybody brought in these months, by customer and month, from the files of the columnar copy. `counted_as`
/// names who stands for a customer that was merged.
///
/// Errors: a file that is not there or not one of the copy's.
pub fn of_everybody(
    folder: &Path,
    files: &[LedgerFile],
    counted_as: &HashMap<Uuid, Uuid>,
    zone: &TimeZone,
    months: &RangeInclusive<Month>,
) -> Result<Vec<MonthOfCustomer>> {
    // Files are of months of UTC; a zone's month reaches into the one before and after.
    let (first, last) = (months.start().0 - 1, months.end().0 + 1);
    let paths: Vec<PathBuf> = files
        .iter()
        .filter(|file| (first..=last).contains(&file.month))
        .map(|file| folder.join(&file.path))
        .collect();
    let sums: Vec<Vec<MonthOfCustomer>> = paths
        .par_iter()
        .map(|path| of_file(path, counted_as, zone, months))
        .collect::<Result<_>>()?;
    Ok(together(sums.concat()))
}

fn of_file(
    path: &Path,
    counted_as: &HashMap<Uuid, Uuid>,
    zone: &TimeZone,
    months: &RangeInclusive<Month>,
) -> Result<Vec<MonthOfCustomer>> {
    let unreadable = |e: &dyn std::fmt::Display| {
        Error::internal(format!("the ledger's columns in {}: {e}", path.display()))
    };
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(&e))?;
    let columns = ["customer_id", "at", "amount_minor", "reverses"];
    let projection = ProjectionMask::columns(builder.parquet_schema(), columns);
    let batches = builder
        .with_projection(projection)
        .with_batch_size(ROWS_PER_BATCH)
        .build()
        .map_err(|e| unreadable(&e))?;
    let mut monthly = Monthly::new(zone, months.clone());
    for batch in batches {
        add_batch(&mut monthly, &batch.map_err(|e| unreadable(&e))?, counted_as)
            .ok_or_else(|| unreadable(&"its columns are not the ledger's"))?;
    }
    Ok(together(monthly.sums))
}

fn add_batch(monthly: &mut Monthly<'_>, batch: &RecordBatch, counted_as: &HashMap<Uuid, Uuid>) -> Option<()> {
    let customers = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
    let at = batch
        .column_by_name("at")?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    let amounts = batch
        .column_by_name("amount_minor")?
        .as_primitive_opt::<Int64Type>()?;
    let reverses = batch.column_by_name("reverses")?;
    let (mut text, mut customer) = ("", Uuid::nil());
    for row in 0..batch.num_rows() {
        // One customer's lines stand together.
        if customers.value(row) != text {
            text = customers.value(row);
            let said = Uuid::try_parse(text).ok()?;
            customer = counted_as.get(&said).copied().unwrap_or(said);
        }
        monthly.add(
            customer,
            at.value(row),
            amounts.value(row),
            reverses.is_valid(row),
        );
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Day::parse(&format!("{text}-01")).unwrap().month()
    }

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn months_are_the_firms_and_what_is_taken_back_is_no_order() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let mut monthly = Monthly::new(&zone, month("2025-12")..=month("2026-01"));
        let customer = Uuid::from_u128(1);
        // New Year's Eve in Greenwich is New Year's Day in Shanghai from 16:00 on.
        monthly.add(customer, micros("2025-12-31T15:59:59.999999Z"), 100, false);
        monthly.add(customer, micros("2025-12-31T16:00:00Z"), 30, false);
        monthly.add(customer, micros("2026-01-05T00:00:00Z"), 20, false);
        monthly.add(customer, micros("2026-01-06T00:00:00Z"), -20, true);
        monthly.add(customer, micros("2025-11-30T15:59:59Z"), 7, false);
        monthly.add(customer, micros("2026-01-31T16:00:00Z"), 7, false);
        let sums = monthly.sums();
        let of = |month, spend_minor, orders| MonthOfCustomer {
            customer,
            month,
            spend_minor,
            orders,
        };
        assert_eq!(sums, [of(month("2025-12"), 100, 1), of(month("2026-01"), 30, 1)]);
    }
}
