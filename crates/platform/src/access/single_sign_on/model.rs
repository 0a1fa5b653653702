//! What an identity provider is, and which user is whom there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::BranchId;
use crate::outbound::Reach;

base::typed_id!(
    /// An identity provider.
    IdentityProviderId
);

/// What an administrator decides about an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Who it is, exactly as it calls itself: `https://login.example.com/realms/firm`.
    pub issuer: String,
    /// What it calls Patron.
    pub client_id: String,
    /// What is asked for besides `openid`, at most 20.
    #[serde(default = "profile_and_email")]
    pub scopes: Vec<String>,
    /// Whether the first sign-in finds the user whose login is the person's verified e-mail address.
    #[serde(default)]
    pub link_by_email: bool,
    /// Whether the first sign-in finds the user whose login is the person's `preferred_username`.
    #[serde(default)]
    pub link_by_username: bool,
    /// What people get whom nobody knows here; none: they are refused.
    #[serde(default)]
    pub new_users: Option<NewUsers>,
    /// Roles by groups, decided anew at every sign-in; none: roles are decided here.
    #[serde(default)]
    pub groups: Option<GroupRoles>,
    /// Whether people can sign in with it.
    #[serde(default = "yes")]
    pub active: bool,
    /// Allows http to another machine: whoever is in between can sign in as anyone.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows addresses in private networks and on this machine.
    #[serde(default)]
    pub allow_private: bool,
}

fn profile_and_email() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn yes() -> bool {
    true
}

impl ProviderSettings {
    /// How far calls to it may go.
    pub(super) fn reach(&self) -> Reach {
        if self.allow_private {
            Reach::Private
        } else {
            Reach::Public
        }
    }
}

/// What people get who sign in for the first time and whom nobody knows here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUsers {
    /// The role: `administrator`, `analyst`, `viewer`, or the id of one that the firm has made. Where groups decide,
    /// theirs counts.
    pub role: String,
    /// The branch.
    #[schema(value_type = Option<Uuid>)]
    pub branch_id: Option<BranchId>,
}

/// Roles by groups. Who is in none of them is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRoles {
    /// What the provider calls a person's groups: `groups`.
    pub claim: String,
    /// The first group of these that a person is in decides; 1 to 50.
    pub roles: Vec<GroupRole>,
}

/// The role of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, exactly as the provider calls it.
    pub group: String,
    /// The role.
    pub role: String,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityProvider {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: IdentityProviderId,
    /// What was decided about it.
    pub settings: ProviderSettings,
    /// Whether there is a client secret.
    pub has_secret: bool,
    /// Goes up with every change; send it as `If-Match` when changing.
    pub version: i64,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What a provider says of itself when it is asked now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderTest {
    /// Why nobody could sign in with it; null where they could.
    pub code: Option<&'static str>,
    /// What exactly is wrong.
    pub reason: Option<&'static str>,
    /// What it calls itself, if it said so.
    pub issuer: Option<String>,
    /// Where people are sent to sign in.
    pub authorization_endpoint: Option<String>,
    /// Whether it can be asked about a person after the sign-in.
    pub has_userinfo: bool,
    /// With how many of its keys a sign-in can be checked.
    pub keys: usize,
    /// How those sign: `RS256`.
    pub algorithms: Vec<&'static str>,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

/// That a user is somebody at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderLink {
    /// The provider.
    #[schema(value_type = Uuid)]
    pub provider_id: IdentityProviderId,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub linked_at: Timestamp,
    /// When the user last signed in with it.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
}

/// How people may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignInPolicy {
    /// Whether passwords are for nobody but those who may decide about users (`users.manage`). It counts while there is
    /// an active provider.
    pub only_single_sign_on: bool,
    /// Its version, for `If-Match`.
    pub version: i64,
}

/// What is decided about how people may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInPolicyChange {
    /// Whether passwords are for nobody but those who may decide about users (`users.manage`).
    pub only_single_sign_on: bool,
}
