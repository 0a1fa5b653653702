//! Password hashes: argon2id with OWASP's parameters, off the async threads, a few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base::{Error, Result};
use tokio::sync::Semaphore;

use crate::random;

/// Each hash takes 19 MiB and a core: more at once would let sign-in stop everything else.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The hash of a password that nobody has: an unknown login costs as long as a known one, and who signs in at a
/// provider only has this.
pub(super) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$JSNO+yBZPUeWMrk7RLzBCbZJ0Hgp+9rfJiSC9pMR4bA";

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let slot = AT_ONCE.acquire().await.map_err(Error::internal)?;
    // The slot goes with the work: a request that is given up does not stop it.
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(slot);
        done
    })
    .await
    .map_err(Error::internal)?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_that_nobody_waits_for_keeps_its_slot() {
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (finish, may_finish) = std::sync::mpsc::channel();
        let request = tokio::spawn(off_thread(move || {
            begun.send(()).map_err(|()| Error::internal("nobody waits"))?;
            may_finish.recv().map_err(Error::internal)
        }));
        has_begun.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!(AT_ONCE.available_permits(), 1);
        finish.send(()).unwrap();
        let _both = AT_ONCE.acquire_many(2).await.unwrap();
    }
}
