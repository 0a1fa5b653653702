//! Paging by cursor: every list is bounded, and a page stays right while rows come and go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// How many rows a page has: 1 to 200, 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// The largest page.
    pub const MAX: u32 = 200;

    /// Checks a requested size.
    pub fn new(rows: Option<u32>) -> Result<Self> {
        match rows {
            None => Ok(Self(50)),
            Some(rows @ 1..=Self::MAX) => Ok(Self(rows)),
            Some(_) => Err(Error::invalid("limit_out_of_range", "limit is 1 to 200").at("limit")),
        }
    }

    /// The number of rows.
    pub fn rows(self) -> u32 {
        self.0
    }
}

/// Where a page ends: the sort key of its last row, opaque to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor after the row with this key.
    pub fn after<K: serde::Serialize>(key: &K) -> Result<Self> {
        let json = serde_json::to_vec(key).map_err(Error::internal)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(json)))
    }

    /// The key within a cursor that came from outside.
    pub fn key<K: serde::de::DeserializeOwned>(text: &str) -> Result<K> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| {
                Error::invalid("cursor_malformed", "this cursor is not one of this list's").at("cursor")
            })
    }

    /// The cursor as the API gives it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to `size + 1` rows: the one too many says that there is a next page.
    pub fn cut<K: serde::Serialize>(mut rows: Vec<T>, size: PageSize, key: impl Fn(&T) -> K) -> Result<Self> {
        let wanted = size.rows() as usize;
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next_cursor = match rows.last() {
            Some(last) if more => Some(Cursor::after(&key(last))?.into()),
            _ => None,
        };
        Ok(Self {
            items: rows,
            next_cursor,
        })
    }

    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let size = PageSize::new(Some(2)).unwrap();
        let page = Page::cut(vec![1, 2, 3], size, |n| *n).unwrap();
        assert_eq!(page.items, [1, 2]);
        assert_eq!(Cursor::key::<i32>(&page.next_cursor.unwrap()).unwrap(), 2);
        assert_eq!(Page::cut(vec![1, 2], size, |n| *n).unwrap().next_cursor, None);
    }

    #[test]
    fn a_strange_cursor_or_size_is_refused() {
        assert!(Cursor::key::<i32>("!!").is_err());
        assert!(Cursor::key::<i32>("InRleHQi").is_err());
        assert!(PageSize::new(Some(0)).is_err());
        assert!(PageSize::new(Some(201)).is_err());
    }
}
