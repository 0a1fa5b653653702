//! Where a customer's future purchases and their discounted value will probably lie.
//!
//! The future value of a customer is zero with probability 1 − π, where π = P(alive) · P(buys | alive), and
//! otherwise Z = Σ v_j · ticket over the purchases made. Given the model this is computed:
//!
//! - *Purchases.* W = Σ v_j N_j, N_j purchases in step j, v_j the discount factor. While alive, purchases come
//!   at intensity λ and E\[dN(s) dN(s′)\] for s < s′ is λ² · P(survives the purchase at s, active at s′), which
//!   does not depend on s. Its integral over (0, t), averaged over what is known of a customer alive after x
//!   purchases, is M(t) = E\[λ\] · P(survives next) · g(t; x + 1, T): the expected purchases of a customer with one
//!   more, weighed with the intensity of that one. So E\[W²\] = Σ v_j² G_j + 2 Σ v_j V_j ΔM_j with
//!   G_j = g(jΔ) − g((j−1)Δ) and V_j the discount factors integrated from 0 to the middle of step j.
//! - *Tickets.* p and ν are the Gamma-Gamma's: given ν, tickets are Gamma(p, ν), so they add E\[Σ v_j² N_j\]/p to
//!   E\[W²\] in units of the customer's mean p/ν; ν itself is Gamma(q + p x, v + x m).
//! - *Parameters.* To first order, uncertain parameters leave π's mean as it is and scale Z: the relative
//!   variance τ² of (expected purchases, location of the mean ticket) by the delta method from the fits'
//!   covariances is multiplied in.
//!
//! Given Z > 0, the discounted purchases are taken as gamma-distributed with these two moments; divided by the
//! gamma-distributed ν this is Fisher's F, whose quantile Paulson (1942), Annals of Mathematical Statistics
//! 13(2), 233–235, gives through the cube-root transformation of Wilson and Hilferty (1931). Counts are taken as
//! 1 + negative binomial with the same moments.

use crate::special::{normal_probability, normal_quantile};

/// Future purchases given alive, over one span: what an interval needs to know.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Future {
    /// E\[W | alive\].
    pub(crate) mean: f64,
    /// E\[W² | alive\].
    pub(crate) square: f64,
    /// E\[Σ v_j² N_j | alive\].
    pub(crate) squared_factors: f64,
    /// P(at least one purchase | alive).
    pub(crate) buys: f64,
}

/// Both ends of an interval, as probabilities: 0.1 and 0.9 for 80 %.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Ends {
    pub(crate) fn of_level(level: f64) -> Self {
        Self {
            low: 0.5 * (1.0 - level),
            high: 0.5 * (1.0 + level),
        }
    }

    /// Both ends for a variable that is 0 with probability 1 − `positive` and otherwise has quantile function
    /// `quantile`. Where 0 is likelier than the lower tail, the interval starts at 0 and would hold more than
    /// its level; the upper end then comes down, by the lower tail once 0 is twice as likely as that.
    pub(crate) fn of_mixture(self, positive: f64, mut quantile: impl FnMut(f64) -> f64) -> (f64, f64) {
        let zero = 1.0 - positive;
        let mut at = |p: f64| {
            if p <= zero {
                0.0
            } else {
                quantile((p - zero) / positive)
            }
        };
        let spare = (zero - self.low).clamp(0.0, self.low);
        (at(self.low), at(self.high - spare))
    }
}

/// What is known of the customer's tickets: Gamma(p, ν), ν ~ Gamma(shape, rate), and the relative variance that
/// uncertain parameters add to their location.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tickets {
    pub(crate) p: f64,
    pub(crate) shape: f64,
    pub(crate) rate: f64,
    pub(crate) uncertainty: f64,
}

/// The interval of discounted value; `uncertainty` is the relative variance of the expected purchases.
pub(crate) fn value_interval(
    ends: Ends,
    alive: f64,
    future: &Future,
    uncertainty: f64,
    tickets: &Tickets,
) -> (f64, f64) {
    if future.mean <= 0.0 || future.buys <= 0.0 {
        return (0.0, 0.0);
    }
    let mean = future.mean / future.buys;
    let square = (future.square + future.squared_factors / tickets.p) / future.buys;
    let spread = (square / (mean * mean)).max(1.0) * (1.0 + uncertainty) * (1.0 + tickets.uncertainty) - 1.0;
    let shape = (1.0 / spread.max(1e-12)).max(SHAPE_MIN);
    let unit = tickets.p * mean * tickets.rate / tickets.shape;
    ends.of_mixture(alive * future.buys, |p| {
        unit * fisher_quantile(normal_quantile(p), shape, tickets.shape.max(SHAPE_MIN))
    })
}

/// Below this shape the cube root of a gamma variable is no longer near normal.
pub(crate) const SHAPE_MIN: f64 = 0.5;

