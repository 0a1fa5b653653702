//! What follows from a customer's aggregates alone: history, spread, contribution.

use base::{Day, Month, Result};
use datafusion::arrow::array::RecordBatch;

use super::aggregates::Aggregates;
use super::parallel::in_parts;
use super::population::Population;
use super::settings::ValueSettings;
use super::windows::{MONTHS, MonthTable, Span};
use crate::rules;

/// What contribution counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContributionBasis {
    /// Amount minus cost of the last 12 months.
    Margin,
    /// Amount of the last 12 months.
    Revenue,
}

impl ContributionBasis {
    /// The name in files and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Margin => "margin",
            Self::Revenue => "revenue",
        }
    }
}

/// How unevenly a customer buys: standard deviation over mean, none where the mean is not above 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Spread {
    pub full_months: usize,
    pub cv_month: Option<f64>,
    pub cv_quarter: Option<f64>,
    pub cv_ticket: Option<f64>,
}

/// The spread of the customer in this row. Months count from the first full one; quarters are three
/// complete months each, counted back from the last.
pub(crate) fn spread(rows: &Aggregates<'_>, row: usize, history: &History) -> Spread {
    let purchase_days = rows.purchase_days[row];
    if purchase_days == 0 {
        return Spread::default();
    }
    let full_months = history.full_months(rows.first_day[row]);
    let mut months = [0_i64; MONTHS];
    for (month, column) in months.iter_mut().zip(&rows.months) {
        *month = column[row];
    }
    let months = &months[MONTHS - full_months..];
    let quarters = full_months / 3;
    let mut by_quarter = [0_i64; MONTHS / 3];
    for (quarter, three) in by_quarter
        .iter_mut()
        .zip(months[full_months - 3 * quarters..].chunks_exact(3))
    {
        *quarter = three.iter().sum();
    }
    Spread {
        full_months,
        cv_month: variation(months),
        cv_quarter: variation(&by_quarter[..quarters]),
        cv_ticket: variation_of_sums(
            i128::from(purchase_days),
            i128::from(rows.purchase_minor[row]),
            rows.purchase_square[row],
        ),
    }
}

/// What "a full month since" means in a run.
pub(crate) struct History {
    months: MonthTable,
    last_month: Month,
}

impl History {
    pub(crate) fn of(population: &Population) -> Self {
        Self {
            months: MonthTable::of(Span {
                from: Day(population.first_day.0 - 1),
                to: population.windows.as_of,
            }),
            last_month: population.windows.last_month(),
        }
    }

    pub(crate) fn month(&self, day: i32) -> Month {
        self.months.month(day)
    }

    /// The complete months since the first purchase, at most those of the series. The month of the
    /// first purchase is complete if it was bought on its first day.
    fn full_months(&self, first_day: i32) -> usize {
        let month = self.months.month(first_day);
        let begins_on_first = self.months.month(first_day - 1) != month;
        let first_full = month.0 + i32::from(!begins_on_first);
        (self.last_month.0 - first_full + 1).clamp(0, MONTHS as i32) as usize
    }
}

fn variation(values: &[i64]) -> Option<f64> {
    // The usual amounts fit 64 bits with their squares; a customer's series is walked a million times.
    const SMALL: i64 = 1 << 28;
    if values.iter().all(|value| value.abs() < SMALL) {
        let (sum, square) = values.iter().fold((0, 0), |(sum, square), &value| {
            (sum + value, square + value * value)
        });
        return variation_of_sums(values.len() as i128, i128::from(sum), i128::from(square));
    }
    let (sum, square) = values.iter().fold((0_i128, 0_i128), |(sum, square), &value| {
        (
            sum + i128::from(value),
            square + i128::from(value) * i128::from(value),
        )
    });
    variation_of_sums(values.len() as i128, sum, square)
}

