//! Files on their way in: streamed to disk under a limit, complete and durable or not there at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use base::{Error, Result};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use super::problem::Problem;
use crate::crypto::{FileKey, Sealing};
use crate::ids;
use crate::private;
use crate::state::Platform;

/// The longest text field beside a file, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 32;
/// So long what was refused is still taken, and thrown away.
const LINGER: Duration = Duration::from_secs(2);
/// So much of a file's beginning is kept beside it, to tell what it is.
const HEAD_BYTES: usize = 4 << 10;

/// Where a file that comes in is kept, and how.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// The folder in the data folder.
    pub folder: &'static str,
    /// The largest file.
    pub bytes_max: u64,
    /// Sealed on its way in, under a key of its own: nothing of it is ever on the disk in clear.
    pub sealed: bool,
}

impl Keeping {
    /// Uploads that are read and removed.
    fn uploads(platform: &Platform) -> Self {
        Self {
            folder: "uploads",
            bytes_max: platform.settings.upload_bytes_max,
            sealed: false,
        }
    }
}

/// A form whose parts are read one by one.
#[derive(Debug)]
pub struct Multipart(axum::extract::Multipart);

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, Problem> {
        match axum::extract::Multipart::from_request(request, state).await {
            Ok(form) => Ok(Self(form)),
            Err(e) => Err(Error::invalid("body_not_a_form", e.body_text()).into()),
        }
    }
}

/// What a form brought: its text fields and one file.
#[derive(Debug)]
pub struct Upload {
    /// The text fields by name.
    pub fields: BTreeMap<String, String>,
    /// The file.
    pub file: StoredFile,
}

impl Upload {
    /// A text field that must be there. Error: `field_missing`.
    pub fn field(&self, name: &str) -> Result<&str> {
        self.fields
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Error::invalid("field_missing", format!("the field {name} is missing")).at(name))
    }
}

/// A file in a folder of the data folder. Dropped without [`StoredFile::keep`], it is removed: keep it right before the
/// transaction that mentions it is committed.
#[derive(Debug)]
pub struct StoredFile {
    path: PathBuf,
    kept: bool,
    /// The name the sender gave it, without folders; only to be shown.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How it begins, at most 4 KiB.
    pub head: Vec<u8>,
    /// What it is sealed with, where it is.
    pub key: Option<FileKey>,
}

impl StoredFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name in the folder: the id that it got when it came.
    pub fn id(&self) -> Result<Uuid> {
        let name = self.path.file_name().unwrap_or_default();
        Uuid::try_parse(&name.to_string_lossy()).map_err(Error::internal)
    }

    /// A copy of a file of this machine, for what is brought in from the command line.
    pub async fn copy_of(platform: &Platform, original: &Path) -> Result<Self> {
        let mut from = tokio::fs::File::open(original).await.map_err(|e| {
            let message = format!("{} cannot be read: {e}", original.display());
            Error::invalid("file_unreadable", message).at("file")
        })?;
        let name = original.file_name().unwrap_or_default().to_string_lossy();
        let mut copy = Incoming::begin(platform, Keeping::uploads(platform), &name).await?;
        let mut piece = vec![0; 1 << 20];
        loop {
            match from.read(&mut piece).await.map_err(Error::internal)? {
                0 => return copy.finish().await,
                got => copy.write(&piece[..got]).await?,
            }
        }
    }

    /// Lets it stay; says where.
    #[must_use]
    pub fn keep(mut self) -> PathBuf {
        self.kept = true;
        std::mem::take(&mut self.path)
    }
}

impl Drop for StoredFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(e) = std::fs::remove_file(&self.path)
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), error = %e, "an unwanted upload stays on disk");
        }
    }
}

/// Receives a form with one file (field `file`) into `<data dir>/uploads`.
///
/// Errors: `file_too_large`, `file_missing`, `upload_broken` (the sender went away), `disk_full`.
/// Nothing stays behind after an error.
pub async fn receive(platform: &Platform, form: Multipart) -> Result<Upload> {
    receive_into(platform, Keeping::uploads(platform), form).await
}

/// The same into another folder.
pub async fn receive_into(
    platform: &Platform,
    keeping: Keeping,
    Multipart(mut form): Multipart,
) -> Result<Upload> {
    let received = read(platform, keeping, &mut form).await;
    if received.is_err() {
        // Who is in the middle of sending hears no answer before the connection ends.
        let rest = async { while let Ok(Some(_)) = form.next_field().await {} };
        let _ = tokio::time::timeout(LINGER, rest).await;
    }
    received
}

async fn read(platform: &Platform, keeping: Keeping, form: &mut axum::extract::Multipart) -> Result<Upload> {
    let mut fields = BTreeMap::new();
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            if file.is_some() {
                return Err(Error::invalid("file_twice", "send one file at a time").at("file"));
            }
            file = Some(store(platform, keeping, field).await?);
        } else {
            if fields.len() >= FIELDS_MAX {
                return Err(Error::invalid("too_many_fields", "the form has too many fields"));
            }
            let text = small_text(field, &name).await?;
            fields.insert(name, text);
        }
    }
    match file {
        Some(file) => Ok(Upload { fields, file }),
        None => Err(Error::invalid("file_missing", "the form has no file").at("file")),
    }
}

