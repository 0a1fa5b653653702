//! The figures of a published run in memory, column by column.
//!
//! A list may be filtered by any figures and sorted by any other: no set of indexes serves all of these, and
//! the two often contradict each other (the most valuable of those who are leaving), so that a walk along one
//! index passes almost everybody. So a page is first looked for along its figure, which finds most of them after
//! some hundred rows; a walk that passes too many gives up, and a few columns are read from end to end, which
//! takes the same few milliseconds per million customers whatever is asked. A run never changes once it is
//! published, so nothing here goes stale.

use std::sync::OnceLock;

use base::{Day, Error, Result};
use uuid::Uuid;

use crate::group_columns::Members;
use crate::profile::{Figure, ProfileFigures, Range, Unit};
use crate::rules::{BucketSegment, Loyalty, ValueClass};

/// Bytes of one customer: id, class, loyalty, segment, three scores, and the figures.
const CUSTOMER_BYTES: usize = 16 + 3 + 3 + 8 * Figure::ALL.len();
/// Rows looked at together: their marks stay in the first cache.
const BLOCK: usize = 2_048;
/// So few rows of a block are rather looked at one by one than all of its columns read.
const FEW: usize = 64;
/// Along a figure no more than this part of all rows is passed, so that a walk in vain costs little beside the pass
/// over the columns that follows.
const WALKED_PART: usize = 64;

/// The names of all values of a type; `none` where there is room for more.
macro_rules! names {
    ($of:ty) => {{
        let mut names = ["none"; _];
        let mut n = 0;
        while n < <$of>::ALL.len() {
            names[n] = <$of>::ALL[n].name();
            n += 1;
        }
        names
    }};
}

const CLASSES: [&str; ValueClass::ALL.len()] = names!(ValueClass);
const LOYALTIES: [&str; Loyalty::ALL.len()] = names!(Loyalty);
/// The segments of the leaky bucket, and `none` for a ledger too short for two periods.
pub(crate) const BUCKETS: [&str; BucketSegment::ALL.len() + 1] = names!(BucketSegment);

/// A real as a whole number that compares the same; [`real`] is its inverse.
pub(crate) fn ordered(real: f64) -> i64 {
    // Zero has one sign.
    flip((real + 0.0).to_bits().cast_signed())
}

fn real(ordered: i64) -> f64 {
    f64::from_bits(flip(ordered).cast_unsigned())
}

/// The bits of a negative real grow as it falls.
fn flip(bits: i64) -> i64 {
    bits ^ (bits >> 63 & i64::MAX)
}

/// Whom a list shows, of what the run says.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    classes: [bool; CLASSES.len()],
    loyalties: [bool; LOYALTIES.len()],
    buckets: [bool; BUCKETS.len()],
    /// Figure, least and most.
    ranges: Vec<(usize, i64, i64)>,
}

impl Selection {
    /// Any of these classes, loyalty classes and segments (all where none is named), and all of these ranges.
    pub fn new(classes: &[String], loyalties: &[String], buckets: &[String], ranges: &[Range]) -> Self {
        Self {
            classes: marked(&CLASSES, classes),
            loyalties: marked(&LOYALTIES, loyalties),
            buckets: marked(&BUCKETS, buckets),
            ranges: bounds(ranges),
        }
    }
}

/// The bounds of each figure that has some: of several the narrowest.
fn bounds(ranges: &[Range]) -> Vec<(usize, i64, i64)> {
    let mut bounds: Vec<(usize, i64, i64)> = Vec::new();
    for range in ranges {
        let figure = range.figure;
        // Who does not have the figure is on neither side of a bound.
        let everyone = if figure.unit() == Unit::Real {
            ordered(0.0)
        } else {
            i64::MIN
        };
        let low = range.low.map_or(everyone, |low| figure.least(low).max(everyone));
        let high = range.high.map_or(i64::MAX, |high| figure.most(high));
        match bounds.iter_mut().find(|(of, ..)| *of == figure as usize) {
            Some((_, least, most)) => (*least, *most) = (low.max(*least), high.min(*most)),
            None => bounds.push((figure as usize, low, high)),
        }
    }
    bounds
}

fn marked<const N: usize>(names: &[&str; N], wanted: &[String]) -> [bool; N] {
    names.map(|name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
}

/// By which figure a list is sorted; equal figures by customer, so that no page loses or repeats a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The figure.
    pub figure: Figure,
    /// Largest first.
    pub descending: bool,
}

