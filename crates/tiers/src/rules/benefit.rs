//! What the catalogue, a level's promises and a partner may say.

use std::collections::{HashMap, HashSet};

use base::{Error, Result};

use super::check::{Faults, NAME_CHARS_MAX, NUMBER_MAX};
use crate::model::{Benefit, BenefitFacts, Choice, Document, Level, PartnerFacts, Promise, Site, Terms};

const PROMISES_MAX: usize = 50;
const CHOICES_MAX: usize = 10;
const SITES_MAX: usize = 200;
const SERVED_MAX: usize = 200;
const QUANTITY_MAX: i64 = 1_000_000_000_000;
const COMPANIONS_MAX: i32 = 20;
const DAYS_MAX: i32 = 3_650;

/// Passes if a benefit can be so. Error: `benefit_invalid`, with the fields at fault.
pub fn check_benefit(facts: &BenefitFacts) -> Result<()> {
    let mut faults = Faults::default();
    faults.code(&facts.code, "code");
    faults.text(&facts.zh, NAME_CHARS_MAX, "zh");
    faults.text(&facts.en, NAME_CHARS_MAX, "en");
    if let Some(need) = &facts.need {
        faults.code(need, "need");
    }
    let money = |amount: i64| (0..=NUMBER_MAX).contains(&amount);
    for (amount, field) in [
        (facts.unit_cost_minor, "unit_cost_minor"),
        (facts.settlement_minor, "settlement_minor"),
    ] {
        faults.unless(money(amount), field, "an amount that is not below 0");
    }
    match &facts.terms {
        Terms::Discount { basis_points } => {
            let good = (1..=10_000).contains(basis_points);
            faults.unless(good, "terms.basis_points", "1 to 10,000 of ten thousand");
        }
        Terms::ServiceStandard { sla, queue } => {
            faults.text(sla, NAME_CHARS_MAX, "terms.sla");
            faults.text(queue, NAME_CHARS_MAX, "terms.queue");
        }
        Terms::ComplaintWindow { days } => {
            faults.unless((1..=DAYS_MAX).contains(days), "terms.days", "1 to 3,650 days");
        }
        Terms::AdvanceLimits {
            per_claim_minor,
            outstanding_minor,
        } => {
            let good = money(*per_claim_minor);
            faults.unless(good, "terms.per_claim_minor", "an amount that is not below 0");
            let good = money(*outstanding_minor) && per_claim_minor <= outstanding_minor;
            let message = "an amount that is not below what one claim may be";
            faults.unless(good, "terms.outstanding_minor", message);
        }
        Terms::PartnerService { service } => faults.text(service, NAME_CHARS_MAX, "terms.service"),
        Terms::Count {} | Terms::Amount {} | Terms::Gift {} => {}
    }
    faults.into_result("benefit_invalid", "the benefit cannot be so: see the fields")
}

/// Passes if a benefit may become this: published versions name its code and count by its kind. Errors: `benefit_fixed`,
/// and those of [`check_benefit`].
pub fn check_change(before: &BenefitFacts, after: &BenefitFacts) -> Result<()> {
    check_benefit(after)?;
    let message = "versions and entitlements refer to it: make another benefit instead";
    if before.code != after.code {
        return Err(Error::invalid("benefit_fixed", message).at("code"));
    }
    if before.terms.kind() != after.terms.kind() {
        return Err(Error::invalid("benefit_fixed", message).at("terms.kind"));
    }
    Ok(())
}

/// Passes if the levels of a version can promise this of the catalogue. Error: `promises_invalid`, with the fields at
/// fault.
pub fn check_promises(document: &Document, catalogue: &[Benefit]) -> Result<()> {
    let by_code: HashMap<&str, &Benefit> = catalogue
        .iter()
        .map(|benefit| (benefit.facts.code.as_str(), benefit))
        .collect();
    let mut faults = Faults::default();
    for (n, level) in document.levels.iter().enumerate() {
        let at = format!("levels[{n}]");
        let count = level.benefits.len();
        faults.unless(count <= PROMISES_MAX, &format!("{at}.benefits"), "at most 50");
        let mut codes = HashSet::new();
        for (m, promise) in level.benefits.iter().enumerate().take(PROMISES_MAX) {
            let at = format!("{at}.benefits[{m}]");
            let new = codes.insert(promise.benefit.as_str());
            faults.unless(new, &format!("{at}.benefit"), "the level promises this already");
            match by_code.get(promise.benefit.as_str()) {
                Some(benefit) => check_promise(&mut faults, promise, benefit, &at),
                None => faults.add(format!("{at}.benefit"), "no benefit has this code"),
            }
            let known = promise
                .choice
                .as_ref()
                .is_none_or(|code| level.choices.iter().any(|choice| choice.code == *code));
            faults.unless(known, &format!("{at}.choice"), "the level has no such group");
        }
        check_choices(&mut faults, level, &at);
    }
    faults.into_result(
        "promises_invalid",
        "the levels cannot promise this: see the fields",
    )
}

