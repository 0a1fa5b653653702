//! The lines of one customer while they are being made: in any order, numbered once all are there.

use base::Day;

use super::catalogue::Product;
use super::model::{Channel, GeneratedTransaction, TransactionKind};

/// The business zone is Asia/Shanghai, eight hours ahead of UTC all year (since 1992).
const ZONE_SECONDS: i64 = 8 * 3_600;
const DAY_SECONDS: i64 = 86_400;

/// A second of a day in the business zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    day: Day,
    second: i32,
}

impl Moment {
    /// So many seconds into the day.
    pub(super) const fn on(day: Day, second: i32) -> Self {
        Self { day, second }
    }

    /// Later on the same day.
    pub(super) const fn seconds_later(self, seconds: i32) -> Self {
        Self {
            day: self.day,
            second: self.second + seconds,
        }
    }

    /// The day in the business zone.
    pub(super) const fn day(self) -> Day {
        self.day
    }

    fn at_us(self) -> i64 {
        (i64::from(self.day.0) * DAY_SECONDS + i64::from(self.second) - ZONE_SECONDS) * 1_000_000
    }
}

struct Line {
    at: Moment,
    amount_minor: i64,
    product: Product,
    channel: Channel,
    kind: TransactionKind,
    reverses: Option<usize>,
}

/// The lines of one customer; nothing after the as-of day gets in.
pub(super) struct Ledger {
    as_of: Day,
    lines: Vec<Line>,
}

/// Stands for a line that was not written because it is after the as-of day.
const NOT_WRITTEN: usize = usize::MAX;

impl Ledger {
    pub(super) const fn new(as_of: Day) -> Self {
        Self {
            as_of,
            lines: Vec::new(),
        }
    }

    /// Writes a line; the answer names it for [`Ledger::reversal`].
    pub(super) fn line(
        &mut self,
        at: Moment,
        amount_minor: i64,
        product: Product,
        channel: Channel,
        kind: TransactionKind,
    ) -> usize {
        if at.day > self.as_of {
            return NOT_WRITTEN;
        }
        self.lines.push(Line {
            at,
            amount_minor,
            product,
            channel,
            kind,
            reverses: None,
        });
        self.lines.len() - 1
    }

    /// Takes a line back whole; whether it did.
    pub(super) fn reversal(&mut self, line: usize, at: Moment, channel: Channel) -> bool {
        let Some(reversed) = self.lines.get(line) else {
            return false;
        };
        if at.day > self.as_of {
            return false;
        }
        self.lines.push(Line {
            at,
            amount_minor: -reversed.amount_minor,
            product: reversed.product,
            channel,
            kind: TransactionKind::Refund,
            reverses: Some(line),
        });
        true
    }

    /// The lines in order of time, with their numbers.
    pub(super) fn numbered(self, customer: &str) -> Vec<GeneratedTransaction> {
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        order.sort_by_key(|line| (self.lines[*line].at, *line));
        let mut place = vec![0; order.len()];
        for (position, line) in order.iter().enumerate() {
            place[*line] = position;
        }
        let number = |position: usize| format!("{customer}-{:04}", position + 1);
        order
            .iter()
            .enumerate()
            .map(|(position, line)| {
                let line = &self.lines[*line];
                GeneratedTransaction {
                    external_id: number(position),
                    customer: customer.to_owned(),
                    at_us: line.at.at_us(),
                    amount_minor: line.amount_minor,
                    cost_minor: (line.amount_minor as f64 * line.product.cost_share()).round() as i64,
                    product: line.product,
                    channel: line.channel,
                    kind: line.kind,
                    reverses: line.reverses.map(|reversed| number(place[reversed])),
                }
            })
            .collect()
    }
}
