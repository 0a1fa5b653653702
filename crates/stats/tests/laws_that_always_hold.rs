//! Properties of the models and measures on any valid input.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

use proptest::prelude::*;
use stats::{
    Discounting, GammaGamma, Histories, ModelKind, PurchaseModel, discounted_expected_purchases, measures,
};

fn a_model() -> impl Strategy<Value = PurchaseModel> {
    let ln = -4.0..4.0_f64;
    (0..3_usize, [ln.clone(), ln.clone(), ln.clone(), ln]).prop_map(|(kind, ln)| {
        PurchaseModel::new(ModelKind::ALL[kind], ln.map(f64::exp)).expect("valid parameters")
    })
}

/// (x, t_x, T) with t_x ≤ T, and t_x = 0 where x = 0.
fn a_history() -> impl Strategy<Value = (f64, f64, f64)> {
    (0..60_u32, 0.0..=1.0_f64, 0.0..200.0_f64).prop_map(|(x, share, t)| {
        let x = f64::from(x / 3);
        (x, if x > 0.0 { share * t } else { 0.0 }, t)
    })
}

fn some_histories() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    proptest::collection::vec(a_history(), 1..30)
}

fn columns(histories: &[(f64, f64, f64)]) -> [Vec<f64>; 3] {
    let column = |of: fn(&(f64, f64, f64)) -> f64| histories.iter().map(of).collect();
    [column(|h| h.0), column(|h| h.1), column(|h| h.2)]
}

fn grouped(histories: &[(f64, f64, f64)]) -> Histories {
    let [x, t_x, t] = columns(histories);
    Histories::new(&x, &t_x, &t).expect("valid histories")
}