fn check_promise(faults: &mut Faults, promise: &Promise, benefit: &Benefit, at: &str) {
    let counted = benefit.facts.terms.is_counted();
    let good = match counted {
        true => (1..=QUANTITY_MAX).contains(&promise.quantity),
        false => promise.quantity == 0,
    };
    let message = "more than nothing of what is used up, and 0 of what is not";
    faults.unless(good, &format!("{at}.quantity"), message);
    let good = (0..=promise.quantity).contains(&promise.carry_over_max);
    let message = "0 to what a period gives";
    faults.unless(good, &format!("{at}.carry_over_max"), message);
    let carried = promise.carry_over_max > 0;
    let good = !carried || (promise.validity_days.is_none() && promise.choice.is_none());
    let message = "what is carried over has no validity of its own and is not picked";
    faults.unless(good, &format!("{at}.carry_over_max"), message);
    let good = (0..=COMPANIONS_MAX).contains(&promise.companions_max);
    faults.unless(good, &format!("{at}.companions_max"), "0 to 20");
    if let Some(days) = promise.validity_days {
        let good = (1..=DAYS_MAX).contains(&days);
        faults.unless(good, &format!("{at}.validity_days"), "1 to 3,650 days");
    }
}

fn check_choices(faults: &mut Faults, level: &Level, at: &str) {
    let good = level.choices.len() <= CHOICES_MAX;
    faults.unless(good, &format!("{at}.choices"), "at most 10");
    let mut codes = HashSet::new();
    for (n, choice) in level.choices.iter().enumerate().take(CHOICES_MAX) {
        let at = format!("{at}.choices[{n}]");
        faults.code(&choice.code, &format!("{at}.code"));
        let new = codes.insert(choice.code.as_str());
        faults.unless(new, &format!("{at}.code"), "another group has this code");
        faults.text(&choice.zh, NAME_CHARS_MAX, &format!("{at}.zh"));
        faults.text(&choice.en, NAME_CHARS_MAX, &format!("{at}.en"));
        let of = of_choice(level, choice);
        let good = choice.pick >= 1 && (choice.pick as usize) < of.len();
        let message = "at least one, and fewer than the group has";
        faults.unless(good, &format!("{at}.pick"), message);
        let same = of.windows(2).all(|pair| pair[0].per == pair[1].per);
        let message = "the benefits of a group have the same period";
        faults.unless(same, &at, message);
    }
}

pub(super) fn of_choice<'a>(level: &'a Level, choice: &Choice) -> Vec<&'a Promise> {
    let of = |promise: &&Promise| promise.choice.as_ref() == Some(&choice.code);
    level.benefits.iter().filter(of).collect()
}

/// Passes if a partner can be so. Error: `partner_invalid`, with the fields at fault.
pub fn check_partner(facts: &PartnerFacts, catalogue: &[Benefit]) -> Result<()> {
    let mut faults = Faults::default();
    faults.code(&facts.code, "code");
    faults.text(&facts.zh, NAME_CHARS_MAX, "zh");
    faults.text(&facts.en, NAME_CHARS_MAX, "en");
    faults.unless(facts.sites.len() <= SITES_MAX, "sites", "at most 200 sites");
    let mut codes = HashSet::new();
    for (n, site) in facts.sites.iter().enumerate().take(SITES_MAX) {
        let new = codes.insert(site.code.as_str());
        faults.unless(new, &format!("sites[{n}].code"), "another site has this code");
        check_site(&mut faults, site, &format!("sites[{n}]"));
    }
    let good = facts.benefits.len() <= SERVED_MAX;
    faults.unless(good, "benefits", "at most 200 benefits");
    for (n, code) in facts.benefits.iter().enumerate().take(SERVED_MAX) {
        let known = catalogue
            .iter()
            .any(|benefit| benefit.facts.code == *code && benefit.facts.terms.is_counted());
        let message = "no benefit that is used up has this code";
        faults.unless(known, &format!("benefits[{n}]"), message);
    }
    faults.into_result("partner_invalid", "the partner cannot be so: see the fields")
}

fn check_site(faults: &mut Faults, site: &Site, at: &str) {
    faults.code(&site.code, &format!("{at}.code"));
    faults.text(&site.zh, NAME_CHARS_MAX, &format!("{at}.zh"));
    faults.text(&site.en, NAME_CHARS_MAX, &format!("{at}.en"));
    let both = site.latitude.is_some() == site.longitude.is_some();
    faults.unless(both, &format!("{at}.longitude"), "both degrees or none");
    let good = site.latitude.is_none_or(|degrees| degrees.abs() <= 90.0);
    faults.unless(good, &format!("{at}.latitude"), "-90 to 90 degrees");
    let good = site.longitude.is_none_or(|degrees| degrees.abs() <= 180.0);
    faults.unless(good, &format!("{at}.longitude"), "-180 to 180 degrees");
}
