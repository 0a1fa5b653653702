//! What the record says of the customers of a run, in memory beside its figures: one number per row for all that a
//! list may ask of it, because of a million customers most have their brand, region, kind, branch and owner in common
//! with others. Unlike figures it changes; when, `app::groups` knows.

use customers::store::{Group, Grouping};
use indexmap::IndexSet;
use platform::Scope;

/// The number of a row whose record was not read: in no group.
const UNREAD: u32 = 0;

/// The groupings of the customers of a run, by its rows.
#[derive(Debug, Clone, Default)]
pub struct GroupColumns {
    /// One more than the place among the different ones, or [`UNREAD`].
    codes: Vec<u32>,
    different: IndexSet<Grouping>,
}

/// The rows of a list's group.
#[derive(Debug)]
pub struct Members<'a> {
    codes: &'a [u32],
    /// By number.
    wanted: Vec<bool>,
}

impl GroupColumns {
    /// For so many rows, of which nothing is known yet.
    pub fn new(rows: usize) -> Self {
        Self {
            codes: vec![UNREAD; rows],
            different: IndexSet::new(),
        }
    }

    /// What the record of a row's customer says.
    pub fn set(&mut self, row: u32, grouping: Grouping) {
        let place = self.different.insert_full(grouping).0;
        // There are no more groupings than rows were set, and rows are numbered in 32 bits.
        self.codes[row as usize] = u32::try_from(place + 1).unwrap_or(UNREAD);
    }

    /// Who of a group the scope shows.
    pub fn members(&self, scope: &Scope, group: &Group) -> Members<'_> {
        let of_different = self.different.iter().map(|grouping| grouping.is_in(scope, group));
        Members {
            codes: &self.codes,
            wanted: std::iter::once(false).chain(of_different).collect(),
        }
    }
}

impl Members<'_> {
    /// Whether a row is one of them.
    pub fn have(&self, row: usize) -> bool {
        self.wanted[self.codes[row] as usize]
    }

    /// Leaves the marks of those of these rows that are.
    pub fn mark(&self, marks: &mut [u8], rows: std::ops::Range<usize>) {
        for (mark, code) in marks.iter_mut().zip(&self.codes[rows]) {
            *mark &= u8::from(self.wanted[*code as usize]);
        }
    }
}
