//! How old is what is outstanding.

use base::{Day, Error, Result};
use platform::tabular::formula::defused;
use platform::{Caller, Permission};

use super::super::TiersRoom;
use crate::model::{Advance, Ageing};
use crate::store::advances::{self, Filter};

/// Advances read at once.
const ROWS_PER_STEP: u32 = 5_000;
/// A file of more is not made.
const ROWS_MAX: usize = 100_000;

/// All advances of customers the caller sees, by currency, and how old is what is outstanding today.
pub async fn ageing(room: &TiersRoom, caller: &Caller) -> Result<(Day, Vec<Ageing>)> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    let today = room.today(&mut tx).await?;
    Ok((today, advances::ageing(&mut tx, caller.scope(), today).await?))
}

/// The advances of which something is outstanding, as CSV, the newest first; and the file's name. Error:
/// `ageing_too_large`.
pub async fn csv(room: &TiersRoom, caller: &Caller) -> Result<(String, String)> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    let today = room.today(&mut tx).await?;
    let filter = Filter {
        open: true,
        ..Filter::default()
    };
    let mut text = String::from(
        "advance,customer,day,age_days,merchant,source,transaction,advanced_minor,recovered_minor,\
         written_off_minor,outstanding_minor,currency\r\n",
    );
    let (mut before, mut rows) = (None, 0);
    loop {
        let some = advances::page(&mut tx, caller.scope(), &filter, before, ROWS_PER_STEP).await?;
        before = some.last().map(|last| last.id.uuid());
        rows += some.len();
        if rows > ROWS_MAX {
            let message = "a file has at most 100,000 advances";
            return Err(Error::conflict("ageing_too_large", message));
        }
        for advance in &some {
            text.push_str(&line(advance, today));
        }
        if some.len() < ROWS_PER_STEP as usize {
            return Ok((format!("advances-{today}.csv"), text));
        }
    }
}

fn line(advance: &Advance, today: Day) -> String {
    let quoted = |text: &str| format!("\"{}\"", defused(text).replace('"', "\"\""));
    let balances = &advance.balances;
    format!(
        "{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
        advance.id,
        advance.customer,
        advance.decided_on,
        today.0 - advance.decided_on.0,
        quoted(&advance.merchant),
        quoted(&advance.source),
        quoted(&advance.external_id),
        balances.advanced_minor,
        balances.recovered_minor,
        balances.written_off_minor,
        balances.outstanding_minor,
        advance.facts.currency,
    )
}
