//! The days of a customer's life.

use base::Result;
use platform::db::{Bulk, uuids};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{CustomerId, LifeEvent, LifeEventFacts, LifeEventId};

/// More days than this nobody remembers of one customer.
pub(crate) const LIFE_EVENTS_MAX: u32 = 50;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    label: Option<String>,
    calendar: String,
    year: Option<i32>,
    month: i32,
    day: i32,
    leap_month: bool,
    version: i32,
}

impl Row {
    const COLUMNS: &'static str = "id, kind, label, calendar, year, month, day, leap_month, version";

    fn event(self) -> Result<LifeEvent> {
        Ok(LifeEvent {
            id: self.id.into(),
            facts: LifeEventFacts {
                kind: self.kind.parse()?,
                label: self.label,
                calendar: self.calendar.parse()?,
                year: self.year.and_then(|year| i16::try_from(year).ok()),
                month: u8::try_from(self.month).unwrap_or(1),
                day: u8::try_from(self.day).unwrap_or(1),
                leap_month: self.leap_month,
            },
            version: self.version.into(),
        })
    }
}

/// All of a customer, in the order in which they were said.
pub(crate) async fn all(tx: &mut Tx, customer: CustomerId) -> Result<Vec<LifeEvent>> {
    let sql = format!(
        "SELECT {} FROM life_events WHERE customer_id = $1 ORDER BY id LIMIT $2",
        Row::COLUMNS
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![customer.uuid(), LIFE_EVENTS_MAX])
        .await?;
    rows.into_iter().map(Row::event).collect()
}

/// The birthdays of these customers.
pub(crate) async fn birthdays(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<(Uuid, LifeEventFacts)>> {
    #[derive(sqlx::FromRow)]
    struct Of {
        customer_id: Uuid,
        #[sqlx(flatten)]
        row: Row,
    }
    let sql = format!(
        "SELECT customer_id, {} FROM life_events WHERE kind = 'birthday' AND customer_id{}",
        Row::COLUMNS,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<Of> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    rows.into_iter()
        .map(|of| Ok((of.customer_id, of.row.event()?.facts)))
        .collect()
}

/// Stores new ones: whose, under which id, and what is said of them.
pub(crate) async fn insert_many(
    tx: &mut Tx,
    days: &[(CustomerId, LifeEventId, &LifeEventFacts)],
) -> Result<()> {
    const LIFE_EVENTS: Bulk = Bulk {
        table: "life_events",
        columns: &[
            "id",
            "customer_id",
            "kind",
            "label",
            "calendar",
            "year",
            "month",
            "day",
            "leap_month",
        ],
        on_conflict: "",
    };
    let rows: Vec<_> = days
        .iter()
        .map(|(customer, id, facts)| {
            args![
                id.uuid(),
                customer.uuid(),
                facts.kind.name(),
                facts.label.as_ref(),
                facts.calendar.name(),
                facts.year.map(i32::from),
                i32::from(facts.month),
                i32::from(facts.day),
                facts.leap_month,
            ]
        })
        .collect();
    LIFE_EVENTS.insert(tx, rows).await.map(|_| ())
}

/// Stores what one has become.
pub(crate) async fn update(tx: &mut Tx, id: LifeEventId, facts: &LifeEventFacts) -> Result<()> {
    tx.execute(
        "UPDATE life_events SET kind = $2, label = $3, calendar = $4, year = $5, month = $6, day = $7, \
         leap_month = $8, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            facts.kind.name(),
            facts.label.as_ref(),
            facts.calendar.name(),
            facts.year.map(i32::from),
            i32::from(facts.month),
            i32::from(facts.day),
            facts.leap_month,
        ],
    )
    .await
    .map(|_| ())
}

/// Forgets one.
pub(crate) async fn delete(tx: &mut Tx, id: LifeEventId) -> Result<()> {
    tx.execute("DELETE FROM life_events WHERE id = $1", args![id.uuid()])
        .await
        .map(|_| ())
}
