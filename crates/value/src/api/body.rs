//! Shapes that several endpoints share.

use base::{Currency, Day, Money};
use jiff::Timestamp;
use serde::Serialize;

use crate::model::{Run, RunId, RunState};

/// Money as the API shows it.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyBody {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self {
            minor: money.minor,
            currency: money.currency,
        }
    }
}

/// Minor units of a currency as the API shows them.
pub(crate) fn money(minor: i64, currency: Currency) -> MoneyBody {
    MoneyBody { minor, currency }
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RunError {
    /// Stable name.
    pub code: String,
    /// For a person.
    pub detail: String,
}

/// A value run.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunBody {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: RunId,
    /// `queued`, `running`, `published`, `failed`, `cancelled`.
    #[schema(value_type = String)]
    pub state: RunState,
    /// The as-of day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Day,
    /// The model asked for.
    pub model_requested: String,
    /// The model taken.
    pub model_chosen: Option<String>,
    /// Weeks held out, where asked for.
    pub holdout_weeks: Option<u32>,
    /// The last ledger line it saw.
    pub watermark: Option<i64>,
    /// Customers with a profile.
    pub customers: Option<u64>,
    /// Lines read.
    pub transactions: Option<u64>,
    /// The value of all customers.
    pub total_value: Option<MoneyBody>,
    /// The part of it at risk.
    pub value_at_risk: Option<MoneyBody>,
    /// The currency of its amounts.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The zone whose days it counts.
    pub zone: String,
    /// The version of the settings it used.
    pub settings_version: u32,
    /// The program that made it.
    pub engine_version: String,
    /// Why it failed.
    pub error: Option<RunError>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// How long it took, from being asked for.
    pub seconds: Option<f64>,
}

impl From<&Run> for RunBody {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            state: run.state,
            as_of: run.as_of,
            model_requested: run.model_requested.clone(),
            model_chosen: run.model_chosen.clone(),
            holdout_weeks: run.holdout_weeks,
            watermark: run.watermark,
            customers: run.customers,
            transactions: run.transactions,
            total_value: run.value.map(Into::into),
            value_at_risk: run.value_at_risk.map(Into::into),
            currency: run.currency,
            zone: run.zone.clone(),
            settings_version: run.settings_version,
            engine_version: run.engine_version.clone(),
            error: run.error.clone().map(|(code, detail)| RunError { code, detail }),
            started_at: run.created_at,
            finished_at: run.finished_at,
            seconds: run
                .finished_at
                .map(|end| end.duration_since(run.created_at).as_secs_f64()),
        }
    }
}
