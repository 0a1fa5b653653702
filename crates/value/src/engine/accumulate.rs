//! Makes the customer aggregates in one pass: lines are appended to flat columns while they are
//! read, laid out by customer with one counting sort, and each customer is summed by itself. The
//! result does not depend on the order of the lines.

use std::ops::Range;

use base::money::AMOUNT_MINOR_MAX;
use base::{Day, Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use super::aggregate_columns::Columns;
use super::aggregates::{SUM_MAX, schema};
use super::keys::{Keys, TextKeys};
use super::parallel::{cores, each};
use super::windows::{MonthTable, Span, Windows};

/// Customers per batch: small enough that a batch's columns stay in the cache while it is made.
const BATCH_ROWS: usize = 8192;

/// The ledger up to the as-of day, one entry per line.
pub(crate) struct Ledger {
    pub(crate) keys: Keys,
    customers: Vec<u32>,
    /// Day and amount of a line in one number that sorts by day.
    packed: Vec<u64>,
    /// In the order of `packed`; empty where the ledger has no costs.
    costs: Vec<i64>,
    /// Lines by external id, where the ledger has such ids.
    external: TextKeys,
    /// [`NO_LINE`] where none with that id has come yet.
    line_of_external: Vec<u32>,
    /// Whether `external` is complete: it then holds what some line takes back, and no line comes twice.
    external_complete: bool,
    /// A reversing line and the external id of the line it reverses.
    reversals: Vec<(u32, Vec<u8>)>,
}

/// Stands for a line that has not come; a ledger has fewer, see [`line_number`].
const NO_LINE: u32 = u32::MAX;

/// Stands for a cost that is not known; no amount is this large.
pub(crate) const COST_UNKNOWN: i64 = i64::MIN;

/// One accepted line.
pub(crate) struct Line {
    pub day: i32,
    pub amount_minor: i64,
    /// [`COST_UNKNOWN`] where there is none.
    pub cost_minor: i64,
}

const AMOUNT_BITS: u32 = 38;
const AMOUNT_BIAS: i64 = 1 << (AMOUNT_BITS - 1);
const DAY_BIAS: i64 = 1 << 25;
const _: () = assert!(AMOUNT_MINOR_MAX < AMOUNT_BIAS, "an amount must fit into its bits");

fn pack(day: i32, amount_minor: i64) -> u64 {
    (((i64::from(day) + DAY_BIAS) as u64) << AMOUNT_BITS) | (amount_minor + AMOUNT_BIAS) as u64
}

fn unpack_day(packed: u64) -> i32 {
    ((packed >> AMOUNT_BITS) as i64 - DAY_BIAS) as i32
}

fn unpack_amount(packed: u64) -> i64 {
    (packed & ((1 << AMOUNT_BITS) - 1)) as i64 - AMOUNT_BIAS
}

impl Ledger {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            keys,
            customers: Vec::new(),
            packed: Vec::new(),
            costs: Vec::new(),
            external: TextKeys::default(),
            line_of_external: Vec::new(),
            external_complete: false,
            reversals: Vec::new(),
        }
    }

    /// Says before the first line which external ids any line takes back, and that no line comes twice.
    pub(crate) fn remember_only(&mut self, reversed: &[String]) -> Result<()> {
        for id in reversed {
            if self.external.number(id.as_bytes())?.1 {
                self.line_of_external.push(NO_LINE);
            }
        }
        self.external_complete = true;
        Ok(())
    }

    /// Makes room at once for as many lines as a file says it has, which need not be true.
    pub(crate) fn expect(&mut self, lines: usize, costed: bool) {
        const BELIEVED_MAX: usize = 1 << 24;
        let lines = lines.min(BELIEVED_MAX);
        self.customers.reserve_exact(lines);
        self.packed.reserve_exact(lines);
        if costed {
            self.costs.reserve_exact(lines);
        }
    }

    /// The number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.packed.len()
    }

    /// Appends a line of the customer with this number.
    pub(crate) fn push(&mut self, customer: u32, line: &Line, costed: bool) {
        self.customers.push(customer);
        self.packed.push(pack(line.day, line.amount_minor));
        if costed {
            self.costs.push(line.cost_minor);
        }
    }

    /// Appends lines, day and amount, of the customers with these ids, which are whole numbers.
    pub(crate) fn extend(&mut self, ids: &[i64], lines: &[(i32, i64)]) -> Result<()> {
        let Keys::Integers(keys) = &mut self.keys else {
            return Err(Error::internal("customer ids changed their type while reading"));
        };
        self.customers.extend(keys.numbers(ids)?);
        self.packed
            .extend(lines.iter().map(|&(day, amount_minor)| pack(day, amount_minor)));
        Ok(())
    }

    /// Whether the line to come next has an external id that was seen before; else remembers it.
    pub(crate) fn is_repeated(&mut self, external_id: &[u8]) -> Result<bool> {
        if self.external_complete {
            if let Some(id) = self.external.find(external_id) {
                self.line_of_external[id as usize] = line_number(self.lines())?;
            }
            return Ok(false);
        }
        let (_, new) = self.external.number(external_id)?;
        if new {
            self.line_of_external.push(line_number(self.lines())?);
        }
        Ok(!new)
    }

    /// Says that the line to come next takes back the line with this external id.
    pub(crate) fn reverses(&mut self, external_id: &[u8]) -> Result<()> {
        self.reversals
            .push((line_number(self.lines())?, external_id.to_vec()));
        Ok(())
    }

    /// Moves every reversing line to the day of the line it reverses, so that both net there. A
    /// reversal whose line is not in the ledger, or is another customer's, stays on its own day.
    /// Gives the number of reversals, and how many of them stayed.
    fn settle_reversals(&mut self) -> (u64, u64) {
        let mut stayed = 0;
        // Days are taken as read, so that chains of reversals do not depend on the order of lines.
        let moves: Vec<(usize, i32)> = self
            .reversals
            .iter()
            .filter_map(|(line, external_id)| {
                let line = *line as usize;
                let reversed = self
                    .external
                    .find(external_id)
                    .map(|id| self.line_of_external[id as usize])
                    .filter(|&line| line != NO_LINE)
                    .map(|line| line as usize);
                match reversed {
                    Some(reversed) if self.customers[reversed] == self.customers[line] => {
                        Some((line, unpack_day(self.packed[reversed])))
                    }
                    _ => {
                        stayed += 1;
                        None
                    }
                }
            })
            .collect();
        for (line, day) in moves {
            self.packed[line] = pack(day, unpack_amount(self.packed[line]));
        }
        (self.reversals.len() as u64, stayed)
    }

    /// Lays the lines out by customer. Errors: a ledger without lines.
    pub(crate) fn by_customer(mut self) -> Result<LedgerByCustomer> {
        let (reversals, reversals_unmatched) = self.settle_reversals();
        // Nobody asks for a line by its id any more, and ids take more room than lines.
        self.external = TextKeys::default();
        self.line_of_external = Vec::new();
        self.reversals = Vec::new();
        let order = self.keys.in_order();
        let mut place = vec![0_u32; order.len()];
        for (i, &customer) in (0..).zip(&order) {
            place[customer as usize] = i;
        }
        // Every core counts and lays out the lines of its own share of the customers.
        let share = order.len().div_ceil(cores()).max(1);
        let shares: Vec<Range<usize>> = (0..order.len())
            .step_by(share)
            .map(|from| from..(from + share).min(order.len()))
            .collect();
        let lines = self.customers.len().div_ceil(cores()).max(1);
        let chunks = self.customers.chunks_mut(lines).collect();
        each(chunks, |customers: &mut [u32]| {
            for customer in customers {
                *customer = place[*customer as usize];
            }
            Ok(())
        })?;
        let customers = &self.customers;
        let counts = each(shares.clone(), |share| {
            let mut counts = vec![0_u32; share.len()];
            for &customer in customers {
                if let Some(count) = counts.get_mut((customer as usize).wrapping_sub(share.start)) {
                    *count += 1;
                }
            }
            Ok(counts)
        })?;
        let mut ends = Vec::with_capacity(order.len() + 1);
        ends.push(0_u32);
        ends.extend(counts.iter().flatten().scan(0, |end, count| {
            *end += count;
            Some(*end)
        }));
        drop(counts);
        let mut packed = vec![0_u64; self.packed.len()];
        let mut costs = vec![0_i64; self.costs.len()];
        let mut rest = (packed.as_mut_slice(), costs.as_mut_slice());
        let owned = shares
            .into_iter()
            .map(|share| {
                let lines = (ends[share.end] - ends[share.start]) as usize;
                (
                    share,
                    take_front(&mut rest.0, lines),
                    take_front(&mut rest.1, lines),
                )
            })
            .collect();
        each(
            owned,
            |(share, packed, costs): (Range<usize>, &mut [u64], &mut [i64])| {
                let first = ends[share.start];
                let mut next: Vec<u32> = ends[share.clone()].iter().map(|end| end - first).collect();
                for (line, &customer) in customers.iter().enumerate() {
                    let Some(next) = next.get_mut((customer as usize).wrapping_sub(share.start)) else {
                        continue;
                    };
                    let to = *next as usize;
                    *next += 1;
                    packed[to] = self.packed[line];
                    if let Some(&cost) = self.costs.get(line) {
                        costs[to] = cost;
                    }
                }
                Ok(())
            },
        )?;
        let days = packed
            .iter()
            .map(|&line| line >> AMOUNT_BITS)
            .fold(None, |span, day| match span {
                None => Some((day, day)),
                Some((first, last)) => Some((u64::min(first, day), u64::max(last, day))),
            });
        let Some((first, last)) = days else {
            return Err(Error::invalid(
                "no_transactions",
                "the ledger has no transaction up to the as-of day",
            ));
        };
        Ok(LedgerByCustomer {
            keys: self.keys,
            order,
            ends,
            packed,
            costs,
            first_day: Day(unpack_day(first << AMOUNT_BITS)),
            last_day: Day(unpack_day(last << AMOUNT_BITS)),
            reversals,
            reversals_unmatched,
        })
    }
}