/// Where a page begins: the figure ([`ProfileColumns::key`]) and the customer of the row before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct After {
    /// The figure the list is sorted by.
    pub key: i64,
    /// The customer.
    pub customer: Uuid,
}

/// Whom a list shows, of what the run says and of what the record says.
type Asked<'a> = (&'a Selection, Option<&'a Members<'a>>);

/// The figures of one run. Rows are numbered in the order of the customers' ids.
#[derive(Debug, Default)]
pub struct ProfileColumns {
    customers: Vec<Uuid>,
    classes: Vec<u8>,
    loyalties: Vec<u8>,
    buckets: Vec<u8>,
    scores: Vec<[u8; 3]>,
    figures: [Vec<i64>; Figure::ALL.len()],
    /// The rows along each figure, made when a list is first sorted by it.
    sorted: [OnceLock<Vec<u32>>; Figure::ALL.len()],
}

/// The bytes of some customers' figures, for [`ProfileColumns::append`]: each column in turn, numbers
/// little-endian.
///
/// Errors: a class, loyalty class or segment that has no such name (ours).
pub fn encode<'a>(profiles: impl ExactSizeIterator<Item = &'a ProfileFigures> + Clone) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(profiles.len() * CUSTOMER_BYTES);
    for profile in profiles.clone() {
        bytes.extend_from_slice(profile.customer.as_bytes());
    }
    for profile in profiles.clone() {
        bytes.push(code(&CLASSES, &profile.class)?);
    }
    for profile in profiles.clone() {
        bytes.push(code(&LOYALTIES, &profile.loyalty)?);
    }
    for profile in profiles.clone() {
        bytes.push(code(&BUCKETS, &profile.bucket)?);
    }
    for profile in profiles.clone() {
        bytes.extend([
            profile.recency_score,
            profile.frequency_score,
            profile.monetary_score,
        ]);
    }
    for figure in Figure::ALL {
        for profile in profiles.clone() {
            bytes.extend(figure.key_of(profile).to_le_bytes());
        }
    }
    Ok(bytes)
}

fn code(names: &[&str], name: &str) -> Result<u8> {
    let known = names.iter().zip(0_u8..).find(|(known, _)| **known == name);
    known
        .map(|(_, code)| code)
        .ok_or_else(|| Error::internal(format!("{name:?} is no group of customers")))
}

impl ProfileColumns {
    /// Room for so many customers.
    pub fn with_capacity(customers: usize) -> Self {
        Self {
            customers: Vec::with_capacity(customers),
            classes: Vec::with_capacity(customers),
            loyalties: Vec::with_capacity(customers),
            buckets: Vec::with_capacity(customers),
            scores: Vec::with_capacity(customers),
            figures: std::array::from_fn(|_| Vec::with_capacity(customers)),
            sorted: Default::default(),
        }
    }

    /// Adds what [`encode`] made of the customers that follow.
    ///
    /// Errors: bytes that are not whole customers, or not in order (the database was changed by hand).
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let malformed = |why: &str| Error::internal(format!("the stored columns of profiles {why}"));
        let customers = bytes.len() / CUSTOMER_BYTES;
        if customers * CUSTOMER_BYTES != bytes.len() {
            return Err(malformed("are not whole"));
        }
        let mut rest = bytes;
        let mut take = |each: usize| {
            let (column, after) = rest.split_at(customers * each);
            rest = after;
            column
        };
        self.customers
            .extend(take(16).as_chunks().0.iter().map(|id| Uuid::from_bytes(*id)));
        for (column, names) in [
            (&mut self.classes, CLASSES.len()),
            (&mut self.loyalties, LOYALTIES.len()),
            (&mut self.buckets, BUCKETS.len()),
        ] {
            let codes = take(1);
            if codes.iter().any(|code| usize::from(*code) >= names) {
                return Err(malformed("name a group that is not there"));
            }
            column.extend_from_slice(codes);
        }
        self.scores.extend_from_slice(take(3).as_chunks().0);
        for column in &mut self.figures {
            column.extend(take(8).as_chunks().0.iter().map(|key| i64::from_le_bytes(*key)));
        }
        let before = (self.customers.len() - customers).saturating_sub(1);
        if !self.customers[before..].is_sorted_by(|a, b| a < b) {
            return Err(malformed("are not in the order of the customers"));
        }
        Ok(())
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// The row of a customer, if the run has one.
    pub fn row_of(&self, customer: Uuid) -> Option<u32> {
        let row = self.customers.binary_search(&customer).ok()?;
        u32::try_from(row).ok()
    }

