//! Loading a page. Needs `customers.read`; each part says what it needs besides.
//!
//! A few transactions take one part after the other from a common queue: side by side, and yet a page never holds
//! more than three connections. A slow part keeps one of them until the deadline, the rest goes on in the others; a
//! failed one ends its transaction, and the next part begins another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Error, Result};
use platform::{Caller, Permission, Platform, Tx, firm};
use tokio::time::{Instant, timeout_at};

use super::model::{OverviewPage, PartShown, PartState, milliseconds};
use super::part::{Asked, Load, Parts, Subject};
use crate::model::CustomerId;
use crate::panels::{PanelRoom, Questions};
use crate::store;

const NO_CUSTOMER: Error = Error::NotFound { what: "customer" };

/// Nobody waits longer for a page, whatever is slow.
pub const DEADLINE: Duration = Duration::from_millis(2_000);

/// A customer's page, as this program puts it together. Cheap to clone.
#[derive(Clone)]
pub struct Overview {
    platform: Platform,
    parts: Arc<[Arc<dyn Load>]>,
    panels: PanelRoom,
    deadline: Duration,
}

impl Overview {
    /// Puts a page together from the parts of these rooms and the panels.
    pub fn new<R>(platform: Platform, parts: &Parts<R>, rooms: &R, panels: PanelRoom) -> Self {
        Self {
            platform,
            parts: parts.over(rooms).into(),
            panels,
            deadline: DEADLINE,
        }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The page of a customer in the caller's scope. Only where nothing can be said at all is this an error:
    /// `overview_late`, not found, and what is wrong with the database.
    pub async fn of(&self, caller: &Caller, customer: CustomerId) -> Result<OverviewPage> {
        caller.require(Permission::CustomersRead)?;
        let begun = Instant::now();
        let until = begun + self.deadline;
        let late = || Error::Unavailable {
            code: "overview_late",
            message: "the database has not said in time whether there is such a customer".to_owned(),
        };
        let (tx, asked, questions) = timeout_at(until, self.begin(caller, customer))
            .await
            .map_err(|_| late())??;
        let (parts, panels) = tokio::join!(self.load(tx, &asked, until), self.panels.show(&questions, until));
        Ok(OverviewPage {
            id: customer,
            took_ms: milliseconds(begun.elapsed()),
            parts,
            panels,
        })
    }

    /// Whose page it is and what its panels ask; the transaction goes on to load parts.
    async fn begin(&self, caller: &Caller, customer: CustomerId) -> Result<(Tx, Asked, Questions)> {
        let mut tx = self.platform.db.read_within(self.deadline).await?;
        let about = subject(&self.platform, &mut tx, caller, customer).await?;
        let about = about.ok_or(NO_CUSTOMER)?;
        let questions = Questions::load(&self.platform, &mut tx, caller, &about).await?;
        let asked = Asked {
            platform: self.platform.clone(),
            caller: caller.clone(),
            about,
        };
        Ok((tx, asked, questions))
    }

    async fn load(&self, tx: Tx, asked: &Asked, until: Instant) -> BTreeMap<&'static str, PartShown> {
        let loading = Loading {
            overview: self,
            asked,
            begun: Instant::now(),
            next: AtomicUsize::new(0),
            shown: Mutex::default(),
        };
        let lanes = async { tokio::join!(loading.lane(Some(tx)), loading.lane(None), loading.lane(None)) };
        let _late_parts_are_not_shown_yet = timeout_at(until, lanes).await;
        loading.finish()
    }
}

/// Parts on their way.
struct Loading<'a> {
    overview: &'a Overview,
    asked: &'a Asked,
    begun: Instant,
    /// The first part nobody has taken.
    next: AtomicUsize,
    shown: Mutex<BTreeMap<&'static str, PartShown>>,
}

impl Loading<'_> {
    /// Takes parts until there are none, in one transaction as long as nothing fails.
    async fn lane(&self, mut open: Option<Tx>) {
        while let Some(part) = self.overview.parts.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if !self.asked.caller.may(part.permission()) {
                self.show(
                    part.name(),
                    Instant::now(),
                    PartState::Forbidden,
                    Some("forbidden"),
                    None,
                );
                continue;
            }
            let begun = Instant::now();
            let loaded = async {
                let mut tx = match open.take() {
                    Some(tx) => tx,
                    None => self.open().await?,
                };
                let body = part.load(&mut tx, self.asked).await?;
                open = Some(tx);
                Ok::<_, Error>(body)
            };
            match loaded.await {
                Ok(body) => self.show(part.name(), begun, PartState::Ok, None, Some(body)),
                Err(e) => {
                    tracing::warn!(error = %e, part = part.name(), "a part of a customer's page failed");
                    let (state, code) = (state_of(&e), e.code());
                    self.show(part.name(), begun, state, Some(code), None);
                }
            }
        }
    }

    /// Another transaction. What its parts see is another moment than that of the first one: whether the customer
    /// is in the caller's scope is asked anew.
    async fn open(&self) -> Result<Tx> {
        let (db, scope) = (&self.overview.platform.db, self.asked.caller.scope());
        let mut tx = db.read_within(self.overview.deadline).await?;
        if !scope.is_whole_firm() && !store::is_there(&mut tx, scope, self.asked.about.id).await? {
            return Err(NO_CUSTOMER);
        }
        Ok(tx)
    }

    fn show(
        &self,
        name: &'static str,
        begun: Instant,
        state: PartState,
        code: Option<&'static str>,
        body: Option<serde_json::Value>,
    ) {
        let part = PartShown {
            state,
            code,
            took_ms: milliseconds(begun.elapsed()),
            body,
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(name, part);
    }

    /// Every part: what has not come is late.
    fn finish(self) -> BTreeMap<&'static str, PartShown> {
        let took_ms = milliseconds(self.begun.elapsed());
        let mut shown = self.shown.into_inner().unwrap_or_else(PoisonError::into_inner);
        for part in self.overview.parts.iter() {
            shown.entry(part.name()).or_insert(PartShown {
                state: PartState::Late,
                code: Some("part_late"),
                took_ms,
                body: None,
            });
        }
        shown
    }
}

fn state_of(e: &Error) -> PartState {
    match e {
        Error::Forbidden { .. } => PartState::Forbidden,
        Error::Unavailable {
            code: "database_timeout" | "database_busy",
            ..
        } => PartState::Late,
        _ => PartState::Failed,
    }
}

/// Whose page it is, if there is such a customer in the caller's scope.
pub(crate) async fn subject(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    id: CustomerId,
) -> Result<Option<Subject>> {
    let Some((id, external_id, kind)) = store::overview::customer(tx, caller.scope(), id).await? else {
        return Ok(None);
    };
    Ok(Some(Subject {
        id,
        external_id,
        kind,
        firm: firm::load(tx).await?,
        now: platform.clock.now(),
    }))
}
