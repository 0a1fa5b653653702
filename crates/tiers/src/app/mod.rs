//! The use cases of this room: who may, what it takes, what it changes, and the event that says so.

pub mod benefits;
pub mod by_partner;
pub mod choices;
pub mod decide_all;
mod decide_one;
pub mod entitlements;
mod everybody;
pub mod giving_back;
pub mod grants;
mod known;
pub mod member;
mod member_page;
pub mod of_customer;
pub mod programmes;
pub mod publish;
pub mod redemptions;
pub mod settlement;
pub mod simulation;
pub mod watch;

use base::{Day, Error, Result};
use platform::{Platform, Tx, firm};
use value::app::ValueRoom;

pub use decide_one::decide_again;

/// This room in a running program. Cheap to clone.
#[derive(Clone)]
pub struct TiersRoom {
    /// Database, clock, jobs.
    pub platform: Platform,
    /// Whose figures it decides by.
    pub value: ValueRoom,
}

impl TiersRoom {
    /// Opens the room.
    pub fn new(value: ValueRoom) -> Self {
        Self {
            platform: value.platform.clone(),
            value,
        }
    }

    /// The firm's day.
    async fn today(&self, tx: &mut Tx) -> Result<Day> {
        let zone = firm::load(tx).await?.time_zone()?;
        Ok(Day::from_date(zone.to_datetime(self.platform.clock.now()).date()))
    }
}

const NO_PROGRAMME: Error = Error::NotFound { what: "programme" };
const NO_VERSION: Error = Error::NotFound {
    what: "version of a programme",
};

/// Does what blocks where nobody else waits for the thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
