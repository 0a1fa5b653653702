//! Whether the process lives and whether it can work.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use platform::{Platform, migrations};

use crate::serve::ROOMS;

const DEADLINE: Duration = Duration::from_secs(2);

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers within two seconds and has what this program expects.
pub(crate) async fn readyz(State(platform): State<Platform>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(DEADLINE, migrations::check(&platform.db, &ROOMS)).await {
        Ok(Ok(pending)) if pending.0.is_empty() => (StatusCode::OK, "ready\n"),
        Ok(Ok(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not migrated\n"),
        Ok(Err(e)) => {
            tracing::warn!(error = %e, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer as it should\n",
            )
        }
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer in time\n",
        ),
    }
}
