//! The use case: needs `customers.read`, `customers.personal` and `customers.export_person`.

use base::{Error, PageSize, Result};
use platform::firm;
use platform::{Caller, Permission, Platform, Tx};
use serde_json::json;

use super::part::{About, RecordParts, document};
use super::zip::{self, Entry, Sent};
use crate::app::{edit, found};
use crate::attachments;
use crate::model::CustomerId;
use crate::store;

/// A file that is being written: its name, and how it comes.
pub struct Everything {
    pub(super) name: String,
    pub(super) sent: Sent,
}

/// Everything about a customer and those who were merged into it, in clear, as of one moment. The log says who took it.
pub async fn export(
    platform: &Platform,
    parts: &RecordParts,
    caller: &Caller,
    customer: CustomerId,
) -> Result<Everything> {
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersPersonal)?;
    caller.require(Permission::CustomersExportPerson)?;
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
    let files = attached(&mut tx, &about).await?;
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
        sent: zip::begin(entries),
    })
}

/// The attachments, in the order of `attachments.json`, each name with its number in front, because two may be the same.
async fn attached(tx: &mut Tx, about: &About) -> Result<Vec<Entry>> {
    let mut files = Vec::new();
    for id in &about.as_one {
        let size = PageSize::new(Some(PageSize::MAX))?;
        let page = attachments::store::page(tx, (*id).into(), size, None).await?;
        for attachment in page.items {
            let name = format!("attachments/{:03}-{}", files.len() + 1, attachment.name);
            let pieces = attachments::app::pieces(&about.platform, tx, attachment.id).await?;
            files.push(Entry::Attachment(name, pieces));
        }
    }
    Ok(files)
}
