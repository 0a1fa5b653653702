//! The use cases of attachments: seeing which there are needs `customers.read`, adding and removing
//! `customers.write`, reading one `customers.personal`: nothing of a file can be masked.

use std::path::PathBuf;

use base::{Error, Page, PageSize, Result};
use jiff::{SignedDuration, Timestamp};
use platform::crypto::{FileKey, Pieces};
use platform::events::{self, Event};
use platform::http::{Keeping, StoredFile};
use platform::{Caller, Permission, Platform, Tx};
use serde_json::json;
use uuid::Uuid;

use super::rules::{ATTACHMENTS_MAX, masked_name, media_type};
use super::{Attachment, AttachmentId, AttachmentSettings, store};
use crate::app::{found, hold};
use crate::model::CustomerId;
use crate::store::record;

const FOLDER: &str = "attachments";
const NO_ATTACHMENT: Error = Error::NotFound { what: "attachment" };
/// A file that no row knows of for so long was left by a process that was killed.
const ABANDONED: SignedDuration = SignedDuration::from_hours(24);
/// So many files are asked for at once.
const SWEPT_AT_ONCE: usize = 1_000;

fn path(platform: &Platform, id: Uuid) -> PathBuf {
    platform.settings.data_dir.join(FOLDER).join(id.to_string())
}

/// The files on a customer's record, the newest first. A name can be someone's: without `customers.personal` only its
/// ending is shown.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Attachment>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let mut page = store::page(&mut tx, customer, size, cursor).await?;
    if !caller.may(Permission::CustomersPersonal) {
        for attachment in &mut page.items {
            attachment.name = masked_name(&attachment.name);
        }
    }
    Ok(page)
}

/// How a file that is about to come for this customer is to be kept; before anything of it is read.
///
/// Errors: those of [`add`] that have to do with the customer.
pub async fn keeping(platform: &Platform, caller: &Caller, customer: CustomerId) -> Result<Keeping> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let AttachmentSettings { bytes_max, .. } = checked_settings(&mut tx, customer).await?;
    Ok(Keeping {
        folder: FOLDER,
        bytes_max: bytes_max.min(platform.settings.upload_bytes_max),
        sealed: true,
    })
}

/// What the firm takes, where the customer may have one more. Error: `attachments_too_many`.
async fn checked_settings(tx: &mut Tx, customer: CustomerId) -> Result<AttachmentSettings> {
    if store::count(tx, customer).await? >= ATTACHMENTS_MAX {
        let message = format!("a customer has at most {ATTACHMENTS_MAX} attachments; remove one first");
        return Err(Error::conflict("attachments_too_many", message));
    }
    Ok(record::schema(tx).await?.1.attachments)
}

/// Puts a file that has come ([`keeping`]) on a customer's record. A file that is refused is gone.
///
/// Errors: `attachments_too_many`, `file_empty`, `file_type_not_allowed`, `file_type_mismatch`; `customer_merged`,
/// `customer_erased`.
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    file: StoredFile,
) -> Result<Attachment> {
    caller.require(Permission::CustomersWrite)?;
    let key = file.key.clone();
    let key = key.ok_or_else(|| Error::internal("an attachment came in clear"))?;
    let mut tx = platform.db.write().await?;
    // Two who add the last one wait for each other.
    hold(&mut tx, caller, customer).await?;
    let settings = checked_settings(&mut tx, customer).await?;
    let new = Attachment {
        id: file.id()?.into(),
        media_type: media_type(&file.file_name, &file.head, &settings.types)?.to_owned(),
        name: file.file_name.clone(),
        bytes: file.bytes,
        added_by: caller.actor().user(),
        added_by_name: Some(caller.user.name.clone()),
        added_at: platform.clock.now(),
    };
    let cipher = platform.keys.cipher(&mut tx).await?;
    store::insert(&mut tx, &cipher, customer, (&new, &key)).await?;
    record_event(&mut tx, platform, caller, "attachment.added", (customer, &new)).await?;
    // A file that no row knows of is swept away; one that a row knows of must be there.
    let _stays = file.keep();
    tx.commit().await?;
    Ok(new)
}

/// A file with what it says, to be read piece by piece.
///
/// Error: `file_gone` where the data folder has lost it.
pub async fn open(
    platform: &Platform,
    caller: &Caller,
    (customer, id): (CustomerId, AttachmentId),
) -> Result<(Attachment, Pieces)> {
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersPersonal)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let attachment = store::get(&mut tx, customer, id).await?.ok_or(NO_ATTACHMENT)?;
    let pieces = sealed(platform, &mut tx, id).await?.open()?;
    Ok((attachment, pieces))
}

