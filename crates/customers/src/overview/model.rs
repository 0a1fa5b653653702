//! What a page is made of.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::CustomerId;
use crate::panels::PanelShown;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// It is there.
    Ok,
    /// It has not come in time.
    Late,
    /// It could not be loaded.
    Failed,
    /// The caller may not see it.
    Forbidden,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PartShown {
    /// What became of it.
    pub state: PartState,
    /// Why it is not there.
    pub code: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// The part itself.
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
}

/// A customer's page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Overview)]
pub struct OverviewPage {
    /// Whose.
    #[schema(value_type = Uuid)]
    pub id: CustomerId,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// The parts by name: every part there is, whatever became of it.
    pub parts: BTreeMap<&'static str, PartShown>,
    /// What other systems say, in the order of their panels.
    pub panels: Vec<PanelShown>,
}

/// A time as it is shown: milliseconds with two decimals.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}
