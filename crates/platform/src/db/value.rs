//! Values on their way into SQL. Each variant carries its type even when it is NULL, because
//! PostgreSQL wants to know.

use std::borrow::Borrow;
use std::fmt::Display;

use base::Day;
use jiff::Timestamp;
use serde::Serializer as _;
use uuid::Uuid;

/// One argument of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `BOOLEAN`
    Bool(Option<bool>),
    /// `INTEGER` on both (32 bits on PostgreSQL): days, small counts.
    Int(Option<i32>),
    /// `INTEGER` / `BIGINT`: money, times, counts.
    BigInt(Option<i64>),
    /// `REAL` / `DOUBLE PRECISION`
    Float(Option<f64>),
    /// `TEXT`
    Text(Option<String>),
    /// `BLOB` / `BYTEA`
    Bytes(Option<Vec<u8>>),
    /// `BLOB` / `UUID`
    Uuid(Option<Uuid>),
    /// `TEXT` / `JSONB`
    Json(Option<serde_json::Value>),
    /// Ids for `Dialect::in_uuids`: JSON text / `UUID[]`
    Uuids(Vec<Uuid>),
}

/// The arguments of a statement, `$1` first. Made by `args![a, b, c]`.
pub type Args = Vec<Value>;

/// Arguments of any type that has a [`Value`]: `args![id, name.as_str(), now]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}

/// A time as the database stores it: microseconds since 1970, UTC.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time from the database; one beyond the calendar becomes its end.
pub fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A pattern for `LIKE … ESCAPE '\'` that matches what contains this text, whatever signs it has.
pub fn like_containing(text: &str) -> String {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

/// A list of texts as one argument, for `Dialect::in_texts`.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> Value {
    struct Text<T>(T);
    impl<T: Display> serde::Serialize for Text<T> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_str(&self.0)
        }
    }
    let mut text = Vec::new();
    let written = serde_json::Serializer::new(&mut text).collect_seq(items.into_iter().map(Text));
    Value::Text(written.ok().and_then(|()| String::from_utf8(text).ok()))
}

/// A list of ids as one argument, for `Dialect::in_uuids`.
pub fn uuids(ids: impl IntoIterator<Item = impl Borrow<Uuid>>) -> Value {
    Value::Uuids(ids.into_iter().map(|id| *id.borrow()).collect())
}

macro_rules! value_from {
    ($($from:ty => $variant:ident ($name:ident) $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Self {
                Self::$variant(Some($to))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map(|$name| $to))
            }
        }
    )*};
}

value_from! {
    bool => Bool(v) v;
    i32 => Int(v) v;
    i64 => BigInt(v) v;
    u32 => BigInt(v) i64::from(v);
    f64 => Float(v) v;
    &str => Text(v) v.to_owned();
    String => Text(v) v;
    &String => Text(v) v.clone();
    Vec<u8> => Bytes(v) v;
    Uuid => Uuid(v) v;
    serde_json::Value => Json(v) v;
    Day => Int(v) v.0;
    Timestamp => BigInt(v) micros(v);
}
