//! What every room shares: typed ids, money, days and months, texts, paging, the one error type.
//! Pure: never reads a clock, draws a random number, or does I/O. Those come in as arguments.

pub mod day;
pub mod error;
pub mod id;
pub mod money;
pub mod paging;
pub mod text;

pub use day::{Day, Month};
pub use error::{Error, FieldError, Result, check_version};
pub use money::{Currency, Money};
pub use paging::{Cursor, Page, PageSize};
