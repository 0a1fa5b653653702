//! What a link of the chain is, what breaks one, and what of an event may be shown. Pure.

use std::fmt;
use std::str::FromStr;

use base::Error;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub(super) [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The end of the chain, or of a part of it: `position:hash` as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// How many events are sealed up to here.
    pub position: i64,
    /// What the next link builds on.
    pub hash: Hash,
}

/// What the chain's beginning is the hash of.
const GENESIS: &[u8] = b"patron event chain 1";

impl Link {
    /// What the first link builds on.
    pub fn genesis() -> Self {
        Self {
            position: 0,
            hash: Hash(Sha256::digest(GENESIS).into()),
        }
    }

    /// The link that seals this event after this one.
    pub(super) fn next(self, event: &Logged) -> Self {
        Self {
            position: self.position + 1,
            hash: seal(self.hash, event),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.hash)
    }
}

impl FromStr for Link {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || {
            Error::invalid(
                "link_malformed",
                "a link is its position and its hash, such as 12:9f86…, as patron audit verify prints it",
            )
        };
        let (position, hex) = text.split_once(':').ok_or_else(malformed)?;
        let position = position.parse().ok().filter(|n| *n >= 0).ok_or_else(malformed)?;
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(malformed());
        }
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| malformed())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok(Self {
            position,
            hash: Hash(hash),
        })
    }
}

/// An event as the log keeps it, every field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) id: Uuid,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) actor: Option<Uuid>,
    pub(crate) kind: String,
    pub(crate) subject_kind: String,
    pub(crate) subject: Uuid,
    pub(crate) customer: Option<Uuid>,
    /// JSON as the database has it.
    pub(crate) payload: String,
}

/// A row of the chain with its event, as they are in the database now.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) position: i64,
    pub(super) event_id: Uuid,
    pub(super) hash: Vec<u8>,
    /// None: no such event any more.
    pub(super) event: Option<Logged>,
}

/// The hash of the one before and of every field of the event. The encoding has one reading only: fields of
/// fixed length as they are, texts after their length, what may be missing after a byte that says so.
fn seal(previous: Hash, event: &Logged) -> Hash {
    let mut sha = Sha256::new();
    sha.update(previous.0);
    sha.update(event.id.as_bytes());
    sha.update(event.at.to_be_bytes());
    optional(&mut sha, event.actor);
    text(&mut sha, &event.kind);
    text(&mut sha, &event.subject_kind);
    sha.update(event.subject.as_bytes());
    optional(&mut sha, event.customer);
    // Both databases keep what a JSON text means; PostgreSQL not how it was written.
    match serde_json::from_str(&event.payload) {
        Ok(payload) => {
            sha.update([1]);
            json(&mut sha, &payload);
        }
        Err(_) => {
            sha.update([0]);
            text(&mut sha, &event.payload);
        }
    }
    Hash(sha.finalize().into())
}

fn optional(sha: &mut Sha256, id: Option<Uuid>) {
    match id {
        Some(id) => {
            sha.update([1]);
            sha.update(id.as_bytes());
        }
        None => sha.update([0]),
    }
}

fn text(sha: &mut Sha256, text: &str) {
    count(sha, text.len());
    sha.update(text.as_bytes());
}

fn count(sha: &mut Sha256, n: usize) {
    sha.update((n as u64).to_be_bytes());
}

/// Members of an object in the order of their names, whatever order the database gives them in.
fn json(sha: &mut Sha256, value: &Value) {
    match value {
        Value::Null => sha.update(b"n"),
        Value::Bool(false) => sha.update(b"f"),
        Value::Bool(true) => sha.update(b"t"),
        Value::Number(number) => {
            sha.update(b"#");
            text(sha, &number.to_string());
        }
        Value::String(string) => {
            sha.update(b"s");
            text(sha, string);
        }
        Value::Array(items) => {
            sha.update(b"a");
            count(sha, items.len());
            items.iter().for_each(|item| json(sha, item));
        }
        Value::Object(members) => {
            sha.update(b"o");
            count(sha, members.len());
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            for (name, member) in members {
                text(sha, name);
                json(sha, member);
            }
        }
    }
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The event or its seal is not what was sealed.
    Altered,
    /// The event or its seal is gone.
    Missing,
    /// It was sealed at another place of the chain.
    OutOfOrder,
    /// The event is in no chain though it should be for long.
    Unsealed,
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLink {
    /// The place in the chain; none for an event that is in none.
    pub position: Option<i64>,
    /// The event, where it is known which.
    pub event: Option<Uuid>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "link {position}")?,
            None => f.write_str("outside the chain")?,
        }
        if let Some(event) = self.event {
            write!(f, ", event {event}")?;
        }
        f.write_str(match self.fault {
            Fault::Altered => ": altered; the event or its seal is not what was sealed",
            Fault::Missing => ": missing; the event or its seal is gone",
            Fault::OutOfOrder => ": out of order; another event was sealed at this place",
            Fault::Unsealed => ": unsealed; the event is in the log but was never sealed",
        })
    }
}

