//! The published figures, and those of well-known implementations, on the data they were published for.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

mod common;

use common::{assert_close, cdnow, highend_years, lifetimes, number, parameters, pareto_check};
use stats::{
    Cohort, Discounting, FitOptions, GammaGamma, Histories, ModelKind, PurchaseModel, Sbg, discounted_clv,
};

fn histories() -> Histories {
    let data = cdnow();
    Histories::new(&data.x, &data.t_x, &data.t).expect("valid")
}

/// The optimum of lifetimes, refined: the parameters its per-customer figures were computed with.
fn reference_model(kind: ModelKind) -> PurchaseModel {
    let pointer = match kind {
        ModelKind::BgNbd => "/bgnbd/refined_params",
        ModelKind::MbgNbd => "/mbgnbd/refined_params",
        ModelKind::ParetoNbd => "/paretonbd/refined_params",
    };
    PurchaseModel::new(kind, parameters(&lifetimes(), pointer, kind.parameter_names())).expect("valid")
}

fn reference_spend() -> GammaGamma {
    let [p, q, v] = parameters(&lifetimes(), "/gammagamma/refined_params", ["p", "q", "v"]);
    GammaGamma::new(p, q, v).expect("valid")
}

#[test]
fn the_models_fitted_to_cdnow_have_the_published_parameters() {
    let published = [
        (
            ModelKind::BgNbd,
            [0.242593, 4.413531, 0.792886, 2.425753],
            -9582.42556,
        ),
        (
            ModelKind::MbgNbd,
            [0.524838, 6.182992, 0.891356, 1.614000],
            -9582.13268,
        ),
        (
            ModelKind::ParetoNbd,
            [0.553276, 10.57761, 0.606214, 11.66791],
            -9594.97393,
        ),
    ];
    for (kind, expected, log_likelihood) in published {
        let fit = PurchaseModel::fit(kind, &histories(), &FitOptions::default()).expect("fits");
        assert!(fit.converged, "{kind:?}");
        assert_eq!(fit.warnings, [], "{kind:?}");
        for (name, (found, expected)) in fit.names.iter().zip(fit.parameters.iter().zip(expected)) {
            assert_close(&format!("{kind:?} {name}"), *found, expected, 2e-6);
        }
        assert!(
            (fit.log_likelihood - log_likelihood).abs() < 5e-6,
            "{kind:?} {}",
            fit.log_likelihood
        );
        println!(
            "{kind:?} {:?} ± {:?} in {}",
            fit.parameters, fit.standard_errors, fit.iterations
        );
    }
}

#[test]
fn gamma_gamma_fitted_to_the_946_repeaters_has_the_published_parameters() {
    let data = cdnow();
    let found = GammaGamma::fit(&data.x, &data.m, None, &FitOptions::default()).expect("fits");
    assert!(found.fit.converged && found.fit.warnings.is_empty());
    assert_close("customers", found.customers, 946.0, 0.0);
    for (found, expected) in found
        .fit
        .parameters
        .into_iter()
        .zip([6.248802, 3.744589, 15.447750])
    {
        assert_close("p, q, v", found, expected, 1e-6);
    }
    assert!(
        (found.fit.log_likelihood + 4055.92324).abs() < 5e-6,
        "{}",
        found.fit.log_likelihood
    );
    assert_close(
        "correlation",
        found.correlation,
        number(&lifetimes(), "/gammagamma/corr_x_m"),
        1e-12,
    );
    let mean = number(&lifetimes(), "/gammagamma/population_mean_spend");
    assert_close(
        "population mean",
        reference_spend().expected_spend(0.0, 0.0).expect("q > 1"),
        mean,
        1e-12,
    );
}

#[test]
fn the_pareto_likelihood_is_that_of_mpmath_on_both_sides_of_alpha_and_beta() {
    for pointer in [
        "/paretonbd_LL_mpmath_at_published",
        "/paretonbd_LL_mpmath_at_beta_gt_alpha_and_lt",
    ] {
        let check = pareto_check();
        let point: [f64; 4] = std::array::from_fn(|i| number(&check, &format!("{pointer}/params/{i}")));
        let model = PurchaseModel::new(ModelKind::ParetoNbd, point).expect("valid");
        let found = model.log_likelihood(&histories());
        assert_close(
            "log-likelihood",
            found,
            number(&check, &format!("{pointer}/LL")),
            1e-13,
        );
    }
}

#[test]
fn a_new_customer_buys_as_often_as_published() {
    let reference = lifetimes();
    let model = reference_model(ModelKind::BgNbd);
    for weeks in [1, 12, 26, 39, 52, 78] {
        let expected = number(&reference, &format!("/bgnbd/E_new_customer_X_t/{weeks}"));
        let found = model.expected_purchases_new(f64::from(weeks)).expect("valid");
        assert_close(&format!("E[X({weeks})]"), found, expected, 1e-11);
    }
    for n in 0..=5 {
        let expected = number(&reference, &format!("/bgnbd/P_X_39_eq_n_new_customer/{n}"));
        let found = model
            .probability_of_purchases(n, 39.0)
            .expect("valid")
            .expect("closed form");
        assert_close(&format!("P(X(39) = {n})"), found, expected, 1e-11);
    }
}

