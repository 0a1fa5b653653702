//! Customers drawn from the models, by a generator that is the same everywhere: no dependency, no ambient randomness.
#![allow(dead_code, reason = "every test file uses its part")]

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Uniform in (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    pub(crate) fn exponential(&mut self, rate: f64) -> f64 {
        -self.uniform().ln() / rate
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Marsaglia, Tsang (2000).
    pub(crate) fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return self.gamma(shape + 1.0, rate) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / rate;
            }
        }
    }

    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let left = self.gamma(a, 1.0);
        left / (left + self.gamma(b, 1.0))
    }
}

/// How customers leave.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaving {
    /// A coin after each repeat purchase, and one at the start if `at_start`.
    Coin { a: f64, b: f64, at_start: bool },
    /// A lifetime.
    Hazard { s: f64, beta: f64 },
}

/// Repeat purchases (age, ticket) of one customer up to an age.
pub(crate) fn purchases(
    random: &mut Random,
    (r, alpha): (f64, f64),
    leaving: Leaving,
    [p, q, v]: [f64; 3],
    until: f64,
) -> Vec<(f64, f64)> {
    let rate = random.gamma(r, alpha);
    let nu = random.gamma(q, v);
    let mut age = 0.0;
    let mut made = Vec::new();
    let (stay, end) = match leaving {
        Leaving::Coin { a, b, at_start } => {
            let leaves = random.beta(a, b);
            if at_start && random.uniform() < leaves {
                return made;
            }
            (1.0 - leaves, f64::INFINITY)
        }
        Leaving::Hazard { s, beta } => {
            let hazard = random.gamma(s, beta);
            (1.0, random.exponential(hazard))
        }
    };
    loop {
        age += random.exponential(rate);
        if age > until.min(end) {
            return made;
        }
        made.push((age, random.gamma(p, nu)));
        if random.uniform() >= stay {
            return made;
        }
    }
}
