//! The use case: needs `customers.read`, `customers.personal` and `customers.export_person`.

use std::sync::Arc;

use base::{Error, Result};
use platform::firm;
use platform::{Caller, Permission, Platform, Tx};
use serde_json::json;
use tokio::sync::Semaphore;

use super::part::{About, RecordParts, document};
use super::parts;
use super::zip::{self, Entry, Sent};
use crate::app::{edit, found};
use crate::attachments;
use crate::model::CustomerId;
use crate::store;

/// So many are written at the same time: each holds its documents in memory until they are sent.
const AT_ONCE_MAX: usize = 2;

/// The turns of those who take everything about someone, on this server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

/// A file that is being written: its name, and how it comes.
pub(super) struct Everything {
    pub(super) name: String,
    pub(super) sent: Sent,
}

/// Everything about a customer and those who were merged into it, in clear, as of one moment. The log says who took it.
///
/// Errors: `everything_busy`, `file_gone`.
pub(super) async fn export(
    platform: &Platform,
    (parts, turns): (&RecordParts, &Turns),
    caller: &Caller,
    customer: CustomerId,
) -> Result<Everything> {
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersPersonal)?;
    caller.require(Permission::CustomersExportPerson)?;
    // The turn ends with the work, not with the answer's beginning.
    let turn = Arc::clone(&turns.0).try_acquire_owned();
    let turn = turn.map_err(|_| Error::Unavailable {
        code: "everything_busy",
        message: "others are taking everything about a customer: try again in a moment".to_owned(),
    })?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let about = About {
        platform: platform.clone(),
        customer,
        as_one: store::as_one(&mut tx, customer.uuid()).await?,
        scope: caller.scope().clone(),
        firm: firm::load(&mut tx).await?,
    };
    let named = store::summaries(&mut tx, caller.scope(), &[customer.uuid()]).await?;
    let summary = named.get(&customer.uuid());
    let summary = summary.ok_or(Error::NotFound { what: "customer" })?;
    let mut entries = Vec::new();
    let mut names = Vec::new();
    for part in parts.all() {
        let text = part.read(&mut tx, &about).await?;
        entries.push(Entry::Document(format!("{}.json", part.name()), text));
        names.push(part.name());
    }
    let files = files(&mut tx, &about).await?;
    let count = files.len();
    entries.extend(files);
    drop(tx);
    let made = json!({
        "customer": customer,
        "external_id": summary.external_id,
        "made_at": platform.clock.now(),
        "made_by": caller.user.name,
        "parts": names,
        "attachments": count,
    });
    entries.insert(0, Entry::Document("about.json".to_owned(), document(&made)?));
    let payload = json!({ "parts": names, "attachments": count });
    let mut tx = platform.db.write().await?;
    edit::record(&mut tx, platform, caller, "customer.exported", customer, &payload).await?;
    tx.commit().await?;
    Ok(Everything {
        name: format!("{}.zip", summary.external_id),
        sent: zip::begin(entries, turn),
    })
}

/// The attachments, in the order of `attachments.json`, each name with its number in front, because two may be the same.
/// They are opened when their turn comes.
async fn files(tx: &mut Tx, about: &About) -> Result<Vec<Entry>> {
    let mut files = Vec::new();
    for (_, attachment) in parts::attached(tx, about).await? {
        let name = format!("attachments/{:03}-{}", files.len() + 1, attachment.name);
        let sealed = attachments::app::sealed(&about.platform, tx, attachment.id).await?;
        sealed.check().await?;
        files.push(Entry::Attachment(name, sealed));
    }
    Ok(files)
}
