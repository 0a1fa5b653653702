//! Pareto/NBD: purchases come at a gamma-distributed rate until a gamma-distributed hazard ends the customer.
//!
//! - Schmittlein, Morrison, Colombo (1987), Counting Your Customers: Who Are They and What Will They Do Next?,
//!   Management Science 33(1), 1–24;
//! - Fader, Hardie (2005), A Note on Deriving the Pareto/NBD Model and Related Expressions.
//!
//! The likelihood is (Fader and Hardie 2005, before the integral is solved by Gaussian hypergeometric functions)
//!
//! L = Γ(r+x)/Γ(r) · α^r β^s · { (α+T)^−(r+x) (β+T)^−s + s ∫_{t_x}^{T} (α+y)^−(r+x) (β+y)^−(s+1) dy }
//!
//! Here α and β are taken out of the powers, which leaves α^−x · { (1+T/β) φ(T) + (s/β) ∫ φ(y) dy } with
//! φ(y) = (1+y/α)^−(r+x) (1+y/β)^−(s+1),
//! and the integral is taken numerically, to the last digits, from age to age of those that occur: it has no
//! case distinction between α and β, no difference of two ₂F₁ that cancels or overflows, and a table of it per
//! x serves all customers with that x.

use crate::histories::{Group, Histories};
use crate::law::PurchaseLaw;
use crate::optimise::Evaluation;
use crate::special::{GAUSS_4, GAUSS_8, damped, digamma_rising, ln_rising};

#[derive(Debug, Clone, Copy)]
pub(crate) struct ParetoNbd {
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) s: f64,
    pub(crate) beta: f64,
}

/// ∫ φ(y) dy and ∫ φ(y) κ(y) dy from one age to the last of the table, all divided by φ(that age);
/// κ = ∂ ln φ / ∂(ln r, ln α, ln s, ln β).
#[derive(Debug, Clone, Copy, Default)]
struct Tail {
    /// ln(1 + age/α) and ln(1 + age/β).
    by_alpha: f64,
    by_beta: f64,
    integral: f64,
    slopes: [f64; 4],
}

/// Past this many e-foldings the rest of an integral is below the last digit.
const NEGLIGIBLE_EFOLDS: f64 = 50.0;

impl PurchaseLaw for ParetoNbd {
    /// r + x: all that a curve needs to know of the customer.
    type Curve = f64;
    type Horizons = TimeActive;

    /// The log-likelihood and its gradient in (ln r, ln alpha, ln s, ln beta).
    fn evaluate(&self, histories: &Histories) -> Evaluation<4> {
        let Self { r, alpha, s, beta } = *self;
        let mut value = 0.0;
        let mut gradient = [0.0; 4];
        for group in &histories.groups {
            let shape = r + group.x;
            let tails = self.tails(group.x, &group.ages);
            let mut group_value = 0.0;
            let mut group_gradient = [0.0; 4];
            for row in &histories.rows[group.rows.clone()] {
                let (last, end) = (&tails[row.last as usize], &tails[row.end as usize]);
                let age = group.ages[row.end as usize];
                let bracket = self.bracket(shape, last, end, age);
                let total = bracket.alive + bracket.gone;
                group_value += row.weight * (self.ln_density(shape, last) + total.ln());
                let alive = [
                    -r * end.by_alpha,
                    shape * age / (alpha + age),
                    -s * end.by_beta,
                    s * age / (beta + age),
                ];
                let factor = row.weight / total;
                for i in 0..4 {
                    let gone = s / beta * (last.slopes[i] - bracket.end_to_last * end.slopes[i]);
                    group_gradient[i] += factor * (bracket.alive * alive[i] + gone);
                }
                group_gradient[2] += factor * bracket.gone;
                group_gradient[3] -= factor * bracket.gone;
            }
            value += group.weight * self.ln_constant(group.x) + group_value;
            group_gradient[0] += group.weight * r * digamma_rising(r, group.x);
            group_gradient[1] -= group.weight * group.x;
            for i in 0..4 {
                gradient[i] += group_gradient[i];
            }
        }
        Evaluation { value, gradient }
    }

