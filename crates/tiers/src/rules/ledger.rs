//! What may become of what a customer has: each rule says what is entered, and nothing is entered that is not there.

use base::{Day, Error, Result};

use crate::model::{Balances, Entitlement, EntryKind, Posting};

/// Whether nothing was lost and nothing is spent that is not there.
pub fn conserved(balances: &Balances) -> bool {
    let parts = [
        balances.available,
        balances.reserved,
        balances.redeemed,
        balances.expired,
        balances.withdrawn,
    ];
    parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == balances.granted
}

/// Enters what a rule said. Error: `entitlement_overdrawn` where that is not there; nothing is changed then.
pub fn apply(balances: &mut Balances, postings: &[Posting]) -> Result<()> {
    let mut after = *balances;
    for posting in postings {
        let (debit, credit) = posting.kind.sides();
        // What is granted comes from nowhere: it is on both sides.
        let taken = if debit == "granted" {
            posting.quantity
        } else {
            -posting.quantity
        };
        *part(&mut after, debit) += taken;
        *part(&mut after, credit) += posting.quantity;
        if posting.quantity <= 0 || !conserved(&after) {
            return Err(insufficient("entitlement_overdrawn"));
        }
    }
    *balances = after;
    Ok(())
}

fn part<'a>(balances: &'a mut Balances, name: &str) -> &'a mut i64 {
    match name {
        "granted" => &mut balances.granted,
        "available" => &mut balances.available,
        "reserved" => &mut balances.reserved,
        "redeemed" => &mut balances.redeemed,
        "expired" => &mut balances.expired,
        _ => &mut balances.withdrawn,
    }
}

fn insufficient(code: &'static str) -> Error {
    Error::conflict(code, "there is less left than this takes")
}

fn post(account: &mut Entitlement, entered: &mut Vec<Posting>, kind: EntryKind, quantity: i64) -> Result<()> {
    if quantity > 0 {
        let posting = Posting { kind, quantity };
        apply(&mut account.balances, &[posting])?;
        entered.push(posting);
    }
    Ok(())
}

/// Sets some aside.
///
/// Errors: `quantity_malformed`, `companions_too_many`; `entitlement_over` where its time is over;
/// `entitlement_insufficient`.
pub fn reserve(
    account: &mut Entitlement,
    quantity: i64,
    companions: i32,
    today: Day,
) -> Result<Vec<Posting>> {
    if quantity < 1 {
        return Err(Error::invalid("quantity_malformed", "at least one").at("quantity"));
    }
    if !(0..=account.companions_max).contains(&companions) {
        let message = format!("{} may come along at most", account.companions_max);
        return Err(Error::invalid("companions_too_many", message).at("companions"));
    }
    if account.until < today {
        let message = format!("this could be used until {}", account.until);
        return Err(Error::conflict("entitlement_over", message));
    }
    if account.balances.available < quantity {
        return Err(insufficient("entitlement_insufficient"));
    }
    let mut entered = Vec::new();
    post(account, &mut entered, EntryKind::Reserved, quantity)?;
    Ok(entered)
}

/// Gives back what was set aside: with the day it had, so that it expires at once where that is over.
pub fn release(account: &mut Entitlement, quantity: i64, today: Day) -> Result<Vec<Posting>> {
    given_back(account, EntryKind::Released, quantity, today)
}

/// Gives back what was used: with the day it had, so that it expires at once where that is over.
pub fn reverse(account: &mut Entitlement, quantity: i64, today: Day) -> Result<Vec<Posting>> {
    given_back(account, EntryKind::Reversed, quantity, today)
}

fn given_back(account: &mut Entitlement, kind: EntryKind, quantity: i64, today: Day) -> Result<Vec<Posting>> {
    let mut entered = Vec::new();
    post(account, &mut entered, kind, quantity)?;
    entered.extend(settle(account)?);
    entered.extend(expire(account, today)?);
    Ok(entered)
}

/// Grants what is promised and not given yet, or takes back what was given beyond it, as far as it is there: what is set
/// aside is taken back when it is given back.
pub fn settle(account: &mut Entitlement) -> Result<Vec<Posting>> {
    let given = account.balances.granted - account.balances.withdrawn;
    let due = account.promised + account.carried;
    let mut entered = Vec::new();
    if given < due {
        post(account, &mut entered, EntryKind::Granted, due - given)?;
    } else {
        let most = account.balances.available.min(given - due);
        post(account, &mut entered, EntryKind::Withdrawn, most)?;
    }
    Ok(entered)
}

/// Ends what was not used in time.
pub fn expire(account: &mut Entitlement, today: Day) -> Result<Vec<Posting>> {
    let mut entered = Vec::new();
    if account.until < today {
        let left = account.balances.available;
        post(account, &mut entered, EntryKind::Expired, left)?;
    }
    Ok(entered)
}
