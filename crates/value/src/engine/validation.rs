//! Holds out the last weeks, predicts them from what came before, and says how well that went.

use base::{Day, Error, Result};
use datafusion::arrow::array::{Array, RecordBatch};
use serde::Serialize;
use stats::{Histories, ModelKind, PurchaseFit};

use super::aggregates::Aggregates;
use super::basics::{repeats, weeks};
use super::models::fit_purchases;
use super::parallel::both;
use super::population::Population;
use super::windows::Holdout;

/// The customers known at the calibration's end, and what they did afterwards.
pub(crate) struct Calibration {
    pub(crate) holdout: Holdout,
    weekly: Vec<i64>,
    pub(crate) x: Vec<f64>,
    pub(crate) t_x: Vec<f64>,
    pub(crate) t: Vec<f64>,
    bought: Vec<i32>,
    histories: Histories,
    /// Those of them whose first purchase did not move; none where that is all.
    before: Option<Histories>,
    /// The same customers at the as-of day.
    after: Histories,
}

/// A purchase model fitted to the calibration.
pub(crate) struct CalibratedFit {
    pub fit: PurchaseFit,
    pub holdout_log_likelihood: f64,
}

/// What a model, whichever it is, expects of the held-out weeks.
pub(crate) struct Predicted {
    /// P(alive) at the calibration's end, one per customer of the calibration, in their order.
    pub p_alive: Vec<f64>,
    /// Purchases within all held-out weeks, likewise.
    pub purchases: Vec<f64>,
    /// Purchases of everybody up to the end of each week.
    pub until_week: Vec<f64>,
}

impl Predicted {
    pub(crate) fn of_weeks(weeks: u32, customers: usize) -> Self {
        Self {
            p_alive: Vec::with_capacity(customers),
            purchases: Vec::with_capacity(customers),
            until_week: vec![0.0; weeks as usize],
        }
    }

    /// Adds a customer with the purchases expected up to the end of each week.
    pub(crate) fn add(&mut self, p_alive: f64, until_week: &[f64]) {
        self.p_alive.push(p_alive);
        self.purchases
            .push(until_week.last().copied().unwrap_or_default());
        for (sum, until) in self.until_week.iter_mut().zip(until_week) {
            *sum += until;
        }
    }
}

impl Calibration {
    /// None where nothing is held out, or nobody was a customer before.
    pub(crate) fn of(batches: &[RecordBatch], population: &Population) -> Result<Option<Self>> {
        let Some(holdout) = population.windows.holdout else {
            return Ok(None);
        };
        let (mut x, mut t_x, mut t, mut bought) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut before: [Vec<f64>; 3] = Default::default();
        let mut after: [Vec<f64>; 3] = Default::default();
        let as_of = population.windows.as_of.0;
        for batch in batches {
            let rows = Aggregates::of(batch)?;
            for row in 0..rows.len() {
                if rows.calibration_first_day.is_null(row) {
                    continue;
                }
                let (first, last) = (
                    rows.calibration_first_day.value(row),
                    rows.calibration_last_day.value(row),
                );
                let history = [
                    repeats(rows.calibration_purchase_days[row]),
                    weeks(first, last),
                    weeks(first, holdout.calibration_end.0),
                ];
                x.push(history[0]);
                t_x.push(history[1]);
                t.push(history[2]);
                bought.push(rows.holdout_purchase_days[row]);
                if rows.first_day[row] == first {
                    let later = [
                        repeats(rows.purchase_days[row]),
                        weeks(first, rows.last_day[row]),
                        weeks(first, as_of),
                    ];
                    for i in 0..3 {
                        before[i].push(history[i]);
                        after[i].push(later[i]);
                    }
                }
            }
        }
        if before[0].is_empty() {
            return Ok(None);
        }
        let histories = |x: &[f64], t_x: &[f64], t: &[f64]| {
            Histories::new(x, t_x, t).map_err(|error| Error::internal(error).while_doing("calibrating"))
        };
        let (all, after) = both(
            || histories(&x, &t_x, &t),
            || histories(&after[0], &after[1], &after[2]),
        )?;
        let before = (before[0].len() < x.len())
            .then(|| histories(&before[0], &before[1], &before[2]))
            .transpose()?;
        Ok(Some(Self {
            holdout,
            weekly: population.holdout_weekly.clone(),
            histories: all,
            before,
            after,
            x,
            t_x,
            t,
            bought,
        }))
    }

