//! BG/NBD and MBG/NBD: purchases come at a gamma-distributed rate, and a coin with a beta-distributed
//! probability decides after every purchase whether the customer stays. In the MBG/NBD the coin is also thrown
//! once at the very start; that is the only difference, and `coin_at_start` is all that tells them apart here.
//!
//! - Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275–284;
//! - Batislam, Denizel, Filiztekin (2007), Empirical validation and comparison of models for customer base
//!   analysis, International Journal of Research in Marketing 24(3), 201–209.

use crate::histories::{Group, Histories};
use crate::law::PurchaseLaw;
use crate::optimise::Evaluation;
use crate::special::{LnProduct, beta_mean, damped, digamma_rising, ln_rising, softplus};

/// Both models, told apart by the number of coins thrown before the first repeat purchase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BetaGeometric {
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
    /// 0 for the BG/NBD, 1 for the MBG/NBD.
    pub(crate) coin_at_start: f64,
}

impl BetaGeometric {
    /// ln of (probability of history and gone) / (probability of history and alive).
    fn ln_odds_dropped(&self, x: f64, t_x: f64, t: f64) -> f64 {
        let coins = x + self.coin_at_start;
        self.ln_odds_of_last_coin(coins) + (self.r + x) * ((t - t_x) / (self.alpha + t_x)).ln_1p()
    }

    /// The part of the odds that the last coin contributes; minus infinity where no coin was thrown.
    fn ln_odds_of_last_coin(&self, coins: f64) -> f64 {
        if coins > 0.0 {
            (self.a / (self.b + coins - 1.0)).ln()
        } else {
            f64::NEG_INFINITY
        }
    }

    /// The part of ln likelihood that depends on x alone, once (alpha + T)^−(r+x) is alpha^−(r+x) (1 + T/alpha)^−(r+x).
    fn ln_constant(&self, x: f64) -> f64 {
        let coins = x + self.coin_at_start;
        ln_rising(self.r, x) - x * self.alpha.ln() + ln_rising(self.b, coins)
            - ln_rising(self.a + self.b, coins)
    }

    /// P(X(t) = n) of a customer just acquired: equation 8 of Fader et al. (2005).
    pub(crate) fn probability_of_purchases(&self, n: u32, t: f64) -> f64 {
        let count = f64::from(n);
        let coins = count + self.coin_at_start;
        let ln_z = (t / (self.alpha + t)).ln();
        // without dropout: ln P(exactly j) for j = 0, 1 … n, and P(fewer than n)
        let mut ln_exactly = -self.r * (t / self.alpha).ln_1p();
        let mut fewer = 0.0;
        for j in (0..n).map(f64::from) {
            fewer += ln_exactly.exp();
            ln_exactly += ((self.r + j) / (j + 1.0)).ln() + ln_z;
        }
        let ln_stay = |coins: f64| ln_rising(self.b, coins) - ln_rising(self.a + self.b, coins);
        let active = (ln_stay(coins) + ln_exactly).exp();
        if coins < 1.0 {
            return active;
        }
        let at_least_n = (1.0 - fewer).max(0.0);
        let leave = self.a / (self.a + self.b + coins - 1.0);
        active + ln_stay(coins - 1.0).exp() * leave * at_least_n
    }
}

impl PurchaseLaw for BetaGeometric {
    type Curve = PurchasesIfAlive;
    type Horizons = BetaHorizons;

