//! Databases for tests, of both kinds and real. Every contract is one `async fn suite(t: &TestDb)`,
//! run on SQLite and PostgreSQL by [`test_on_both!`](crate::test_on_both!).

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot have its database fails here"
)]

use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;

use crate::access::{Caller, Role, User};
use crate::clock::Clock;
use crate::db::Db;
use crate::migrations::{self, RoomMigrations};
use crate::state::{Platform, Settings};
use crate::{ids, random};

/// Makes two tests of one suite: `test_on_both!(the_queue_is_fair, MIGRATIONS);` wants an
/// `async fn the_queue_is_fair(t: &TestDb)` and gives `the_queue_is_fair::sqlite` and `::postgres`.
/// The second argument lists the rooms' migrations after the platform's own: `[customers::MIGRATIONS]`.
#[macro_export]
macro_rules! test_on_both {
    ($suite:ident, $rooms:expr) => {
        mod $suite {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let t = $crate::testing::TestDb::sqlite(&$rooms).await;
                super::$suite(&t).await;
                t.remove().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let t = $crate::testing::TestDb::postgres(&$rooms).await;
                super::$suite(&t).await;
                t.remove().await;
            }
        }
    };
    ($suite:ident) => {
        $crate::test_on_both!($suite, [] as [$crate::migrations::RoomMigrations; 0]);
    };
}

/// A fresh, migrated database with a data folder.
pub struct TestDb {
    /// The platform over it, with the machine's clock.
    pub platform: Platform,
    /// Its URL, for another process.
    pub url: String,
    folder: TempDir,
}

impl TestDb {
    /// In a new SQLite file.
    pub async fn sqlite(rooms: &[RoomMigrations]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("patron.sqlite").display());
        Self::open(url, folder, rooms).await
    }

    /// In a new database of the PostgreSQL that `scripts/postgres-for-tests.sh start` gives.
    pub async fn postgres(rooms: &[RoomMigrations]) -> Self {
        let Ok(server) = std::env::var("PATRON_TEST_POSTGRES_URL") else {
            panic!(
                "this test needs a PostgreSQL: export PATRON_TEST_POSTGRES_URL=\"$(scripts/postgres-for-tests.sh start)\""
            );
        };
        let name = format!("t_{}", ids::new::<Uuid>(&Clock::system()).simple());
        let admin = Db::open(&server)
            .await
            .expect("the PostgreSQL behind PATRON_TEST_POSTGRES_URL");
        admin
            .outside_transaction(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a new database");
        admin.close().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open(with_database(&server, &name), folder, rooms).await
    }

    async fn open(url: String, folder: TempDir, rooms: &[RoomMigrations]) -> Self {
        let db = Db::open(&url).await.expect("the database opens");
        let clock = Clock::system();
        let all: Vec<_> = [migrations::PLATFORM]
            .into_iter()
            .chain(rooms.iter().copied())
            .collect();
        migrations::apply(&db, &all, &clock)
            .await
            .expect("the migrations apply");
        let platform = Self::platform_over(db, clock, folder.path());
        platform
            .keys
            .open(&platform.db, &platform.clock)
            .await
            .expect("the keys of personal data");
        Self {
            platform,
            url,
            folder,
        }
    }

    fn platform_over(db: Db, clock: Clock, data_dir: &Path) -> Platform {
        Platform::new(
            db,
            clock,
            Settings {
                data_dir: data_dir.to_owned(),
                public_url: None,
                upload_bytes_max: 64 << 20,
            },
        )
    }

    /// The same database under another clock, for tests that move time.
    pub fn with_clock(&self, clock: Clock) -> Platform {
        Self::platform_over(self.platform.db.clone(), clock, self.folder.path())
    }

    /// A platform of another process over the same database: own connections, own job queue.
    pub async fn another_process(&self) -> Platform {
        let db = Db::open(&self.url).await.expect("the database opens again");
        Self::platform_over(db, Clock::system(), self.folder.path())
    }

    /// The folder for files; it goes with the database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Closes and removes the database.
    pub async fn remove(self) {
        self.platform.db.close().await;
        let Some(name) = self.url.strip_prefix("postgres").and_then(database_name) else {
            return;
        };
        let server = std::env::var("PATRON_TEST_POSTGRES_URL").expect("it was there at the start");
        let admin = Db::open(&server).await.expect("PostgreSQL");
        admin
            .outside_transaction(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .expect("the database is removed");
        admin.close().await;
    }
}

/// A caller with this built-in role who sees the whole firm, without a user in the database.
pub fn caller(role: Role) -> Caller {
    Caller::at_the_command_line(User {
        id: Uuid::from_bytes(random::bytes()).into(),
        login: role.to_string(),
        name: role.to_string(),
        role,
    })
}

/// `postgres://user@host/postgres?host=…` with another database name.
fn with_database(server: &str, name: &str) -> String {
    let (address, options) = server
        .split_once('?')
        .map_or((server, None), |(a, o)| (a, Some(o)));
    let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
    match options {
        Some(options) => format!("{base}/{name}?{options}"),
        None => format!("{base}/{name}"),
    }
}

fn database_name(url: &str) -> Option<&str> {
    url.split('?').next()?.rsplit('/').next()
}
