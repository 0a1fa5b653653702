//! The firm's own facts: its name, currency and zone. One row; every room reads it.

use base::{Currency, Error, Result};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::args;
use crate::clock::Clock;
use crate::db::Tx;
use crate::events::{self, Actor, Event};

/// The facts of the firm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firm {
    /// Its name; empty until someone gives one.
    pub name: String,
    /// The currency of its ledger.
    pub currency: Currency,
    /// The zone its days begin in, as the IANA names it.
    pub zone: String,
    /// An example made by the generator, not a real firm.
    pub generated: bool,
    /// Currency and zone can no longer be changed: transactions are stored in them.
    pub fixed: bool,
}

impl Default for Firm {
    fn default() -> Self {
        Self {
            name: String::new(),
            currency: Currency::CNY,
            zone: "Asia/Shanghai".to_owned(),
            generated: false,
            fixed: false,
        }
    }
}

impl Firm {
    /// Passes unless this is the example firm, which nothing of a real one is mixed with.
    ///
    /// Errors: `firm_generated`.
    pub fn require_real(&self) -> Result<()> {
        if self.generated {
            return Err(Error::conflict(
                "firm_generated",
                "this is the generated example firm; begin with an empty data folder for a firm of your own",
            ));
        }
        Ok(())
    }

    /// The zone as a calendar can use it. Errors: `zone_unknown`.
    pub fn time_zone(&self) -> Result<TimeZone> {
        time_zone(&self.zone)
    }

    /// The firm with another currency and zone, where asked for.
    ///
    /// Errors: `zone_unknown`; `firm_facts_fixed` when transactions are stored in others already.
    pub fn with(mut self, currency: Option<Currency>, zone: Option<&str>) -> Result<Self> {
        let currency = currency.unwrap_or(self.currency);
        let zone = zone.map_or_else(|| self.zone.clone(), |zone| zone.trim().to_owned());
        time_zone(&zone)?;
        if self.fixed && (currency != self.currency || zone != self.zone) {
            return Err(Error::conflict(
                "firm_facts_fixed",
                format!(
                    "the firm's transactions are stored in {} and {}; currency and zone cannot be changed any \
                     more",
                    self.currency, self.zone
                ),
            ));
        }
        self.currency = currency;
        self.zone = zone;
        Ok(self)
    }
}

/// A zone by its IANA name.
pub fn time_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name.trim()).map_err(|_| {
        Error::invalid(
            "zone_unknown",
            format!("{name:?} is not a time zone such as Asia/Shanghai"),
        )
        .at("zone")
    })
}

const KEY: &str = "firm";

/// The firm as the subject of an event: there is one.
pub const SUBJECT: Uuid = Uuid::nil();

/// The firm, as it is stored or as it is before anyone has said.
pub async fn load(tx: &mut Tx) -> Result<Firm> {
    let row: Option<(Json<Firm>,)> = tx
        .optional("SELECT value FROM settings WHERE key = $1", args![KEY])
        .await?;
    Ok(row.map_or_else(Firm::default, |(Json(firm),)| firm))
}

/// The same, held against anyone else who would change it until the transaction ends.
pub async fn load_for_update(tx: &mut Tx, clock: &Clock) -> Result<Firm> {
    // The row must be there to be locked.
    tx.execute(
        "INSERT INTO settings (key, value, version, updated_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (key) DO NOTHING",
        args![
            KEY,
            serde_json::to_value(Firm::default()).map_err(Error::internal)?,
            clock.now()
        ],
    )
    .await?;
    let sql = format!(
        "SELECT value FROM settings WHERE key = $1{}",
        tx.dialect().for_update()
    );
    let (Json(firm),): (Json<Firm>,) = tx.one(sqlx::AssertSqlSafe(sql), args![KEY]).await?;
    Ok(firm)
}

/// Stores the firm and records that it was changed. The caller holds it (see [`load_for_update`]) and has
/// checked that it may change (see [`Firm::with`]).
pub async fn save(tx: &mut Tx, clock: &Clock, actor: Actor, firm: &Firm) -> Result<()> {
    let value = serde_json::to_value(firm).map_err(Error::internal)?;
    tx.execute(
        "INSERT INTO settings (key, value, version, updated_at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = settings.version + 1, \
         updated_at = excluded.updated_at",
        args![KEY, value.clone(), clock.now()],
    )
    .await?;
    let event = Event {
        actor,
        kind: "firm.changed",
        subject_kind: "firm",
        subject: SUBJECT,
        customer: None,
        payload: &value,
    };
    events::record(tx, clock, &event).await
}
