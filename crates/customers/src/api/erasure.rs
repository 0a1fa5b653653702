//! Erasing a customer.

use axum::Extension;
use axum::extract::State;
use platform::http::{IfMatch, Json, Path, Problem, ProblemBody};
use platform::{Caller, Platform};

use super::customer_id;
use crate::app::erasure;
use crate::everything::RecordParts;
use crate::model::{Erasure, NewErasure};

/// Erases what is known of a customer and of all who were merged into it, for good: name, identities, notes, tags, own
/// fields, days, preferences, attachments, and what imports, exports and repeated requests still hold of it. Its
/// transactions, what they sum up to, its consents and the log stay, and say nothing of a person. It can be neither
/// undone nor found again, and no file makes it anew. Gives the certificate, which is the event `customer.erased`.
/// Needs `customers.erase`.
#[utoipa::path(post, path = "/customers/{id}/erasure", tag = "customers", operation_id = "customer_erase",
    request_body = NewErasure,
    params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version of the record that was looked at")),
    responses((status = 200, body = Erasure),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn erase(
    State(platform): State<Platform>,
    Extension(parts): Extension<RecordParts>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<NewErasure>,
) -> Result<Json<Erasure>, Problem> {
    let id = customer_id(&id)?;
    Ok(Json(
        erasure::erase(&platform, &parts, &caller, id, expected, said).await?,
    ))
}
