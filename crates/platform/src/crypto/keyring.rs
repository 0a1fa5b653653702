//! The keys of one database: which there are is in the database, what they are is in the key file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Error, Result};
use zeroize::Zeroizing;

use super::file::{self, NamedKey};
use super::{Cipher, Key, cipher};
use crate::args;
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::events::{self, Actor, Event};
use crate::random;

const INDEX_KEY: &[u8] = b"encryption_keys\0index_key\0";

/// The keys, read from their file when they are first needed and again when the database names a newer one.
/// Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    file: PathBuf,
    cipher: Mutex<Option<Cipher>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keyring").field(&self.0.file).finish()
    }
}

/// A key as the database knows it.
#[derive(sqlx::FromRow)]
struct Row {
    number: i32,
    id: String,
    index_key: Vec<u8>,
}

impl Keyring {
    /// The name of the key file in the data folder.
    pub const FILE: &'static str = "keys";

    /// The keys in this file, which is read later.
    pub fn in_file(file: PathBuf) -> Self {
        Self(Arc::new(Inner {
            file,
            cipher: Mutex::new(None),
        }))
    }

    /// Where the keys are.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// Makes the first key of a new database, in a file that only this process's user can read, and makes
    /// sure that every key the database was written with is there.
    ///
    /// Errors: `encryption_key_missing`, `encryption_key_wrong`, and what is wrong with the file.
    pub async fn open(&self, db: &Db, clock: &Clock) -> Result<()> {
        let mut tx = db.write().await?;
        // A second server of a new database waits here until the first has made the key.
        lock(&mut tx).await?;
        if rows(&mut tx).await?.is_empty() {
            let first = match file::read(&self.0.file)?.pop() {
                Some(key) => key,
                None => file::add(&self.0.file)?,
            };
            let index_key = Zeroizing::new(random::bytes());
            insert(&mut tx, clock, 1, &first, &index_key).await?;
            tracing::info!(key = %first.id, "the first key of personal data");
        }
        self.load(&mut tx).await?;
        tx.commit().await
    }

    /// What seals and opens in this transaction: with the newest key that the database names.
    ///
    /// Errors: `encryption_key_missing`, `encryption_key_wrong`, and what is wrong with the file.
    pub async fn cipher(&self, tx: &mut Tx) -> Result<Cipher> {
        let (newest,): (Option<i32>,) = tx.one("SELECT max(number) FROM encryption_keys", []).await?;
        let known = self
            .0
            .cipher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match known {
            Some(cipher) if Some(cipher.current()) == newest => Ok(cipher),
            _ => self.load(tx).await,
        }
    }

    async fn load(&self, tx: &mut Tx) -> Result<Cipher> {
        let named = file::read(&self.0.file)?;
        let mut keys = BTreeMap::new();
        let mut index_key = None;
        for row in rows(tx).await? {
            let (key, index) = self.unlock(&named, &row)?;
            keys.insert(row.number, key);
            index_key = Some(index);
        }
        let index_key = index_key.ok_or_else(|| Error::internal("this database has no keys yet"))?;
        let cipher = Cipher::new(keys, &index_key)?;
        *self.0.cipher.lock().unwrap_or_else(PoisonError::into_inner) = Some(cipher.clone());
        Ok(cipher)
    }

    /// The key of a row, proven by what it opens.
    fn unlock(&self, named: &[NamedKey], row: &Row) -> Result<(Key, Key)> {
        let file = self.0.file.display();
        let Some(found) = named.iter().find(|key| key.id == row.id) else {
            return Err(Error::conflict(
                "encryption_key_missing",
                format!(
                    "this database was written with the key {}, which is not in {file}: put the key file of this \
                     database there, or name it with PATRON_KEY_FILE",
                    row.id
                ),
            ));
        };
        let index = cipher::open(&found.key, INDEX_KEY, &row.index_key)
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
            .ok_or_else(|| {
                Error::conflict(
                    "encryption_key_wrong",
                    format!(
                        "the key {} in {file} is not the one this database was written with: put the key file of \
                         this database there, or name it with PATRON_KEY_FILE",
                        row.id
                    ),
                )
            })?;
        Ok((found.key.clone(), Zeroizing::new(index)))
    }

    /// Makes a new key the one that seals: the last of the file where the database does not know it yet, else
    /// one that is made and added to the file. What older keys have sealed still opens; the rooms seal it
    /// anew in jobs of their own. Gives the new key's name.
    ///
    /// Errors: `encryption_key_missing`, `encryption_key_wrong`, and what is wrong with the file.
    pub async fn rotate(&self, tx: &mut Tx, clock: &Clock, actor: Actor) -> Result<String> {
        lock(tx).await?;
        let known = rows(tx).await?;
        let newest = known
            .last()
            .ok_or_else(|| Error::internal("this database has no keys yet"))?;
        let named = file::read(&self.0.file)?;
        let (_, index_key) = self.unlock(&named, newest)?;
        let new = match named.into_iter().next_back() {
            Some(last) if known.iter().all(|row| row.id != last.id) => last,
            _ => file::add(&self.0.file)?,
        };
        insert(tx, clock, newest.number + 1, &new, &index_key).await?;
        let event = Event {
            actor,
            kind: "encryption_key.added",
            subject_kind: "firm",
            subject: crate::firm::SUBJECT,
            customer: None,
            payload: &serde_json::json!({ "key": new.id }),
        };
        events::record(tx, clock, &event).await?;
        Ok(new.id)
    }
}

async fn lock(tx: &mut Tx) -> Result<()> {
    if let Some(lock) = tx.dialect().key_lock() {
        tx.execute(lock, []).await?;
    }
    Ok(())
}

async fn rows(tx: &mut Tx) -> Result<Vec<Row>> {
    tx.all(
        "SELECT number, id, index_key FROM encryption_keys ORDER BY number",
        [],
    )
    .await
}

async fn insert(tx: &mut Tx, clock: &Clock, number: i32, key: &NamedKey, index_key: &Key) -> Result<()> {
    let sealed = cipher::seal(&key.key, number, INDEX_KEY, &index_key[..])?;
    tx.execute(
        "INSERT INTO encryption_keys (number, id, index_key, added_at) VALUES ($1, $2, $3, $4)",
        args![number, key.id.as_str(), sealed, clock.now()],
    )
    .await
    .map(|_| ())
}
