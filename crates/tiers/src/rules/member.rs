//! What a customer is told on its own page, and what the firm may write there.

use base::text::is_hidden;
use base::{Error, Result};

use crate::model::{Condition, MemberPageTexts, Terms};

/// A link can be opened for this many minutes at most.
const LINK_MINUTES_MAX: u32 = 24 * 60;
const TEXT_CHARS_MAX: usize = 500;

/// Passes if a link may be open for so long. Error: `minutes_malformed`.
pub fn check_link_minutes(minutes: u32) -> Result<()> {
    if (1..=LINK_MINUTES_MAX).contains(&minutes) {
        return Ok(());
    }
    let message = "a link can be opened for 1 to 1,440 minutes";
    Err(Error::invalid("minutes_malformed", message).at("minutes"))
}

/// Whether a customer is told how far it is with this: what it did itself is; what the firm reckons of it, and how it
/// compares with others, is not.
pub fn is_told(condition: &Condition) -> bool {
    match condition {
        Condition::Spend(_)
        | Condition::Orders(_)
        | Condition::MonthlySpendMean(_)
        | Condition::MonthlySpendLeast(_)
        | Condition::QuarterlySpendMean(_)
        | Condition::QuarterlySpendLeast(_)
        | Condition::TenureMonths(_) => true,
        Condition::Figure(_)
        | Condition::Percentile(_)
        | Condition::OrganisationLevel(_)
        | Condition::Nomination {} => false,
    }
}

/// Whether customers give themselves codes for this: one is one time. Of money, nobody knows beforehand how much.
pub fn has_codes(terms: &Terms) -> bool {
    terms.is_counted() && !matches!(terms, Terms::Amount {})
}

/// Passes if the firm may write this. Error: `member_text_malformed`.
pub fn check_member_texts(texts: &MemberPageTexts) -> Result<()> {
    for (field, text) in [
        ("complaint_zh", &texts.complaint_zh),
        ("complaint_en", &texts.complaint_en),
    ] {
        let strange = text.chars().any(|c| c != '\n' && is_hidden(c));
        if strange || text.chars().count() > TEXT_CHARS_MAX {
            let message = "a text has at most 500 characters that can be read";
            return Err(Error::invalid("member_text_malformed", message).at(field));
        }
    }
    Ok(())
}
