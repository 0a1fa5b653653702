//! Calling other systems over HTTP: with a deadline and a bound, without following redirects, and only to
//! addresses that whoever named the system may reach. Decides nothing of what is said or why.

mod address;
mod client;

pub use address::{Reach, check_url};
pub use client::{Answer, Call, Client, Fault, Said};
