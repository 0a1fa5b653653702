//! The decisions about a customer's value: which class, how loyal, which segment of the leaky
//! bucket. Facts in, decision with its reason out.

pub mod exposure;

use std::fmt;

/// Contribution × stability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum ValueClass {
    /// High contribution, high stability.
    #[serde(rename = "E-I")]
    EI,
    /// High contribution, low stability.
    #[serde(rename = "E-II")]
    EII,
    /// Low contribution, high stability.
    #[serde(rename = "E-III")]
    EIII,
    /// Low contribution, low stability.
    #[serde(rename = "E-IV")]
    EIV,
    /// A customer for less than six full months: too early to say.
    #[serde(rename = "new")]
    New,
    /// Never bought anything that was not taken back.
    #[serde(rename = "none")]
    None,
}

impl ValueClass {
    /// All classes, in the order they are shown.
    pub const ALL: [Self; 6] = [Self::EI, Self::EII, Self::EIII, Self::EIV, Self::New, Self::None];

    /// The name in files and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EI => "E-I",
            Self::EII => "E-II",
            Self::EIII => "E-III",
            Self::EIV => "E-IV",
            Self::New => "new",
            Self::None => "none",
        }
    }
}

impl fmt::Display for ValueClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Full months of history from which on a customer is classed.
pub const CLASSED_AFTER_MONTHS: usize = 6;

/// What the class of a customer depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassFacts {
    /// Days on which the customer bought.
    pub purchase_days: i32,
    /// Full months since the first purchase.
    pub full_months: usize,
    /// Margin or revenue of the last 12 months, in minor units.
    pub contribution_minor: i64,
    /// In (0, 1]; none where it has no meaning, which is never high.
    pub stability: Option<f64>,
}

/// From where on contribution and stability are high.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClassThresholds {
    /// The least high contribution, in minor units; none where nobody contributes.
    pub contribution_minor: Option<i64>,
    /// The least high stability; none where nobody is classed.
    pub stability: Option<f64>,
}

/// A class and what decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassDecision {
    /// The class.
    pub class: ValueClass,
    /// Whether contribution reaches its threshold.
    pub high_contribution: bool,
    /// Whether stability reaches its threshold.
    pub high_stability: bool,
}

/// The class of a customer.
pub fn classify(facts: &ClassFacts, thresholds: &ClassThresholds) -> ClassDecision {
    let high_contribution = thresholds
        .contribution_minor
        .is_some_and(|least| facts.contribution_minor >= least);
    let high_stability = match (facts.stability, thresholds.stability) {
        (Some(stability), Some(least)) => stability >= least,
        _ => false,
    };
    let class = if facts.purchase_days == 0 {
        ValueClass::None
    } else if facts.full_months < CLASSED_AFTER_MONTHS {
        ValueClass::New
    } else {
        match (high_contribution, high_stability) {
            (true, true) => ValueClass::EI,
            (true, false) => ValueClass::EII,
            (false, true) => ValueClass::EIII,
            (false, false) => ValueClass::EIV,
        }
    };
    ClassDecision {
        class,
        high_contribution,
        high_stability,
    }
}

/// The least contribution within the smallest set of customers that together bring `share` of all
/// that is brought; customers who bring nothing or less bring nothing to the sum. `descending` is
/// sorted from the largest down. Customers who bring the same are in or out together.
pub fn contribution_of_share(descending: &[i64], share: f64) -> Option<i64> {
    let positive = &descending[..descending.partition_point(|&minor| minor > 0)];
    let total: i128 = positive.iter().map(|&minor| i128::from(minor)).sum();
    let wanted = share * total as f64;
    let mut sum = 0_i128;
    for &minor in positive {
        sum += i128::from(minor);
        if sum as f64 >= wanted {
            return Some(minor);
        }
    }
    positive.last().copied()
}

/// The least contribution at or above the percentile (0–100) of all customers; `descending` is sorted from the
/// largest down. Who brings nothing or less is never high, however many of them there are; the largest always is.
pub fn contribution_of_percentile(descending: &[i64], percentile: f64) -> Option<i64> {
    // Millionths of a percent as a whole number: 70 % of ten are seven, not seven less a hair.
    const SCALE: f64 = 1e6;
    let scaled = (percentile * SCALE).round() as u128;
    let below = descending.len() as u128 * scaled / (100.0 * SCALE) as u128;
    let above = descending.len().saturating_sub(below as usize).max(1);
    let positive = &descending[..descending.partition_point(|&minor| minor > 0)];
    positive.get(above - 1).or(positive.last()).copied()
}

