//! Contracts simulated from known parameters: the fit finds the parameters again whatever the customers' ages, what is
//! expected comes true on average, and intervals hold as much as they promise.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

#[path = "common/simulation.rs"]
mod simulation;

use simulation::Random;
use stats::{
    Cohort, Contract, ContractModel, Discounting, Error, Fit, FitOptions, Forecast, GammaGamma, Sbg,
    ScoreOptions, Scores, SpendFit, Standing,
};

const SPEND: [f64; 3] = [30.0, 8.0, 70.0];
/// Payments come at any time within half a period after they fall due.
const GRACE: f64 = 0.5;

/// How customers of a firm behave; time is in months.
#[derive(Clone, Copy)]
struct Firm {
    alpha: f64,
    beta: f64,
    period: f64,
    /// Purchases besides, per month, gamma-distributed with this mean and shape 2; 0 for none.
    extras: f64,
    /// Ages go up to this.
    oldest: f64,
}

const MONTHLY: Firm = Firm {
    alpha: 0.7,
    beta: 5.0,
    period: 1.0,
    extras: 0.0,
    oldest: 48.0,
};
const YEARLY: Firm = Firm {
    alpha: 0.9,
    beta: 3.0,
    period: 12.0,
    extras: 0.0,
    oldest: 96.0,
};
const WITH_EXTRAS: Firm = Firm {
    alpha: 1.2,
    beta: 9.0,
    period: 3.0,
    extras: 0.4,
    oldest: 60.0,
};

struct Population {
    contracts: Vec<Contract>,
    x: Vec<f64>,
    m: Vec<f64>,
    cohort: Cohort,
    /// What each customer does from now on: (months since now, amount).
    future: Vec<Vec<(f64, f64)>>,
}

fn population(seed: u64, n: usize, firm: Firm) -> Population {
    let mut random = Random(seed);
    let mut kept = vec![0.0; (firm.oldest / firm.period) as usize + 1];
    let mut lost = kept.clone();
    let (mut contracts, mut x, mut m, mut future) = (vec![], vec![], vec![], vec![]);
    for _ in 0..n {
        let age = firm.oldest * random.uniform();
        let until = age + 36.0;
        let leaves = random.beta(firm.alpha, firm.beta);
        let nu = random.gamma(SPEND[1], SPEND[2]);
        let rate = if firm.extras > 0.0 {
            random.gamma(2.0, 2.0 / firm.extras)
        } else {
            0.0
        };
        // payments of renewal 0, 1, 2 … until one is refused
        let mut paid = vec![0.0];
        while random.uniform() >= leaves && paid.len() as f64 * firm.period <= until {
            let late = if firm.extras > 0.0 {
                0.0
            } else {
                GRACE * random.uniform()
            };
            paid.push((paid.len() as f64 + late) * firm.period);
        }
        let mut made: Vec<(f64, f64)> = paid.iter().map(|&at| (at, random.gamma(SPEND[0], nu))).collect();
        let ends = paid.len() as f64 * firm.period;
        let mut at = if rate > 0.0 {
            random.exponential(rate)
        } else {
            ends
        };
        while at < ends.min(until) {
            made.push((at, random.gamma(SPEND[0], nu)));
            at += random.exponential(rate);
        }
        made.sort_by(|left, right| left.0.total_cmp(&right.0));

        let renewals = paid.partition_point(|&paid| paid <= age) - 1;
        let decided = (age / firm.period - GRACE).max(0.0) as usize;
        for kept in &mut kept[..renewals.min(decided)] {
            *kept += 1.0;
        }
        if renewals < decided {
            lost[renewals] += 1.0;
        }
        let due = (renewals + 1) as f64 * firm.period;
        let standing = if age < due {
            Standing::Running
        } else if renewals >= decided {
            Standing::Due {
                // with extras all pay on the day
                overdue: if firm.extras > 0.0 {
                    1.0
                } else {
                    (age - due) / (GRACE * firm.period)
                },
            }
        } else {
            Standing::Left
        };
        let bought = made.partition_point(|(at, _)| *at <= age);
        let extras = (bought - renewals - 1) as f64;
        // the mean delay of everybody: a customer's own last one is short where the contract is still young
        let delay = if firm.extras > 0.0 {
            0.0
        } else {
            0.5 * GRACE * firm.period
        };
        let next = if due + delay > age {
            due + delay - age
        } else {
            0.5 * (due + GRACE * firm.period - age).max(0.0)
        };
        // what is known of a rate: the gamma distribution it was drawn from, and what was counted
        let known = if firm.extras > 0.0 { 2.0 } else { 0.0 };
        let exposure = age.min(due) + if firm.extras > 0.0 { 2.0 / firm.extras } else { 1.0 };
        contracts.push(Contract {
            fit: 0,
            renewals: renewals as u32,
            standing,
            next,
            after_next: (due + firm.period + delay - age).max(next),
            payments_per_period: 1.0,
            extras_shape: extras + known,
            extras_per_period: (extras + known) / exposure * firm.period,
        });
        x.push((bought - 1) as f64);
        let repeats: f64 = made[1..bought].iter().map(|(_, amount)| amount).sum();
        m.push(repeats / (bought - 1).max(1) as f64);
        let later = &made[bought..];
        future.push(
            later
                .iter()
                .map(|(at, amount)| (at - age, *amount))
                .filter(|(at, _)| *at <= 36.0)
                .collect(),
        );
    }
    Population {
        contracts,
        x,
        m,
        cohort: Cohort::from_renewals(&kept, &lost).expect("counts"),
        future,
    }
}

