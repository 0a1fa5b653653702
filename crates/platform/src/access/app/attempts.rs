//! Attempts of others than users to come in by something that could be guessed: counted and slowed down as failed
//! sign-ins are, and apart from them, so that neither keeps the other out.

use base::Result;
use jiff::Timestamp;

use super::{earlier, refuse_if_too_many};
use crate::access::{rules, store};
use crate::db::Tx;

/// Counts an attempt of a kind from an address, before it is known whether it is right: those sent all at once wait for
/// each other. The caller commits even where it is wrong. Error: `too_many_attempts`.
pub async fn count(tx: &mut Tx, (kind, address): (&str, &str), now: Timestamp) -> Result<()> {
    let subject = format!("{kind}:{address}");
    refuse_if_too_many(tx, &subject, rules::FAILURES_FREE_PER_ADDRESS, now).await?;
    store::count_failure(tx, &subject, now, earlier(now, rules::FAILURES_FORGOTTEN_S)).await
}

/// It was right.
pub async fn take_back(tx: &mut Tx, (kind, address): (&str, &str)) -> Result<()> {
    store::take_failure_back(tx, &format!("{kind}:{address}")).await
}