/// The median; of an even number of values the upper of the middle two, so that it is one of them.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// How evenly a customer buys, in (0, 1]: 1 for no variation at all. None where one of the three has
/// no meaning, because there is nothing to vary around: nobody is called stable for having stopped.
pub fn stability(
    weights: [f64; 3],
    cv_month: Option<f64>,
    cv_quarter: Option<f64>,
    cv_ticket: Option<f64>,
) -> Option<f64> {
    let [month, quarter, ticket] = weights;
    Some(month / (1.0 + cv_month?) + quarter / (1.0 + cv_quarter?) + ticket / (1.0 + cv_ticket?))
}

/// How loyal a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loyalty {
    /// Stays, and buys as before.
    Loyal,
    /// Neither.
    General,
    /// Is likely gone, or buys far less than before.
    Drifting,
}

impl Loyalty {
    /// All, in the order they are shown.
    pub const ALL: [Self; 3] = [Self::Loyal, Self::General, Self::Drifting];

    /// The name in files and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loyal => "loyal",
            Self::General => "general",
            Self::Drifting => "drifting",
        }
    }
}

/// What decided a loyalty class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoyaltyReason {
    /// P(alive) is 0.8 or more and the last 6 months hold at least 0.9 of the 6 before.
    AliveAndSteady,
    /// P(alive) is below 0.5.
    LikelyGone,
    /// The last 6 months hold less than half of the 6 before.
    FarLess,
    /// Nothing of the above.
    InBetween,
}

/// Loyalty by behaviour: P(alive), and the last 6 months against the 6 before, in minor units.
///
/// A customer without any purchase in the last 6 months is not loyal, however few there were before.
pub fn loyalty_by_behaviour(
    p_alive: Option<f64>,
    last_6m_minor: i64,
    previous_6m_minor: i64,
) -> (Loyalty, LoyaltyReason) {
    let (last, previous) = (i128::from(last_6m_minor), i128::from(previous_6m_minor));
    if p_alive.is_some_and(|p| p < 0.5) {
        (Loyalty::Drifting, LoyaltyReason::LikelyGone)
    } else if 2 * last < previous {
        (Loyalty::Drifting, LoyaltyReason::FarLess)
    } else if p_alive.is_some_and(|p| p >= 0.8) && last > 0 && 10 * last >= 9 * previous {
        (Loyalty::Loyal, LoyaltyReason::AliveAndSteady)
    } else {
        (Loyalty::General, LoyaltyReason::InBetween)
    }
}

/// Where a customer stands between two equal periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketSegment {
    /// Bought for the first time in the later period.
    New,
    /// Buys more than 10 % more.
    Grown,
    /// Buys about as much.
    Kept,
    /// Buys more than 10 % less.
    Shrunk,
    /// Bought nothing in the later period, but is likely still a customer.
    Dormant,
    /// Bought nothing in the later period and is likely gone.
    Lost,
    /// Bought nothing in the earlier period, but before it.
    WonBack,
}

impl BucketSegment {
    /// All, in the order they are shown.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Grown,
        Self::Kept,
        Self::Shrunk,
        Self::Dormant,
        Self::Lost,
        Self::WonBack,
    ];

    /// The name in files and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Grown => "grown",
            Self::Kept => "kept",
            Self::Shrunk => "shrunk",
            Self::Dormant => "dormant",
            Self::Lost => "lost",
            Self::WonBack => "won_back",
        }
    }
}

/// What the segment of a customer depends on; "bought" means a day whose net is above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketFacts {
    /// Bought in the earlier period.
    pub bought_in_p0: bool,
    /// Bought in the later period.
    pub bought_in_p1: bool,
    /// The first purchase ever was in the later period.
    pub first_in_p1: bool,
    /// Sum of nets of the earlier period.
    pub p0_minor: i64,
    /// Sum of nets of the later period.
    pub p1_minor: i64,
    /// None where no model could be fitted.
    pub p_alive: Option<f64>,
}

