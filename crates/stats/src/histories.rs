//! The purchase histories of many customers, validated once and grouped, so that equal ones are computed once.
//! It never looks at money; the mean spend of a customer goes to `gamma_gamma`.

use hashbrown::HashMap;

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

    /// x and T of every distinct history; `row_of` says which is whose.
    pub(crate) fn counts_and_ages(&self) -> Vec<(f64, f64)> {
        let mut found = Vec::with_capacity(self.rows.len());
        for group in &self.groups {
            let rows = &self.rows[group.rows.clone()];
            found.extend(rows.iter().map(|row| (group.x, group.ages[row.end as usize])));
        }
        found
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
        let counts = Ranked::of([x]);
        let ages = Ranked::of([t, t_x]);
        // x, T, t_x and the customer as one number, which sorts in one comparison.
        let mut keys: Vec<u128> = (0..x.len())
            .map(|index| {
                let history = [counts.rank(x[index]), ages.rank(t[index]), ages.rank(t_x[index])];
                let [x, end, last] = history.map(u128::from);
                (x << 96) | (end << 64) | (last << 32) | index as u128
            })
            .collect();
        keys.sort_unstable();
        let part = |key: u128, place: u32| (key >> (32 * place)) as u32;
        let mut rows: Vec<Row> = Vec::new();
        let mut groups = Vec::with_capacity(counts.values.len());
        let mut row_of = vec![0; x.len()];
        // Where in the group's ages an age stands; of the others what an earlier group left.
        let mut place = vec![0_u32; ages.values.len()];
        let mut in_group = vec![u32::MAX; ages.values.len()];
        for keys in keys.chunk_by(|&a, &b| part(a, 3) == part(b, 3)) {
            let count = part(keys[0], 3);
            let mut occurring = Vec::new();
            for age in keys.iter().flat_map(|&key| [part(key, 2), part(key, 1)]) {
                if in_group[age as usize] != count {
                    in_group[age as usize] = count;
                    occurring.push(age);
                }
            }
            occurring.sort_unstable();
            for (i, &age) in (0..).zip(&occurring) {
                place[age as usize] = i;
            }
            let start = rows.len();
            for same in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
                for &key in same {
                    row_of[part(key, 0) as usize] = rows.len() as u32;
                }
                rows.push(Row {
                    last: place[part(same[0], 1) as usize],
                    end: place[part(same[0], 2) as usize],
                    weight: same.iter().map(|&key| weight(part(key, 0) as usize)).sum(),
                });
            }
            groups.push(Group {
                x: counts.values[count as usize],
                ages: occurring.iter().map(|&age| ages.values[age as usize]).collect(),
                rows: start..rows.len(),
                weight: rows[start..].iter().map(|row| row.weight).sum(),
            });
        }
        Self { groups, rows, row_of }
    }
}

/// The distinct values among many, ascending, and the rank of each. Counts and ages have few.
struct Ranked {
    values: Vec<f64>,
    ranks: HashMap<u64, u32>,
}

impl Ranked {
    /// Of finite values that are not negative, which sort like their bits.
    fn of<const N: usize>(columns: [&[f64]; N]) -> Self {
        let mut ranks: HashMap<u64, u32> = HashMap::new();
        for &value in columns.into_iter().flatten() {
            ranks.entry(Self::bits(value)).or_insert(0);
        }
        let mut bits: Vec<u64> = ranks.keys().copied().collect();
        bits.sort_unstable();
        for (rank, bits) in (0..).zip(&bits) {
            ranks.insert(*bits, rank);
        }
        let values = bits.into_iter().map(f64::from_bits).collect();
        Self { values, ranks }
    }

    fn rank(&self, value: f64) -> u32 {
        self.ranks.get(&Self::bits(value)).copied().unwrap_or_default()
    }

    /// + 0.0 turns a negative zero into a zero.
    fn bits(value: f64) -> u64 {
        (value + 0.0).to_bits()
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
