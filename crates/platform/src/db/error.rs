//! What a database error means for the caller.

use base::Error;

/// Converts a database error: what trying again may cure is `Unavailable`, a broken uniqueness is
/// `Conflict` with the code `already_exists`, the rest is our fault.
pub fn convert(e: sqlx::Error) -> Error {
    let unavailable = |code, message: &str| Error::Unavailable {
        code,
        message: message.to_owned(),
    };
    match &e {
        sqlx::Error::PoolTimedOut => {
            unavailable("database_busy", "the database is busy; please try again shortly")
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            tracing::error!(error = %e, "the database does not answer");
            unavailable(
                "database_unavailable",
                "the database does not answer at the moment",
            )
        }
        sqlx::Error::Database(reported) => {
            if reported.is_unique_violation() {
                return Error::conflict("already_exists", "this already exists");
            }
            match reported.code().as_deref() {
                // PostgreSQL: serialization, deadlock, lock not available; SQLite: busy, locked.
                Some("40001" | "40P01" | "55P03" | "5" | "6" | "261" | "517") => {
                    unavailable("database_busy", "the database is busy; please try again shortly")
                }
                // PostgreSQL: cancelled; SQLite: interrupted.
                Some("57014" | "9") => {
                    unavailable("database_timeout", "the database took too long to answer")
                }
                Some("53100" | "13") => {
                    tracing::error!(error = %e, "the disk of the database is full");
                    unavailable("disk_full", "the disk of the database is full")
                }
                Some("57P01" | "57P02" | "57P03" | "53300") => {
                    tracing::error!(error = %e, "the database does not answer");
                    unavailable(
                        "database_unavailable",
                        "the database does not answer at the moment",
                    )
                }
                _ => Error::internal(&e),
            }
        }
        _ => Error::internal(&e),
    }
}