    /// The rows of those of these customers that the run has, in order. Of neighbours the next is looked for from
    /// the one before: a search from the middle of a million ids costs a dozen cache misses each.
    pub fn rows_of(&self, mut customers: Vec<Uuid>) -> Vec<u32> {
        customers.sort_unstable();
        customers.dedup();
        let mut rows = Vec::with_capacity(customers.len());
        let mut rest = 0..self.len();
        for customer in customers {
            let mut step = 1;
            while rest.start + step < rest.end && self.customers[rest.start + step] < customer {
                rest.start += step;
                step *= 2;
            }
            let near = &self.customers[rest.start..rest.end.min(rest.start + step + 1)];
            match near.binary_search(&customer) {
                Ok(place) => {
                    rest.start += place;
                    rows.extend(u32::try_from(rest.start));
                }
                Err(place) => rest.start += place,
            }
        }
        rows
    }

    /// The customer of a row.
    pub fn customer(&self, row: u32) -> Uuid {
        self.customers[row as usize]
    }

    /// What a list sorted by this figure compares.
    pub fn key(&self, figure: Figure, row: u32) -> i64 {
        self.figures[figure as usize][row as usize]
    }

    /// A figure of a row as a whole number: money in minor units, counts, days; of reals their millionths. None where
    /// the customer does not have it.
    pub fn whole(&self, figure: Figure, row: u32) -> Option<i64> {
        let key = self.key(figure, row);
        if figure.unit() != Unit::Real {
            return Some(key);
        }
        Some(real(key))
            .filter(|figure| *figure >= 0.0)
            .map(|figure| (figure * 1e6).round() as i64)
    }

    /// How many of 10,000 customers have more of a figure than a row's customer, rounded down.
    pub fn share_above(&self, figure: Figure, row: u32) -> u32 {
        let keys = &self.figures[figure as usize];
        let sorted = self.sorted[figure as usize].get_or_init(|| rows_along(keys));
        let key = keys[row as usize];
        let above = self.len() - sorted.partition_point(|row| keys[*row as usize] <= key);
        u32::try_from(above * 10_000 / self.len().max(1)).unwrap_or(u32::MAX)
    }

    /// The figures of a row.
    pub fn profile(&self, row: u32) -> ProfileFigures {
        let at = row as usize;
        let whole = |figure: Figure| self.key(figure, row);
        let some = |figure: Figure| Some(real(self.key(figure, row))).filter(|figure| *figure >= 0.0);
        let day = |figure: Figure| Day(i32::try_from(self.key(figure, row)).unwrap_or_default());
        let [recency_score, frequency_score, monetary_score] = self.scores[at];
        ProfileFigures {
            customer: self.customers[at],
            class: CLASSES[usize::from(self.classes[at])].to_owned(),
            loyalty: LOYALTIES[usize::from(self.loyalties[at])].to_owned(),
            bucket: BUCKETS[usize::from(self.buckets[at])].to_owned(),
            value_minor: whole(Figure::Value),
            clv_12m_minor: whole(Figure::Clv12m),
            clv_36m_minor: whole(Figure::Clv36m),
            referral_value_minor: whole(Figure::ReferralValue),
            value_at_risk_minor: whole(Figure::ValueAtRisk),
            contribution_minor: whole(Figure::Contribution),
            revenue_minor: whole(Figure::Revenue),
            monetary_minor: whole(Figure::Monetary),
            expected_ticket_minor: whole(Figure::ExpectedTicket),
            stability: some(Figure::Stability),
            p_alive: some(Figure::PAlive),
            expected_purchases_30d: some(Figure::ExpectedPurchases30d),
            expected_purchases_90d: some(Figure::ExpectedPurchases90d),
            expected_purchases_365d: some(Figure::ExpectedPurchases365d),
            x: whole(Figure::X),
            first_purchase: day(Figure::FirstPurchase),
            last_purchase: day(Figure::LastPurchase),
            recency_score,
            frequency_score,
            monetary_score,
        }
    }

    /// The first `most` rows of a list after a row, in its order; of a group's members where one is given.
    pub fn page(
        &self,
        selection: &Selection,
        members: Option<&Members<'_>>,
        order: Order,
        after: Option<After>,
        most: usize,
    ) -> Vec<u32> {
        let passed = most.saturating_add(self.len() / WALKED_PART);
        let asked = (selection, members);
        self.walk(asked, order, after, most, passed)
            .unwrap_or_else(|| self.scan(asked, order, after, most))
    }