async fn small_text(mut field: Field<'_>, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > TEXT_BYTES_MAX {
            return Err(Error::invalid("field_too_long", format!("the field {name} is too long")).at(name));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::invalid("field_not_utf8", format!("the field {name} is not UTF-8")).at(name))
}

async fn store(platform: &Platform, keeping: Keeping, mut field: Field<'_>) -> Result<StoredFile> {
    let sent_name = field.file_name().unwrap_or("file").to_owned();
    let mut incoming = Incoming::begin(platform, keeping, &sent_name).await?;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        incoming.write(&chunk).await?;
    }
    incoming.finish().await
}

/// A file on its way in; dropped before it is finished, it leaves nothing.
struct Incoming {
    stored: StoredFile,
    file: tokio::fs::File,
    hash: Sha256,
    folder: PathBuf,
    bytes_max: u64,
    sealing: Option<Sealing>,
}

impl Incoming {
    async fn begin(platform: &Platform, keeping: Keeping, sent_name: &str) -> Result<Self> {
        let folder = platform.settings.data_dir.join(keeping.folder);
        private::folder(&folder).map_err(|e| disk(&e))?;
        let path = folder.join(ids::new::<Uuid>(&platform.clock).to_string());
        let stored = StoredFile {
            path: path.clone(),
            kept: false,
            file_name: shown_name(sent_name),
            bytes: 0,
            sha256: [0; 32],
            head: Vec::new(),
            key: keeping.sealed.then(FileKey::new),
        };
        Ok(Self {
            sealing: stored.key.as_ref().map(Sealing::new),
            stored,
            file: tokio::fs::OpenOptions::from(private::writing().create_new(true).clone())
                .open(&path)
                .await
                .map_err(|e| disk(&e))?,
            hash: Sha256::new(),
            folder,
            bytes_max: keeping.bytes_max,
        })
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.stored.bytes += chunk.len() as u64;
        if self.stored.bytes > self.bytes_max {
            return Err(Error::invalid(
                "file_too_large",
                match self.bytes_max >> 20 {
                    0 => format!("the file is larger than {} bytes", self.bytes_max),
                    mib => format!("the file is larger than {mib} MiB"),
                },
            )
            .at("file"));
        }
        self.hash.update(chunk);
        let room = HEAD_BYTES.saturating_sub(self.stored.head.len()).min(chunk.len());
        self.stored.head.extend_from_slice(&chunk[..room]);
        match &mut self.sealing {
            None => self.file.write_all(chunk).await,
            Some(sealing) => {
                let sealed = sealing.push(chunk)?;
                self.file.write_all(&sealed).await
            }
        }
        .map_err(|e| disk(&e))
    }

    async fn finish(mut self) -> Result<StoredFile> {
        if let Some(sealing) = self.sealing.take() {
            let end = sealing.finish()?;
            self.file.write_all(&end).await.map_err(|e| disk(&e))?;
        }
        self.file.flush().await.map_err(|e| disk(&e))?;
        self.file.sync_all().await.map_err(|e| disk(&e))?;
        sync_folder(self.folder).await?;
        self.stored.sha256 = self.hash.finalize().into();
        Ok(self.stored)
    }
}

/// A file is only durable when the folder that names it is.
async fn sync_folder(folder: PathBuf) -> Result<()> {
    tokio::task::spawn_blocking(move || std::fs::File::open(folder)?.sync_all())
        .await
        .map_err(Error::internal)?
        .map_err(|e| disk(&e))
}

/// The last part of the name, without control characters, at most 200 characters.
fn shown_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|c| !base::text::is_hidden(*c))
        .take(200)
        .collect();
    if name.is_empty() { "file".to_owned() } else { name }
}

fn broken(e: MultipartError) -> Error {
    if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::invalid("file_too_large", "the file is too large").at("file")
    } else {
        Error::invalid(
            "upload_broken",
            "the upload did not arrive whole; please send it again",
        )
        .at("file")
    }
}

fn disk(e: &std::io::Error) -> Error {
    match e.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            tracing::error!(error = %e, "the disk for uploads is full");
            Error::Unavailable {
                code: "disk_full",
                message: "there is no room left on the disk for this file".to_owned(),
            }
        }
        _ => Error::internal(format!("storing an upload: {e}")),
    }
}

#[cfg(test)]
mod tests {
    use super::shown_name;

    #[test]
    fn a_sent_name_is_only_a_name() {
        assert_eq!(shown_name("../../etc/passwd"), "passwd");
        assert_eq!(shown_name("C:\\data\\客户.csv"), "客户.csv");
        assert_eq!(shown_name("a\0b\n"), "ab");
        assert_eq!(shown_name("/"), "file");
        assert_eq!(shown_name(&"x".repeat(999)).len(), 200);
    }
}