    /// The log-likelihood and its gradient in (ln r, ln alpha, ln a, ln b): equation 6 of Fader et al. (2005),
    /// equation 7 of Batislam et al. (2007), with the two terms kept apart as ln(first) + ln(1 + odds dropped).
    fn evaluate(&self, histories: &Histories) -> Evaluation<4> {
        let Self { r, alpha, a, b, .. } = *self;
        let mut value = 0.0;
        let mut gradient = [0.0; 4];
        // per age y: ln(1 + y/alpha) and its slope, minus y/(alpha + y)
        let mut ages: Vec<(f64, f64)> = Vec::new();
        for group in &histories.groups {
            let shape = r + group.x;
            let coins = group.x + self.coin_at_start;
            ages.clear();
            ages.extend(group.ages.iter().map(|y| ((y / alpha).ln_1p(), -y / (alpha + y))));

            let (mut end, mut end_slope) = (0.0, 0.0);
            // Σ ln(1 + odds) = Σ max(ln odds, 0) + Σ ln(1 + e^−|ln odds|)
            let (mut ln_sum, mut ln_rest) = (0.0, LnProduct::ONE);
            let (mut dropped_sum, mut dropped_since, mut dropped_slope) = (0.0, 0.0, 0.0);
            let ln_coin = self.ln_odds_of_last_coin(coins);
            for row in &histories.rows[group.rows.clone()] {
                let (at_end, slope_end) = ages[row.end as usize];
                end += row.weight * at_end;
                end_slope += row.weight * slope_end;
                if coins > 0.0 {
                    let (at_last, slope_last) = ages[row.last as usize];
                    let ln_odds = ln_coin + shape * (at_end - at_last);
                    let small = (-ln_odds.abs()).exp();
                    let larger_share = row.weight / (1.0 + small);
                    let dropped = if ln_odds > 0.0 {
                        larger_share
                    } else {
                        small * larger_share
                    };
                    ln_sum += row.weight * ln_odds.max(0.0);
                    if row.weight.to_bits() == 1.0_f64.to_bits() {
                        ln_rest.times(1.0 + small);
                    } else {
                        ln_sum += row.weight * small.ln_1p();
                    }
                    dropped_sum += dropped;
                    dropped_since += dropped * (at_end - at_last);
                    dropped_slope += dropped * (slope_end - slope_last);
                }
            }
            let weight = group.weight;
            value += weight * self.ln_constant(group.x) - shape * end + ln_sum + ln_rest.ln();
            let both = digamma_rising(a + b, coins);
            gradient[0] += r * (weight * digamma_rising(r, group.x) - end + dropped_since);
            gradient[1] += shape * (dropped_slope - end_slope) - weight * group.x;
            gradient[2] += dropped_sum - a * weight * both;
            gradient[3] += b * weight * (digamma_rising(b, coins) - both);
            if coins > 0.0 {
                gradient[3] -= dropped_sum * b / (b + coins - 1.0);
            }
        }
        Evaluation { value, gradient }
    }

    /// ln of one customer's likelihood.
    fn log_likelihood(&self, x: f64, t_x: f64, t: f64) -> f64 {
        self.ln_constant(x) - (self.r + x) * (t / self.alpha).ln_1p()
            + softplus(self.ln_odds_dropped(x, t_x, t))
    }

    /// P(alive at T | x, t_x, T): Fader, Hardie, Lee (2008), Computing P(alive) Using the BG/NBD Model.
    fn p_alive(&self, x: f64, t_x: f64, t: f64) -> f64 {
        1.0 / (1.0 + self.ln_odds_dropped(x, t_x, t).exp())
    }

    /// P(alive) of every row of a group, in its order.
    fn p_alive_of_group(&self, histories: &Histories, group: &Group, found: &mut Vec<f64>) {
        let ln_ages: Vec<f64> = group.ages.iter().map(|age| (age / self.alpha).ln_1p()).collect();
        let ln_coin = self.ln_odds_of_last_coin(group.x + self.coin_at_start);
        found.extend(histories.rows[group.rows.clone()].iter().map(|row| {
            let ln_ratio = ln_ages[row.end as usize] - ln_ages[row.last as usize];
            1.0 / (1.0 + (ln_coin + (self.r + group.x) * ln_ratio).exp())
        }));
    }

