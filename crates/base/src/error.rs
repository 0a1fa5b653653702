//! The one error type of the product: closed, so that every place that turns it into words or a
//! status sees every case.

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One input that was not accepted, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// The field as the request names it (`mapping.amount`).
    pub field: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// What went wrong. `code` is stable and is what the console translates; `message` is English for
/// whoever reads the API by hand; nothing internal is in either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request asks for something that cannot be: nothing was changed.
    #[error("{message}")]
    Invalid {
        /// Stable name of the error.
        code: &'static str,
        /// For a person.
        message: String,
        /// The inputs at fault, where known.
        fields: Vec<FieldError>,
    },
    /// Nobody is signed in, or the credentials are wrong.
    #[error("{message}")]
    Unauthenticated {
        /// Stable name of the error.
        code: &'static str,
        /// For a person.
        message: String,
    },
    /// Signed in, but not allowed.
    #[error("this needs the permission {permission}")]
    Forbidden {
        /// The permission that is missing.
        permission: &'static str,
    },
    /// There is no such thing, or the caller may not know of it.
    #[error("no such {what}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
    /// The thing is not in a state that allows this, or someone else was first.
    #[error("{message}")]
    Conflict {
        /// Stable name of the error.
        code: &'static str,
        /// For a person.
        message: String,
    },
    /// Too much: a limit protects everyone else.
    #[error("{message}")]
    TooMany {
        /// Stable name of the error.
        code: &'static str,
        /// For a person.
        message: String,
        /// When it is worth trying again.
        retry_after_s: u32,
    },
    /// Something we depend on did not answer in time; trying again may help.
    #[error("{message}")]
    Unavailable {
        /// Stable name of the error.
        code: &'static str,
        /// For a person.
        message: String,
    },
    /// Our fault. The context goes to the log and never to the caller.
    #[error("internal error: {context}")]
    Internal {
        /// For the log.
        context: String,
    },
}

impl Error {
    /// Bad input, not (yet) tied to a field.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            code,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The state does not allow this.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }

    /// Our fault, with what the log should know.
    pub fn internal(context: impl std::fmt::Display) -> Self {
        Self::Internal {
            context: context.to_string(),
        }
    }

    /// Names the field at fault; on anything but bad input it changes nothing.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        if let Self::Invalid { message, fields, .. } = &mut self {
            fields.push(FieldError {
                field: field.to_owned(),
                message: message.clone(),
            });
        }
        self
    }

    /// Adds what was being done to an internal error; what the caller sees stays as it is.
    #[must_use]
    pub fn while_doing(self, doing: &str) -> Self {
        match self {
            Self::Internal { context } => Self::Internal {
                context: format!("{doing}: {context}"),
            },
            other => other,
        }
    }

    /// The stable name of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { code, .. }
            | Self::Unauthenticated { code, .. }
            | Self::Conflict { code, .. }
            | Self::TooMany { code, .. }
            | Self::Unavailable { code, .. } => code,
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Internal { .. } => "internal",
        }
    }
}

/// Passes if a thing still has the version that a change of it is based on. Error: `version_stale`.
pub fn check_version(seen: i64, current: i64) -> Result<()> {
    if seen == current {
        return Ok(());
    }
    let message = "someone else has changed this meanwhile; read it again";
    Err(Error::conflict("version_stale", message))
}
