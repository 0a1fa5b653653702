//! Small measures of populations: ranks, concentration, spread. They know nothing about customers.
//!
//! All are total on finite input of equal length; a measure that has no value (a correlation with a constant,
//! a spread around a mean of zero) is `None`.

use crate::error::{Error, all_finite, same_length};

/// The area under the ROC curve: how often a positive has the higher score than a negative, ties counting half.
/// Hanley, McNeil (1982), Radiology 143(1), by ranks. `None` unless there are positives and negatives.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::BadValue`].
pub fn auc(scores: &[f64], positive: &[bool]) -> Result<Option<f64>, Error> {
    same_length("positive", scores.len(), positive.len())?;
    all_finite("scores", scores)?;
    // Two short lists sort faster than one of pairs, and a walk along both counts who is above whom.
    let of = |kind: bool| {
        let mut values: Vec<f64> = scores
            .iter()
            .zip(positive)
            .filter_map(|(&score, &positive)| (positive == kind).then_some(score))
            .collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (positives, negatives) = (of(true), of(false));
    let mut won = 0.0;
    let (mut below, mut up_to) = (0, 0);
    for tied in positives.chunk_by(|a, b| a >= b) {
        below += negatives[below..]
            .iter()
            .take_while(|&&score| score < tied[0])
            .count();
        up_to = below.max(up_to);
        up_to += negatives[up_to..]
            .iter()
            .take_while(|&&score| score <= tied[0])
            .count();
        won += tied.len() as f64 * 0.5 * (below + up_to) as f64;
    }
    let pairs = positives.len() as f64 * negatives.len() as f64;
    Ok((pairs > 0.0).then(|| won / pairs))
}

/// Scores 1 to 5 by quintile, 5 for the largest values. Equal values get the equal score: a run of equal values
/// is placed by its middle, so that neither the order of rows nor a large block of ties moves anybody else.
///
/// # Errors
/// [`Error::BadValue`].
pub fn quintile_scores(values: &[f64]) -> Result<Vec<u8>, Error> {
    all_finite("values", values)?;
    let order = ascending(values);
    let mut scores = vec![0; values.len()];
    let mut below = 0;
    for tied in order.chunk_by(|&i, &j| values[i] >= values[j]) {
        // the middle of the run, doubled to stay whole: (2 below + tied) / (2 n)
        let fifth = 5 * (2 * below + tied.len()) / (2 * values.len());
        for &i in tied {
            scores[i] = fifth.min(4) as u8 + 1;
        }
        below += tied.len();
    }
    Ok(scores)
}

/// The smallest value at which at least the share `p` of the weight is reached (inverse of the weighted empirical
/// distribution function); `None` for no values or no weight.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::BadValue`] (also for negative weights), [`Error::BadArgument`] unless
/// 0 ≤ p ≤ 1.
pub fn weighted_quantile(values: &[f64], weights: &[f64], p: f64) -> Result<Option<f64>, Error> {
    same_length("weights", values.len(), weights.len())?;
    all_finite("values", values)?;
    not_negative_values("weights", weights)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::BadArgument {
            name: "p",
            value: p,
            expected: "a share from 0 to 1",
        });
    }
    let total: f64 = weights.iter().sum();
    let mut order = ascending(values);
    order.retain(|&i| weights[i] > 0.0);
    let mut reached = 0.0;
    for &i in &order {
        reached += weights[i];
        // a share that is reached but for rounding is reached
        if reached >= p * total * (1.0 - 1e-12) {
            return Ok(Some(values[i]));
        }
    }
    Ok(order.last().map(|&i| values[i]))
}

