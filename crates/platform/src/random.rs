//! The one place that asks the machine for randomness.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` random bytes from the process's cryptographic generator.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes[..]);
    bytes
}

/// A secret of 256 random bits as text that is safe in cookies and addresses.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// A password a person can type: four groups of five letters and digits that cannot be mistaken for
/// each other (about 99 bits).
pub fn one_time_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut password = String::with_capacity(23);
    for (n, byte) in bytes::<20>().into_iter().enumerate() {
        if n > 0 && n % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    password
}
