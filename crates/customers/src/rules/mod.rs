//! What a record may say, and what becomes of what is known. Pure.

pub mod consent;
pub mod duplicates;
pub mod edit;
pub mod erasure;
pub mod life_event;
pub mod masking;
pub mod merge;
pub mod names;
pub mod record_schema;
pub mod timeline;

use std::collections::HashMap;

use platform::access::{BranchId, UserId};

use crate::model::{CustomerId, CustomerKind, Record};

/// What is known of a customer and may be enriched by a record, apart from its identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The name.
    pub name: Option<String>,
    /// The brand.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The segment.
    pub segment: Option<String>,
    /// Customer since, as days from 1970.
    pub since: Option<i32>,
    /// The organisation.
    pub organisation: Option<CustomerId>,
    /// Who brought the customer.
    pub referred_by: Option<CustomerId>,
    /// The branch.
    pub branch: Option<BranchId>,
    /// The customer manager.
    pub owner: Option<UserId>,
}

impl Known {
    /// What is known of a customer of whom nothing has been said.
    pub fn nothing() -> Self {
        Self {
            kind: CustomerKind::Person,
            name: None,
            brand: None,
            region: None,
            segment: None,
            since: None,
            organisation: None,
            referred_by: None,
            branch: None,
            owner: None,
        }
    }

    /// What is known after a record: what it says replaces (or only fills, see [`Record::fills_only`]), what it
    /// leaves out stays. The other customers it names are among `ids`.
    #[must_use]
    pub fn enriched(mut self, record: &Record, ids: &HashMap<String, CustomerId>) -> Self {
        fn say<T: Clone>(known: &mut Option<T>, said: Option<&T>, fills_only: bool) {
            if let Some(said) = said
                && !(fills_only && known.is_some())
            {
                *known = Some(said.clone());
            }
        }
        let id_of = |external_id: &Option<String>| external_id.as_ref().and_then(|id| ids.get(id));
        let fills_only = record.fills_only;
        if !fills_only {
            self.kind = record.kind.unwrap_or(self.kind);
        }
        say(&mut self.name, record.name.as_ref(), fills_only);
        say(&mut self.brand, record.brand.as_ref(), fills_only);
        say(&mut self.region, record.region.as_ref(), fills_only);
        say(&mut self.segment, record.segment.as_ref(), fills_only);
        say(
            &mut self.since,
            record.since.map(|day| day.0).as_ref(),
            fills_only,
        );
        say(&mut self.organisation, id_of(&record.organisation), fills_only);
        say(&mut self.referred_by, id_of(&record.referred_by), fills_only);
        say(&mut self.branch, record.branch.as_ref(), fills_only);
        say(&mut self.owner, record.owner.as_ref(), fills_only);
        self
    }
}

/// What is wrong with a record, if anything: the field's name, a stable code, and a message.
pub fn check(record: &Record) -> Result<(), (&'static str, &'static str, &'static str)> {
    let itself = Some(&record.external_id);
    if record.organisation.as_ref() == itself {
        return Err((
            "organisation",
            "refers_to_itself",
            "a customer cannot be its own organisation",
        ));
    }
    if record.referred_by.as_ref() == itself {
        return Err((
            "referred_by",
            "refers_to_itself",
            "a customer cannot have brought itself",
        ));
    }
    Ok(())
}

/// A name as search compares it.
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The tags that have this piece, whatever its case: the whole ones first, then those that begin with it, each in order.
pub fn tags_with(tags: Vec<String>, piece: &str, most: usize) -> Vec<String> {
    let piece = name_key(piece);
    let mut ranked: Vec<(u8, String)> = tags
        .into_iter()
        .filter_map(|tag| {
            let key = name_key(&tag);
            let rank = match key.find(&piece)? {
                0 if key.len() == piece.len() => 0,
                0 => 1,
                _ => 2,
            };
            Some((rank, tag))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.truncate(most);
    ranked.into_iter().map(|(_, tag)| tag).collect()
}

/// The first text after every text that begins with `prefix`; none if there is no such text.
pub fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Surrogates are no characters; stepping over them keeps the order of code points.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(external_id: &str) -> Record {
        Record {
            external_id: external_id.to_owned(),
            ..Record::default()
        }
    }

    #[test]
    fn a_record_enriches_and_never_erases() {
        let named = Record {
            name: Some("张伟".into()),
            brand: Some("和悦".into()),
            ..record("C1")
        };
        let moved = Record {
            region: Some("北京".into()),
            brand: Some("全球行".into()),
            ..record("C1")
        };
        let none = HashMap::new();
        let known = Known::nothing().enriched(&named, &none).enriched(&moved, &none);
        assert_eq!(known.name.as_deref(), Some("张伟"));
        assert_eq!(known.brand.as_deref(), Some("全球行"));
        assert_eq!(known.region.as_deref(), Some("北京"));
        assert_eq!(known.clone().enriched(&record("C1"), &none), known);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let code = |record: &Record| check(record).err().map(|(field, code, _)| (field, code));
        assert_eq!(code(&record("C1")), None);
        for (record, refused) in [
            (
                Record {
                    organisation: Some("C1".into()),
                    ..record("C1")
                },
                ("organisation", "refers_to_itself"),
            ),
            (
                Record {
                    referred_by: Some("C1".into()),
                    ..record("C1")
                },
                ("referred_by", "refers_to_itself"),
            ),
        ] {
            assert_eq!(code(&record), Some(refused), "{record:?}");
        }
    }

    #[test]
    fn tags_are_ranked_by_how_much_of_them_is_meant() {
        let tags = || ["svip", "VIP", "vip 2", "VIP", "old"].map(str::to_owned).to_vec();
        assert_eq!(tags_with(tags(), " Vip", 9), ["VIP", "vip 2", "svip"]);
        assert_eq!(tags_with(tags(), "vip", 1), ["VIP"]);
        assert!(tags_with(tags(), "gold", 9).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn a_prefix_ends_right_after_its_last_text(prefix in "\\PC{1,8}", more in "\\PC{0,8}", other in "\\PC{0,8}") {
            let end = after_prefix(&prefix).unwrap();
            let longer = format!("{prefix}{more}");
            proptest::prop_assert!(longer >= prefix && longer < end);
            if !other.starts_with(&prefix) {
                proptest::prop_assert!(other < prefix || other >= end);
            }
        }
    }
}
