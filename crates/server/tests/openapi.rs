//! The committed document is the code's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[test]
fn the_committed_document_is_the_codes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let now = server::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let line = committed.lines().zip(now.lines()).position(|(a, b)| a != b);
    assert!(
        committed == now,
        "openapi.json is not what the code says (first difference at line {:?}). Make it anew, and the \
         console's types with it:\n\n    UPDATE_OPENAPI=1 cargo test -p server --test openapi\n    \
         (cd web && npm run api)\n",
        line.map(|n| n + 1)
    );
}

#[test]
fn the_document_is_version_3_1() {
    let document: serde_json::Value = serde_json::from_str(&server::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(
        document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .all(|path| path.starts_with("/api/v1/"))
    );
}
