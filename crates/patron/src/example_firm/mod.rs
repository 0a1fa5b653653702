//! The example firm: a telecom operator that does not exist, with customers whose stories are known,
//! so that a newcomer sees every screen filled and an analyst can compare what the engine finds with
//! what happened.
//!
//! Pure: the same customers, seed and as-of day give the same firm, and a customer is the same in a
//! small firm and in a large one. One customer is made at a time, so memory does not grow with the firm.

mod catalogue;
mod csv;
mod draw;
mod history;
mod ledger;
mod life;
mod model;
mod names;
mod outline;
#[cfg(test)]
mod tests;

use std::ops::Range;

use base::{Day, Error, Result};

pub(crate) use catalogue::FIRM_NAME;
pub(crate) use csv::write_csv;
pub(crate) use model::{GeneratedConsent, GeneratedCustomer};

use draw::{Draw, Purpose};
use model::{ContactRole, CustomerKind, GeneratedContact};
use outline::{Outline, Setting, outline};

/// The source under which the example firm's lines stand in the ledger.
pub(crate) const SOURCE: &str = "example_firm";
/// The zone of the firm's business days.
pub(crate) const ZONE: &str = "Asia/Shanghai";
/// The last day of the history unless another one is asked for: 2026-10-31.
pub(crate) const AS_OF_DEFAULT: Day = Day(20_757);
/// The largest firm; its phone numbers have eight free digits, four for each customer.
pub(crate) const CUSTOMERS_MAX: u64 = 10_000_000;

/// The share of those who came within the history that were brought by another customer.
const REFERRED: f64 = 0.24;
/// How many earlier customers are asked whether they brought this one.
const REFERRERS_ASKED: u32 = 10;
/// A customer brings others after so many days at the earliest.
const REFERRER_TENURE_DAYS: i32 = 60;

/// A telecom operator that does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExampleFirm {
    setting: Setting,
    customers: u64,
}

impl ExampleFirm {
    /// The firm of so many customers up to the end of the day `as_of`; its history is the 36 months to there.
    ///
    /// Errors: no customer or more than [`CUSTOMERS_MAX`]; an as-of day outside of 2018 to 2035, for
    /// which the calendar of festivals is not known here.
    pub(crate) fn new(customers: u64, seed: u64, as_of: Day) -> Result<Self> {
        if !(1..=CUSTOMERS_MAX).contains(&customers) {
            return Err(Error::invalid(
                "customers_out_of_range",
                format!("the example firm has 1 to {CUSTOMERS_MAX} customers, not {customers}"),
            )
            .at("customers"));
        }
        if !(2018..=2035).contains(&as_of.date().year()) {
            return Err(Error::invalid(
                "as_of_out_of_range",
                format!("the example firm's history ends between 2018 and 2035, not on {as_of}"),
            )
            .at("as_of"));
        }
        Ok(Self {
            setting: Setting { seed, as_of },
            customers,
        })
    }

    /// The customers in order of their number, made one by one. Who is referred to (an organisation,
    /// who brought somebody, a former number) comes before who refers.
    pub(crate) const fn customers(&self) -> Customers {
        Customers {
            setting: self.setting,
            left: 0..self.customers,
        }
    }
}

/// The customers of a firm; those skipped are not made, so going on in the middle costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Customers {
    setting: Setting,
    left: Range<u64>,
}

impl Iterator for Customers {
    type Item = GeneratedCustomer;

    fn next(&mut self) -> Option<GeneratedCustomer> {
        self.nth(0)
    }

