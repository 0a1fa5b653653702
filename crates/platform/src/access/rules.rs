//! What roles grant, what a password must be, when sign-in is refused. Pure.

use std::collections::HashMap;
use std::str::FromStr;

use base::{Error, Result};
use jiff::Timestamp;

use super::model::{BranchId, Permission, Role};

impl Role {
    /// The roles that are built in.
    pub const BUILT_IN: [Self; 3] = [Self::Administrator, Self::Analyst, Self::Viewer];

    /// What a built-in role grants: what is not listed is refused. One that the firm has made grants what
    /// its row says, and nothing by itself.
    pub(super) fn built_in_grants(self) -> Vec<Permission> {
        use Permission::{
            CustomersMerge, CustomersPersonal, CustomersRead, CustomersWrite, ImportsWrite, JobsCancel,
            JobsRead, TiersRead, TiersWrite, ValueRead, ValueRun, ValueSettings,
        };
        match self {
            Self::Administrator => Permission::ALL.to_vec(),
            Self::Analyst => vec![
                CustomersRead,
                CustomersWrite,
                CustomersPersonal,
                CustomersMerge,
                ImportsWrite,
                ValueRead,
                ValueRun,
                ValueSettings,
                JobsRead,
                JobsCancel,
                TiersRead,
                TiersWrite,
            ],
            Self::Viewer => vec![CustomersRead, ValueRead, JobsRead, TiersRead],
            Self::Made(_) => Vec::new(),
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(role) = Self::BUILT_IN.into_iter().find(|role| role.to_string() == text) {
            return Ok(role);
        }
        text.parse().map(Self::Made).map_err(|_| {
            Error::invalid(
                "role_unknown",
                "the role is administrator, analyst, viewer or the id of a role",
            )
            .at("role")
        })
    }
}

/// The permissions of these names, each once. Error: `permission_unknown`.
pub(super) fn permissions_named(names: &[String]) -> Result<Vec<Permission>> {
    for name in names {
        if !Permission::ALL.iter().any(|permission| permission.name() == name) {
            let message = format!("there is no permission {name:?}");
            return Err(Error::invalid("permission_unknown", message).at("permissions"));
        }
    }
    Ok(known_permissions(names))
}

/// Those of the names that are permissions: what a later version has granted, this one refuses.
pub(super) fn known_permissions(names: &[String]) -> Vec<Permission> {
    Permission::ALL
        .into_iter()
        .filter(|permission| names.iter().any(|name| name == permission.name()))
        .collect()
}

/// A name as it is stored: trimmed, 1 to `chars_max` characters. Error: `name_malformed`.
pub(super) fn check_name(name: &str, field: &'static str, chars_max: usize) -> Result<String> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > chars_max || name.chars().any(base::text::is_hidden) {
        let message = format!("this has 1 to {chars_max} characters");
        return Err(Error::invalid("name_malformed", message).at(field));
    }
    Ok(name.to_owned())
}

/// Whether a branch below `parent` would be below itself, given each branch's parent.
pub(super) fn is_below_itself(
    branch: BranchId,
    parent: BranchId,
    parents: &HashMap<BranchId, Option<BranchId>>,
) -> bool {
    let mut above = Some(parent);
    // A way up is no longer than there are branches.
    for _ in 0..=parents.len() {
        match above {
            Some(above) if above == branch => return true,
            Some(here) => above = parents.get(&here).copied().flatten(),
            None => return false,
        }
    }
    true
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
        && !login
            .chars()
            .any(|c| c.is_whitespace() || base::text::is_hidden(c));
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

/// How often something may be used: as often as in a minute at once, and then at that pace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    per_minute: i64,
    /// Uses left, each worth a minute in microseconds divided by the pace, so that nothing is rounded.
    left: i64,
    at: Timestamp,
}

/// What a use costs: what the pace of one in a minute brings in a minute.
const COST: i64 = 60_000_000;

