//! What every use case and job gets: database, clock, jobs, settings.

use std::path::PathBuf;
use std::sync::Arc;

use crate::access::KeyRates;
use crate::clock::Clock;
use crate::crypto::Keyring;
use crate::db::Db;
use crate::jobs::Jobs;

/// The settings that rooms need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder for uploads, the ledger's columns and the runs' files.
    pub data_dir: PathBuf,
    /// The address people use, such as `https://patron.example.com`; decides on secure cookies and
    /// which Origin may write.
    pub public_url: Option<String>,
    /// The largest file that may be uploaded, in bytes.
    pub upload_bytes_max: u64,
}

impl Settings {
    /// Whether people reach Patron over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

/// The running program, as rooms see it. Cheap to clone; it is also the state of every router.
#[derive(Clone)]
pub struct Platform {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The job queue.
    pub jobs: Jobs,
    /// The keys of personal data.
    pub keys: Keyring,
    /// The settings.
    pub settings: Arc<Settings>,
    /// How often each API key was used lately.
    pub key_rates: KeyRates,
}

impl Platform {
    /// Puts the parts together, with the keys in the data folder.
    pub fn new(db: Db, clock: Clock, settings: Settings) -> Self {
        Self {
            db,
            clock,
            jobs: Jobs::default(),
            keys: Keyring::in_file(settings.data_dir.join(Keyring::FILE)),
            settings: Arc::new(settings),
            key_rates: KeyRates::default(),
        }
    }
}
