//! What a room tells the import machinery about its kind of rows: which fields there are, and how rows
//! are stored. Reading, checking, batching, resuming and reporting are the machinery's.

use std::collections::{HashMap, HashSet};

use base::{Currency, Day, Result};
use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::fields::{CellProblem, Field, FieldValue};
use super::model::ImportId;
use crate::clock::Clock;
use crate::crypto::Keyring;
use crate::db::Tx;
use crate::events::Actor;

/// A kind of import, such as `customers`. Registered in [`super::Imports`].
pub trait ImportKind: Send + Sync + 'static {
    /// Its name in the API and the database.
    fn name(&self) -> &'static str;

    /// The fields a row can have. A row's values stand in this order.
    fn fields(&self) -> &'static [Field];

    /// What tells one row from another.
    fn identity(&self) -> Identity;

    /// The fields whose sum and span the report shows; none where rows are no transactions.
    fn totals(&self) -> Option<Totals> {
        None
    }

    /// Whether storing these rows fixes the firm's currency and zone for ever.
    fn fixes_firm(&self) -> bool {
        false
    }

    /// What a row is that has the external id of an earlier row of the file and says something else.
    fn repeats(&self) -> Repeats;

    /// Whether rows can be refused only by looking into the database, given the fields that are mapped:
    /// then the file is also previewed against it before anything is changed.
    fn looks_up(&self, _mapped: &dyn Fn(usize) -> bool) -> bool {
        false
    }

    /// What is wrong with a row whose cells are each right. Pure.
    ///
    /// Errors: the field at fault and why.
    fn check(&self, _row: &ImportRow) -> Result<(), (usize, CellProblem)> {
        Ok(())
    }

    /// What storing the rows would do; changes nothing. No two of the rows, nor of those previewed
    /// before, have the same identity.
    fn preview<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<Stored>>;

    /// Stores the rows, in the transaction that also moves the checkpoint. A row whose identity is
    /// already stored with the same content is unchanged: repeating an import changes nothing. Rows of
    /// the same identity may stand in one batch where [`Repeats::LastCounts`].
    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
    ) -> BoxFuture<'a, Result<Stored>>;
}

/// What tells one row from another: the field with its external id and, where a row has none, the
/// fields from which the machinery makes one (a hash of them and the row's number among the same rows of
/// the file). After the check every row has a text in `field`.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// The index of the external id among the fields.
    pub field: usize,
    /// The indexes of the fields it is derived from; empty where the field is required.
    pub derived_from: &'static [usize],
}

/// What a row is that has the external id of an earlier row of the same file and says something else.
/// One that says the same is nothing new in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It changes what the earlier row said.
    LastCounts,
    /// A mistake: the row is rejected with `external_id_repeated`.
    Refused,
}

/// The fields a report adds up.
#[derive(Debug, Clone, Copy)]
pub struct Totals {
    /// The index of the amount.
    pub amount: usize,
    /// The index of the time.
    pub at: usize,
}

/// A row that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its line in the file.
    pub line: u64,
    /// Its values, in the order of the kind's fields.
    pub values: Vec<FieldValue>,
}

impl ImportRow {
    /// The text of a field, if it has one.
    pub fn text(&self, field: usize) -> Option<&str> {
        match self.values.get(field) {
            Some(FieldValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The day of a field.
    pub fn day(&self, field: usize) -> Option<Day> {
        match self.values.get(field) {
            Some(FieldValue::Day(day)) => Some(*day),
            _ => None,
        }
    }

    /// The time of a field.
    pub fn time(&self, field: usize) -> Option<Timestamp> {
        match self.values.get(field) {
            Some(FieldValue::Time(at)) => Some(*at),
            _ => None,
        }
    }

    /// The amount of a field, in minor units.
    pub fn amount(&self, field: usize) -> Option<i64> {
        match self.values.get(field) {
            Some(FieldValue::Amount(minor)) => Some(*minor),
            _ => None,
        }
    }

    /// The chosen word of a field.
    pub fn choice(&self, field: usize) -> Option<&'static str> {
        match self.values.get(field) {
            Some(FieldValue::Choice(word)) => Some(word),
            _ => None,
        }
    }
}

/// What a kind needs to know to store rows.
#[derive(Debug, Clone)]
pub struct ImportContext {
    /// The import.
    pub import: ImportId,
    /// Where the file comes from: `billing`. External ids of transactions are unique within it.
    pub source: String,
    /// The firm's currency.
    pub currency: Currency,
    /// The firm's zone.
    pub zone: TimeZone,
    /// Who imports.
    pub actor: Actor,
    /// For ids and times of what is stored.
    pub clock: Clock,
    /// For what is stored sealed.
    pub keys: Keyring,
}

/// What storing (or previewing) rows did (or would do). `created + updated + unchanged` and the rejects
/// together are the rows given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Rows that were not there.
    pub created: u64,
    /// Rows that were there with other content.
    pub updated: u64,
    /// Rows that were there just so.
    pub unchanged: u64,
    /// Customers that had to be made because rows name them.
    pub new_customers: u64,
    /// Rows that the database showed to be wrong: the index in the slice, the field, and why.
    pub rejects: Vec<(usize, usize, CellProblem)>,
}

/// A row that is refused with this code is about someone who is forgotten: none of its cells is kept.
pub const FORGOTTEN: &str = "customer_erased";

/// What a preview has met before, so that it counts each thing of a file once.
#[derive(Debug, Default)]
pub struct Seen {
    things: HashSet<u64>,
    notes: HashMap<u128, u128>,
}

impl Seen {
    /// Whether this is the first time the file names this thing.
    pub fn first_time(&mut self, thing: &str) -> bool {
        self.things.insert(super::identity::short_hash(thing.as_bytes()))
    }

    /// What the kind has noted, each under a key that is its own: what storing the rows before would have
    /// changed.
    pub fn notes(&mut self) -> &mut HashMap<u128, u128> {
        &mut self.notes
    }
}