impl Bucket {
    pub(super) fn full(per_minute: i32, now: Timestamp) -> Self {
        let per_minute = i64::from(per_minute.max(1));
        Self {
            per_minute,
            left: per_minute * COST,
            at: now,
        }
    }

    fn filled(self, now: Timestamp) -> Self {
        let passed_us = (now.as_microsecond() - self.at.as_microsecond()).clamp(0, COST);
        Self {
            left: (self.left + passed_us * self.per_minute).min(self.per_minute * COST),
            at: now.max(self.at),
            ..self
        }
    }

    pub(super) fn is_full(self, now: Timestamp) -> bool {
        self.filled(now).left == self.per_minute * COST
    }

    /// Uses it once, or says how many seconds to wait.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), u32> {
        *self = self.filled(now);
        if self.left >= COST {
            self.left -= COST;
            return Ok(());
        }
        let wait_us = (COST - self.left + self.per_minute - 1) / self.per_minute;
        Err(u32::try_from((wait_us + 999_999) / 1_000_000).unwrap_or(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_grants_what_it_should() {
        let grants = |role: Role, permission| role.built_in_grants().contains(&permission);
        assert_eq!(Role::Administrator.built_in_grants(), Permission::ALL);
        assert!(grants(Role::Analyst, Permission::ValueSettings));
        assert!(!grants(Role::Analyst, Permission::UsersManage));
        assert!(!grants(Role::Viewer, Permission::ImportsWrite));
        assert!(grants(Role::Analyst, Permission::CustomersWrite));
        assert!(!grants(Role::Viewer, Permission::CustomersWrite));
        assert!(grants(Role::Analyst, Permission::CustomersMerge));
        assert!(!grants(Role::Viewer, Permission::CustomersMerge));
        assert!(!grants(Role::Viewer, Permission::CustomersPersonal));
        assert!(!grants(Role::Analyst, Permission::CustomersReveal));
        assert!(!grants(Role::Analyst, Permission::CustomersSettings));
        assert_eq!(Role::Viewer.built_in_grants().len(), 4);
        let made: Role = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert!(made.built_in_grants().is_empty());
        assert!("boss".parse::<Role>().is_err());
    }

    #[test]
    fn what_is_no_permission_is_refused_when_asked_for_and_ignored_when_stored() {
        let names = ["value.read".to_owned(), "fly".to_owned(), "value.read".to_owned()];
        assert_eq!(
            permissions_named(&names).unwrap_err().code(),
            "permission_unknown"
        );
        assert_eq!(known_permissions(&names), [Permission::ValueRead]);
    }

    proptest::proptest! {
        #[test]
        fn a_tree_stays_a_tree(moves in proptest::collection::vec((0_u128..12, 0_u128..12), 1..60)) {
            let branch = |n: u128| BranchId::from(uuid::Uuid::from_u128(n));
            let mut parents: HashMap<_, _> = (0..12).map(|n| (branch(n), None)).collect();
            for (one, below) in moves {
                if !is_below_itself(branch(one), branch(below), &parents) {
                    parents.insert(branch(one), Some(branch(below)));
                }
            }
            for start in 0..12 {
                let mut here = Some(branch(start));
                let mut steps = 0;
                while let Some(at) = here {
                    here = parents[&at];
                    steps += 1;
                    proptest::prop_assert!(steps <= 12, "a branch is below itself");
                }
            }
        }
    }

    #[test]
    fn a_key_is_used_at_its_pace_and_no_faster() {
        let at = |us: i64| Timestamp::from_microsecond(us).unwrap();
        let mut bucket = Bucket::full(3, at(0));
        assert_eq!([0; 3].map(|us| bucket.take(at(us))), [Ok(()); 3]);
        assert_eq!(bucket.take(at(0)), Err(20));
        assert_eq!(bucket.take(at(19_999_999)), Err(1));
        assert_eq!(bucket.take(at(20_000_000)), Ok(()));
        assert_eq!(bucket.take(at(10_000_000)), Err(20), "time does not go back");
        assert!(!bucket.is_full(at(79_999_999)));
        assert!(bucket.is_full(at(80_000_000)));
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
