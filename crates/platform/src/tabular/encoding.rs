//! How a text file is written: UTF-8, UTF-16 or GB18030 (which contains GBK and GB2312), which are told
//! apart; Big5 and Windows-1252, which must be named, because nearly every text could be either.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use base::Result;
use encoding_rs::{CoderResult, Decoder, DecoderResult};
use serde::{Deserialize, Serialize};

use super::unreadable;

/// The encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// What Chinese Excel writes: GB18030, GBK, GB2312.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// Traditional Chinese, from Taiwan and Hong Kong.
    #[serde(rename = "big5")]
    Big5,
    /// Western European, which contains Latin-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

const CHUNK_BYTES: usize = 64 * 1024;

impl Encoding {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Gb18030 => "gb18030",
            Self::Big5 => "big5",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Every encoding.
    pub const ALL: [Self; 6] = [
        Self::Utf8,
        Self::Gb18030,
        Self::Big5,
        Self::Windows1252,
        Self::Utf16Le,
        Self::Utf16Be,
    ];

    /// The encoding of a whole file: what its byte order mark says, else UTF-8 if all of it is, else
    /// GB18030 if all of it is, else UTF-8, whose broken rows are then refused one by one.
    pub(super) fn detect(path: &Path) -> Result<Self> {
        let mut head = [0; 2];
        let got = super::read_head(&mut File::open(path).map_err(unreadable)?, &mut head)?;
        match &head[..got] {
            [0xff, 0xfe] => return Ok(Self::Utf16Le),
            [0xfe, 0xff] => return Ok(Self::Utf16Be),
            _ => {}
        }
        for candidate in [Self::Utf8, Self::Gb18030] {
            if candidate.fits(path)? {
                return Ok(candidate);
            }
        }
        Ok(Self::Utf8)
    }

    fn rules(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Big5 => encoding_rs::BIG5,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
        }
    }

    /// Whether every byte of the file makes sense in this encoding.
    fn fits(self, path: &Path) -> Result<bool> {
        let mut file = File::open(path).map_err(unreadable)?;
        let mut decoder = self.rules().new_decoder_with_bom_removal();
        let mut bytes = vec![0; CHUNK_BYTES];
        let mut text = vec![0; CHUNK_BYTES];
        loop {
            let got = file.read(&mut bytes).map_err(unreadable)?;
            let mut rest = &bytes[..got];
            loop {
                let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut text, got == 0);
                rest = &rest[read..];
                match result {
                    DecoderResult::InputEmpty => break,
                    DecoderResult::OutputFull => {}
                    DecoderResult::Malformed(..) => return Ok(false),
                }
            }
            if got == 0 {
                return Ok(true);
            }
        }
    }
}

/// Turns any of the encodings into UTF-8 on the way. A byte order mark is taken off; what makes no sense
/// becomes U+FFFD, which the row's reader then refuses. UTF-8 goes through untouched for speed.
#[derive(Debug)]
pub(super) struct Utf8Reader<R> {
    inner: R,
    decoder: Option<DecoderState>,
    at_start: bool,
}

struct DecoderState {
    decoder: Decoder,
    bytes: Vec<u8>,
    bytes_from: usize,
    bytes_to: usize,
    ended: bool,
}

impl std::fmt::Debug for DecoderState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecoderState").finish_non_exhaustive()
    }
}

impl<R: Read> Utf8Reader<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = (encoding != Encoding::Utf8).then(|| DecoderState {
            decoder: encoding.rules().new_decoder_with_bom_removal(),
            bytes: vec![0; CHUNK_BYTES],
            bytes_from: 0,
            bytes_to: 0,
            ended: false,
        });
        Self {
            inner,
            decoder,
            at_start: true,
        }
    }

    fn read_plain(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !std::mem::take(&mut self.at_start) {
            return self.inner.read(out);
        }
        let mut head = [0; 3];
        let mut got = 0;
        while got < head.len() {
            match self.inner.read(&mut head[got..])? {
                0 => break,
                n => got += n,
            }
        }
        let text = if head[..got] == *b"\xef\xbb\xbf" {
            &[][..]
        } else {
            &head[..got]
        };
        if text.is_empty() {
            return self.inner.read(out);
        }
        // The buffers of the CSV reader are far larger than three bytes.
        let given = text.len().min(out.len());
        out[..given].copy_from_slice(&text[..given]);
        Ok(given)
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(state) = &mut self.decoder else {
            return self.read_plain(out);
        };
        loop {
            if state.bytes_from == state.bytes_to && !state.ended {
                state.bytes_from = 0;
                state.bytes_to = self.inner.read(&mut state.bytes)?;
                state.ended = state.bytes_to == 0;
            }
            let rest = &state.bytes[state.bytes_from..state.bytes_to];
            let (result, read, written, _) = state.decoder.decode_to_utf8(rest, out, state.ended);
            state.bytes_from += read;
            if written > 0 || state.ended && result == CoderResult::InputEmpty {
                return Ok(written);
            }
        }
    }
}
