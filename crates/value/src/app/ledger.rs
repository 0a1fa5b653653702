//! Reading the ledger. It is written by imports only (`crate::import`).

use base::{Cursor, Page, PageSize, Result};
use platform::{Caller, Permission};
use uuid::Uuid;

use super::ValueRoom;
use crate::model::RecordedLine;
use crate::store::ledger;

/// One page of a customer's lines, newest first. A customer without lines has an empty page.
pub async fn of_customer(
    room: &ValueRoom,
    caller: &Caller,
    customer: Uuid,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<RecordedLine>> {
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<(i64, i64)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = ledger::of_customer(&mut tx, customer, before, size.rows() + 1).await?;
    Page::cut(rows, size, |row| (row.line.at.as_microsecond(), row.seq))
}
