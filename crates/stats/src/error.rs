//! The one error of this crate: what a caller handed in and why it cannot be computed with.

/// Why an input, a parameter or an option was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two slices that describe the same customers differ in length.
    #[error("{what} has {found} values where {expected} were expected")]
    LengthMismatch {
        /// The slice that was compared.
        what: &'static str,
        /// The length of the first slice.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// Nothing was handed in.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A value is NaN, infinite or outside the range its meaning allows.
    #[error("{what}[{index}] is {value}, expected {expected}")]
    BadValue {
        /// The slice that holds it.
        what: &'static str,
        /// Where in the slice, from 0.
        index: usize,
        /// The value found.
        value: f64,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// The last purchase lies after the end of observation.
    #[error("customer {index}: last purchase at {t_x} lies after the end of observation at {t}")]
    LastPurchaseAfterEnd {
        /// Which customer, from 0.
        index: usize,
        /// Age at the last purchase.
        t_x: f64,
        /// Age at the end of observation.
        t: f64,
    },
    /// A customer without repeat purchase has a last repeat purchase.
    #[error("customer {index} has no repeat purchase, yet a last purchase at {t_x} after the first")]
    RecencyWithoutRepeat {
        /// Which customer, from 0.
        index: usize,
        /// Age at the alleged last purchase.
        t_x: f64,
    },
    /// A model parameter outside its range.
    #[error("parameter {name} is {value}, expected a finite number above 0")]
    BadParameter {
        /// The parameter's name as in the paper.
        name: &'static str,
        /// The value found.
        value: f64,
    },
    /// An argument or option outside its range.
    #[error("{name} is {value}, expected {expected}")]
    BadArgument {
        /// The argument's name.
        name: &'static str,
        /// The value found.
        value: f64,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// There is nothing from which the model could be estimated.
    #[error("cannot fit: {0}")]
    NothingToFit(&'static str),
    /// The Gamma-Gamma model gives a mean only for q + p x > 1.
    #[error("the mean spend is infinite under these parameters (q + p x = {shape}, must exceed 1)")]
    MeanSpendInfinite {
        /// q + p x of the customer asked about.
        shape: f64,
    },
    /// Two histories that should hold the same customers at two moments do not.
    #[error("customer {index} has fewer purchases or a shorter life in the later history")]
    HistoryShrank {
        /// Which customer, from 0.
        index: usize,
    },
}

/// Refuses a parameter that is not a finite number above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(Error::BadParameter { name, value })
    }
}

/// Refuses an argument that is not a finite number of at least zero.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(Error::BadArgument {
            name,
            value,
            expected: "a finite number, 0 or more",
        })
    }
}

/// Refuses slices of different length.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::LengthMismatch {
            what,
            expected,
            found,
        })
    }
}

/// Refuses NaN and infinities.
pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::BadValue {
            what,
            index,
            value: values[index],
            expected: "a finite number",
        }),
    }
}
