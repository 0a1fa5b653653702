//! Which customers a caller may see. A scope is made from a user's role, branch and teams when the caller
//! is found out, or by the program for its own work; nobody else can make one, and no store function that
//! shows customers does without.

use std::str::FromStr;

use base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::model::{BranchId, UserId};

/// How far a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// Every customer.
    All,
    /// The customers of the user's branch and of every branch below it.
    Branch,
    /// The customers owned by the user and by the members of the user's teams.
    Team,
    /// The customers owned by the user.
    Own,
}

impl ScopeKind {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Branch => "branch",
            Self::Team => "team",
            Self::Own => "own",
        }
    }
}

impl FromStr for ScopeKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::All, Self::Branch, Self::Team, Self::Own]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                Error::invalid("scope_unknown", "the scope is all, branch, team or own").at("scope")
            })
    }
}

/// The customers that may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Reach);

/// What a scope lets through. No branch and no owner is no customer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Every customer.
    All,
    /// The customers of these branches.
    Branches(Vec<BranchId>),
    /// The customers of these owners.
    Owners(Vec<UserId>),
}

impl Scope {
    /// Every customer, for what the program does by itself: imports, value runs, the command line. Never
    /// for what is shown to a caller.
    pub fn of_system() -> Self {
        Self(Reach::All)
    }

    pub(super) fn of(mut reach: Reach) -> Self {
        // In order, so that asking for one of many is cheap.
        match &mut reach {
            Reach::All => {}
            Reach::Branches(branches) => branches.sort_unstable(),
            Reach::Owners(owners) => owners.sort_unstable(),
        }
        Self(reach)
    }

    /// What it lets through.
    pub fn reach(&self) -> &Reach {
        &self.0
    }

    /// Whether it lets a customer of this branch and this owner through.
    pub fn lets_through(&self, branch: Option<BranchId>, owner: Option<UserId>) -> bool {
        match &self.0 {
            Reach::All => true,
            Reach::Branches(branches) => branch.is_some_and(|branch| branches.binary_search(&branch).is_ok()),
            Reach::Owners(owners) => owner.is_some_and(|owner| owners.binary_search(&owner).is_ok()),
        }
    }

    /// What of a customer decides, if anything does: `branch` or `owner`.
    pub fn decided_by(&self) -> Option<&'static str> {
        match &self.0 {
            Reach::All => None,
            Reach::Branches(_) => Some("branch"),
            Reach::Owners(_) => Some("owner"),
        }
    }

    /// Whether it lets everyone through.
    pub fn is_whole_firm(&self) -> bool {
        self.0 == Reach::All
    }
}