    /// A page by looking at one row after the other along the figure; none if it takes more than `passed`.
    fn walk(
        &self,
        asked: Asked<'_>,
        order: Order,
        after: Option<After>,
        most: usize,
        passed: usize,
    ) -> Option<Vec<u32>> {
        let keys = &self.figures[order.figure as usize];
        let sorted = self.sorted[order.figure as usize].get_or_init(|| rows_along(keys));
        let place = |row: u32| Place::new(order, keys[row as usize], i64::from(row));
        let after = after.map(|after| self.place_of(order, after));
        let mut rows = Vec::with_capacity(most);
        let mut take = |along: &mut dyn Iterator<Item = u32>| {
            for row in along.take(passed) {
                if rows.len() == most {
                    break;
                }
                if self.admits_asked(asked, row as usize) {
                    rows.push(row);
                }
            }
        };
        let left = if order.descending {
            let end = after.map_or(sorted.len(), |after| {
                sorted.partition_point(|row| place(*row) > after)
            });
            take(&mut sorted[..end].iter().rev().copied());
            end
        } else {
            let begin = after.map_or(0, |after| sorted.partition_point(|row| place(*row) <= after));
            take(&mut sorted[begin..].iter().copied());
            sorted.len() - begin
        };
        (rows.len() == most || left <= passed).then_some(rows)
    }

    /// Where a page begins, as a place in its list.
    fn place_of(&self, order: Order, after: After) -> Place {
        let row = match self.customers.binary_search(&after.customer) {
            Ok(row) => row as i64,
            // Between two rows: after the one before, or before the one after.
            Err(next) => next as i64 - i64::from(!order.descending),
        };
        Place::new(order, after.key, row)
    }

    /// A page by reading the figure and what is asked for from end to end.
    fn scan(&self, asked: Asked<'_>, order: Order, after: Option<After>, most: usize) -> Vec<u32> {
        let mut first = First::new(self, order, after, most);
        let blocks = self.len().div_ceil(BLOCK);
        for n in 0..blocks {
            // Equal figures come in the order of the list.
            let from = BLOCK * if order.descending { blocks - 1 - n } else { n };
            let Some((low, high)) = first.bounds() else {
                break;
            };
            let rows = from..self.len().min(from + BLOCK);
            let mut marks = [0; BLOCK];
            marks[..rows.len()].fill(1);
            mark(&mut marks, &first.keys[rows], low, high);
            // Of most blocks the bounds leave hardly anybody, who is then looked at alone.
            let few = count(&marks) <= FEW;
            if !few {
                self.select(&mut marks, asked, from);
            }
            let eights = marks.as_chunks::<8>().0.iter().enumerate();
            let marked = eights
                .filter(|(_, eight)| u64::from_ne_bytes(**eight) != 0)
                .flat_map(|(n, _)| 8 * n..8 * n + 8)
                .filter(|n| marks[*n] != 0)
                .map(|n| from + n);
            let offer = |row| first.offer(row, || !few || self.admits_asked(asked, row));
            if order.descending {
                marked.rev().for_each(offer);
            } else {
                marked.for_each(offer);
            }
        }
        first.rows()
    }

    /// The same of these rows only, whoever is a member.
    pub fn page_among(
        &self,
        rows: &[u32],
        selection: &Selection,
        order: Order,
        after: Option<After>,
        most: usize,
    ) -> Vec<u32> {
        let mut first = First::new(self, order, after, most);
        for row in rows.iter().map(|row| *row as usize) {
            first.offer(row, || self.admits(selection, row));
        }
        first.rows()
    }

    /// How many rows a selection lets through; of a group's members where one is given.
    pub fn count(&self, selection: &Selection, members: Option<&Members<'_>>) -> usize {
        (0..self.len())
            .step_by(BLOCK)
            .map(|from| {
                let mut marks = [0; BLOCK];
                marks[..BLOCK.min(self.len() - from)].fill(1);
                self.select(&mut marks, (selection, members), from);
                count(&marks)
            })
            .sum()
    }

    /// Whether a selection lets a row through.
    pub fn admits(&self, selection: &Selection, at: usize) -> bool {
        selection.classes[usize::from(self.classes[at])]
            && selection.loyalties[usize::from(self.loyalties[at])]
            && selection.buckets[usize::from(self.buckets[at])]
            && selection
                .ranges
                .iter()
                .all(|(figure, low, high)| (*low..=*high).contains(&self.figures[*figure][at]))
    }

    fn admits_asked(&self, (selection, members): Asked<'_>, at: usize) -> bool {
        members.is_none_or(|members| members.have(at)) && self.admits(selection, at)
    }

