//! What a room tells the export machinery about its list: its columns, and how the rows are come by. Formats,
//! files, progress and expiry are the machinery's.

use std::collections::BTreeMap;

use base::{Day, Money, Result};
use futures::future::BoxFuture;

use crate::access::Caller;
use crate::state::Platform;

/// What the list is filtered by and sorted by: the parameters of its request, by name.
pub type ExportFilter = BTreeMap<String, String>;

/// A list that can be exported. Registered in [`super::Exports`].
pub trait ExportKind: Send + Sync + 'static {
    /// Its name in the API and the database.
    fn name(&self) -> &'static str;

    /// Its columns. The cells of a row stand in this order.
    fn columns(&self) -> &'static [ExportColumn];

    /// The list as this caller may see it; reads nothing yet.
    ///
    /// Errors: the caller may not see it; what is wrong with the filter, at its parameter.
    fn open(
        &self,
        platform: &Platform,
        caller: &Caller,
        filter: &ExportFilter,
    ) -> Result<Box<dyn ExportList>>;
}

/// The rows of a list, from its beginning.
pub trait ExportList: Send {
    /// The next rows; none at the end. Goes through the use case that shows the list, so that whoever may not see
    /// a row there does not find it in the file.
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Vec<ExportCell>>>>;
}

/// A column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name in the file's header.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: ExportColumnKind,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportColumnKind {
    /// Texts.
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers with a fraction.
    Real,
    /// Money, in major units.
    Amount,
    /// Calendar days.
    Day,
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportCell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Real(f64),
    /// Money.
    Amount(Money),
    /// A calendar day.
    Day(Day),
}

impl From<Option<String>> for ExportCell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

impl From<Option<f64>> for ExportCell {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Empty, Self::Real)
    }
}

impl From<Option<Day>> for ExportCell {
    fn from(day: Option<Day>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }
}
