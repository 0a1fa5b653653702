//! The record's groups in memory, never older than the database is for who asks. A customer's record may change at
//! any moment and on any server: before groups are used the changes since they were read are asked for
//! (`customers::store::group_changes`), which are hardly ever any, and those customers are read anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::Result;
use customers::store::{Group, Grouping, group_changes, groupings, groupings_of, next_group_change};
use futures::StreamExt as _;
use platform::db::Db;
use platform::{Scope, Tx};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use super::profiles::blocking;
use crate::group_columns::{GroupColumns, Members};
use crate::model::RunId;
use crate::profile_columns::ProfileColumns;
use crate::store;

/// Where more than this part of the customers changed, everybody is read anew.
const CHANGED_PART: usize = 50;

/// The groups of the customers of one run.
#[derive(Debug)]
pub(crate) struct Groups {
    run: RunId,
    columns: Arc<ProfileColumns>,
    held: Mutex<Arc<Held>>,
    /// The turn of bringing them up to date.
    turn: AsyncMutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    groups: GroupColumns,
    /// The first change that they may lack.
    next: i64,
    /// Of the changes from there on, those that they have.
    applied: HashMap<Uuid, i64>,
}

/// What is newer in the database.
enum Lacking {
    Nothing,
    /// These customers, each with the change.
    These(Vec<(Uuid, i64)>),
    /// So many that everybody is read anew.
    Much,
}

impl Groups {
    /// Reads them, of the customers of a run.
    pub(crate) async fn read(tx: &mut Tx, run: RunId, columns: Arc<ProfileColumns>) -> Result<Self> {
        Ok(Self {
            run,
            held: Mutex::new(Arc::new(Held::read(tx, &columns).await?)),
            columns,
            turn: AsyncMutex::default(),
        })
    }

    /// Whose customers they are of.
    pub(crate) fn run(&self) -> RunId {
        self.run
    }

    /// Whether they are as the database is for this transaction, or newer.
    pub(crate) async fn are_current(&self, tx: &mut Tx) -> Result<bool> {
        Ok(matches!(self.lacking(tx).await?, Lacking::Nothing))
    }

    /// Reads what they lack; one at a time and from what is committed by then, so that they only get newer.
    pub(crate) async fn bring_up_to_date(self: Arc<Self>, db: Db) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = db.read().await?;
        let newer = match self.lacking(&mut tx).await? {
            Lacking::Nothing => return Ok(()),
            Lacking::These(changes) => {
                let next = next_group_change(&mut tx).await?;
                let customers: Vec<Uuid> = changes.iter().map(|(customer, _)| *customer).collect();
                let read = groupings_of(&mut tx, &customers).await?;
                let (held, columns) = (self.held(), Arc::clone(&self.columns));
                blocking(move || held.with(&columns, read, changes, next)).await?
            }
            Lacking::Much => Held::read(&mut tx, &self.columns).await?,
        };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(newer);
        Ok(())
    }

    /// Lets the caller read with those of a group whom the scope shows.
    pub(crate) fn members<T>(&self, scope: &Scope, group: &Group, read: impl FnOnce(&Members<'_>) -> T) -> T {
        read(&self.held().groups.members(scope, group))
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn lacking(&self, tx: &mut Tx) -> Result<Lacking> {
        // With the next run's publication the changes until then were forgotten.
        if store::runs::published_id(tx).await? != Some(self.run) {
            return Ok(Lacking::Much);
        }
        let held = self.held();
        let most = changes_max(&self.columns);
        let asked_for =
            u32::try_from(held.applied.len()).map_or(u32::MAX, |known| known.saturating_add(most + 1));
        let mut changes = group_changes(tx, held.next, asked_for).await?;
        changes.retain(|(customer, change)| held.applied.get(customer) != Some(change));
        Ok(if changes.is_empty() {
            Lacking::Nothing
        } else if changes.len() > most as usize {
            Lacking::Much
        } else {
            Lacking::These(changes)
        })
    }
}

/// More changes than these are read with everybody.
fn changes_max(columns: &ProfileColumns) -> u32 {
    u32::try_from(columns.len() / CHANGED_PART).unwrap_or(u32::MAX - 1)
}

impl Held {
    async fn read(tx: &mut Tx, columns: &ProfileColumns) -> Result<Self> {
        tx.allow_minutes(1).await?;
        let next = next_group_change(tx).await?;
        // All of them, or while an older transaction goes on they would be read again and again.
        let applied = group_changes(tx, next, u32::MAX).await?;
        let mut groups = GroupColumns::new(columns.len());
        let mut everybody = groupings(tx)?;
        while let Some(one) = everybody.next().await {
            let (customer, grouping) = one?;
            if let Some(row) = columns.row_of(customer) {
                groups.set(row, grouping);
            }
        }
        Ok(Self {
            groups,
            next,
            applied: applied.into_iter().collect(),
        })
    }

    /// The same with some customers as they are now.
    fn with(
        &self,
        columns: &ProfileColumns,
        read: Vec<(Uuid, Grouping)>,
        changes: Vec<(Uuid, i64)>,
        next: i64,
    ) -> Self {
        let mut newer = self.clone();
        for (customer, grouping) in read {
            // Who came after the run is in none of its lists.
            if let Some(row) = columns.row_of(customer) {
                newer.groups.set(row, grouping);
            }
        }
        newer.applied.extend(changes);
        newer.applied.retain(|_, change| *change >= next);
        newer.next = next;
        newer
    }
}
