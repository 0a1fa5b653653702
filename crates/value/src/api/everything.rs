//! This room's parts of everything that is known of a customer.

use base::Result;
use customers::everything::{About, Items, RecordPart, RecordParts};
use futures::future::BoxFuture;
use platform::{Scope, Tx};
use serde_json::json;

use super::profiles::{Figures, TransactionBody};
use crate::store::{ledger, profiles, runs};

/// How many lines are read at once.
const LINES: u32 = 1_000;

/// Adds this room's parts.
#[must_use]
pub fn with_record_parts(parts: RecordParts) -> RecordParts {
    parts.with(Transactions).with(Profile)
}

/// The customer's lines of the ledger.
struct Transactions;

impl RecordPart for Transactions {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["transactions"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let (customer, currency) = (about.customer.uuid(), about.firm.currency);
            let mut items = Items::default();
            let mut before = None;
            loop {
                let some = ledger::of_customer(tx, &Scope::of_system(), customer, before, LINES).await?;
                before = some.last().map(|line| (line.line.at.as_microsecond(), line.seq));
                let ended = some.len() < LINES as usize;
                for line in some {
                    items.push(&TransactionBody::of(line, currency))?;
                }
                if ended {
                    return Ok(items.finish());
                }
            }
        })
    }
}

/// What the customer is worth by the published run.
struct Profile;

impl RecordPart for Profile {
    fn name(&self) -> &'static str {
        "value_profile"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["value_profiles"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            // The table is made by the first run.
            if let Some(run) = runs::published(tx).await? {
                for customer in &about.as_one {
                    let found = profiles::find(tx, &Scope::of_system(), *customer).await?;
                    if let Some((_, profile)) = found {
                        let figures = Figures::of(profile.figures, run.currency);
                        items.push(&json!({ "customer": customer, "run": run.id, "as_of": run.as_of, "figures": figures,
                            "detail": profile.detail, "previous": profile.previous }))?;
                    }
                }
            }
            Ok(items.finish())
        })
    }
}