/// The segment of a customer: always exactly one.
pub fn bucket_segment(facts: &BucketFacts) -> BucketSegment {
    match (facts.bought_in_p0, facts.bought_in_p1) {
        (true, true) => {
            let change = i128::from(facts.p1_minor) - i128::from(facts.p0_minor);
            let tenth_of = i128::from(facts.p0_minor).abs();
            if 10 * change > tenth_of {
                BucketSegment::Grown
            } else if -10 * change > tenth_of {
                BucketSegment::Shrunk
            } else {
                BucketSegment::Kept
            }
        }
        (false, true) if facts.first_in_p1 => BucketSegment::New,
        (false, true) => BucketSegment::WonBack,
        (_, false) if facts.p_alive.is_some_and(|p| p < 0.5) => BucketSegment::Lost,
        (_, false) => BucketSegment::Dormant,
    }
}

/// Scores 1 to 5 by quintile, 5 for the largest values. Equal values score the same: a run of equal
/// values is placed by its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quintiles {
    /// The least values that score 2, 3, 4 and 5.
    least: [i64; 4],
}

impl Quintiles {
    /// The quintiles of these values.
    pub fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        let mut least = [i64::MAX; 4];
        let mut below = 0;
        for tied in values.chunk_by(|a, b| a == b) {
            let score = (5 * (2 * below + tied.len()) / (2 * values.len())).min(4);
            for bound in &mut least[..score] {
                *bound = (*bound).min(tied[0]);
            }
            below += tied.len();
        }
        Self { least }
    }

    /// The score of one of the values.
    pub fn score(&self, value: i64) -> u8 {
        1 + self.least.iter().filter(|&&least| value >= least).count() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(contribution_minor: i64, stability: f64) -> ClassFacts {
        ClassFacts {
            purchase_days: 5,
            full_months: 12,
            contribution_minor,
            stability: Some(stability),
        }
    }

    #[test]
    fn the_four_classes_and_the_two_exceptions() {
        let thresholds = ClassThresholds {
            contribution_minor: Some(100),
            stability: Some(0.5),
        };
        let class = |facts: ClassFacts| classify(&facts, &thresholds).class;
        assert_eq!(class(facts(100, 0.5)), ValueClass::EI);
        assert_eq!(class(facts(100, 0.49)), ValueClass::EII);
        assert_eq!(class(facts(99, 0.5)), ValueClass::EIII);
        assert_eq!(class(facts(99, 0.49)), ValueClass::EIV);
        assert_eq!(
            class(ClassFacts {
                stability: None,
                ..facts(99, 0.5)
            }),
            ValueClass::EIV
        );
        assert_eq!(
            class(ClassFacts {
                full_months: 5,
                ..facts(100, 0.5)
            }),
            ValueClass::New
        );
        assert_eq!(
            class(ClassFacts {
                purchase_days: 0,
                stability: None,
                ..facts(0, 0.0)
            }),
            ValueClass::None
        );
    }

    #[test]
    fn the_vital_few() {
        assert_eq!(contribution_of_share(&[50, 30, 10, 10, 0, -5], 0.8), Some(30));
        assert_eq!(contribution_of_share(&[50, 30, 10, 10], 0.81), Some(10));
        assert_eq!(contribution_of_share(&[0, -5], 0.8), None);
        assert_eq!(contribution_of_share(&[], 0.8), None);
        assert_eq!(contribution_of_percentile(&[5, 4, 3, 2, 1], 80.0), Some(5));
        assert_eq!(contribution_of_percentile(&[5, 4, 3, 2, 1], 0.0), Some(1));
        assert_eq!(contribution_of_percentile(&[5, 4, 3, 2, 1], 100.0), Some(5));
        let ten: Vec<i64> = (1..=10).rev().collect();
        for (percentile, least) in [(70.0, 8), (90.0, 10), (80.0, 9), (75.0, 8), (99.9, 10), (0.1, 1)] {
            assert_eq!(
                contribution_of_percentile(&ten, percentile),
                Some(least),
                "{percentile}"
            );
        }
        // The 20th percentile lies among those who bring nothing.
        assert_eq!(
            contribution_of_percentile(&[9, 4, 0, 0, 0, 0, 0, 0, -1, -2], 20.0),
            Some(4)
        );
        assert_eq!(contribution_of_percentile(&[0, 0, -2], 20.0), None);
        assert_eq!(contribution_of_percentile(&[], 20.0), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn stability_weighs_the_three_variations() {
        let weights = [0.5, 0.3, 0.2];
        assert_eq!(stability(weights, Some(0.0), Some(0.0), Some(0.0)), Some(1.0));
        let found = stability(weights, Some(1.0), Some(0.5), Some(0.25)).unwrap();
        assert!((found - (0.25 + 0.2 + 0.16)).abs() < 1e-12);
        assert_eq!(stability(weights, None, Some(0.0), Some(0.0)), None);
    }

    #[test]
    fn loyalty_follows_behaviour() {
        use {Loyalty::*, LoyaltyReason::*};
        for (p_alive, last, previous, expected) in [
            (Some(0.8), 90, 100, (Loyal, AliveAndSteady)),
            (Some(0.8), 89, 100, (General, InBetween)),
            (Some(0.79), 100, 100, (General, InBetween)),
            (Some(0.49), 100, 100, (Drifting, LikelyGone)),
            (Some(0.9), 49, 100, (Drifting, FarLess)),
            (Some(0.9), 50, 100, (General, InBetween)),
            (Some(1.0), 0, 0, (General, InBetween)),
            (Some(0.9), 10, 0, (Loyal, AliveAndSteady)),
            (None, 10, 0, (General, InBetween)),
            (Some(0.9), i64::MAX, i64::MAX, (Loyal, AliveAndSteady)),
        ] {
            assert_eq!(
                loyalty_by_behaviour(p_alive, last, previous),
                expected,
                "{p_alive:?} {last} {previous}"
            );
        }
    }

    #[test]
    fn the_segments_of_the_bucket() {
        use BucketSegment::*;
        let both = BucketFacts {
            bought_in_p0: true,
            bought_in_p1: true,
            first_in_p1: false,
            p0_minor: 1000,
            p1_minor: 1000,
            p_alive: Some(0.9),
        };
        let p1 = |p1_minor| bucket_segment(&BucketFacts { p1_minor, ..both });
        assert_eq!(
            [p1(1101), p1(1100), p1(900), p1(899)],
            [Grown, Kept, Kept, Shrunk]
        );
        let only_p1 = BucketFacts {
            bought_in_p0: false,
            p0_minor: 0,
            ..both
        };
        assert_eq!(
            bucket_segment(&BucketFacts {
                first_in_p1: true,
                ..only_p1
            }),
            New
        );
        assert_eq!(bucket_segment(&only_p1), WonBack);
        let gone = |p_alive| {
            bucket_segment(&BucketFacts {
                bought_in_p1: false,
                p1_minor: 0,
                p_alive,
                ..both
            })
        };
        assert_eq!(
            [gone(Some(0.5)), gone(Some(0.49)), gone(None)],
            [Dormant, Lost, Dormant]
        );
    }

    proptest! {
        #[test]
        fn quintiles_are_those_of_the_statistics(values in proptest::collection::vec(-20_i64..20, 1..200)) {
            let quintiles = Quintiles::of(values.clone());
            let floats: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            let scores: Vec<u8> = values.iter().map(|&v| quintiles.score(v)).collect();
            prop_assert_eq!(scores, stats::measures::quintile_scores(&floats).unwrap());
        }

        #[test]
        fn the_set_brings_its_share_and_no_smaller_set_does(mut values in proptest::collection::vec(-50_i64..500, 1..50), share in 0.01_f64..1.0) {
            values.sort_unstable_by(|a, b| b.cmp(a));
            let total: i64 = values.iter().filter(|&&v| v > 0).sum();
            match contribution_of_share(&values, share) {
                None => prop_assert_eq!(total, 0),
                Some(least) => {
                    let within: i64 = values.iter().filter(|&&v| v >= least).sum();
                    let above: i64 = values.iter().filter(|&&v| v > least).sum();
                    prop_assert!(within as f64 >= share * total as f64);
                    prop_assert!((above as f64) < share * total as f64);
                }
            }
        }
    }
}
