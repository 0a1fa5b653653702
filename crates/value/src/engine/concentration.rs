//! How much of all contribution the best customers bring.

use serde::Serialize;

/// The Pareto curve and its summary. Customers who contribute nothing or less count as nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Concentration {
    /// From 0 to 1 in hundredths of the customers, the best first.
    pub curve: Vec<CurvePoint>,
    /// The share that the best 1 % bring.
    pub top_1: f64,
    /// The share that the best 5 % bring.
    pub top_5: f64,
    /// The share that the best 10 % bring.
    pub top_10: f64,
    /// The share that the best 20 % bring.
    pub top_20: f64,
    /// 0 if all bring the same, towards 1 if one brings everything.
    pub gini: f64,
}

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Share of the customers.
    pub customers_share: f64,
    /// Share of all contribution that they bring.
    pub contribution_share: f64,
}

/// The concentration of contributions sorted from the largest down; none where nobody contributes.
pub(crate) fn concentration(descending: &[i64]) -> Option<Concentration> {
    let customers = descending.len();
    let mut sums = Vec::with_capacity(customers + 1);
    let mut sum = 0_i128;
    // The sum over ranks, from the smallest (rank 1) up, that Gini's coefficient needs.
    let mut ranked = 0_i128;
    sums.push(sum);
    for (i, &minor) in descending.iter().enumerate() {
        let minor = i128::from(minor.max(0));
        sum += minor;
        ranked += minor * (customers - i) as i128;
        sums.push(sum);
    }
    if sum == 0 {
        return None;
    }
    // A share of a customer counts by that share.
    let held = |percent: usize| {
        let place = customers * percent;
        let (whole, rest) = (place / 100, place % 100);
        let next = sums.get(whole + 1).map_or(0, |next| next - sums[whole]);
        (sums[whole] as f64 + next as f64 * rest as f64 / 100.0) / sum as f64
    };
    let n = customers as f64;
    Some(Concentration {
        curve: (0..=100)
            .map(|percent| CurvePoint {
                customers_share: percent as f64 / 100.0,
                contribution_share: held(percent),
            })
            .collect(),
        top_1: held(1),
        top_5: held(5),
        top_10: held(10),
        top_20: held(20),
        gini: (2.0 * ranked as f64 / (n * sum as f64) - (n + 1.0) / n).max(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_curve_is_that_of_the_statistics(mut values in proptest::collection::vec(0_i64..1000, 1..200)) {
            values.sort_unstable_by(|a, b| b.cmp(a));
            let floats: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            match concentration(&values) {
                None => proptest::prop_assert!(floats.iter().all(|&v| v == 0.0)),
                Some(found) => {
                    let shares: Vec<f64> = (0..=100).map(|p| f64::from(p) / 100.0).collect();
                    let expected = stats::measures::held_by_top(&floats, &shares).unwrap();
                    for (point, expected) in found.curve.iter().zip(expected) {
                        proptest::prop_assert!((point.contribution_share - expected).abs() < 1e-9);
                    }
                    proptest::prop_assert!((found.gini - stats::measures::gini(&floats).unwrap()).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn nobody_contributes() {
        assert_eq!(concentration(&[0, -5]), None);
        assert_eq!(concentration(&[]), None);
    }
}
