//! What a partner is owed for a month: open until someone closes it; what is reversed later goes to the next.

use base::{Cursor, Day, Error, Month, Page, PageSize, Result};
use platform::events::{self, Event};
use platform::{Caller, Permission, Tx, firm, ids};
use serde_json::json;
use uuid::Uuid;

use super::TiersRoom;
use super::benefits::NO_PARTNER;
use crate::model::{PartnerId, SettlementLine, Statement, StatementId};
use crate::store::{partners, statements};

/// The month that a text names, such `2026-03`. Error: `month_malformed`.
fn named(text: &str) -> Result<Month> {
    Day::parse(&format!("{text}-01"))
        .map(Day::month)
        .map_err(|_| Error::invalid("month_malformed", "a month such as 2026-03").at("month"))
}

fn days_of(month: Month) -> (Day, Day) {
    (month.first_day(), Day(month.next().first_day().0 - 1))
}

/// A partner's statement for a month, closed or as it stands.
pub async fn of_month(
    room: &TiersRoom,
    caller: &Caller,
    partner: PartnerId,
    month: &str,
) -> Result<Statement> {
    caller.require(Permission::TiersRead)?;
    let month = named(month)?;
    let mut tx = room.platform.db.read().await?;
    partners::find(&mut tx, partner).await?.ok_or(NO_PARTNER)?;
    statement(&mut tx, partner, month).await
}

async fn statement(tx: &mut Tx, partner: PartnerId, month: Month) -> Result<Statement> {
    let (from, until) = days_of(month);
    if let Some(closed) = statements::of_month(tx, partner, from).await? {
        return Ok(closed);
    }
    let (lines, amount_minor) = statements::open_until(tx, partner, until).await?;
    Ok(Statement {
        id: None,
        from,
        until,
        lines,
        amount_minor,
        currency: firm::load(tx).await?.currency.code().to_owned(),
        closed_at: None,
    })
}

/// A partner's closed statements, the newest first.
pub async fn list(
    room: &TiersRoom,
    caller: &Caller,
    partner: PartnerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Statement>> {
    caller.require(Permission::TiersRead)?;
    let before = cursor.map(Cursor::key::<i32>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    partners::find(&mut tx, partner).await?.ok_or(NO_PARTNER)?;
    let rows = statements::page(&mut tx, partner, before.map(Day), size.rows() + 1).await?;
    Page::cut(rows, size, |statement| statement.from.0)
}

/// The lines of a month's statement, the oldest first.
pub async fn lines(
    room: &TiersRoom,
    caller: &Caller,
    (partner, month): (PartnerId, &str),
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<SettlementLine>> {
    caller.require(Permission::TiersRead)?;
    let month = named(month)?;
    let after = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    partners::find(&mut tx, partner).await?.ok_or(NO_PARTNER)?;
    let statement = statement(&mut tx, partner, month).await?;
    let of = statement.id.ok_or(statement.until);
    let rows = statements::lines(&mut tx, partner, of, after, size.rows() + 1).await?;
    Page::cut(rows, size, |line| line.id)
}

/// Lines read at once.
const LINES_PER_STEP: u32 = 5_000;
/// A file of more is not made.
const LINES_MAX: i64 = 500_000;

/// A month's statement as CSV: redemption, day, benefit, site, quantity, companions, amount in minor units, currency.
/// Error: `statement_too_large`.
pub async fn csv(
    room: &TiersRoom,
    caller: &Caller,
    (partner, month): (PartnerId, &str),
) -> Result<(String, String)> {
    caller.require(Permission::TiersRead)?;
    let month = named(month)?;
    let mut tx = room.platform.db.read().await?;
    let partner = partners::find(&mut tx, partner).await?.ok_or(NO_PARTNER)?;
    let statement = statement(&mut tx, partner.id, month).await?;
    if statement.lines > LINES_MAX {
        let message = "a statement has at most 500,000 lines as a file";
        return Err(Error::conflict("statement_too_large", message));
    }
    let of = statement.id.ok_or(statement.until);
    let mut text = String::from("redemption,day,benefit,site,quantity,companions,amount_minor,currency\r\n");
    let mut after = None;
    loop {
        let some = statements::lines(&mut tx, partner.id, of, after, LINES_PER_STEP).await?;
        after = some.last().map(|line| line.id);
        for line in &some {
            text.push_str(&csv_line(line, &statement.currency));
        }
        if some.len() < LINES_PER_STEP as usize {
            let name = format!("{}-{}.csv", partner.facts.code, &statement.from.to_string()[..7]);
            return Ok((name, text));
        }
    }
}

fn csv_line(line: &SettlementLine, currency: &str) -> String {
    use platform::tabular::formula::defused;
    // Codes have neither commas nor quotes; they may begin as a formula does.
    format!(
        "{},{},{},{},{},{},{},{currency}\r\n",
        line.redemption,
        line.on,
        defused(&line.benefit),
        defused(line.site.as_deref().unwrap_or_default()),
        line.quantity,
        line.companions,
        line.amount_minor,
    )
}

/// Closes a month that is over: nothing changes its statement from then on.
///
/// Errors: `month_not_over`; `statement_closed`; `month_before_closed` where a later month is closed already.
pub async fn close(room: &TiersRoom, caller: &Caller, partner: PartnerId, month: &str) -> Result<Statement> {
    caller.require(Permission::TiersBenefits)?;
    let month = named(month)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    partners::hold(&mut tx, partner).await?.ok_or(NO_PARTNER)?;
    let (from, until) = days_of(month);
    if until >= room.today(&mut tx).await? {
        return Err(Error::conflict("month_not_over", "this month is not over"));
    }
    if let Some(newest) = statements::page(&mut tx, partner, None, 1).await?.first() {
        if newest.from == from {
            return Err(Error::conflict(
                "statement_closed",
                "this statement is closed already",
            ));
        }
        if newest.from > from {
            let message = "a later month is closed: what is left goes to the next one";
            return Err(Error::conflict("month_before_closed", message));
        }
    }
    let id: StatementId = ids::new(&platform.clock);
    let firm = firm::load(&mut tx).await?;
    let by = (caller.actor().user(), platform.clock.now());
    statements::close(&mut tx, id, partner, (from, until), firm.currency.code(), by).await?;
    let closed = statement(&mut tx, partner, month).await?;
    let payload = json!({ "from": from, "until": until, "lines": closed.lines, "amount_minor": closed.amount_minor,
        "currency": closed.currency });
    let event = Event {
        actor: caller.actor(),
        kind: "tier_partner.settled",
        subject_kind: "tier_partner",
        subject: partner.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok(closed)
}
