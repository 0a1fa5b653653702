//! The key file: one line per key, its name and its 256 bits in base64, the newest last.

use std::io::Write as _;
use std::path::Path;

use base::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Key;
use crate::{private, random};

const HEAD: &str = "# The keys of Patron's personal data. Who loses them loses the data: keep a copy of this file, apart\n\
                    # from the copies of the database. One line per key, the newest last; old ones open old backups.\n";

/// A key with its name.
#[derive(Clone)]
pub(super) struct NamedKey {
    pub(super) id: String,
    pub(super) key: Key,
}

/// The keys of a file, oldest first; none where there is no file.
///
/// Errors: `key_file_unusable`, `key_file_malformed`.
pub(super) fn read(path: &Path) -> Result<Vec<NamedKey>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unusable(path, &e)),
    };
    let mut keys: Vec<NamedKey> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.split_once(char::is_whitespace).and_then(named);
        match key.filter(|key| keys.iter().all(|other| other.id != key.id)) {
            Some(key) => keys.push(key),
            None => return Err(malformed(path, n + 1)),
        }
    }
    Ok(keys)
}

fn named((id, key): (&str, &str)) -> Option<NamedKey> {
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).ok()?);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    (id.len() <= 64).then(|| NamedKey {
        id: id.to_owned(),
        key: Zeroizing::new(key),
    })
}

/// Adds a new key to a file, which is made where it is missing; whoever reads it meanwhile sees all of the
/// old file or all of the new one.
///
/// Error: `key_file_unusable`.
pub(super) fn add(path: &Path) -> Result<NamedKey> {
    let id: String = random::bytes::<4>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let new = NamedKey {
        id: format!("k{id}"),
        key: Zeroizing::new(random::bytes()),
    };
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Zeroizing::new(HEAD.to_owned()),
        Err(e) => return Err(unusable(path, &e)),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let key = Zeroizing::new(STANDARD.encode(&new.key[..]));
    text.push_str(&format!("{} {}\n", new.id, *key));
    write(path, &text).map_err(|e| unusable(path, &e))?;
    Ok(new)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let mut file = private::writing().create(true).truncate(true).open(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)?;
    // The name must be as durable as what it names, or a power cut takes the key and leaves the data.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn unusable(path: &Path, e: &std::io::Error) -> Error {
    Error::invalid(
        "key_file_unusable",
        format!("the key file {} cannot be read or written: {e}", path.display()),
    )
    .at("key_file")
}

fn malformed(path: &Path, line: usize) -> Error {
    Error::invalid(
        "key_file_malformed",
        format!(
            "line {line} of the key file {} is not a name, a space and 32 bytes in base64, or has the name of \
             an earlier key",
            path.display()
        ),
    )
    .at("key_file")
}
