//! Which claims are advanced and why, up to which limits, and what may become of an advance. Nothing is recovered or given
//! up that is not outstanding.

use base::text::is_hidden;
use base::{Currency, Day, Error, Result};

use super::promise::span;
use super::redeem::{check_key, check_reason};
use crate::model::{
    Advance, AdvanceBalances, AdvanceCause, AdvanceDecision, AdvanceEntryKind, AdvanceFacts, AdvanceLimits,
    AdvanceState, Benefit, Chosen, Claim, Level, Promise, Standing, Terms,
};

const TEXT_CHARS_MAX: usize = 100;

/// Passes if this can be claimed. Errors: `key_malformed`, `amount_malformed`, `merchant_malformed`, `reason_malformed`,
/// `transaction_unknown`.
pub fn check_claim(claim: &Claim) -> Result<()> {
    check_key(&claim.key)?;
    check_amount(claim.amount_minor)?;
    check_reason(&claim.reason)?;
    if !is_text(&claim.merchant) {
        let message = "a merchant's name has 1 to 100 characters";
        return Err(Error::invalid("merchant_malformed", message).at("merchant"));
    }
    if claim.source.chars().any(is_hidden) || claim.external_id.chars().any(is_hidden) {
        return Err(transaction_unknown());
    }
    Ok(())
}

/// The ledger has no such transaction of the customer.
pub fn transaction_unknown() -> Error {
    let message = "the customer has no transaction of this source and id";
    Error::invalid("transaction_unknown", message).at("external_id")
}

/// Passes if this can be an amount that moves. Error: `amount_malformed`.
pub fn check_amount(amount_minor: i64) -> Result<()> {
    if (1..=base::money::AMOUNT_MINOR_MAX).contains(&amount_minor) {
        return Ok(());
    }
    Err(Error::invalid("amount_malformed", "more than nothing").at("amount_minor"))
}

/// Passes if a payment or a recovery can go by this. Error: `payment_reference_malformed`.
pub fn check_reference(reference: &str) -> Result<()> {
    if is_text(reference) {
        return Ok(());
    }
    let message = "a reference has 1 to 100 characters";
    Err(Error::invalid("payment_reference_malformed", message).at("reference"))
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(is_hidden)
}

/// Up to which a level advances refunds: the most generous of its promises. What is part of a choice group counts where it
/// was picked.
pub fn limits(
    programme: &str,
    level: &Level,
    catalogue: &[Benefit],
    (standing, chosen): (&Standing, &[Chosen]),
    today: Day,
) -> Option<AdvanceLimits> {
    let holds = |promise: &&Promise| {
        let from = span(promise.per, standing.since, today).from;
        promise.choice.as_ref().is_none_or(|code| {
            chosen.iter().any(|one| {
                (&one.level, &one.choice, one.from) == (&level.code, code, from)
                    && one.benefits.contains(&promise.benefit)
            })
        })
    };
    let given: Vec<&Benefit> = level
        .benefits
        .iter()
        .filter(holds)
        .filter_map(|promise| {
            catalogue
                .iter()
                .find(|benefit| benefit.facts.code == promise.benefit)
        })
        .filter(|benefit| benefit.facts.active)
        .collect();
    let window_days = given
        .iter()
        .filter_map(|benefit| match benefit.facts.terms {
            Terms::ComplaintWindow { days } => Some(days),
            _ => None,
        })
        .max();
    let of = given.iter().filter_map(|benefit| match benefit.facts.terms {
        Terms::AdvanceLimits {
            per_claim_minor,
            outstanding_minor,
        } => Some(AdvanceLimits {
            programme: programme.to_owned(),
            level: level.code.clone(),
            benefit: benefit.facts.code.clone(),
            per_claim_minor,
            outstanding_minor,
            window_days,
        }),
        _ => None,
    });
    of.max_by_key(generosity)
}

