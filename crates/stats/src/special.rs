//! Special functions beyond `statrs`: differences and ratios that lose no digits, fixed quadrature rules.
//! Nothing here knows about customers.

use statrs::function::erf::erfc_inv;
use statrs::function::gamma::{digamma, ln_gamma};

/// Up to this many factors a rising factorial is added up factor by factor.
const FACTORS_MAX: f64 = 32.0;
/// From here on the asymptotic series below are exact to the last digits.
const ASYMPTOTIC_FROM: f64 = 16.0;

/// ln Γ(base + n) − ln Γ(base) for whole n ≥ 0, without the cancellation of two large logarithms.
pub(crate) fn ln_rising(base: f64, n: f64) -> f64 {
    if n <= FACTORS_MAX {
        factors(n).map(|i| (base + i).ln()).sum()
    } else {
        ln_gamma_shift(base, n)
    }
}

/// ψ(base + n) − ψ(base) for whole n ≥ 0, the derivative of [`ln_rising`] by its base.
pub(crate) fn digamma_rising(base: f64, n: f64) -> f64 {
    if n <= FACTORS_MAX {
        factors(n).map(|i| 1.0 / (base + i)).sum()
    } else {
        digamma_shift(base, n)
    }
}

/// ln Γ(base + n) − ln Γ(base) for any n ≥ 0.
pub(crate) fn ln_gamma_shift(base: f64, n: f64) -> f64 {
    if base < ASYMPTOTIC_FROM {
        return ln_gamma(base + n) - ln_gamma(base);
    }
    // Stirling's series, subtracted by hand.
    let rest = |z: f64| {
        let w = 1.0 / (z * z);
        (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w / 1680.0))) / z
    };
    (base - 0.5) * (n / base).ln_1p() + n * ((base + n).ln() - 1.0) + rest(base + n) - rest(base)
}

/// ψ(base + n) − ψ(base) for any n ≥ 0.
pub(crate) fn digamma_shift(base: f64, n: f64) -> f64 {
    if base < ASYMPTOTIC_FROM {
        return digamma(base + n) - digamma(base);
    }
    let rest = |z: f64| {
        let w = 1.0 / (z * z);
        0.5 / z + w * (1.0 / 12.0 - w * (1.0 / 120.0 - w / 252.0))
    };
    (n / base).ln_1p() + rest(base) - rest(base + n)
}

/// 0, 1, … n − 1.
fn factors(n: f64) -> impl Iterator<Item = f64> {
    (0..n as u32).map(f64::from)
}

/// (1 − e^(−c·l)) / c, which is l for c = 0: the integral of e^(−c·y) over y from 0 to l.
pub(crate) fn damped(c: f64, l: f64) -> f64 {
    if c.abs() < f64::MIN_POSITIVE {
        l
    } else {
        -(-c * l).exp_m1() / c
    }
}

/// A sum of logarithms of numbers from 1 to 2, taken as the logarithm of their product: one logarithm for hundreds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LnProduct {
    ln: f64,
    product: f64,
}

impl LnProduct {
    pub(crate) const ONE: Self = Self {
        ln: 0.0,
        product: 1.0,
    };

    pub(crate) fn times(&mut self, factor: f64) {
        const LARGE: f64 = 1e300;
        self.product *= factor;
        if self.product > LARGE {
            self.ln += self.product.ln();
            self.product = 1.0;
        }
    }

    pub(crate) fn ln(self) -> f64 {
        self.ln + self.product.ln()
    }
}

/// ln(1 + e^y) without overflow.
pub(crate) fn softplus(y: f64) -> f64 {
    if y > 0.0 {
        y + (-y).exp().ln_1p()
    } else {
        y.exp().ln_1p()
    }
}

/// The point below which a standard normal variable falls with probability `p`; ±∞ at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else {
        -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
    }
}

/// The probability that a standard normal variable stays at or below `z`, to 7.5e-8: equation 26.2.17 of Abramowitz
/// and Stegun (1964). Mixtures ask for it thousands of times per customer.
pub(crate) fn normal_probability(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    /// 1/√(2π)
    const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
    let size = z.abs();
    if size > 6.0 {
        return f64::from(u8::from(z > 0.0));
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * size);
    let series = COEFFICIENTS.iter().fold(0.0, |sum, c| (sum + c) * t);
    let beyond = DENSITY_AT_0 * (-0.5 * size * size).exp() * series;
    if z > 0.0 { 1.0 - beyond } else { beyond }
}

/// Gauss–Legendre nodes and weights on [0, 1], four points.
pub(crate) const GAUSS_4: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_93),
];

