//! The file itself, written while it is sent: never more of it in memory than its documents and a few pieces.

use std::io::{self, Write};

use base::{Error, Result};
use platform::crypto::Pieces;
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// So many pieces wait for whoever reads slowly.
const WAITING_MAX: usize = 8;
const PIECE_BYTES: usize = 64 << 10;

/// What stands in the file.
pub(super) enum Entry {
    Document(String, Vec<u8>),
    Attachment(String, Pieces),
}

/// The file, piece by piece; the last is an error where it could not be written to its end, so that nobody takes half
/// of it for the whole.
pub(super) type Sent = mpsc::Receiver<Result<Vec<u8>>>;

/// Begins to write a file of these.
pub(super) fn begin(entries: Vec<Entry>) -> Sent {
    let (sender, sent) = mpsc::channel(WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        if let Err(e) = write(entries, &sender) {
            tracing::warn!(error = %e, "everything about a customer was not written to its end");
            // Whoever is gone hears of nothing.
            let _nobody_listens = sender.blocking_send(Err(e));
        }
    });
    sent
}

fn write(entries: Vec<Entry>, sender: &mpsc::Sender<Result<Vec<u8>>>) -> Result<()> {
    let out = Out {
        sender,
        waiting: Vec::with_capacity(PIECE_BYTES),
    };
    let mut zip = ZipWriter::new_stream(out);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for entry in entries {
        match entry {
            Entry::Document(name, text) => {
                zip.start_file(name, options).map_err(Error::internal)?;
                zip.write_all(&text).map_err(Error::internal)?;
            }
            Entry::Attachment(name, pieces) => {
                zip.start_file(name, options).map_err(Error::internal)?;
                for piece in pieces {
                    zip.write_all(&piece?).map_err(Error::internal)?;
                }
            }
        }
    }
    let mut out = zip.finish().map_err(Error::internal)?.into_inner();
    out.flush().map_err(Error::internal)
}

/// Sends what is written.
struct Out<'a> {
    sender: &'a mpsc::Sender<Result<Vec<u8>>>,
    waiting: Vec<u8>,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.waiting);
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "whoever asked for it is gone");
        self.sender.blocking_send(Ok(piece)).map_err(gone)
    }
}
