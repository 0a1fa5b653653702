//! This room over HTTP. One handler, one use case.

mod body;
mod everything;
mod exposure;
mod overview;
mod profiles;
mod runs;
mod settings;

pub use everything::with_record_parts;
pub use overview::with_parts;
use platform::Platform;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use profiles::list_request;

/// The routes of this room, below `/api/v1`. Whoever serves them layers an [`axum::Extension`] of
/// [`crate::app::ValueRoom`] around them.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::count))
        .routes(routes!(profiles::of_customer))
        .routes(routes!(profiles::transactions))
        .routes(routes!(exposure::of_customer))
        .routes(routes!(exposure::top))
        .routes(routes!(runs::start, runs::list))
        .routes(routes!(runs::find))
        .routes(routes!(runs::report))
        .routes(routes!(runs::part))
        .routes(routes!(runs::profiles_file))
        .routes(routes!(runs::compare))
        .routes(routes!(settings::read, settings::change))
}
