//! How DataFusion reads files here.

use std::path::Path;

use base::{Error, Result};
use datafusion::prelude::SessionConfig;

/// One partition, so that rows come in the order of the file and sums of floats are always taken
/// in the same order. No statistics of files: DataFusion takes a column whose least and largest
/// value are equal for constant, and Parquet leaves NaN out of both, so a NaN would be read as a
/// good amount (apache/datafusion#24804).
pub(crate) fn scan_config() -> SessionConfig {
    SessionConfig::new()
        .with_target_partitions(1)
        .with_collect_statistics(false)
}

/// The path as a URL, so that no character of a file's name is taken for a pattern.
pub(crate) fn file_url(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).map_err(|error| {
        Error::invalid(
            "file_unreadable",
            format!("cannot find {}: {error}", path.display()),
        )
    })?;
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                url.push(char::from(*byte))
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    Ok(url)
}