/// Coefficient of variation (population standard deviation) from exact sums: with n values,
/// sqrt(n·Σv² − (Σv)²) / Σv.
fn variation_of_sums(count: i128, sum: i128, square: i128) -> Option<f64> {
    if sum <= 0 {
        return None;
    }
    // Exact where it fits; beyond, 53 bits are as good as it gets.
    let spread = match (count.checked_mul(square), sum.checked_mul(sum)) {
        (Some(mean_square), Some(squared_mean)) => (mean_square - squared_mean) as f64,
        _ => count as f64 * square as f64 - (sum as f64) * (sum as f64),
    };
    Some(spread.max(0.0).sqrt() / sum as f64)
}

/// Columns over all customers that thresholds, models and scores need.
pub(crate) struct Basics {
    /// Repeat purchases.
    pub x: Vec<f64>,
    /// Weeks from the first to the last purchase day.
    pub t_x: Vec<f64>,
    /// Weeks from the first purchase day to the as-of day.
    pub t: Vec<f64>,
    /// Mean amount of the repeat purchase days, in major units; 0 where x is 0.
    pub m: Vec<f64>,
    pub contribution_minor: Vec<i64>,
    pub spread: Vec<Spread>,
    /// None where a variation has no meaning.
    pub stability: Vec<Option<f64>>,
    /// Of those who are classed.
    pub classed_stability: Vec<f64>,
    pub last_day: Vec<i64>,
    pub purchase_days: Vec<i64>,
    pub net_minor: Vec<i64>,
    pub basis: ContributionBasis,
    /// The share of the last 12 months' lines whose cost is known.
    pub cost_share: f64,
}

/// Days in the unit of time of the models.
pub(crate) const WEEK_DAYS: f64 = 7.0;

pub(crate) fn basics(
    batches: &[RecordBatch],
    population: &Population,
    settings: &ValueSettings,
) -> Result<Basics> {
    let history = History::of(population);
    let (mut lines, mut costed) = (0_i64, 0_i64);
    for batch in batches {
        let rows = Aggregates::of(batch)?;
        lines += rows.lines_12m.iter().sum::<i64>();
        costed += rows.costed_lines_12m.iter().sum::<i64>();
    }
    let cost_share = if lines == 0 {
        0.0
    } else {
        costed as f64 / lines as f64
    };
    let basis = if costed > 0 && cost_share >= settings.min_cost_share {
        ContributionBasis::Margin
    } else {
        ContributionBasis::Revenue
    };
    let weights = settings.stability_weights;
    let columns = Maker {
        history: &history,
        weights: [weights.month, weights.quarter, weights.ticket],
        per_major: settings.currency.minor_per_major() as f64,
        as_of: population.windows.as_of.0,
        basis,
        cost_share,
        customers: batches.iter().map(RecordBatch::num_rows).sum(),
    };
    let parts = in_parts(batches, |part| columns.of(part))?;
    Ok(parts
        .into_iter()
        .reduce(Basics::and)
        .unwrap_or_else(|| columns.room(0)))
}

/// Makes the columns of a part of the customers.
struct Maker<'a> {
    history: &'a History,
    weights: [f64; 3],
    per_major: f64,
    as_of: i32,
    basis: ContributionBasis,
    cost_share: f64,
    /// Of all parts.
    customers: usize,
}

impl Maker<'_> {
    fn of(&self, batches: &[RecordBatch]) -> Result<Basics> {
        // Room for everybody: the first part takes the others in without moving.
        let mut all = self.room(self.customers);
        for batch in batches {
            let rows = Aggregates::of(batch)?;
            for row in 0..rows.len() {
                let x = repeats(rows.purchase_days[row]);
                all.x.push(x);
                all.t_x.push(weeks(rows.first_day[row], rows.last_day[row]));
                all.t.push(weeks(rows.first_day[row], self.as_of));
                all.m.push(mean_repeat(rows.repeat_minor[row], x, self.per_major));
                all.contribution_minor.push(contribution(&rows, row, self.basis));
                let spread = spread(&rows, row, self.history);
                let stability =
                    rules::stability(self.weights, spread.cv_month, spread.cv_quarter, spread.cv_ticket);
                if let Some(stability) =
                    stability.filter(|_| spread.full_months >= rules::CLASSED_AFTER_MONTHS)
                {
                    all.classed_stability.push(stability);
                }
                all.spread.push(spread);
                all.stability.push(stability);
                all.last_day.push(i64::from(rows.last_day[row]));
                all.purchase_days.push(i64::from(rows.purchase_days[row]));
                all.net_minor.push(rows.net_minor[row]);
            }
        }
        Ok(all)
    }

    fn room(&self, customers: usize) -> Basics {
        Basics {
            x: Vec::with_capacity(customers),
            t_x: Vec::with_capacity(customers),
            t: Vec::with_capacity(customers),
            m: Vec::with_capacity(customers),
            contribution_minor: Vec::with_capacity(customers),
            spread: Vec::with_capacity(customers),
            stability: Vec::with_capacity(customers),
            classed_stability: Vec::with_capacity(customers),
            last_day: Vec::with_capacity(customers),
            purchase_days: Vec::with_capacity(customers),
            net_minor: Vec::with_capacity(customers),
            basis: self.basis,
            cost_share: self.cost_share,
        }
    }
}

