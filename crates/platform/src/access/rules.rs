//! What roles grant, what a password must be, when sign-in is refused. Pure.

use std::str::FromStr;

use base::{Error, Result};

use super::model::{Permission, Role};

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Analyst, Self::Viewer];

    /// The role's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
        }
    }

    /// What the role grants: what is not listed is refused.
    pub fn grants(self, permission: Permission) -> bool {
        use Permission::{
            CustomersMerge, CustomersRead, CustomersWrite, ImportsWrite, JobsCancel, JobsRead, ValueRead,
            ValueRun, ValueSettings,
        };
        let granted: &[Permission] = match self {
            Self::Administrator => &Permission::ALL,
            Self::Analyst => &[
                CustomersRead,
                CustomersWrite,
                CustomersMerge,
                ImportsWrite,
                ValueRead,
                ValueRun,
                ValueSettings,
                JobsRead,
                JobsCancel,
            ],
            Self::Viewer => &[CustomersRead, ValueRead, JobsRead],
        };
        granted.contains(&permission)
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| {
                Error::invalid("role_unknown", "the role is administrator, analyst or viewer").at("role")
            })
    }
}

/// The shortest password, in characters.
pub(super) const PASSWORD_CHARS_MIN: usize = 10;
/// The longest, so that hashing it cannot be made slow.
pub(super) const PASSWORD_CHARS_MAX: usize = 256;

/// Whether a person may choose this password.
pub(super) fn check_password(password: &str) -> Result<()> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        Err(Error::invalid(
            "password_too_short",
            format!("a password has at least {PASSWORD_CHARS_MIN} characters"),
        )
        .at("new_password"))
    } else if chars > PASSWORD_CHARS_MAX {
        Err(Error::invalid(
            "password_too_long",
            format!("a password has at most {PASSWORD_CHARS_MAX} characters"),
        )
        .at("new_password"))
    } else {
        Ok(())
    }
}

/// A login as it is stored and compared: trimmed, lower case, 1 to 64 characters without spaces.
pub(super) fn normalise_login(login: &str) -> Result<String> {
    let login = login.trim().to_lowercase();
    let well_formed = !login.is_empty()
        && login.chars().count() <= 64
        && !login.chars().any(|c| c.is_whitespace() || c.is_control());
    if well_formed {
        Ok(login)
    } else {
        Err(Error::invalid("login_malformed", "a login has 1 to 64 characters and no spaces").at("login"))
    }
}

/// How many failures in a row are free, per login and per address.
pub(super) const FAILURES_FREE: i32 = 5;
/// An address may be a whole office.
pub(super) const FAILURES_FREE_PER_ADDRESS: i32 = 30;
/// After so long without a failure the count begins anew.
pub(super) const FAILURES_FORGOTTEN_S: i64 = 15 * 60;

/// How long to wait after the last failure before the next try, in seconds: nothing for the free
/// ones, then 1, 2, 4 … up to 15 minutes.
pub(super) fn wait_after_failures_s(failures: i32, free: i32) -> i64 {
    match failures - free {
        over if over < 0 => 0,
        over => (1_i64 << over.min(10)).min(FAILURES_FORGOTTEN_S),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_grants_what_it_should() {
        let granted = |role: Role| Permission::ALL.into_iter().filter(|p| role.grants(*p)).count();
        assert_eq!(granted(Role::Administrator), Permission::ALL.len());
        assert!(Role::Analyst.grants(Permission::ValueSettings));
        assert!(!Role::Viewer.grants(Permission::ImportsWrite));
        assert!(Role::Analyst.grants(Permission::CustomersWrite));
        assert!(!Role::Viewer.grants(Permission::CustomersWrite));
        assert!(Role::Analyst.grants(Permission::CustomersMerge));
        assert!(!Role::Viewer.grants(Permission::CustomersMerge));
        assert!(!Role::Analyst.grants(Permission::CustomersSettings));
        assert_eq!(granted(Role::Viewer), 3);
    }

    #[test]
    fn waiting_grows_and_is_bounded() {
        let waits: Vec<_> = [0, 4, 5, 6, 8, 14, 15, 1000]
            .map(|n| wait_after_failures_s(n, 5))
            .into();
        assert_eq!(waits, [0, 0, 1, 2, 8, 512, 900, 900]);
    }

    #[test]
    fn short_passwords_and_strange_logins_are_refused() {
        assert!(check_password("123456789").is_err());
        assert!(check_password("1234567890").is_ok());
        assert!(check_password("密码密码密码密码密码").is_ok());
        assert!(check_password(&"x".repeat(257)).is_err());
        assert_eq!(normalise_login(" Anna ").unwrap(), "anna");
        assert!(normalise_login("a b").is_err());
        assert!(normalise_login("").is_err());
    }
}
