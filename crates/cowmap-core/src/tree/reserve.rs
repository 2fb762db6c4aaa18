//! Room for many entries, kept as a floor below which removals do not shrink the tree.

use alloc::alloc::{Layout, alloc, dealloc};
use core::mem::{ManuallyDrop, align_of, size_of};
use core::ptr::NonNull;

use super::Tree;
use super::link::Link;
use super::owned_path::OwnedPath;
use crate::error::TryReserveError;
use crate::floor::Floor;
use crate::hash::PageHash;
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Entries that the tree holds before it allocates: exact for a flat one. Under a directory it
    /// is an estimate, no less than the floor and what a single page has room for, so that a tree
    /// that shrinks to one never has more. Nothing where nothing is allocated, whatever the floor.
    pub(crate) fn capacity(&self) -> usize {
        let floor = self.floor.entries();
        if self.has_directory() {
            return self.len().max(floor).max(Limits::<W, V, P>::PAGE_ENTRIES);
        }
        // SAFETY: the handle holds its root.
        let page = unsafe { self.root_page().borrow() };
        let there = page.len() + page.room();
        if !P::PAGED || there == 0 {
            return there;
        }
        // A page that grew as a table is full, so that it is split; an ordinary one that was under a
        // directory may be full with fewer entries than it takes now.
        let ordinary = page.page().tier().min(Limits::<W, V, P>::TIER);
        there.max(self.page_capacity(ordinary, page.len())).max(floor)
    }

    /// Makes room for `additional` more entries and keeps it as the floor.
    ///
    /// A flat tree then has a table of that size, shared with nobody; a paged one has the directory.
    ///
    /// # Errors
    ///
    /// A size that cannot be, or no memory; the tree has the same entries and the same floor.
    pub(crate) fn reserve<R: Rules<V>>(
        &mut self,
        additional: usize,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        if additional == 0 {
            return Ok(());
        }
        let entries = self.len().checked_add(additional).ok_or(TryReserveError::CAPACITY)?;
        let floor = self.floor.max(Self::floor_of(entries)?);
        let depth = Limits::<W, V, P>::depth_for(floor.entries());
        // What an earlier reservation asked for is there, unless it went with what was cleared.
        let gone = depth > 0 && self.stored_links() < 1 << depth;
        if depth > self.floor_depth() || gone {
            return self.deepen_for_floor(floor, depth, rules);
        } else if !self.has_directory() {
            self.reserve_root_page(floor, rules)?;
        }
        self.floor = floor;
        Ok(())
    }

    /// Makes the root page as large as the floor asks for; in a flat tree, the handle's own as well.
    fn reserve_root_page<R: Rules<V>>(
        &mut self,
        floor: Floor,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        let sizing = Limits::<W, V, P>::SIZING;
        let tier = sizing.tier_for(floor.entries()).ok_or(TryReserveError::CAPACITY)?;
        let page = self.root_page();
        if page.is_empty_page() || page.tier() < tier {
            OwnedPath::unshare(self, PageHash(0))?.resize(tier, rules)?;
        } else if !P::PAGED {
            OwnedPath::unshare(self, PageHash(0))?.own_page(rules)?;
        }
        Ok(())
    }

    /// Sees to it that there is a directory of `depth` bits, more than the old floor asks for, and
    /// notes the new one.
    ///
    /// # Errors
    ///
    /// No memory; the floor is the old one, and the directory may be finer than it was.
    fn deepen_for_floor<R: Rules<V>>(
        &mut self,
        floor: Floor,
        depth: u8,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        if self.len() == 0 {
            return self.replace_empty(floor);
        }
        /// The floor of before, unless the directory came to be there.
        struct Floored<'t, W: Word, V, P: Paging> {
            tree: &'t mut Tree<W, V, P>,
            before: Option<Floor>,
        }
        impl<W: Word, V, P: Paging> Drop for Floored<'_, W, V, P> {
            fn drop(&mut self) {
                self.tree.floor = self.before.unwrap_or(self.tree.floor);
            }
        }
        Self::ask_for_directory(depth)?;
        // The directory may not be finer than the floor asks for.
        let before = Some(core::mem::replace(&mut self.floor, floor));
        let mut floored = Floored { tree: self, before };
        let made = floored.tree.deepen(depth, rules);
        floored.before = floored.before.filter(|_| made.is_err());
        drop(floored);
        if made.is_err() {
            // What was made already may be too much without the floor.
            while self.has_too_many_links() && self.merge_deepest(rules) == Ok(true) {}
        }
        made
    }

    /// Makes the directory as fine as `depth` bits for each prefix.
    fn deepen<R: Rules<V>>(&mut self, depth: u8, rules: &R) -> Result<(), TryReserveError> {
        let mut next = Some(PageHash(0));
        while let Some(hash) = next {
            let mut path = OwnedPath::unshare(self, hash)?;
            while path.deepen_segment(depth, rules)? {}
            next = path.look().next_segment();
        }
        Ok(())
    }

    /// Puts an empty tree with what the floor covers in the place of this one, which is empty, too.
    ///
    /// # Errors
    ///
    /// No memory; the tree is as it was.
    pub(super) fn replace_empty(&mut self, floor: Floor) -> Result<(), TryReserveError> {
        debug_assert_eq!(self.len(), 0);
        let mut new = Tree { floor, ..*ManuallyDrop::new(Self::new()) };
        new.make_floor_true()?;
        *self = new;
        Ok(())
    }

    /// Allocates what the floor covers, where nothing is allocated yet.
    ///
    /// # Errors
    ///
    /// A size that cannot be, or no memory; the tree is as it was.
    pub(crate) fn make_floor_true(&mut self) -> Result<(), TryReserveError> {
        if self.floor == Floor::NONE {
            return Ok(());
        }
        OwnedPath::unshare(self, PageHash(0))?.build_for_floor()
    }

    /// The floor for `entries`, if a table for them can be at all.
    fn floor_of(entries: usize) -> Result<Floor, TryReserveError> {
        let bytes = entries.checked_mul(size_of::<W>() + size_of::<V>());
        match bytes {
            Some(bytes) if isize::try_from(bytes).is_ok() => Ok(Floor::of(entries)),
            _ => Err(TryReserveError::CAPACITY),
        }
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

/// Room that is made on the occasion of a call, and that does not outlive it.
impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Makes room for `entries` that are about to come, if the tree is empty, and returns the floor
    /// that [`end_presize`](Self::end_presize) is to be given.
    pub(crate) fn presize<R: Rules<V>>(&mut self, entries: usize, rules: &R) -> Floor {
        let floor = self.floor;
        if self.len() == 0 {
            // What cannot be allocated at once may not be needed at all.
            let _ = self.reserve(Limits::<W, V, P>::presized(entries), rules);
        }
        floor
    }

    /// Restores the floor of before, and gives back what more room was made than the entries need.
    /// `false` if that takes building the tree anew, because its directory is too fine for them.
    ///
    /// Nobody shares the tree's root, if it was empty before.
    pub(crate) fn end_presize<R: Rules<V>>(&mut self, floor: Floor, rules: &R) -> bool {
        let made = core::mem::replace(&mut self.floor, floor);
        if made == floor {
            return true;
        }
        if self.len() == 0 {
            // What the floor of before covers comes with the next entry if it cannot be had now.
            *self = Tree { floor, ..*ManuallyDrop::new(Self::new()) };
            let _ = self.make_floor_true();
            return true;
        }
        let needed = Floor::of(Limits::<W, V, P>::presized(self.len()));
        let entries = needed.max(floor).entries();
        if self.has_directory() {
            let depth = Limits::<W, V, P>::depth_for;
            return depth(entries) >= depth(made.entries());
        }
        if let Some(tier) = Limits::<W, V, P>::SIZING.tier_for(entries)
            && tier < self.root_page().tier()
            && let Ok(mut path) = OwnedPath::unshare(self, PageHash(0))
        {
            // What cannot be allocated now is left as large as it is.
            let _ = path.resize(tier, rules);
        }
        true
    }
}

impl<W: Word, V, P: Paging> OwnedPath<'_, W, V, P> {
    /// Builds what the floor covers in the place of an empty root: a page, or a directory.
    pub(super) fn build_for_floor(&mut self) -> Result<(), TryReserveError> {
        let depth = self.tree().floor_depth();
        if depth > 0 {
            Tree::<W, V, P>::ask_for_directory(depth)?;
            return self.build_directory(depth);
        }
        let entries = self.tree().floor.entries();
        let tier = Limits::<W, V, P>::SIZING.tier_for(entries).ok_or(TryReserveError::CAPACITY)?;
        self.materialise(tier)
    }
}
