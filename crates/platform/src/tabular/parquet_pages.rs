//! How much memory the pages of a Parquet file need, found out from their headers before any of them is unpacked:
//! a page of a kilobyte may say that it unpacks to two gigabytes, and the reader believes it.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use base::{Error, Result};
use parquet::file::metadata::ParquetMetaData;

use super::unreadable;

/// What the pages that are unpacked side by side may have: one of each column, and its dictionary.
const PAGES_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The footer, which is read whole.
const FOOTER_BYTES_MAX: u32 = 32 * 1024 * 1024;
/// The header of a page: it may hold the smallest and the largest value.
const HEADER_BYTES_MAX: u64 = 1024 * 1024;
/// More pages than any file of tables has.
const PAGES_MAX: u64 = 1_000_000;
/// Nothing in a header is deeper.
const DEPTH_MAX: u32 = 8;

fn too_dense(what: &str) -> Error {
    Error::invalid(
        "pages_too_large",
        format!("{what}; write the file with smaller pages and row groups"),
    )
}

/// Passes if the footer is no larger than one is.
///
/// Errors: `pages_too_large`, `file_unreadable`.
pub(super) fn check_footer(path: &Path) -> Result<()> {
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::End(-8)).map_err(unreadable)?;
    let (mut bytes, mut mark) = ([0; 4], [0; 4]);
    file.read_exact(&mut bytes).map_err(unreadable)?;
    file.read_exact(&mut mark).map_err(unreadable)?;
    if mark != *b"PAR1" {
        return Err(unreadable("its end is missing, or it is encrypted"));
    }
    if u32::from_le_bytes(bytes) > FOOTER_BYTES_MAX {
        return Err(too_dense("the footer of the file has more than 32 MiB"));
    }
    Ok(())
}

/// Passes if the pages that are in memory at the same time are no larger than can be.
///
/// Errors: `pages_too_large`, `file_unreadable`.
pub(super) fn check_pages(path: &Path, metadata: &ParquetMetaData) -> Result<()> {
    let mut headers = Headers {
        reader: BufReader::new(File::open(path).map_err(unreadable)?),
        at: 0,
        left: 0,
    };
    let mut pages = 0_u64;
    for group in metadata.row_groups() {
        let mut at_once = 0_u64;
        for column in group.columns() {
            // Columns of lists and structures are never read.
            if column.column_path().parts().len() > 1 {
                continue;
            }
            let (start, bytes) = column.byte_range();
            let end = start.saturating_add(bytes);
            let (mut largest, mut dictionary) = (0, 0);
            headers.go_to(start)?;
            while headers.at < end {
                let page = headers.next()?;
                if page.is_dictionary {
                    dictionary = dictionary.max(page.bytes);
                } else {
                    largest = largest.max(page.bytes);
                }
                headers.pass_over(page.packed_bytes)?;
                pages += 1;
                if pages > PAGES_MAX {
                    return Err(too_dense("the file has more than a million pages"));
                }
            }
            at_once = at_once.saturating_add(largest).saturating_add(dictionary);
        }
        if at_once > PAGES_BYTES_MAX {
            return Err(too_dense(
                "the pages of a row group unpack to more than 512 MiB at a time",
            ));
        }
    }
    Ok(())
}

struct Page {
    is_dictionary: bool,
    bytes: u64,
    packed_bytes: u64,
}

/// Reads headers of pages, in Thrift's compact protocol.
struct Headers {
    reader: BufReader<File>,
    at: u64,
    /// What the header that is being read may still have.
    left: u64,
}

const DICTIONARY_PAGE: i64 = 2;

impl Headers {
    fn go_to(&mut self, at: u64) -> Result<()> {
        self.at = at;
        self.reader
            .seek(SeekFrom::Start(at))
            .map_err(unreadable)
            .map(|_| ())
    }

    fn pass_over(&mut self, bytes: u64) -> Result<()> {
        self.at = self.at.saturating_add(bytes);
        let step = i64::try_from(bytes).map_err(unreadable)?;
        self.reader.seek_relative(step).map_err(unreadable)
    }

    /// The header that begins here.
    fn next(&mut self) -> Result<Page> {
        self.left = HEADER_BYTES_MAX;
        let (mut kind, mut bytes, mut packed_bytes) = (None, None, None);
        let mut field = 0;
        while let Some(value) = self.field(&mut field)? {
            let slot = match field {
                1 => &mut kind,
                2 => &mut bytes,
                3 => &mut packed_bytes,
                _ => {
                    self.skip(value, DEPTH_MAX)?;
                    continue;
                }
            };
            *slot = Some(self.number()?);
        }
        let size = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        match (kind, size(bytes), size(packed_bytes)) {
            (Some(kind), Some(bytes), Some(packed_bytes)) => Ok(Page {
                is_dictionary: kind == DICTIONARY_PAGE,
                bytes,
                packed_bytes,
            }),
            _ => Err(unreadable("a page does not say how large it is")),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        if self.left == 0 {
            return Err(unreadable("the header of a page does not end"));
        }
        self.left -= 1;
        self.at += 1;
        let mut byte = [0];
        self.reader.read_exact(&mut byte).map_err(unreadable)?;
        Ok(byte[0])
    }

    /// The number of the next field, and of which kind it is; none at the end.
    fn field(&mut self, number: &mut i64) -> Result<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        *number = match head >> 4 {
            0 => self.number()?,
            step => number.saturating_add(i64::from(step)),
        };
        Ok(Some(head & 0x0f))
    }

    fn unsigned(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(unreadable("a number in the header of a page does not end"))
    }

    fn number(&mut self) -> Result<i64> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Result<()> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| unreadable("the header of a page is too deep"))?;
        match kind {
            // A field that is true or false says so in its kind.
            1 | 2 => Ok(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.unsigned().map(|_| ()),
            7 => (0..8).try_for_each(|_| self.byte().map(|_| ())),
            8 => {
                let bytes = self.unsigned()?;
                if bytes > self.left {
                    return Err(unreadable("the header of a page does not end"));
                }
                self.left -= bytes;
                self.pass_over(bytes)
            }
            9 | 10 => {
                let head = self.byte()?;
                let items = match head >> 4 {
                    15 => self.unsigned()?,
                    few => u64::from(few),
                };
                let kind = head & 0x0f;
                (0..items).try_for_each(|_| match kind {
                    1 | 2 => self.byte().map(|_| ()),
                    kind => self.skip(kind, depth),
                })
            }
            12 => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth)?;
                }
                Ok(())
            }
            _ => Err(unreadable("the header of a page has something unknown in it")),
        }
    }
}
