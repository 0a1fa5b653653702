//! Erasing a customer: what is known of the person goes for good, what it brought stays and says nothing of anyone.
//! Needs `customers.erase`. Everything in one transaction, files right after it. See
//! `docs/adr/0014-personal-data-of-one-customer.md`.

use base::{Error, PageSize, Result, check_version};
use platform::events::{self, EventFilter};
use platform::forgetting::{self, Words};
use platform::{Caller, Permission, Platform, Tx};
use serde_json::json;

use super::{edit, found, hold};
use crate::attachments;
use crate::everything::RecordParts;
use crate::model::{CustomerId, Erasure, NewErasure};
use crate::rules::erasure as rules;
use crate::store;
use crate::store::{erasure, merges};

/// The event that certifies an erasure.
const ERASED: &str = "customer.erased";

/// Erases a customer and all who were merged into it, in this room and in those whose parts are given. `expected` is the version of the record that was looked at.
/// One that is erased already stays as it is, and its certificate is given again.
///
/// Errors: `version_stale`, `customer_merged`, `import_in_progress`, `reference_malformed`, `reference_personal`.
pub async fn erase(
    platform: &Platform,
    parts: &RecordParts,
    caller: &Caller,
    customer: CustomerId,
    expected: i64,
    said: NewErasure,
) -> Result<Erasure> {
    caller.require(Permission::CustomersErase)?;
    let reference = rules::reference(said.reference.as_deref())?;
    let mut tx = platform.db.write().await?;
    // Nobody writes customers or refers to one until it is done, so that nothing of it comes back.
    merges::be_alone(&mut tx).await?;
    let (survivor, _) = found(&mut tx, caller, customer).await?;
    if erasure::erased_at(&mut tx, survivor).await?.is_some() {
        return certificate(&mut tx, survivor).await;
    }
    let (version, _) = hold(&mut tx, caller, customer).await?;
    check_version(expected, version)?;
    forgetting::check_quiet(&mut tx).await?;
    let ids = store::as_one(&mut tx, customer.uuid()).await?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let words = erasure::words(&mut tx, &cipher, &ids).await?;
    let words = Words::new(words.iter().map(String::as_str));
    if reference.is_some_and(|reference| words.are_whole_in(reference)) {
        let message = "the reference says something of the person: it would stay for ever";
        return Err(Error::invalid("reference_personal", message).at("reference"));
    }
    let now = platform::db::timestamp(platform::db::micros(platform.clock.now()));
    let files = attachments::store::delete_all(&mut tx, &ids).await?;
    erasure::remember_own(&mut tx, &cipher, &ids).await?;
    let mut counts = erasure::erase(&mut tx, &cipher, &ids, now).await?;
    if !files.is_empty() {
        counts.insert("attachments".to_owned(), files.len() as u64);
    }
    for part in parts.all() {
        let rows = part.erase(&mut tx, &ids).await?;
        if rows > 0 {
            counts.insert(part.name().to_owned(), rows);
        }
    }
    let forgotten = forgetting::forget(platform, &mut tx, &words).await?;
    counts.extend(
        forgotten
            .counts
            .into_iter()
            .map(|(what, count)| (what.to_owned(), count)),
    );
    let payload = json!({ "ground": said.ground, "reference": reference, "counts": counts });
    edit::record(&mut tx, platform, caller, ERASED, customer, &payload).await?;
    let erased = Erasure {
        customer,
        external_id: rules::pseudonym(customer),
        erased_at: now,
        erased_by: caller.actor().user(),
        ground: said.ground,
        reference: reference.map(str::to_owned),
        counts,
    };
    let platform = platform.clone();
    // A caller who goes away does not stop it between the rows and the files.
    let done = tokio::spawn(async move {
        tx.commit().await?;
        attachments::app::remove_files(&platform, &files).await;
        forgetting::remove_files(&platform, forgotten.files).await;
        Ok(erased)
    });
    done.await.map_err(Error::internal)?
}

/// What the log says of the erasure of a customer.
async fn certificate(tx: &mut Tx, customer: CustomerId) -> Result<Erasure> {
    let lost = || Error::internal(format!("the erasure of {customer} is not in the log"));
    let filter = EventFilter {
        kind: Some(ERASED.to_owned()),
        subject_kind: Some("customer".to_owned()),
        subject: Some(customer.uuid()),
        ..EventFilter::default()
    };
    let page = events::page(tx, &filter, PageSize::new(Some(1))?, None).await?;
    let event = page.items.into_iter().next().ok_or_else(lost)?;
    let said = |name: &str| event.payload.get(name).cloned().unwrap_or_default();
    Ok(Erasure {
        customer,
        external_id: rules::pseudonym(customer),
        erased_at: erasure::erased_at(tx, customer).await?.ok_or_else(lost)?,
        erased_by: event.actor.as_ref().map(|actor| actor.id),
        ground: serde_json::from_value(said("ground")).map_err(Error::internal)?,
        reference: serde_json::from_value(said("reference")).map_err(Error::internal)?,
        counts: serde_json::from_value(said("counts")).map_err(Error::internal)?,
    })
}
