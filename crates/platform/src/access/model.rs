//! Users, roles, permissions, branches and teams, and the caller of a use case.

use std::fmt;

use base::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::scope::{Reach, Scope, ScopeKind};
use crate::events::Actor;

base::typed_id!(
    /// A user of Patron.
    UserId
);
base::typed_id!(
    /// A role that the firm has made.
    RoleId
);
base::typed_id!(
    /// A branch of the firm.
    BranchId
);
base::typed_id!(
    /// A team of users.
    TeamId
);

base::typed_id!(
    /// A session, as it is told apart from others.
    SessionId
);

base::typed_id!(
    /// An API key.
    ApiKeyId
);

/// One thing a user may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See customers and their transactions.
    CustomersRead,
    /// Make and change customers by hand.
    CustomersWrite,
    /// Merge two records of one customer, and undo it.
    CustomersMerge,
    /// Decide how customers may be contacted and what their record holds.
    CustomersSettings,
    /// See in clear what customers are reached and known by: phone numbers, addresses, documents.
    CustomersPersonal,
    /// See one of these in clear, which is recorded.
    CustomersReveal,
    /// Take everything that is known of one customer away as a file.
    CustomersExportPerson,
    /// Erase what is known of a customer for good.
    CustomersErase,
    /// Import files.
    ImportsWrite,
    /// See value figures, runs and reports.
    ValueRead,
    /// Start value runs.
    ValueRun,
    /// Change how value is computed.
    ValueSettings,
    /// See jobs.
    JobsRead,
    /// Stop jobs.
    JobsCancel,
    /// See what everyone did.
    AuditRead,
    /// Say which systems are told of events, and see what they were told.
    WebhooksManage,
    /// See users, roles, branches and teams.
    AccessRead,
    /// Decide who may do what: users, roles, branches and teams.
    UsersManage,
    /// Say which other systems are asked about customers, and what is shown of their answers.
    PanelsManage,
    /// See programmes, levels and why customers have them.
    TiersRead,
    /// Write drafts of programmes, simulate them, have customers decided on.
    TiersWrite,
    /// Publish what someone else has drafted.
    TiersPublish,
    /// Ask for levels to be given by hand, and agree to what others asked for.
    TiersGrant,
    /// Decide which benefits there are, at which partners they are used and what these are owed.
    TiersBenefits,
    /// Redeem what customers have.
    TiersRedeem,
    /// Give customers links to their own page.
    TiersMemberLink,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 26] = [
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::CustomersMerge,
        Self::CustomersSettings,
        Self::CustomersPersonal,
        Self::CustomersReveal,
        Self::CustomersExportPerson,
        Self::CustomersErase,
        Self::ImportsWrite,
        Self::ValueRead,
        Self::ValueRun,
        Self::ValueSettings,
        Self::JobsRead,
        Self::JobsCancel,
        Self::AuditRead,
        Self::WebhooksManage,
        Self::AccessRead,
        Self::UsersManage,
        Self::PanelsManage,
        Self::TiersRead,
        Self::TiersWrite,
        Self::TiersPublish,
        Self::TiersGrant,
        Self::TiersBenefits,
        Self::TiersRedeem,
        Self::TiersMemberLink,
    ];

    /// The permission's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomersRead => "customers.read",
            Self::CustomersWrite => "customers.write",
            Self::CustomersMerge => "customers.merge",
            Self::CustomersSettings => "customers.settings",
            Self::CustomersPersonal => "customers.personal",
            Self::CustomersReveal => "customers.reveal",
            Self::CustomersExportPerson => "customers.export_person",
            Self::CustomersErase => "customers.erase",
            Self::ImportsWrite => "imports.write",
            Self::ValueRead => "value.read",
            Self::ValueRun => "value.run",
            Self::ValueSettings => "value.settings",
            Self::JobsRead => "jobs.read",
            Self::JobsCancel => "jobs.cancel",
            Self::AuditRead => "audit.read",
            Self::WebhooksManage => "webhooks.manage",
            Self::AccessRead => "access.read",
            Self::UsersManage => "users.manage",
            Self::PanelsManage => "panels.manage",
            Self::TiersRead => "tiers.read",
            Self::TiersWrite => "tiers.write",
            Self::TiersPublish => "tiers.publish",
            Self::TiersGrant => "tiers.grant",
            Self::TiersBenefits => "tiers.benefits",
            Self::TiersRedeem => "tiers.redeem",
            Self::TiersMemberLink => "tiers.member_link",
        }
    }
}

/// The role a user has: one of those that are built in, or one that the firm has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything.
    Administrator,
    /// Works with files, customers and value, and decides nothing about users.
    Analyst,
    /// Looks, and changes nothing.
    Viewer,
    /// One that the firm has made.
    Made(RoleId),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator => f.write_str("administrator"),
            Self::Analyst => f.write_str("analyst"),
            Self::Viewer => f.write_str("viewer"),
            Self::Made(id) => id.fmt(f),
        }
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct User {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// The name to sign in with.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// The role: `administrator`, `analyst`, `viewer`, or the id of one that the firm has made.
    #[schema(value_type = String)]
    pub role: Role,
}

/// A role with what it grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RoleRecord {
    /// `administrator`, `analyst`, `viewer`, or the id of one that the firm has made.
    #[schema(value_type = String)]
    pub role: Role,
    /// The name that the firm has given it; null for those that are built in.
    pub name: Option<String>,
    /// What it grants: `customers.read`.
    pub permissions: Vec<&'static str>,
    /// Of which customers.
    pub scope: ScopeKind,
    /// Its version, for `If-Match`.
    pub version: i64,
}

