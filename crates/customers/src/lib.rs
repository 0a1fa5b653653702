//! The customer record.