fn fits(p: &Population) -> (Fit<Sbg, 2>, SpendFit) {
    let options = FitOptions::default();
    (
        Sbg::fit(std::slice::from_ref(&p.cohort), &options).expect("fits"),
        GammaGamma::fit(&p.x, &p.m, None, &options).expect("fits"),
    )
}

fn discounting() -> Discounting {
    Discounting::new(1.0, 0.008).expect("valid")
}

fn scores(p: &Population, firm: Firm) -> Scores {
    let (fit, spend) = fits(p);
    let model = ContractModel::new(vec![fit], firm.period).expect("a model");
    let options = ScoreOptions {
        horizons: vec![1.0, 3.0, 12.0],
        discounting: discounting(),
        steps: vec![12, 36],
        level: 0.8,
    };
    model
        .score(&p.contracts, &p.x, &p.m, &spend, &options)
        .expect("scores")
}

#[test]
fn parameters_are_recovered_from_contracts_of_all_ages() {
    for (seed, firm) in (1..).zip([MONTHLY, YEARLY, WITH_EXTRAS]) {
        let (fit, _) = fits(&population(seed, 30_000, firm));
        assert!(fit.converged && fit.warnings.is_empty(), "{:?}", fit.warnings);
        let errors = fit.standard_errors.expect("standard errors");
        for (i, truth) in [firm.alpha, firm.beta].into_iter().enumerate() {
            let off = (fit.parameters[i] - truth) / errors[i];
            let name = fit.names[i];
            assert!(off.abs() < 3.5, "{name} is {} ± {}", fit.parameters[i], errors[i]);
            assert!(errors[i] < 0.2 * truth, "{name} ± {}", errors[i]);
        }
    }
}