fn line_number(lines: usize) -> Result<u32> {
    u32::try_from(lines)
        .ok()
        .filter(|&line| line != NO_LINE)
        .ok_or_else(|| Error::invalid("too_many_lines", "more than 4,294,967,295 transactions"))
}

/// The ledger, customer after customer.
pub(crate) struct LedgerByCustomer {
    keys: Keys,
    order: Vec<u32>,
    ends: Vec<u32>,
    packed: Vec<u64>,
    costs: Vec<i64>,
    pub(crate) first_day: Day,
    pub(crate) last_day: Day,
    pub(crate) reversals: u64,
    pub(crate) reversals_unmatched: u64,
}

/// The aggregates and what only the whole ledger tells.
pub(crate) struct Made {
    pub batches: Vec<RecordBatch>,
    /// Purchase days of every held-out week by customers of the calibration.
    pub holdout_weekly: Vec<i64>,
}

/// What the lines add up to, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineSums {
    /// All of them.
    pub total: i64,
    /// Those within the leaky bucket's earlier period; 0 without periods.
    pub p0: i64,
    /// Those within its later period.
    pub p1: i64,
}

impl LedgerByCustomer {
    pub(crate) fn customers(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn lines(&self) -> usize {
        self.packed.len()
    }

    /// What the lines add up to, before they are aggregated: what the aggregates are checked against. Errors: sums
    /// beyond what 64 bits hold.
    pub(crate) fn sums(&self, windows: &Windows) -> Result<LineSums> {
        /// So many amounts of 38 bits fit 64 bits.
        const LINES: usize = 1 << 24;
        let bounds = |span: Option<Span>| {
            span.map_or(0..0, |span| {
                pack(span.from.0, -AMOUNT_BIAS)..pack(span.to.0 + 1, -AMOUNT_BIAS)
            })
        };
        let p0 = bounds(windows.periods.map(|periods| periods.p0));
        let p1 = bounds(windows.periods.map(|periods| periods.p1));
        let mut sums = [0_i128; 3];
        for lines in self.packed.chunks(LINES) {
            let mut part = [0_i64; 3];
            for line in lines {
                let amount = unpack_amount(*line);
                part[0] += amount;
                part[1] += if p0.contains(line) { amount } else { 0 };
                part[2] += if p1.contains(line) { amount } else { 0 };
            }
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += i128::from(part);
            }
        }
        let minor = |sum: i128| i64::try_from(sum).map_err(|_| super::bucket::overflow());
        Ok(LineSums {
            total: minor(sums[0])?,
            p0: minor(sums[1])?,
            p1: minor(sums[2])?,
        })
    }

