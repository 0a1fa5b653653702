//! Numerical stress: every valid history gives finite values under every parameter, every invalid one its error.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

use stats::{
    Cohort, Discounting, Error, Fit, FitOptions, FitWarning, GammaGamma, Histories, ModelKind, PurchaseModel,
    Sbg, ScoreOptions, SpendFit, discounted_clv, score,
};

const PARAMETERS: [[f64; 4]; 14] = [
    [0.243, 4.414, 0.793, 2.426],
    [0.553, 10.578, 0.606, 11.669],
    [1.0, 1.0, 1.0, 1.0],
    [1e-9, 1e-9, 1e-9, 1e-9],
    [1e9, 1e9, 1e9, 1e9],
    [1e-6, 1e6, 0.5, 0.5],
    [1e6, 1e-6, 2.0, 3.0],
    [5.0, 1e9, 1e-9, 1e9],
    [0.3, 1e-8, 1e3, 1e-3],
    [1e4, 3.0, 1e-4, 1e-4],
    [0.5, 5.0, 1e6, 4e6],
    [0.5, 5.0, 0.5, 1e8],
    [2.0, 1e-3, 1.0, 1e3],
    [50.0, 0.5, 1.0 + 1e-13, 2.0],
];

const HISTORIES: [(f64, f64, f64); 14] = [
    (0.0, 0.0, 0.0),
    (0.0, 0.0, 1e-3),
    (0.0, 0.0, 39.0),
    (0.0, 0.0, 1e6),
    (1.0, 0.0, 39.0),
    (1.0, 39.0, 39.0),
    (2.0, 1e-9, 1e4),
    (2.0, 30.43, 38.86),
    (3.0, 1e-3, 1e-3),
    (150.0, 38.0, 39.0),
    (5_000.0, 10.0, 700.0),
    (100_000.0, 1.0, 1e-3 + 1.0),
    (100_000.0, 700.0, 700.0),
    (100_000.0, 0.0, 700.0),
];

fn models() -> impl Iterator<Item = PurchaseModel> {
    PARAMETERS.into_iter().flat_map(|parameters| {
        ModelKind::ALL.map(|kind| PurchaseModel::new(kind, parameters).expect("valid parameters"))
    })
}