/// What is decided about a role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct RoleChange {
    /// Its name, unique; none for those that are built in.
    pub name: Option<String>,
    /// What it grants; none for those that are built in.
    pub permissions: Option<Vec<String>>,
    /// Of which customers.
    pub scope: ScopeKind,
}

/// A branch of the firm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Branch {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: BranchId,
    /// What files call it, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The branch it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Option<BranchId>,
    /// Its version, for `If-Match`.
    pub version: i64,
}

/// What is decided about a branch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct BranchChange {
    /// What files call it, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The branch it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Option<BranchId>,
}

/// A team of users. A user may be in several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Team {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: TeamId,
    /// Its name, unique.
    pub name: String,
    /// How many users are in it.
    pub members: i64,
    /// Its version, for `If-Match`.
    pub version: i64,
}

/// What is decided about a team.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct TeamChange {
    /// Its name, unique.
    pub name: String,
}

/// A user with all that is decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UserRecord {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The branch it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub branch_id: Option<BranchId>,
    /// The teams it is in.
    #[schema(value_type = Vec<Uuid>)]
    pub team_ids: Vec<TeamId>,
    /// Whether it can sign in.
    pub active: bool,
    /// Its version, for `If-Match`.
    pub version: i64,
}

/// What is decided about a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct UserChange {
    /// The name to show.
    pub name: String,
    /// The role: `administrator`, `analyst`, `viewer`, or the id of one that the firm has made.
    pub role: String,
    /// The branch it belongs to.
    #[schema(value_type = Option<Uuid>)]
    pub branch_id: Option<BranchId>,
    /// The teams it is in, at most 20.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub team_ids: Vec<TeamId>,
    /// Whether it can sign in. A user who cannot is signed out at once.
    pub active: bool,
}

/// A key with which a program calls in a user's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ApiKeyId,
    /// In whose name it calls.
    #[schema(value_type = Uuid)]
    pub user_id: UserId,
    /// What it is for.
    pub name: String,
    /// What it may do, as long as its user may.
    pub permissions: Vec<&'static str>,
    /// How many requests it may make in a minute.
    pub per_minute: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was used last, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do: some of what its user may.
    pub permissions: Vec<String>,
    /// How long it holds, 1 to 366 days.
    #[schema(minimum = 1, maximum = 366)]
    pub expires_in_days: i32,
    /// How many requests it may make in a minute, 1 to 60,000.
    #[schema(minimum = 1, maximum = 60_000)]
    pub per_minute: i32,
}

/// What one's own role is called and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Standing {
    /// The name of a role of the firm's own; a built-in one has none.
    pub role_name: Option<String>,
    /// Which customers it lets one see; none where the role is gone.
    pub scope: Option<ScopeKind>,
    /// The name of one's branch.
    pub branch_name: Option<String>,
}

/// Whoever calls a use case: a user with a session, or a program with a key of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// Signed in with a one-time password: nothing is allowed before it is changed.
    pub must_change_password: bool,
    grants: Vec<Permission>,
    scope: Scope,
    branch: Option<BranchId>,
    key: Option<ApiKeyId>,
}

impl Caller {
    pub(super) fn new(
        (user, branch): (User, Option<BranchId>),
        must_change_password: bool,
        grants: Vec<Permission>,
        scope: Scope,
    ) -> Self {
        Self {
            user,
            must_change_password,
            grants,
            scope,
            branch,
            key: None,
        }
    }

    /// The same user calling by a key: with the key's permissions, as far as the user has them.
    pub(super) fn by_key(self, key: ApiKeyId, permissions: &[&str]) -> Self {
        Self {
            grants: self
                .grants
                .into_iter()
                .filter(|permission| permissions.contains(&permission.name()))
                .collect(),
            key: Some(key),
            ..self
        }
    }

    /// Passes if this is a person with a session: what a key could prolong itself by is not for keys.
    pub fn require_session(&self) -> Result<()> {
        if self.key.is_some() {
            return Err(Error::Forbidden {
                permission: "session",
            });
        }
        Ok(())
    }

    /// A user as whoever has the command line, and so the database: what the built-in role grants, for the
    /// whole firm.
    pub fn at_the_command_line(user: User) -> Self {
        let grants = user.role.built_in_grants();
        Self::new((user, None), false, grants, Scope::of(Reach::All))
    }

    /// Passes if the caller may do this.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden {
                permission: permission.name(),
            })
        }
    }

    /// Passes if the caller may do this and sees every customer: for what is about the whole firm, such as
    /// a value run's report or an import.
    pub fn require_whole_firm(&self, permission: Permission) -> Result<()> {
        self.require(permission)?;
        if self.scope.is_whole_firm() {
            Ok(())
        } else {
            Err(Error::Forbidden {
                permission: "scope.all",
            })
        }
    }

    /// Whether the role grants this, also before a one-time password is changed.
    pub(super) fn is_granted(&self, permission: Permission) -> bool {
        self.grants.contains(&permission)
    }

    /// Whether the caller may do this.
    pub fn may(&self, permission: Permission) -> bool {
        !self.must_change_password && self.grants.contains(&permission)
    }

    /// Which customers the caller may see.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The branch and the owner of a customer whom the caller makes without saying so: as the own scope asks for.
    pub fn place_of_new(&self) -> (Option<BranchId>, Option<UserId>) {
        match self.scope.reach() {
            Reach::All => (None, None),
            Reach::Branches(_) => (self.branch, None),
            Reach::Owners(_) => (None, Some(self.user.id)),
        }
    }

    /// What the caller may do, in a fixed order.
    pub fn permissions(&self) -> Vec<&'static str> {
        Permission::ALL
            .into_iter()
            .filter(|p| self.may(*p))
            .map(Permission::name)
            .collect()
    }

    /// The caller as the event log names it.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user.id.uuid())
    }
}