    /// Sums every customer, on all cores. Errors: sums beyond what 64 bits hold.
    pub(crate) fn aggregate(mut self, windows: &Windows) -> Result<Made> {
        let weeks = windows.holdout.map_or(0, |holdout| holdout.weeks as usize);
        let batches = self.customers().div_ceil(BATCH_ROWS);
        let share_customers = batches.div_ceil(cores()).max(1) * BATCH_ROWS;
        let mut packed = std::mem::take(&mut self.packed);
        let mut costs = std::mem::take(&mut self.costs);
        let maker = Maker {
            keys: &self.keys,
            order: &self.order,
            ends: &self.ends,
            windows,
            first_month: windows.first_month().0,
            months: MonthTable::of(Span {
                from: self.first_day,
                to: windows.as_of,
            }),
            last_12m: windows.last_12m(),
            last_6m: windows.last_6m(),
            schema: schema(self.keys.data_type()),
            weeks,
        };
        // Each core owns the lines of its customers, so that it can sort them in place.
        let mut rest = (packed.as_mut_slice(), costs.as_mut_slice());
        let mut shares = Vec::new();
        for from in (0..maker.order.len()).step_by(share_customers) {
            let customers = from..(from + share_customers).min(maker.order.len());
            let lines = (maker.ends[customers.end] - maker.ends[from]) as usize;
            shares.push((
                customers,
                take_front(&mut rest.0, lines),
                take_front(&mut rest.1, lines),
            ));
        }
        let made = each(shares, |(customers, packed, costs): Share<'_>| {
            maker.make(customers, packed, costs)
        })?;
        let mut all = Made {
            batches: Vec::with_capacity(batches),
            holdout_weekly: vec![0; weeks],
        };
        for made in made {
            all.batches.extend(made.batches);
            for (sum, part) in all.holdout_weekly.iter_mut().zip(made.holdout_weekly) {
                *sum += part;
            }
        }
        Ok(all)
    }
}

