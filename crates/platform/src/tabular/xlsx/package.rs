//! The container of a workbook, a ZIP archive. Its directory is read under limits before anything is unpacked,
//! and what is unpacked is counted, because an archive may lie about itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Take};
use std::path::{Path, PathBuf};

use base::{Error, Result};
use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::super::unreadable;
use super::{damaged, too_large};

/// A workbook has a few dozen parts; one with thousands of pictures is no table.
const PARTS_MAX: usize = 10_000;
const DIRECTORY_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// What all parts together may say they unpack to.
const UNPACKED_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// The largest part that is read row by row: a full sheet of a million rows has about 1 GiB.
const PART_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The largest piece of a part that the reader takes into memory at once: a row, a text.
const PIECE_BYTES_MAX: u64 = 4 * 1024 * 1024;

const END_BYTES: u64 = 22;
const COMMENT_BYTES_MAX: u64 = 65_535;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// An archive whose directory is read.
#[derive(Debug)]
pub(super) struct Package {
    path: PathBuf,
    /// By name in lower case: names of parts are the same in upper and lower case.
    parts: HashMap<String, Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    method: u16,
    encrypted: bool,
    packed_bytes: u64,
    bytes: u64,
    crc: u32,
    header_at: u64,
}

/// A number of `N` bytes, low byte first, out of a piece of the archive.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64> {
    let piece = bytes
        .get(at..at + N)
        .ok_or_else(|| damaged("its directory is cut off"))?;
    Ok(piece
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn short(bytes: &[u8], at: usize) -> Result<usize> {
    number::<2>(bytes, at).map(|number| number as usize)
}

impl Package {
    /// Errors: `workbook_too_large`, `file_unreadable`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(unreadable)?;
        let file_bytes = file.metadata().map_err(unreadable)?.len();
        let tail_bytes = (END_BYTES + COMMENT_BYTES_MAX).min(file_bytes);
        let tail = read_at(&mut file, file_bytes - tail_bytes, tail_bytes)?;
        let end = tail
            .windows(4)
            .rposition(|four| four == b"PK\x05\x06")
            .ok_or_else(|| damaged("its end is missing"))?;
        let end = &tail[end..];
        let (entries, bytes, at) = (
            number::<2>(end, 10)?,
            number::<4>(end, 12)?,
            number::<4>(end, 16)?,
        );
        if entries > PARTS_MAX as u64 || bytes > DIRECTORY_BYTES_MAX {
            return Err(too_large(format!("it has more than {PARTS_MAX} parts")));
        }
        if at + bytes > file_bytes {
            return Err(damaged("its directory is not where it says"));
        }
        let directory = read_at(&mut file, at, bytes)?;
        let mut parts = HashMap::with_capacity(entries as usize);
        let (mut rest, mut unpacked_bytes) = (directory.as_slice(), 0_u64);
        for _ in 0..entries {
            let (name, part, length) = entry(rest)?;
            rest = rest.get(length..).unwrap_or_default();
            unpacked_bytes = unpacked_bytes.saturating_add(part.bytes);
            // Two parts of one name: which of them counts is anyone's guess.
            if parts.insert(name, part).is_some() {
                return Err(damaged("two of its parts have the same name"));
            }
        }
        if unpacked_bytes > UNPACKED_BYTES_MAX {
            return Err(too_large("unpacked it would have more than 4 GiB"));
        }
        Ok(Self {
            path: path.to_owned(),
            parts,
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_lowercase())
    }

    /// A part, unpacked as it is read.
    pub(super) fn part(&self, name: &str) -> Result<PartReader> {
        let part = *self
            .parts
            .get(&name.to_lowercase())
            .ok_or_else(|| damaged(format!("its part {name:?} is missing")))?;
        if part.encrypted {
            return Err(damaged("it is protected by a password"));
        }
        if part.bytes > PART_BYTES_MAX {
            return Err(too_large("one of its sheets has more than 2 GiB"));
        }
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let header = read_at(&mut file, part.header_at, 30)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(damaged("a part is not where it should be"));
        }
        let data_at = part.header_at + 30 + number::<2>(&header, 26)? + number::<2>(&header, 28)?;
        file.seek(SeekFrom::Start(data_at)).map_err(unreadable)?;
        let packed = BufReader::new(file.take(part.packed_bytes));
        let inner = match part.method {
            STORED => Packing::Stored(packed),
            DEFLATED => Packing::Deflated(DeflateDecoder::new(packed)),
            _ => return Err(damaged("it is packed in a way that workbooks are not")),
        };
        Ok(PartReader {
            inner,
            bytes: 0,
            bytes_max: part.bytes,
            piece_bytes: 0,
        })
    }

    /// Reads a part from end to end: whether it is what the directory says.
    pub(super) fn verify(&self, name: &str) -> Result<()> {
        let mut reader = self.part(name)?;
        let (mut crc, mut piece) = (Crc::new(), vec![0; 64 * 1024]);
        loop {
            reader.begin_piece();
            match reader.read(&mut piece).map_err(|e| read_error(&e))? {
                0 => break,
                got => crc.update(&piece[..got]),
            }
        }
        let part = self.parts.get(&name.to_lowercase());
        if part.is_some_and(|part| part.bytes == reader.bytes && part.crc == crc.sum()) {
            return Ok(());
        }
        Err(damaged(format!("its part {name:?} is damaged")))
    }
}