#[test]
fn every_reference_customer_is_as_alive_as_active_and_as_valuable_as_in_lifetimes() {
    let reference = lifetimes();
    let spend = reference_spend();
    let discounting = Discounting::new(4.345, 0.01).expect("valid");
    let customers = reference["customers"].as_array().expect("customers");
    assert_eq!(customers.len(), 11);
    for customer in customers {
        let [x, t_x, t, m] = parameters(customer, "", ["x", "t_x", "T", "m"]);
        for (kind, key) in [
            (ModelKind::BgNbd, "bgnbd"),
            (ModelKind::MbgNbd, "mbgnbd"),
            (ModelKind::ParetoNbd, "paretonbd"),
        ] {
            let model = reference_model(kind);
            let what = format!("{key} of customer {}", customer["id"]);
            let alive = number(customer, &format!("/{key}/p_alive"));
            assert_close(&what, model.p_alive(x, t_x, t).expect("valid"), alive, 1e-9);
            let expected = number(customer, &format!("/{key}/E_purchases_39w"));
            assert_close(
                &what,
                model.expected_purchases(39.0, x, t_x, t).expect("valid"),
                expected,
                1e-9,
            );
        }
        let model = reference_model(ModelKind::BgNbd);
        let week = number(customer, "/bgnbd/E_purchases_1w");
        assert_close(
            "one week",
            model.expected_purchases(1.0, x, t_x, t).expect("valid"),
            week,
            1e-9,
        );
        let ticket = number(customer, "/gammagamma/E_spend");
        assert_close("ticket", spend.expected_spend(x, m).expect("q > 1"), ticket, 1e-9);
        let clv = number(customer, "/clv_12m_d1pct_lifetimes");
        let found = discounted_clv(&model, &spend, &discounting, 12, x, t_x, t, m).expect("valid");
        assert_close("clv", found, clv, 1e-9);
    }
}

#[test]
fn the_population_of_cdnow_adds_up_as_in_lifetimes() {
    let (reference, data) = (lifetimes(), cdnow());
    let (bg, pareto) = (
        reference_model(ModelKind::BgNbd),
        reference_model(ModelKind::ParetoNbd),
    );
    let sum = |of: &dyn Fn(usize) -> f64| (0..data.x.len()).map(of).sum::<f64>();
    let alive =
        |model: PurchaseModel| sum(&|i| model.p_alive(data.x[i], data.t_x[i], data.t[i]).expect("valid"));
    let active = |model: PurchaseModel| {
        sum(&|i| {
            model
                .expected_purchases(39.0, data.x[i], data.t_x[i], data.t[i])
                .expect("valid")
        })
    };
    assert_close(
        "BG/NBD alive",
        alive(bg),
        number(&reference, "/aggregate/sum_p_alive_bgnbd"),
        1e-10,
    );
    assert_close(
        "BG/NBD E39",
        active(bg),
        number(&reference, "/aggregate/sum_E39_bgnbd"),
        1e-10,
    );
    assert_close(
        "Pareto alive",
        alive(pareto),
        number(&reference, "/aggregate/sum_p_alive_pnbd"),
        1e-9,
    );
    assert_close(
        "Pareto E39",
        active(pareto),
        number(&reference, "/aggregate/sum_E39_pnbd"),
        1e-9,
    );
    let (spend, discounting) = (reference_spend(), Discounting::new(4.345, 0.01).expect("valid"));
    let clv = sum(&|i| {
        let (x, t_x, t, m) = (data.x[i], data.t_x[i], data.t[i], data.m[i]);
        discounted_clv(&bg, &spend, &discounting, 12, x, t_x, t, m).expect("valid")
    });
    assert_close("CLV", clv, number(&reference, "/clv/total_all"), 1e-10);
}

#[test]
fn contracts_of_the_high_end_and_regular_cohorts_are_retained_as_published() {
    let years = highend_years();
    let lost: Vec<f64> = (1..=7)
        .map(|year| {
            years
                .iter()
                .filter(|&&y| (y - f64::from(year)).abs() < 0.5)
                .count() as f64
        })
        .collect();
    let highend = Cohort::from_losses(years.len() as f64, &lost).expect("valid");
    let percent = [100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1];
    assert_eq!(
        highend,
        Cohort::from_survivors(&percent.map(|share| (share * 10.0_f64).round())).expect("valid")
    );
    let fit = Sbg::fit(&[highend], &FitOptions::default()).expect("fits");
    println!("high end {:?} ± {:?}", fit.parameters, fit.standard_errors);
    let regular = [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0];
    let regular = Cohort::from_survivors(&regular).expect("valid");
    let fit2 = Sbg::fit(&[regular], &FitOptions::default()).expect("fits");
    println!("regular {:?} ± {:?}", fit2.parameters, fit2.standard_errors);
    assert!(fit.converged && fit2.converged);
    for (found, published) in fit.parameters.into_iter().zip([0.668, 3.806]) {
        assert!((found - published).abs() < 5e-4, "high end {found}");
    }
    for (found, published) in fit2.parameters.into_iter().zip([0.704, 1.182]) {
        assert!((found - published).abs() < 5e-4, "regular {found}");
    }
}
