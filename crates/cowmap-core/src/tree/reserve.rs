//! Room for many entries, kept as a floor below which removals do not shrink the tree.

use alloc::alloc::{Layout, alloc, dealloc};
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use super::Tree;
use super::link::Link;
use super::owned_path::OwnedPath;
use crate::error::TryReserveError;
use crate::floor::Floor;
use crate::hash::PageHash;
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::tier::Tier;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Entries that the tree holds before it allocates: at least that for one page, else an estimate.
    pub(crate) fn capacity(&self) -> usize {
        let now = if self.has_directory() {
            self.len()
        } else {
            // SAFETY: the handle holds its root.
            let page = unsafe { self.root_page().borrow() };
            page.len() + page.room()
        };
        now.max(self.floor.entries())
    }

    /// Makes room for `additional` more entries and keeps it as the floor.
    ///
    /// # Errors
    ///
    /// A size that cannot be, or no memory; the tree is as it was.
    pub(crate) fn reserve<R: Rules<V>>(
        &mut self,
        additional: usize,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        let entries = self.len().checked_add(additional).ok_or(TryReserveError::CAPACITY)?;
        if self.len() == 0 {
            return self.reserve_in_empty(entries, rules);
        }
        let floor = Self::floor_of(entries)?;
        if !self.has_directory() && Limits::<W, V, P>::depth_for(entries) == 0 {
            let tier = Self::tier_of(entries)?;
            if tier > self.root_page().tier() {
                OwnedPath::unshare(self, PageHash(0))?.resize(tier, rules)?;
            }
        }
        self.floor = self.floor.max(floor);
        Ok(())
    }

    /// Makes room for `entries` in a tree that has none, and keeps it as the floor.
    ///
    /// # Errors
    ///
    /// As for [`reserve`](Self::reserve).
    pub(crate) fn reserve_in_empty<R: Rules<V>>(
        &mut self,
        entries: usize,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        debug_assert_eq!(self.len(), 0);
        if entries <= self.capacity() {
            return Ok(());
        }
        let floor = Self::floor_of(entries)?;
        let depth = Limits::<W, V, P>::depth_for(entries);
        let mut new = Tree { floor, ..*core::mem::ManuallyDrop::new(Self::new()) };
        let mut path = OwnedPath::unshare(&mut new, PageHash(0))?;
        if depth > 0 {
            Self::ask_for_directory(depth)?;
            path.build_directory(depth)?;
        } else {
            path.resize(Self::tier_of(entries)?, rules)?;
        }
        drop(core::mem::replace(self, new));
        Ok(())
    }

    /// The floor for `entries`, if a table for them can be at all.
    fn floor_of(entries: usize) -> Result<Floor, TryReserveError> {
        let bytes = entries.checked_mul(size_of::<W>() + size_of::<V>());
        match bytes {
            Some(bytes) if isize::try_from(bytes).is_ok() => Ok(Floor::of(entries)),
            _ => Err(TryReserveError::CAPACITY),
        }
    }

    fn tier_of(entries: usize) -> Result<Tier, TryReserveError> {
        Limits::<W, V, P>::SIZING.tier_for(entries).ok_or(TryReserveError::CAPACITY)
    }

    /// Whether the allocator would give what a directory of `depth` bits takes, asked at once:
    /// piece by piece, a request beyond all memory would fill it first.
    fn ask_for_directory(depth: u8) -> Result<(), TryReserveError> {
        let layout = 1_usize
            .checked_shl(u32::from(depth))
            .and_then(|links| links.checked_mul(2 * size_of::<Link>()))
            .and_then(|bytes| Layout::from_size_align(bytes, align_of::<Link>()).ok())
            .ok_or(TryReserveError::CAPACITY)?;
        // SAFETY: the size is not zero, and what was allocated is given back with the same layout.
        unsafe {
            let start =
                NonNull::new(alloc(layout)).ok_or_else(|| TryReserveError::memory(layout))?;
            // Or the optimiser sees that nothing is done with it, and does not ask.
            dealloc(core::hint::black_box(start.as_ptr()), layout);
        }
        Ok(())
    }
}
