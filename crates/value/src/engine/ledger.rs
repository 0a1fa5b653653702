//! The ledger while it is read: lines are appended to flat columns, customers and external ids become
//! numbers. It computes nothing.

use base::money::AMOUNT_MINOR_MAX;
use base::{Error, Result};

use super::keys::{Keys, TextKeys};

/// The ledger up to the as-of day, one entry per line.
pub(crate) struct Ledger {
    pub(crate) keys: Keys,
    /// The number of each line's customer.
    pub(crate) customers: Vec<u32>,
    /// Day and amount of a line in one number that sorts by day.
    pub(crate) packed: Vec<u64>,
    /// In the order of `packed`; empty where the ledger has no costs.
    pub(crate) costs: Vec<i64>,
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
pub(crate) const AMOUNT_BIAS: i64 = 1 << (AMOUNT_BITS - 1);
const DAY_BIAS: i64 = 1 << 25;
const _: () = assert!(AMOUNT_MINOR_MAX < AMOUNT_BIAS, "an amount must fit into its bits");

pub(crate) fn pack(day: i32, amount_minor: i64) -> u64 {
    (((i64::from(day) + DAY_BIAS) as u64) << AMOUNT_BITS) | (amount_minor + AMOUNT_BIAS) as u64
}

pub(crate) fn unpack_day(packed: u64) -> i32 {
    ((packed >> AMOUNT_BITS) as i64 - DAY_BIAS) as i32
}

pub(crate) fn unpack_amount(packed: u64) -> i64 {
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
    /// Gives the number of reversals, and how many of them stayed, and forgets them.
    pub(crate) fn settle_reversals(&mut self) -> (u64, u64) {
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
        let count = self.reversals.len() as u64;
        // Nobody asks for a line by its id any more, and ids take more room than lines.
        self.external = TextKeys::default();
        self.line_of_external = Vec::new();
        self.reversals = Vec::new();
        (count, stayed)
    }
}

fn line_number(lines: usize) -> Result<u32> {
    u32::try_from(lines)
        .ok()
        .filter(|&line| line != NO_LINE)
        .ok_or_else(|| Error::invalid("too_many_lines", "more than 4,294,967,295 transactions"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::layout::LedgerByCustomer;

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
            let ledger = LedgerByCustomer::of(ledger).unwrap();
            assert_eq!((ledger.reversals, ledger.reversals_unmatched), (2, 1));
            let days: Vec<i32> = ledger.packed.iter().map(|&line| unpack_day(line)).collect();
            assert_eq!(days, [10, 11, 10, 21]);
        }
    }
}