/// Whether this row is the link after `previous`. `following` are the rows after it, by which an exchange is
/// told from an alteration.
pub(super) fn check(previous: Link, row: &Sealed, following: &[Sealed]) -> Result<Link, BrokenLink> {
    let position = previous.position + 1;
    let broken = |fault, event| {
        Err(BrokenLink {
            position: Some(position),
            event,
            fault,
        })
    };
    if row.position < position {
        return broken(Fault::OutOfOrder, Some(row.event_id));
    }
    if row.position == position {
        let Some(event) = &row.event else {
            return broken(Fault::Missing, Some(row.event_id));
        };
        let link = previous.next(event);
        if row.hash == link.hash.0 {
            return Ok(link);
        }
    }
    // The row that belongs here may stand further on, with its hash or without.
    let stands_elsewhere = following.iter().chain([row]).any(|other| {
        other.event.as_ref().is_some_and(|event| {
            let hash = previous.next(event).hash.0;
            other.hash == hash || row.hash == hash
        })
    });
    match (stands_elsewhere, row.position == position) {
        (true, _) => broken(Fault::OutOfOrder, Some(row.event_id)),
        (false, true) => broken(Fault::Altered, Some(row.event_id)),
        (false, false) => broken(Fault::Missing, None),
    }
}

/// Words in a member's name that say its value is a secret, whatever a room has put there.
const SECRET_WORDS: [&str; 7] = [
    "password",
    "secret",
    "token",
    "credential",
    "private_key",
    "api_key",
    "hash",
];

