//! The purchase histories of many customers, validated once and grouped, so that equal ones are computed once.
//! It never looks at money; the mean spend of a customer goes to `gamma_gamma`.

use std::collections::BTreeMap;

use crate::error::{Error, all_finite, same_length};

/// Purchase histories (x, t_x, T) of customers, in the order they were handed in, with equal ones folded together.
///
/// - `x`: repeat purchases, a whole number, 0 or more;
/// - `t_x`: age of the customer at the last repeat purchase, 0 if there was none;
/// - `T`: age at the end of observation, `t_x` ≤ `T`.
///
/// Ages count from the first purchase and may have any unit, as long as it is the same everywhere; the parameters
/// `alpha` and `beta` of the models, steps and horizons then carry that unit.
#[derive(Debug, Clone)]
pub struct Histories {
    pub(crate) groups: Vec<Group>,
    pub(crate) rows: Vec<Row>,
    /// For each customer the index into `rows`.
    pub(crate) row_of: Vec<u32>,
}

/// All rows with the same number of repeat purchases.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) x: f64,
    /// The distinct ages that occur in the group, ascending.
    pub(crate) ages: Vec<f64>,
    /// Where in `Histories::rows` the group starts and ends; ordered by end, then last.
    pub(crate) rows: std::ops::Range<usize>,
    pub(crate) weight: f64,
}

/// One distinct history; ages are indices into the group's `ages`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) last: u32,
    pub(crate) end: u32,
    pub(crate) weight: f64,
}

impl Histories {
    /// Histories of customers that each count once; the slices have one value per customer.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], [`Error::BadValue`] (not finite, negative, `x` not whole),
    /// [`Error::LastPurchaseAfterEnd`], [`Error::RecencyWithoutRepeat`].
    pub fn new(x: &[f64], t_x: &[f64], t: &[f64]) -> Result<Self, Error> {
        check(x, t_x, t)?;
        Ok(Self::grouped(x, t_x, t, |_| 1.0))
    }

    /// Histories that count `weights[i]` times each (above 0), for data that is already aggregated.
    ///
    /// # Errors
    /// As [`Histories::new`], and for weights that are not above 0.
    pub fn with_weights(x: &[f64], t_x: &[f64], t: &[f64], weights: &[f64]) -> Result<Self, Error> {
        check(x, t_x, t)?;
        same_length("weights", x.len(), weights.len())?;
        if let Some(index) = weights
            .iter()
            .position(|weight| !(weight.is_finite() && *weight > 0.0))
        {
            let value = weights[index];
            return Err(Error::BadValue {
                what: "weights",
                index,
                value,
                expected: "a finite number above 0",
            });
        }
        Ok(Self::grouped(x, t_x, t, |index| weights[index]))
    }