    /// Fits a model to the calibration; none where nobody bought twice before its end.
    pub(crate) fn fit(&self, kind: ModelKind) -> Result<Option<CalibratedFit>> {
        let Some(fit) = fit_purchases(kind, &self.histories)? else {
            return Ok(None);
        };
        let holdout_log_likelihood = stats::held_out_log_likelihood(
            &fit.model,
            self.before.as_ref().unwrap_or(&self.histories),
            &self.after,
        )
        .map_err(|error| Error::internal(error).while_doing("judging a model"))?;
        Ok(Some(CalibratedFit {
            fit,
            holdout_log_likelihood,
        }))
    }
}

/// How the held-out weeks went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// The model that predicted.
    pub model: &'static str,
    /// Weeks held out.
    pub holdout_weeks: u32,
    /// The last day the model saw.
    pub calibration_end: Day,
    /// Customers known at that day.
    pub customers: u64,
    /// Purchase days of theirs in the held-out weeks.
    pub actual_purchases: u64,
    /// As predicted.
    pub predicted_purchases: f64,
    /// Predicted over actual, minus 1; null where nothing was bought.
    pub total_bias: Option<f64>,
    /// Week by week.
    pub weekly: Vec<WeekOfHoldout>,
    /// Mean absolute difference per week over mean actual purchases per week; null where nothing was bought.
    pub weekly_bias: Option<f64>,
    /// Mean absolute difference per customer.
    pub mae: f64,
    /// By number of repeat purchases before; the last row holds all with that many or more.
    pub by_x: Vec<PurchasesOfX>,
    /// By tenths of the customers, those with the highest prediction first.
    pub deciles: Vec<PurchasesOfDecile>,
    /// Absolute differences of all deciles added up, over what was bought; null where nothing was bought.
    pub decile_bias: Option<f64>,
    /// How well P(alive) tells who bought again from who did not (0.5 chance, 1 perfect); null where
    /// all or none did.
    pub auc_alive: Option<f64>,
    /// How well the expected purchases tell the same; null likewise.
    pub auc_purchases: Option<f64>,
    /// In one word, with reasons.
    pub verdict: Verdict,
}

/// One held-out week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekOfHoldout {
    /// From 1.
    pub week: u32,
    /// Purchase days.
    pub actual: i64,
    /// As predicted.
    pub predicted: f64,
}

/// Purchases per customer of those with the same number of repeat purchases before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PurchasesOfX {
    /// Repeat purchases before.
    pub x: u32,
    /// How many customers.
    pub customers: u64,
    /// Held-out purchases per customer.
    pub actual: f64,
    /// As predicted.
    pub predicted: f64,
}

/// Purchases per customer of a tenth of the customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PurchasesOfDecile {
    /// From 1, the highest predictions.
    pub decile: u32,
    /// How many customers.
    pub customers: u64,
    /// Held-out purchases per customer.
    pub actual: f64,
    /// As predicted.
    pub predicted: f64,
}

/// A judgement in one word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// `good`, `fair` or `poor`.
    pub code: &'static str,
    /// What it rests on.
    pub reasons: Vec<Reason>,
}

/// A reason with the figure behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// Stable name.
    pub code: &'static str,
    /// The figure.
    pub value: f64,
}

/// The last row of `by_x`.
const X_POOLED_FROM: usize = 7;