/// By which limits are compared, the more generous last.
pub fn generosity(limits: &AdvanceLimits) -> (i64, i64, bool, Option<i32>) {
    let AdvanceLimits {
        per_claim_minor,
        outstanding_minor,
        window_days,
        ..
    } = limits;
    (
        *per_claim_minor,
        *outstanding_minor,
        window_days.is_none(),
        *window_days,
    )
}

/// Whether a claim is advanced on a day, and why. The same facts, limits, claim and day come to the same whenever it is
/// asked again.
pub fn decide(
    facts: &AdvanceFacts,
    limits: Option<&AdvanceLimits>,
    claimed_minor: i64,
    day: Day,
) -> AdvanceDecision {
    let code = cause(facts, limits, claimed_minor, day);
    let (zh, en) = sentence(code, facts, limits);
    AdvanceDecision {
        granted: code == AdvanceCause::WithinLimits,
        code,
        zh,
        en,
    }
}

/// Decides again as it was decided.
pub fn replay(advance: &Advance) -> AdvanceDecision {
    let limits = advance.limits.as_ref();
    decide(&advance.facts, limits, advance.claimed_minor, advance.decided_on)
}

fn cause(facts: &AdvanceFacts, limits: Option<&AdvanceLimits>, claimed_minor: i64, day: Day) -> AdvanceCause {
    let Some(limits) = limits else {
        return AdvanceCause::NotEntitled;
    };
    let left = facts.transaction_minor - facts.taken_back_minor;
    let room = limits.outstanding_minor - facts.outstanding_minor;
    if facts.advanced {
        AdvanceCause::AdvancedAlready
    } else if left <= 0 {
        AdvanceCause::NothingToRefund
    } else if facts.on > day {
        AdvanceCause::NotYet
    } else if limits.window_days.is_some_and(|days| day.0 - facts.on.0 > days) {
        AdvanceCause::TooLate
    } else if claimed_minor > left {
        AdvanceCause::AboveTransaction
    } else if claimed_minor > limits.per_claim_minor {
        AdvanceCause::AboveClaimLimit
    } else if claimed_minor > room {
        AdvanceCause::AboveOutstandingLimit
    } else {
        AdvanceCause::WithinLimits
    }
}

/// An amount in Chinese and English.
fn money(minor: i64, currency: Currency) -> (String, String) {
    let per_major = currency.minor_per_major();
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, part) = (minor.abs() / per_major, minor.abs() % per_major);
    let figure = match currency.minor_digits() as usize {
        0 => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{part:0digits$}"),
    };
    let en = format!("{figure} {currency}");
    if currency == Currency::CNY {
        return (format!("{figure}元"), en);
    }
    (en.clone(), en)
}

fn sentence(cause: AdvanceCause, facts: &AdvanceFacts, limits: Option<&AdvanceLimits>) -> (String, String) {
    let money = |minor| money(minor, facts.currency);
    let left = facts.transaction_minor - facts.taken_back_minor;
    let (zh_left, en_left) = money(left);
    let (zh_claim, en_claim) = money(limits.map_or(0, |limits| limits.per_claim_minor));
    let most = limits.map_or(0, |limits| limits.outstanding_minor);
    let (zh_most, en_most) = money(most);
    let (zh_out, en_out) = money(facts.outstanding_minor);
    let (zh_room, en_room) = money((most - facts.outstanding_minor).max(0));
    let days = limits.and_then(|limits| limits.window_days).unwrap_or(0);
    let on = facts.on;
    match cause {
        AdvanceCause::WithinLimits => (
            "在等级的先行赔付额度内，予以赔付。".to_owned(),
            "Within the limits of the level: advanced.".to_owned(),
        ),
        AdvanceCause::NotEntitled => (
            "客户当前等级不享有先行赔付。".to_owned(),
            "The customer's level advances no refunds.".to_owned(),
        ),
        AdvanceCause::NothingToRefund => (
            "该笔交易没有可退金额。".to_owned(),
            "This transaction has nothing left to be refunded.".to_owned(),
        ),
        AdvanceCause::AdvancedAlready => (
            "该笔交易已先行赔付过。".to_owned(),
            "This transaction was advanced already.".to_owned(),
        ),
        AdvanceCause::NotYet => (
            format!("该笔交易日期为{on}，尚未发生。"),
            format!("The transaction is of {on}, which is yet to come."),
        ),
        AdvanceCause::TooLate => (
            format!("该笔交易日期为{on}，已超过{days}天的投诉期限。"),
            format!("The transaction is of {on}: the {days} days in which it can be complained of are over."),
        ),
        AdvanceCause::AboveTransaction => (
            format!("申请金额超过该笔交易的可退金额{zh_left}。"),
            format!("More than the {en_left} that the transaction has left to be refunded."),
        ),
        AdvanceCause::AboveClaimLimit => (
            format!("申请金额超过单笔先行赔付上限{zh_claim}。"),
            format!("More than the {en_claim} that the level advances for one claim."),
        ),
        AdvanceCause::AboveOutstandingLimit => (
            format!("未收回的先行赔付已有{zh_out}，上限{zh_most}，还可赔付{zh_room}。"),
            format!("{en_out} of {en_most} is outstanding: {en_room} can be advanced."),
        ),
    }
}

