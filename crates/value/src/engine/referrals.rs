//! Who brought whom, and what that is worth: a share of the value of the customers one brought,
//! first level only, each customer brought by one.

use std::collections::HashMap;
use std::path::Path;

use base::{Error, Result};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A customer and the customer who brought them, by their ids as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Referral {
    /// Who was brought.
    pub customer: String,
    /// By whom.
    pub referrer: String,
}

/// Reads a CSV of two columns, `customer` and `referrer`.
///
/// Errors: a file that cannot be read or has other columns.
pub fn read_referrals(path: &Path) -> Result<Vec<Referral>> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            "file_unreadable",
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| unreadable(&error))?;
    let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let place = |name: &str| {
        header
            .iter()
            .position(|column| column.trim() == name)
            .ok_or_else(|| {
                let found: Vec<&str> = header.iter().collect();
                let message = format!("{} has no column {name:?}; it has {found:?}", path.display());
                Error::invalid("column_missing", message).at("referrals")
            })
    };
    let (customer, referrer) = (place("customer")?, place("referrer")?);
    let mut referrals = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let field = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
        referrals.push(Referral {
            customer: field(customer),
            referrer: field(referrer),
        });
    }
    Ok(referrals)
}

/// The referral value of every customer in major units, and how many referrals do not count: those
/// of customers unknown to the ledger, of oneself, or a second one of the same customer.
pub(crate) fn referral_values(
    batches: &[RecordBatch],
    clv_36m: &[f64],
    referrals: &[Referral],
    share: f64,
) -> Result<(Vec<f64>, u64)> {
    let mut rows: HashMap<String, usize> = HashMap::with_capacity(clv_36m.len());
    for batch in batches {
        let ids = cast(batch.column(0), &DataType::Utf8).map_err(Error::internal)?;
        for id in ids.as_string::<i32>().iter().flatten() {
            rows.insert(id.to_owned(), rows.len());
        }
    }
    // Sorted, so that which of two referrers counts does not depend on the order of the rows.
    let mut sorted: Vec<&Referral> = referrals.iter().collect();
    sorted.sort_unstable();
    let mut values = vec![0.0; clv_36m.len()];
    let mut ignored = 0;
    // Only a referral that counts keeps later ones of the same customer from counting.
    let mut counted: Option<usize> = None;
    for referral in sorted {
        match (rows.get(&referral.customer), rows.get(&referral.referrer)) {
            (Some(&customer), Some(&referrer)) if customer != referrer && counted != Some(customer) => {
                values[referrer] += share * clv_36m[customer];
                counted = Some(customer);
            }
            _ => ignored += 1,
        }
    }
    Ok((values, ignored))
}

/// Which referrals a run knew, so that two runs can be told to have known the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferralsKnown {
    /// How many.
    pub count: u64,
    /// SHA-256 over them in order, each as customer, zero byte, referrer, line feed; in hexadecimal.
    pub sha256: String,
}

impl ReferralsKnown {
    /// None where there are no referrals.
    pub(crate) fn of(referrals: &[Referral]) -> Option<Self> {
        if referrals.is_empty() {
            return None;
        }
        let mut sorted: Vec<&Referral> = referrals.iter().collect();
        sorted.sort_unstable();
        let mut hash = Sha256::new();
        for Referral { customer, referrer } in sorted {
            hash.update(customer);
            hash.update([0]);
            hash.update(referrer);
            hash.update(b"\n");
        }
        Some(Self {
            count: referrals.len() as u64,
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_referrals_have_the_same_name_in_any_order() {
        let referral = |customer: &str, referrer: &str| Referral {
            customer: customer.to_owned(),
            referrer: referrer.to_owned(),
        };
        let one = ReferralsKnown::of(&[referral("a", "b"), referral("c", "d")]).unwrap();
        let other = ReferralsKnown::of(&[referral("c", "d"), referral("a", "b")]).unwrap();
        assert_eq!(one, other);
        // printf 'a\0b\nc\0d\n' | sha256sum
        assert_eq!(
            one.sha256,
            "11d782bb8acc4b21ed329dd90393f2849b6ad86cc0a345440798eeae45d1e416"
        );
        assert_ne!(
            ReferralsKnown::of(&[referral("a", "bc"), referral("", "d")]),
            Some(other)
        );
        assert_eq!(ReferralsKnown::of(&[]), None);
    }
}
