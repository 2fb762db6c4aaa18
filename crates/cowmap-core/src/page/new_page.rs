//! A page that nobody else knows yet.

use alloc::alloc::{alloc, alloc_zeroed};
use core::mem::ManuallyDrop;

use super::{Page, PageMut, Shape};
use crate::error::TryReserveError;
use crate::stamp::Stamp;
use crate::tier::Tier;
use crate::word::Word;

/// A page that was made and that nobody holds yet; dropped with its values if nobody is to.
pub(crate) struct NewPage<W: Word, V>(Page<W, V>);

impl<W: Word, V> NewPage<W, V> {
    /// A page without entries.
    ///
    /// # Errors
    ///
    /// A size that overflows, or no memory.
    pub(crate) fn allocate(shape: Shape) -> Result<Self, TryReserveError> {
        Page::allocate_by(alloc_zeroed, shape).map(NewPage)
    }

    /// A page whose slots and bytes of bits have no contents yet (P2): the caller fills them all
    /// before it makes a `NewPage` of it.
    pub(super) fn allocate_unfilled(shape: Shape) -> Result<Page<W, V>, TryReserveError> {
        Page::allocate_by(alloc, shape)
    }

    /// A page that is nobody else's.
    ///
    /// # Safety
    ///
    /// The page is alive, is not the empty page, and is the caller's.
    pub(super) unsafe fn of(page: Page<W, V>) -> Self {
        NewPage(page)
    }

    pub(crate) fn page_mut(&mut self) -> PageMut<'_, W, V> {
        // SAFETY: the page is alive, not EMPTY, and nobody else knows it.
        unsafe { self.0.borrow_mut() }
    }

    /// The tier of the page.
    pub(super) fn tier(&self) -> Tier {
        self.0.tier()
    }

    /// The page, held with this weight by the caller, whose own it is under a root with this stamp.
    pub(crate) fn hold(mut self, weight: usize, stamp: Stamp) -> Page<W, V> {
        self.page_mut().set_stamp(stamp);
        let page = ManuallyDrop::new(self).0;
        // SAFETY: the page is alive and is not EMPTY.
        unsafe { page.count() }.hold_alone(weight);
        page
    }
}

impl<W: Word, V> Drop for NewPage<W, V> {
    fn drop(&mut self) {
        // SAFETY: the page is alive, nobody else knows it, and it was not held.
        unsafe { self.0.destroy() };
    }
}
