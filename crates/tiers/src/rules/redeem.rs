//! Who may redeem what with which code, what may be picked, and what a partner is owed.

use base::text::is_hidden;
use base::{Error, Result};
use jiff::Timestamp;

use super::benefit::of_choice;
use crate::model::{Benefit, Choice, Entitlement, Level, Partner, Redemption, RedemptionState, Terms};

const KEY_CHARS_MAX: usize = 100;
const REASON_CHARS_MAX: usize = 500;
/// Letters and digits that cannot be mistaken for each other.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_CHARS: usize = 12;
/// What a QR code has before it.
const QR_PREFIX: &str = "PATRON:";

/// A code of 60 bits for people, and the text of its QR code.
pub fn code_of(random: [u8; CODE_CHARS]) -> (String, String) {
    let code: String = random
        .into_iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    let qr = format!("{QR_PREFIX}{code}");
    (code, qr)
}

/// A code as someone typed or scanned it, if it can be one.
pub fn code_read(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let code = text.strip_prefix(QR_PREFIX).unwrap_or(&text);
    let code: String = code.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let good = code.len() == CODE_CHARS && code.bytes().all(|byte| LETTERS.contains(&byte));
    good.then_some(code)
}

/// Passes if a caller may call a request so. Error: `key_malformed`.
pub fn check_key(key: &str) -> Result<()> {
    let chars = key.chars().count();
    if (1..=KEY_CHARS_MAX).contains(&chars) && !key.chars().any(is_hidden) {
        return Ok(());
    }
    Err(Error::invalid("key_malformed", "a key has 1 to 100 characters").at("key"))
}

/// Passes if this can be a reason. Error: `reason_malformed`.
pub fn check_reason(reason: &str) -> Result<()> {
    let chars = reason.chars().count();
    if !reason.trim().is_empty() && chars <= REASON_CHARS_MAX && !reason.chars().any(is_hidden) {
        return Ok(());
    }
    Err(Error::invalid("reason_malformed", "a reason has 1 to 500 characters").at("reason"))
}

/// Passes if this is the same as what the key was used for. Error: `key_reused`.
pub fn same_request(before: &Redemption, quantity: i64, companions: i32) -> Result<()> {
    if (before.quantity, before.companions) == (quantity, companions) {
        return Ok(());
    }
    Err(Error::conflict(
        "key_reused",
        "this key was used for another request",
    ))
}

/// Passes if a partner may redeem this at one of its sites now: what it does not serve is refused before anything of it is
/// told.
///
/// Errors: `partner_inactive`, `benefit_not_served`, `site_unknown`; `code_used`; `code_expired`.
pub fn may_redeem(
    partner: &Partner,
    benefit: &Benefit,
    site: Option<&str>,
    redemption: &Redemption,
    now: Timestamp,
) -> Result<()> {
    serves(partner, benefit, site)?;
    if redemption.state != RedemptionState::Reserved {
        return Err(Error::conflict("code_used", "this code was used or given up"));
    }
    if redemption.expires_at <= now {
        return Err(Error::conflict(
            "code_expired",
            "this code is too old: ask for another one",
        ));
    }
    Ok(())
}

fn serves(partner: &Partner, benefit: &Benefit, site: Option<&str>) -> Result<()> {
    if !partner.facts.active {
        return Err(Error::conflict(
            "partner_inactive",
            "this partner redeems nothing at present",
        ));
    }
    if !partner.facts.benefits.contains(&benefit.facts.code) {
        return Err(Error::conflict(
            "benefit_not_served",
            "this partner does not serve this benefit",
        ));
    }
    match site {
        Some(code) if !partner.facts.sites.iter().any(|site| site.code == code) => {
            Err(Error::invalid("site_unknown", "the partner has no such site").at("site"))
        }
        _ => Ok(()),
    }
}

/// What a partner is owed for this, minor units: what was paid with an amount; otherwise its price for each, and for each
/// who came along.
pub fn settlement_minor(benefit: &Benefit, quantity: i64, companions: i32) -> i64 {
    match benefit.facts.terms {
        Terms::Amount {} => quantity,
        _ => benefit
            .facts
            .settlement_minor
            .saturating_mul(quantity.saturating_add(i64::from(companions))),
    }
}

/// Passes if this can be picked of a group. Error: `choice_invalid`.
pub fn check_pick(level: &Level, choice: &Choice, picked: &[String]) -> Result<()> {
    let of = of_choice(level, choice);
    let known = picked
        .iter()
        .all(|code| of.iter().any(|promise| promise.benefit == *code));
    let mut once = picked.to_vec();
    once.sort_unstable();
    once.dedup();
    if known && once.len() == picked.len() && picked.len() == choice.pick as usize {
        return Ok(());
    }
    let message = format!("pick {} different ones of the group", choice.pick);
    Err(Error::invalid("choice_invalid", message).at("benefits"))
}

/// Passes if what is no longer picked may be given up. Error: `choice_used` where something of it is set aside or used.
pub fn may_swap(given_up: &[&Entitlement]) -> Result<()> {
    let used = |account: &&Entitlement| account.balances.reserved + account.balances.redeemed > 0;
    if given_up.iter().any(used) {
        let message = "something of it is used already: it stays picked for this period";
        return Err(Error::conflict("choice_used", message));
    }
    Ok(())
}
