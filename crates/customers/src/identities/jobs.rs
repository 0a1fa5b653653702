//! Long work on identities: sealing what stands in clear, and sealing anew after a change of keys. Each in
//! batches, each batch with its checkpoint in one transaction.

use std::collections::HashMap;

use base::{Error, Result};
use platform::access::single_sign_on;
use platform::crypto::Cipher;
use platform::events::Actor;
use platform::jobs::{JobRun, Kinds, NewJob, Unique};
use platform::{Clock, Platform, Tx, firm};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{EndedBecause, IdentityKind};
use super::rules;
use super::store::{self, NewIdentity, NotSealed};
use crate::attachments;
use crate::model::CustomerId;
use crate::panels;
use crate::store::merges;

/// Moves phone numbers and e-mail addresses that stand in clear to the identities.
pub(super) const SEAL_PLAIN: &str = "identities_seal";
/// Seals every identity, the records of merges, the keys of attachments and the secrets of panels with the newest key.
pub(super) const SEAL_ANEW: &str = "identities_seal_anew";

const BATCH: u32 = 500;

/// Adds the jobs of identities to those the runner knows.
#[must_use]
pub fn kinds(kinds: Kinds) -> Kinds {
    kinds.with(SEAL_PLAIN, seal_plain).with(SEAL_ANEW, seal_anew)
}

/// Queues one of these jobs; false where it is queued already.
pub(super) async fn queue(
    platform: &Platform,
    tx: &mut Tx,
    kind: &'static str,
    actor: Actor,
) -> Result<bool> {
    let new = NewJob {
        kind,
        subject: None,
        input: json!({}),
        unique: Some(Unique {
            key: kind,
            code: "job_in_progress",
            message: "this is being done already",
        }),
        actor,
    };
    match platform.jobs.enqueue(tx, &platform.clock, new).await {
        Ok(_) => Ok(true),
        Err(Error::Conflict { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Moved {
    customers: u64,
    /// Numbers and addresses that are none or belong to another customer: kept in the history only.
    set_aside: u64,
}

async fn seal_plain(run: JobRun) -> Result<Value> {
    let platform = run.platform().clone();
    let mut moved: Moved = run.checkpoint()?.unwrap_or_default();
    loop {
        run.check()?;
        run.progress("sealing", moved.customers, None);
        let mut tx = platform.db.write().await?;
        // Nobody is erased between the look and the writing.
        tx.about_to_write("customers").await?;
        let batch = store::not_sealed(&mut tx, BATCH).await?;
        if batch.is_empty() {
            return Ok(json!({ "customers": moved.customers, "set_aside": moved.set_aside }));
        }
        let region = rules::region(firm::load(&mut tx).await?.currency);
        let cipher = platform.keys.cipher(&mut tx).await?;
        moved.set_aside += move_batch(&mut tx, &platform.clock, &cipher, &region, &batch).await?;
        let ids: Vec<Uuid> = batch.iter().map(|customer| customer.id).collect();
        store::forget_plain(&mut tx, &ids).await?;
        moved.customers += ids.len() as u64;
        run.save_checkpoint(&mut tx, &moved).await?;
        tx.commit().await?;
    }
}

/// Says how many could only be kept in the history.
async fn move_batch(
    tx: &mut Tx,
    clock: &Clock,
    cipher: &Cipher,
    region: &str,
    batch: &[NotSealed],
) -> Result<u64> {
    let now = clock.now();
    let mut new: Vec<NewIdentity> = Vec::with_capacity(batch.len());
    let mut owners: HashMap<(IdentityKind, String), CustomerId> = HashMap::new();
    let mut set_aside = 0;
    for row in batch {
        let customer = CustomerId::from(row.id);
        for (kind, text) in [
            (IdentityKind::Phone, &row.phone),
            (IdentityKind::Email, &row.email),
        ] {
            let Some(text) = text else { continue };
            let normal = rules::normalise(kind, text, region);
            let because = match &normal {
                Err(_) => Some(EndedBecause::Malformed),
                Ok(value) => {
                    let compared = (kind, rules::compared(kind, value));
                    let holder = match owners.get(&compared) {
                        Some(holder) => Some(*holder),
                        None => store::holder(tx, cipher, kind, value)
                            .await?
                            .map(|(_, holder)| holder),
                    };
                    match holder {
                        Some(holder) if holder == customer => continue,
                        Some(_) => Some(EndedBecause::Taken),
                        None if store::has_imported(tx, customer, kind).await? => {
                            Some(EndedBecause::Replaced)
                        }
                        None => {
                            owners.insert(compared, customer);
                            None
                        }
                    }
                }
            };
            set_aside += u64::from(because.is_some_and(|because| because != EndedBecause::Replaced));
            new.push(NewIdentity {
                customer,
                kind,
                value: normal.unwrap_or_else(|_| text.clone()),
                imported: true,
                active_since: platform::db::timestamp(row.created_at),
                ended: because.map(|because| (now, because)),
            });
        }
    }
    store::insert(tx, clock, cipher, &new).await?;
    Ok(set_aside)
}

/// What is sealed anew, one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    #[default]
    Identities,
    /// Records of merges.
    Merges,
    /// The keys of attachments; their files stay as they are.
    Attachments,
}

impl Stage {
    fn next(self) -> Option<Self> {
        match self {
            Self::Identities => Some(Self::Merges),
            Self::Merges => Some(Self::Attachments),
            Self::Attachments => None,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Sealed {
    #[serde(default)]
    stage: Stage,
    after: Uuid,
    /// In this pass.
    changed: u64,
    sealed: u64,
}

async fn seal_anew(run: JobRun) -> Result<Value> {
    let platform = run.platform().clone();
    let mut done: Sealed = run.checkpoint()?.unwrap_or_default();
    loop {
        run.check()?;
        run.progress("sealing", done.sealed, None);
        let mut tx = platform.db.write().await?;
        let cipher = platform.keys.cipher(&mut tx).await?;
        let (last, sealed) = match done.stage {
            Stage::Identities => store::seal_anew(&mut tx, &cipher, done.after, BATCH).await?,
            Stage::Merges => merges::seal_anew(&mut tx, &cipher, done.after, BATCH).await?,
            Stage::Attachments => attachments::store::seal_anew(&mut tx, &cipher, done.after, BATCH).await?,
        };
        done.changed += sealed;
        done.sealed += sealed;
        match (last, done.stage.next()) {
            (Some(last), _) => done.after = last,
            // What others were writing with the old key while the first pass went by.
            (None, _) if done.changed > 0 => {
                done = Sealed {
                    sealed: done.sealed,
                    ..Sealed::default()
                }
            }
            (None, Some(stage)) => {
                done = Sealed {
                    stage,
                    sealed: done.sealed,
                    ..Sealed::default()
                }
            }
            (None, None) => {
                let panels = panels::store::seal_anew(&mut tx, &cipher).await?;
                let providers = single_sign_on::seal_anew(&mut tx, &cipher).await?;
                tx.commit().await?;
                return Ok(json!({
                    "identities": done.sealed,
                    "panels": panels,
                    "identity_providers": providers,
                }));
            }
        }
        run.save_checkpoint(&mut tx, &done).await?;
        tx.commit().await?;
    }
}