/// The quantile of Gamma(numerator)/numerator over Gamma(denominator)/denominator, `z` normal deviates out.
pub(crate) fn fisher_quantile(z: f64, numerator: f64, denominator: f64) -> f64 {
    let (below, above) = (1.0 / (9.0 * denominator), 1.0 / (9.0 * numerator));
    let (a, c) = (1.0 - below, 1.0 - above);
    let zz = z * z;
    let floor = c * c - zz * above;
    if z < 0.0 && floor <= 0.0 {
        return 0.0;
    }
    // y² (a² − z² below) − 2 a c y + (c² − z² above) = 0 for the cube root y
    let root = (zz * (a * a * above + c * c * below - zz * below * above))
        .max(0.0)
        .sqrt();
    let y = if z < 0.0 {
        floor / (a * c + root)
    } else {
        // deep in the upper tail the transformation breaks down; the interval then ends where it still holds
        (a * c + root) / (a * a - zz * below).max(0.05 * a * a)
    };
    y * y * y
}

/// The probability that Gamma(numerator)/numerator over Gamma(denominator)/denominator stays at or below `y` ≥ 0: the
/// other direction of [`fisher_quantile`].
pub(crate) fn fisher_probability(y: f64, numerator: f64, denominator: f64) -> f64 {
    let (below, above) = (1.0 / (9.0 * denominator), 1.0 / (9.0 * numerator));
    let root = y.cbrt();
    normal_probability(
        ((1.0 - below) * root - (1.0 - above)) / (below * root * root + above).sqrt().max(f64::MIN_POSITIVE),
    )
}

/// The distribution of a number of purchases given at least one, ready for quantiles.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    buys: f64,
    /// Mean of the purchases beyond the first.
    excess: f64,
    /// Shape of the negative binomial of the purchases beyond the first.
    shape: f64,
    /// Its probability of 0.
    none: f64,
}

/// Above this mean, counting up to the quantile gives way to the continuous approximation.
const COUNTED_MEAN_MAX: f64 = 40.0;

impl Count {
    /// From the moments given alive, undiscounted, and the relative variance that uncertain parameters add.
    pub(crate) fn new(future: &Future, uncertainty: f64) -> Self {
        if future.mean <= 0.0 || future.buys <= 0.0 {
            return Self::default();
        }
        let mean = future.mean / future.buys;
        let excess = (mean - 1.0).max(0.0);
        let variance = future.square / future.buys * (1.0 + uncertainty) - mean * mean;
        // less spread than Poisson is taken as Poisson
        let shape = (excess * excess / (variance - excess).max(1e-9)).clamp(1e-9, 1e9);
        let none = (-shape * (excess / shape).ln_1p()).exp();
        Self {
            buys: future.buys,
            excess,
            shape,
            none,
        }
    }

    /// The interval of the number of purchases: whole numbers.
    pub(crate) fn interval(&self, ends: Ends, alive: f64) -> (f64, f64) {
        ends.of_mixture(alive * self.buys, |p| 1.0 + self.excess_quantile(p))
    }

    fn excess_quantile(&self, p: f64) -> f64 {
        if self.excess > COUNTED_MEAN_MAX {
            let relative = 1.0 / self.excess + 1.0 / self.shape;
            let shape = (1.0 / relative).max(SHAPE_MIN);
            return (self.excess * fisher_quantile(normal_quantile(p), shape, f64::INFINITY)).round();
        }
        let ratio = self.excess / (self.shape + self.excess);
        let mut probability = self.none;
        let mut reached = probability;
        let mut n = 0.0;
        while reached < p && n < 100.0 * COUNTED_MEAN_MAX {
            probability *= (self.shape + n) / (n + 1.0) * ratio;
            reached += probability;
            n += 1.0;
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_fishers_distribution_are_near_the_tables() {
        // F(4, 10): 10 % 0.2550, 90 % 2.6053; F(20, 6): 90 % 2.8363
        let z = normal_quantile(0.9);
        assert!((fisher_quantile(-z, 2.0, 5.0) - 0.2550).abs() < 0.005);
        assert!((fisher_quantile(z, 2.0, 5.0) - 2.6053).abs() < 0.02);
        assert!((fisher_quantile(z, 10.0, 3.0) - 2.8363).abs() < 0.03);
        assert!((fisher_quantile(f64::NEG_INFINITY, 2.0, 5.0)).abs() < 1e-300);
        for (numerator, denominator) in [(2.0, 5.0), (10.0, 3.0), (1e9, 4.0), (1e12, f64::INFINITY)] {
            for z in [-1.0, 0.0, z] {
                let there = fisher_quantile(z, numerator, denominator);
                let back = fisher_probability(there, numerator, denominator);
                assert!((back - normal_probability(z)).abs() < 1e-3, "{numerator} {denominator}: {back}");
            }
        }
    }

    #[test]
    fn a_count_is_zero_up_to_the_chance_of_not_buying() {
        let future = Future {
            mean: 2.0,
            square: 8.0,
            squared_factors: 2.0,
            buys: 0.8,
        };
        let count = Count::new(&future, 0.0);
        let ends = Ends::of_level(0.8);
        assert_eq!(count.interval(ends, 0.1), (0.0, 0.0));
        let (low, high) = count.interval(ends, 1.0);
        assert!(low < 1.0 && (3.0..=6.0).contains(&high), "{low} {high}");
    }
}
