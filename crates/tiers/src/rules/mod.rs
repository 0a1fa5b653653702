//! Pure decisions: what a document may say, which level a customer has and why, what may be given by hand. Day and facts
//! come in; the same answer comes out whenever it is asked again.

mod benefit;
mod check;
mod decide;
mod grant;
mod ledger;
mod measure;
mod member;
mod promise;
mod redeem;
mod words;

pub use benefit::{check_benefit, check_change, check_partner, check_promises};
pub use check::{check_document, check_programme};
pub use decide::{Outcome, changes, decide, explain, next_review, outcome, replay, settled, standing};
pub use grant::{check_grant, given_fact, may_decide};
pub use ledger::{apply, conserved, expire, release, reserve, reverse, settle};
pub use measure::{Window, holds, tenure_months, windows};
pub use member::{check_link_minutes, check_member_texts, has_codes, is_told};
pub use promise::{Carry, Change, Due, Span, due, plan, promised_now, span};
pub use redeem::{
    check_key, check_pick, check_reason, code_of, code_read, may_redeem, may_swap, same_request,
    settlement_minor,
};
pub use words::{level_name, sentence};
