//! The measures on populations small enough to check by hand.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

use stats::Error;
use stats::measures::{
    auc, coefficient_of_variation, correlation, gini, held_by_top, quintile_scores, weighted_quantile,
};

#[test]
fn auc_is_the_share_of_pairs_in_the_right_order() {
    let positive = [true, false, true, false];
    assert_eq!(auc(&[0.9, 0.1, 0.8, 0.2], &positive), Ok(Some(1.0)));
    assert_eq!(auc(&[0.1, 0.9, 0.2, 0.8], &positive), Ok(Some(0.0)));
    assert_eq!(auc(&[0.5; 4], &positive), Ok(Some(0.5)));
    assert_eq!(auc(&[0.9, 0.8, 0.1, 0.0], &positive), Ok(Some(0.75)));
    assert_eq!(auc(&[0.9], &[true]), Ok(None));
    assert!(matches!(
        auc(&[f64::NAN], &[true]),
        Err(Error::BadValue { index: 0, .. })
    ));
    assert!(matches!(auc(&[1.0], &[]), Err(Error::LengthMismatch { .. })));
}

#[test]
fn quintiles_score_one_to_five_and_ties_alike() {
    assert_eq!(
        quintile_scores(&[50.0, 10.0, 40.0, 20.0, 30.0]),
        Ok(vec![5, 1, 4, 2, 3])
    );
    let ten: Vec<f64> = (0..10).map(f64::from).collect();
    assert_eq!(quintile_scores(&ten), Ok(vec![1, 1, 2, 2, 3, 3, 4, 4, 5, 5]));
    assert_eq!(quintile_scores(&[7.0; 4]), Ok(vec![3; 4]));
    // six of ten never came back: they share the middle of the lower six tenths
    let frequency = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 9.0];
    assert_eq!(
        quintile_scores(&frequency),
        Ok(vec![2, 2, 2, 2, 2, 2, 4, 4, 5, 5])
    );
    assert_eq!(quintile_scores(&[]), Ok(vec![]));
    assert!(quintile_scores(&[f64::INFINITY]).is_err());
}

#[test]
fn quantiles_follow_the_weights() {
    let values = [3.0, 1.0, 2.0];
    assert_eq!(weighted_quantile(&values, &[1.0, 1.0, 1.0], 0.5), Ok(Some(2.0)));
    assert_eq!(weighted_quantile(&values, &[5.0, 1.0, 1.0], 0.5), Ok(Some(3.0)));
    assert_eq!(weighted_quantile(&values, &[1.0, 0.0, 1.0], 0.0), Ok(Some(2.0)));
    assert_eq!(weighted_quantile(&values, &[1.0, 1.0, 1.0], 1.0), Ok(Some(3.0)));
    assert_eq!(weighted_quantile(&[], &[], 0.5), Ok(None));
    assert_eq!(weighted_quantile(&values, &[0.0; 3], 0.5), Ok(None));
    assert!(weighted_quantile(&values, &[1.0, -1.0, 1.0], 0.5).is_err());
    assert!(weighted_quantile(&values, &[1.0; 3], 1.5).is_err());
}

#[test]
fn concentration_of_four_customers() {
    assert_eq!(gini(&[1.0; 4]), Ok(0.0));
    assert_eq!(gini(&[0.0, 0.0, 0.0, 8.0]), Ok(0.75));
    assert_eq!(gini(&[0.0, 0.0]), Ok(0.0));
    assert_eq!(gini(&[]), Ok(0.0));
    assert!(gini(&[1.0, -1.0]).is_err());
    assert_eq!(
        held_by_top(&[1.0, 6.0, 2.0, 1.0], &[0.0, 0.25, 0.5, 0.625, 1.0]),
        Ok(vec![0.0, 0.6, 0.8, 0.85, 1.0])
    );
    assert_eq!(held_by_top(&[0.0, 0.0], &[0.5]), Ok(vec![0.0]));
    assert_eq!(held_by_top(&[], &[1.0]), Ok(vec![0.0]));
    assert!(held_by_top(&[1.0], &[1.1]).is_err());
}

#[test]
fn spread_is_that_of_the_population() {
    assert_eq!(
        coefficient_of_variation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]),
        Ok(Some(0.4))
    );
    assert_eq!(coefficient_of_variation(&[3.0; 5]), Ok(Some(0.0)));
    assert_eq!(coefficient_of_variation(&[0.0; 5]), Ok(None));
    assert_eq!(coefficient_of_variation(&[]), Ok(None));
    assert!(coefficient_of_variation(&[f64::NAN]).is_err());
}

#[test]
fn correlation_of_lines_and_constants() {
    for (right, expected) in [
        ([2.0, 4.0, 6.0], 1.0),
        ([6.0, 4.0, 2.0], -1.0),
        ([1.0, 2.0, 1.0], 0.0),
    ] {
        let found = correlation(&[1.0, 2.0, 3.0], &right)
            .expect("valid")
            .expect("not constant");
        assert!((found - expected).abs() < 1e-15, "{found}");
    }
    assert_eq!(correlation(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0]), Ok(None));
    assert_eq!(correlation(&[], &[]), Ok(None));
    assert!(correlation(&[1.0], &[]).is_err());
}
