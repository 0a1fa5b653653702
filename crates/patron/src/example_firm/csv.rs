//! The example firm as files: what the import takes, and what other tools can be tried on.

use std::io::{self, Write};

use jiff::Timestamp;

use super::ExampleFirm;

/// Writes the firm as two CSV files (UTF-8, header, RFC 4180) and answers how many lines the ledger has.
///
/// `customers` has the import's fields and two columns more, which the import leaves alone: `story`,
/// what really happens to the customer, and `switched_from`, the customer number before switching in
/// the network. `transactions` has the import's fields; `amount` and `cost` in yuan with two decimals,
/// `at` in UTC.
pub(crate) fn write_csv(
    firm: &ExampleFirm,
    customers: impl Write,
    transactions: impl Write,
) -> io::Result<u64> {
    let mut people = ::csv::Writer::from_writer(customers);
    let mut ledger = ::csv::Writer::from_writer(transactions);
    people.write_record([
        "external_id",
        "name",
        "kind",
        "brand",
        "region",
        "segment",
        "phone",
        "email",
        "since",
        "organisation",
        "referred_by",
        "story",
        "switched_from",
    ])?;
    ledger.write_record([
        "external_id",
        "customer",
        "at",
        "amount",
        "cost",
        "product",
        "channel",
        "kind",
        "reverses",
    ])?;
    let mut lines = 0;
    for customer in firm.customers() {
        people.write_record([
            customer.external_id.as_str(),
            &customer.name,
            customer.kind.name(),
            customer.brand,
            customer.region,
            customer.segment,
            &customer.phone,
            customer.email.as_deref().unwrap_or_default(),
            &customer.since.to_string(),
            customer.organisation.as_deref().unwrap_or_default(),
            customer.referred_by.as_deref().unwrap_or_default(),
            customer.story.name(),
            customer.switched_from.as_deref().unwrap_or_default(),
        ])?;
        for line in &customer.transactions {
            let at = Timestamp::from_microsecond(line.at_us).map_err(io::Error::other)?;
            ledger.write_record([
                line.external_id.as_str(),
                &line.customer,
                &at.to_string(),
                &yuan(line.amount_minor),
                &yuan(line.cost_minor),
                line.product.name(),
                line.channel.name(),
                line.kind.name(),
                line.reverses.as_deref().unwrap_or_default(),
            ])?;
            lines += 1;
        }
    }
    people.flush()?;
    ledger.flush()?;
    Ok(lines)
}

fn yuan(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}