fn read_at(file: &mut File, at: u64, bytes: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at)).map_err(unreadable)?;
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read).map_err(unreadable)?;
    Ok(read)
}

/// One entry of the directory: the part's name, where it is, and how long the entry is.
fn entry(rest: &[u8]) -> Result<(String, Part, usize)> {
    if !rest.starts_with(b"PK\x01\x02") {
        return Err(damaged("its directory is damaged"));
    }
    let (name_bytes, extra_bytes, comment_bytes) = (short(rest, 28)?, short(rest, 30)?, short(rest, 32)?);
    let name = rest
        .get(46..46 + name_bytes)
        .ok_or_else(|| damaged("its directory is cut off"))?;
    let name = String::from_utf8_lossy(name).replace('\\', "/").to_lowercase();
    let extra = rest
        .get(46 + name_bytes..46 + name_bytes + extra_bytes)
        .unwrap_or_default();
    let mut large = large_numbers(extra);
    let mut whole = |said: u64| {
        if said == u64::from(u32::MAX) {
            large.next().unwrap_or(u64::MAX)
        } else {
            said
        }
    };
    let bytes = whole(number::<4>(rest, 24)?);
    let packed_bytes = whole(number::<4>(rest, 20)?);
    let header_at = whole(number::<4>(rest, 42)?);
    let part = Part {
        method: short(rest, 10)? as u16,
        encrypted: short(rest, 8)? & 1 == 1,
        packed_bytes,
        bytes,
        crc: number::<4>(rest, 16)? as u32,
        header_at: header_at.min(i64::MAX.unsigned_abs() / 2),
    };
    Ok((
        name.trim_start_matches('/').to_owned(),
        part,
        46 + name_bytes + extra_bytes + comment_bytes,
    ))
}

/// The numbers that had no room in an entry (ZIP64).
fn large_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found = Vec::new();
    while let (Ok(id), Ok(bytes)) = (short(extra, 0), short(extra, 2)) {
        let field = extra.get(4..4 + bytes).unwrap_or_default();
        if id == 1 {
            found.extend((0..bytes / 8).filter_map(|n| number::<8>(field, n * 8).ok()));
            break;
        }
        extra = extra.get(4 + bytes..).unwrap_or_default();
    }
    found.into_iter()
}

#[derive(Debug)]
enum Packing {
    Stored(BufReader<Take<File>>),
    Deflated(DeflateDecoder<BufReader<Take<File>>>),
}

/// A part as it comes out of the archive. Fails when it is longer than the archive said, or when more is asked
/// for than one piece may have.
#[derive(Debug)]
pub(super) struct PartReader {
    inner: Packing,
    bytes: u64,
    bytes_max: u64,
    piece_bytes: u64,
}

impl PartReader {
    /// What was read before is dealt with.
    pub(super) fn begin_piece(&mut self) {
        self.piece_bytes = 0;
    }
}

#[derive(Debug, thiserror::Error)]
enum Limit {
    #[error("a row or a text of the workbook is longer than can be read")]
    Piece,
    #[error("a part of the workbook unpacks to more than the workbook says")]
    Part,
}

impl Read for PartReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.piece_bytes > PIECE_BYTES_MAX {
            return Err(io::Error::other(Limit::Piece));
        }
        let got = match &mut self.inner {
            Packing::Stored(inner) => inner.read(out)?,
            Packing::Deflated(inner) => inner.read(out)?,
        };
        self.piece_bytes += got as u64;
        self.bytes += got as u64;
        if self.bytes > self.bytes_max {
            return Err(io::Error::other(Limit::Part));
        }
        Ok(got)
    }
}

/// What reading a part says when it fails.
pub(super) fn read_error(e: &io::Error) -> Error {
    match e.get_ref().and_then(|inner| inner.downcast_ref::<Limit>()) {
        Some(limit @ Limit::Piece) => Error::invalid("row_too_large", limit.to_string()),
        Some(limit @ Limit::Part) => too_large(limit),
        None => damaged(e),
    }
}
