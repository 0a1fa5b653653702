//! Customers simulated from known parameters: the fit finds the parameters again, expectations come true on
//! average, and intervals hold as many realised values as they promise.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

#[path = "common/simulation.rs"]
mod simulation;

use simulation::{Leaving, Random, purchases};
use stats::{
    Discounting, FitOptions, GammaGamma, Histories, ModelKind, PurchaseFit, PurchaseModel, ScoreOptions,
    Scores, SpendFit, held_out_log_likelihood, score,
};

const SPEND: [f64; 3] = [6.25, 3.74, 15.44];
const MONTH: f64 = 365.25 / 84.0; // in weeks

struct Population {
    x: Vec<f64>,
    t_x: Vec<f64>,
    t: Vec<f64>,
    m: Vec<f64>,
    /// What each customer does after the end of observation: (age since then, amount).
    future: Vec<Vec<(f64, f64)>>,
}

fn population(seed: u64, n: usize, buying: (f64, f64), leaving: Leaving) -> Population {
    let mut random = Random(seed);
    let mut p = Population {
        x: vec![],
        t_x: vec![],
        t: vec![],
        m: vec![],
        future: vec![],
    };
    for _ in 0..n {
        let t = 10.0 + 70.0 * random.uniform();
        let made = purchases(&mut random, buying, leaving, SPEND, t + 36.0 * MONTH);
        let seen = made.partition_point(|(age, _)| *age <= t);
        let (past, future) = made.split_at(seen);
        p.x.push(past.len() as f64);
        p.t_x.push(past.last().map_or(0.0, |(age, _)| *age));
        p.t.push(t);
        p.m.push(past.iter().map(|(_, amount)| amount).sum::<f64>() / (past.len().max(1) as f64));
        p.future
            .push(future.iter().map(|(age, amount)| (age - t, *amount)).collect());
    }
    p
}

/// The kind, how customers buy and leave, and the parameters that say so.
type Case = (ModelKind, (f64, f64), Leaving, [f64; 4]);

const CASES: [Case; 3] = [
    (
        ModelKind::BgNbd,
        (0.9, 8.0),
        Leaving::Coin {
            a: 0.8,
            b: 2.5,
            at_start: false,
        },
        [0.9, 8.0, 0.8, 2.5],
    ),
    (
        ModelKind::MbgNbd,
        (0.6, 6.0),
        Leaving::Coin {
            a: 0.9,
            b: 1.6,
            at_start: true,
        },
        [0.6, 6.0, 0.9, 1.6],
    ),
    (
        ModelKind::ParetoNbd,
        (0.8, 9.0),
        Leaving::Hazard { s: 0.9, beta: 20.0 },
        [0.8, 9.0, 0.9, 20.0],
    ),
];

fn fits(p: &Population, kind: ModelKind) -> (Histories, PurchaseFit, SpendFit) {
    let options = FitOptions::default();
    let histories = Histories::new(&p.x, &p.t_x, &p.t).expect("valid");
    let fit = PurchaseModel::fit(kind, &histories, &options).expect("fits");
    let spend = GammaGamma::fit(&p.x, &p.m, None, &options).expect("fits");
    (histories, fit, spend)
}

fn scores(p: &Population, kind: ModelKind) -> Scores {
    let (histories, fit, spend) = fits(p, kind);
    let options = ScoreOptions {
        horizons: vec![MONTH, 3.0 * MONTH, 12.0 * MONTH],
        discounting: Discounting::monthly(7.0, 0.1).expect("valid"),
        steps: vec![12, 36],
        level: 0.8,
    };
    score(&histories, &p.m, &fit, &spend, &options).expect("scores")
}

#[test]
fn parameters_are_recovered_within_their_standard_errors() {
    for (seed, (kind, buying, leaving, truth)) in (1..).zip(CASES) {
        let p = population(seed, 30_000, buying, leaving);
        let (_, fit, spend) = fits(&p, kind);
        assert!(
            fit.converged && fit.warnings.is_empty(),
            "{kind:?} {:?}",
            fit.warnings
        );
        let errors = fit.standard_errors.expect("standard errors");
        for i in 0..4 {
            let off = (fit.parameters[i] - truth[i]) / errors[i];
            assert!(
                off.abs() < 3.5,
                "{kind:?} {} is {} ± {}",
                fit.names[i],
                fit.parameters[i],
                errors[i]
            );
            assert!(
                errors[i] < 0.3 * truth[i],
                "{kind:?} {} ± {}",
                fit.names[i],
                errors[i]
            );
        }
        let errors = spend.fit.standard_errors.expect("standard errors");
        for i in 0..3 {
            let off = (spend.fit.parameters[i] - SPEND[i]) / errors[i];
            assert!(
                off.abs() < 3.5,
                "{} is {}",
                spend.fit.names[i],
                spend.fit.parameters[i]
            );
        }
    }
}

#[test]
fn the_sample_on_which_starts_are_searched_does_not_move_the_estimates() {
    let (kind, buying, leaving, _) = CASES[0];
    let p = population(5, 20_000, buying, leaving);
    let histories = Histories::new(&p.x, &p.t_x, &p.t).expect("valid");
    let on_all = FitOptions::default();
    let on_sample = FitOptions {
        sample_rows_max: 1_000,
        ..FitOptions::default()
    };
    let whole = PurchaseModel::fit(kind, &histories, &on_all).expect("fits");
    let sampled = PurchaseModel::fit(kind, &histories, &on_sample).expect("fits");
    for i in 0..4 {
        assert!(
            (whole.parameters[i] / sampled.parameters[i] - 1.0).abs() < 1e-6,
            "{whole:?} {sampled:?}"
        );
    }
}

