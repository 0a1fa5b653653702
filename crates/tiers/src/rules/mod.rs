//! Pure decisions: what a document may say, which level a customer has and why, what may be given by hand. Day and facts
//! come in; the same answer comes out whenever it is asked again.

mod check;
mod decide;
mod grant;
mod measure;
mod words;

pub use check::{check_document, check_programme};
pub use decide::{Outcome, changes, decide, explain, next_review, outcome, replay, settled, standing};
pub use grant::{check_grant, given_fact, may_decide};
pub use measure::{Window, holds, tenure_months, windows};
pub use words::{level_name, sentence};
