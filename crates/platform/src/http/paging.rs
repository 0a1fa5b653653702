//! `?limit=&cursor=` of every list.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base::{Error, PageSize};
use serde::Deserialize;

use super::problem::Problem;

/// Which page of a list is wanted.
#[derive(Debug, Clone)]
pub struct Paging {
    /// How many rows.
    pub size: PageSize,
    /// After which row; none for the first page.
    pub cursor: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::<Asked>::from_request_parts(parts, state)
            .await
            .map_err(|e| Error::invalid("query_malformed", e.body_text()))?;
        Ok(Self {
            size: PageSize::new(asked.limit)?,
            cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
        })
    }
}
