//! The whole base in memory: what the record says of everybody, what months brought, and the published figures. Read
//! once for a job; about 300 bytes a customer and 32 for each month in which it bought.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Day, Result};
use customers::store::{Basics, basics_of_everybody, merged};
use futures::StreamExt as _;
use platform::firm;
use platform::jobs::JobRun;
use uuid::Uuid;
use value::app::runs::columns_folder;
use value::facts::{self, MonthOfCustomer};
use value::model::Run;
use value::profile_columns::ProfileColumns;
use value::{columns, store::ledger};

use super::known::{self, Wanted, is_for, month_facts};
use super::{TiersRoom, blocking};
use crate::model::{Document, Facts, Grant, ProgrammeFacts};
use crate::rules;

/// Stands for the row of a customer of whom the run says nothing.
const NO_ROW: u32 = u32::MAX;

pub(crate) struct Everybody {
    pub(crate) today: Day,
    /// By id.
    pub(crate) customers: Vec<Basics>,
    /// Where each one's months begin, and where the last one's end.
    starts: Vec<usize>,
    months: Vec<MonthOfCustomer>,
    run: Option<(Run, Arc<ProfileColumns>)>,
    rows: Vec<u32>,
    /// The last ledger line that is counted.
    pub(crate) watermark: i64,
}

impl Everybody {
    /// Reads everything; the columnar copy is brought up to date first.
    pub(crate) async fn read(room: &TiersRoom, job: &JobRun) -> Result<Self> {
        let db = &room.platform.db;
        let folder = columns_folder(&room.platform);
        let copy = columns::bring_up_to_date(db, &folder, |done, total| {
            job.progress("copying", done, Some(total));
            job.check()
        })
        .await?;
        job.progress("reading", 0, None);
        let run = room.value.published_figures().await?;
        let mut tx = db.read().await?;
        tx.allow_minutes(30).await?;
        let zone = firm::load(&mut tx).await?.time_zone()?;
        let today = room.today(&mut tx).await?;
        let files = ledger::files(&mut tx).await?;
        let mut counted_as = HashMap::new();
        let mut pairs = merged(&mut tx)?;
        while let Some(pair) = pairs.next().await {
            let (customer, survivor) = pair?;
            counted_as.insert(customer, survivor);
        }
        drop(pairs);
        let counting = tokio::task::spawn_blocking(move || {
            facts::of_everybody(&folder, &files, &counted_as, &zone, &known::months(today))
        });
        let mut customers = Vec::new();
        let mut rows = basics_of_everybody(&mut tx)?;
        while let Some(customer) = rows.next().await {
            customers.push(customer?);
        }
        drop(rows);
        drop(tx);
        let months = counting.await.map_err(base::Error::internal)??;
        job.check()?;
        blocking(move || {
            Ok(Self {
                watermark: copy.watermark,
                ..Self::put_together(today, customers, months, run)
            })
        })
        .await
    }

    fn put_together(
        today: Day,
        customers: Vec<Basics>,
        months: Vec<MonthOfCustomer>,
        run: Option<(Run, Arc<ProfileColumns>)>,
    ) -> Self {
        let mut starts = Vec::with_capacity(customers.len() + 1);
        let mut at = 0;
        for customer in &customers {
            while months.get(at).is_some_and(|month| month.customer < customer.id) {
                at += 1;
            }
            starts.push(at);
            while months.get(at).is_some_and(|month| month.customer == customer.id) {
                at += 1;
            }
        }
        let rows = match &run {
            None => vec![NO_ROW; customers.len()],
            Some((_, columns)) => {
                let count = u32::try_from(columns.len()).unwrap_or(NO_ROW);
                let mut row = 0;
                let row_of = |customer: &Basics| {
                    while row < count && columns.customer(row) < customer.id {
                        row += 1;
                    }
                    if row < count && columns.customer(row) == customer.id {
                        row
                    } else {
                        NO_ROW
                    }
                };
                customers.iter().map(row_of).collect()
            }
        };
        Self {
            today,
            customers,
            starts,
            months,
            run,
            rows,
            watermark: 0,
        }
    }

    /// The value run that the figures are of.
    pub(crate) fn run_id(&self) -> Option<Uuid> {
        self.run.as_ref().map(|(run, _)| run.id.uuid())
    }

    pub(crate) fn months_of(&self, n: usize) -> &[MonthOfCustomer] {
        let rest = &self.months[self.starts[n]..];
        let id = self.customers[n].id;
        let end = rest.iter().take_while(|month| month.customer == id).count();
        &rest[..end]
    }

    /// What is expected of a customer within three years, minor units.
    pub(crate) fn clv_minor(&self, n: usize) -> i64 {
        let Some((_, columns)) = &self.run else { return 0 };
        match self.rows[n] {
            NO_ROW => 0,
            row => columns.key(value::profile::Figure::Clv36m, row),
        }
    }

    /// What a customer brought in twelve complete months and the one under way, minor units.
    pub(crate) fn revenue_minor(&self, n: usize) -> i64 {
        let from = base::Month(self.today.month().0 - 12);
        let months = self.months_of(n).iter().filter(|month| month.month >= from);
        months.map(|month| month.spend_minor).sum()
    }

    /// What is known of a customer for a programme.
    pub(crate) fn facts(&self, n: usize, asked: &Asked<'_>, organisation_level: Option<String>) -> Facts {
        let customer = &self.customers[n];
        let mut facts = Facts {
            included: is_for(asked.programme, customer),
            since: customer.since,
            organisation_level,
            ..Facts::default()
        };
        if let Some(grants) = asked.grants.get(&customer.id) {
            (facts.given, facts.nominated) = rules::given_fact(grants, asked.document, self.today);
        }
        if !facts.included {
            return facts;
        }
        facts.months = month_facts(self.months_of(n));
        if let Some((run, columns)) = &self.run
            && self.rows[n] != NO_ROW
        {
            facts.run = Some(run.id.uuid());
            asked.wanted.figures(&mut facts, columns, self.rows[n]);
        }
        facts
    }
}

/// What is asked of everybody.
pub(crate) struct Asked<'a> {
    pub(crate) programme: &'a ProgrammeFacts,
    /// Whose levels may be given by hand.
    pub(crate) document: &'a Document,
    pub(crate) wanted: &'a Wanted,
    pub(crate) grants: &'a HashMap<Uuid, Vec<Grant>>,
}