fn near(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * (1.0 + expected.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn who_was_silent_for_longer_is_less_alive(model in a_model(), (x, t_x, t) in a_history(), more in 0.0..50.0_f64) {
        let alive = model.p_alive(x, t_x, t).unwrap();
        let later = model.p_alive(x, t_x, t + more).unwrap();
        prop_assert!((0.0..=1.0).contains(&alive));
        prop_assert!(later <= alive * (1.0 + 1e-12), "{alive} then {later}");
    }

    #[test]
    fn expected_purchases_rise_with_the_horizon_and_never_faster_than_without_dropout(
        model in a_model(), (x, t_x, t) in a_history(), horizon in 0.0..300.0_f64, more in 0.0..100.0_f64
    ) {
        let expected = model.expected_purchases(horizon, x, t_x, t).unwrap();
        let further = model.expected_purchases(horizon + more, x, t_x, t).unwrap();
        prop_assert!(expected >= 0.0 && further >= expected * (1.0 - 1e-11));
        let [r, alpha, ..] = model.parameters();
        prop_assert!(further - expected <= (r + x) / (alpha + t) * more * (1.0 + 1e-9) + 1e-9 * expected);
    }

    #[test]
    fn discounting_only_takes_away(model in a_model(), (x, t_x, t) in a_history(), rate in 0.0..0.5_f64) {
        let plain = Discounting::new(4.0, 0.0).unwrap();
        let discounting = Discounting::new(4.0, rate).unwrap();
        let all = model.expected_purchases(48.0, x, t_x, t).unwrap();
        let undiscounted = discounted_expected_purchases(&model, &plain, 12, x, t_x, t).unwrap();
        let discounted = discounted_expected_purchases(&model, &discounting, 12, x, t_x, t).unwrap();
        prop_assert!(near(undiscounted, all, 1e-9));
        prop_assert!(discounted <= undiscounted * (1.0 + 1e-12));
        prop_assert!(discounted >= undiscounted * discounting.factor(12) * (1.0 - 1e-12));
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood(model in a_model(), histories in some_histories()) {
        let histories = grouped(&histories);
        let gradient = model.log_likelihood_gradient(&histories);
        for i in 0..4 {
            let at = |by: f64| {
                let mut parameters = model.parameters();
                parameters[i] *= by.exp();
                PurchaseModel::new(model.kind(), parameters).unwrap().log_likelihood(&histories)
            };
            let h = 1e-4;
            let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let scale = 1.0 + at(0.0).abs();
            prop_assert!((slope - gradient[i]).abs() <= 1e-8 * scale, "{i}: {slope} {}", gradient[i]);
        }
    }

    #[test]
    fn grouping_changes_nothing(model in a_model(), histories in some_histories()) {
        let alone: f64 =
            histories.iter().map(|&(x, t_x, t)| model.log_likelihood_of(x, t_x, t).unwrap()).sum();
        prop_assert!(near(model.log_likelihood(&grouped(&histories)), alone, 1e-11));
        let mut reversed = histories.clone();
        reversed.reverse();
        let (one, other) = (grouped(&histories), grouped(&reversed));
        prop_assert_eq!(model.log_likelihood(&one).to_bits(), model.log_likelihood(&other).to_bits());
    }

    #[test]
    fn a_weight_counts_like_that_many_customers(
        model in a_model(), histories in some_histories(), times in 1..5_usize
    ) {
        let [x, t_x, t] = columns(&histories);
        let weights = vec![times as f64; x.len()];
        let weighted = Histories::with_weights(&x, &t_x, &t, &weights).unwrap();
        let repeated = grouped(&histories.repeat(times));
        prop_assert_eq!(weighted.distinct(), repeated.distinct());
        prop_assert!(near(model.log_likelihood(&weighted), model.log_likelihood(&repeated), 1e-12));
        let (one, other) = (model.log_likelihood_gradient(&weighted), model.log_likelihood_gradient(&repeated));
        for i in 0..4 {
            prop_assert!(near(one[i], other[i], 1e-11));
        }
    }

    #[test]
    fn the_unit_of_time_only_shifts_the_likelihood(model in a_model(), histories in some_histories()) {
        // days instead of weeks: alpha (and the Pareto/NBD's beta) carry the unit
        let mut parameters = model.parameters();
        parameters[1] *= 7.0;
        if model.kind() == ModelKind::ParetoNbd {
            parameters[3] *= 7.0;
        }
        let daily = PurchaseModel::new(model.kind(), parameters).unwrap();
        let in_days: Vec<_> = histories.iter().map(|&(x, t_x, t)| (x, 7.0 * t_x, 7.0 * t)).collect();
        let purchases: f64 = histories.iter().map(|h| h.0).sum();
        let shift = purchases * 7.0_f64.ln();
        let found = daily.log_likelihood(&grouped(&in_days)) + shift;
        prop_assert!(near(found, model.log_likelihood(&grouped(&histories)), 1e-10));
    }

    #[test]
    fn chances_of_any_number_of_purchases_add_up_to_one(ln in [-1.0..1.0_f64, -0.5..1.5, -1.0..1.0, -1.0..1.0]) {
        for kind in [ModelKind::BgNbd, ModelKind::MbgNbd] {
            let model = PurchaseModel::new(kind, ln.map(f64::exp)).unwrap();
            let chances: Vec<f64> =
                (0..600).map(|n| model.probability_of_purchases(n, 5.0).unwrap().unwrap()).collect();
            prop_assert!(near(chances.iter().sum(), 1.0, 1e-9));
            let mean: f64 = chances.iter().enumerate().map(|(n, chance)| n as f64 * chance).sum();
            prop_assert!(near(mean, model.expected_purchases_new(5.0).unwrap(), 1e-8));
        }
    }

    #[test]
    fn the_gradient_of_spend_is_the_slope_of_its_likelihood(
        ln in [-2.0..3.0_f64, -2.0..3.0, -2.0..3.0],
        spenders in proptest::collection::vec((1..40_u32, 0.1..500.0_f64), 1..20)
    ) {
        let x: Vec<f64> = spenders.iter().map(|s| f64::from(s.0)).collect();
        let m: Vec<f64> = spenders.iter().map(|s| s.1).collect();
        let gradient = GammaGamma::new(ln[0].exp(), ln[1].exp(), ln[2].exp()).unwrap();
        let gradient = gradient.log_likelihood_gradient(&x, &m).unwrap();
        for i in 0..3 {
            let at = |by: f64| {
                let mut ln = ln;
                ln[i] += by;
                let model = GammaGamma::new(ln[0].exp(), ln[1].exp(), ln[2].exp()).unwrap();
                model.log_likelihood(&x, &m).unwrap()
            };
            let h = 1e-4;
            let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            prop_assert!((slope - gradient[i]).abs() <= 1e-7 * (1.0 + at(0.0).abs()), "{i}: {slope} {}", gradient[i]);
        }
    }

    #[test]
    fn expected_spend_lies_between_the_customer_and_the_population(x in 1..50_u32, m in 0.1..500.0_f64) {
        let model = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
        let population = model.expected_spend(0.0, 0.0).unwrap();
        let found = model.expected_spend(f64::from(x), m).unwrap();
        prop_assert!(found >= m.min(population) * (1.0 - 1e-12) && found <= m.max(population) * (1.0 + 1e-12));
    }

    #[test]
    fn equal_values_get_equal_scores_and_larger_ones_no_smaller(values in proptest::collection::vec(0..20_u8, 0..60)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let scores = measures::quintile_scores(&values).unwrap();
        for i in 0..values.len() {
            prop_assert!((1..=5).contains(&scores[i]));
            for j in 0..values.len() {
                if values[i] <= values[j] {
                    prop_assert!(scores[i] <= scores[j]);
                }
            }
        }
    }

    #[test]
    fn auc_counts_pairs_won(pairs in proptest::collection::vec((0..10_u8, any::<bool>()), 0..40)) {
        let scores: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
        let positive: Vec<bool> = pairs.iter().map(|pair| pair.1).collect();
        let (mut won, mut all) = (0.0, 0.0);
        for i in 0..pairs.len() {
            for j in 0..pairs.len() {
                if positive[i] && !positive[j] {
                    all += 1.0;
                    won += match scores[i].total_cmp(&scores[j]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
        }
        match measures::auc(&scores, &positive).unwrap() {
            None => prop_assert!(all < 0.5),
            Some(found) => prop_assert!(near(found, won / all, 1e-12)),
        }
    }

    #[test]
    fn concentration_lies_between_equal_and_all_in_one_hand(values in proptest::collection::vec(0.0..100.0_f64, 1..50)) {
        let gini = measures::gini(&values).unwrap();
        prop_assert!((0.0..1.0).contains(&gini));
        let held = measures::held_by_top(&values, &[0.0, 0.1, 0.5, 1.0]).unwrap();
        prop_assert!(held[0] < 1e-12 && held.windows(2).all(|pair| pair[0] <= pair[1]));
        if values.iter().sum::<f64>() > 0.0 {
            prop_assert!(near(held[3], 1.0, 1e-12) && held[1] >= 0.1 - 1e-12 && held[2] >= 0.5 - 1e-12);
        }
    }
}