    /// ln of one customer's likelihood: equation 18 of Fader and Hardie (2005).
    fn log_likelihood(&self, x: f64, t_x: f64, t: f64) -> f64 {
        let tails = self.tails(x, &[t_x, t]);
        let bracket = self.bracket(self.r + x, &tails[0], &tails[1], t);
        self.ln_constant(x) + self.ln_density(self.r + x, &tails[0]) + (bracket.alive + bracket.gone).ln()
    }

    /// P(alive at T | x, t_x, T): equation 11 of Schmittlein et al. (1987) in the form above.
    fn p_alive(&self, x: f64, t_x: f64, t: f64) -> f64 {
        let tails = self.tails(x, &[t_x, t]);
        self.bracket(self.r + x, &tails[0], &tails[1], t).p_alive()
    }

    /// P(alive) of every row of a group, in its order.
    fn p_alive_of_group(&self, histories: &Histories, group: &Group, found: &mut Vec<f64>) {
        let tails = self.tails(group.x, &group.ages);
        found.extend(histories.rows[group.rows.clone()].iter().map(|row| {
            let age = group.ages[row.end as usize];
            self.bracket(
                self.r + group.x,
                &tails[row.last as usize],
                &tails[row.end as usize],
                age,
            )
            .p_alive()
        }));
    }

    /// The hazard does not wait for a purchase.
    fn survives_next(&self, _x: f64) -> f64 {
        1.0
    }

    /// P(at least one purchase within t | alive at T): the first purchase comes at the rate λ e^(−(λ+μ)y),
    /// integrated over the gamma posteriors of λ and μ, with the λ part as the variable of integration.
    fn buys_if_alive(&self, t: f64, x: f64, age: f64) -> f64 {
        let (rates, deaths) = (self.alpha + age, self.beta + age);
        let shape = self.r + x;
        let reach = -(-shape * (t / rates).ln_1p()).exp_m1();
        let mean = |(node, weight): (f64, f64)| {
            let until = rates * (-(-reach * node).ln_1p() / shape).exp_m1();
            weight * (-self.s * (until / deaths).ln_1p()).exp()
        };
        reach * GAUSS_8.into_iter().map(mean).sum::<f64>()
    }

    /// E\[Y(t) | alive at T\] = E\[λ\] · E\[time active within t\]: equation 41 of Fader and Hardie (2005) without
    /// P(alive), free of 0/0 at s = 1.
    fn horizons(&self, horizons: &[f64], age: f64) -> TimeActive {
        let scale = self.beta + age;
        let active = horizons
            .iter()
            .map(|t| scale * damped(self.s - 1.0, (t / scale).ln_1p()));
        TimeActive {
            rates: self.alpha + age,
            active: active.collect(),
        }
    }

    fn curve(&self, x: f64, _longest: f64, _youngest: f64) -> f64 {
        self.r + x
    }

    fn fill(shape: &f64, horizons: &TimeActive, found: &mut [f64]) {
        for (found, active) in found.iter_mut().zip(&horizons.active) {
            *found = shape / horizons.rates * active;
        }
    }

    /// E\[X(t)\] of a customer just acquired: equation 17 of Schmittlein et al. (1987).
    fn expected_purchases_new(&self, t: f64) -> f64 {
        let mut found = [0.0];
        Self::fill(&self.curve(0.0, t, 0.0), &self.horizons(&[t], 0.0), &mut found);
        found[0]
    }

    fn rate_if_alive(&self, x: f64, age: f64) -> f64 {
        (self.r + x) / (self.alpha + age)
    }

    fn moved(&self, [r, alpha, s, beta]: [f64; 4]) -> Self {
        let factor = f64::exp;
        Self {
            r: self.r * factor(r),
            alpha: self.alpha * factor(alpha),
            s: self.s * factor(s),
            beta: self.beta * factor(beta),
        }
    }
}

