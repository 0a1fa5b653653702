//! The two jobs of an import. A dry run reads the file, checks every row and asks the kind what storing
//! would do. An import first does the reading part of that, so that a file above the reject limit changes
//! nothing; then it stores batch by batch, each in one transaction with the checkpoint. Killed at any
//! moment, it goes on after the last batch that was stored.

use std::sync::Arc;
use std::time::Duration;

use base::{Error, Money, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::CellFacts;
use super::identity::Repeated;
use super::kind::{FORGOTTEN, ImportContext, ImportKind, Repeats, Seen, Stored};
use super::model::{ImportReport, ImportWarning, JobInput, REJECTS_KEPT_MAX, REJECTS_SHOWN};
use super::read::{Batch, Batches, Checked, Source};
use super::store::{self, RejectedRow};
use super::{Imports, files, read, rules};
use crate::clock::Clock;
use crate::db::Tx;
use crate::events::{self, Event};
use crate::firm::{self, Firm};
use crate::jobs::JobRun;

/// What is recorded of every batch of rows that was stored, of whatever kind.
pub const ROWS_STORED: &str = "import.rows_stored";
/// How often a batch is tried when the database is busy, before the job itself is put off.
const TRIES_MAX: u32 = 5;

/// How far an import is; written with every batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Checkpoint {
    /// Rows of the file that are dealt with.
    rows_done: u64,
    /// Rejects kept so far.
    rejects_kept: usize,
    /// The report as it stands.
    report: ImportReport,
    /// Everything is done.
    finished: bool,
}

/// What both jobs need.
struct Work {
    source: Source,
    context: ImportContext,
    input: JobInput,
    limit_percent: f64,
    file: String,
    run: JobRun,
}

impl Work {
    async fn prepare(imports: &Imports, run: JobRun) -> Result<Self> {
        let input: JobInput = run.input()?;
        let mut tx = run.platform().db.read().await?;
        let found = store::get(&mut tx, input.import)
            .await?
            .ok_or(Error::NotFound { what: "import" })?;
        let firm = firm::load(&mut tx).await?;
        drop(tx);
        let file = found
            .file
            .ok_or_else(|| Error::conflict("file_gone", "the file is gone; upload it again"))?;
        let kind = imports.kind(&found.upload.kind)?;
        firm.require_real()?;
        let firm = firm.with(input.options.currency, input.options.zone.as_deref())?;
        let columns: Vec<String> = found
            .upload
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let zone = firm.time_zone()?;
        let source = Source {
            path: files::path(run.platform(), &file),
            shape: found.upload.shape,
            places: Arc::new(rules::resolve(kind.fields(), &input.options.mapping, &columns)?),
            columns: Arc::new(columns),
            facts: CellFacts {
                zone: zone.clone(),
                minor_digits: firm.currency.minor_digits(),
            },
            kind,
        };
        let context = ImportContext {
            import: input.import,
            source: input.options.source.clone(),
            currency: firm.currency,
            zone,
            actor: run.actor(),
            clock: run.platform().clock.clone(),
            keys: run.platform().keys.clone(),
        };
        Ok(Self {
            limit_percent: rules::reject_limit(input.options.reject_limit_percent)?,
            source,
            context,
            input,
            file,
            run,
        })
    }

    fn kind(&self) -> &dyn ImportKind {
        &*self.source.kind
    }

    /// The first reading and its report, with nothing stored yet.
    async fn check(&self, dry_run: bool) -> Result<(Checked, ImportReport)> {
        self.run.progress("checking", 0, None);
        let checked = read::check(self.source.clone(), self.run.clone()).await?;
        let mut report = ImportReport {
            dry_run,
            rows: checked.rows,
            rejected: checked.rejected,
            amount: checked
                .amount_minor
                .map(|minor| Money::new(minor, self.context.currency)),
            first_at: checked.first_at,
            last_at: checked.last_at,
            rejects: checked
                .rejects
                .iter()
                .take(REJECTS_SHOWN)
                .map(|r| r.reject.clone())
                .collect(),
            ..ImportReport::default()
        };
        if checked.rejected > REJECTS_KEPT_MAX as u64 {
            report.warnings.push(warning(
                "rejects_not_all_kept",
                format!("only the first {REJECTS_KEPT_MAX} rejected rows are kept for download"),
            ));
        }
        if checked.repeated.rows > 0 {
            let rows = checked.repeated.rows;
            report.warnings.push(warning(
                "rows_repeated",
                format!("{rows} rows have an external id that an earlier row of the file has too"),
            ));
        }
        let now = self.context.clock.now();
        if report.last_at.is_some_and(|last| last > now) {
            report.warnings.push(warning(
                "times_in_the_future",
                "some rows have times that are yet to come",
            ));
        }
        Ok((checked, report))
    }

