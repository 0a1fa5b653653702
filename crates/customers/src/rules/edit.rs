//! What a record, a contact and a subscription may become, and what an event says of it. Pure.

use base::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Known;
use super::erasure::is_reserved;
use crate::model::{
    ContactChange, ContactFacts, CustomerChange, CustomerId, SubscriptionChange, SubscriptionFacts,
    SubscriptionStatus,
};

/// How many organisations may stand above one another.
pub const HIERARCHY_LEVELS_MAX: usize = 10;

const NAME_CHARS_MAX: usize = 200;
const WORD_CHARS_MAX: usize = 64;
/// The longest external id, in characters.
const EXTERNAL_ID_CHARS_MAX: usize = 128;

/// A text as it is stored: trimmed, not empty, not too long, of printable characters.
///
/// Errors: `text_empty`, `text_too_long`, `character_not_allowed`.
pub fn text(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text_empty", "this cannot be empty").at(field));
    }
    if text.chars().count() > chars_max {
        let message = format!("this has at most {chars_max} characters");
        return Err(Error::invalid("text_too_long", message).at(field));
    }
    if text.chars().any(base::text::is_hidden) {
        let message = "a text has a character in it that cannot be stored, such as NUL";
        return Err(Error::invalid("character_not_allowed", message).at(field));
    }
    Ok(text.to_owned())
}

/// The id of the firm's other systems. Error, beside those of a text: `external_id_reserved`.
pub fn external_id(said: &str) -> Result<String> {
    let said = text("external_id", said, EXTERNAL_ID_CHARS_MAX)?;
    if is_reserved(&said) {
        let message = "external ids that begin with erased- are those of erased customers";
        return Err(Error::invalid("external_id_reserved", message).at("external_id"));
    }
    Ok(said)
}

/// What is known after a change, or why the change cannot be. A text of spaces is no text.
fn change(known: &mut Option<String>, field: &str, said: Option<&Option<String>>, max: usize) -> Result<()> {
    if let Some(said) = said {
        let said = said.as_deref().filter(|said| !said.trim().is_empty());
        *known = said.map(|said| text(field, said, max)).transpose()?;
    }
    Ok(())
}

impl Known {
    /// What is known after a person has said so. Who it refers to is checked by the caller.
    pub fn changed(mut self, said: &CustomerChange) -> Result<Self> {
        change(&mut self.name, "name", said.name.as_ref(), NAME_CHARS_MAX)?;
        change(&mut self.brand, "brand", said.brand.as_ref(), WORD_CHARS_MAX)?;
        change(&mut self.region, "region", said.region.as_ref(), WORD_CHARS_MAX)?;
        change(
            &mut self.segment,
            "segment",
            said.segment.as_ref(),
            WORD_CHARS_MAX,
        )?;
        if let Some(since) = said.since {
            self.since = since.map(|day| day.0);
        }
        self.organisation = said.organisation.unwrap_or(self.organisation);
        self.referred_by = said.referred_by.unwrap_or(self.referred_by);
        self.branch = said.branch.unwrap_or(self.branch);
        self.owner = said.owner.unwrap_or(self.owner);
        Ok(self)
    }

    /// The same as an event says it.
    pub fn said(&self) -> Value {
        json!({
            "kind": self.kind,
            "name": self.name,
            "brand": self.brand,
            "region": self.region,
            "segment": self.segment,
            "since": self.since.map(base::Day),
            "organisation": self.organisation,
            "referred_by": self.referred_by,
            "branch": self.branch,
            "owner": self.owner,
        })
    }
}

/// Whether a customer may stand below an organisation. `above` are that organisation and all above it, the
/// nearest first; `levels_below` is how many levels of organisations stand below the customer.
///
/// Errors: `refers_to_itself`, `hierarchy_cycle`, `hierarchy_too_deep`, each at `organisation`.
pub fn check_place(itself: CustomerId, above: &[CustomerId], levels_below: usize) -> Result<()> {
    let refused = |code, message: &str| Err(Error::invalid(code, message).at("organisation"));
    match above.iter().position(|one| *one == itself) {
        Some(0) => refused("refers_to_itself", "a customer cannot be its own organisation"),
        Some(_) => refused(
            "hierarchy_cycle",
            "this organisation stands below the customer itself",
        ),
        None if above.len() + levels_below >= HIERARCHY_LEVELS_MAX => {
            let message = format!("at most {HIERARCHY_LEVELS_MAX} organisations stand above one another");
            refused("hierarchy_too_deep", &message)
        }
        None => Ok(()),
    }
}