    fn nth(&mut self, skipped: usize) -> Option<GeneratedCustomer> {
        self.left.nth(skipped).map(|index| customer(&self.setting, index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

fn customer(setting: &Setting, index: u64) -> GeneratedCustomer {
    let outline = outline(setting, index);
    let mut draw = Draw::new(setting.seed, index, Purpose::History);
    let external_id = external_id(index);
    let contacts = contacts(setting, &outline, &mut draw);
    let (mut subscriptions, ledger) = history::history(setting, &outline, &mut draw);
    life::complete(setting, &outline, &mut subscriptions);
    let transactions = ledger.numbered(&external_id);
    // Someone who switched in the network keeps the address.
    let address = outline.switched_from.unwrap_or(index);
    GeneratedCustomer {
        external_id,
        kind: outline.kind,
        brand: outline.brand.name(),
        region: outline.branch.region,
        segment: outline.segment,
        phone: phone_number(setting.seed, index, outline.spells.len() as u64 - 1),
        email: outline.has_email.then(|| format!("c{address:08}@example.com")),
        since: outline.since(),
        organisation: outline.organisation.map(self::external_id),
        referred_by: referrer(setting, &outline).map(self::external_id),
        days: life::days(setting, &outline),
        consents: life::consents(setting, &outline),
        tags: life::tags(setting, &outline),
        story: outline.story,
        switched_from: outline.switched_from.map(self::external_id),
        name: outline.name,
        subscriptions,
        contacts,
        transactions,
    }
}

/// The people of an organisation: who decides, who is listened to, who uses it, who pays.
fn contacts(setting: &Setting, head: &Outline, draw: &mut Draw) -> Vec<GeneratedContact> {
    if head.kind != CustomerKind::Organisation {
        return Vec::new();
    }
    let born = setting.as_of.month().0.div_euclid(12);
    let mut outsider = |role, low, high| GeneratedContact {
        name: names::person(born - draw.between(28, 60), draw),
        role,
        influence: draw.between(low, high) as u8,
        customer: None,
    };
    let mut contacts = vec![outsider(ContactRole::DecisionMaker, 4, 5)];
    if head.members == 0 {
        contacts.push(outsider(ContactRole::KeyPerson, 3, 5));
    }
    contacts.push(outsider(ContactRole::Finance, 1, 3));
    for number in 0..head.members.min(5) {
        let member = outline(setting, head.index + 1 + number);
        let (role, low, high) = if number == 0 {
            (ContactRole::KeyPerson, 4, 5)
        } else {
            (ContactRole::User, 1, 3)
        };
        contacts.push(GeneratedContact {
            name: member.name,
            role,
            influence: draw.between(low, high) as u8,
            customer: Some(external_id(member.index)),
        });
    }
    contacts
}

/// Who brought this customer, if anyone: an earlier one who was a customer then, of the same branch if
/// one of those asked is.
fn referrer(setting: &Setting, newcomer: &Outline) -> Option<u64> {
    let since = newcomer.since();
    if since < setting.first_day() || newcomer.switched_from.is_some() {
        return None;
    }
    let mut draw = Draw::new(setting.seed, newcomer.index, Purpose::Referral);
    if !draw.chance(REFERRED) {
        return None;
    }
    let mut from_elsewhere = None;
    for _ in 0..REFERRERS_ASKED {
        let mut asked = newcomer
            .index
            .checked_sub(1 + draw.below(newcomer.index.min(5_000)))?;
        // A few customers bring many.
        if draw.chance(0.6) {
            asked -= asked % 8;
        }
        let asked = outline(setting, asked);
        if asked.since().0 + REFERRER_TENURE_DAYS > since.0 || !asked.is_customer_on(since) {
            continue;
        }
        if asked.branch.region == newcomer.branch.region {
            return Some(asked.index);
        }
        from_elsewhere.get_or_insert(asked.index);
    }
    from_elsewhere
}

fn external_id(index: u64) -> String {
    format!("DEMO-{:08}", index + 1)
}

/// A mobile number: eleven digits beginning with 154, a range that was not given to any operator.
/// No number is given twice: each customer has four places in a permutation of the eight digits.
fn phone_number(seed: u64, index: u64, slot: u64) -> String {
    // The step has no factor in common with 10^8, so different places have different digits.
    const STEP: u64 = 61_803_399;
    const NUMBERS: u64 = 100_000_000;
    let place = (index * 4 + slot.min(3)) % NUMBERS;
    let start = seed % NUMBERS * 36_787_431;
    format!("154{:08}", (place * STEP + start) % NUMBERS)
}

/// The account number of something without a phone number.
fn account_number(prefix: &str, index: u64, slot: u64) -> String {
    format!("{prefix}{:08}{}", index + 1, slot + 1)
}