    /// The probability that a customer alive after x repeat purchases survives the coin of the next one.
    fn survives_next(&self, x: f64) -> f64 {
        let stayed = self.b + x + self.coin_at_start;
        stayed / (self.a + stayed)
    }

    /// P(at least one purchase within t | alive at T): nobody leaves before the first one.
    fn buys_if_alive(&self, t: f64, x: f64, age: f64) -> f64 {
        -(-(self.r + x) * (t / (self.alpha + age)).ln_1p()).exp_m1()
    }

    /// Prepares the horizons for customers of an age.
    fn horizons(&self, horizons: &[f64], age: f64) -> BetaHorizons {
        let scale = self.alpha + age;
        let u: Vec<f64> = horizons.iter().map(|t| t / scale).collect();
        let l: Vec<f64> = u.iter().map(|u| u.ln_1p()).collect();
        BetaHorizons {
            z: horizons.iter().map(|t| t / (scale + t)).collect(),
            damped: l.iter().map(|l| damped(self.a - 1.0, *l)).collect(),
            decay: l.iter().map(|l| (-(self.a - 1.0) * l).exp()).collect(),
            u,
            l,
        }
    }

    /// The series of a given x, long enough for t / (alpha + T + t) ≤ the share of `longest` at `youngest`.
    fn curve(&self, x: f64, longest: f64, youngest: f64) -> PurchasesIfAlive {
        PurchasesIfAlive::new(self, x, longest / (self.alpha + youngest + longest))
    }

    fn fill(curve: &PurchasesIfAlive, horizons: &BetaHorizons, found: &mut [f64]) {
        curve.fill(horizons, found);
    }

    /// E\[X(t)\] of a customer just acquired: equation 9 of Fader et al. (2005). With a coin at the start the
    /// customer must survive it first.
    fn expected_purchases_new(&self, t: f64) -> f64 {
        let survived = if self.coin_at_start > 0.0 {
            self.b / (self.a + self.b)
        } else {
            1.0
        };
        let mut found = [0.0];
        self.curve(0.0, t, 0.0)
            .fill(&self.horizons(&[t], 0.0), &mut found);
        survived * found[0]
    }

    fn rate_if_alive(&self, x: f64, age: f64) -> f64 {
        (self.r + x) / (self.alpha + age)
    }

    fn moved(&self, [r, alpha, a, b]: [f64; 4]) -> Self {
        let factor = f64::exp;
        Self {
            r: self.r * factor(r),
            alpha: self.alpha * factor(alpha),
            a: self.a * factor(a),
            b: self.b * factor(b),
            ..*self
        }
    }
}

/// E\[Y(t) | alive at T, x\]: equation 10 of Fader et al. (2005) without its last factor, P(alive).
///
/// Given alive, the rate is Gamma(R, A) and the coin Beta(a, B) with R = r + x, A = alpha + T and B = b + coins
/// thrown; c = a + B. The paper's form
/// (c − 1)/(a − 1) · \[1 − (A/(A+t))^R ₂F₁(R, B; c − 1; z)\], z = t/(A+t), is 0/0 at a = 1 and cancels near it.
/// Euler's transformation and taking out the factor a − 1 by hand give, with L = ln(1 + t/A),
///
/// g = (c − 1) · (1 − e^(−(a−1)L))/(a − 1) − e^(−(a−1)L) · Σ_{n≥1} (ε)_n (a)_{n−1} / ((c)_{n−1} n!) zⁿ
///
/// with ε = c − R − 1, which is the same for every x: no singularity, and tens of terms even for x = 100,000.
/// Where the series would be long (z near 1) or would cancel (large −ε, large b), arrivals are counted one by
/// one, and where there are too many of those, the defining mean E\[(1 − (1 + p·t/A)^(−R))/p\] over
/// p ~ Beta(a, B) is taken by quadrature.
#[derive(Debug, Clone)]
pub(crate) struct PurchasesIfAlive {
    shape: f64,
    a: f64,
    stayed: f64,
    /// c − 1, free of cancellation.
    c_less_1: f64,
    /// Whether the first coefficients alternate.
    changes_sign: bool,
    /// The coefficients of z, z², z³ …
    series: Vec<f64>,
}

