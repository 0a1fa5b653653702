//! Holds what ARCHITECTURE.md says: which crate may know which, and what may stand in which file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Who may depend on whom, directly. A crate that is not listed may not exist.
const ARROWS: [(&str, &[&str]); 8] = [
    ("base", &[]),
    ("stats", &[]),
    ("platform", &["base"]),
    ("customers", &["base", "platform"]),
    ("value", &["base", "stats", "platform", "customers"]),
    ("tiers", &["base", "platform", "customers", "value"]),
    ("server", &["base", "platform", "customers", "value", "tiers"]),
    (
        "patron",
        &[
            "base",
            "stats",
            "platform",
            "customers",
            "value",
            "tiers",
            "server",
        ],
    ),
];

/// Libraries that only some crates may name, because a second place for them would be a second way.
const RESERVED: [(&str, &[&str]); 6] = [
    ("datafusion", &["value"]),
    ("rust-embed", &["server"]),
    ("clap", &["patron"]),
    ("argon2", &["platform"]),
    ("axum", &["platform", "customers", "value", "tiers", "server"]),
    ("sqlx", &["platform", "customers", "value", "tiers"]),
];

#[test]
fn crates_know_only_those_below_them() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let names = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.clone());
        found.insert(package.name.to_string(), names.collect());
    }
    assert_eq!(found.len(), ARROWS.len(), "crates: {:?}", found.keys());
    for (name, allowed) in ARROWS {
        for dependency in &found[name] {
            let ours = found.contains_key(dependency) && dependency != name;
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{name} may not know {dependency}"
            );
        }
    }
    for (library, allowed) in RESERVED {
        let holders: Vec<_> = found
            .iter()
            .filter(|(_, names)| names.contains(library))
            .collect();
        for (name, _) in &holders {
            assert!(allowed.contains(&name.as_str()), "{name} may not name {library}");
        }
        assert!(
            !holders.is_empty(),
            "nobody names {library} any more: take it off the list"
        );
    }
}

/// What is forbidden in a kind of file, as sequences of tokens.
struct Rule {
    name: &'static str,
    applies: fn(&str) -> bool,
    tokens: &'static [&'static str],
    /// Whether string literals may be SQL.
    sql_allowed: bool,
}

fn in_folder_or_file(path: &str, name: &str) -> bool {
    path.contains(&format!("/{name}/")) || path.ends_with(&format!("/{name}.rs"))
}

const RULES: [Rule; 5] = [
    Rule {
        name: "base, stats and rules.rs are pure",
        applies: |path| {
            path.starts_with("crates/base/src/")
                || path.starts_with("crates/stats/src/")
                || in_folder_or_file(path, "rules")
        },
        tokens: &[
            "async",
            "await",
            "sqlx",
            "axum",
            "tokio",
            "datafusion",
            "reqwest",
            "fs",
            "net",
            "process",
            "File",
            "Instant",
            "SystemTime",
            "now (",
            "thread_rng",
            "rand :: rng",
            "rand :: random",
            "from_os_rng",
            "make_rng",
            "println",
            "eprintln",
            "stdout",
            "stderr",
            "stdin",
        ],
        sql_allowed: false,
    },
    Rule {
        name: "SQL stands in store.rs and the platform",
        applies: |path| {
            path.contains("/src/")
                && !path.starts_with("crates/platform/src/")
                && !in_folder_or_file(path, "store")
                && !path.starts_with("crates/value/src/engine/")
        },
        tokens: &[
            "sqlx :: query",
            "tx . execute",
            "tx . all",
            "tx . one",
            "tx . optional",
        ],
        sql_allowed: false,
    },
    Rule {
        name: "axum stands in api.rs, the server and platform::http",
        applies: |path| {
            path.contains("/src/")
                && !path.starts_with("crates/server/src/")
                && !path.starts_with("crates/platform/src/http/")
                && !in_folder_or_file(path, "api")
        },
        tokens: &["axum"],
        sql_allowed: true,
    },
    Rule {
        name: "DataFusion stands in value",
        applies: |path| path.contains("/src/") && !path.starts_with("crates/value/"),
        tokens: &["datafusion"],
        sql_allowed: true,
    },
    Rule {
        name: "Arrow stands in value and where files are read and written",
        applies: |path| {
            path.contains("/src/")
                && !path.starts_with("crates/value/")
                && !path.starts_with("crates/platform/src/tabular/")
                && path != "crates/platform/src/exports/write.rs"
        },
        tokens: &["arrow", "parquet ::"],
        sql_allowed: true,
    },
];

