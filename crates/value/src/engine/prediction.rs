//! What a purchase model expects of the held-out weeks, customer by customer and week by week.

use base::{Error, Result};
use stats::PurchaseModel;

use super::validation::{Calibration, Predicted};

/// Predicts the held-out weeks.
pub(crate) fn predict(calibration: &Calibration, model: &PurchaseModel) -> Result<Predicted> {
    let weeks = calibration.holdout.weeks;
    let customers = calibration.x.len();
    let mut predicted = Predicted::of_weeks(weeks, customers);
    let mut if_alive = IfAlive::new(model, f64::from(weeks));
    let mut groups = Groups::default();
    for i in 0..customers {
        let (x, t) = (calibration.x[i], calibration.t[i]);
        let alive = model.p_alive(x, calibration.t_x[i], t).map_err(Error::internal)?;
        predicted.p_alive.push(alive);
        predicted.purchases.push(alive * if_alive.at(x, t)?);
        groups.add(x, t, alive);
    }
    for (&(x, t), alive) in &groups.0 {
        for (week, until) in (1..).zip(&mut predicted.until_week) {
            let expected = model
                .expected_if_alive(f64::from(week), f64::from(x), f64::from(t))
                .map_err(Error::internal)?;
            *until += alive * expected;
        }
    }
    Ok(predicted)
}

/// Expected purchases if alive over the held-out weeks, computed once per distinct (x, T).
struct IfAlive<'a> {
    model: &'a PurchaseModel,
    horizon: f64,
    /// By x, then by days of age.
    known: Vec<Vec<f64>>,
}

impl<'a> IfAlive<'a> {
    fn new(model: &'a PurchaseModel, horizon: f64) -> Self {
        Self {
            model,
            horizon,
            known: Vec::new(),
        }
    }

    fn at(&mut self, x: f64, t: f64) -> Result<f64> {
        let (row, day) = (x as usize, (t * 7.0).round() as usize);
        if self.known.len() <= row {
            self.known.resize(row + 1, Vec::new());
        }
        let known = &mut self.known[row];
        if known.len() <= day {
            known.resize(day + 1, f64::NAN);
        }
        if known[day].is_nan() {
            known[day] = self
                .model
                .expected_if_alive(self.horizon, x, t)
                .map_err(Error::internal)?;
        }
        Ok(known[day])
    }
}

/// The sum of P(alive) over customers of the same x and the same whole weeks of age: enough for the
/// course of a total over the weeks.
#[derive(Default)]
struct Groups(std::collections::BTreeMap<(u32, u32), f64>);

impl Groups {
    fn add(&mut self, x: f64, t: f64, alive: f64) {
        *self.0.entry((x as u32, t.round() as u32)).or_default() += alive;
    }
}
