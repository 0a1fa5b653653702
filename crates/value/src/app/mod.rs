//! The use cases of this room: who may, what it takes, what it changes, and the event that says so.

pub mod compare;
pub mod exposure;
mod groups;
pub mod ledger;
pub mod perform;
pub mod profiles;
pub mod runs;
pub mod settings;

use std::sync::{Arc, Mutex, PoisonError};

use base::{Error, Result};
use futures::StreamExt as _;
use platform::Platform;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use self::groups::Groups;
use crate::explain::{ContractRun, RunFacts};
use crate::model::{Run, RunId};
use crate::profile_columns::ProfileColumns;
use crate::store;

/// This room in a running program. Cheap to clone.
#[derive(Clone)]
pub struct ValueRoom {
    /// Database, clock, jobs.
    pub platform: Platform,
    /// What pages need of the published run, read once per run.
    published: Arc<Mutex<Option<Arc<PublishedRun>>>>,
    /// The figures of the run that lists were last made from.
    columns: Arc<Mutex<Option<ColumnsOfRun>>>,
    /// The turn of reading them from the database.
    loading: Arc<AsyncMutex<()>>,
    /// What the record says of the customers of that run.
    groups: Arc<Mutex<Option<Arc<Groups>>>>,
    /// Turns of comparing runs.
    comparing: Arc<Semaphore>,
}

/// The figures of a run.
type ColumnsOfRun = (RunId, Arc<ProfileColumns>);

/// The published run with what explanations need of its report.
#[derive(Debug)]
pub struct PublishedRun {
    /// The run.
    pub run: Run,
    /// Of its report.
    pub facts: RunFacts,
}