/// Gauss–Legendre nodes and weights on [0, 1], eight points.
pub(crate) const GAUSS_8: [(f64, f64); 8] = [
    (0.019_855_071_751_231_856, 0.050_614_268_145_188_13),
    (0.101_666_761_293_186_63, 0.111_190_517_226_687_23),
    (0.237_233_795_041_835_5, 0.156_853_322_938_943_64),
    (0.408_282_678_752_175_1, 0.181_341_891_689_181),
    (0.591_717_321_247_825, 0.181_341_891_689_181),
    (0.762_766_204_958_164_5, 0.156_853_322_938_943_64),
    (0.898_333_238_706_813_4, 0.111_190_517_226_687_23),
    (0.980_144_928_248_768_1, 0.050_614_268_145_188_13),
];

/// E\[f(p)\] for p ~ Beta(a, b), by the trapezoidal rule in y = ln(p / (1 − p)).
///
/// The rule converges geometrically for every analytic f that grows less than 1/p^a and 1/(1−p)^b; it needs no
/// normalising constant (the weights are summed alongside) and no restriction on a and b. `f` must be constant
/// to the last digit for p < `flat_below`; there, and where 1 − p is below 1e-17, the tails are geometric
/// and are summed in closed form, so tiny a or b cost nothing.
pub(crate) fn beta_mean(a: f64, b: f64, flat_below: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEP_MAX: f64 = 0.25;
    const NEGLIGIBLE: f64 = 1e-18;
    let centre = (a / b).ln();
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let step = STEP_MAX.min(0.25 * spread);
    // ln p^a (1-p)^b with both logarithms free of cancellation
    let ln_weight = |y: f64| {
        let ln_p = -softplus(-y);
        let ln_q = -softplus(y);
        a * ln_p + b * ln_q
    };
    let top = ln_weight(centre);
    let lowest = flat_below.clamp(1e-300, 1e-17).ln();
    let mut weights = 0.0;
    let mut sum = 0.0;
    let mut add = |y: f64, multiple: f64| {
        let weight = (ln_weight(y) - top).exp() * multiple;
        let p = if y > 0.0 {
            1.0 / (1.0 + (-y).exp())
        } else {
            y.exp() / (1.0 + y.exp())
        };
        weights += weight;
        sum += weight * f(p);
        weight < NEGLIGIBLE * weights
    };
    add(centre, 1.0);
    let mut y = centre - step;
    loop {
        let in_tail = y < lowest;
        let multiple = if in_tail { -1.0 / (-a * step).exp_m1() } else { 1.0 };
        if add(y, multiple) || in_tail {
            break;
        }
        y -= step;
    }
    let mut y = centre + step;
    loop {
        let in_tail = y > 40.0;
        let multiple = if in_tail { -1.0 / (-b * step).exp_m1() } else { 1.0 };
        if add(y, multiple) || in_tail {
            break;
        }
        y += step;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, relative: f64) {
        assert!(
            (found - expected).abs() <= relative * expected.abs(),
            "{found} is not {expected}"
        );
    }

    #[test]
    fn a_rising_factorial_keeps_its_digits_for_every_base() {
        close(ln_rising(0.243, 3.0), (0.243_f64 * 1.243 * 2.243).ln(), 1e-14);
        // Γ(1e8 + 40) / Γ(1e8): a sum of forty logarithms
        let direct: f64 = (0..40).map(|i| (1e8 + f64::from(i)).ln()).sum();
        close(ln_rising(1e8, 40.0), direct, 1e-14);
        let direct: f64 = (0..1000).map(|i| (0.5 + f64::from(i)).ln()).sum();
        close(ln_rising(0.5, 1000.0), direct, 1e-13);
        let direct: f64 = (0..1000).map(|i| 1.0 / (20.0 + f64::from(i))).sum();
        close(digamma_rising(20.0, 1000.0), direct, 1e-13);
    }

    #[test]
    fn the_mean_over_a_beta_distribution_is_exact_for_moments() {
        for &(a, b) in &[
            (0.793, 2.426),
            (1e-4, 5.0),
            (0.01, 0.01),
            (5.0, 1e6),
            (300.0, 200.0),
            (2.0, 1e-3),
        ] {
            close(beta_mean(a, b, 1e-17, |p| p), a / (a + b), 1e-12);
            close(
                beta_mean(a, b, 1e-17, |p| p * p),
                a * (a + 1.0) / ((a + b) * (a + b + 1.0)),
                1e-12,
            );
        }
    }

    #[test]
    fn quantiles_of_the_normal_distribution() {
        close(normal_quantile(0.9), 1.281_551_565_544_600_4, 1e-12);
        close(normal_quantile(1e-9), -5.997_807_015_007_773, 1e-10);
        assert!(normal_quantile(0.0) < -1e300 && normal_quantile(1.0) > 1e300);
        for p in [1e-6, 0.1, 0.5, 0.9, 0.999, 1.0] {
            assert!((normal_probability(normal_quantile(p)) - p).abs() < 7.5e-8, "{p}");
        }
    }
}