/// Where the file of one that is there lies, and what opens it.
pub(crate) struct Sealed {
    path: PathBuf,
    key: FileKey,
}

impl Sealed {
    /// What it says. Error: `file_gone`.
    pub(crate) fn open(&self) -> Result<Pieces> {
        Pieces::open(&self.path, &self.key)?.ok_or_else(gone)
    }

    /// Passes if the file is there. Error: `file_gone`.
    pub(crate) async fn check(&self) -> Result<()> {
        let there = tokio::fs::try_exists(&self.path).await.map_err(Error::internal)?;
        if there { Ok(()) } else { Err(gone()) }
    }
}

fn gone() -> Error {
    Error::conflict("file_gone", "the data folder does not have this file any more")
}

/// The file of one that is there, not opened yet.
pub(crate) async fn sealed(platform: &Platform, tx: &mut Tx, id: AttachmentId) -> Result<Sealed> {
    let cipher = platform.keys.cipher(tx).await?;
    Ok(Sealed {
        path: path(platform, id.uuid()),
        key: store::key(tx, &cipher, id).await?,
    })
}

/// Takes a file off a customer's record: with its row goes the only key it can be read with.
pub async fn remove(
    platform: &Platform,
    caller: &Caller,
    (customer, id): (CustomerId, AttachmentId),
) -> Result<()> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, customer).await?;
    let gone = store::get(&mut tx, customer, id).await?.ok_or(NO_ATTACHMENT)?;
    store::delete(&mut tx, customer, id).await?;
    record_event(&mut tx, platform, caller, "attachment.removed", (customer, &gone)).await?;
    let platform = platform.clone();
    // A caller who goes away does not stop it between the row and the file.
    let done = tokio::spawn(async move {
        tx.commit().await?;
        remove_files(&platform, &[id]).await;
        Ok(())
    });
    done.await.map_err(Error::internal)?
}

/// Removes the files of attachments whose rows are gone. Failing is only logged: the sweep comes again.
pub(crate) async fn remove_files(platform: &Platform, ids: &[AttachmentId]) {
    for id in ids {
        if let Err(e) = remove_file(platform, id.uuid()).await {
            tracing::warn!(attachment = %id, error = %e, "a removed attachment stays on disk");
        }
    }
}

async fn remove_file(platform: &Platform, id: Uuid) -> Result<()> {
    match tokio::fs::remove_file(path(platform, id)).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::internal(e)),
        _ => Ok(()),
    }
}

/// Records what happened to a file: of what kind and how large, and never its name, which may be someone's.
async fn record_event(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    (customer, about): (CustomerId, &Attachment),
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "attachment",
        subject: about.id.uuid(),
        customer: Some(customer.uuid()),
        payload: &json!({ "media_type": about.media_type, "bytes": about.bytes }),
    };
    events::record(tx, &platform.clock, &event).await
}

/// Removes files that no attachment knows of and that are a day old: a process was killed while they came in, or
/// before it had removed them. Nobody can read them.
pub async fn sweep(platform: &Platform) -> Result<()> {
    let mut entries = match tokio::fs::read_dir(platform.settings.data_dir.join(FOLDER)).await {
        Ok(entries) => entries,
        // Nothing was attached yet.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::internal(e)),
    };
    let before = platform.clock.now().saturating_sub(ABANDONED);
    let before = before.map_err(Error::internal)?;
    let mut some = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
        let id = Uuid::try_parse(&entry.file_name().to_string_lossy());
        some.extend(id.ok().filter(|id| came_before(*id, before)));
        if some.len() == SWEPT_AT_ONCE {
            sweep_some(platform, &some).await?;
            some.clear();
        }
    }
    sweep_some(platform, &some).await
}

async fn sweep_some(platform: &Platform, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let known = store::known(&mut platform.db.read().await?, ids).await?;
    for id in ids.iter().filter(|id| !known.contains(id)) {
        remove_file(platform, *id).await?;
    }
    Ok(())
}

/// When a file came its name says.
fn came_before(id: Uuid, before: Timestamp) -> bool {
    let at = id.get_timestamp().map(|at| i64::try_from(at.to_unix().0));
    at.is_some_and(|at| at.is_ok_and(|second| second < before.as_second()))
}