#[test]
fn what_is_expected_comes_true_on_average() {
    for (seed, firm) in (11..).zip([MONTHLY, YEARLY, WITH_EXTRAS]) {
        let p = population(seed, 10_000, firm);
        let scores = scores(&p, firm);
        for (forecast, months) in scores.purchases.iter().zip([1.0, 3.0, 12.0]) {
            let expected: f64 = forecast.expected.iter().sum();
            let made: usize = p
                .future
                .iter()
                .map(|f| f.partition_point(|(at, _)| *at <= months))
                .sum();
            println!("{months} months: {made} of {expected}");
            // within a twentieth, and what luck does to so many
            let tolerance = 0.05 + 2.5 / expected.sqrt();
            assert!(
                (made as f64 / expected - 1.0).abs() < tolerance,
                "{months}: {made} of {expected}"
            );
        }
        for (forecast, months) in scores.clv.iter().zip([12, 36]) {
            let expected: f64 = forecast.expected.iter().sum();
            let paid: f64 = p.future.iter().map(|f| discounted(f, months)).sum();
            println!("{months} months: {paid} of {expected}");
            assert!(
                (paid / expected - 1.0).abs() < 0.05,
                "{months}: {paid} of {expected}"
            );
        }
    }
}

#[test]
fn an_overdue_contract_is_as_likely_alive_as_it_is_said_to_be() {
    for (seed, firm) in (21..).zip([MONTHLY, YEARLY]) {
        let p = population(seed, 60_000, firm);
        let model = ContractModel::new(vec![fits(&p).0], firm.period).expect("a model");
        let mut tenths = [(0.0, 0.0, 0.0); 10];
        for (i, contract) in p.contracts.iter().enumerate() {
            let alive = model.p_alive(contract).expect("a contract");
            match contract.standing {
                Standing::Running => assert!(alive >= 1.0),
                // nobody comes back after the grace
                Standing::Left => assert!(alive <= 0.0 && p.future[i].is_empty()),
                Standing::Due { .. } => {
                    let tenth = &mut tenths[((alive * 10.0) as usize).min(9)];
                    tenth.0 += 1.0;
                    tenth.1 += alive;
                    tenth.2 += f64::from(u8::from(!p.future[i].is_empty()));
                }
            }
        }
        for (customers, said, came) in tenths.into_iter().filter(|tenth| tenth.0 >= 200.0) {
            let off = (said - came) / customers;
            let three_errors = 3.0 * (0.25 / customers).sqrt();
            assert!(
                off.abs() < three_errors,
                "{customers} customers: said {said}, came {came}"
            );
        }
    }
}

#[test]
fn eighty_percent_intervals_hold_eighty_percent_of_what_happens() {
    for (seed, (name, firm)) in
        (31..).zip([("monthly", MONTHLY), ("yearly", YEARLY), ("extras", WITH_EXTRAS)])
    {
        let p = population(seed, 10_000, firm);
        let scores = scores(&p, firm);
        let running = |i: usize| p.contracts[i].standing == Standing::Running;
        for (forecast, months) in scores.clv.iter().zip([12, 36]) {
            let paid: Vec<f64> = p.future.iter().map(|f| discounted(f, months)).collect();
            let held = covered(forecast, &paid, running);
            println!("{name} {months} months: {held:.3}");
            // a lump of probability at one value cannot be cut in two
            assert!((0.78..=0.93).contains(&held), "{name} {months} months: {held}");
        }
        for (forecast, months) in scores.purchases.iter().zip([1.0, 3.0, 12.0]) {
            let made: Vec<f64> = p
                .future
                .iter()
                .map(|f| f.partition_point(|(at, _)| *at <= months) as f64)
                .collect();
            let held = covered(forecast, &made, running);
            println!("{name} purchases in {months} months: {held:.3}");
            assert!(
                (0.78..=1.0).contains(&held),
                "{name} purchases in {months} months: {held}"
            );
        }
    }
}

#[test]
fn intervals_hold_as_much_where_each_small_cohort_speaks_for_itself() {
    let (mut held, mut asked) = (0.0, 0.0);
    for seed in 100..140 {
        let p = population(seed, 150, YEARLY);
        let paid: Vec<f64> = p.future.iter().map(|f| discounted(f, 36)).collect();
        let running = |i: usize| p.contracts[i].standing == Standing::Running;
        let count = (0..paid.len()).filter(|&i| running(i)).count() as f64;
        held += covered(&scores(&p, YEARLY).clv[1], &paid, running) * count;
        asked += count;
    }
    let share = held / asked;
    println!("{share:.3} of {asked}");
    assert!((0.78..=0.93).contains(&share), "{share}");
}

