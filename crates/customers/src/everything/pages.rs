//! A list read to its end, page after page.

use base::{Page, PageSize, Result};
use futures::future::BoxFuture;
use platform::Tx;

/// How many rows a page has.
pub(super) const ROWS: u32 = PageSize::MAX;

/// A page, and where the next one begins, if there is one.
pub(super) type Rows<T, K> = (Vec<T>, Option<K>);

/// Reads all pages; each thing goes to `add`.
pub(super) async fn each_page<T: Send, K: Send>(
    tx: &mut Tx,
    read: impl for<'a> Fn(&'a mut Tx, Option<K>) -> BoxFuture<'a, Result<Rows<T, K>>> + Send + Sync,
    mut add: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let mut after = None;
    loop {
        let (things, next) = read(tx, after).await?;
        things.into_iter().try_for_each(&mut add)?;
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

/// At most [`ROWS`] rows, after the last of which the next page begins.
pub(super) fn by_key<T, K>(some: Vec<T>, key: impl Fn(&T) -> K) -> Rows<T, K> {
    let is_full = some.len() >= ROWS as usize;
    let next = some.last().filter(|_| is_full).map(key);
    (some, next)
}

/// A page that says itself where the next one begins.
pub(super) fn by_cursor<T>(page: Page<T>) -> Rows<T, String> {
    (page.items, page.next_cursor)
}

/// The largest page.
pub(super) fn largest() -> Result<PageSize> {
    PageSize::new(Some(ROWS))
}