/// Gini's coefficient of values that are 0 or more: 0 if all are equal, towards 1 if one has everything; 0 for
/// no values or a sum of zero.
///
/// # Errors
/// [`Error::BadValue`].
pub fn gini(values: &[f64]) -> Result<f64, Error> {
    not_negative_values("values", values)?;
    let order = ascending(values);
    let n = values.len() as f64;
    let total: f64 = order.iter().map(|&i| values[i]).sum();
    if total <= 0.0 {
        return Ok(0.0);
    }
    let ranked: f64 = order
        .iter()
        .enumerate()
        .map(|(rank, &i)| (rank as f64 + 1.0) * values[i])
        .sum();
    Ok((2.0 * ranked / (n * total) - (n + 1.0) / n).max(0.0))
}

/// The share of the total that the top `shares` (each from 0 to 1) of the values hold, largest first; a fraction
/// of a value counts by that fraction. Points of the Pareto curve (the Lorenz curve seen from the top). All 0 for
/// a total of zero.
///
/// # Errors
/// [`Error::BadValue`] for a value below 0 or a share outside 0 to 1.
pub fn held_by_top(values: &[f64], shares: &[f64]) -> Result<Vec<f64>, Error> {
    not_negative_values("values", values)?;
    if let Some(index) = shares.iter().position(|share| !(0.0..=1.0).contains(share)) {
        let value = shares[index];
        return Err(Error::BadValue {
            what: "shares",
            index,
            value,
            expected: "a share from 0 to 1",
        });
    }
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for &i in ascending(values).iter().rev() {
        sum += values[i];
        sums.push(sum);
    }
    let held = |share: &f64| {
        let place = share * values.len() as f64;
        let whole = (place.floor() as usize).min(values.len());
        let next = sums.get(whole + 1).map_or(0.0, |next| next - sums[whole]);
        if sum > 0.0 {
            ((sums[whole] + place.fract() * next) / sum).min(1.0)
        } else {
            0.0
        }
    };
    Ok(shares.iter().map(held).collect())
}

/// Standard deviation (of the population, divided by n) over the mean; `None` for no values or a mean of zero.
///
/// # Errors
/// [`Error::BadValue`].
pub fn coefficient_of_variation(values: &[f64]) -> Result<Option<f64>, Error> {
    all_finite("values", values)?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.is_empty() || mean.abs() < f64::MIN_POSITIVE {
        return Ok(None);
    }
    let variance = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>()
        / n;
    Ok(Some(variance.sqrt() / mean))
}

/// Pearson's correlation; `None` for no values or if one side is constant.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::BadValue`].
pub fn correlation(left: &[f64], right: &[f64]) -> Result<Option<f64>, Error> {
    same_length("right", left.len(), right.len())?;
    all_finite("left", left)?;
    all_finite("right", right)?;
    Ok(weighted_correlation(|| {
        left.iter().zip(right).map(|(&l, &r)| (l, r, 1.0))
    }))
}

/// Pearson's correlation of (left, right, weight), in two passes over what `triples` yields.
pub(crate) fn weighted_correlation<I: Iterator<Item = (f64, f64, f64)>>(
    triples: impl Fn() -> I,
) -> Option<f64> {
    let mut total = 0.0;
    let (mut left_mean, mut right_mean) = (0.0, 0.0);
    for (left, right, weight) in triples() {
        total += weight;
        left_mean += weight * left;
        right_mean += weight * right;
    }
    left_mean /= total;
    right_mean /= total;
    let (mut both, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    for (left, right, weight) in triples() {
        let (l, r) = (left - left_mean, right - right_mean);
        both += weight * l * r;
        left_square += weight * l * l;
        right_square += weight * r * r;
    }
    let scale = left_square.sqrt() * right_square.sqrt();
    (scale > 0.0).then(|| (both / scale).clamp(-1.0, 1.0))
}

/// Indices by ascending value; equal values keep their order.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    order
}

fn not_negative_values(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values
        .iter()
        .position(|value| !(value.is_finite() && *value >= 0.0))
    {
        None => Ok(()),
        Some(index) => Err(Error::BadValue {
            what,
            index,
            value: values[index],
            expected: "a finite number, 0 or more",
        }),
    }
}
