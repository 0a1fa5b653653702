//! Codes of an authenticator app (RFC 6238): six digits, new every 30 seconds; the one before and the one after are taken
//! too, because clocks differ. Keeps nothing.

use base::{Error, Result};
use jiff::Timestamp;
use totp_rs::{Builder, Secret, Totp};

use crate::random;

const ISSUER: &str = "Patron";

/// A new secret, as people type it into an app: 160 random bits.
pub(super) fn new_secret() -> String {
    Secret::from(random::bytes::<20>()).to_base32()
}

fn totp(secret: &str, login: &str) -> Result<Totp> {
    let secret = Secret::try_from_base32(secret).map_err(Error::internal)?;
    Builder::new()
        .with_secret(secret)
        // What apps call it must have no colon.
        .with_account_name(login.replace(':', "_"))
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(Error::internal)
}

/// The address that apps read as a QR code.
pub(super) fn address(secret: &str, login: &str) -> Result<String> {
    totp(secret, login)?.to_url().map_err(Error::internal)
}

/// The step of which this is the code, if it is one of this moment.
pub(super) fn step_of(secret: &str, login: &str, code: &str, now: Timestamp) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.as_second()).map_err(Error::internal)?;
    let step = totp(secret, login)?.check(code, seconds);
    step.map(i64::try_from).transpose().map_err(Error::internal)
}