    /// How many customers were handed in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.row_of.len()
    }

    /// Never true: empty histories are refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.row_of.is_empty()
    }

    /// How many different (x, t_x, T) there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.rows.len()
    }

    /// The total weight; the number of customers where no weights were given.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.groups.iter().map(|group| group.weight).sum()
    }

    /// The weight of customers with at least one repeat purchase.
    #[must_use]
    pub fn repeaters(&self) -> f64 {
        self.groups
            .iter()
            .filter(|group| group.x > 0.0)
            .map(|group| group.weight)
            .sum()
    }

    /// Repeat purchases over all customers.
    pub(crate) fn purchases(&self) -> f64 {
        self.groups.iter().map(|group| group.x * group.weight).sum()
    }

    /// Ages at the end of observation, summed over all customers.
    pub(crate) fn exposure(&self) -> f64 {
        let of_group = |group: &Group| -> f64 {
            self.rows[group.rows.clone()]
                .iter()
                .map(|row| row.weight * group.ages[row.end as usize])
                .sum()
        };
        self.groups.iter().map(of_group).sum()
    }

    /// x and T of a customer, by the order they were handed in.
    pub(crate) fn count_and_age(&self, customer: usize) -> (f64, f64) {
        let row = self.row_of[customer] as usize;
        let group = &self.groups[self.groups.partition_point(|group| group.rows.end <= row)];
        (group.x, group.ages[self.rows[row].end as usize])
    }

    /// Every n-th distinct history, so that about `rows_max` remain: a deterministic sample to search on.
    pub(crate) fn thinned(&self, rows_max: usize) -> Self {
        let stride = self.rows.len().div_ceil(rows_max.max(1));
        let mut rows = Vec::with_capacity(rows_max + 1);
        let mut groups = Vec::new();
        for group in &self.groups {
            let start = rows.len();
            rows.extend(
                group
                    .rows
                    .clone()
                    .filter(|index| index % stride == 0)
                    .map(|index| self.rows[index]),
            );
            if rows.len() > start {
                let weight = rows[start..].iter().map(|row: &Row| row.weight).sum();
                groups.push(Group {
                    x: group.x,
                    ages: group.ages.clone(),
                    rows: start..rows.len(),
                    weight,
                });
            }
        }
        Self {
            groups,
            rows,
            row_of: Vec::new(),
        }
    }

    fn grouped(x: &[f64], t_x: &[f64], t: &[f64], weight: impl Fn(usize) -> f64) -> Self {
        // Numbers that are not negative sort like their bits, and bits sort fast.
        let mut by_x: BTreeMap<u64, Vec<(u64, u64, u32)>> = BTreeMap::new();
        for index in 0..x.len() {
            // + 0.0 turns a negative zero into a zero
            let key = (
                (t[index] + 0.0).to_bits(),
                (t_x[index] + 0.0).to_bits(),
                index as u32,
            );
            by_x.entry((x[index] + 0.0).to_bits()).or_default().push(key);
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut groups = Vec::with_capacity(by_x.len());
        let mut row_of = vec![0; x.len()];
        for (x, mut keys) in by_x {
            keys.sort_unstable();
            let mut ages: Vec<u64> = keys.iter().flat_map(|&(end, last, _)| [end, last]).collect();
            ages.sort_unstable();
            ages.dedup();
            let position = |age: u64| ages.partition_point(|&other| other < age) as u32;
            let start = rows.len();
            let mut previous = None;
            for (end, last, index) in keys {
                if previous != Some((end, last)) {
                    rows.push(Row {
                        last: position(last),
                        end: position(end),
                        weight: 0.0,
                    });
                    previous = Some((end, last));
                }
                let row = rows.len() - 1;
                rows[row].weight += weight(index as usize);
                row_of[index as usize] = row as u32;
            }
            let weight = rows[start..].iter().map(|row| row.weight).sum();
            let ages = ages.into_iter().map(f64::from_bits).collect();
            groups.push(Group {
                x: f64::from_bits(x),
                ages,
                rows: start..rows.len(),
                weight,
            });
        }
        Self { groups, rows, row_of }
    }
}

fn check(x: &[f64], t_x: &[f64], t: &[f64]) -> Result<(), Error> {
    if x.is_empty() {
        return Err(Error::Empty("x"));
    }
    same_length("t_x", x.len(), t_x.len())?;
    same_length("T", x.len(), t.len())?;
    all_finite("x", x)?;
    all_finite("t_x", t_x)?;
    all_finite("T", t)?;
    for index in 0..x.len() {
        check_one(index, x[index], t_x[index], t[index])?;
    }
    Ok(())
}

/// The rules for one history; `index` is only for the message.
pub(crate) fn check_one(index: usize, x: f64, t_x: f64, t: f64) -> Result<(), Error> {
    /// Beyond this, counts are no longer exact in the arithmetic that follows.
    const X_MAX: f64 = 1e9;
    if !(0.0..=X_MAX).contains(&x) || x.fract() > 0.0 {
        let expected = "a whole number from 0 to 1e9";
        return Err(Error::BadValue {
            what: "x",
            index,
            value: x,
            expected,
        });
    }
    if !(t_x.is_finite() && t_x >= 0.0) {
        return Err(Error::BadValue {
            what: "t_x",
            index,
            value: t_x,
            expected: "a finite number, 0 or more",
        });
    }
    if !t.is_finite() {
        return Err(Error::BadValue {
            what: "T",
            index,
            value: t,
            expected: "a finite number, 0 or more",
        });
    }
    if t_x > t {
        return Err(Error::LastPurchaseAfterEnd { index, t_x, t });
    }
    if x < 1.0 && t_x > 0.0 {
        return Err(Error::RecencyWithoutRepeat { index, t_x });
    }
    Ok(())
}
