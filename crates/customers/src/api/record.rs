//! Tags, notes, the administrator's fields, and how complete a record is.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use base::Page;
use platform::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Versioned};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{customer_id, part_id};
use crate::app::record;
use crate::model::{CustomValue, CustomValues, NewNote, Note, NoteChange, RecordSchema, TagChange};
use crate::rules::record_schema::Completeness;

/// The tags of a customer, at most 50.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tags {
    /// In order.
    #[schema(value_type = Vec<String>)]
    items: BTreeSet<String>,
}

/// A page of notes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotePage {
    /// The notes.
    items: Vec<Note>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// The schema in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SchemaBody {
    /// Goes up with every decision; 0 is what Patron ships.
    version: u32,
    /// The schema.
    #[serde(flatten)]
    schema: RecordSchema,
}

/// A customer's own fields.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomFields {
    /// In the order of the schema, at most 100.
    items: Vec<CustomValue>,
    /// The version of the schema they are shown by.
    schema_version: u32,
}

/// Values by the field's name; null erases one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomFieldsChange {
    /// The values.
    #[schema(value_type = Object)]
    values: CustomValues,
}

fn note(note: Note) -> Versioned<Note> {
    Versioned {
        version: note.version,
        body: note,
    }
}

fn schema_body((version, schema): (u32, RecordSchema)) -> Versioned<SchemaBody> {
    Versioned {
        version: version.into(),
        body: SchemaBody { version, schema },
    }
}

fn custom_body((schema_version, items): (u32, Vec<CustomValue>)) -> Json<CustomFields> {
    Json(CustomFields {
        items,
        schema_version,
    })
}

/// The tags of a customer.
#[utoipa::path(get, path = "/customers/{id}/tags", tag = "customers", operation_id = "tags_list",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Tags),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn tags(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Tags>, Problem> {
    let items = record::tags(&platform, &caller, customer_id(&id)?).await?;
    Ok(Json(Tags { items }))
}

/// Puts tags on a customer and takes others off. Needs `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}/tags", tag = "customers", operation_id = "tags_change",
    request_body = TagChange, params(("id" = Uuid, Path)),
    responses((status = 200, body = Tags),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_tags(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<TagChange>,
) -> Result<Json<Tags>, Problem> {
    let items = record::change_tags(&platform, &caller, customer_id(&id)?, said).await?;
    Ok(Json(Tags { items }))
}

/// Notes about a customer: the pinned ones first, the newest first.
#[utoipa::path(get, path = "/customers/{id}/notes", tag = "customers", operation_id = "notes_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = NotePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn notes(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<NotePage>, Problem> {
    let (id, cursor) = (customer_id(&id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } = record::notes(&platform, &caller, id, paging.size, cursor).await?;
    Ok(Json(NotePage { items, next_cursor }))
}

/// Writes a note. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/notes", tag = "customers", operation_id = "note_write",
    request_body = NewNote, params(("id" = Uuid, Path)),
    responses((status = 201, body = Note),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn write_note(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<NewNote>,
) -> Result<(StatusCode, Versioned<Note>), Problem> {
    let written = record::write_note(&platform, &caller, customer_id(&id)?, said).await?;
    Ok((StatusCode::CREATED, note(written)))
}

/// Changes a note; its author stays. Needs `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}/notes/{note_id}", tag = "customers", operation_id = "note_change",
    request_body = NoteChange,
    params(("id" = Uuid, Path), ("note_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version the change is based on")),
    responses((status = 200, body = Note),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_note(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, note_id)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
    Json(said): Json<NoteChange>,
) -> Result<Versioned<Note>, Problem> {
    let which = (customer_id(&id)?, part_id("note", &note_id)?);
    Ok(note(
        record::change_note(&platform, &caller, which, expected, said).await?,
    ))
}

/// Takes a note off the record. Needs `customers.write`.
#[utoipa::path(delete, path = "/customers/{id}/notes/{note_id}", tag = "customers", operation_id = "note_remove",
    params(("id" = Uuid, Path), ("note_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version this is based on")),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove_note(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, note_id)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let which = (customer_id(&id)?, part_id("note", &note_id)?);
    record::remove_note(&platform, &caller, which, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The administrator's fields and what makes a record complete.
#[utoipa::path(get, path = "/record-schema", tag = "customers", operation_id = "record_schema_read",
    responses((status = 200, body = SchemaBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn schema(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<Versioned<SchemaBody>, Problem> {
    Ok(schema_body(record::schema(&platform, &caller).await?))
}

/// Decides anew on the fields; no value is lost. Needs `customers.settings`.
#[utoipa::path(put, path = "/record-schema", tag = "customers", operation_id = "record_schema_change",
    request_body = RecordSchema,
    params(("If-Match" = String, Header, description = "the version the decision is based on")),
    responses((status = 200, body = SchemaBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide(
    State(platform): State<Platform>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    Json(schema): Json<RecordSchema>,
) -> Result<Versioned<SchemaBody>, Problem> {
    Ok(schema_body(
        record::decide(&platform, &caller, expected, schema).await?,
    ))
}

/// A customer's own fields, each with its value and what is wrong with it where the schema has changed.
#[utoipa::path(get, path = "/customers/{id}/custom-fields", tag = "customers",
    operation_id = "custom_fields_list", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomFields),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn custom_fields(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CustomFields>, Problem> {
    let shown = record::custom_fields(&platform, &caller, customer_id(&id)?).await?;
    Ok(custom_body(shown))
}

/// Says some values of a customer's own fields. Needs `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}/custom-fields", tag = "customers",
    operation_id = "custom_fields_change", request_body = CustomFieldsChange, params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomFields),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_custom_fields(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<CustomFieldsChange>,
) -> Result<Json<CustomFields>, Problem> {
    let shown = record::change_custom_fields(&platform, &caller, customer_id(&id)?, said.values).await?;
    Ok(custom_body(shown))
}

/// How complete a customer's record is, and what is missing.
#[utoipa::path(get, path = "/customers/{id}/completeness", tag = "customers", operation_id = "completeness_read",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Completeness),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn completeness(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Completeness>, Problem> {
    Ok(Json(
        record::completeness(&platform, &caller, customer_id(&id)?).await?,
    ))
}
