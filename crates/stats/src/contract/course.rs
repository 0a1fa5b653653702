//! What a contract brings in time: payments as they fall due, and what is bought besides as long as it runs.

use super::{Contract, Standing};
use crate::clv::Discounting;

/// What a moment in the future counts: its discount factor, step by step, and 0 after the last.
pub(super) struct Weighing {
    step: f64,
    factors: Vec<f64>,
    /// The factors and their squares integrated up to the start of each step.
    sums: Vec<[f64; 2]>,
}

impl Weighing {
    /// Everything within a span counts 1.
    pub(super) fn counting(span: f64) -> Self {
        Self::new(span, vec![1.0])
    }

    pub(super) fn money(discounting: &Discounting, steps: u32) -> Self {
        Self::new(
            discounting.step(),
            (1..=steps).map(|j| discounting.factor(j)).collect(),
        )
    }

    fn new(step: f64, factors: Vec<f64>) -> Self {
        let mut sum = [0.0; 2];
        let sums = factors
            .iter()
            .map(|factor| {
                let before = sum;
                sum = [sum[0] + step * factor, sum[1] + step * factor * factor];
                before
            })
            .collect();
        Self { step, factors, sums }
    }

    pub(super) fn end(&self) -> f64 {
        self.step * self.factors.len() as f64
    }

    /// The factor at a moment within the span.
    pub(super) fn at(&self, time: f64) -> f64 {
        let step = (time / self.step.max(f64::MIN_POSITIVE)).ceil() as usize;
        self.factors[step.clamp(1, self.factors.len()) - 1]
    }

    /// The integral of the factors, and of their squares, from now to a moment; it stays what it is at the end.
    pub(super) fn until(&self, time: f64) -> [f64; 2] {
        let time = time.clamp(0.0, self.end());
        let step = (time / self.step.max(f64::MIN_POSITIVE)) as usize;
        let step = step.min(self.factors.len() - 1);
        let (factor, rest) = (self.factors[step], time - step as f64 * self.step);
        let [sum, squares] = self.sums[step];
        [sum + rest * factor, squares + rest * factor * factor]
    }
}

/// What a contract brings within a span if it ends after so many more renewals; weighed sums of purchases.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Atom {
    /// Payments that fall due.
    pub(super) due: u32,
    /// The probability that a payment that falls due is made.
    pub(super) share: f64,
    /// E\[Σ v\] over payments.
    pub(super) payments: f64,
    /// E\[Σ v²\] over payments.
    pub(super) payment_squares: f64,
    /// E\[Σ v\] over what is bought besides.
    pub(super) extras: f64,
    /// E\[Σ v²\] over it.
    pub(super) extra_squares: f64,
    /// The shape of the gamma distribution of its rate.
    pub(super) extras_shape: f64,
}

impl Atom {
    pub(super) fn mean(&self) -> f64 {
        self.payments + self.extras
    }

    /// The relative variance of the money of this atom: how much is bought, and at what tickets given ν.
    pub(super) fn relative_variance(&self, p: f64) -> f64 {
        let mean = self.mean();
        let rate_unknown = if self.extras > 0.0 {
            self.extras * self.extras / self.extras_shape
        } else {
            0.0
        };
        let purchases = (1.0 - self.share) * self.payment_squares + self.extra_squares + rate_unknown;
        (purchases + (self.payment_squares + self.extra_squares) / p) / (mean * mean)
    }
}

/// What a contract brings if it ends after 0, 1, 2 … more renewals; the last holds for all that are more.
pub(super) fn fill(contract: &Contract, period: f64, weighing: &Weighing, atoms: &mut Vec<Atom>) {
    atoms.clear();
    let mut atom = Atom::default();
    if contract.standing == Standing::Left {
        atoms.push(atom);
        return;
    }
    let share = contract.payments_per_period;
    let rate = contract.extras_per_period / period;
    let mut paid_from = (contract.standing == Standing::Running).then_some(0.0);
    let mut payment = contract.next;
    loop {
        if let Some(from) = paid_from {
            let ([before, before_square], [after, after_square]) =
                (weighing.until(from), weighing.until(payment));
            atom.extras += rate * (after - before);
            atom.extra_squares += rate * (after_square - before_square);
            atom.extras_shape = contract.extras_shape;
        }
        atoms.push(atom);
        if payment > weighing.end() {
            return;
        }
        let factor = weighing.at(payment);
        atom.due += 1;
        atom.payments += share * factor;
        atom.payment_squares += share * factor * factor;
        atom.share = share;
        paid_from = Some(payment);
        payment = if atom.due == 1 {
            contract.after_next
        } else {
            payment + period
        };
    }
}