/// Compares the held-out weeks with what a model expected of them.
pub(crate) fn validate(
    calibration: &Calibration,
    model: &'static str,
    predicted: &Predicted,
) -> Result<Validation> {
    let weeks = calibration.holdout.weeks;
    let customers = calibration.x.len();
    let purchases = &predicted.purchases;
    let actual_purchases: i64 = calibration.bought.iter().map(|&n| i64::from(n)).sum();
    let predicted_purchases: f64 = purchases.iter().sum();
    let absolute: f64 = purchases
        .iter()
        .zip(&calibration.bought)
        .map(|(p, &n)| (p - f64::from(n)).abs())
        .sum();
    let weekly = weekly(calibration, &predicted.until_week);
    let actual_weekly = actual_purchases as f64 / f64::from(weeks);
    let weekly_difference: f64 = weekly
        .iter()
        .map(|week| (week.predicted - week.actual as f64).abs())
        .sum::<f64>()
        / f64::from(weeks);
    let bought: Vec<bool> = calibration.bought.iter().map(|&n| n > 0).collect();
    let auc = |predicted: &[f64]| stats::measures::auc(predicted, &bought).map_err(Error::internal);
    let (auc_alive, auc_purchases) = both(|| auc(&predicted.p_alive), || auc(purchases))?;
    let deciles = deciles(calibration, purchases);
    let total_bias = (actual_purchases > 0).then(|| predicted_purchases / actual_purchases as f64 - 1.0);
    Ok(Validation {
        model,
        holdout_weeks: weeks,
        calibration_end: calibration.holdout.calibration_end,
        customers: customers as u64,
        actual_purchases: actual_purchases as u64,
        predicted_purchases,
        total_bias,
        weekly,
        weekly_bias: (actual_purchases > 0).then(|| weekly_difference / actual_weekly),
        mae: absolute / customers as f64,
        by_x: by_x(calibration, purchases),
        decile_bias: decile_bias(&deciles),
        verdict: verdict(total_bias, decile_misfit(&deciles), auc_purchases, auc_alive),
        deciles,
        auc_alive,
        auc_purchases,
    })
}

/// How far the deciles are off, and how far luck alone would put them off; shares of what was bought.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Misfit {
    bias: f64,
    luck: f64,
}

/// Purchases by which the deciles are off, added up over all, as a share of what was bought.
fn decile_bias(deciles: &[PurchasesOfDecile]) -> Option<f64> {
    decile_misfit(deciles).map(|misfit| misfit.bias)
}

/// A Poisson count with the mean that was predicted is off by √(2·mean/π) on average.
fn decile_misfit(deciles: &[PurchasesOfDecile]) -> Option<Misfit> {
    let (mut actual, mut off, mut luck) = (0.0, 0.0, 0.0);
    for decile in deciles {
        let customers = decile.customers as f64;
        actual += customers * decile.actual;
        off += customers * (decile.predicted - decile.actual).abs();
        luck += (2.0 * customers * decile.predicted / std::f64::consts::PI).sqrt();
    }
    (actual > 0.0).then(|| Misfit {
        bias: off / actual,
        luck: luck / actual,
    })
}

/// Good: the total is off by a tenth at most, the deciles, beyond what luck does, by a fifth, and who buys is
/// told from who does not; fair: the total by a quarter and the deciles by half at most. A P(alive) that tells
/// nothing (BG/NBD holds every one-time buyer for alive) keeps a model from being good, not from being fair. Single
/// weeks are not graded: season and offers move them, and no model here knows of either.
fn verdict(
    total_bias: Option<f64>,
    deciles: Option<Misfit>,
    auc_purchases: Option<f64>,
    auc_alive: Option<f64>,
) -> Verdict {
    let mut reasons = Vec::new();
    let mut worst = 0;
    let mut judge = |code: &'static str, grade: usize, value: f64| {
        reasons.push(Reason { code, value });
        worst = worst.max(grade);
    };
    match total_bias {
        None => judge("no_purchases_held_out", 2, 0.0),
        Some(bias) if bias.abs() <= 0.10 => judge("total_close", 0, bias),
        Some(bias) if bias.abs() <= 0.25 => judge("total_off", 1, bias),
        Some(bias) => judge("total_far_off", 2, bias),
    }
    match deciles {
        None => {}
        Some(Misfit { bias, luck }) if bias <= 0.20 + luck => judge("deciles_close", 0, bias),
        Some(Misfit { bias, luck }) if bias <= 0.50 + luck => judge("deciles_off", 1, bias),
        Some(Misfit { bias, .. }) => judge("deciles_far_off", 2, bias),
    }
    match auc_purchases {
        None => {}
        Some(auc) if auc >= 0.70 => judge("buyers_told_apart", 0, auc),
        Some(auc) if auc >= 0.60 => judge("buyers_partly_told_apart", 1, auc),
        Some(auc) => judge("buyers_not_told_apart", 2, auc),
    }
    match auc_alive {
        None => {}
        Some(auc) if auc >= 0.60 => judge("alive_told_apart", 0, auc),
        Some(auc) => judge("alive_not_told_apart", 1, auc),
    }
    Verdict {
        code: ["good", "fair", "poor"][worst],
        reasons,
    }
}

