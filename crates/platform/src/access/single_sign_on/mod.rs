//! Single sign-on: people sign in at an identity provider of the firm (OpenID Connect, authorization code with PKCE) and
//! get an ordinary session here. Keeps no token of the provider, and asks it for nothing after the sign-in.

mod account;
pub mod api;
pub mod app;
mod client;
mod keys;
mod model;
mod rules;
pub mod sign_in;
pub(super) mod store;
mod token;

pub use api::callback_url;
pub use client::Providers;
pub use model::{
    GroupRole, GroupRoles, IdentityProvider, IdentityProviderId, NewUsers, ProviderLink, ProviderSettings,
    ProviderTest, SignInPolicy, SignInPolicyChange,
};
pub use store::seal_anew;
