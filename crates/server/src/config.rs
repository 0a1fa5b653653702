//! What the server needs to know, checked before anything is opened.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base::{Error, Result};

use crate::proxies::Network;

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database; none: a SQLite file in the data folder.
    pub database_url: Option<String>,
    /// The folder for the database file, uploads, the ledger's columns and the runs' files.
    pub data_dir: PathBuf,
    /// The file with the keys of personal data; none: `keys` in the data folder.
    pub key_file: Option<PathBuf>,
    /// The address people use, if it is not the one listened on: `https://patron.example.com`.
    pub public_url: Option<String>,
    /// The proxies that say where a request came from; sign-in attempts are counted by that.
    pub trusted_proxies: Vec<Network>,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of a server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest file that may be uploaded, in bytes.
    pub upload_bytes_max: u64,
    /// How many jobs at once.
    pub jobs_at_once: usize,
    /// How many connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long a connection may be silent before a request has said its headers.
    pub header_read: Duration,
    /// How long running requests and jobs may go on after the signal to stop.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 2 << 30,
            jobs_at_once: 2,
            connections: 4_096,
            header_read: Duration::from_secs(30),
            shutdown: Duration::from_secs(20),
        }
    }
}

impl Config {
    /// The URL of the database.
    pub fn database_url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("patron.sqlite").display()))
    }

    /// Checks what can be checked without opening anything. Errors name the setting.
    pub fn check(&self) -> Result<()> {
        if let Some(url) = &self.public_url {
            let host = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"))
                .unwrap_or_default();
            if host.is_empty() || host.contains(['/', ' ', '?', '#']) {
                return Err(Error::invalid(
                    "public_url_malformed",
                    format!("the public URL is scheme and host without a path, such as https://patron.example.com, not {url:?}"),
                )
                .at("public_url"));
            }
        }
        if let Err(e) = platform::private::folder(&self.data_dir) {
            return Err(Error::invalid(
                "data_dir_unusable",
                format!("the data folder {} cannot be made: {e}", self.data_dir.display()),
            )
            .at("data_dir"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(public_url: Option<&str>) -> Config {
        Config {
            listen: ([127, 0, 0, 1], 0).into(),
            database_url: None,
            data_dir: std::env::temp_dir(),
            key_file: None,
            public_url: public_url.map(str::to_owned),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
        }
    }

    #[test]
    fn what_cannot_work_is_refused_at_start() {
        for good in [
            None,
            Some("https://patron.example.com"),
            Some("http://10.0.0.1:8080"),
        ] {
            config(good).check().unwrap();
        }
        for bad in ["patron.example.com", "https://", "https://a/b", "ftp://a"] {
            let e = config(Some(bad)).check().unwrap_err();
            assert_eq!(e.code(), "public_url_malformed", "{bad}");
        }
        let mut nowhere = config(None);
        nowhere.data_dir = "/proc/nowhere".into();
        assert_eq!(nowhere.check().unwrap_err().code(), "data_dir_unusable");
    }
}
