//! Users, roles, permissions, and the caller of a use case.

use base::{Error, Result};
use serde::Serialize;

use crate::events::Actor;

base::typed_id!(
    /// A user of Patron.
    UserId
);

/// One thing a user may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See customers and their transactions.
    CustomersRead,
    /// Make and change customers by hand.
    CustomersWrite,
    /// Decide how customers may be contacted and what their record holds.
    CustomersSettings,
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
    /// Say which other systems are asked about customers, and what is shown of their answers.
    PanelsManage,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 12] = [
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::CustomersSettings,
        Self::ImportsWrite,
        Self::ValueRead,
        Self::ValueRun,
        Self::ValueSettings,
        Self::JobsRead,
        Self::JobsCancel,
        Self::AuditRead,
        Self::WebhooksManage,
        Self::PanelsManage,
    ];

    /// The permission's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomersRead => "customers.read",
            Self::CustomersWrite => "customers.write",
            Self::CustomersSettings => "customers.settings",
            Self::ImportsWrite => "imports.write",
            Self::ValueRead => "value.read",
            Self::ValueRun => "value.run",
            Self::ValueSettings => "value.settings",
            Self::JobsRead => "jobs.read",
            Self::JobsCancel => "jobs.cancel",
            Self::AuditRead => "audit.read",
            Self::WebhooksManage => "webhooks.manage",
            Self::PanelsManage => "panels.manage",
        }
    }
}

/// A named set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Administrator,
    /// Works with files, customers and value; today that is everything there is to do.
    Analyst,
    /// Looks, and changes nothing.
    Viewer,
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
    /// The role.
    pub role: Role,
}

/// Whoever calls a use case: a user with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// Signed in with a one-time password: nothing is allowed before it is changed.
    pub must_change_password: bool,
}

impl Caller {
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

    /// Whether the caller may do this.
    pub fn may(&self, permission: Permission) -> bool {
        !self.must_change_password && self.user.role.grants(permission)
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
