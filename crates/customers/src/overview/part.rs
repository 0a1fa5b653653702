//! How rooms plug into the page: a part has a name, a permission, and a way to be loaded.

use std::future::Future;
use std::sync::Arc;

use base::{Error, Result};
use futures::future::BoxFuture;
use jiff::Timestamp;
use platform::firm::Firm;
use platform::{Caller, Permission, Platform, Tx};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{Components, ObjectBuilder, OneOfBuilder, OpenApi, Ref, RefOr, Schema, Type};

use crate::model::{CustomerId, CustomerKind};

/// Whose page it is, with what nearly every part needs to know.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The customer.
    pub id: CustomerId,
    /// Its id in the firm's other systems.
    pub external_id: String,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The firm.
    pub firm: Firm,
    /// The moment of the page.
    pub now: Timestamp,
}

/// What is asked: by whom, about whom.
pub struct Asked {
    /// Database, clock, keys.
    pub platform: Platform,
    /// Who asks. That the caller may see the customer and has the part's permission is checked before.
    pub caller: Caller,
    /// About whom.
    pub about: Subject,
}

/// A part of a customer's page. Registered in [`Parts`].
pub trait OverviewPart: Send + Sync + 'static {
    /// What the page gets: small and bounded, since it is read in passing.
    type Body: Serialize + ToSchema + Send;

    /// Its name in the API.
    const NAME: &'static str;

    /// What a caller needs besides `customers.read` to see it.
    const PERMISSION: Permission;

    /// Loads it with few statements, in a transaction that other parts are loaded in too.
    fn load(&self, tx: &mut Tx, asked: &Asked) -> impl Future<Output = Result<Self::Body>> + Send;
}

/// A part whichever its body.
pub(super) trait Load: Send + Sync {
    fn name(&self) -> &'static str;
    fn permission(&self) -> Permission;
    fn load<'a>(&'a self, tx: &'a mut Tx, asked: &'a Asked) -> BoxFuture<'a, Result<Value>>;
}

impl<P: OverviewPart> Load for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn permission(&self) -> Permission {
        P::PERMISSION
    }

    fn load<'a>(&'a self, tx: &'a mut Tx, asked: &'a Asked) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let body = OverviewPart::load(self, tx, asked).await?;
            serde_json::to_value(body).map_err(Error::internal)
        })
    }
}

/// The parts there are, each made from the rooms `R` of a running program. The document needs no such program.
pub struct Parts<R>(Vec<Registered<R>>);

/// Makes a part from the rooms.
type Make<R> = dyn Fn(&R) -> Arc<dyn Load> + Send + Sync;

struct Registered<R> {
    name: &'static str,
    make: Box<Make<R>>,
    document: fn(&mut Components) -> RefOr<Schema>,
}

impl<R> Default for Parts<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R> Parts<R> {
    /// Adds a part.
    #[must_use]
    pub fn with<P: OverviewPart>(mut self, make: impl Fn(&R) -> P + Send + Sync + 'static) -> Self {
        self.0.push(Registered {
            name: P::NAME,
            make: Box::new(move |rooms| Arc::new(make(rooms))),
            document: document::<P::Body>,
        });
        self
    }

    /// The parts over these rooms.
    pub(super) fn over(&self, rooms: &R) -> Vec<Arc<dyn Load>> {
        self.0.iter().map(|part| (part.make)(rooms)).collect()
    }

    /// Writes into the document which parts a page has, each with the shape of its body.
    pub(super) fn describe(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let mut parts = ObjectBuilder::new().description(Some("The parts by name."));
        for part in &self.0 {
            let body = OneOfBuilder::new()
                .item(ObjectBuilder::new().schema_type(Type::Null))
                .item((part.document)(components));
            let shown = ObjectBuilder::new()
                .property("state", Ref::from_schema_name("PartState"))
                .required("state")
                .property("code", nullable(Type::String))
                .property("took_ms", ObjectBuilder::new().schema_type(Type::Number))
                .required("took_ms")
                .property("body", body);
            parts = parts.property(part.name, shown).required(part.name);
        }
        if let Some(RefOr::T(Schema::Object(page))) = components.schemas.get_mut("Overview") {
            page.properties.insert("parts".to_owned(), parts.build().into());
        }
        // Every part stands in the page with its own shape.
        components.schemas.remove("PartShown");
    }
}

fn nullable(of: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::from_iter([of, Type::Null]))
}

/// The shape of a body, with those it is made of.
fn document<B: ToSchema>(components: &mut Components) -> RefOr<Schema> {
    let mut known = vec![(B::name().into_owned(), B::schema())];
    B::schemas(&mut known);
    components.schemas.extend(known);
    Ref::from_schema_name(B::name()).into()
}