/// The expected time a customer of one age stays active within each horizon, and alpha + age.
#[derive(Debug, Clone)]
pub(crate) struct TimeActive {
    rates: f64,
    active: Vec<f64>,
}

impl ParetoNbd {
    fn ln_constant(&self, x: f64) -> f64 {
        ln_rising(self.r, x) - x * self.alpha.ln()
    }

    fn ln_density(&self, shape: f64, at: &Tail) -> f64 {
        -shape * at.by_alpha - (self.s + 1.0) * at.by_beta
    }

    /// The two terms in braces, divided by φ(t_x).
    fn bracket(&self, shape: f64, last: &Tail, end: &Tail, age: f64) -> Bracket {
        let end_to_last = (self.ln_density(shape, end) - self.ln_density(shape, last)).exp();
        let gone = self.s / self.beta * (last.integral - end_to_last * end.integral);
        Bracket {
            end_to_last,
            alive: (1.0 + age / self.beta) * end_to_last,
            gone: gone.max(0.0),
        }
    }

    /// The tails at ascending ages, built from the last one backwards.
    fn tails(&self, x: f64, ages: &[f64]) -> Vec<Tail> {
        let shape = self.r + x;
        let mut tails = vec![Tail::default(); ages.len()];
        for i in (0..ages.len()).rev() {
            let by_alpha = (ages[i] / self.alpha).ln_1p();
            let by_beta = (ages[i] / self.beta).ln_1p();
            let mut tail = Tail {
                by_alpha,
                by_beta,
                ..Tail::default()
            };
            if let Some(next) = tails.get(i + 1).copied() {
                self.add_integral(shape, ages[i], ages[i + 1], &mut tail);
                let ratio = (self.ln_density(shape, &next) - self.ln_density(shape, &tail)).exp();
                tail.integral += ratio * next.integral;
                for k in 0..4 {
                    tail.slopes[k] += ratio * next.slopes[k];
                }
            }
            tails[i] = tail;
        }
        tails
    }

    /// Adds the integrals from one age to another, divided by φ(from), panel by panel: within a panel φ falls
    /// by at most e and y moves by at most half the distance to the nearest pole, so eight points give every digit.
    fn add_integral(&self, shape: f64, from: f64, to: f64, tail: &mut Tail) {
        let Self { r, alpha, s, beta } = *self;
        let ln_start = self.ln_density(shape, tail);
        let mut y = from;
        while y < to {
            let decay = shape / (alpha + y) + (s + 1.0) / (beta + y);
            let width = (to - y).min(1.0 / decay).min(0.5 * (alpha.min(beta) + y));
            let nodes: &[(f64, f64)] = if width * decay < 0.25 { &GAUSS_4 } else { &GAUSS_8 };
            let mut ln_relative = 0.0;
            for &(node, weight) in nodes {
                let at = y + node * width;
                let (by_alpha, by_beta) = ((at / alpha).ln_1p(), (at / beta).ln_1p());
                ln_relative = -shape * by_alpha - (s + 1.0) * by_beta - ln_start;
                let mass = weight * width * ln_relative.exp();
                tail.integral += mass;
                tail.slopes[0] -= mass * r * by_alpha;
                tail.slopes[1] += mass * shape * at / (alpha + at);
                tail.slopes[2] -= mass * s * by_beta;
                tail.slopes[3] += mass * (s + 1.0) * at / (beta + at);
            }
            let next = y + width;
            // `next <= y` only where y is so large that a panel vanishes next to it
            if ln_relative < -NEGLIGIBLE_EFOLDS || next <= y {
                return;
            }
            y = next;
        }
    }
}

/// The likelihood's two terms in the unit φ(t_x).
struct Bracket {
    end_to_last: f64,
    alive: f64,
    gone: f64,
}

impl Bracket {
    fn p_alive(&self) -> f64 {
        self.alive / (self.alive + self.gone)
    }
}