/// A fit whose estimates are known without fitting.
fn known<M, const N: usize>(model: M, names: [&'static str; N], parameters: [f64; N]) -> Fit<M, N> {
    Fit {
        model,
        names,
        parameters,
        standard_errors: None,
        log_covariance: None,
        log_likelihood: 0.0,
        iterations: 0,
        converged: true,
        warnings: Vec::new(),
    }
}

#[test]
fn likelihood_and_p_alive_are_finite_for_every_history_and_parameter() {
    for model in models() {
        for (x, t_x, t) in HISTORIES {
            let what = format!("{model:?} x {x} t_x {t_x} T {t}");
            let alone = model.log_likelihood_of(x, t_x, t).expect("valid");
            assert!(alone.is_finite(), "{what}: {alone}");
            let alive = model.p_alive(x, t_x, t).expect("valid");
            assert!((0.0..=1.0).contains(&alive), "{what}: {alive}");
            let grouped = Histories::new(&[x], &[t_x], &[t]).expect("valid");
            let found = model.log_likelihood(&grouped);
            assert!(
                (found - alone).abs() <= 1e-9 * (1.0 + alone.abs()),
                "{what}: {found} {alone}"
            );
            let gradient = model.log_likelihood_gradient(&grouped);
            assert!(gradient.iter().all(|g| g.is_finite()), "{what}: {gradient:?}");
        }
    }
}

#[test]
fn expectations_are_finite_not_negative_and_rise_with_the_horizon() {
    for model in models() {
        for (x, _, t) in HISTORIES {
            let mut before = 0.0;
            for horizon in [0.0, 1e-6, 1.0, 52.0, 1e4, 1e8] {
                let what = format!("{model:?} x {x} T {t} horizon {horizon}");
                let found = model.expected_if_alive(horizon, x, t).expect("valid");
                assert!(
                    found.is_finite() && found >= before * (1.0 - 1e-9),
                    "{what}: {found} after {before}"
                );
                // nobody alive buys more than without dropout
                let [r, alpha, ..] = model.parameters();
                let most = (r + x) / (alpha + t) * horizon;
                assert!(found <= most * (1.0 + 1e-9), "{what}: {found} of {most}");
                before = found;
            }
            let new = model.expected_purchases_new(52.0).expect("valid");
            assert!(new.is_finite() && new >= 0.0);
        }
    }
}

#[test]
fn everybody_is_scored_with_finite_ordered_intervals() {
    let column = |of: fn(&(f64, f64, f64)) -> f64| HISTORIES.iter().map(of).collect::<Vec<f64>>();
    let (x, t_x, t) = (column(|h| h.0), column(|h| h.1), column(|h| h.2));
    let histories = Histories::new(&x, &t_x, &t).expect("valid");
    let m: Vec<f64> = x.iter().map(|x| 10.0 * x).collect();
    let options = ScoreOptions {
        horizons: vec![30.0 / 7.0, 365.0 / 7.0],
        discounting: Discounting::monthly(7.0, 0.1).expect("valid"),
        steps: vec![12, 36],
        level: 0.8,
    };
    let data = FitOptions::default();
    let tickets = [9.0, 11.0, 30.0, 32.0, 5.0, 90.0];
    let mut spend: SpendFit =
        GammaGamma::fit(&[3.0, 2.0, 4.0, 3.0, 2.0, 9.0], &tickets, None, &data).expect("fits");
    for q in [spend.fit.parameters[1], 0.2] {
        let [p, _, v] = spend.fit.parameters;
        spend.fit.parameters[1] = q;
        spend.fit.model = GammaGamma::new(p, q, v).expect("valid");
        for model in models() {
            let mut fit = known(model, model.kind().parameter_names(), model.parameters());
            for covariance in [None, Some([[0.1; 4]; 4])] {
                fit.log_covariance = covariance;
                let scores = score(&histories, &m, &fit, &spend, &options).expect("scores");
                for forecast in scores.purchases.iter().chain(&scores.clv) {
                    for (i, history) in HISTORIES.iter().enumerate() {
                        let (low, expected, high) = (forecast.low[i], forecast.expected[i], forecast.high[i]);
                        let what = format!("{model:?} {:?}: {low} {expected} {high}", history);
                        assert!(expected.is_finite() && expected >= 0.0, "{what}");
                        assert!(
                            low.is_finite() && high.is_finite() && 0.0 <= low && low <= high,
                            "{what}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn scores_are_those_of_one_customer_at_a_time() {
    let (x, t_x, t): (Vec<f64>, Vec<f64>, Vec<f64>) = (
        vec![0.0, 2.0, 2.0, 7.0, 150.0],
        vec![0.0, 30.43, 3.0, 20.0, 38.0],
        vec![38.86, 38.86, 12.0, 39.0, 39.0],
    );
    let m = [0.0, 22.35, 10.0, 5.0, 40.0];
    let histories = Histories::new(&x, &t_x, &t).expect("valid");
    let discounting = Discounting::monthly(7.0, 0.1).expect("valid");
    let options = ScoreOptions {
        horizons: vec![4.0, 52.0],
        discounting,
        steps: vec![36, 12],
        level: 0.8,
    };
    let (p, q, v) = (6.25, 3.74, 15.44);
    let spend = SpendFit {
        fit: known(
            GammaGamma::new(p, q, v).expect("valid"),
            ["p", "q", "v"],
            [p, q, v],
        ),
        customers: 4.0,
        correlation: 0.0,
        observed_mean: 20.0,
    };
    for kind in ModelKind::ALL {
        let model = PurchaseModel::new(kind, [0.5, 6.0, 0.9, 3.0]).expect("valid");
        let fit = known(model, kind.parameter_names(), model.parameters());
        let scores = score(&histories, &m, &fit, &spend, &options).expect("scores");
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() <= 1e-10 * expected, "{kind:?}");
        for i in 0..x.len() {
            close(
                scores.p_alive[i],
                model.p_alive(x[i], t_x[i], t[i]).expect("valid"),
            );
            for (forecast, horizon) in scores.purchases.iter().zip([4.0, 52.0]) {
                close(
                    forecast.expected[i],
                    model
                        .expected_purchases(horizon, x[i], t_x[i], t[i])
                        .expect("valid"),
                );
            }
            for (forecast, steps) in scores.clv.iter().zip([36, 12]) {
                let clv = discounted_clv(
                    &model,
                    &spend.fit.model,
                    &discounting,
                    steps,
                    x[i],
                    t_x[i],
                    t[i],
                    m[i],
                );
                close(forecast.expected[i], clv.expect("valid"));
            }
        }
    }
}

#[test]
fn what_a_lost_customer_would_be_worth_is_known_however_surely_lost() {
    // weekly for a year, then silent for one, and the same still buying: the future given alive is the same
    let histories = Histories::new(&[52.0, 52.0], &[52.0, 104.0], &[104.0, 104.0]).expect("valid");
    let options = ScoreOptions {
        horizons: vec![],
        discounting: Discounting::monthly(7.0, 0.1).expect("valid"),
        steps: vec![36],
        level: 0.8,
    };
    let (p, q, v) = (6.25, 3.74, 15.44);
    let spend = SpendFit {
        fit: known(
            GammaGamma::new(p, q, v).expect("valid"),
            ["p", "q", "v"],
            [p, q, v],
        ),
        customers: 2.0,
        correlation: 0.0,
        observed_mean: 20.0,
    };
    for kind in ModelKind::ALL {
        let model = PurchaseModel::new(kind, [0.5, 6.0, 0.9, 3.0]).expect("valid");
        let fit = known(model, kind.parameter_names(), model.parameters());
        let scores = score(&histories, &[20.0, 20.0], &fit, &spend, &options).expect("scores");
        assert!(scores.p_alive[0] < 1e-6, "{kind:?}: {}", scores.p_alive[0]);
        assert!(scores.clv_if_alive[0][0] > 100.0, "{kind:?}");
        assert_eq!(
            scores.clv_if_alive[0][0].to_bits(),
            scores.clv_if_alive[0][1].to_bits()
        );
        for i in 0..2 {
            let clv = scores.p_alive[i] * scores.clv_if_alive[0][i];
            assert!((scores.clv[0].expected[i] - clv).abs() <= 1e-12 * clv, "{kind:?}");
        }
    }
}

#[test]
fn a_mean_that_rests_on_tickets_nobody_saw_is_warned_about() {
    // Means of tickets at the quantiles of 1/ν, ν exponential: the tail that makes q = 1, cut off where the
    // sample ends.
    let customers = 2_000;
    let means = |shape: f64| -> Vec<f64> {
        (0..customers)
            .map(|i| 10.0 * (-((f64::from(i) + 0.5) / f64::from(customers)).ln()).powf(-1.0 / shape))
            .collect()
    };
    let x: Vec<f64> = (0..customers).map(|i| f64::from(1 + i % 4)).collect();
    let far_off = |m: &[f64]| {
        let spend = GammaGamma::fit(&x, m, None, &FitOptions::default()).expect("fits");
        let [p, q, v] = spend.fit.parameters;
        let found = spend.fit.warnings.iter().find_map(|warning| match warning {
            FitWarning::MeanSpendFarOff { expected, observed } => Some((*expected, *observed)),
            _ => None,
        });
        println!("{p} {q} {v}: {} of {}", p * v / (q - 1.0), spend.observed_mean);
        assert!(
            !spend.fit.warnings.contains(&FitWarning::MeanSpendInfinite),
            "q is {q}"
        );
        found.inspect(|(expected, observed)| {
            assert!((expected - p * v / (q - 1.0)).abs() < 1e-9 * expected);
            assert!(*expected > 3.0 * observed);
        })
    };
    assert!(far_off(&means(1.02)).is_some());
    assert!(far_off(&means(3.0)).is_none());
}

#[test]
fn populations_that_determine_nothing_are_said_to() {
    let options = FitOptions::default();
    // nobody came back
    let once = Histories::new(&[0.0; 50], &[0.0; 50], &[30.0; 50]).expect("valid");
    // everybody on the same day
    let today = Histories::new(&[1.0; 3], &[0.0; 3], &[0.0; 3]).expect("valid");
    // everybody the same; everybody regular, nobody gone; three people
    let same = Histories::new(&[4.0; 40], &[20.0; 40], &[25.0; 40]).expect("valid");
    let weeks: Vec<f64> = (40..140).map(f64::from).collect();
    let loyal = Histories::new(&weeks, &weeks, &weeks).expect("valid");
    let few = Histories::new(&[0.0, 1.0, 2.0], &[0.0, 3.0, 5.0], &[9.0, 9.0, 9.0]).expect("valid");
    for kind in ModelKind::ALL {
        assert!(matches!(
            PurchaseModel::fit(kind, &once, &options),
            Err(Error::NothingToFit(_))
        ));
        assert!(matches!(
            PurchaseModel::fit(kind, &today, &options),
            Err(Error::NothingToFit(_))
        ));
        for histories in [&same, &loyal, &few] {
            let fit = PurchaseModel::fit(kind, histories, &options).expect("an estimate, with warnings");
            println!(
                "{kind:?} {:?} {:?} {}",
                fit.parameters, fit.warnings, fit.iterations
            );
            assert!(!fit.warnings.is_empty(), "{kind:?} {:?}", fit.parameters);
            assert!(fit.parameters.iter().all(|p| p.is_finite() && *p > 0.0));
            assert!(fit.log_likelihood.is_finite());
        }
    }
    assert!(matches!(
        GammaGamma::fit(&[0.0, 2.0], &[0.0, 0.0], None, &options),
        Err(Error::NothingToFit(_))
    ));
    let constant =
        GammaGamma::fit(&[2.0; 40], &[19.99; 40], None, &options).expect("an estimate, with warnings");
    assert!(!constant.fit.warnings.is_empty());
    assert!((constant.expected_spend(2.0, 19.99).expect("valid") - 19.99).abs() < 0.1);
    assert!(constant.expected_spend(0.0, 0.0).expect("valid").is_finite());
}

#[test]
fn spend_that_depends_on_frequency_is_a_warning() {
    let x: Vec<f64> = (1..=60).map(|i| f64::from(1 + i % 10)).collect();
    let m: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, x)| 5.0 + 3.0 * x + (i % 7) as f64)
        .collect();
    let found = GammaGamma::fit(&x, &m, None, &FitOptions::default()).expect("fits");
    assert!(found.correlation > 0.9);
    let warned = |warning: &FitWarning| matches!(warning, FitWarning::FrequencySpendCorrelated { .. });
    assert!(found.fit.warnings.iter().any(warned), "{:?}", found.fit.warnings);
}

#[test]
fn invalid_histories_are_refused_with_the_reason() {
    let one = |x: f64, t_x: f64, t: f64| Histories::new(&[x], &[t_x], &[t]).map(|_| ());
    assert_eq!(
        one(1.0, 5.0, 4.0),
        Err(Error::LastPurchaseAfterEnd {
            index: 0,
            t_x: 5.0,
            t: 4.0
        })
    );
    assert_eq!(
        one(0.0, 1.0, 4.0),
        Err(Error::RecencyWithoutRepeat { index: 0, t_x: 1.0 })
    );
    for (x, t_x, t) in [
        (f64::NAN, 1.0, 2.0),
        (1.0, f64::NAN, 2.0),
        (1.0, 1.0, f64::INFINITY),
        (-1.0, 0.0, 2.0),
        (1.5, 1.0, 2.0),
        (1.0, -1.0, 2.0),
        (1e300, 1.0, 2.0),
    ] {
        assert!(
            matches!(one(x, t_x, t), Err(Error::BadValue { .. })),
            "{x} {t_x} {t}"
        );
    }
    assert_eq!(Histories::new(&[], &[], &[]).map(|_| ()), Err(Error::Empty("x")));
    let short = Histories::new(&[1.0, 1.0], &[1.0], &[2.0, 2.0]).map(|_| ());
    assert_eq!(
        short,
        Err(Error::LengthMismatch {
            what: "t_x",
            expected: 2,
            found: 1
        })
    );
    let weightless = Histories::with_weights(&[1.0], &[1.0], &[2.0], &[0.0]).map(|_| ());
    assert!(matches!(weightless, Err(Error::BadValue { what: "weights", .. })));
}

#[test]
fn invalid_parameters_are_refused_by_name() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for kind in ModelKind::ALL {
            for (i, name) in kind.parameter_names().into_iter().enumerate() {
                let mut parameters = [1.0; 4];
                parameters[i] = bad;
                match PurchaseModel::new(kind, parameters) {
                    Err(Error::BadParameter { name: found, .. }) => assert_eq!(found, name),
                    other => panic!("{kind:?} {name} {bad}: {other:?}"),
                }
            }
        }
        assert!(GammaGamma::new(1.0, bad, 1.0).is_err() && Sbg::new(1.0, bad).is_err());
        assert!(Discounting::new(bad, 0.1).is_err());
    }
    let infinite = GammaGamma::new(2.0, 0.5, 1.0)
        .expect("valid")
        .expected_spend(0.0, 0.0);
    assert_eq!(infinite, Err(Error::MeanSpendInfinite { shape: 0.5 }));
}

#[test]
fn contracts_at_the_edge_are_finite_or_refused() {
    let options = FitOptions::default();
    assert!(Cohort::from_survivors(&[100.0]).is_err());
    assert!(Cohort::from_survivors(&[100.0, 101.0]).is_err());
    assert!(Cohort::from_survivors(&[100.0, f64::NAN]).is_err());
    let kept = Cohort::from_survivors(&[100.0, 100.0, 100.0]).expect("valid");
    assert!(matches!(Sbg::fit(&[kept], &options), Err(Error::NothingToFit(_))));
    let gone = Cohort::from_survivors(&[100.0, 0.0]).expect("valid");
    assert!(matches!(Sbg::fit(&[gone], &options), Err(Error::NothingToFit(_))));
    // a constant rate of loss is the limit of huge alpha and beta
    let constant = Cohort::from_survivors(&[1000.0, 500.0, 250.0, 125.0]).expect("valid");
    let fit = Sbg::fit(&[constant], &options).expect("an estimate, with warnings");
    assert!(!fit.warnings.is_empty());
    assert!((fit.model.retention(1) - 0.5).abs() < 1e-3 && (fit.model.retention(50) - 0.5).abs() < 1e-2);
    for (alpha, beta) in [(1e-9, 1.0), (1e9, 1.0), (0.5, 1e9), (0.668, 3.806)] {
        let model = Sbg::new(alpha, beta).expect("valid");
        for discount in [1e-9, 0.01, 10.0] {
            let lifetime = model.discounted_residual_lifetime(3, discount).expect("valid");
            assert!(
                lifetime.is_finite() && lifetime >= 0.0,
                "{alpha} {beta} {discount}: {lifetime}"
            );
        }
        assert!(model.survival(1_000_000).is_finite());
    }
}
