//! This room's parts of a customer's page.

use base::{Page, PageSize, Result};
use customers::overview::{Asked, OverviewPart, Parts};
use platform::{Permission, Tx};
use serde::Serialize;

use super::profiles::{Before, Figures, RunOfFigures, TransactionBody};
use crate::app::ValueRoom;
use crate::app::profiles;
use crate::explain::{self, Reason};
use crate::store::ledger;

/// How many transactions a page shows.
const TRANSACTIONS: u32 = 5;

/// Adds this room's parts, made from the room that `room` finds.
#[must_use]
pub fn with_parts<R: 'static>(parts: Parts<R>, room: fn(&R) -> &ValueRoom) -> Parts<R> {
    parts
        .with(move |rooms| ValuePart(room(rooms).clone()))
        .with(|_| TransactionsPart)
}

/// What a customer is worth, and why this class and this risk.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OverviewValue {
    /// The published run; none where value has never been computed.
    run: Option<RunOfFigures>,
    /// The figures; none where the run says nothing of the customer.
    profile: Option<Figures>,
    /// Why this class, why this risk.
    reasons: Vec<Reason>,
    /// What the run before said.
    comparison: Option<Before>,
}

struct ValuePart(ValueRoom);

impl OverviewPart for ValuePart {
    type Body = OverviewValue;
    const NAME: &'static str = "value";
    const PERMISSION: Permission = Permission::ValueRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewValue> {
        let found = profiles::published(&self.0, tx, asked.caller.scope(), asked.about.id.uuid()).await?;
        let run = found.as_ref().map(|(run, _)| RunOfFigures::from(&**run));
        let Some((published, Some(profile))) = found else {
            return Ok(OverviewValue {
                run,
                profile: None,
                reasons: Vec::new(),
                comparison: None,
            });
        };
        let currency = published.run.currency;
        Ok(OverviewValue {
            run,
            reasons: explain::reasons(&profile, &published.facts),
            comparison: profile
                .previous
                .as_ref()
                .map(|previous| Before::of(previous, currency)),
            profile: Some(Figures::of(profile.figures, currency)),
        })
    }
}

/// What a customer bought last.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OverviewTransactions {
    /// As the list of transactions begins, at most 5.
    items: Vec<TransactionBody>,
    /// Where the list goes on.
    next_cursor: Option<String>,
}

struct TransactionsPart;

impl OverviewPart for TransactionsPart {
    type Body = OverviewTransactions;
    const NAME: &'static str = "transactions";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewTransactions> {
        let customer = asked.about.id.uuid();
        let rows = ledger::of_customer(tx, asked.caller.scope(), customer, None, TRANSACTIONS + 1).await?;
        let page = Page::cut(rows, PageSize::new(Some(TRANSACTIONS))?, |row| {
            (row.line.at.as_microsecond(), row.seq)
        })?;
        let currency = asked.about.firm.currency;
        let Page { items, next_cursor } = page.map(|line| TransactionBody::of(line, currency));
        Ok(OverviewTransactions { items, next_cursor })
    }
}
