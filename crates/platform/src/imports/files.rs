//! Uploaded files: one per import in the data folder, written as they arrive and removed when they are
//! imported or a week old.

use std::path::{Path, PathBuf};

use base::{Error, Result};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::model::ImportId;
use super::store;
use crate::state::Platform;

/// How long a file that nobody imports stays.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where the file of an import is.
pub(super) fn path(data_dir: &Path, id: ImportId) -> PathBuf {
    data_dir.join("imports").join(id.to_string())
}

/// A file on its way in.
#[derive(Debug)]
pub struct Incoming {
    id: ImportId,
    path: PathBuf,
    file: File,
    sha256: Sha256,
    bytes: u64,
    bytes_max: u64,
    kept: bool,
}

/// A file that is here.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) id: ImportId,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Incoming {
    pub(super) async fn begin(platform: &Platform, id: ImportId) -> Result<Self> {
        let path = path(&platform.settings.data_dir, id);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(unwritable)?;
        }
        Ok(Self {
            id,
            file: File::create_new(&path).await.map_err(unwritable)?,
            path,
            sha256: Sha256::new(),
            bytes: 0,
            bytes_max: platform.settings.upload_bytes_max,
            kept: false,
        })
    }

    /// Takes the next piece. Errors: `file_too_large`, `disk_full`.
    pub async fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.bytes_max {
            let mib = self.bytes_max / (1024 * 1024);
            return Err(Error::invalid("file_too_large", format!("a file may have at most {mib} MiB")).at("file"));
        }
        self.sha256.update(piece);
        self.file.write_all(piece).await.map_err(unwritable)
    }

    /// All of it is here and on the disk.
    pub(super) async fn finish(mut self) -> Result<Arrived> {
        self.file.flush().await.map_err(unwritable)?;
        self.file.sync_all().await.map_err(unwritable)?;
        self.kept = true;
        let digest = std::mem::take(&mut self.sha256).finalize();
        Ok(Arrived {
            id: self.id,
            path: self.path.clone(),
            bytes: self.bytes,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

impl Drop for Incoming {
    /// An upload that broke off leaves nothing.
    fn drop(&mut self) {
        if !self.kept {
            let _it_is_swept_later = std::fs::remove_file(&self.path);
        }
    }
}

fn unwritable(e: std::io::Error) -> Error {
    if e.kind() == std::io::ErrorKind::StorageFull {
        Error::Unavailable {
            code: "disk_full",
            message: "there is no room for the file".to_owned(),
        }
    } else {
        Error::internal(format!("an upload cannot be written: {e}"))
    }
}

/// Removes the file of an import that no longer needs it. Failing is only logged: the sweep comes again.
pub(super) async fn remove(platform: &Platform, id: ImportId) {
    let removed: Result<()> = async {
        match tokio::fs::remove_file(path(&platform.settings.data_dir, id)).await {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::internal(e)),
        }
        let mut tx = platform.db.write().await?;
        store::set_file_gone(&mut tx, id, platform.clock.now()).await?;
        tx.commit().await
    }
    .await;
    if let Err(e) = removed {
        tracing::warn!(import = %id, error = %e, "an imported file was not removed");
    }
}

/// Removes the files of imports that nobody has finished for a week.
pub(super) async fn sweep(platform: &Platform) -> Result<()> {
    let before = platform.clock.now().saturating_sub(KEPT).map_err(Error::internal)?;
    let mut tx = platform.db.read().await?;
    let old = store::old_files(&mut tx, before).await?;
    drop(tx);
    for id in old {
        remove(platform, id).await;
    }
    Ok(())
}
