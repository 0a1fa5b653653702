//! Randomness that stays the same: which random number comes next depends on the seed and the
//! customer alone, on every machine and with every later version of the libraries.
//!
//! `StdRng` may change its algorithm with any release of `rand`, and so may `rand`'s ranges and
//! distributions, so neither is used: ChaCha8 is named, and the few distributions stand here.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

/// What a customer's random numbers are for; each has its own sequence, so that more draws for one
/// do not shift another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Who the customer is and how its story goes.
    Outline,
    /// Its subscriptions, contacts and ledger lines.
    History,
    /// Who brought it.
    Referral,
    /// The days of its life.
    Life,
    /// What it agreed to.
    Consents,
    /// Its tags.
    Tags,
    /// Its telephones and terms.
    Devices,
}

/// The random numbers of one customer for one purpose.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The sequence of customer number `index` under `seed`.
    pub(super) fn new(seed: u64, index: u64, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in 0..`count`; 0 where `count` is 0.
    pub(super) fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(count)) >> 64) as u64
    }

    /// Uniform in `low..=high`; `low` where the range is empty.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((i64::from(high) - i64::from(low) + 1).max(0) as u64) as i32
    }

    /// True in a share of cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// One of a list that is not empty, by weight.
    pub(super) fn weighted<'a, T>(&mut self, list: &'a [(T, u32)]) -> &'a T {
        let total: u64 = list.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (item, weight) in list {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        &list[0].0
    }

    /// Standard normal (Box–Muller; the second value is thrown away).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal around a median.
    pub(super) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Poisson; for small means only (its time grows with the mean).
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit && count < 1_000 {
            product *= self.unit();
            count += 1;
        }
        count
    }
}
