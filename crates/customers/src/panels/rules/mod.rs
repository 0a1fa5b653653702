//! What a panel may be, whom it asks, what it shows of an answer, and when it stops asking. Pure.

mod breaker;
mod fields;
mod settings;
mod template;

pub use breaker::{Admission, Breaker, FAILURES_MAX, OPEN_MAX, OPEN_MIN, PROBE_MAX};
pub use fields::read;
pub use settings::{DEADLINE_MS_MAX, asks_another, check, check_asking, check_secret, is_personal};
pub use template::{Template, Values, origin};
