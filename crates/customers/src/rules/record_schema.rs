//! What the administrator's fields take, and how complete a record is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use base::{Day, Error, Result};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::edit::text;
use crate::model::{
    Choice, CustomField, CustomKind, CustomValue, CustomValues, CustomerKind, RecordSchema, TagChange,
};

const FIELDS_MAX: usize = 100;
const CHOICES_MAX: usize = 200;
const ITEMS_MAX: usize = 200;
const WEIGHT_MAX: u32 = 1_000;
const NAME_CHARS_MAX: usize = 64;
const TEXT_CHARS_MAX: u32 = 4_000;
/// The most tags of one customer.
const TAGS_MAX: usize = 50;
const TAG_CHARS_MAX: usize = 40;
const NOTE_CHARS_MAX: usize = 4_000;

/// What a record can have besides the administrator's fields.
pub const KNOWN_THINGS: [&str; 14] = [
    "name",
    "brand",
    "region",
    "segment",
    "phone",
    "email",
    "since",
    "organisation",
    "birthday",
    "founding",
    "consent",
    "preferences",
    "contact",
    "subscription",
];

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn refused<T>(field: &str, code: &'static str, message: &str) -> Result<T> {
    Err(Error::invalid(code, message).at(field))
}

impl RecordSchema {
    /// Whether it can be a schema.
    ///
    /// Errors: `fields_too_many`, `field_name_malformed`, `field_twice`, `choices_malformed`,
    /// `bounds_malformed`, `completeness_malformed`, `attachment_size_out_of_range`, a label that cannot be.
    pub fn check(&self) -> Result<()> {
        self.attachments.check()?;
        if self.fields.len() > FIELDS_MAX {
            return refused(
                "fields",
                "fields_too_many",
                "a record has at most 100 fields of its own",
            );
        }
        let mut names = BTreeSet::new();
        for field in &self.fields {
            if !is_name(&field.name) {
                let message = "a field is named by lower case letters, digits and underscores";
                return refused("fields", "field_name_malformed", message);
            }
            if !names.insert(field.name.as_str()) {
                return refused("fields", "field_twice", "two fields have the same name");
            }
            text("fields", &field.zh, NAME_CHARS_MAX)?;
            text("fields", &field.en, NAME_CHARS_MAX)?;
            field.kind.check()?;
        }
        let known = |what: &str| match what.strip_prefix("custom.") {
            Some(field) => names.contains(field),
            None => KNOWN_THINGS.contains(&what),
        };
        let well_formed = self.completeness.len() <= ITEMS_MAX
            && self
                .completeness
                .iter()
                .all(|item| known(&item.what) && (1..=WEIGHT_MAX).contains(&item.weight));
        if !well_formed {
            let message = "completeness counts what a record can have, each with a weight of 1 to 1,000";
            return refused("completeness", "completeness_malformed", message);
        }
        Ok(())
    }

    fn field(&self, name: &str) -> Option<&CustomField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What is stored after a person has said some values; null erases one. What is stored of fields that
    /// the schema has no more stays.
    ///
    /// Errors: `custom_field_unknown`, `custom_field_required` for one that cannot be erased, and why a value
    /// does not fit, each at the field's name.
    pub fn changed(&self, mut stored: CustomValues, said: CustomValues) -> Result<CustomValues> {
        for (name, value) in said {
            let Some(field) = self.field(&name) else {
                return refused(&name, "custom_field_unknown", "a record has no such field");
            };
            if !value.is_null() {
                stored.insert(name, field.kind.checked(&field.name, value)?);
            } else if field.required && stored.contains_key(&name) {
                return refused(&name, "custom_field_required", "this can be changed, not erased");
            } else {
                stored.remove(&name);
            }
        }
        Ok(stored)
    }

    /// Every field with its value, and with what is wrong where the schema has changed since.
    pub fn shown(&self, stored: &CustomValues) -> Vec<CustomValue> {
        let shown = self.fields.iter().map(|field| {
            let value = stored.get(&field.name).cloned();
            let problem = match &value {
                None => field.required.then_some("custom_field_missing"),
                Some(value) => {
                    let checked = field.kind.checked(&field.name, value.clone());
                    checked.err().map(|e| e.code())
                }
            };
            CustomValue {
                field: field.name.clone(),
                value,
                problem: problem.map(str::to_owned),
            }
        });
        shown.collect()
    }
}

impl CustomKind {
    fn check(&self) -> Result<()> {
        let well_formed = match self {
            Self::Text { chars_max } => (1..=TEXT_CHARS_MAX).contains(chars_max),
            Self::Number { min, max } => min.zip(*max).is_none_or(|(min, max)| min <= max),
            Self::Date { min, max } => min.zip(*max).is_none_or(|(min, max)| min <= max),
            Self::Choice { choices } => return check_choices(choices),
        };
        if !well_formed {
            let message =
                "the bounds of a field leave room for a value, and a text has at most 4,000 characters";
            return refused("fields", "bounds_malformed", message);
        }
        Ok(())
    }