/// Beyond this the quadrature is cheaper.
const TERMS_MAX: usize = 1500;
/// The sum may cancel this far before another way is taken.
const CANCELLATION_MAX: f64 = 1e-4;

/// What expectations at one age have in common for all x: per horizon, ascending not required.
#[derive(Debug, Clone, Default)]
pub(crate) struct BetaHorizons {
    u: Vec<f64>,
    z: Vec<f64>,
    l: Vec<f64>,
    damped: Vec<f64>,
    decay: Vec<f64>,
}

impl PurchasesIfAlive {
    fn new(model: &BetaGeometric, x: f64, z_max: f64) -> Self {
        let shape = model.r + x;
        let stayed = model.b + x + model.coin_at_start;
        let c = model.a + stayed;
        let epsilon = model.a + model.b - model.r + (model.coin_at_start - 1.0);
        let mut series = Vec::new();
        let mut coefficient = epsilon;
        let mut power = z_max;
        let mut sum: f64 = 0.0;
        let mut n = 1.0;
        while series.len() < TERMS_MAX {
            series.push(coefficient);
            let term = (coefficient * power).abs();
            sum += term;
            if n > -epsilon && term <= 1e-17 * sum {
                break;
            }
            coefficient *= (epsilon + n) * (model.a + n - 1.0) / ((c + n - 1.0) * (n + 1.0));
            power *= z_max;
            n += 1.0;
        }
        Self {
            shape,
            a: model.a,
            stayed,
            c_less_1: model.a + (model.b + (x + model.coin_at_start - 1.0)),
            changes_sign: epsilon < 0.0,
            series,
        }
    }

    /// E\[Y(t) | alive\] at every horizon, into `found`.
    pub(crate) fn fill(&self, horizons: &BetaHorizons, found: &mut [f64]) {
        let z_max = horizons.z.iter().copied().fold(0.0, f64::max);
        let terms = &self.series[..self.terms_needed(z_max)];
        let complete = terms.len() < TERMS_MAX;
        polynomial(terms.iter().copied(), &horizons.z, found);
        let mut size = Vec::new();
        if self.changes_sign {
            size.resize(found.len(), 0.0);
            polynomial(terms.iter().map(|term| term.abs()), &horizons.z, &mut size);
        }
        let mut cancels = false;
        for (i, expected) in found.iter_mut().enumerate() {
            let sum = horizons.decay[i] * *expected;
            let size = size.get(i).map_or(sum.abs(), |size| size * horizons.decay[i]);
            let first = self.c_less_1 * horizons.damped[i];
            *expected = first - sum;
            let kept = expected.is_finite() && *expected >= CANCELLATION_MAX * (first.abs() + size);
            cancels |= !kept;
        }
        if (cancels || !complete) && !self.fill_by_arrivals(horizons, z_max, found) {
            for (found, u) in found.iter_mut().zip(&horizons.u) {
                *found = self.by_quadrature(*u);
            }
        }
    }

    /// How many terms of the series count at z.
    fn terms_needed(&self, z: f64) -> usize {
        let mut power = z;
        let mut sum: f64 = 0.0;
        for (n, coefficient) in self.series.iter().enumerate() {
            let term = (coefficient * power).abs();
            sum += term;
            if term <= 1e-17 * sum {
                return n + 1;
            }
            power *= z;
        }
        self.series.len()
    }