/// The payload as people and other systems may see it.
pub fn without_secrets(payload: Value) -> Value {
    match payload {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let lower = name.to_lowercase();
                    let secret = SECRET_WORDS.iter().any(|word| lower.contains(word));
                    // A flag or a count about a secret is none.
                    let value = match value {
                        Value::String(_) | Value::Array(_) | Value::Object(_) if secret => Value::from("***"),
                        value => without_secrets(value),
                    };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn event(n: u128) -> Logged {
        Logged {
            id: Uuid::from_u128(n),
            at: 1_700_000_000_000_000,
            actor: None,
            kind: "thing.made".to_owned(),
            subject_kind: "thing".to_owned(),
            subject: Uuid::from_u128(7),
            customer: None,
            payload: r#"{"b": 1, "a": [true, null, "x"]}"#.to_owned(),
        }
    }

    fn sealed(events: Vec<Logged>) -> Vec<Sealed> {
        let mut link = Link::genesis();
        events
            .into_iter()
            .map(|event| {
                link = link.next(&event);
                Sealed {
                    position: link.position,
                    event_id: event.id,
                    hash: link.hash.0.to_vec(),
                    event: Some(event),
                }
            })
            .collect()
    }

    fn walk(rows: &[Sealed]) -> Result<Link, BrokenLink> {
        (0..rows.len()).try_fold(Link::genesis(), |link, n| check(link, &rows[n], &rows[n + 1..]))
    }

    #[test]
    fn the_encoding_is_pinned() {
        // Whoever changes the encoding breaks every chain there is: it needs a new genesis.
        let link = Link::genesis().next(&event(1));
        assert_eq!(
            link.to_string(),
            "1:f5702bdc563168e9ebe2b692410a224fb0928dd11fcde5274d6e618caf70544e"
        );
        assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
    }

    #[test]
    fn how_json_is_written_does_not_matter_but_what_it_says_does() {
        let with = |payload: &str| {
            let payload = payload.to_owned();
            Link::genesis().next(&Logged { payload, ..event(1) })
        };
        let was = with(r#"{"b": 1, "a": [true, null, "x"]}"#);
        assert_eq!(was, with(r#"{"a":[true,null,"x"],"b":1}"#));
        for other in [
            r#"{"a":[true,null,"x"],"b":2}"#,
            r#"{"a":[true,null,"x"],"b":1.0}"#,
            r#"{"a":[true,null,"x"],"b":"1"}"#,
            r#"{"a":[true,"x",null],"b":1}"#,
            r#"{"a":[true,null,["x"]],"b":1}"#,
            "not JSON",
        ] {
            assert_ne!(was, with(other), "{other}");
        }
    }

    #[test]
    fn text_that_is_no_link_is_refused() {
        for bad in ["", "1", "1:", "x:00", "-1:00", &format!("1:{}", "é".repeat(32))] {
            assert_eq!(bad.parse::<Link>().unwrap_err().code(), "link_malformed", "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let payload = json!({ "new_password": "x", "list": [{ "Token": ["a"], "must_change_password": true }],
            "rows": 3 });
        let shown = json!({ "new_password": "***", "list": [{ "Token": "***", "must_change_password": true }],
            "rows": 3 });
        assert_eq!(without_secrets(payload), shown);
    }

    /// One way of altering what is in the database.
    #[derive(Debug, Clone)]
    enum Tampering {
        Id,
        At(i64),
        Actor,
        Kind(String),
        SubjectKind,
        Subject,
        Customer,
        Payload,
        Seal(u8, u8),
        DropEvent,
        DropSeal,
        MoveFields,
        Exchange(bool),
    }

    fn tampering() -> impl Strategy<Value = Tampering> {
        use Tampering::*;
        prop_oneof![
            Just(Id),
            (1_i64..i64::MAX / 2).prop_map(At),
            Just(Actor),
            "[a-z]{1,8}".prop_map(Kind),
            Just(SubjectKind),
            Just(Subject),
            Just(Customer),
            Just(Payload),
            (0_u8..32, 1_u8..=255).prop_map(|(n, by)| Seal(n, by)),
            Just(DropEvent),
            Just(DropSeal),
            Just(MoveFields),
            any::<bool>().prop_map(Exchange),
        ]
    }

    proptest! {
        #[test]
        fn any_single_alteration_is_found_at_its_place(
            length in 2_usize..40, place in any::<prop::sample::Index>(), tampering in tampering(),
        ) {
            let mut rows = sealed((1..=length as u128).map(event).collect());
            prop_assert_eq!(walk(&rows).unwrap().position, length as i64);
            // The chain's end is compared with the row that holds it: a cut there is not seen by walking.
            let n = place.index(length - 1);
            let was = rows.clone();
            let expected = {
                let event = rows[n].event.as_mut().unwrap();
                match tampering {
                    Tampering::Id => { event.id = Uuid::from_u128(999_999); Fault::Altered }
                    Tampering::At(by) => { event.at -= by; Fault::Altered }
                    Tampering::Actor => { event.actor = Some(Uuid::nil()); Fault::Altered }
                    Tampering::Kind(kind) => { event.kind = kind; Fault::Altered }
                    Tampering::SubjectKind => { event.subject_kind.push('s'); Fault::Altered }
                    Tampering::Subject => { event.subject = Uuid::nil(); Fault::Altered }
                    Tampering::Customer => { event.customer = Some(event.subject); Fault::Altered }
                    Tampering::Payload => { event.payload = "{}".to_owned(); Fault::Altered }
                    // A letter moved from one field to the next: the lengths hold them apart.
                    Tampering::MoveFields => {
                        event.subject_kind.insert(0, event.kind.pop().unwrap());
                        Fault::Altered
                    }
                    Tampering::Seal(byte, by) => { rows[n].hash[usize::from(byte)] ^= by; Fault::Altered }
                    Tampering::DropEvent => { rows[n].event = None; Fault::Missing }
                    Tampering::DropSeal => { rows.remove(n); Fault::Missing }
                    Tampering::Exchange(with_hashes) => {
                        rows.swap(n, n + 1);
                        let (left, right) = rows.split_at_mut(n + 1);
                        std::mem::swap(&mut left[n].position, &mut right[0].position);
                        if !with_hashes {
                            std::mem::swap(&mut left[n].hash, &mut right[0].hash);
                        }
                        Fault::OutOfOrder
                    }
                }
            };
            let found = walk(&rows).unwrap_err();
            prop_assert_eq!(found.position, Some(was[n].position));
            prop_assert_eq!(found.fault, expected);
        }
    }
}