impl Basics {
    /// These customers, then those.
    fn and(mut self, next: Self) -> Self {
        self.x.extend(next.x);
        self.t_x.extend(next.t_x);
        self.t.extend(next.t);
        self.m.extend(next.m);
        self.contribution_minor.extend(next.contribution_minor);
        self.spread.extend(next.spread);
        self.stability.extend(next.stability);
        self.classed_stability.extend(next.classed_stability);
        self.last_day.extend(next.last_day);
        self.purchase_days.extend(next.purchase_days);
        self.net_minor.extend(next.net_minor);
        self
    }
}

/// Repeat purchases: the first is what makes a customer.
pub(crate) fn repeats(purchase_days: i32) -> f64 {
    f64::from((purchase_days - 1).max(0))
}

/// Weeks to two decimals, the unit of the literature's own input: a hundredth of a week is less than
/// two hours, so no two days are confused, and published figures are met to their last digit.
pub(crate) fn weeks(from: i32, to: i32) -> f64 {
    (f64::from(to - from) * 100.0 / WEEK_DAYS).round() / 100.0
}

/// The mean amount of the repeat purchase days in major units, to the minor unit (half up), as the
/// literature's own input has it.
pub(crate) fn mean_repeat(repeat_minor: i64, x: f64, per_major: f64) -> f64 {
    if x > 0.0 {
        (repeat_minor as f64 / x).round() / per_major
    } else {
        0.0
    }
}

pub(crate) fn contribution(rows: &Aggregates<'_>, row: usize, basis: ContributionBasis) -> i64 {
    match basis {
        // Nets are bounded to 18 digits, costs to 64 bits: saturating only where a cost is absurd.
        ContributionBasis::Margin => rows.revenue_12m_minor[row].saturating_sub(rows.cost_12m_minor[row]),
        ContributionBasis::Revenue => rows.revenue_12m_minor[row],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variation_is_that_of_the_statistics() {
        for values in [
            vec![1, 2, 3],
            vec![5, 5, 5],
            vec![0, 0, 7],
            vec![-1, 4, 2],
            vec![10_i64.pow(17), 1, 2],
        ] {
            let floats: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            let expected = stats::measures::coefficient_of_variation(&floats)
                .unwrap()
                .unwrap();
            let found = variation(&values).unwrap();
            assert!(
                (found - expected).abs() < 1e-12,
                "{values:?}: {found} is not {expected}"
            );
        }
        assert_eq!(variation(&[]), None);
        assert_eq!(variation(&[0, 0]), None);
        assert_eq!(variation(&[1, -2]), None);
    }

    #[test]
    fn history_begins_with_the_first_full_month() {
        let day = |text: &str| Day::parse(text).unwrap();
        let history = History {
            months: MonthTable::of(Span {
                from: day("1996-12-31"),
                to: day("1997-09-30"),
            }),
            last_month: day("1997-09-30").last_complete_month(),
        };
        for (first, months) in [
            ("1997-01-01", 9),
            ("1997-01-02", 8),
            ("1997-03-31", 6),
            ("1997-04-01", 6),
            ("1997-09-02", 0),
            ("1990-01-01", 24),
        ] {
            assert_eq!(history.full_months(day(first).0), months, "{first}");
        }
    }
}