    /// Asks the kind what storing would do; adds it to the report.
    async fn preview(
        &self,
        repeated: Repeated,
        report: &mut ImportReport,
        rejects: &mut Vec<RejectedRow>,
    ) -> Result<()> {
        let mut seen = Seen::default();
        let total = report.rows;
        let mut batches = Batches::read(self.source.clone(), self.run.clone(), repeated, 0);
        while let Some(batch) = batches.next().await? {
            self.run.check()?;
            // A row whose external id came before would find what that row has stored.
            let (first, same, differing) = batch.without_repeats();
            report.unchanged += same;
            report.updated += differing;
            let mut tx = self.run.platform().db.read().await?;
            tx.allow_minutes(5).await?;
            let stored = self
                .kind()
                .preview(&mut tx, &self.context, &first.rows, &mut seen)
                .await?;
            drop(tx);
            keep(rejects, add(report, &self.source, &stored, &first));
            self.run.progress("previewing", first.rows_read, Some(total));
        }
        Ok(())
    }

    /// Puts the rejects and the report where the import shows them.
    async fn save_findings(&self, report: &ImportReport, rejects: &[RejectedRow]) -> Result<()> {
        let mut tx = self.run.platform().db.write().await?;
        self.write_findings(&mut tx, report, rejects).await?;
        tx.commit().await
    }

    async fn write_findings(
        &self,
        tx: &mut Tx,
        report: &ImportReport,
        rejects: &[RejectedRow],
    ) -> Result<()> {
        store::clear_rejects(tx, self.input.import).await?;
        store::insert_rejects(tx, self.input.import, 0, rejects).await?;
        store::save_report(tx, self.input.import, report).await
    }

    /// Everything that decides whether the file is imported, before anything is changed.
    async fn decide(&self) -> Result<(Checkpoint, Repeated)> {
        let (mut checked, report) = self.check(false).await?;
        let refuses = self.kind().repeats() == Repeats::Refused && checked.repeated.differing > 0;
        if refuses || self.kind().looks_up(&|field| self.source.places.is_mapped(field)) {
            let mut foreseen = report.clone();
            self.preview(checked.repeated.clone(), &mut foreseen, &mut checked.rejects)
                .await?;
            if let Err(e) = rules::accept_file(foreseen.rows, foreseen.rejected, self.limit_percent) {
                self.save_findings(&foreseen, &checked.rejects).await?;
                return Err(e);
            }
            // Those that only the second reading refuses are rejected again when they are stored.
            checked.rejects.truncate(
                usize::try_from(report.rejected)
                    .unwrap_or(usize::MAX)
                    .min(REJECTS_KEPT_MAX),
            );
        }
        if let Err(e) = rules::accept_file(report.rows, report.rejected, self.limit_percent) {
            self.save_findings(&report, &checked.rejects).await?;
            return Err(e);
        }
        // With the checkpoint it is decided: an import that goes on later does not decide again.
        let checkpoint = Checkpoint {
            rows_done: 0,
            rejects_kept: checked.rejects.len(),
            report,
            finished: false,
        };
        let mut tx = self.run.platform().db.write().await?;
        self.write_findings(&mut tx, &checkpoint.report, &checked.rejects)
            .await?;
        self.run.save_checkpoint(&mut tx, &checkpoint).await?;
        tx.commit().await?;
        Ok((checkpoint, checked.repeated))
    }

