//! A holder: what holds the children of a bundle for all segments that share them.

use alloc::alloc::{Layout, alloc, dealloc};
use core::ptr::NonNull;

use crate::count::Shares;
use crate::error::TryReserveError;

/// A pointer to a holder, which has an allocation of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Holder(NonNull<Shares>);

impl Holder {
    /// Bytes that are allocated for it.
    pub(super) const BYTES: usize = size_of::<Shares>();

    /// A holder that is held with `count` and holds its children with `weight`.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn new(count: usize, weight: usize) -> Result<Self, TryReserveError> {
        let layout = Layout::new::<Shares>();
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) });
        let start = start.ok_or_else(|| TryReserveError::memory(layout))?.cast();
        // SAFETY: new, and of this layout.
        unsafe { start.write(Shares::new(count, weight)) };
        Ok(Holder(start))
    }

    /// Its count and its weight.
    ///
    /// # Safety
    ///
    /// The holder is alive for `'a`.
    #[inline(always)]
    pub(super) unsafe fn shares<'a>(self) -> &'a Shares {
        // SAFETY: the caller's promise.
        unsafe { self.0.as_ref() }
    }

    /// The address, to be prefetched.
    pub(super) fn address(self) -> *const u8 {
        self.0.as_ptr().cast_const().cast()
    }

    /// Gives the memory back, and lets the children be.
    ///
    /// # Safety
    ///
    /// The holder is alive and the caller's; nothing uses it afterwards.
    pub(super) unsafe fn free(self) {
        // SAFETY: the caller's promise; allocated with this layout. (Loom's numbers have a drop.)
        unsafe {
            self.0.drop_in_place();
            dealloc(self.0.as_ptr().cast(), Layout::new::<Shares>());
        }
    }
}
