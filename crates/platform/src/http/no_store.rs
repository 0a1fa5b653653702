//! What is shown once: passwords, keys, personal data.

use axum::http::{HeaderName, header};

/// A header that says that the answer is kept nowhere, not even for a repetition of the request.
pub type NoStore = [(HeaderName, &'static str); 1];

/// Says that the answer is kept nowhere.
pub fn no_store() -> NoStore {
    [(header::CACHE_CONTROL, "no-store")]
}
