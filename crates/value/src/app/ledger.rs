//! Reading the ledger. It is written by imports only (`crate::import`).

use base::{Currency, Cursor, Page, PageSize, Result};
use platform::{Caller, Permission};
use uuid::Uuid;

use super::ValueRoom;
use crate::model::RecordedLine;
use crate::store::ledger;

/// One page of the lines of a customer and of those merged into it, newest first, and the currency of their
/// amounts. A customer without lines has an empty page.
pub async fn of_customer(
    room: &ValueRoom,
    caller: &Caller,
    customer: Uuid,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<(Page<RecordedLine>, Currency)> {
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<(i64, i64)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = ledger::of_customer(&mut tx, caller.scope(), customer, before, size.rows() + 1).await?;
    let currency = platform::firm::load(&mut tx).await?.currency;
    Ok((
        Page::cut(rows, size, |row| (row.line.at.as_microsecond(), row.seq))?,
        currency,
    ))
}