/// The model with the literature's estimates for the high-end cohort.
fn highend(period: f64) -> ContractModel {
    let survivors = [1000.0, 869.0, 743.0, 653.0, 593.0, 551.0, 517.0, 491.0];
    let cohort = Cohort::from_survivors(&survivors).expect("survivors");
    let fit = Sbg::fit(&[cohort], &FitOptions::default()).expect("fits");
    ContractModel::new(vec![fit], period).expect("a model")
}

fn contract(renewals: u32, standing: Standing) -> Contract {
    Contract {
        fit: 0,
        renewals,
        standing,
        next: 1.0,
        after_next: 2.0,
        payments_per_period: 1.0,
        extras_shape: 0.0,
        extras_per_period: 0.0,
    }
}

#[test]
fn a_payment_at_the_end_of_every_step_is_the_residual_lifetime_of_the_paper() {
    let model = highend(1.0);
    let spend = fits(&population(51, 2_000, MONTHLY)).1;
    let law = model.fits()[0].model;
    let options = ScoreOptions {
        horizons: vec![],
        discounting: Discounting::new(1.0, 0.1).expect("valid"),
        steps: vec![36, 1200],
        level: 0.8,
    };
    for renewals in [0, 3, 7] {
        let contracts = [contract(renewals, Standing::Running)];
        let scores = model
            .score(&contracts, &[1.0], &[10.0], &spend, &options)
            .expect("scores");
        let ticket = scores.expected_spend[0];
        let periods = law.discounted_periods(renewals, 36, 0.1).expect("valid");
        assert!((scores.clv[0].expected[0] / ticket - periods).abs() < 1e-12);
        // endless, and seen from the end of the period instead of its start
        let endless = law.discounted_residual_lifetime(renewals, 0.1).expect("valid") / 1.1;
        assert!((scores.clv[1].expected[0] / ticket - endless).abs() < 1e-9);
    }
}

#[test]
fn a_contract_that_was_left_would_be_worth_what_one_renewed_today_is() {
    let model = highend(1.0);
    let spend = fits(&population(51, 2_000, MONTHLY)).1;
    let law = model.fits()[0].model;
    let options = ScoreOptions {
        horizons: vec![],
        discounting: Discounting::new(1.0, 0.1).expect("valid"),
        steps: vec![36],
        level: 0.8,
    };
    let standings = [
        Standing::Left,
        Standing::Due { overdue: 1.0 },
        Standing::Due { overdue: 0.5 },
        Standing::Running,
    ];
    for renewals in [0, 3] {
        let contracts = standings.map(|standing| contract(renewals, standing));
        let scores = model
            .score(&contracts, &[1.0; 4], &[10.0; 4], &spend, &options)
            .expect("scores");
        let (clv, if_alive) = (&scores.clv[0].expected, &scores.clv_if_alive[0]);
        assert!(clv[0] <= 0.0 && clv[1] <= 0.0, "{clv:?}");
        // the renewal made today counts as one of the first step, the others come a period apart
        let mut expected = 0.0;
        let mut share = 1.0;
        for (k, payment) in (0..).zip((0..=36).map(f64::from)) {
            if k > 0 {
                share *= law.retention(renewals + 1 + k);
            }
            expected += share * options.discounting.factor((payment as u32).max(1));
        }
        let ticket = scores.expected_spend[0];
        assert!(
            (if_alive[0] / ticket - expected).abs() < 1e-9,
            "{} {expected}",
            if_alive[0] / ticket
        );
        assert!(if_alive[1] > 0.0 && (if_alive[1] - if_alive[2]).abs() < 1e-9 * if_alive[1]);
        let alive = scores.p_alive[2];
        assert!(
            (clv[2] - alive * if_alive[2]).abs() < 1e-9 * clv[2],
            "{}",
            clv[2] / alive
        );
        assert_eq!(clv[3].to_bits(), if_alive[3].to_bits());
    }
}