impl ValueRoom {
    /// Opens the room.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            published: Arc::default(),
            columns: Arc::default(),
            loading: Arc::default(),
            groups: Arc::default(),
            comparing: Arc::new(Semaphore::new(compare::AT_ONCE_MAX)),
        }
    }

    /// The published run if it is `id`, from memory where possible.
    pub(crate) async fn published_run(&self, tx: &mut platform::Tx, id: RunId) -> Result<Arc<PublishedRun>> {
        if let Some(known) = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            && known.run.id == id
        {
            return Ok(Arc::clone(known));
        }
        let missing = || Error::internal(format!("run {id} is published but not there"));
        let run = store::runs::find(tx, id).await?.ok_or_else(missing)?;
        let report = store::runs::report(tx, id).await?.ok_or_else(missing)?;
        let known = Arc::new(PublishedRun {
            facts: facts_of(&report),
            run,
        });
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    /// The published run and its figures, with a transaction to read on in. Errors: `no_run`;
    /// `columns_missing`.
    pub(crate) async fn published_columns(&self) -> Result<(platform::Tx, Run, Arc<ProfileColumns>)> {
        let mut tx = self.platform.db.read().await?;
        let run = store::runs::published(&mut tx).await?.ok_or_else(no_run)?;
        if let Some(columns) = self.columns_in_memory(run.id) {
            return Ok((tx, run, columns));
        }
        // Whoever waits keeps no connection from others, and a load goes on when its request does not.
        drop(tx);
        let room = self.clone();
        let (run, columns) = tokio::spawn(async move { room.load_columns().await })
            .await
            .map_err(Error::internal)??;
        Ok((self.platform.db.read().await?, run, columns))
    }

    /// The published run and its figures, for rooms that decide by them; none before the first run, and of a run
    /// whose figures cannot be held as columns.
    pub async fn published_figures(&self) -> Result<Option<(Run, Arc<ProfileColumns>)>> {
        match self.published_columns().await {
            Ok((_, run, columns)) => Ok(Some((run, columns))),
            Err(e) if matches!(e.code(), "no_run" | "columns_missing") => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The same where they are in memory already; none otherwise. Waits for nothing.
    pub async fn figures_at_hand(&self, tx: &mut platform::Tx) -> Result<Option<(Run, Arc<ProfileColumns>)>> {
        let held = self
            .columns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some((id, columns)) = held else {
            return Ok(None);
        };
        let run = store::runs::published(tx).await?.filter(|run| run.id == id);
        Ok(run.map(|run| (run, columns)))
    }

    fn columns_in_memory(&self, run: RunId) -> Option<Arc<ProfileColumns>> {
        let held = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|(of, _)| *of == run)
            .map(|(_, columns)| Arc::clone(columns))
    }

    /// The first who asks after a publication reads the figures from the database, the others wait for it.
    async fn load_columns(&self) -> Result<(Run, Arc<ProfileColumns>)> {
        let _turn = self.loading.lock().await;
        let mut tx = self.platform.db.read().await?;
        let run = store::runs::published(&mut tx).await?.ok_or_else(no_run)?;
        if let Some(columns) = self.columns_in_memory(run.id) {
            return Ok((run, columns));
        }
        let customers = run.customers.unwrap_or_default();
        let mut columns = ProfileColumns::with_capacity(usize::try_from(customers).unwrap_or_default());
        tx.allow_minutes(1).await?;
        let mut steps = store::profiles::columns(&mut tx, run.id)?;
        while let Some(step) = steps.next().await {
            columns.append(&step?.0)?;
        }
        if columns.is_empty() && customers > 0 {
            return Err(Error::conflict(
                "columns_missing",
                "the published run is of a version of Patron that made lists otherwise: start a run",
            ));
        }
        if columns.len() as u64 != customers {
            return Err(Error::internal(format!(
                "run {} has {customers} customers and columns of {}",
                run.id,
                columns.len()
            )));
        }
        let columns = Arc::new(columns);
        *self.columns.lock().unwrap_or_else(PoisonError::into_inner) = Some((run.id, Arc::clone(&columns)));
        Ok((run, columns))
    }

    /// What the record says of the customers of a run, as it is for this transaction or newer, with a transaction to
    /// read on in.
    pub(crate) async fn groups(
        &self,
        mut tx: platform::Tx,
        run: RunId,
        columns: &Arc<ProfileColumns>,
    ) -> Result<(platform::Tx, Arc<Groups>)> {
        let known = self.groups_in_memory(run);
        if let Some(groups) = &known
            && groups.are_current(&mut tx).await?
        {
            return Ok((tx, Arc::clone(groups)));
        }
        // Whoever waits keeps no connection from others.
        drop(tx);
        let (room, columns) = (self.clone(), Arc::clone(columns));
        let groups = tokio::spawn(async move {
            let Some(groups) = known else {
                return room.load_groups(run, columns).await;
            };
            Arc::clone(&groups).bring_up_to_date(room.platform.db).await?;
            Ok(groups)
        })
        .await
        .map_err(Error::internal)??;
        Ok((self.platform.db.read().await?, groups))
    }

    fn groups_in_memory(&self, run: RunId) -> Option<Arc<Groups>> {
        let held = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|groups| groups.run() == run).map(Arc::clone)
    }

    async fn load_groups(&self, run: RunId, columns: Arc<ProfileColumns>) -> Result<Arc<Groups>> {
        let _turn = self.loading.lock().await;
        let mut tx = self.platform.db.read().await?;
        if let Some(groups) = self.groups_in_memory(run)
            && groups.are_current(&mut tx).await?
        {
            return Ok(groups);
        }
        let groups = Arc::new(Groups::read(&mut tx, run, columns).await?);
        // A request that began before a publication does not put the newer run's away.
        if store::runs::published_id(&mut tx).await? != Some(run) {
            return Ok(groups);
        }
        *self.groups.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&groups));
        Ok(groups)
    }
}

/// The error for questions about the published run where there is none.
fn no_run() -> Error {
    Error::conflict(
        "no_run",
        "no value has been computed yet: no value run is published",
    )
}

fn facts_of(report: &serde_json::Value) -> RunFacts {
    let chosen = report["model"]["chosen"].as_str().unwrap_or_default().to_owned();
    let params = |model: &str| {
        report["models"][model]["params"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    RunFacts {
        model_parameters: params(&chosen),
        contract: ContractRun::of_report(report),
        spend_parameters: params("gamma_gamma"),
        contribution_basis: report["contribution_basis"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        contribution_threshold_minor: report["class_thresholds"]["contribution_minor"].as_i64(),
        stability_threshold: report["class_thresholds"]["stability"].as_f64(),
        yearly_discount_rate: report["settings"]["yearly_discount_rate"]
            .as_f64()
            .unwrap_or_default(),
        referral_share: report["settings"]["referral_share"].as_f64().unwrap_or_default(),
        stability_weights: report["settings"]["stability_weights"].clone(),
        holdout_mae: report["validation"]["mae"].as_f64(),
        model: chosen,
    }
}
