//! Uploaded files: they stay in the folder of uploads until they are imported or a week old.

use std::path::PathBuf;

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::ImportId;
use super::store;
use crate::db::Tx;
use crate::state::Platform;

/// How long a file that nobody imports stays.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A file that belongs to no import for so long was left by a process that was killed, or by a forgetting.
const ABANDONED: SignedDuration = SignedDuration::from_hours(2);
/// How long rejected rows can be downloaded after the upload: an import may come a week later.
const REJECTS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many files of the folder one sweep looks at.
const SWEPT_MAX: usize = 1_000;

fn folder(platform: &Platform) -> PathBuf {
    platform.settings.data_dir.join("uploads")
}

/// Where an upload is.
pub(super) fn path(platform: &Platform, file: &str) -> PathBuf {
    folder(platform).join(file)
}

/// Removes the file of an import that no longer needs it. Failing is only logged: the sweep comes again.
pub(super) async fn remove(platform: &Platform, id: ImportId, file: &str) {
    let removed: Result<()> = async {
        remove_if_there(path(platform, file)).await?;
        let mut tx = platform.db.write().await?;
        store::forget_file(&mut tx, id).await?;
        tx.commit().await
    }
    .await;
    if let Err(e) = removed {
        tracing::warn!(import = %id, error = %e, "an imported file was not removed");
    }
}

async fn remove_if_there(path: PathBuf) -> Result<()> {
    match tokio::fs::remove_file(path).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::internal(e)),
        _ => Ok(()),
    }
}

/// Forgets the files that wait to be imported and that no job is at work on; gives where they are, to be removed when
/// the transaction is committed. One that a crash leaves there is swept away.
pub(crate) async fn forget_waiting(platform: &Platform, tx: &mut Tx) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    loop {
        let some = store::old_files(tx, Timestamp::MAX).await?;
        if some.is_empty() {
            return Ok(paths);
        }
        for (id, file) in some {
            store::forget_file(tx, id).await?;
            paths.push(path(platform, &file));
        }
    }
}

/// Removes what people's data need not stay for: the files of imports that nobody has finished for a week,
/// files that belong to no import after two hours, because the process was killed while they came in, and
/// rejected rows after a month.
pub async fn sweep(platform: &Platform) -> Result<()> {
    let now = platform.clock.now();
    let before = now.saturating_sub(KEPT).map_err(Error::internal)?;
    let mut tx = platform.db.read().await?;
    let old = store::old_files(&mut tx, before).await?;
    let abandoned = now.saturating_sub(ABANDONED).map_err(Error::internal)?;
    let strays = strays(platform, abandoned).await?;
    let known = store::known_files(&mut tx, &strays).await?;
    drop(tx);
    for (id, file) in old {
        remove(platform, id, &file).await;
    }
    for stray in strays.iter().filter(|stray| !known.contains(stray)) {
        remove_if_there(path(platform, stray)).await?;
    }
    let before = now.saturating_sub(REJECTS_KEPT).map_err(Error::internal)?;
    let mut tx = platform.db.write().await?;
    for (id, report) in store::old_rejects(&mut tx, before).await? {
        store::clear_rejects(&mut tx, id).await?;
        if let Some(mut report) = report {
            report.rejects.clear();
            store::save_report(&mut tx, id, &report).await?;
        }
    }
    tx.commit().await
}

/// Files of the folder that came before a time: their names are UUIDs, which say when.
async fn strays(platform: &Platform, before: Timestamp) -> Result<Vec<String>> {
    let mut entries = match tokio::fs::read_dir(folder(platform)).await {
        Ok(entries) => entries,
        // Nothing was uploaded yet.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::internal(e)),
    };
    let mut strays = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        let came = Uuid::try_parse(&name).ok().and_then(|id| id.get_timestamp());
        if came.is_some_and(|at| i64::try_from(at.to_unix().0).is_ok_and(|s| s < before.as_second())) {
            strays.push(name);
        }
        if strays.len() == SWEPT_MAX {
            break;
        }
    }
    Ok(strays)
}
