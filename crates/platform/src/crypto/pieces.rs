//! Files sealed in pieces, each file under a key of its own: neither sealing nor opening needs more memory than a
//! piece. The file's key stands sealed in the row that knows of the file, so that a rotation seals rows anew and
//! no file, and a file whose row is gone can never be read again.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Key;
use crate::random;

/// How much of a file is sealed at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// How much longer a piece is when it is sealed.
const TAG_BYTES: usize = 16;

/// The key of one file.
#[derive(Clone)]
pub struct FileKey(Key);

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(…)")
    }
}

impl FileKey {
    /// A new one, for one file and no other.
    pub fn new() -> Self {
        Self(Zeroizing::new(random::bytes()))
    }

    /// As a text, to be sealed ([`super::Cipher::seal`]).
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(&self.0[..]))
    }

    /// The key that a text says.
    pub fn from_text(text: &str) -> Result<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(Error::internal)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(Error::internal)?;
        Ok(Self(Zeroizing::new(key)))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl Default for FileKey {
    fn default() -> Self {
        Self::new()
    }
}

/// The nonce of a piece: which it is, and whether it is the last, so that pieces are neither put in another order
/// nor cut off. The key is of one file, so no nonce comes twice.
fn nonce(number: u64, last: bool) -> XNonce {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[23] = u8::from(last);
    XNonce::from(bytes)
}

/// Seals a file as it comes.
pub(crate) struct Sealing {
    cipher: XChaCha20Poly1305,
    number: u64,
    /// What is not sealed yet: never more than a piece.
    waiting: Zeroizing<Vec<u8>>,
}

impl Sealing {
    pub(crate) fn new(key: &FileKey) -> Self {
        Self {
            cipher: key.cipher(),
            number: 0,
            waiting: Zeroizing::new(Vec::with_capacity(PIECE_BYTES)),
        }
    }

    /// Takes more of the file; gives what is sealed by now.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = Vec::new();
        while !bytes.is_empty() {
            // A whole piece is held back until more comes: it may be the last.
            if self.waiting.len() == PIECE_BYTES {
                sealed.extend(self.seal(false)?);
            }
            let room = (PIECE_BYTES - self.waiting.len()).min(bytes.len());
            self.waiting.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
        }
        Ok(sealed)
    }

    /// The end of the sealed file.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        self.seal(true)
    }

    fn seal(&mut self, last: bool) -> Result<Vec<u8>> {
        let sealed = self
            .cipher
            .encrypt(&nonce(self.number, last), self.waiting.as_slice())
            .map_err(|_| Error::internal("sealing a file failed"))?;
        self.number += 1;
        self.waiting.clear();
        Ok(sealed)
    }
}

/// Opens a sealed file piece by piece. Blocks while it reads.
pub struct Pieces {
    file: File,
    cipher: XChaCha20Poly1305,
    number: u64,
    /// How many sealed bytes are still to be read.
    left: u64,
    ended: bool,
}

impl Pieces {
    /// Opens a file; none where it is gone.
    pub fn open(path: &Path, key: &FileKey) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::internal(e)),
        };
        let left = file.metadata().map_err(Error::internal)?.len();
        Ok(Some(Self {
            file,
            cipher: key.cipher(),
            number: 0,
            left,
            ended: false,
        }))
    }

    fn read(&mut self) -> Result<Vec<u8>> {
        let most = (PIECE_BYTES + TAG_BYTES) as u64;
        let length = self.left.min(most);
        self.left -= length;
        let last = self.left == 0;
        self.ended = last;
        let mut sealed = vec![0; usize::try_from(length).map_err(Error::internal)?];
        self.file.read_exact(&mut sealed).map_err(Error::internal)?;
        let opened = self
            .cipher
            .decrypt(&nonce(self.number, last), sealed.as_slice())
            .map_err(|_| Error::internal("a sealed file does not open: it was altered or cut off"))?;
        self.number += 1;
        Ok(opened)
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Result<Vec<u8>>> {
        if self.ended {
            return None;
        }
        let piece = self.read();
        self.ended |= piece.is_err();
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &FileKey, text: &[u8], by: usize) -> Vec<u8> {
        let mut sealing = Sealing::new(key);
        let mut bytes = Vec::new();
        for part in text.chunks(by) {
            bytes.extend(sealing.push(part).unwrap());
        }
        bytes.extend(sealing.finish().unwrap());
        bytes
    }

    fn opened(key: &FileKey, bytes: &[u8]) -> Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut text = Vec::new();
        for piece in Pieces::open(file.path(), key).unwrap().unwrap() {
            text.extend(piece?);
        }
        Ok(text)
    }

    #[test]
    fn a_file_of_any_length_comes_back() {
        let key = FileKey::from_text(&FileKey::new().to_text()).unwrap();
        for length in [
            0,
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            3 * PIECE_BYTES,
        ] {
            let text: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let bytes = sealed(&key, &text, 10_007);
            assert!(length < 100 || !bytes.windows(20).any(|part| part == &text[..20]));
            assert_eq!(opened(&key, &bytes).unwrap(), text, "{length}");
        }
    }

    #[test]
    fn a_file_that_was_altered_cut_off_or_put_in_another_order_does_not_open() {
        let key = FileKey::new();
        let bytes = sealed(&key, &vec![7; 3 * PIECE_BYTES], PIECE_BYTES);
        let piece = PIECE_BYTES + TAG_BYTES;
        let mut altered = bytes.clone();
        altered[piece + 5] ^= 1;
        assert!(opened(&key, &altered).is_err());
        assert!(opened(&key, &bytes[..2 * piece]).is_err());
        assert!(opened(&key, &bytes[..2 * piece + 9]).is_err());
        assert!(opened(&key, b"").is_err());
        let swapped = [&bytes[piece..2 * piece], &bytes[..piece], &bytes[2 * piece..]].concat();
        assert!(opened(&key, &swapped).is_err());
        assert!(opened(&FileKey::new(), &bytes).is_err());
    }
}
