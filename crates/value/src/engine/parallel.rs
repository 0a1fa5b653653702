//! Work shared among the machine's cores. Parts are taken and put together in order, so that nothing
//! depends on how many there are.

use std::sync::{Mutex, PoisonError};

use base::{Error, Result};

/// All cores there are, up to eight.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().min(8))
}

/// Does the work on as many parts of a list as there are cores; what each part gives, in order.
///
/// Errors: the first part's that failed.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    list: &[T],
    work: impl Fn(&[T]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let part = list.len().div_ceil(threads()).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = list.chunks(part).map(|part| scope.spawn(|| work(part))).collect();
        running.into_iter().map(|thread| end(thread.join())).collect()
    })
}

/// Does the work on every item, one item a core at a time, the last first; what each gives, in order.
///
/// Errors: that of the first item that failed.
pub(crate) fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let left = Mutex::new(items.into_iter().enumerate().collect::<Vec<_>>());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut done = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads())
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some((place, item)) = next() {
                        done.push((place, work(item)));
                    }
                    Ok(done)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| end(thread.join()))
            .collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Does two things at once.
pub(crate) fn both<A: Send, B: Send>(
    one: impl FnOnce() -> Result<A> + Send,
    other: impl FnOnce() -> Result<B>,
) -> Result<(A, B)> {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        Ok((end(one.join())?, other?))
    })
}

fn end<R>(joined: std::thread::Result<Result<R>>) -> Result<R> {
    joined.unwrap_or_else(|_| Err(Error::internal("a thread of the value engine failed")))
}
