//! What a server makes sure of before it touches a database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use platform::access::{Role, app};
use platform::testing::TestDb;
use platform::{Db, test_on_both};
use support::config;

async fn has_tables(db: &Db) -> bool {
    let mut tx = db.read().await.unwrap();
    let (tables,): (i64,) = tx.one("SELECT count(*) FROM sqlite_schema", []).await.unwrap();
    tables > 0
}

#[tokio::test]
async fn a_file_that_is_served_is_not_migrated_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("patron.sqlite").display());
    let served = Db::open(&url).await.unwrap();
    served.lock_server().unwrap();
    let config = config(&url, folder.path());
    for opened in [server::open(&config).await, server::open_demo(&config).await] {
        assert_eq!(opened.err().unwrap().code(), "already_served");
    }
    let beside = server::open_beside(&config).await;
    assert_eq!(beside.err().unwrap().code(), "database_not_current");
    assert!(!has_tables(&served).await);
}

/// The configuration of a server on a test's database, with its keys.
fn keyed(t: &TestDb, folder: &std::path::Path) -> server::Config {
    server::Config {
        key_file: Some(t.platform.keys.file().to_owned()),
        ..config(&t.url, folder)
    }
}

test_on_both!(a_database_keeps_to_its_data_folder);
async fn a_database_keeps_to_its_data_folder(t: &TestDb) {
    let (own, other) = (t.folder().join("own"), t.folder().join("other"));
    let first = server::open(&keyed(t, &own)).await.unwrap();
    first.db.close().await;
    drop(first);
    let refused = server::open(&keyed(t, &other)).await.err().unwrap();
    assert_eq!(refused.code(), "data_dir_foreign");
    let again = server::open(&keyed(t, &own)).await.unwrap();
    again.db.close().await;
    drop(again);

    // Nor does a folder go from one database to another by itself, but someone may say so.
    let another = TestDb::sqlite(&[]).await;
    let theirs = keyed(&another, &own);
    let refused = server::open(&theirs).await.err().unwrap();
    assert_eq!(refused.code(), "data_dir_foreign");
    std::fs::remove_file(own.join("installation")).unwrap();
    server::open(&theirs).await.unwrap();
    another.remove().await;
}

test_on_both!(the_demo_takes_only_a_database_of_its_own);
async fn the_demo_takes_only_a_database_of_its_own(t: &TestDb) {
    let config = config(&t.url, t.folder());
    for _ in 0..2 {
        let platform = server::open_demo(&config).await.unwrap();
        if !app::has_users(&platform).await.unwrap() {
            app::add_user(&platform, "admin", "Administrator", Role::Administrator)
                .await
                .unwrap();
        }
        platform.db.close().await;
    }
    let mut tx = t.platform.db.write().await.unwrap();
    tx.execute("DELETE FROM settings WHERE key = 'demo'", [])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refused = server::open_demo(&config).await.err().unwrap();
    assert_eq!(refused.code(), "not_a_demo");
}

#[tokio::test]
async fn what_is_stored_is_for_the_servers_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = format!("sqlite:{}", data.join("patron.sqlite").display());
    let _platform = server::open(&config(&url, &data)).await.unwrap();
    let mut looked_at = 0;
    let entries = std::fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for path in entries.chain([data.clone()]) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has the mode {mode:o}", path.display());
        looked_at += 1;
    }
    assert!(looked_at >= 4, "only {looked_at} were looked at");
}
