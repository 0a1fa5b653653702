//! Lays the ledger's lines out by customer, on all cores: customers are ordered by their key, and the lines of
//! every so many of them are brought together, so that what comes after works within the cache. The result does
//! not depend on the order of the lines.

use base::{Day, Error, Result};

use super::keys::Keys;
use super::ledger::{AMOUNT_BIAS, Ledger, pack, unpack_amount, unpack_day};
use super::parallel::{cores, each, in_parts};
use super::windows::{Span, Windows};

/// Customers per block, and per batch of aggregates: small enough that their lines and columns stay in the cache.
pub(crate) const BLOCK_CUSTOMERS: usize = 8192;
const _: () = assert!(
    BLOCK_CUSTOMERS <= 1 << u16::BITS,
    "a place within a block must fit its type"
);

/// The ledger, block after block of customers.
pub(crate) struct LedgerByCustomer {
    pub(crate) keys: Keys,
    /// The customers' numbers in the order of their keys.
    pub(crate) order: Vec<u32>,
    /// Where the lines of each block begin, and at last where they end.
    pub(crate) blocks: Vec<usize>,
    /// The place of each line's customer within its block.
    pub(crate) places: Vec<u16>,
    pub(crate) packed: Vec<u64>,
    /// Empty where the ledger has no costs.
    pub(crate) costs: Vec<i64>,
    pub(crate) first_day: Day,
    pub(crate) last_day: Day,
    pub(crate) reversals: u64,
    pub(crate) reversals_unmatched: u64,
}

/// What one chunk of the lines has: the number of lines of each block, and the least and the largest line.
struct Counted {
    of_blocks: Vec<usize>,
    least: u64,
    largest: u64,
}

/// Where the lines of one chunk go, block by block.
struct Room<'a> {
    packed: Vec<std::slice::IterMut<'a, u64>>,
    places: Vec<std::slice::IterMut<'a, u16>>,
    costs: Vec<std::slice::IterMut<'a, i64>>,
}

impl LedgerByCustomer {
    /// Errors: a ledger without lines.
    pub(crate) fn of(mut ledger: Ledger) -> Result<Self> {
        let (reversals, reversals_unmatched) = ledger.settle_reversals();
        let lines = ledger.lines();
        if lines == 0 {
            return Err(Error::invalid(
                "no_transactions",
                "the ledger has no transaction up to the as-of day",
            ));
        }
        let order = ledger.keys.in_order();
        let mut place = vec![0_u32; order.len()];
        for (i, &customer) in (0..).zip(&order) {
            place[customer as usize] = i;
        }
        let count = order.len().div_ceil(BLOCK_CUSTOMERS);
        let chunk_lines = lines.div_ceil(cores());
        let chunks = ledger
            .customers
            .chunks_mut(chunk_lines)
            .zip(ledger.packed.chunks(chunk_lines))
            .collect();
        let counted = each(chunks, |(customers, packed): (&mut [u32], &[u64])| {
            let mut of_blocks = vec![0; count];
            for customer in customers {
                *customer = place[*customer as usize];
                of_blocks[*customer as usize / BLOCK_CUSTOMERS] += 1;
            }
            let (least, largest) = packed.iter().fold((u64::MAX, 0), |(least, largest), &line| {
                (u64::min(least, line), u64::max(largest, line))
            });
            Ok(Counted {
                of_blocks,
                least,
                largest,
            })
        })?;

        let mut packed = vec![0; lines];
        let mut places = vec![0; lines];
        let mut costs = vec![0; ledger.costs.len()];
        let mut rest = (packed.as_mut_slice(), places.as_mut_slice(), costs.as_mut_slice());
        let mut rooms: Vec<Room<'_>> = counted.iter().map(|_| Room::of_blocks(count)).collect();
        let mut blocks = vec![0];
        for block in 0..count {
            let mut end = blocks[block];
            for (room, counted) in rooms.iter_mut().zip(&counted) {
                let lines = counted.of_blocks[block];
                room.packed.push(take_front(&mut rest.0, lines).iter_mut());
                room.places.push(take_front(&mut rest.1, lines).iter_mut());
                room.costs.push(take_front(&mut rest.2, lines).iter_mut());
                end += lines;
            }
            blocks.push(end);
        }
        let with_room = rooms.into_iter().enumerate().collect();
        each(with_room, |(chunk, mut room): (usize, Room<'_>)| {
            let from = chunk * chunk_lines;
            let to = (from + chunk_lines).min(lines);
            for (&customer, &line) in ledger.customers[from..to].iter().zip(&ledger.packed[from..to]) {
                let (block, place) = within_block(customer);
                if let (Some(packed), Some(placed)) = (room.packed[block].next(), room.places[block].next()) {
                    (*packed, *placed) = (line, place);
                }
            }
            if !ledger.costs.is_empty() {
                for (&customer, &cost) in ledger.customers[from..to].iter().zip(&ledger.costs[from..to]) {
                    if let Some(room) = room.costs[within_block(customer).0].next() {
                        *room = cost;
                    }
                }
            }
            Ok(())
        })?;
        let least = counted
            .iter()
            .map(|counted| counted.least)
            .min()
            .unwrap_or_default();
        let largest = counted
            .iter()
            .map(|counted| counted.largest)
            .max()
            .unwrap_or_default();
        Ok(Self {
            keys: ledger.keys,
            order,
            blocks,
            places,
            packed,
            costs,
            first_day: Day(unpack_day(least)),
            last_day: Day(unpack_day(largest)),
            reversals,
            reversals_unmatched,
        })
    }

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
        let parts = in_parts(&self.packed, |lines| {
            let mut sums = [0_i128; 3];
            for lines in lines.chunks(LINES) {
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
            Ok(sums)
        })?;
        let sums = parts.iter().fold([0_i128; 3], |sums, part| {
            std::array::from_fn(|i| sums[i] + part[i])
        });
        let minor = |sum: i128| i64::try_from(sum).map_err(|_| super::bucket::overflow());
        Ok(LineSums {
            total: minor(sums[0])?,
            p0: minor(sums[1])?,
            p1: minor(sums[2])?,
        })
    }
}

impl Room<'_> {
    fn of_blocks(count: usize) -> Self {
        Self {
            packed: Vec::with_capacity(count),
            places: Vec::with_capacity(count),
            costs: Vec::with_capacity(count),
        }
    }
}

/// The block of a customer and the place there.
fn within_block(customer: u32) -> (usize, u16) {
    let customer = customer as usize;
    (customer / BLOCK_CUSTOMERS, (customer % BLOCK_CUSTOMERS) as u16)
}

/// Splits the first `count` (or all, if fewer) off a slice.
fn take_front<'a, T>(slice: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    let all = std::mem::take(slice);
    let (front, rest) = all.split_at_mut(count.min(all.len()));
    *slice = rest;
    front
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