    /// Stores one batch and the checkpoint after it, in one transaction.
    async fn store_batch(&self, batch: &Batch, before: &Checkpoint) -> Result<Checkpoint> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_batch(batch, before).await {
                Err(Error::Unavailable { .. }) if tries < TRIES_MAX => {
                    self.run.check()?;
                    tokio::time::sleep(Duration::from_millis(100 << tries)).await;
                }
                result => return result,
            }
        }
    }

    async fn try_batch(&self, batch: &Batch, before: &Checkpoint) -> Result<Checkpoint> {
        let mut after = before.clone();
        let mut tx = self.run.platform().db.write().await?;
        tx.allow_minutes(5).await?;
        tx.commit_may_be_late().await?;
        if before.rows_done == 0 {
            self.settle_firm(&mut tx).await?;
        }
        // Everything of a batch is made at one moment: by it a row is known as the batch's, which costs a row nothing.
        let context = ImportContext {
            clock: Clock::fixed(self.context.clock.now()),
            ..self.context.clone()
        };
        let stored = self.kind().store(&mut tx, &context, &batch.rows).await?;
        let mut rejects = add(&mut after.report, &self.source, &stored, batch);
        // Others may have changed the database since it was decided: what follows is not stored then.
        rules::accept_further(after.report.rows, after.report.rejected, self.limit_percent)?;
        rejects.truncate(REJECTS_KEPT_MAX.saturating_sub(before.rejects_kept));
        store::insert_rejects(&mut tx, self.input.import, before.rejects_kept, &rejects).await?;
        after.rejects_kept += rejects.len();
        after.rows_done = batch.rows_read;
        let payload = json!({
            "rows": after.rows_done - before.rows_done,
            "created": stored.created,
            "updated": stored.updated,
            "unchanged": stored.unchanged,
            "new_customers": stored.new_customers,
        });
        self.record(&mut tx, ROWS_STORED, &payload).await?;
        // So that an import that is stopped, however, shows what it has stored.
        store::save_report(&mut tx, self.input.import, &after.report).await?;
        self.run
            .progress("storing", after.rows_done, Some(after.report.rows));
        self.run.save_checkpoint(&mut tx, &after).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// The firm's currency and zone are decided with the first rows that are stored in them.
    async fn settle_firm(&self, tx: &mut Tx) -> Result<()> {
        let options = &self.input.options;
        let before = firm::load_for_update(tx, &self.context.clock).await?;
        before.require_real()?;
        let mut after = before.clone().with(options.currency, options.zone.as_deref())?;
        after.fixed |= self.kind().fixes_firm();
        if after.currency != self.context.currency || after.time_zone()? != self.context.zone {
            return Err(firm_changed(&after));
        }
        if after != before {
            firm::save(tx, &self.context.clock, self.context.actor, &after).await?;
            tracing::info!(currency = %after.currency, zone = %after.zone, fixed = after.fixed, "the firm's facts");
        }
        Ok(())
    }

    async fn record(&self, tx: &mut Tx, kind: &'static str, payload: &Value) -> Result<()> {
        let event = Event {
            actor: self.context.actor,
            kind,
            subject_kind: "import",
            subject: self.input.import.uuid(),
            customer: None,
            payload,
        };
        events::record(tx, &self.context.clock, &event).await
    }

    /// The last transaction: the report, the mapping for next time, the event.
    async fn finish(&self, mut checkpoint: Checkpoint) -> Result<ImportReport> {
        let clock = &self.context.clock;
        let report = &checkpoint.report;
        let mut tx = self.run.platform().db.write().await?;
        store::save_report(&mut tx, self.input.import, report).await?;
        let (kind, options) = (self.kind().name(), &self.input.options);
        let (source, mapping) = (&options.source, &options.mapping);
        store::remember_mapping(&mut tx, kind, source, mapping, clock.now()).await?;
        let signature = rules::signature(&self.source.columns);
        store::remember_header(&mut tx, kind, &signature, source, mapping, clock.now()).await?;
        let payload = json!({
            "kind": kind,
            "source": options.source,
            "rows": report.rows,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "rejected": report.rejected,
            "new_customers": report.new_customers,
        });
        self.record(&mut tx, "import.finished", &payload).await?;
        checkpoint.finished = true;
        // Jobs stay longer than what was rejected: it stands with the import.
        checkpoint.report.rejects.clear();
        self.run.save_checkpoint(&mut tx, &checkpoint).await?;
        tx.commit().await?;
        Ok(checkpoint.report)
    }
}

fn firm_changed(firm: &Firm) -> Error {
    Error::conflict(
        "firm_facts_changed",
        format!(
            "another import has meanwhile set the firm to {} and {}; check the file again",
            firm.currency, firm.zone
        ),
    )
}

