//! The mathematics of customer value: purchase, spend and survival models, value with its interval, measures.
//!
//! Pure: numbers in, numbers or a typed error out; no files, no clock, no randomness, no threads. The same input
//! gives the same bits. Every formula names the paper it comes from.
//!
//! | question | type |
//! |---|---|
//! | how often, and still a customer? | [`PurchaseModel`] (BG/NBD, MBG/NBD, Pareto/NBD) on [`Histories`] |
//! | how much per purchase? | [`GammaGamma`] |
//! | how long does a contract last? | [`Sbg`] on [`Cohort`]s |
//! | and what will it still pay? | [`ContractModel`] |
//! | what is one customer worth? | [`discounted_clv`] |
//! | and all of them, with intervals? | [`score`] |
//! | how good is a ranking, how concentrated a total? | [`measures`] |

mod beta_geometric;
mod clv;
mod contract;
mod error;
mod fit;
mod gamma_gamma;
mod histories;
mod interval;
mod law;
pub mod measures;
mod optimise;
mod pareto_nbd;
mod purchase_model;
mod sbg;
mod score;
mod special;

pub use clv::{Discounting, discounted_clv, discounted_expected_purchases};
pub use contract::{Contract, ContractModel, Standing};
pub use error::Error;
pub use fit::{Fit, FitOptions, FitWarning};
pub use gamma_gamma::{CORRELATION_MAX, GammaGamma, SpendFit};
pub use histories::Histories;
pub use purchase_model::{
    BetaGeometricParameters, ModelKind, ParetoParameters, PurchaseFit, PurchaseModel, held_out_log_likelihood,
};
pub use sbg::{Cohort, Sbg};
pub use score::{Forecast, ScoreOptions, Scores, score};
