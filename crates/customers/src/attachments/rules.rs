//! What a file is: by how it begins and by how its name ends, never by what the sender says of it. Pure.

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer has no more attachments than these.
pub const ATTACHMENTS_MAX: u64 = 200;
/// The largest file an administrator can allow.
pub const BYTES_MAX: u64 = 500 << 20;

/// Kinds of files that are taken. None of them is a program or a page that a browser would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// PDF.
    Pdf,
    /// PNG, JPEG, GIF, WebP, TIFF, HEIC.
    Image,
    /// Word, Excel and PowerPoint in the forms that carry no macros (not the old binary ones), and OpenDocument, whose
    /// programs ask before they run one.
    Office,
    /// Plain text and CSV.
    Text,
}

impl FileType {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Image, Self::Office, Self::Text];
}

/// An ending, what a file that ends so is, and how its content must look.
struct Known {
    endings: &'static [&'static str],
    of: FileType,
    media_type: &'static str,
    looks: fn(&[u8]) -> bool,
}

const KNOWN: &[Known] = &[
    known(&["pdf"], FileType::Pdf, "application/pdf", |head| {
        // Some programs write a line before it.
        head.windows(5).take(1024).any(|part| part == b"%PDF-")
    }),
    known(&["png"], FileType::Image, "image/png", |head| {
        head.starts_with(b"\x89PNG\r\n\x1a\n")
    }),
    known(&["jpg", "jpeg"], FileType::Image, "image/jpeg", |head| {
        head.starts_with(b"\xff\xd8\xff")
    }),
    known(&["gif"], FileType::Image, "image/gif", |head| {
        head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")
    }),
    known(&["webp"], FileType::Image, "image/webp", |head| {
        head.starts_with(b"RIFF") && head.get(8..12) == Some(&b"WEBP"[..])
    }),
    known(&["tif", "tiff"], FileType::Image, "image/tiff", |head| {
        head.starts_with(b"II*\0") || head.starts_with(b"MM\0*")
    }),
    known(&["heic", "heif"], FileType::Image, "image/heic", |head| {
        head.get(4..8) == Some(&b"ftyp"[..])
            && [&b"heic"[..], b"heix", b"mif1", b"msf1", b"hevc"]
                .into_iter()
                .any(|brand| head.get(8..12) == Some(brand))
    }),
    known(
        &["docx"],
        FileType::Office,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        is_zip,
    ),
    known(
        &["xlsx"],
        FileType::Office,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        is_zip,
    ),
    known(
        &["pptx"],
        FileType::Office,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        is_zip,
    ),
    known(
        &["odt"],
        FileType::Office,
        "application/vnd.oasis.opendocument.text",
        is_zip,
    ),
    known(
        &["ods"],
        FileType::Office,
        "application/vnd.oasis.opendocument.spreadsheet",
        is_zip,
    ),
    known(
        &["odp"],
        FileType::Office,
        "application/vnd.oasis.opendocument.presentation",
        is_zip,
    ),
    known(&["txt"], FileType::Text, "text/plain", is_text),
    known(&["csv"], FileType::Text, "text/csv", is_text),
];

const fn known(
    endings: &'static [&'static str],
    of: FileType,
    media_type: &'static str,
    looks: fn(&[u8]) -> bool,
) -> Known {
    Known {
        endings,
        of,
        media_type,
        looks,
    }
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// No text has a zero byte, but for UTF-16, which says so at its beginning; and none is a program or another kind of
/// file that begins in its own way.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    !head.iter().any(control)
}

/// What a file is, as HTTP says it, if it is of a kind that is taken.
///
/// Errors: `file_empty`, `file_type_not_allowed`, `file_type_mismatch`, each at `file`.
pub fn media_type(name: &str, head: &[u8], allowed: &[FileType]) -> Result<&'static str> {
    let refused = |code, message: &str| Err(Error::invalid(code, message).at("file"));
    if head.is_empty() {
        return refused("file_empty", "the file is empty");
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default();
    let known = KNOWN
        .iter()
        .find(|known| known.endings.contains(&ending.as_str()) && allowed.contains(&known.of));
    match known {
        None => refused(
            "file_type_not_allowed",
            "files of this kind are not taken here: PDF, images, office documents, text and CSV are, as far as the \
             firm allows them",
        ),
        Some(known) if !(known.looks)(head) => refused(
            "file_type_mismatch",
            "the file is not what its name says: its content is of another kind",
        ),
        Some(known) => Ok(known.media_type),
    }
}

/// What who may not read a file sees of its name.
pub fn masked_name(name: &str) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let known = |ending: &&str| {
        let ending = ending.to_ascii_lowercase();
        KNOWN.iter().any(|known| known.endings.contains(&ending.as_str()))
    };
    ending
        .filter(known)
        .map_or_else(|| "…".to_owned(), |ending| format!("….{ending}"))
}

impl super::AttachmentSettings {
    /// Passes if files can be taken so. Errors: `attachment_size_out_of_range`, at `attachments.bytes_max`.
    pub fn check(&self) -> Result<()> {
        if (1..=BYTES_MAX).contains(&self.bytes_max) {
            return Ok(());
        }
        let message = format!(
            "an attachment has at least one byte and at most {} MiB",
            BYTES_MAX >> 20
        );
        Err(Error::invalid("attachment_size_out_of_range", message).at("attachments.bytes_max"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with_and_ends_in() {
        let is = |name: &str, head: &[u8]| media_type(name, head, &FileType::ALL).map_err(|e| e.code());
        assert_eq!(is("合同.PDF", b"%PDF-1.7 ..."), Ok("application/pdf"));
        assert_eq!(is("a.jpeg", b"\xff\xd8\xff\xe0"), Ok("image/jpeg"));
        assert_eq!(
            is("a.b.docx", b"PK\x03\x04...").unwrap(),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        );
        assert_eq!(is("a.csv", "姓名,电话\n".as_bytes()), Ok("text/csv"));
        for (name, head, code) in [
            ("a.pdf", &b"MZ\x90\0"[..], "file_type_mismatch"),
            ("a.png", b"<svg onload=alert(1)>", "file_type_mismatch"),
            ("a.txt", b"\x7fELF\x02\x01\x01\0", "file_type_mismatch"),
            ("a.docx", b"%PDF-1.7", "file_type_mismatch"),
            ("a.html", b"<html>", "file_type_not_allowed"),
            ("a.svg", b"<svg>", "file_type_not_allowed"),
            ("a.exe", b"MZ", "file_type_not_allowed"),
            ("a.docm", b"PK\x03\x04", "file_type_not_allowed"),
            (
                "a.doc",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
                "file_type_not_allowed",
            ),
            ("pdf", b"%PDF-1.7", "file_type_not_allowed"),
            ("a.pdf", b"", "file_empty"),
        ] {
            assert_eq!(is(name, head), Err(code), "{name}");
        }
        let refused = media_type("a.pdf", b"%PDF-1.7", &[FileType::Image]).unwrap_err();
        assert_eq!(refused.code(), "file_type_not_allowed");
    }

    #[test]
    fn an_ending_names_nobody() {
        for (name, masked) in [("张三的身份证.PDF", "….PDF"), ("张三", "…"), ("合同.张三", "…")]
        {
            assert_eq!(masked_name(name), masked);
        }
    }
}
