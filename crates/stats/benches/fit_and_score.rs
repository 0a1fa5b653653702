//! One million simulated customers over two years of whole days: how long fits and scores take.
//! `cargo bench -p stats`; everything runs on one thread.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at surprises and may talk"
)]

#[path = "../tests/common/simulation.rs"]
mod simulation;

use std::time::Instant;

use simulation::{Leaving, Random, purchases};
use stats::{Discounting, FitOptions, GammaGamma, Histories, ModelKind, PurchaseModel, ScoreOptions, score};

const CUSTOMERS: usize = 1_000_000;
const DAYS: f64 = 730.0;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let result = work();
    let wall = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds()
        .zip(cpu)
        .map_or(f64::NAN, |(after, before)| after - before);
    println!("{what:<20} {wall:>7.3} s wall {cpu:>7.3} s CPU");
    result
}

/// Time this thread has spent on a processor, where the system (Linux) tells.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace()
        .next()?
        .parse::<f64>()
        .ok()
        .map(|nanoseconds| nanoseconds * 1e-9)
}

fn main() {
    let mut random = Random(7);
    let (mut x, mut t_x, mut t, mut m) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..CUSTOMERS {
        let age = (random.uniform() * DAYS).floor();
        let leaving = Leaving::Coin {
            a: 0.8,
            b: 2.5,
            at_start: true,
        };
        let made = purchases(&mut random, (0.9, 60.0), leaving, [6.25, 3.74, 15.44], age);
        // purchases of one day are one purchase day; those of the first day are the first purchase
        let mut days: Vec<(f64, f64)> = Vec::new();
        for (at, ticket) in made {
            match days.last_mut() {
                Some(day) if day.0 >= at.ceil() => day.1 += ticket,
                _ => days.push((at.ceil(), ticket)),
            }
        }
        let count = days.len() as f64;
        x.push(count);
        t_x.push(days.last().map_or(0.0, |day| day.0.min(age)) / 7.0);
        t.push(age / 7.0);
        m.push(if days.is_empty() {
            0.0
        } else {
            days.iter().map(|day| day.1).sum::<f64>() / count
        });
    }
    let options = FitOptions::default();
    let histories = timed("group", || Histories::new(&x, &t_x, &t)).expect("valid histories");
    println!(
        "{} distinct histories, {} repeaters",
        histories.distinct(),
        histories.repeaters()
    );
    let spend = timed("fit Gamma-Gamma", || GammaGamma::fit(&x, &m, None, &options)).expect("fits");
    println!(
        "{:?} {} iterations {:?}",
        spend.fit.parameters, spend.fit.iterations, spend.fit.warnings
    );
    let asked = ScoreOptions {
        horizons: vec![30.0 / 7.0, 90.0 / 7.0, 365.0 / 7.0],
        discounting: Discounting::monthly(7.0, 0.1).expect("valid discounting"),
        steps: vec![12, 36],
        level: 0.8,
    };
    for kind in ModelKind::ALL {
        let fit = timed(&format!("fit {kind:?}"), || {
            PurchaseModel::fit(kind, &histories, &options)
        });
        let fit = fit.expect("fits");
        println!(
            "{:?} LL {} {} iterations {:?}",
            fit.parameters, fit.log_likelihood, fit.iterations, fit.warnings
        );
        let scores = timed(&format!("score {kind:?}"), || {
            score(&histories, &m, &fit, &spend, &asked)
        });
        let scores = scores.expect("scores");
        let clv: f64 = scores.clv[1].expected.iter().sum();
        println!(
            "alive {:.1}, value {:.0}",
            scores.p_alive.iter().sum::<f64>(),
            clv
        );
    }
}
