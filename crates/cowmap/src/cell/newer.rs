//! The future of the next value.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::CowCell;
use crate::Version;

/// The newest value of a [`CowCell`], as soon as it is newer than a version.
///
/// [`CowCell::newer`] makes it.
///
/// The last waker that it was polled with is woken by the next publication, and by nothing else.
/// After it was ready, it can be polled again, and returns the newest value again.
///
/// # Examples
///
/// ```
/// use cowmap::{CowCell, CowMap, Newer, Version};
///
/// async fn size_of_the_next(newer: Newer<'_, CowMap<u64, u64>>) -> usize {
///     let (_version, map): (Version, CowMap<u64, u64>) = newer.await;
///     map.len()
/// }
/// ```
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct Newer<'a, T> {
    cell: &'a CowCell<T>,
    version: Version,
    /// Under which a waker was entered. A publication takes the waker out, so this may be stale.
    ticket: Option<u64>,
}

impl<'a, T> Newer<'a, T> {
    pub(super) fn new(cell: &'a CowCell<T>, version: Version) -> Self {
        Newer { cell, version, ticket: None }
    }
}

impl<T: Clone> Future for Newer<'_, T> {
    type Output = (Version, T);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<(Version, T)> {
        let Newer { cell, version, ref mut ticket } = *self;
        if cell.version() <= version && cell.enter(version, ticket, context.waker().clone()) {
            return Poll::Pending;
        }
        // A publication came after the last waker was entered, and took it out.
        *ticket = None;
        Poll::Ready(cell.versioned())
    }
}

impl<T> Drop for Newer<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.cell.leave(ticket);
        }
    }
}

impl<T> fmt::Debug for Newer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newer").field("version", &self.version).finish_non_exhaustive()
    }
}
