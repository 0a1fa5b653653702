//! Maximum likelihood over two to four positive parameters. It knows nothing about what is maximised.
//!
//! Written here and not taken from a library: the problems are smooth, tiny (N ≤ 4), always posed in
//! log-parameters with an analytic gradient, and one evaluation over a million customers costs more than
//! everything a general optimiser could offer. What matters is to start on a sample, to carry the curvature
//! found there over to the full data, and to be bit-identical from run to run; that is easier said in two
//! hundred lines than configured.

/// The value of a log-likelihood and its gradient in the log-parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluation<const N: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; N],
}

impl<const N: usize> Evaluation<N> {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|component| component.is_finite())
    }
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub(crate) struct Optimum<const N: usize> {
    /// The log-parameters.
    pub(crate) at: [f64; N],
    pub(crate) evaluation: Evaluation<N>,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
}

/// A square matrix of the parameters' size.
pub(crate) type Matrix<const N: usize> = [[f64; N]; N];

/// Log-parameters are searched within ± this: parameters between 1e-9 and 1e9.
pub(crate) const BOUND: f64 = 20.7;
/// The gradient counts as zero below this, relative to the log-likelihood.
const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Differences of log-likelihoods below this, relative, are rounding.
const ROUNDING: f64 = 1e-12;
/// No step changes a parameter by more than this factor (as a logarithm).
const STEP_MAX: f64 = 2.0;

/// Climbs from `start` by BFGS with backtracking; `curvature` is a first guess of the inverse of minus the Hessian.
pub(crate) fn maximise<const N: usize>(
    evaluate: &mut impl FnMut(&[f64; N]) -> Evaluation<N>,
    start: [f64; N],
    curvature: Option<Matrix<N>>,
    iterations_max: usize,
) -> Optimum<N> {
    let mut at = start.map(|value| value.clamp(-BOUND, BOUND));
    let mut here = evaluate(&at);
    let mut inverse = curvature.unwrap_or_else(|| first_guess(&here.gradient));
    let mut iterations = 0;
    let mut fresh = true;
    loop {
        let free = free_components(&at, &here.gradient);
        let largest = (0..N)
            .filter(|&i| free[i])
            .map(|i| here.gradient[i].abs())
            .fold(0.0, f64::max);
        let converged = here.is_finite() && largest <= GRADIENT_TOLERANCE * (1.0 + here.value.abs());
        if converged || iterations == iterations_max || !here.is_finite() {
            return Optimum {
                at,
                evaluation: here,
                iterations,
                converged,
            };
        }
        iterations += 1;
        let step = uphill(&inverse, &here.gradient, &free);
        let Some((next, there)) = line_search(evaluate, &at, &here, &step) else {
            if fresh {
                // Not even a step along the gradient gains anything: this is the top, up to rounding.
                let gain: f64 = (0..N).map(|i| step[i] * here.gradient[i]).sum();
                let converged = gain.abs() <= ROUNDING * (1.0 + here.value.abs());
                return Optimum {
                    at,
                    evaluation: here,
                    iterations,
                    converged,
                };
            }
            inverse = first_guess(&here.gradient);
            fresh = true;
            continue;
        };
        fresh = !update(&mut inverse, &at, &here, &next, &there);
        if fresh {
            inverse = first_guess(&there.gradient);
        }
        at = next;
        here = there;
    }
}

/// Minus the Hessian in the log-parameters: central differences of the analytic gradient, made symmetric.
pub(crate) fn information<const N: usize>(
    evaluate: &mut impl FnMut(&[f64; N]) -> Evaluation<N>,
    at: &[f64; N],
) -> Matrix<N> {
    const WIDTH: f64 = 1e-4;
    let mut raw = [[0.0; N]; N];
    for i in 0..N {
        let shifted = |by: f64| {
            let mut point = *at;
            point[i] += by;
            point
        };
        let above = evaluate(&shifted(WIDTH)).gradient;
        let below = evaluate(&shifted(-WIDTH)).gradient;
        for j in 0..N {
            raw[i][j] = (below[j] - above[j]) / (2.0 * WIDTH);
        }
    }
    let mut symmetric = raw;
    for i in 0..N {
        for j in 0..N {
            symmetric[i][j] = 0.5 * (raw[i][j] + raw[j][i]);
        }
    }
    symmetric
}

/// The inverse of a symmetric positive definite matrix (Cholesky); `None` if it is not positive definite.
pub(crate) fn inverse<const N: usize>(matrix: &Matrix<N>) -> Option<Matrix<N>> {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - dot;
            if i == j {
                // a pivot that is only rounding noise means the likelihood is flat in that direction
                if !(rest > 1e-12 * matrix[i][i].abs() && rest.is_finite()) {
                    return None;
                }
                lower[i][i] = rest.sqrt();
            } else {
                lower[i][j] = rest / lower[j][j];
            }
        }
    }
    // the inverse is symmetric: solve for one unit vector after the other
    let mut result = [[0.0; N]; N];
    for (unit, solved) in result.iter_mut().enumerate() {
        let mut half = [0.0; N];
        for i in 0..N {
            let right = if i == unit { 1.0 } else { 0.0 };
            half[i] = (right - (0..i).map(|k| lower[i][k] * half[k]).sum::<f64>()) / lower[i][i];
        }
        for i in (0..N).rev() {
            let dot: f64 = (i + 1..N).map(|k| lower[k][i] * solved[k]).sum();
            solved[i] = (half[i] - dot) / lower[i][i];
        }
    }
    Some(result)
}

