//! Keys of personal data on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use std::os::unix::fs::PermissionsExt as _;

use platform::crypto::{Keyring, Place};
use platform::events::Actor;
use platform::test_on_both;
use platform::testing::TestDb;
use uuid::Uuid;

const PLACE: Place = Place {
    table: "identities",
    column: "value",
};
const ROW: Uuid = Uuid::from_u128(1);

async fn cipher(t: &TestDb, keys: &Keyring) -> base::Result<platform::crypto::Cipher> {
    let mut tx = t.platform.db.read().await?;
    keys.cipher(&mut tx).await
}

test_on_both!(the_key_of_a_new_database_is_made_once_and_for_its_user_only);
async fn the_key_of_a_new_database_is_made_once_and_for_its_user_only(t: &TestDb) {
    let p = &t.platform;
    let file = t.folder().join(Keyring::FILE);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    let again = Keyring::in_file(file.clone());
    again.open(&p.db, &p.clock).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let (one, two) = (
        cipher(t, &p.keys).await.unwrap(),
        cipher(t, &again).await.unwrap(),
    );
    let sealed = one.seal(PLACE, ROW, "13900000001").unwrap();
    assert_eq!(*two.open(PLACE, ROW, &sealed).unwrap(), "13900000001");
    assert_eq!(one.blind("phone", "1"), two.blind("phone", "1"));
}

test_on_both!(without_the_key_it_was_written_with_a_database_is_not_opened);
async fn without_the_key_it_was_written_with_a_database_is_not_opened(t: &TestDb) {
    let p = &t.platform;
    let open = async |name: &str| {
        let keys = Keyring::in_file(t.folder().join(name));
        keys.open(&p.db, &p.clock).await.unwrap_err()
    };
    let missing = open("elsewhere").await;
    assert_eq!(missing.code(), "encryption_key_missing");
    assert!(missing.to_string().contains("elsewhere"), "{missing}");
    assert!(
        !t.folder().join("elsewhere").exists(),
        "no key is made for data that has one"
    );

    let text = std::fs::read_to_string(t.folder().join(Keyring::FILE)).unwrap();
    let id = text.lines().last().unwrap().split(' ').next().unwrap();
    let forged = format!("{id} {}=\n", "A".repeat(43));
    std::fs::write(t.folder().join("forged"), forged).unwrap();
    assert_eq!(open("forged").await.code(), "encryption_key_wrong");
    for (name, text) in [("short", "k1 AAAA"), ("no-key", "k1"), ("not-text", "k1 !!!!")] {
        std::fs::write(t.folder().join(name), text).unwrap();
        assert_eq!(open(name).await.code(), "key_file_malformed", "{name}");
    }
}

test_on_both!(a_key_is_changed_while_servers_run);
async fn a_key_is_changed_while_servers_run(t: &TestDb) {
    let p = &t.platform;
    let other = t.another_process().await;
    let before = cipher(t, &p.keys).await.unwrap();
    cipher(t, &other.keys).await.unwrap();
    let old = before.seal(PLACE, ROW, "x").unwrap();

    let mut tx = p.db.write().await.unwrap();
    let id = p.keys.rotate(&mut tx, &p.clock, Actor::System).await.unwrap();
    tx.commit().await.unwrap();
    assert!(std::fs::read_to_string(p.keys.file()).unwrap().contains(&id));

    for keys in [&p.keys, &other.keys] {
        let after = cipher(t, keys).await.unwrap();
        assert_eq!(*after.open(PLACE, ROW, &old).unwrap(), "x");
        assert!(!after.is_current(&old));
        assert_eq!(
            after.blind("phone", "1"),
            before.blind("phone", "1"),
            "what is indexed is found"
        );
        assert!(after.is_current(&after.seal(PLACE, ROW, "x").unwrap()));
    }
    // A key that the operator has put into the file is taken rather than another one made.
    let mut text = std::fs::read_to_string(p.keys.file()).unwrap();
    text.push_str(&format!("theirs {}=\n", "B".repeat(42) + "A"));
    std::fs::write(p.keys.file(), text).unwrap();
    let mut tx = p.db.write().await.unwrap();
    assert_eq!(
        p.keys.rotate(&mut tx, &p.clock, Actor::System).await.unwrap(),
        "theirs"
    );
    tx.commit().await.unwrap();
    assert_eq!(
        *cipher(t, &other.keys)
            .await
            .unwrap()
            .open(PLACE, ROW, &old)
            .unwrap(),
        "x"
    );
}