#[test]
fn files_hold_what_their_place_allows() {
    let mut scanned: BTreeMap<&str, Vec<String>> = RULES.iter().map(|rule| (rule.name, Vec::new())).collect();
    let mut violations = Vec::new();
    for file in rust_files(&root().join("crates")) {
        let path = file
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let source = std::fs::read_to_string(&file).unwrap();
        for rule in RULES.iter().filter(|rule| (rule.applies)(&path)) {
            violations.extend(check(rule, &path, &source));
            scanned.get_mut(rule.name).unwrap().push(path.clone());
        }
    }
    for (rule, files) in &scanned {
        println!("{rule}: {} files\n  {}", files.len(), files.join("\n  "));
        assert!(files.len() >= 5, "{rule}: only {files:?} were scanned");
    }
    let pure = &scanned[RULES[0].name];
    for expected in [
        "crates/base/src/money.rs",
        "crates/stats/src/lib.rs",
        "crates/platform/src/access/rules.rs",
    ] {
        assert!(
            pure.iter().any(|path| path == expected),
            "{expected} was not scanned"
        );
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn the_scanner_finds_what_it_should_and_nothing_else() {
    let pure = &RULES[0];
    let found = |rule: &Rule, source: &str| check(rule, "x.rs", source).len();
    for bad in [
        "fn f() { let t = Timestamp::now(); }",
        "use std::fs;",
        "use std::{fmt, fs};",
        "async fn f() {}",
        "fn f() -> u8 { rand::random() }",
        "fn f() { let x = rand :: rng(); }",
        "const S: &str = \"SELECT 1 FROM t\";",
        "const S: &str = r#\"\n  DELETE FROM t\"#;",
        "fn f() { /* \" */ std::fs::read(\"x\"); }",
        "fn f() { let c = '\"'; std::fs::read(c); }",
    ] {
        assert_eq!(found(pure, bad), 1, "{bad}");
    }
    for good in [
        "// a rule never calls now() or async\nfn f() {}",
        "/* std::fs /* nested */ tokio */ fn f() {}",
        "fn f() -> &'static str { \"please await the async answer; Select one\" }",
        "fn known(now: Timestamp, knows: bool) { let x = now; }",
        "fn f<'a>(x: &'a str) -> &'a str { x }",
        "fn f() {}\n#[cfg(test)]\nmod tests { fn g() { std::fs::read(\"x\"); } }",
    ] {
        assert_eq!(found(pure, good), 0, "{good}: {:?}", check(pure, "x.rs", good));
    }
    assert_eq!(
        found(&RULES[1], "async fn f(tx: &mut Tx) { tx.execute(X, []).await; }"),
        1
    );
    assert_eq!(found(&RULES[2], "use axum::Json;"), 1);
    assert_eq!(found(&RULES[3], "use datafusion::prelude::*;"), 1);
    assert!((RULES[1].applies)("crates/customers/src/app.rs"));
    assert!(!(RULES[1].applies)("crates/customers/src/store.rs"));
    assert!(!(RULES[1].applies)("crates/value/src/store/runs.rs"));
    assert!((RULES[2].applies)("crates/customers/src/app.rs"));
    assert!(!(RULES[2].applies)("crates/customers/src/api.rs"));
    assert!((RULES[0].applies)("crates/tiers/src/rules.rs"));
    assert!((RULES[0].applies)("crates/value/src/rules/classes.rs"));
}

/// axum's own extractors that answer bad input with plain text; `platform::http` has each with a problem.
const PLAIN_EXTRACTORS: [&str; 5] = ["Form", "Json", "Multipart", "Path", "Query"];

#[test]
fn bad_input_is_answered_by_problems_only() {
    let mut scanned = 0;
    for file in rust_files(&root().join("crates")) {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if path.contains("/src/") && !path.starts_with("crates/platform/src/http/") {
            let source = std::fs::read_to_string(&file).unwrap();
            assert_eq!(plain_extractors(&source), Vec::<String>::new(), "{path}");
            scanned += 1;
        }
    }
    assert!(scanned > 50, "only {scanned} files were scanned");
    assert_eq!(
        plain_extractors("use axum::extract::{Path, State};\nfn f(x: axum::Json<u8>) {}"),
        ["Path", "Json"]
    );
    assert!(
        plain_extractors("use axum::extract::{MatchedPath, State};\nuse platform::http::Path;").is_empty()
    );
}

/// Which of them a source takes from axum, by `use` or by their full name.
fn plain_extractors(source: &str) -> Vec<String> {
    let (tokens, _) = read(source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
    let mut found = Vec::new();
    for (n, _) in tokens.iter().enumerate().filter(|(_, token)| *token == "axum") {
        let rest = &tokens[n + 1..];
        let path = rest.iter().take_while(|token| {
            let word = token.chars().all(|c| c.is_alphanumeric() || c == '_');
            word || ["::", "{", ",", "}"].contains(&token.as_str())
        });
        found.extend(
            path.filter(|token| PLAIN_EXTRACTORS.contains(&token.as_str()))
                .cloned(),
        );
    }
    found
}

fn check(rule: &Rule, path: &str, source: &str) -> Vec<String> {
    let product = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let (tokens, strings) = read(product);
    let mut found = Vec::new();
    for forbidden in rule.tokens {
        let wanted: Vec<&str> = forbidden.split(' ').collect();
        if tokens
            .windows(wanted.len())
            .any(|window| window.iter().zip(&wanted).all(|(a, b)| a == b))
        {
            found.push(format!("{path}: {}: `{}`", rule.name, forbidden.replace(' ', "")));
        }
    }
    if !rule.sql_allowed {
        let sql = strings.iter().filter(|text| is_sql(text));
        found.extend(sql.map(|text| {
            format!(
                "{path}: {}: {:?}",
                rule.name,
                text.chars().take(60).collect::<String>()
            )
        }));
    }
    found
}

fn is_sql(text: &str) -> bool {
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some("SELECT" | "UPDATE"), Some(_)) => true,
        (Some("INSERT"), Some("INTO" | "OR")) | (Some("DELETE"), Some("FROM")) => true,
        (Some("CREATE" | "DROP" | "ALTER"), Some(what)) => {
            ["TABLE", "INDEX", "UNIQUE", "TEMP"].contains(&what)
        }
        _ => false,
    }
}

/// Identifiers and punctuation, with `::` as one; and the string literals.
fn read(source: &str) -> (Vec<String>, Vec<String>) {
    let chars: Vec<char> = source.chars().collect();
    let at = |n: usize| chars.get(n).copied().unwrap_or('\0');
    let (mut tokens, mut strings, mut n) = (Vec::new(), Vec::new(), 0);
    while n < chars.len() {
        let c = at(n);
        if c == '/' && at(n + 1) == '/' {
            while n < chars.len() && at(n) != '\n' {
                n += 1;
            }
        } else if c == '/' && at(n + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(n), at(n + 1)) {
                    ('/', '*') => (depth, n) = (depth + 1, n + 2),
                    ('*', '/') => (depth, n) = (depth - 1, n + 2),
                    ('\0', _) if n >= chars.len() => break,
                    _ => n += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if c == 'r'
            && (at(n + 1) == '"' || (at(n + 1) == '#' && (at(n + 2) == '"' || at(n + 2) == '#')))
        {
            let hashes = chars[n + 1..].iter().take_while(|c| **c == '#').count();
            let begin = n + 2 + hashes;
            let end_mark: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
            let rest: String = chars[begin.min(chars.len())..].iter().collect();
            let text = rest.split(&end_mark).next().unwrap_or_default().to_owned();
            n = begin + text.chars().count() + end_mark.chars().count();
            strings.push(text);
        } else if c == '"' {
            let mut text = String::new();
            n += 1;
            while n < chars.len() && at(n) != '"' {
                if at(n) == '\\' {
                    n += 1;
                }
                text.push(at(n));
                n += 1;
            }
            n += 1;
            strings.push(text);
        } else if c == '\'' {
            // A character is closed within a few places; a lifetime is not.
            let length = if at(n + 1) == '\\' {
                (3..12).find(|k| at(n + k) == '\'')
            } else {
                Some(2).filter(|_| at(n + 2) == '\'')
            };
            n += length.map_or(1, |length| length + 1);
        } else if c.is_alphanumeric() || c == '_' {
            let begin = n;
            while at(n).is_alphanumeric() || at(n) == '_' {
                n += 1;
            }
            tokens.push(chars[begin..n].iter().collect());
        } else {
            if c == ':' && at(n + 1) == ':' {
                tokens.push("::".to_owned());
                n += 1;
            } else if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            n += 1;
        }
    }
    (tokens, strings)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}
