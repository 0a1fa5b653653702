//! Makes the customer aggregates in one pass over the ledger laid out by customer: the lines of each customer
//! are sorted by day, netted and summed by themselves, on all cores.

use std::ops::Range;

use base::{Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use super::aggregate_columns::Columns;
use super::aggregates::{SUM_MAX, schema};
use super::layout::{BLOCK_CUSTOMERS, LedgerByCustomer};
use super::ledger::{COST_UNKNOWN, unpack_amount, unpack_day};
use super::parallel::each;
use super::windows::{MonthTable, Span, Windows};

/// The aggregates and what only the whole ledger tells.
pub(crate) struct Made {
    pub batches: Vec<RecordBatch>,
    /// Purchase days of every held-out week by customers of the calibration.
    pub holdout_weekly: Vec<i64>,
}

/// Sums every customer, on all cores. Errors: sums beyond what 64 bits hold.
pub(crate) fn aggregate(ledger: &LedgerByCustomer, windows: &Windows) -> Result<Made> {
    let weeks = windows.holdout.map_or(0, |holdout| holdout.weeks as usize);
    let maker = Maker {
        ledger,
        windows,
        first_month: windows.first_month().0,
        months: MonthTable::of(Span {
            from: ledger.first_day,
            to: windows.as_of,
        }),
        last_12m: windows.last_12m(),
        last_6m: windows.last_6m(),
        schema: schema(ledger.keys.data_type()),
        weeks,
    };
    let blocks: Vec<usize> = (0..ledger.blocks.len() - 1).collect();
    let mut made = Made {
        batches: Vec::with_capacity(blocks.len()),
        holdout_weekly: vec![0; weeks],
    };
    for (batch, weekly) in each(blocks, |block| maker.make(block))? {
        made.batches.push(batch);
        for (sum, part) in made.holdout_weekly.iter_mut().zip(weekly) {
            *sum += part;
        }
    }
    Ok(made)
}

/// Makes batches of aggregates, one of each block of customers.
struct Maker<'a> {
    ledger: &'a LedgerByCustomer,
    windows: &'a Windows,
    first_month: i32,
    months: MonthTable,
    last_12m: Span,
    last_6m: Span,
    schema: SchemaRef,
    weeks: usize,
}

/// The lines of one day.
struct DayNet {
    day: i32,
    net: i64,
    lines: i64,
    known_cost: i64,
    costed_lines: i64,
}

impl Maker<'_> {
    /// The aggregates of a block, and its purchase days of every held-out week.
    fn make(&self, block: usize) -> Result<(RecordBatch, Vec<i64>)> {
        let ledger = self.ledger;
        let from = block * BLOCK_CUSTOMERS;
        let customers = from..(from + BLOCK_CUSTOMERS).min(ledger.order.len());
        let lines = ledger.blocks[block]..ledger.blocks[block + 1];
        let places = &ledger.places[lines.clone()];
        let starts = starts(places, customers.len());
        let mut packed = by_place(places, &ledger.packed[lines.clone()], &starts);
        let costs = match &ledger.costs[..] {
            [] => Vec::new(),
            costs => by_place(places, &costs[lines], &starts),
        };
        let mut weekly = vec![0; self.weeks];
        let mut columns = Columns::with_rows(customers.len());
        let (mut pairs, mut days) = (Vec::new(), Vec::new());
        for row in 0..customers.len() {
            let lines: Range<usize> = starts[row] as usize..starts[row + 1] as usize;
            days.clear();
            if costs.is_empty() {
                let lines = &mut packed[lines];
                lines.sort_unstable();
                net_days(lines.iter().map(|&line| (line, COST_UNKNOWN)), &mut days)?;
            } else {
                pairs.clear();
                pairs.extend(
                    packed[lines.clone()]
                        .iter()
                        .copied()
                        .zip(costs[lines].iter().copied()),
                );
                pairs.sort_unstable();
                net_days(pairs.iter().copied(), &mut days)?;
            }
            self.sum(row, &days, &mut columns, &mut weekly)?;
        }
        let ids = ledger.keys.column(&ledger.order[customers]);
        Ok((columns.into_batch(ids, &self.schema)?, weekly))
    }

    /// Sums the days of one customer into row `row`.
    fn sum(&self, row: usize, days: &[DayNet], columns: &mut Columns, weekly: &mut [i64]) -> Result<()> {
        let mut sums = Sums::default();
        let calibration_end = self.windows.holdout.map(|holdout| holdout.calibration_end.0);
        let mut first_net = 0;
        for day in days {
            sums.lines += day.lines;
            sums.gross += day.net.abs();
            if sums.gross > SUM_MAX {
                return Err(overflow());
            }
            sums.net += day.net;
            let bought = day.net > 0;
            if bought {
                if sums.purchase_days == 0 {
                    sums.first_day = day.day;
                    first_net = day.net;
                }
                sums.last_day = day.day;
                sums.purchase_days += 1;
                sums.purchase += day.net;
                let net = i128::from(day.net);
                sums.purchase_square = sums.purchase_square.checked_add(net * net).ok_or_else(overflow)?;
                sums.largest = sums.largest.max(day.net);
            }
            if self.last_12m.contains(day.day) {
                sums.revenue_12m += day.net;
                add(&mut sums.cost_12m, day.known_cost)?;
                sums.lines_12m += day.lines;
                sums.costed_lines_12m += day.costed_lines;
                if self.last_6m.contains(day.day) {
                    sums.last_6m += day.net;
                } else {
                    sums.previous_6m += day.net;
                }
            }
            if let Some(periods) = self.windows.periods {
                if periods.p1.contains(day.day) {
                    sums.p1 += day.net;
                    sums.p1_purchase_days += i32::from(bought);
                } else if periods.p0.contains(day.day) {
                    sums.p0 += day.net;
                    sums.p0_purchase_days += i32::from(bought);
                }
            }
            let month = usize::try_from(self.months.month(day.day).0 - self.first_month).ok();
            if let Some(month) = month.and_then(|month| columns.months.get_mut(month)) {
                month[row] += day.net;
            }
            match calibration_end {
                Some(end) if day.day > end => {
                    sums.holdout += day.net;
                    sums.holdout_purchase_days += i32::from(bought);
                    // Only customers of the calibration are predicted, so only they are compared.
                    if bought && days[0].day <= end {
                        weekly[((day.day - end - 1) / 7) as usize] += 1;
                    }
                }
                Some(_) => {
                    sums.calibration_purchase_days = sums.purchase_days;
                    sums.calibration_purchase = sums.purchase;
                    sums.calibration_last_day = sums.last_day;
                }
                None => {}
            }
        }
        let entry = days[0].day;
        if sums.purchase_days == 0 {
            sums.first_day = entry;
            sums.last_day = entry;
        }
        let calibration = calibration_end.filter(|&end| entry <= end).map(|_| {
            if sums.calibration_purchase_days > 0 {
                (sums.first_day, sums.calibration_last_day)
            } else {
                (entry, entry)
            }
        });
        let calibration_repeat = if sums.calibration_purchase_days > 0 {
            sums.calibration_purchase - first_net
        } else {
            0
        };
        columns.push(&sums, first_net, calibration, calibration_repeat);
        Ok(())
    }
}

