//! HTTP of users, sessions, API keys, roles, branches and teams: one call into its use case each.

mod api_keys;
mod places;
mod roles;
mod second_factors;
mod sessions;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Platform;

/// The routes of access, below `/api/v1`.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::get, users::change))
        .routes(routes!(users::reset_password))
        .routes(routes!(sessions::mine, sessions::end_others))
        .routes(routes!(sessions::end_one))
        .routes(routes!(sessions::of_user, sessions::end_all_of_user))
        .routes(routes!(sessions::end_one_of_user))
        .routes(routes!(second_factors::status, second_factors::offer))
        .routes(routes!(second_factors::confirm))
        .routes(routes!(second_factors::remove))
        .routes(routes!(second_factors::remove_of_user))
        .routes(routes!(api_keys::mine, api_keys::add))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(api_keys::of_user))
        .routes(routes!(api_keys::revoke_of_user))
        .routes(routes!(roles::list, roles::add))
        .routes(routes!(roles::change))
        .routes(routes!(places::branches, places::add_branch))
        .routes(routes!(places::change_branch))
        .routes(routes!(places::teams, places::add_team))
        .routes(routes!(places::change_team))
}
