//! What a purchase model's mathematics must answer, so that everything built on it is written once.

use crate::histories::{Group, Histories};
use crate::optimise::Evaluation;

/// The mathematics of one family of purchase models at fixed parameters.
///
/// Expected purchases given alive, g(t; x, T), are computed from a `Curve` (what depends on x) and `Horizons`
/// (what depends on T and the spans t), because both are shared by many customers.
pub(crate) trait PurchaseLaw: Copy {
    /// What depends on x alone.
    type Curve;
    /// What depends on the age T and the spans alone.
    type Horizons;

    /// The log-likelihood and its gradient in the log-parameters.
    fn evaluate(&self, histories: &Histories) -> Evaluation<4>;
    /// ln of one customer's likelihood.
    fn log_likelihood(&self, x: f64, t_x: f64, t: f64) -> f64;
    /// P(alive at T | x, t_x, T).
    fn p_alive(&self, x: f64, t_x: f64, t: f64) -> f64;
    /// P(alive) of every row of a group, in its order, appended to `found`.
    fn p_alive_of_group(&self, histories: &Histories, group: &Group, found: &mut Vec<f64>);
    /// The probability that the next purchase does not end a customer alive after x.
    fn survives_next(&self, x: f64) -> f64;
    /// P(at least one purchase within `t` | alive at `age` after x).
    fn buys_if_alive(&self, t: f64, x: f64, age: f64) -> f64;
    /// E\[λ | x, T\] of a customer alive at `age`.
    fn rate_if_alive(&self, x: f64, age: f64) -> f64;
    /// Prepares spans for customers of an age.
    fn horizons(&self, horizons: &[f64], age: f64) -> Self::Horizons;
    /// Prepares customers with x, for spans up to `longest` and ages from `youngest` on.
    fn curve(&self, x: f64, longest: f64, youngest: f64) -> Self::Curve;
    /// E\[Y(t) | alive at T\] at every prepared span.
    fn fill(curve: &Self::Curve, horizons: &Self::Horizons, found: &mut [f64]);
    /// E\[X(t)\] of a customer just acquired.
    fn expected_purchases_new(&self, t: f64) -> f64;
    /// The law with its log-parameters moved.
    fn moved(&self, by: [f64; 4]) -> Self;

    /// E\[Y(t) | alive at `age`\] of one customer at each of the ascending spans.
    fn expected_if_alive(&self, spans: &[f64], x: f64, age: f64) -> Vec<f64> {
        let longest = spans.iter().copied().fold(0.0, f64::max);
        let mut found = vec![0.0; spans.len()];
        Self::fill(
            &self.curve(x, longest, age),
            &self.horizons(spans, age),
            &mut found,
        );
        found
    }
}