/// v' M v.
pub(crate) fn quadratic_form<const N: usize>(matrix: &Matrix<N>, vector: &[f64; N]) -> f64 {
    (0..N)
        .map(|i| vector[i] * (0..N).map(|j| matrix[i][j] * vector[j]).sum::<f64>())
        .sum()
}

/// A first step of length one half along the gradient.
fn first_guess<const N: usize>(gradient: &[f64; N]) -> Matrix<N> {
    let length = gradient
        .iter()
        .map(|component| component * component)
        .sum::<f64>()
        .sqrt();
    let mut matrix = [[0.0; N]; N];
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] = 0.5 / length.max(1e-12);
    }
    matrix
}

/// Components that are not pressed against the bound from inside.
fn free_components<const N: usize>(at: &[f64; N], gradient: &[f64; N]) -> [bool; N] {
    std::array::from_fn(|i| {
        !((at[i] >= BOUND && gradient[i] > 0.0) || (at[i] <= -BOUND && gradient[i] < 0.0))
    })
}

fn uphill<const N: usize>(inverse: &Matrix<N>, gradient: &[f64; N], free: &[bool; N]) -> [f64; N] {
    let mut step: [f64; N] = std::array::from_fn(|i| {
        if !free[i] {
            return 0.0;
        }
        (0..N)
            .filter(|&j| free[j])
            .map(|j| inverse[i][j] * gradient[j])
            .sum()
    });
    let longest = step
        .iter()
        .fold(0.0, |longest: f64, component| longest.max(component.abs()));
    if longest > STEP_MAX {
        step = step.map(|component| component * STEP_MAX / longest);
    }
    step
}

/// Backtracks along `step` until the value rises enough (Armijo); `None` if it never does.
fn line_search<const N: usize>(
    evaluate: &mut impl FnMut(&[f64; N]) -> Evaluation<N>,
    at: &[f64; N],
    here: &Evaluation<N>,
    step: &[f64; N],
) -> Option<([f64; N], Evaluation<N>)> {
    let slope: f64 = (0..N).map(|i| step[i] * here.gradient[i]).sum();
    if !(slope > 0.0 && slope.is_finite()) {
        return None;
    }
    let mut length = 1.0;
    for _ in 0..30 {
        let next: [f64; N] = std::array::from_fn(|i| (at[i] + length * step[i]).clamp(-BOUND, BOUND));
        let there = evaluate(&next);
        let gain = there.value - here.value;
        if there.is_finite() {
            // Close to the top the gain drowns in rounding; then a flatter slope shows the progress
            // (Hager and Zhang 2005, the approximate Wolfe condition).
            let slope_there: f64 = (0..N).map(|i| step[i] * there.gradient[i]).sum();
            let drowned = gain.abs() <= ROUNDING * (1.0 + here.value.abs());
            if gain >= 1e-4 * length * slope || (drowned && slope_there.abs() <= 0.5 * slope) {
                return Some((next, there));
            }
        }
        // the top of the parabola through what is known, kept within sensible limits
        let parabola = 0.5 * slope * length * length / (slope * length - gain);
        let shorter = if parabola.is_finite() { parabola } else { 0.0 };
        length = shorter.clamp(0.1 * length, 0.5 * length);
    }
    None
}

/// The BFGS update of the inverse; refused (false) where the function is not curved downwards.
fn update<const N: usize>(
    inverse: &mut Matrix<N>,
    at: &[f64; N],
    here: &Evaluation<N>,
    next: &[f64; N],
    there: &Evaluation<N>,
) -> bool {
    let moved: [f64; N] = std::array::from_fn(|i| next[i] - at[i]);
    let change: [f64; N] = std::array::from_fn(|i| here.gradient[i] - there.gradient[i]);
    let curvature: f64 = (0..N).map(|i| moved[i] * change[i]).sum();
    let scale: f64 = (0..N).map(|i| moved[i] * moved[i]).sum::<f64>().sqrt()
        * (0..N).map(|i| change[i] * change[i]).sum::<f64>().sqrt();
    if curvature.is_nan() || curvature <= 1e-12 * scale {
        return false;
    }
    let image: [f64; N] = std::array::from_fn(|i| (0..N).map(|j| inverse[i][j] * change[j]).sum());
    let quadratic: f64 = (0..N).map(|i| change[i] * image[i]).sum();
    for i in 0..N {
        for j in 0..N {
            inverse[i][j] += (1.0 + quadratic / curvature) * moved[i] * moved[j] / curvature
                - (image[i] * moved[j] + moved[i] * image[j]) / curvature;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_curved_ridge_is_found() {
        // minus Rosenbrock's function, whose top is at (1, 1)
        let mut evaluate = |p: &[f64; 2]| {
            let (x, y) = (p[0], p[1]);
            let bend = y - x * x;
            Evaluation {
                value: -((1.0 - x).powi(2) + 100.0 * bend * bend),
                gradient: [2.0 * (1.0 - x) + 400.0 * x * bend, -200.0 * bend],
            }
        };
        let optimum = maximise(&mut evaluate, [-1.2, 1.0], None, 200);
        assert!(optimum.converged);
        assert!((optimum.at[0] - 1.0).abs() < 1e-6 && (optimum.at[1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn only_positive_definite_matrices_have_an_inverse_here() {
        let product = inverse(&[[4.0, 1.0], [1.0, 3.0]]);
        let Some(found) = product else {
            panic!("positive definite")
        };
        assert!((found[0][0] - 3.0 / 11.0).abs() < 1e-15 && (found[0][1] + 1.0 / 11.0).abs() < 1e-15);
        assert!(inverse(&[[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(inverse(&[[1.0, 1.0], [1.0, 1.0]]).is_none());
    }
}
