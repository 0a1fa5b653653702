//! The list of profiles as a file: whom it is about, and every figure of the published run.

use base::{Currency, Money, Result};
use customers::CustomerSummary;
use futures::future::BoxFuture;
use platform::exports::{ExportCell, ExportColumn, ExportColumnKind, ExportFilter, ExportKind, ExportList};
use platform::{Caller, Permission, Platform};

use crate::app::ValueRoom;
use crate::app::profiles::{self, ListRequest};
use crate::profile::ProfileFigures;

/// The export of profiles, sorted and filtered as the list is; made from the figures that the room holds for its lists.
#[derive(Clone)]
pub struct ValueExport(ValueRoom);

impl ValueExport {
    /// The export over this room.
    pub fn over(room: ValueRoom) -> Self {
        Self(room)
    }
}

const fn column(name: &'static str, kind: ExportColumnKind) -> ExportColumn {
    ExportColumn { name, kind }
}

const COLUMNS: &[ExportColumn] = &[
    column("external_id", ExportColumnKind::Text),
    column("name", ExportColumnKind::Text),
    column("kind", ExportColumnKind::Text),
    column("brand", ExportColumnKind::Text),
    column("region", ExportColumnKind::Text),
    column("as_of", ExportColumnKind::Day),
    column("currency", ExportColumnKind::Text),
    column("class", ExportColumnKind::Text),
    column("loyalty", ExportColumnKind::Text),
    column("bucket", ExportColumnKind::Text),
    column("value", ExportColumnKind::Amount),
    column("clv_12m", ExportColumnKind::Amount),
    column("clv_36m", ExportColumnKind::Amount),
    column("referral_value", ExportColumnKind::Amount),
    column("value_at_risk", ExportColumnKind::Amount),
    column("contribution", ExportColumnKind::Amount),
    column("revenue", ExportColumnKind::Amount),
    column("monetary", ExportColumnKind::Amount),
    column("expected_ticket", ExportColumnKind::Amount),
    column("stability", ExportColumnKind::Real),
    column("p_alive", ExportColumnKind::Real),
    column("expected_purchases_30d", ExportColumnKind::Real),
    column("expected_purchases_90d", ExportColumnKind::Real),
    column("expected_purchases_365d", ExportColumnKind::Real),
    column("x", ExportColumnKind::Whole),
    column("first_purchase", ExportColumnKind::Day),
    column("last_purchase", ExportColumnKind::Day),
    column("recency_score", ExportColumnKind::Whole),
    column("frequency_score", ExportColumnKind::Whole),
    column("monetary_score", ExportColumnKind::Whole),
];

impl ExportKind for ValueExport {
    fn name(&self) -> &'static str {
        "value"
    }

    fn columns(&self) -> &'static [ExportColumn] {
        COLUMNS
    }

    fn open(&self, _: &Platform, caller: &Caller, filter: &ExportFilter) -> Result<Box<dyn ExportList>> {
        caller.require(Permission::ValueRead)?;
        caller.require(Permission::CustomersRead)?;
        let parameters = filter.iter().map(|(name, value)| (name.clone(), value.clone()));
        let mut request = crate::api::list_request(parameters.collect())?;
        request.size = base::PageSize::new(Some(base::PageSize::MAX))?;
        Ok(Box::new(Profiles {
            room: self.0.clone(),
            caller: caller.clone(),
            request,
            ended: false,
        }))
    }
}

struct Profiles {
    room: ValueRoom,
    caller: Caller,
    request: ListRequest,
    ended: bool,
}

impl ExportList for Profiles {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Vec<ExportCell>>>> {
        Box::pin(async move {
            // A page may have lost its rows to a change of who sees them, and the list goes on.
            while !self.ended {
                let list = profiles::list(&self.room, &self.caller, self.request.clone()).await?;
                self.request.cursor = list.page.next_cursor;
                self.ended = self.request.cursor.is_none();
                let run = &list.run.run;
                let cells = |(customer, figures)| cells(customer, figures, run.currency, run.as_of);
                if !list.page.items.is_empty() {
                    return Ok(list.page.items.into_iter().map(cells).collect());
                }
            }
            Ok(Vec::new())
        })
    }
}

fn cells(
    customer: CustomerSummary,
    figures: ProfileFigures,
    currency: Currency,
    as_of: base::Day,
) -> Vec<ExportCell> {
    let money = |minor| ExportCell::Amount(Money::new(minor, currency));
    let score = |score: u8| ExportCell::Whole(score.into());
    vec![
        ExportCell::Text(customer.external_id),
        customer.name.into(),
        ExportCell::Text(customer.kind.name().to_owned()),
        customer.brand.into(),
        customer.region.into(),
        ExportCell::Day(as_of),
        ExportCell::Text(currency.code().to_owned()),
        ExportCell::Text(figures.class),
        ExportCell::Text(figures.loyalty),
        ExportCell::Text(figures.bucket),
        money(figures.value_minor),
        money(figures.clv_12m_minor),
        money(figures.clv_36m_minor),
        money(figures.referral_value_minor),
        money(figures.value_at_risk_minor),
        money(figures.contribution_minor),
        money(figures.revenue_minor),
        money(figures.monetary_minor),
        money(figures.expected_ticket_minor),
        figures.stability.into(),
        figures.p_alive.into(),
        figures.expected_purchases_30d.into(),
        figures.expected_purchases_90d.into(),
        figures.expected_purchases_365d.into(),
        ExportCell::Whole(figures.x),
        ExportCell::Day(figures.first_purchase),
        ExportCell::Day(figures.last_purchase),
        score(figures.recency_score),
        score(figures.frequency_score),
        score(figures.monetary_score),
    ]
}