    /// A value as it is stored.
    ///
    /// Errors: `value_not_text`, `value_not_number`, `value_out_of_bounds`, `value_not_date`,
    /// `choice_unknown`, a text that cannot be; each at `name`.
    fn checked(&self, name: &str, value: Value) -> Result<Value> {
        match self {
            Self::Text { chars_max } => match value {
                Value::String(said) => Ok(text(name, &said, *chars_max as usize)?.into()),
                _ => refused(name, "value_not_text", "this is a text"),
            },
            Self::Number { min, max } => match value.as_f64().filter(|_| value.is_number()) {
                None => refused(name, "value_not_number", "this is a number"),
                Some(number)
                    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) =>
                {
                    refused(name, "value_out_of_bounds", "this number is out of bounds")
                }
                Some(_) => Ok(value),
            },
            Self::Date { min, max } => match value.as_str().and_then(|said| Day::parse(said).ok()) {
                None => refused(name, "value_not_date", "this is a date such as 2026-01-31"),
                Some(day) if min.is_some_and(|min| day < min) || max.is_some_and(|max| day > max) => {
                    refused(name, "value_out_of_bounds", "this day is out of bounds")
                }
                Some(day) => Ok(day.to_string().into()),
            },
            Self::Choice { choices } => {
                let known = choices.iter().any(|choice| value.as_str() == Some(&choice.name));
                if known {
                    Ok(value)
                } else {
                    refused(name, "choice_unknown", "this is none of the answers")
                }
            }
        }
    }
}

fn check_choices(choices: &[Choice]) -> Result<()> {
    let names: BTreeSet<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
    let well_formed = (1..=CHOICES_MAX).contains(&choices.len())
        && names.len() == choices.len()
        && names.iter().all(|name| is_name(name));
    if !well_formed {
        let message =
            "a choice has 1 to 200 answers, named apart by lower case letters, digits and underscores";
        return refused("fields", "choices_malformed", message);
    }
    for choice in choices {
        text("fields", &choice.zh, NAME_CHARS_MAX)?;
        text("fields", &choice.en, NAME_CHARS_MAX)?;
    }
    Ok(())
}

/// A note as it is stored: with lines, otherwise as every text.
pub fn note_text(said: &str) -> Result<String> {
    let said = said.replace("\r\n", "\n");
    let lines = said.replace(['\n', '\t'], " ");
    text("text", &lines, NOTE_CHARS_MAX)?;
    Ok(said.trim().to_owned())
}

/// The tags of a customer after a change, in order.
///
/// Errors: `tags_too_many`, a text that cannot be.
pub fn tags_after(mut tags: BTreeSet<String>, said: &TagChange) -> Result<BTreeSet<String>> {
    for tag in &said.add {
        tags.insert(text("add", tag, TAG_CHARS_MAX)?);
    }
    for tag in &said.remove {
        tags.remove(tag.trim());
    }
    check_tag_count(tags.len())?;
    Ok(tags)
}

/// Passes if one customer may have so many tags. Error: `tags_too_many`.
pub fn check_tag_count(tags: usize) -> Result<()> {
    if tags <= TAGS_MAX {
        return Ok(());
    }
    refused("add", "tags_too_many", "a customer has at most 50 tags")
}

/// Something a record does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Missing {
    /// What.
    pub what: String,
    /// How much it counts.
    pub weight: u32,
}

/// How complete a record is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completeness {
    /// Of all that counts, 0 to 100; 100 only where nothing is missing.
    pub percent: u32,
    /// What is missing, the weightiest first.
    pub missing: Vec<Missing>,
}

/// How complete a record of this kind is that `has` these things.
pub fn completeness(schema: &RecordSchema, kind: CustomerKind, has: &BTreeSet<String>) -> Completeness {
    // Something that is named twice counts with its last weight.
    let counted: BTreeMap<&str, u32> = schema
        .completeness
        .iter()
        .filter(|item| item.of.is_none_or(|of| of == kind))
        .map(|item| (item.what.as_str(), item.weight))
        .collect();
    let all: u64 = counted.values().map(|weight| u64::from(*weight)).sum();
    let mut missing: Vec<_> = counted
        .into_iter()
        .filter(|(what, _)| !has.contains(*what))
        .map(|(what, weight)| Missing {
            what: what.to_owned(),
            weight,
        })
        .collect();
    missing.sort_by_key(|missing| std::cmp::Reverse(missing.weight));
    let lacking: u64 = missing.iter().map(|missing| u64::from(missing.weight)).sum();
    let percent = (100 * (all - lacking)).checked_div(all).unwrap_or(100);
    Completeness {
        percent: u32::try_from(percent).unwrap_or(100),
        missing,
    }
}

#[cfg(test)]
mod tests;
