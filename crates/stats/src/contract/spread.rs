//! Between which bounds the money and the purchases of a contract lie: quantiles of a mixture over the renewals to
//! come. The derivation is at the top of `contract.rs`.

use super::course::Atom;
use super::{Contract, weights};
use crate::interval::{Ends, SHAPE_MIN, ScaledFisher, Tickets, fisher_quantile};
use crate::special::normal_quantile;

/// The interval of discounted money: a mixture over k of Fisher's distribution, scaled.
pub(super) fn money_interval(
    ends: Ends,
    contract: &Contract,
    atoms: &[Atom],
    survival: &[f64],
    tickets: &Tickets,
) -> (f64, f64) {
    let denominator = tickets.shape.max(SHAPE_MIN);
    let unit = tickets.p * tickets.rate / tickets.shape;
    let parts: Vec<(f64, f64, f64)> = weights(contract, atoms, survival)
        .filter(|(probability, atom)| *probability > 0.0 && atom.mean() > 0.0)
        .map(|(probability, atom)| {
            let spread = (1.0 + atom.relative_variance(tickets.p)) * (1.0 + tickets.uncertainty) - 1.0;
            (probability, atom.mean(), (1.0 / spread.max(1e-12)).max(SHAPE_MIN))
        })
        .collect();
    let positive: f64 = parts.iter().map(|(probability, ..)| probability).sum();
    if positive <= 0.0 {
        return (0.0, 0.0);
    }
    let laws: Vec<(f64, ScaledFisher)> = parts
        .iter()
        .map(|&(probability, mean, shape)| (probability, ScaledFisher::new(mean, shape, denominator)))
        .collect();
    ends.of_mixture(positive.min(1.0), |p| {
        // the mixture's quantile lies between those of its parts
        let z = normal_quantile(p);
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for &(_, mean, shape) in &parts {
            let root = (mean * fisher_quantile(z, shape, denominator)).cbrt();
            (low, high) = (low.min(root), high.max(root));
        }
        while high - low > ROOT_TOLERANCE * high {
            let middle = 0.5 * (low + high);
            let below: f64 = laws
                .iter()
                .map(|(probability, law)| probability * law.probability(middle))
                .sum();
            if below < p * positive {
                low = middle;
            } else {
                high = middle;
            }
        }
        unit * high * high * high
    })
}

/// The search for a quantile's cube root ends when it is known to this share: a millionth of the quantile.
const ROOT_TOLERANCE: f64 = 3e-7;

/// Beyond so many purchases besides the payments, their distribution is taken as all at its mean.
const COUNTED_MEAN_MAX: f64 = 500.0;

/// The interval of the number of purchases: whole numbers.
pub(super) fn count_interval(
    ends: Ends,
    contract: &Contract,
    atoms: &[Atom],
    survival: &[f64],
) -> (f64, f64) {
    let mut counts: Vec<Counting> = weights(contract, atoms, survival)
        .map(|(probability, atom)| Counting::new(probability, atom))
        .collect();
    let probability_of = |counts: &[Counting]| counts.iter().map(Counting::probability).sum::<f64>();
    let all: f64 = counts.iter().map(|count| count.weight).sum();
    let none = probability_of(&counts);
    let n_max = 4.0
        * (1.0
            + counts
                .iter()
                .map(|count| count.start + count.mean)
                .fold(0.0, f64::max))
        + 100.0;
    // both ends are asked for in ascending order, so the count goes on where it stopped
    let (mut n, mut below) = (0.0, none);
    ends.of_mixture((all - none).clamp(f64::MIN_POSITIVE, 1.0), |p| {
        let wanted = none + p * (all - none);
        while (below < wanted - 1e-12 || n < 1.0) && n < n_max {
            counts.iter_mut().for_each(Counting::advance);
            below += probability_of(&counts);
            n += 1.0;
        }
        n
    })
}

/// The probabilities of 0, 1, 2 … purchases of one atom, one after another.
struct Counting {
    weight: f64,
    /// Purchases that are sure.
    start: f64,
    /// Mean of those that are not.
    mean: f64,
    law: CountLaw,
    n: f64,
    /// The probability of `n` purchases beyond the sure ones.
    now: f64,
}

enum CountLaw {
    /// Nothing is left to chance.
    Sure,
    /// So many payments fall due, each made with this probability.
    Payments { due: f64, share: f64 },
    /// A negative binomial of this shape.
    Extras { shape: f64 },
}

impl Counting {
    fn new(weight: f64, atom: &Atom) -> Self {
        let due = f64::from(atom.due);
        let (start, mean, law, now) = if atom.extras > COUNTED_MEAN_MAX {
            ((atom.mean()).round(), 0.0, CountLaw::Sure, 1.0)
        } else if atom.extras > 0.0 {
            let shape = atom.extras_shape.max(1e-9);
            let none = (-shape * (atom.extras / shape).ln_1p()).exp();
            (
                atom.payments.round(),
                atom.extras,
                CountLaw::Extras { shape },
                none,
            )
        } else if atom.due > 0 && atom.share < 1.0 {
            let share = atom.share;
            let none = (due * (-share).ln_1p()).exp();
            (0.0, due * share, CountLaw::Payments { due, share }, none)
        } else {
            (due, 0.0, CountLaw::Sure, 1.0)
        };
        Self {
            weight,
            start,
            mean,
            law,
            n: 0.0,
            now,
        }
    }

    /// The probability of this atom and as many purchases as it has advanced to.
    fn probability(&self) -> f64 {
        if self.n < self.start {
            0.0
        } else {
            self.weight * self.now
        }
    }

    fn advance(&mut self) {
        self.n += 1.0;
        // purchases beyond the sure ones, before this step
        let beyond = self.n - 1.0 - self.start;
        if beyond < 0.0 {
            return;
        }
        self.now *= match self.law {
            CountLaw::Sure => 0.0,
            CountLaw::Payments { due, share } => {
                ((due - beyond).max(0.0) / (beyond + 1.0)) * (share / (1.0 - share))
            }
            CountLaw::Extras { shape } => (shape + beyond) / (beyond + 1.0) * self.mean / (shape + self.mean),
        };
    }
}
