//! The list of customers as a file, in columns that its import reads again.

use base::{Error, PageSize, Result};
use futures::future::BoxFuture;
use platform::exports::{ExportCell, ExportColumn, ExportColumnKind, ExportFilter, ExportKind, ExportList};
use platform::{Caller, Permission, Platform};

use crate::app;
use crate::model::CustomerRow;

/// The export of customers: all of them by external id, or those that a search finds.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomersExport;

const fn text(name: &'static str) -> ExportColumn {
    ExportColumn {
        name,
        kind: ExportColumnKind::Text,
    }
}

const COLUMNS: &[ExportColumn] = &[
    text("external_id"),
    text("name"),
    text("kind"),
    text("brand"),
    text("region"),
    text("segment"),
    ExportColumn {
        name: "since",
        kind: ExportColumnKind::Day,
    },
];

impl ExportKind for CustomersExport {
    fn name(&self) -> &'static str {
        "customers"
    }

    fn columns(&self) -> &'static [ExportColumn] {
        COLUMNS
    }

    fn open(
        &self,
        platform: &Platform,
        caller: &Caller,
        filter: &ExportFilter,
    ) -> Result<Box<dyn ExportList>> {
        caller.require(Permission::CustomersRead)?;
        if let Some(unknown) = filter.keys().find(|name| *name != "q") {
            let message = format!("there is no parameter {unknown:?}");
            return Err(Error::invalid("parameter_unknown", message).at(unknown));
        }
        let search = filter.get("q").cloned();
        app::check_search(search.as_deref())?;
        Ok(Box::new(Customers {
            platform: platform.clone(),
            caller: caller.clone(),
            search,
            size: PageSize::new(Some(PageSize::MAX))?,
            next: Next::Page(None),
        }))
    }
}

struct Customers {
    platform: Platform,
    caller: Caller,
    search: Option<String>,
    size: PageSize,
    next: Next,
}

/// Where the list goes on.
enum Next {
    Page(Option<String>),
    Nowhere,
}

impl ExportList for Customers {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Vec<ExportCell>>>> {
        Box::pin(async move {
            let Next::Page(cursor) = &self.next else {
                return Ok(Vec::new());
            };
            let (search, cursor) = (self.search.as_deref(), cursor.as_deref());
            let page = app::list(&self.platform, &self.caller, search, self.size, cursor).await?;
            self.next = page
                .next_cursor
                .map_or(Next::Nowhere, |cursor| Next::Page(Some(cursor)));
            Ok(page
                .items
                .into_iter()
                .map(|found| cells(found.customer))
                .collect())
        })
    }
}

fn cells(customer: CustomerRow) -> Vec<ExportCell> {
    // A list shows the external id where no name is known; imported again, it would become the name.
    let name = Some(customer.name).filter(|name| *name != customer.external_id);
    vec![
        ExportCell::Text(customer.external_id),
        name.into(),
        ExportCell::Text(customer.kind.name().to_owned()),
        customer.brand.into(),
        customer.region.into(),
        customer.segment.into(),
        customer.since.into(),
    ]
}
