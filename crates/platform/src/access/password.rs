//! Password hashes: argon2id with OWASP's parameters, off the async threads, a few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base::{Error, Result};
use tokio::sync::Semaphore;

use crate::random;

/// Each hash takes 19 MiB and a core: more at once would let sign-in stop everything else.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The hash of a password that nobody has: an unknown login costs as long as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$JSNO+yBZPUeWMrk7RLzBCbZJ0Hgp+9rfJiSC9pMR4bA";

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _slot = AT_ONCE.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// The hash of a password, with a new salt.
pub(super) async fn hash(password: String) -> Result<String> {
    off_thread(move || {
        argon2()?
            .hash_password_with_salt(password.as_bytes(), &random::bytes::<16>())
            .map(|hash| hash.to_string())
            .map_err(Error::internal)
    })
    .await
}

/// Whether the password is the one of this hash; without a hash the answer takes as long and is no.
pub(super) async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    off_thread(move || {
        let parsed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY)).map_err(Error::internal)?;
        let right = argon2()?.verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(right && hash.is_some())
    })
    .await
}