impl ContactFacts {
    /// The facts as they are stored.
    ///
    /// Errors: a text that cannot be, `influence_out_of_range`, `until_before_since`.
    pub fn checked(mut self) -> Result<Self> {
        self.name = text("name", &self.name, NAME_CHARS_MAX)?;
        if !(1..=5).contains(&self.influence) {
            let message = "influence is 1 (none) to 5 (decides)";
            return Err(Error::invalid("influence_out_of_range", message).at("influence"));
        }
        if let (Some(since), Some(until)) = (self.since, self.until)
            && until < since
        {
            let message = "the last day is before the first";
            return Err(Error::invalid("until_before_since", message).at("until"));
        }
        Ok(self)
    }

    /// The facts after a change.
    pub fn changed(mut self, said: ContactChange) -> Result<Self> {
        self.name = said.name.unwrap_or(self.name);
        self.role = said.role.unwrap_or(self.role);
        self.influence = said.influence.unwrap_or(self.influence);
        self.customer_id = said.customer_id.unwrap_or(self.customer_id);
        self.since = said.since.unwrap_or(self.since);
        self.until = said.until.unwrap_or(self.until);
        self.checked()
    }
}

impl SubscriptionFacts {
    /// The facts as they are stored.
    ///
    /// Errors: a text that cannot be, `end_before_start`, `end_day_missing`, `status_not_ended`.
    pub fn checked(mut self) -> Result<Self> {
        let optional = |field, said: Option<String>, max| {
            said.filter(|said| !said.trim().is_empty())
                .map(|said| text(field, &said, max))
                .transpose()
        };
        self.product = text("product", &self.product, WORD_CHARS_MAX)?;
        self.plan = optional("plan", self.plan, WORD_CHARS_MAX)?;
        self.number = optional("number", self.number, WORD_CHARS_MAX)?;
        self.device = optional("device", self.device, NAME_CHARS_MAX)?;
        for (field, day) in [("ended_on", self.ended_on), ("term_ends_on", self.term_ends_on)] {
            if day.is_some_and(|day| day < self.started_on) {
                let message = "the end is before the first day";
                return Err(Error::invalid("end_before_start", message).at(field));
            }
        }
        match (self.status == SubscriptionStatus::Ended, self.ended_on) {
            (true, None) => {
                let message = "what has ended has a last day";
                Err(Error::invalid("end_day_missing", message).at("ended_on"))
            }
            (false, Some(_)) => {
                let message = "only what has ended has a last day";
                Err(Error::invalid("status_not_ended", message).at("status"))
            }
            _ => Ok(self),
        }
    }

    /// The facts after a change.
    pub fn changed(mut self, said: SubscriptionChange) -> Result<Self> {
        self.product = said.product.unwrap_or(self.product);
        self.plan = said.plan.unwrap_or(self.plan);
        self.number = said.number.unwrap_or(self.number);
        self.device = said.device.unwrap_or(self.device);
        self.started_on = said.started_on.unwrap_or(self.started_on);
        self.term_ends_on = said.term_ends_on.unwrap_or(self.term_ends_on);
        self.ended_on = said.ended_on.unwrap_or(self.ended_on);
        self.status = said.status.unwrap_or(self.status);
        self.checked()
    }
}

/// Fields that say something of a person. The log is never altered, so it must not hold what a person may ask to have
/// forgotten: it says that they changed, and not from what to what (`docs/adr/0014-personal-data-of-one-customer.md`).
const PERSONAL: [&str; 9] = [
    "name",
    "number",
    "device",
    "label",
    "calendar",
    "year",
    "month",
    "day",
    "leap_month",
];

