//! The job of an export: reads the list page by page as who asked for it and writes the file beside its place.
//! Killed at any moment, it begins anew: what was written has no name yet.

use base::{Error, Result};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::files::{self, Partial};
use super::kind::ExportFilter;
use super::model::JobInput;
use super::write::Writer;
use super::{Exports, store};
use crate::access;
use crate::events::{self, Event};
use crate::ids;
use crate::jobs::JobRun;

/// What the log says of a filter: by what, and never by which words, which may be someone's name.
pub(super) fn names_of(filter: &ExportFilter) -> Vec<&String> {
    filter.keys().collect()
}

/// The export.
pub(super) async fn export(exports: Exports, run: JobRun) -> Result<Value> {
    let JobInput { export: id } = run.input()?;
    let platform = run.platform().clone();
    let asked_by = run
        .actor()
        .user()
        .ok_or_else(|| Error::internal("nobody asked for this export"))?;
    let mut tx = platform.db.read().await?;
    // As they are now: who has lost the right to see the list meanwhile gets no file.
    let caller = access::app::on_behalf_of(&mut tx, asked_by.into()).await?;
    let export = store::get(&mut tx, id, caller.user.id)
        .await?
        .ok_or(Error::NotFound { what: "export" })?;
    drop(tx);
    if let Some(rows) = export.rows {
        return Ok(json!({ "rows": rows, "bytes": export.bytes }));
    }
    let kind = exports.kind(&export.kind)?;
    let mut list = kind.open(&platform, &caller, &export.filter)?;
    let partial = Partial::begin(&platform, ids::new::<Uuid>(&platform.clock))?;
    let mut writer = Writer::create(partial.path(), export.format, kind.columns())?;
    let mut rows = 0;
    run.progress("writing", 0, None);
    loop {
        run.check()?;
        let page = list.next().await?;
        if page.is_empty() {
            break;
        }
        rows += page.len() as u64;
        let written = spawn_blocking(move || writer.write(&page).map(|()| writer));
        writer = written.await.map_err(Error::internal)??;
        run.progress("writing", rows, None);
    }
    run.progress("closing", rows, Some(rows));
    let bytes = spawn_blocking(move || writer.finish())
        .await
        .map_err(Error::internal)??;
    let now = platform.clock.now();
    let mut tx = platform.db.write().await?;
    run.hold(&mut tx).await?;
    let expires_at = now.saturating_add(files::KEPT).map_err(Error::internal)?;
    if !store::finish(&mut tx, id, rows, bytes, expires_at).await? {
        // Someone was erased while it was being written, who may be in it.
        return Err(Error::conflict(
            "export_withdrawn",
            "a customer was erased meanwhile; export the list again",
        ));
    }
    // Named before the commit: a file that nothing mentions is written over by the next attempt.
    partial.name(&files::path(&platform, id))?;
    let payload = json!({
        "kind": export.kind, "format": export.format, "filter": names_of(&export.filter), "rows": rows,
        "bytes": bytes,
    });
    let event = Event {
        actor: run.actor(),
        kind: "export.finished",
        subject_kind: "export",
        subject: id.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok(json!({ "rows": rows, "bytes": bytes }))
}
