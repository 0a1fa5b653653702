//! Who brought whom, and what that is worth: a share of the value of the customers one brought,
//! first level only, each customer brought by one.

use std::collections::HashMap;
use std::path::Path;

use base::{Error, Result};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;

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
    let mut before: Option<&str> = None;
    for referral in sorted {
        let repeated = before == Some(referral.customer.as_str());
        before = Some(&referral.customer);
        match (rows.get(&referral.customer), rows.get(&referral.referrer)) {
            (Some(&customer), Some(&referrer)) if customer != referrer && !repeated => {
                values[referrer] += share * clv_36m[customer];
            }
            _ => ignored += 1,
        }
    }
    Ok((values, ignored))
}