#[test]
fn expectations_come_true_on_average() {
    for (seed, (kind, buying, leaving, _)) in (11..).zip(CASES) {
        let p = population(seed, 20_000, buying, leaving);
        let scores = scores(&p, kind);
        let discounting = Discounting::monthly(7.0, 0.1).expect("valid");
        for (forecast, months) in scores.purchases.iter().zip([1.0, 3.0, 12.0]) {
            let expected: f64 = forecast.expected.iter().sum();
            let made: usize = p
                .future
                .iter()
                .map(|f| f.partition_point(|(age, _)| *age <= months * MONTH))
                .sum();
            assert!(
                (made as f64 / expected - 1.0).abs() < 0.06,
                "{kind:?} {months}: {made} of {expected}"
            );
        }
        for (forecast, months) in scores.clv.iter().zip([12, 36]) {
            let expected: f64 = forecast.expected.iter().sum();
            let paid: f64 = p
                .future
                .iter()
                .map(|future| discounted(future, &discounting, months))
                .sum();
            assert!(
                (paid / expected - 1.0).abs() < 0.06,
                "{kind:?} {months}: {paid} of {expected}"
            );
        }
    }
}

#[test]
fn eighty_percent_intervals_hold_eighty_percent_of_what_happens() {
    for (seed, (kind, buying, leaving, _)) in (21..).zip(CASES) {
        let p = population(seed, 20_000, buying, leaving);
        let scores = scores(&p, kind);
        let discounting = Discounting::monthly(7.0, 0.1).expect("valid");
        for (forecast, months) in scores.clv.iter().zip([12, 36]) {
            let paid: Vec<f64> = p
                .future
                .iter()
                .map(|f| discounted(f, &discounting, months))
                .collect();
            let all = covered(forecast, &paid, |_| true);
            // whose most likely value is 0 cannot be held by 80 %: look also at those who do buy
            let frequent = covered(forecast, &paid, |i| p.x[i] >= 5.0);
            // the few whose interval starts above 0: some stop early, more than two moments can say
            let certain = covered(forecast, &paid, |i| forecast.low[i] > 0.0);
            println!("{kind:?} {months} months: {all:.3}, frequent {frequent:.3}, certain {certain:.3}");
            assert!((0.78..=0.88).contains(&all), "{kind:?} {months} months: {all}");
            assert!(
                (0.76..=0.88).contains(&frequent),
                "{kind:?} {months} months, frequent: {frequent}"
            );
            assert!(
                (0.70..=0.88).contains(&certain),
                "{kind:?} {months} months, certain: {certain}"
            );
        }
        for (forecast, months) in scores.purchases.iter().zip([1.0, 3.0, 12.0]) {
            let made: Vec<f64> = p
                .future
                .iter()
                .map(|f| f.partition_point(|(age, _)| *age <= months * MONTH) as f64)
                .collect();
            let all = covered(forecast, &made, |_| true);
            println!("{kind:?} purchases in {months} months: {all:.3}");
            // whole numbers cannot hold exactly 80 %, and must not hold less
            assert!(
                (0.79..=0.97).contains(&all),
                "{kind:?} purchases in {months} months: {all}"
            );
        }
    }
}

#[test]
fn the_model_that_customers_follow_foresees_the_held_out_year_best() {
    for (seed, (kind, buying, leaving, _)) in (31..).zip(CASES) {
        let p = population(seed, 20_000, buying, leaving);
        let before = Histories::new(&p.x, &p.t_x, &p.t).expect("valid");
        let year = 12.0 * MONTH;
        let (mut x, mut t_x, mut t) = (p.x.clone(), p.t_x.clone(), p.t.clone());
        for i in 0..x.len() {
            let seen = p.future[i].partition_point(|(age, _)| *age <= year);
            x[i] += seen as f64;
            if seen > 0 {
                t_x[i] = p.t[i] + p.future[i][seen - 1].0;
            }
            t[i] += year;
        }
        let after = Histories::new(&x, &t_x, &t).expect("valid");
        let foreseen = ModelKind::ALL.map(|kind| {
            let fit = PurchaseModel::fit(kind, &before, &FitOptions::default()).expect("fits");
            held_out_log_likelihood(&fit.model, &before, &after).expect("the same customers")
        });
        let best = (0..3)
            .max_by(|&i, &j| foreseen[i].total_cmp(&foreseen[j]))
            .expect("three models");
        assert_eq!(ModelKind::ALL[best], kind, "{foreseen:?}");
    }
}

fn discounted(future: &[(f64, f64)], discounting: &Discounting, steps: u32) -> f64 {
    let step = |age: f64| (age / discounting.step()).ceil() as u32;
    future
        .iter()
        .filter(|(age, _)| step(*age) <= steps)
        .map(|(age, amount)| amount * discounting.factor(step(*age)))
        .sum()
}

fn covered(forecast: &stats::Forecast, realised: &[f64], who: impl Fn(usize) -> bool) -> f64 {
    let asked: Vec<usize> = (0..realised.len()).filter(|&i| who(i)).collect();
    let held = asked
        .iter()
        .filter(|&&i| forecast.low[i] <= realised[i] && realised[i] <= forecast.high[i]);
    held.count() as f64 / asked.len() as f64
}