/// Customers with their lines and the costs of these.
type Share<'a> = (Range<usize>, &'a mut [u64], &'a mut [i64]);

/// Splits the first `count` (or all, if fewer) off a slice.
fn take_front<'a, T>(slice: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    let all = std::mem::take(slice);
    let (front, rest) = all.split_at_mut(count.min(all.len()));
    *slice = rest;
    front
}

/// Makes batches of aggregates out of a share of the customers.
struct Maker<'a> {
    keys: &'a Keys,
    order: &'a [u32],
    ends: &'a [u32],
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
    fn make(&self, customers: Range<usize>, packed: &mut [u64], costs: &mut [i64]) -> Result<Made> {
        let mut made = Made {
            batches: Vec::new(),
            holdout_weekly: vec![0; self.weeks],
        };
        let base = self.ends[customers.start] as usize;
        let mut pairs = Vec::new();
        let mut days = Vec::new();
        for from in customers.clone().step_by(BATCH_ROWS) {
            let rows = from..(from + BATCH_ROWS).min(customers.end);
            let mut columns = Columns::with_rows(rows.len());
            for (row, customer) in rows.clone().enumerate() {
                let lines = self.ends[customer] as usize - base..self.ends[customer + 1] as usize - base;
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
                self.sum(row, &days, &mut columns, &mut made.holdout_weekly)?;
            }
            let ids = self.keys.column(&self.order[rows]);
            made.batches.push(columns.into_batch(ids, &self.schema)?);
        }
        Ok(made)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Three lines, the third of which takes back the first.
    fn ledger(reversed: Option<&[String]>) -> Ledger {
        let mut ledger = Ledger::new(Keys::Texts(TextKeys::default()));
        if let Some(reversed) = reversed {
            ledger.remember_only(reversed).unwrap();
        }
        for (day, amount_minor, id, reverses) in [
            (10, 500, "shop/1", ""),
            (11, 700, "shop/2", ""),
            (20, -500, "shop/3", "shop/1"),
        ] {
            assert!(!ledger.is_repeated(id.as_bytes()).unwrap());
            if !reverses.is_empty() {
                ledger.reverses(reverses.as_bytes()).unwrap();
            }
            let Keys::Texts(keys) = &mut ledger.keys else {
                panic!()
            };
            let customer = keys.number(b"a").unwrap().0;
            let line = Line {
                day,
                amount_minor,
                cost_minor: COST_UNKNOWN,
            };
            ledger.push(customer, &line, false);
        }
        ledger
    }

    #[test]
    fn only_what_is_taken_back_is_remembered() {
        let mut all = ledger(None);
        assert_eq!(all.line_of_external, [0, 1, 2]);
        // one that never comes is no line
        let ids = ["shop/1".to_owned(), "shop/9".to_owned()];
        let mut some = ledger(Some(&ids));
        assert_eq!(some.line_of_external, [0, NO_LINE]);
        some.reverses(b"shop/9").unwrap();
        all.reverses(b"shop/9").unwrap();
        for mut ledger in [all, some] {
            let more = Line {
                day: 21,
                amount_minor: -1,
                cost_minor: COST_UNKNOWN,
            };
            ledger.push(0, &more, false);
            let ledger = ledger.by_customer().unwrap();
            assert_eq!((ledger.reversals, ledger.reversals_unmatched), (2, 1));
            let days: Vec<i32> = ledger.packed.iter().map(|&line| unpack_day(line)).collect();
            assert_eq!(days, [10, 11, 10, 21]);
        }
    }
}
