//! The use cases of exports. Each needs `customers.read` and what seeing the list needs; everyone has only their
//! own exports.

use base::{Error, Page, PageSize, Result};
use serde_json::json;
use tokio::fs::File;

use super::kind::ExportFilter;
use super::model::{EXPORT, Export, ExportId, JobInput, NewExport};
use super::run::names_of;
use super::{Exports, files, store};
use crate::access::{Caller, Permission};
use crate::db::Tx;
use crate::events::{self, Event};
use crate::ids;
use crate::jobs::{JobState, NewJob, Unique};
use crate::state::Platform;

/// More parameters than any list has.
const FILTER_MAX: usize = 100;
/// The longest of them, in bytes.
const PARAMETER_BYTES_MAX: usize = 10_000;

/// Queues the job that writes a list into a file.
///
/// Errors: `kind_unknown`, `filter_too_large`, what the list says of its filter, `export_in_progress` (one at a
/// time for each user).
pub async fn start(
    platform: &Platform,
    exports: &Exports,
    caller: &Caller,
    new: NewExport,
) -> Result<Export> {
    caller.require(Permission::CustomersRead)?;
    let kind = exports.kind(&new.kind)?;
    check_size(&new.filter)?;
    let _may_be_seen = kind.open(platform, caller, &new.filter)?;
    let now = platform.clock.now();
    let id: ExportId = ids::new(&platform.clock);
    let unique = format!("export/{}", caller.user.id);
    let job = NewJob {
        kind: EXPORT,
        subject: Some(("export", id.uuid())),
        input: serde_json::to_value(JobInput { export: id }).map_err(Error::internal)?,
        unique: Some(Unique {
            key: &unique,
            code: "export_in_progress",
            message: "another list of yours is being exported; wait for it or stop it",
        }),
        actor: caller.actor(),
    };
    let mut tx = platform.db.write().await?;
    let job = platform.jobs.enqueue(&mut tx, &platform.clock, job).await?;
    let export = Export {
        id,
        kind: new.kind,
        format: new.format,
        filter: new.filter,
        state: JobState::Queued,
        job_id: job.id,
        rows: None,
        bytes: None,
        created_at: now,
        expires_at: now.saturating_add(files::KEPT).map_err(Error::internal)?,
        removed: false,
    };
    store::insert(&mut tx, &export, caller.user.id).await?;
    record(&mut tx, platform, caller, "export.started", &export).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(export)
}

fn check_size(filter: &ExportFilter) -> Result<()> {
    let is_long = |(name, value): (&String, &String)| name.len() + value.len() > PARAMETER_BYTES_MAX;
    if filter.len() > FILTER_MAX || filter.iter().any(is_long) {
        let message = format!("a filter has at most {FILTER_MAX} parameters of 10,000 bytes each");
        return Err(Error::invalid("filter_too_large", message).at("filter"));
    }
    if let Some(name) = filter
        .keys()
        .find(|name| matches!(name.as_str(), "cursor" | "limit"))
    {
        let message = format!("an export is the whole list: it has no {name}");
        return Err(Error::invalid("parameter_unknown", message).at(name));
    }
    Ok(())
}

/// The caller's exports, newest first.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Export>> {
    caller.require(Permission::CustomersRead)?;
    store::page(&mut platform.db.read().await?, caller.user.id, size, cursor).await
}

/// One of the caller's exports.
pub async fn get(platform: &Platform, caller: &Caller, id: ExportId) -> Result<Export> {
    caller.require(Permission::CustomersRead)?;
    store::get(&mut platform.db.read().await?, id, caller.user.id)
        .await?
        .ok_or(Error::NotFound { what: "export" })
}

/// The file of one of the caller's exports, who must still be allowed to see the list.
///
/// Errors: `export_not_ready`, `file_gone`.
pub async fn download(
    platform: &Platform,
    exports: &Exports,
    caller: &Caller,
    id: ExportId,
) -> Result<(Export, File)> {
    let export = get(platform, caller, id).await?;
    let _may_be_seen = exports
        .kind(&export.kind)?
        .open(platform, caller, &export.filter)?;
    if export.rows.is_none() {
        return Err(Error::conflict("export_not_ready", "the file is not whole yet"));
    }
    let gone = || Error::conflict("file_gone", "the file was removed; export the list again");
    if export.removed || export.expires_at <= platform.clock.now() {
        return Err(gone());
    }
    let file = match File::open(files::path(platform, id)).await {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(gone()),
        Err(e) => return Err(Error::internal(e)),
    };
    let mut tx = platform.db.write().await?;
    record(&mut tx, platform, caller, "export.downloaded", &export).await?;
    tx.commit().await?;
    Ok((export, file))
}

async fn record(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    export: &Export,
) -> Result<()> {
    let payload = json!({
        "kind": export.kind, "format": export.format, "filter": names_of(&export.filter), "rows": export.rows,
    });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "export",
        subject: export.id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
