//! `?limit=&cursor=` of every list.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::PageSize;
use serde::Deserialize;

use super::problem::Problem;
use super::query::Query;

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
        let Query(asked) = Query::<Asked>::from_request_parts(parts, state).await?;
        Ok(Self {
            size: PageSize::new(asked.limit)?,
            cursor: asked.cursor.filter(|cursor| !cursor.is_empty()),
        })
    }
}