    /// Leaves the marks of those rows from `from` that are asked for, one column after the other.
    fn select(&self, marks: &mut [u8; BLOCK], (selection, members): Asked<'_>, from: usize) {
        let rows = from..self.len().min(from + BLOCK);
        for (column, wanted) in [
            (&self.classes, selection.classes.as_slice()),
            (&self.loyalties, &selection.loyalties),
            (&self.buckets, &selection.buckets),
        ] {
            if wanted.contains(&false) {
                for (mark, code) in marks.iter_mut().zip(&column[rows.clone()]) {
                    *mark &= u8::from(wanted[usize::from(*code)]);
                }
            }
        }
        for (figure, low, high) in &selection.ranges {
            mark(marks, &self.figures[*figure][rows.clone()], *low, *high);
        }
        if let Some(members) = members {
            members.mark(marks, rows);
        }
    }
}

/// Leaves the marks of those rows whose key is within the bounds, both included.
fn mark(marks: &mut [u8], keys: &[i64], low: i64, high: i64) {
    if low > high {
        return marks.fill(0);
    }
    // One comparison: what is below wraps round to what is far above.
    let width = high.wrapping_sub(low).cast_unsigned();
    for (mark, key) in marks.iter_mut().zip(keys) {
        *mark &= u8::from(key.wrapping_sub(low).cast_unsigned() <= width);
    }
}

/// The rows in the order of their keys, equal ones in their own.
fn rows_along(keys: &[i64]) -> Vec<u32> {
    let mut places: Vec<(i64, u32)> = keys.iter().copied().zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, row)| row).collect()
}

fn count(marks: &[u8; BLOCK]) -> usize {
    marks.iter().map(|mark| usize::from(*mark)).sum()
}

/// The first rows of a list among those offered.
struct First<'a> {
    keys: &'a [i64],
    order: Order,
    after: Option<Place>,
    most: usize,
    /// They and some that came before it was known that others are before them.
    found: Vec<Place>,
    /// No row after this one is among the first.
    last: Option<Place>,
}

/// A row's place in a list: the earlier, the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    key: i64,
    row: i64,
}

impl Place {
    fn new(order: Order, key: i64, row: i64) -> Self {
        let place = Self { key, row };
        if order.descending { place.turned() } else { place }
    }

    /// The place that comes first when the list is turned round; its own inverse.
    fn turned(self) -> Self {
        Self {
            key: !self.key,
            row: !self.row,
        }
    }
}

impl<'a> First<'a> {
    fn new(columns: &'a ProfileColumns, order: Order, after: Option<After>, most: usize) -> Self {
        let after = after.map(|after| columns.place_of(order, after));
        Self {
            keys: &columns.figures[order.figure as usize],
            order,
            after,
            most,
            found: Vec::with_capacity(2 * most.max(FEW)),
            last: None,
        }
    }

    /// Between which keys, both included, a row has to be to be among the first, if it comes after all rows
    /// offered that have the same key; none where no row can be.
    fn bounds(&self) -> Option<(i64, i64)> {
        let low = self.after.map_or(i64::MIN, |after| after.key);
        let high = self.last.map_or(Some(i64::MAX), |last| last.key.checked_sub(1))?;
        if low > high {
            None
        } else if self.order.descending {
            Some((!high, !low))
        } else {
            Some((low, high))
        }
    }

    /// Takes a row that comes after the page before and before the last of those found, if it is admitted.
    fn offer(&mut self, row: usize, admitted: impl FnOnce() -> bool) {
        let place = Place::new(self.order, self.keys[row], row as i64);
        let is_before = self.after.is_some_and(|after| place <= after);
        let is_behind = self.last.is_some_and(|last| place > last);
        if is_before || is_behind || !admitted() {
            return;
        }
        self.found.push(place);
        if self.found.len() == self.found.capacity() {
            self.drop_others();
        }
    }

    /// Keeps only the first of those found.
    fn drop_others(&mut self) {
        if self.found.len() >= self.most
            && let Some(last) = self.most.checked_sub(1)
        {
            self.last = Some(*self.found.select_nth_unstable(last).1);
        }
        self.found.truncate(self.most);
    }

    fn rows(mut self) -> Vec<u32> {
        let descending = self.order.descending;
        self.drop_others();
        self.found.sort_unstable();
        let rows = self
            .found
            .into_iter()
            .map(|place| if descending { place.turned().row } else { place.row });
        rows.filter_map(|row| u32::try_from(row).ok()).collect()
    }
}

#[cfg(test)]
mod tests;
