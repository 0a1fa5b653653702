//! Work shared among the machine's cores. Results come in the order of the work, so that nothing depends
//! on how many cores there are.

use base::{Error, Result};
use rayon::prelude::*;

/// How many parts to cut work into that cannot be cut finer.
pub(crate) fn cores() -> usize {
    rayon::current_num_threads()
}

/// Does the work on as many parts of a list as there are cores; what each part gives, in order.
///
/// Errors: that of a part that failed.
pub(crate) fn in_parts<T: Sync, R: Send>(
    list: &[T],
    work: impl Fn(&[T]) -> Result<R> + Send + Sync,
) -> Result<Vec<R>> {
    list.par_chunks(list.len().div_ceil(cores()).max(1))
        .map(work)
        .collect()
}

/// Does the work on every item; what each gives, in order.
///
/// Errors: that of an item that failed.
pub(crate) fn each<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R> + Send + Sync,
) -> Result<Vec<R>> {
    items.into_par_iter().with_max_len(1).map(work).collect()
}

/// Does two things at once; the second stays on this thread.
pub(crate) fn both<A: Send, B>(
    one: impl FnOnce() -> Result<A> + Send,
    other: impl FnOnce() -> Result<B>,
) -> Result<(A, B)> {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join();
        let one = one.unwrap_or_else(|_| Err(Error::internal("a thread of the value engine failed")));
        Ok((one?, other?))
    })
}