fn weekly(calibration: &Calibration, until_week: &[f64]) -> Vec<WeekOfHoldout> {
    let mut before = 0.0;
    (0..)
        .zip(until_week)
        .map(|(week, &until)| {
            let predicted = until - before;
            before = until;
            WeekOfHoldout {
                week: week as u32 + 1,
                actual: calibration.weekly.get(week).copied().unwrap_or_default(),
                predicted,
            }
        })
        .collect()
}

fn by_x(calibration: &Calibration, predicted: &[f64]) -> Vec<PurchasesOfX> {
    let mut sums = [(0_u64, 0_i64, 0.0); X_POOLED_FROM + 1];
    for ((&x, &bought), predicted) in calibration.x.iter().zip(&calibration.bought).zip(predicted) {
        let (customers, actual, expected) = &mut sums[(x as usize).min(X_POOLED_FROM)];
        *customers += 1;
        *actual += i64::from(bought);
        *expected += predicted;
    }
    (0..)
        .zip(sums)
        .filter(|(_, (customers, ..))| *customers > 0)
        .map(|(x, (customers, actual, expected))| PurchasesOfX {
            x,
            customers,
            actual: actual as f64 / customers as f64,
            predicted: expected / customers as f64,
        })
        .collect()
}

fn deciles(calibration: &Calibration, predicted: &[f64]) -> Vec<PurchasesOfDecile> {
    // Numbers that are not negative sort like their bits.
    let mut order: Vec<(u64, u32)> = (0..).zip(predicted).map(|(i, p)| (!p.to_bits(), i)).collect();
    order.sort_unstable();
    let customers = order.len();
    (1..=10_u32)
        .filter_map(|decile| {
            let end = |decile: u32| customers * decile as usize / 10;
            let within = &order[end(decile - 1)..end(decile)];
            if within.is_empty() {
                return None;
            }
            let count = within.len() as f64;
            let actual: i64 = within
                .iter()
                .map(|&(_, i)| i64::from(calibration.bought[i as usize]))
                .sum();
            let expected: f64 = within.iter().map(|&(_, i)| predicted[i as usize]).sum();
            Some(PurchasesOfDecile {
                decile,
                customers: within.len() as u64,
                actual: actual as f64 / count,
                predicted: expected / count,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_as_good_as_the_weakest_reason() {
        for (bias, deciles, purchases, alive, code) in [
            (Some(-0.05), Some(0.2), Some(0.8), Some(0.7), "good"),
            (Some(-0.05), Some(0.2), Some(0.8), Some(0.45), "fair"),
            (Some(0.2), Some(0.2), Some(0.8), Some(0.7), "fair"),
            (Some(0.05), Some(0.2), Some(0.65), Some(0.7), "fair"),
            (Some(0.05), Some(0.2), Some(0.55), Some(0.7), "poor"),
            (Some(-0.3), Some(0.2), Some(0.9), Some(0.9), "poor"),
            // The right total, of the wrong customers.
            (Some(0.0), Some(0.4), Some(0.9), Some(0.9), "fair"),
            (Some(0.0), Some(0.8), Some(0.9), Some(0.9), "poor"),
            (None, None, None, None, "poor"),
        ] {
            let misfit = deciles.map(|bias| Misfit { bias, luck: 0.05 });
            assert_eq!(
                verdict(bias, misfit, purchases, alive).code,
                code,
                "{bias:?} {deciles:?} {purchases:?} {alive:?}"
            );
        }
    }

    #[test]
    fn deciles_of_few_purchases_are_allowed_their_luck() {
        let decile = |customers, actual, predicted| PurchasesOfDecile {
            decile: 1,
            customers,
            actual,
            predicted,
        };
        // 8 bought and 10 expected, 2 bought and 1 expected: off by 3 of 10
        let misfit = decile_misfit(&[decile(4, 2.0, 2.5), decile(4, 0.5, 0.25)]).unwrap();
        assert!((misfit.bias - 0.3).abs() < 1e-12);
        let luck = ((20.0 / std::f64::consts::PI).sqrt() + (2.0 / std::f64::consts::PI).sqrt()) / 10.0;
        assert!((misfit.luck - luck).abs() < 1e-12);
        assert_eq!(decile_misfit(&[decile(4, 0.0, 1.0)]), None);
    }

    fn calibration(x: &[f64], bought: &[i32], weekly: &[i64]) -> Calibration {
        let zeros = vec![0.0; x.len()];
        let histories = || Histories::new(&zeros, &zeros, &zeros).unwrap();
        Calibration {
            holdout: Holdout {
                weeks: weekly.len() as u32,
                calibration_end: Day(100),
            },
            weekly: weekly.to_vec(),
            x: x.to_vec(),
            t_x: zeros.clone(),
            t: zeros.clone(),
            bought: bought.to_vec(),
            histories: histories(),
            before: None,
            after: histories(),
        }
    }

    #[test]
    fn every_figure_of_a_population_small_enough_to_count_by_hand() {
        // four customers, two weeks
        let calibration = calibration(&[0.0, 2.0, 9.0, 0.0], &[0, 1, 4, 1], &[5, 1]);
        let mut predicted = Predicted::of_weeks(2, 4);
        for (alive, weeks) in [
            (0.2, [0.25, 0.5]),
            (0.7, [0.5, 1.0]),
            (0.9, [1.5, 3.0]),
            (0.4, [0.25, 0.5]),
        ] {
            predicted.add(alive, &weeks);
        }
        let found = validate(&calibration, "bg_nbd", &predicted).unwrap();
        assert_eq!((found.customers, found.actual_purchases), (4, 6));
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        close(found.predicted_purchases, 5.0);
        close(found.total_bias.unwrap(), 5.0 / 6.0 - 1.0);
        // 0.5, 0, 1 and 0.5 off
        close(found.mae, 2.0 / 4.0);
        let weekly: Vec<_> = found
            .weekly
            .iter()
            .map(|week| (week.actual, week.predicted))
            .collect();
        assert_eq!(weekly, [(5, 2.5), (1, 2.5)]);
        // 2.5 and 1.5 off, where three a week were bought
        close(found.weekly_bias.unwrap(), 2.0 / 3.0);
        let by_x: Vec<_> = found
            .by_x
            .iter()
            .map(|row| (row.x, row.customers, row.actual, row.predicted))
            .collect();
        assert_eq!(by_x, [(0, 2, 0.5, 0.5), (2, 1, 1.0, 1.0), (7, 1, 4.0, 3.0)]);
        // of four customers the tenths that hold one are the third, fifth, eighth and tenth
        let deciles: Vec<_> = found
            .deciles
            .iter()
            .map(|row| (row.decile, row.customers, row.actual, row.predicted))
            .collect();
        assert_eq!(
            deciles,
            [
                (3, 1, 4.0, 3.0),
                (5, 1, 1.0, 1.0),
                (8, 1, 0.0, 0.5),
                (10, 1, 1.0, 0.5)
            ]
        );
        close(found.decile_bias.unwrap(), 2.0 / 6.0);
        // buyers are 0.7, 0.9 and 0.4 alive, who did not buy 0.2; of the expectations one pair is tied
        close(found.auc_alive.unwrap(), 1.0);
        close(found.auc_purchases.unwrap(), 2.5 / 3.0);
    }
}