/// Whether nothing was lost: advanced = outstanding + recovered + written off, none below 0.
pub fn conserved(balances: &AdvanceBalances) -> bool {
    let parts = [
        balances.outstanding_minor,
        balances.recovered_minor,
        balances.written_off_minor,
    ];
    parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == balances.advanced_minor
}

/// Enters so much. Errors: `amount_malformed`; `advance_overdrawn` where so much is not outstanding. Nothing is changed
/// then.
pub fn apply(balances: &mut AdvanceBalances, kind: AdvanceEntryKind, amount_minor: i64) -> Result<()> {
    check_amount(amount_minor)?;
    let mut after = *balances;
    match kind {
        AdvanceEntryKind::Advanced => {
            after.advanced_minor += amount_minor;
            after.outstanding_minor += amount_minor;
        }
        AdvanceEntryKind::Cancelled => {
            after.advanced_minor -= amount_minor;
            after.outstanding_minor -= amount_minor;
        }
        AdvanceEntryKind::Recovered => {
            after.outstanding_minor -= amount_minor;
            after.recovered_minor += amount_minor;
        }
        AdvanceEntryKind::WrittenOff => {
            after.outstanding_minor -= amount_minor;
            after.written_off_minor += amount_minor;
        }
    }
    if !conserved(&after) {
        let message = "less than this is outstanding";
        return Err(Error::conflict("advance_overdrawn", message));
    }
    *balances = after;
    Ok(())
}

/// Passes if an advance is in this state. Error: `advance_state`.
pub fn require(advance: &Advance, state: AdvanceState) -> Result<()> {
    if advance.state == state {
        return Ok(());
    }
    let message = format!("this is {} and not {}", advance.state.name(), state.name());
    Err(Error::conflict("advance_state", message))
}

/// Passes if a person may give up what is outstanding: who claimed it may not. Error: `second_person_needed`.
pub fn may_write_off(advance: &Advance, who: uuid::Uuid) -> Result<()> {
    if advance.claimed_by == Some(who) {
        let message = "who claimed an advance does not write it off: another person does";
        return Err(Error::conflict("second_person_needed", message));
    }
    Ok(())
}

/// Passes if this is the same as what the key was used for. Error: `key_reused`.
pub fn same_claim(before: &Advance, claim: &Claim) -> Result<()> {
    let was = (&before.source, &before.external_id, before.claimed_minor);
    if was == (&claim.source, &claim.external_id, claim.amount_minor) {
        return Ok(());
    }
    Err(key_reused())
}

/// A key was used for something else.
pub fn key_reused() -> Error {
    Error::conflict("key_reused", "this key was used for another request")
}
