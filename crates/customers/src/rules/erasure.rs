//! What an erased customer is called, and on what ground it may be erased. Pure.

use base::{Error, Result};

use crate::model::CustomerId;

/// The longest reference, in characters.
const REFERENCE_CHARS_MAX: usize = 40;
/// How the external id of an erased customer begins.
const BEGINNING: &str = "erased-";
/// How much of its own id follows.
const DIGITS: usize = 12;

/// What stands in place of an erased customer's external id: of its id, which says nothing of the person.
pub fn pseudonym(id: CustomerId) -> String {
    let id = id.uuid().simple().to_string();
    format!("{BEGINNING}{}", &id[id.len() - DIGITS..])
}

/// Whether an external id looks like one of an erased customer: nobody else is to have it.
pub fn is_reserved(external_id: &str) -> bool {
    external_id.starts_with(BEGINNING)
}

/// The number of the firm's own paper about an erasure: letters, digits and little else, because it stands in the log
/// for ever. Error: `reference_malformed`.
pub fn reference(said: Option<&str>) -> Result<Option<&str>> {
    let Some(said) = said.map(str::trim).filter(|said| !said.is_empty()) else {
        return Ok(None);
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '#');
    if said.chars().count() > REFERENCE_CHARS_MAX || !said.chars().all(fits) {
        let message = "a reference is the number of a paper or a case: at most 40 letters, digits and -_/.#";
        return Err(Error::invalid("reference_malformed", message).at("reference"));
    }
    Ok(Some(said))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_pseudonym_is_of_the_id_alone() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0123_4567_8f3a).into();
        assert_eq!(pseudonym(id), "erased-012345678f3a");
    }

    #[test]
    fn a_reference_is_a_number_and_no_story() {
        assert_eq!(reference(Some(" PIPL/2026-11#7 ")), Ok(Some("PIPL/2026-11#7")));
        assert_eq!(reference(Some("  ")), Ok(None));
        for bad in ["张伟要求", "a b", &"x".repeat(41)] {
            assert_eq!(reference(Some(bad)).unwrap_err().code(), "reference_malformed");
        }
    }
}
