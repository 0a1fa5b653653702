//! Sealing and opening texts, and their blind indexes, with keys that are already there.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, Result};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Key;
use crate::random;

/// The layout of a sealed text: this byte, the key's number (4 bytes), the nonce (24), the text with its tag.
const LAYOUT: u8 = 1;
const NUMBER_END: usize = 5;
const NONCE_END: usize = NUMBER_END + 24;

/// The column a sealed text stands in. With the row's id it is bound to the text: moved to another row or
/// column, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
}

/// Seals with the newest key, opens with every key there is. Cheap to clone.
#[derive(Clone)]
pub struct Cipher {
    keys: Arc<BTreeMap<i32, Key>>,
    current: i32,
    index: Arc<Hmac<Sha256>>,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cipher")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl Cipher {
    /// A cipher over these keys; the one with the highest number seals.
    pub(super) fn new(keys: BTreeMap<i32, Key>, index_key: &Key) -> Result<Self> {
        let current = *keys
            .keys()
            .next_back()
            .ok_or_else(|| Error::internal("there is no key to seal with"))?;
        Ok(Self {
            keys: Arc::new(keys),
            current,
            index: Arc::new(Hmac::new_from_slice(&index_key[..]).map_err(Error::internal)?),
        })
    }

    /// The number of the key that seals.
    pub(super) fn current(&self) -> i32 {
        self.current
    }

    /// Seals a text for one row.
    pub fn seal(&self, place: Place, row: Uuid, text: &str) -> Result<Vec<u8>> {
        let key = self
            .keys
            .get(&self.current)
            .ok_or_else(|| Error::internal("the newest key is gone"))?;
        seal(key, self.current, &bound_to(place, row), text.as_bytes())
    }

    /// The text that was sealed for this row. A text that was altered, moved, or sealed with a key that is
    /// not there is our fault: what is in the database was checked when it was written.
    pub fn open(&self, place: Place, row: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>> {
        let key = number(sealed)
            .and_then(|number| self.keys.get(&number))
            .ok_or_else(|| {
                Error::internal(format!("{}.{} of {row}: no such key", place.table, place.column))
            })?;
        let mut bytes = open(key, &bound_to(place, row), sealed).ok_or_else(|| {
            Error::internal(format!(
                "{}.{} of {row} does not open: it was altered",
                place.table, place.column
            ))
        })?;
        String::from_utf8(std::mem::take(&mut *bytes))
            .map(Zeroizing::new)
            .map_err(Error::internal)
    }

    /// Whether a sealed text was sealed with the newest key.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        number(sealed) == Some(self.current)
    }

    /// The blind index of a text: 128 bits that are the same for the same text of the same domain, and say
    /// nothing without the key.
    pub fn blind(&self, domain: &str, text: &str) -> Uuid {
        let mut mac = (*self.index).clone();
        mac.update(domain.as_bytes());
        // No domain has a zero byte, so that no two pairs run together.
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Uuid::from_bytes(bytes)
    }
}

/// What a sealed text is bound to.
fn bound_to(place: Place, row: Uuid) -> Vec<u8> {
    let mut bound = Vec::with_capacity(64);
    for name in [place.table, place.column] {
        bound.extend_from_slice(name.as_bytes());
        bound.push(0);
    }
    bound.extend_from_slice(row.as_bytes());
    bound
}

fn number(sealed: &[u8]) -> Option<i32> {
    let number = sealed.strip_prefix(&[LAYOUT])?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*number))
}

/// Seals bytes under a key of this number.
pub(super) fn seal(key: &Key, number: i32, bound_to: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
    let nonce = random::bytes::<24>();
    let payload = Payload {
        msg: bytes,
        aad: bound_to,
    };
    let text = XChaCha20Poly1305::new((&**key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::internal("sealing failed"))?;
    let mut sealed = Vec::with_capacity(NONCE_END + text.len());
    sealed.push(LAYOUT);
    sealed.extend_from_slice(&number.to_be_bytes());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    Ok(sealed)
}

/// What was sealed under this key, if it was.
pub(super) fn open(key: &Key, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: [u8; 24] = sealed.get(NUMBER_END..NONCE_END)?.try_into().ok()?;
    let payload = Payload {
        msg: sealed.get(NONCE_END..)?,
        aad: bound_to,
    };
    XChaCha20Poly1305::new((&**key).into())
        .decrypt(&XNonce::from(nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Place = Place {
        table: "identities",
        column: "value",
    };

    fn cipher(keys: &[(i32, u8)]) -> Cipher {
        let keys = keys
            .iter()
            .map(|(n, byte)| (*n, Zeroizing::new([*byte; 32])))
            .collect();
        Cipher::new(keys, &Zeroizing::new([9; 32])).unwrap()
    }

    #[test]
    fn a_text_opens_in_its_row_and_column_only() {
        let cipher = cipher(&[(1, 1)]);
        let row = Uuid::from_u128(7);
        let sealed = cipher.seal(PHONE, row, "+8613900000001").unwrap();
        assert_eq!(*cipher.open(PHONE, row, &sealed).unwrap(), "+8613900000001");
        assert!(cipher.open(PHONE, Uuid::from_u128(8), &sealed).is_err());
        let elsewhere = Place {
            column: "note",
            ..PHONE
        };
        assert!(cipher.open(elsewhere, row, &sealed).is_err());
        assert_ne!(sealed, cipher.seal(PHONE, row, "+8613900000001").unwrap());
    }

    #[test]
    fn old_keys_open_and_the_newest_seals() {
        let row = Uuid::from_u128(7);
        let old = cipher(&[(1, 1)]).seal(PHONE, row, "x").unwrap();
        let rotated = cipher(&[(1, 1), (2, 2)]);
        assert_eq!(*rotated.open(PHONE, row, &old).unwrap(), "x");
        assert!(!rotated.is_current(&old));
        let new = rotated.seal(PHONE, row, "x").unwrap();
        assert!(rotated.is_current(&new));
        assert!(cipher(&[(1, 1)]).open(PHONE, row, &new).is_err());
    }

    #[test]
    fn a_blind_index_is_of_one_domain() {
        let cipher = cipher(&[(1, 1)]);
        assert_eq!(cipher.blind("phone", "1"), cipher.blind("phone", "1"));
        assert_ne!(cipher.blind("phone", "1"), cipher.blind("card", "1"));
        assert_ne!(cipher.blind("phone", "1"), cipher.blind("phone", "2"));
    }

    proptest::proptest! {
        #[test]
        fn what_was_altered_does_not_open(text in ".{0,40}", at in 0_usize..60, bit in 0_u8..8) {
            let cipher = cipher(&[(1, 1)]);
            let row = Uuid::from_u128(1);
            let mut sealed = cipher.seal(PHONE, row, &text).unwrap();
            proptest::prop_assert_eq!(&*cipher.open(PHONE, row, &sealed).unwrap(), &text);
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            proptest::prop_assert!(cipher.open(PHONE, row, &sealed).is_err());
        }
    }
}