    /// The same by counting: without dropout n purchases would arrive, negative binomially distributed, and of n
    /// arrivals d_n = Σ_{i<n} E\[(1 − p)^i\] find the customer alive. Every term is positive, so nothing
    /// cancels; but there are as many terms as arrivals. False if those are too many.
    fn fill_by_arrivals(&self, horizons: &BetaHorizons, z_max: f64, found: &mut [f64]) -> bool {
        let l_max = horizons.l.iter().copied().fold(0.0, f64::max);
        let c = self.a + self.stayed;
        let mut arrivals = (-self.shape * l_max).exp();
        if arrivals < 1e-280 {
            return false;
        }
        let (mut alive, mut made, mut sum) = (1.0, 0.0, 0.0);
        let mut terms = Vec::new();
        let mut n = 0.0;
        loop {
            arrivals *= (self.shape + n) / (n + 1.0) * z_max;
            made += alive;
            alive *= (self.stayed + n) / (c + n);
            n += 1.0;
            let term = arrivals * made;
            sum += term;
            terms.push(term);
            // falling for good once the next arrival is less likely than the last
            if (self.shape + n) * z_max < n + 1.0 && term <= 1e-18 * sum {
                break;
            }
            if terms.len() == TERMS_MAX {
                return false;
            }
        }
        let relative: Vec<f64> = horizons
            .z
            .iter()
            .map(|z| if z_max > 0.0 { z / z_max } else { 0.0 })
            .collect();
        polynomial(terms.iter().copied(), &relative, found);
        for (found, l) in found.iter_mut().zip(&horizons.l) {
            *found *= (self.shape * (l_max - l)).exp();
        }
        true
    }

    fn by_quadrature(&self, u: f64) -> f64 {
        if u <= 0.0 {
            return 0.0;
        }
        let flat_below = 1e-17 / ((1.0 + self.shape) * u);
        let given_p = |p: f64| {
            if p < flat_below {
                self.shape * u
            } else {
                -(-self.shape * (p * u).ln_1p()).exp_m1() / p
            }
        };
        beta_mean(self.a, self.stayed, flat_below, given_p)
    }
}

/// Σ terms\[n\] z^(n+1) at every z, by Horner's rule, eight z at a time.
fn polynomial(terms: impl DoubleEndedIterator<Item = f64> + Clone, z: &[f64], found: &mut [f64]) {
    const LANES: usize = 8;
    for (z, found) in z.chunks(LANES).zip(found.chunks_mut(LANES)) {
        let mut lanes = [0.0; LANES];
        lanes[..z.len()].copy_from_slice(z);
        let mut sums = [0.0; LANES];
        for term in terms.clone().rev() {
            for lane in 0..LANES {
                sums[lane] = (sums[lane] + term) * lanes[lane];
            }
        }
        found.copy_from_slice(&sums[..z.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_quadrature_agree_on_expected_purchases() {
        let mut checked = 0;
        for &(r, a, b) in &[
            (0.243, 0.793, 2.426),
            (0.6, 1.0, 3.0),
            (2.0, 0.05, 0.4),
            (5.0, 3.0, 9.0),
            (0.1, 1.5, 80.0),
            (0.5, 0.5, 1e7),
            (3.0, 1e6, 4e6),
            (90.0, 0.5, 0.5),
            (0.01, 1e-6, 1e-3),
        ] {
            for coin_at_start in [0.0, 1.0] {
                let model = BetaGeometric {
                    r,
                    alpha: 4.4,
                    a,
                    b,
                    coin_at_start,
                };
                for x in [0.0, 1.0, 7.0, 300.0, 100_000.0] {
                    for age in [0.0, 1.0, 39.0, 500.0] {
                        for t in [0.01, 1.0, 52.0, 400.0] {
                            let curve = model.curve(x, t, age);
                            let mut found = [0.0];
                            curve.fill(&model.horizons(&[t], age), &mut found);
                            let [found] = found;
                            let check = curve.by_quadrature(t / (4.4 + age));
                            assert!(
                                (found - check).abs() <= 1e-10 * check,
                                "{model:?} x {x} T {age} t {t}: {found} {check}"
                            );
                            checked += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(checked, 9 * 2 * 5 * 4 * 4);
    }
}