/// Where the lines of each of so many customers begin when they are laid out, and at last where they end.
fn starts(places: &[u16], customers: usize) -> Vec<u32> {
    let mut starts = vec![0; customers + 1];
    for &place in places {
        starts[usize::from(place) + 1] += 1;
    }
    let mut end = 0;
    for start in &mut starts {
        end += *start;
        *start = end;
    }
    starts
}

/// Values of lines, customer after customer.
fn by_place<T: Copy + Default>(places: &[u16], values: &[T], starts: &[u32]) -> Vec<T> {
    let mut next = starts.to_vec();
    let mut laid = vec![T::default(); values.len()];
    for (&place, &value) in places.iter().zip(values) {
        let next = &mut next[usize::from(place)];
        laid[*next as usize] = value;
        *next += 1;
    }
    laid
}

/// Nets lines that are sorted by day into days.
fn net_days(lines: impl Iterator<Item = (u64, i64)>, days: &mut Vec<DayNet>) -> Result<()> {
    for (line, cost) in lines {
        let day = unpack_day(line);
        if days.last().is_none_or(|last| last.day != day) {
            days.push(DayNet {
                day,
                net: 0,
                lines: 0,
                known_cost: 0,
                costed_lines: 0,
            });
        }
        let Some(last) = days.last_mut() else { continue };
        last.net += unpack_amount(line);
        if last.net.abs() > SUM_MAX {
            return Err(overflow());
        }
        last.lines += 1;
        if cost != COST_UNKNOWN {
            add(&mut last.known_cost, cost)?;
            last.costed_lines += 1;
        }
    }
    Ok(())
}

fn add(sum: &mut i64, value: i64) -> Result<()> {
    *sum = sum.checked_add(value).ok_or_else(overflow)?;
    Ok(())
}

fn overflow() -> Error {
    Error::invalid(
        "amount_overflow",
        "the amounts of one customer add up to more than can be counted exactly",
    )
}

/// The running sums of one customer. No sum of nets is larger than `gross`, so checking that one
/// for overflow checks them all.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) gross: i64,
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    pub(crate) purchase_days: i32,
    pub(crate) lines: i64,
    pub(crate) net: i64,
    pub(crate) purchase: i64,
    pub(crate) purchase_square: i128,
    pub(crate) largest: i64,
    pub(crate) revenue_12m: i64,
    pub(crate) cost_12m: i64,
    pub(crate) lines_12m: i64,
    pub(crate) costed_lines_12m: i64,
    pub(crate) last_6m: i64,
    pub(crate) previous_6m: i64,
    pub(crate) p0: i64,
    pub(crate) p1: i64,
    pub(crate) p0_purchase_days: i32,
    pub(crate) p1_purchase_days: i32,
    pub(crate) calibration_last_day: i32,
    pub(crate) calibration_purchase_days: i32,
    pub(crate) calibration_purchase: i64,
    pub(crate) holdout: i64,
    pub(crate) holdout_purchase_days: i32,
}
