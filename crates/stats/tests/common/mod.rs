//! The data of the literature, and what every test of figures says.
#![allow(dead_code, reason = "every test file uses its part")]

use serde_json::Value;

/// CDNOW, the 1/10 sample, at the end of week 39.
pub(crate) struct Cdnow {
    pub(crate) x: Vec<f64>,
    pub(crate) t_x: Vec<f64>,
    pub(crate) t: Vec<f64>,
    pub(crate) m: Vec<f64>,
}

pub(crate) fn cdnow() -> Cdnow {
    let mut columns = rows(include_str!("../data/cdnow_summary.csv"));
    let mut column = || columns.remove(1);
    Cdnow {
        x: column(),
        t_x: column(),
        t: column(),
        m: column(),
    }
}

/// Years stayed of the "high end" cohort of Fader and Hardie (2007), capped at 8.
pub(crate) fn highend_years() -> Vec<f64> {
    rows(include_str!("../data/sbg_highend.csv")).remove(1)
}

fn rows(text: &str) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for line in text.lines().skip(1) {
        for (i, field) in line.split(',').enumerate() {
            if columns.len() == i {
                columns.push(Vec::new());
            }
            columns[i].push(field.parse().unwrap_or(f64::NAN));
        }
    }
    columns
}

pub(crate) fn lifetimes() -> Value {
    serde_json::from_str(include_str!("../data/cdnow_lifetimes.json")).expect("valid JSON")
}

pub(crate) fn pareto_check() -> Value {
    serde_json::from_str(include_str!("../data/cdnow_paretonbd_check.json")).expect("valid JSON")
}

/// A number in a reference file, by its JSON pointer.
pub(crate) fn number(of: &Value, pointer: &str) -> f64 {
    of.pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number at {pointer}"))
}

/// The four or three parameters under a pointer.
pub(crate) fn parameters<const N: usize>(of: &Value, pointer: &str, names: [&str; N]) -> [f64; N] {
    names.map(|name| number(of, &format!("{pointer}/{name}")))
}

#[track_caller]
pub(crate) fn assert_close(what: &str, found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs().max(1e-300),
        "{what}: {found} is not {expected} within {relative:e}"
    );
}