fn fields(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// What an event says of something new: what is not personal.
pub fn as_new(after: &impl Serialize) -> Value {
    json!({ "after": unsaid(after) })
}

/// What an event says of something that is gone: what is not personal.
pub fn as_gone(before: &impl Serialize) -> Value {
    json!({ "before": unsaid(before) })
}

fn unsaid(of: &impl Serialize) -> Map<String, Value> {
    let said = fields(of).into_iter();
    said.filter(|(field, value)| !value.is_null() && !PERSONAL.contains(&field.as_str()))
        .collect()
}

/// What an event says of a change: the names of the fields, and of those that are not personal before and after.
/// None if nothing changed.
pub fn as_changed(before: &impl Serialize, after: &impl Serialize) -> Option<Value> {
    let (mut before, after) = (fields(before), fields(after));
    let mut names = Vec::new();
    let (mut was, mut is) = (Map::new(), Map::new());
    for (field, value) in after {
        let earlier = before.remove(&field).unwrap_or(Value::Null);
        if earlier != value {
            if !PERSONAL.contains(&field.as_str()) {
                was.insert(field.clone(), earlier);
                is.insert(field.clone(), value);
            }
            names.push(field);
        }
    }
    (!names.is_empty()).then(|| json!({ "fields": names, "before": was, "after": is }))
}

/// What an event says of a change of values that may all be personal: the names of the fields. None if nothing
/// changed.
pub fn as_changed_unsaid(before: &impl Serialize, after: &impl Serialize) -> Option<Value> {
    as_changed(before, after).map(|said| json!({ "fields": said["fields"] }))
}

#[cfg(test)]
mod tests {
    use base::Day;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> CustomerId {
        Uuid::from_u128(n).into()
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
        result.unwrap_err().code()
    }

    #[test]
    fn a_change_says_what() {
        let before = Known {
            name: Some("张伟".into()),
            brand: Some("和悦".into()),
            ..Known::nothing()
        };
        let change = CustomerChange {
            name: Some(Some(" 张炜 ".into())),
            brand: Some(None),
            region: Some(Some("  ".into())),
            ..CustomerChange::default()
        };
        let after = before.clone().changed(&change).unwrap();
        assert_eq!(after.name.as_deref(), Some("张炜"));
        assert_eq!(after.region, None);
        assert_eq!(
            as_changed(&before.said(), &after.said()).unwrap(),
            json!({
                "fields": ["brand", "name"],
                "before": { "brand": "和悦" },
                "after": { "brand": null },
            })
        );
        let again = after.clone().changed(&change).unwrap();
        assert_eq!(as_changed(&after.said(), &again.said()), None);
    }

    #[test]
    fn texts_that_cannot_be_are_refused() {
        for (bad, refused) in [
            ("a\u{0}b".to_owned(), "character_not_allowed"),
            ("x".repeat(65), "text_too_long"),
        ] {
            let change = CustomerChange {
                brand: Some(Some(bad)),
                ..CustomerChange::default()
            };
            assert_eq!(code(Known::nothing().changed(&change)), refused);
        }
        assert_eq!(code(external_id(" ")), "text_empty");
        assert_eq!(code(external_id(" erased-7")), "external_id_reserved");
    }

    #[test]
    fn the_hierarchy_has_no_cycle_and_an_end() {
        assert_eq!(code(check_place(id(1), &[id(1)], 0)), "refers_to_itself");
        assert_eq!(code(check_place(id(1), &[id(2), id(1)], 0)), "hierarchy_cycle");
        let above: Vec<_> = (2..).take(HIERARCHY_LEVELS_MAX - 1).map(id).collect();
        assert!(check_place(id(1), &above, 0).is_ok());
        assert_eq!(code(check_place(id(1), &above, 1)), "hierarchy_too_deep");
    }

    #[test]
    fn a_subscription_ends_with_a_day_and_a_status() {
        let facts = SubscriptionFacts {
            product: "mobile".into(),
            plan: None,
            number: None,
            device: None,
            started_on: Day(100),
            term_ends_on: Some(Day(465)),
            ended_on: None,
            status: SubscriptionStatus::Active,
        };
        let end = |ended_on, status| SubscriptionChange {
            ended_on,
            status,
            ..SubscriptionChange::default()
        };
        let ended = Some(SubscriptionStatus::Ended);
        let after = |change| facts.clone().changed(change);
        assert_eq!(code(after(end(None, ended))), "end_day_missing");
        assert_eq!(code(after(end(Some(Some(Day(200))), None))), "status_not_ended");
        assert_eq!(code(after(end(Some(Some(Day(99))), ended))), "end_before_start");
        assert!(after(end(Some(Some(Day(200))), ended)).is_ok());
    }
}
