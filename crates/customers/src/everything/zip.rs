//! The file itself, written while it is sent: never more of it in memory than its documents and a few pieces.

use std::io::{self, Write};
use std::time::Duration;

use base::{Error, Result};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::attachments::app::Sealed;

/// So many pieces wait for whoever reads slowly.
const WAITING_MAX: usize = 8;
const PIECE_BYTES: usize = 64 << 10;
/// Who takes no piece for so long has stopped reading.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands in the file.
pub(super) enum Entry {
    Document(String, Vec<u8>),
    /// Opened when its turn comes.
    Attachment(String, Sealed),
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// It was written to its end.
    End,
}

/// The file, piece by piece. Without an end it could not be written whole.
pub(super) type Sent = mpsc::Receiver<Piece>;

/// Begins to write a file of these; the turn ends with it.
pub(super) fn begin(entries: Vec<Entry>, turn: OwnedSemaphorePermit) -> Sent {
    let (sender, sent) = mpsc::channel(WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        if let Err(e) = write(entries, &sender) {
            tracing::warn!(error = %e, "everything about a customer was not written to its end");
        }
        drop(turn);
    });
    sent
}

fn write(entries: Vec<Entry>, sender: &mpsc::Sender<Piece>) -> Result<()> {
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
            Entry::Attachment(name, sealed) => {
                zip.start_file(name, options).map_err(Error::internal)?;
                for piece in sealed.open()? {
                    zip.write_all(&piece?).map_err(Error::internal)?;
                }
            }
        }
    }
    let mut out = zip.finish().map_err(Error::internal)?.into_inner();
    out.flush().map_err(Error::internal)?;
    out.send(Piece::End).map_err(Error::internal)
}

/// Sends what is written.
struct Out<'a> {
    sender: &'a mpsc::Sender<Piece>,
    waiting: Vec<u8>,
}

impl Out<'_> {
    fn send(&self, piece: Piece) -> io::Result<()> {
        let sent = Handle::current().block_on(self.sender.send_timeout(piece, PATIENCE));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "whoever asked for it reads no more");
        sent.map_err(gone)
    }
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
        self.send(Piece::Bytes(piece))
    }
}
