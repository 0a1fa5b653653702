//! Making and changing a customer, its contacts and its subscriptions.

use axum::extract::State;
use axum::http::StatusCode;
use base::Page;
use platform::http::{IfMatch, Json, NoStore, Paging, Path, Problem, ProblemBody, Versioned, no_store};
use platform::{Caller, Platform};
use serde::Serialize;
use utoipa::ToSchema;

use super::{customer_id, part_id};
use crate::app::{edit, holdings};
use crate::model::{
    Contact, ContactChange, ContactFacts, CustomerChange, CustomerCreation, CustomerDetail, Subscription,
    SubscriptionChange, SubscriptionFacts,
};

/// A page of contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactPage {
    /// The contacts.
    items: Vec<Contact>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A page of subscriptions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubscriptionPage {
    /// The subscriptions.
    items: Vec<Subscription>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

fn customer(detail: CustomerDetail) -> Versioned<CustomerDetail> {
    Versioned {
        version: detail.version,
        body: detail,
    }
}

fn contact(contact: Contact) -> Versioned<Contact> {
    Versioned {
        version: contact.version,
        body: contact,
    }
}

fn subscription(subscription: Subscription) -> Versioned<Subscription> {
    Versioned {
        version: subscription.version,
        body: subscription,
    }
}

/// Makes a customer. Needs `customers.write`.
#[utoipa::path(post, path = "/customers", tag = "customers", operation_id = "customer_create",
    request_body = CustomerCreation,
    responses((status = 201, body = CustomerDetail),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Json(said): Json<CustomerCreation>,
) -> Result<(StatusCode, Versioned<CustomerDetail>), Problem> {
    let made = edit::create(&platform, &caller, said).await?;
    Ok((StatusCode::CREATED, customer(made)))
}

/// Changes what is said of a customer: what is left out stays, and null is no longer known. Needs
/// `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}", tag = "customers", operation_id = "customer_change",
    request_body = CustomerChange,
    params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version the change is based on")),
    responses((status = 200, body = CustomerDetail),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<CustomerChange>,
) -> Result<Versioned<CustomerDetail>, Problem> {
    let id = customer_id(&id)?;
    Ok(customer(
        edit::change(&platform, &caller, id, expected, said).await?,
    ))
}

/// The contacts of an organisation: those without a last day first, the most influential of them first.
#[utoipa::path(get, path = "/customers/{id}/contacts", tag = "customers", operation_id = "contacts_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = ContactPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn contacts(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<ContactPage>, Problem> {
    let (id, cursor) = (customer_id(&id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } = holdings::contacts(&platform, &caller, id, paging.size, cursor).await?;
    Ok(Json(ContactPage { items, next_cursor }))
}

/// Adds a contact to an organisation. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/contacts", tag = "customers", operation_id = "contact_add",
    request_body = ContactFacts, params(("id" = Uuid, Path)),
    responses((status = 201, body = Contact),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add_contact(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<ContactFacts>,
) -> Result<(StatusCode, Versioned<Contact>), Problem> {
    let added = holdings::add_contact(&platform, &caller, customer_id(&id)?, said).await?;
    Ok((StatusCode::CREATED, contact(added)))
}

/// Changes a contact; a last day ends it. Needs `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}/contacts/{contact_id}", tag = "customers",
    operation_id = "contact_change", request_body = ContactChange,
    params(("id" = Uuid, Path), ("contact_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version the change is based on")),
    responses((status = 200, body = Contact),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_contact(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, contact_id)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
    Json(said): Json<ContactChange>,
) -> Result<Versioned<Contact>, Problem> {
    let which = (customer_id(&id)?, part_id("contact", &contact_id)?);
    Ok(contact(
        holdings::change_contact(&platform, &caller, which, expected, said).await?,
    ))
}

/// What a customer holds, the newest first.
#[utoipa::path(get, path = "/customers/{id}/subscriptions", tag = "customers",
    operation_id = "subscriptions_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = SubscriptionPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn subscriptions(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<SubscriptionPage>, Problem> {
    let (id, cursor) = (customer_id(&id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } =
        holdings::subscriptions(&platform, &caller, id, paging.size, cursor).await?;
    Ok(Json(SubscriptionPage { items, next_cursor }))
}

/// Adds something a customer holds. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/subscriptions", tag = "customers",
    operation_id = "subscription_add", request_body = SubscriptionFacts, params(("id" = Uuid, Path)),
    responses((status = 201, body = Subscription),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add_subscription(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<SubscriptionFacts>,
) -> Result<(StatusCode, Versioned<Subscription>), Problem> {
    let added = holdings::add_subscription(&platform, &caller, customer_id(&id)?, said).await?;
    Ok((StatusCode::CREATED, subscription(added)))
}

/// Changes a subscription; the status `ended` with a last day ends it. Needs `customers.write`.
#[utoipa::path(patch, path = "/customers/{id}/subscriptions/{subscription_id}", tag = "customers",
    operation_id = "subscription_change", request_body = SubscriptionChange,
    params(("id" = Uuid, Path), ("subscription_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version the change is based on")),
    responses((status = 200, body = Subscription),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_subscription(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, subscription_id)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
    Json(said): Json<SubscriptionChange>,
) -> Result<Versioned<Subscription>, Problem> {
    let which = (customer_id(&id)?, part_id("subscription", &subscription_id)?);
    Ok(subscription(
        holdings::change_subscription(&platform, &caller, which, expected, said).await?,
    ))
}

/// Shows a subscription with its number in clear, to who otherwise sees it in part. Needs `customers.reveal`, and is
/// recorded.
#[utoipa::path(post, path = "/customers/{id}/subscriptions/{subscription_id}/reveal", tag = "customers",
    operation_id = "subscription_reveal", params(("id" = Uuid, Path), ("subscription_id" = Uuid, Path)),
    responses((status = 200, body = Subscription),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reveal_subscription(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, subscription_id)): Path<(String, String)>,
) -> Result<(NoStore, Json<Subscription>), Problem> {
    let (customer, id) = (customer_id(&id)?, part_id("subscription", &subscription_id)?);
    let held = holdings::reveal_subscription(&platform, &caller, customer, id).await?;
    Ok((no_store(), Json(held)))
}