#[test]
fn expected_purchases_are_the_renewals_within_the_span() {
    let model = highend(1.0);
    let law = model.fits()[0].model;
    let spans = [0.5, 1.0, 2.5];
    let running = model
        .expected_purchases(&contract(2, Standing::Running), &spans)
        .expect("valid");
    let (first, second) = (law.retention(3), law.retention(4));
    for (found, expected) in running.iter().zip([0.0, first, first * (1.0 + second)]) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
    let due = contract(2, Standing::Due { overdue: 0.5 });
    let alive = model.p_alive(&due).expect("valid");
    assert!((alive - 0.5 * first / (1.0 - 0.5 * first)).abs() < 1e-12);
    let open = model.expected_purchases(&due, &spans).expect("valid");
    assert!((open[2] - alive * (1.0 + second)).abs() < 1e-12);
    let left = model
        .expected_purchases(&contract(2, Standing::Left), &spans)
        .expect("valid");
    assert!(left.iter().all(|&expected| expected.abs() < f64::MIN_POSITIVE));
}

#[test]
fn survival_is_counted_on_those_who_are_old_enough() {
    let cohort = Cohort::from_renewals(&[80.0, 30.0, 0.0], &[20.0, 10.0, 0.0]).expect("counts");
    assert_eq!(cohort.decided(), [100.0, 40.0, 0.0]);
    let survival = cohort.observed_survival();
    assert_eq!(survival.len(), 3);
    assert!((survival[1] - 0.8).abs() < 1e-12 && (survival[2] - 0.6).abs() < 1e-12);
}

#[test]
fn contracts_that_make_no_sense_are_refused_by_name() {
    let model = highend(1.0);
    let good = contract(1, Standing::Running);
    for bad in [
        Contract { fit: 1, ..good },
        Contract { next: -1.0, ..good },
        Contract {
            next: f64::NAN,
            ..good
        },
        Contract {
            after_next: 0.5,
            ..good
        },
        Contract {
            payments_per_period: 1.5,
            ..good
        },
        Contract {
            extras_shape: -1.0,
            ..good
        },
        Contract {
            extras_per_period: 1.0,
            ..good
        },
        Contract {
            standing: Standing::Due { overdue: 1.5 },
            ..good
        },
    ] {
        let error = model.p_alive(&bad).unwrap_err();
        assert!(
            matches!(
                error,
                Error::BadValue {
                    what: "contracts",
                    ..
                }
            ),
            "{bad:?}"
        );
    }
    assert!(matches!(
        model.expected_purchases(&good, &[1e6]),
        Err(Error::BadArgument { name: "span", .. })
    ));
    assert!(matches!(
        ContractModel::new(vec![], 1.0),
        Err(Error::Empty("fits"))
    ));
    assert!(ContractModel::new(model.fits().to_vec(), 0.0).is_err());
    assert!(Cohort::from_renewals(&[1.0], &[]).is_err());
    assert!(Cohort::from_renewals(&[1.0], &[-1.0]).is_err());
}

fn discounted(future: &[(f64, f64)], months: u32) -> f64 {
    let discounting = discounting();
    let month = |at: f64| (at.ceil() as u32).max(1);
    future
        .iter()
        .filter(|(at, _)| month(*at) <= months)
        .map(|(at, amount)| amount * discounting.factor(month(*at)))
        .sum()
}

fn covered(forecast: &Forecast, realised: &[f64], who: impl Fn(usize) -> bool) -> f64 {
    let asked: Vec<usize> = (0..realised.len()).filter(|&i| who(i)).collect();
    let held = asked
        .iter()
        .filter(|&&i| forecast.low[i] <= realised[i] && realised[i] <= forecast.high[i]);
    held.count() as f64 / asked.len() as f64
}
