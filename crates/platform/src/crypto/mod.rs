//! Personal data at rest: sealed with a key that is not in the database, and found again through keyed blind
//! indexes. Knows no table but its own; never writes a key or a plain text into a log. See
//! `docs/adr/0008-personal-data-at-rest.md`.

mod cipher;
mod file;
mod keyring;
mod pieces;

pub use cipher::{Cipher, Place};
pub use keyring::Keyring;
pub(crate) use pieces::Sealing;
pub use pieces::{FileKey, Pieces};
pub use zeroize::Zeroizing;

/// A key of 256 bits; wiped when it is dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;