fn warning(code: &str, message: impl Into<String>) -> ImportWarning {
    ImportWarning {
        code: code.to_owned(),
        message: message.into(),
    }
}

/// Adds what a batch brought to the report; gives the new rejects.
fn add(report: &mut ImportReport, source: &Source, stored: &Stored, batch: &Batch) -> Vec<RejectedRow> {
    report.created += stored.created;
    report.updated += stored.updated;
    report.unchanged += stored.unchanged + batch.said_before;
    report.new_customers += stored.new_customers;
    report.rejected += (stored.rejects.len() + batch.refused.len()) as u64;
    let refused_by_database = stored.rejects.iter().filter_map(|(index, field, problem)| {
        let (row, cells) = (batch.rows.get(*index)?, batch.cells.get(*index)?);
        Some((row, cells, *field, problem))
    });
    let repeated = rules::repeated();
    let field = source.kind.identity().field;
    let refused_by_file = batch
        .refused
        .iter()
        .map(|(row, cells)| (row, cells, field, &repeated));
    let mut refused: Vec<_> = refused_by_database.chain(refused_by_file).collect();
    refused.sort_by_key(|(row, ..)| row.line);
    let mut rejects = Vec::with_capacity(refused.len());
    for (row, cells, field, problem) in refused {
        if let (Some(sum), Some(totals)) = (&mut report.amount, source.kind.totals()) {
            sum.minor -= row.amount(totals.amount).unwrap_or(0);
        }
        let is_forgotten = problem.code == FORGOTTEN;
        let reject = rules::reject_at(
            &source.places,
            &source.columns,
            row.line,
            field,
            problem,
            (!is_forgotten).then_some(cells),
        );
        if report.rejects.len() < REJECTS_SHOWN {
            report.rejects.push(reject.clone());
        }
        rejects.push(if is_forgotten {
            RejectedRow {
                reject,
                cells: Vec::new(),
                is_cut: false,
            }
        } else {
            read::rejected(reject, cells)
        });
    }
    rejects
}

fn keep(kept: &mut Vec<RejectedRow>, new: Vec<RejectedRow>) {
    let room = REJECTS_KEPT_MAX.saturating_sub(kept.len());
    kept.extend(new.into_iter().take(room));
}

/// What whoever may see jobs may see: rejected rows are for those who may import.
fn result(report: &ImportReport) -> Value {
    json!({
        "dry_run": report.dry_run,
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
        "new_customers": report.new_customers,
    })
}

/// The dry run.
pub(super) async fn dry_run(imports: Imports, run: JobRun) -> Result<Value> {
    let work = Work::prepare(&imports, run).await?;
    let (mut checked, mut report) = work.check(true).await?;
    let repeated = std::mem::take(&mut checked.repeated);
    work.preview(repeated, &mut report, &mut checked.rejects).await?;
    if let Err(e) = rules::accept_file(report.rows, report.rejected, work.limit_percent) {
        report.warnings.push(warning(e.code(), e.to_string()));
    }
    let mut tx = work.run.platform().db.write().await?;
    work.write_findings(&mut tx, &report, &checked.rejects).await?;
    store::end_check(&mut tx, work.input.import).await?;
    tx.commit().await?;
    Ok(result(&report))
}

/// The import.
pub(super) async fn import(imports: Imports, run: JobRun) -> Result<Value> {
    let resumed: Option<Checkpoint> = run.checkpoint()?;
    if let Some(done) = resumed.as_ref().filter(|checkpoint| checkpoint.finished) {
        return Ok(result(&done.report));
    }
    let work = Work::prepare(&imports, run).await?;
    let (mut checkpoint, repeated) = match resumed {
        None => work.decide().await?,
        Some(checkpoint) => {
            // Which keys are repeated is not kept: finding out again costs one reading.
            let (checked, _) = work.check(false).await?;
            (checkpoint, checked.repeated)
        }
    };
    let mut batches = Batches::read(
        work.source.clone(),
        work.run.clone(),
        repeated,
        checkpoint.rows_done,
    );
    while let Some(batch) = batches.next().await? {
        work.run.check()?;
        checkpoint = work.store_batch(&batch, &checkpoint).await?;
    }
    let report = work.finish(checkpoint).await?;
    files::remove(work.run.platform(), work.input.import, &work.file).await;
    Ok(result(&report))
}
