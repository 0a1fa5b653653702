//! Exported files: they stay in the folder of exports for a week. A file has its name only when it is whole.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base::{Error, Result};
use jiff::SignedDuration;

use super::model::ExportId;
use super::store;
use crate::private;
use crate::state::Platform;

/// How long a file can be downloaded.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long it is remembered that there was one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A file that nobody has written to for so long belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// How a file ends that is being written.
const PARTIAL: &str = "part";
/// How many files of the folder one sweep looks at.
const SWEPT_MAX: usize = 1_000;

pub(super) fn folder(platform: &Platform) -> PathBuf {
    platform.settings.data_dir.join("exports")
}

/// Where the file of an export is.
pub(super) fn path(platform: &Platform, id: ExportId) -> PathBuf {
    folder(platform).join(id.to_string())
}

/// A file being written; dropped before it has its name, it is removed.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    named: bool,
}

impl Partial {
    /// A place for a file that is like no other's: a job that is taken up elsewhere writes another one.
    pub(super) fn begin(platform: &Platform, name: uuid::Uuid) -> Result<Self> {
        let folder = folder(platform);
        private::folder(&folder).map_err(not_written)?;
        Ok(Self {
            path: folder.join(format!("{name}.{PARTIAL}")),
            named: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file, which is whole and on the disk, its name.
    pub(super) fn name(mut self, path: &Path) -> Result<()> {
        std::fs::rename(&self.path, path).map_err(not_written)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.named
            && let Err(e) = std::fs::remove_file(&self.path)
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), error = %e, "an unwanted export stays on disk");
        }
    }
}

/// What failing to write says.
pub(super) fn not_written(e: std::io::Error) -> Error {
    match e.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            tracing::error!(error = %e, "the disk for exports is full");
            Error::conflict("disk_full", "there is no room left on the disk for this file")
        }
        _ => Error::internal(format!("writing an export: {e}")),
    }
}

/// Removes files that have expired and what a killed process left, and forgets what was removed long ago.
pub async fn sweep(platform: &Platform) -> Result<()> {
    let now = platform.clock.now();
    loop {
        let expired = store::expired(&mut platform.db.read().await?, now).await?;
        if expired.is_empty() {
            break;
        }
        for id in expired {
            match tokio::fs::remove_file(path(platform, id)).await {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::internal(e)),
                _ => {}
            }
            let mut tx = platform.db.write().await?;
            store::forget_file(&mut tx, id).await?;
            tx.commit().await?;
        }
    }
    let mut tx = platform.db.write().await?;
    let before = now.saturating_sub(REMEMBERED).map_err(Error::internal)?;
    store::delete_old(&mut tx, before).await?;
    tx.commit().await?;
    remove_abandoned(folder(platform), SystemTime::from(now)).await
}

async fn remove_abandoned(folder: PathBuf, now: SystemTime) -> Result<()> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        // Nothing was exported yet.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::internal(e)),
    };
    for _ in 0..SWEPT_MAX {
        let Some(entry) = entries.next_entry().await.map_err(Error::internal)? else {
            break;
        };
        let is_partial = entry.path().extension().is_some_and(|end| end == PARTIAL);
        let written = entry.metadata().await.and_then(|about| about.modified());
        let age = written.ok().and_then(|written| now.duration_since(written).ok());
        if is_partial && age.is_some_and(|age| age > ABANDONED) {
            tokio::fs::remove_file(entry.path())
                .await
                .map_err(Error::internal)?;
        }
    }
    Ok(())
}
