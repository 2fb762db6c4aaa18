//! Filling one page from another: the same page again, a larger or smaller one, or two halves.
//!
//! New pages are allocated before anything is moved or cloned, and a page that is being filled
//! destroys itself if a clone panics (`Filling`), so that the old page stays as it was.

use core::mem::ManuallyDrop;
use core::ptr;

use super::{Geometry, Page, PageMut, PageRef, Shape, Slot, Slots};
use crate::error::TryReserveError;
use crate::hash::{PageHash, WordHash};
use crate::rules::Rules;
use crate::word::Word;

/// A new page that is being filled; destroyed if it is never finished.
pub(crate) struct Filling<W: Word, V>(Page<W, V>);

impl<W: Word, V> Filling<W, V> {
    fn new(shape: Shape) -> Result<Self, TryReserveError> {
        Page::allocate(shape).map(Filling)
    }

    fn page_mut(&mut self) -> PageMut<'_, W, V> {
        // SAFETY: the page was allocated by `new`, and nobody else knows it.
        unsafe { self.0.borrow_mut() }
    }

    fn finish(self) -> Page<W, V> {
        ManuallyDrop::new(self).0
    }
}

impl<W: Word, V> Drop for Filling<W, V> {
    fn drop(&mut self) {
        // SAFETY: the page was allocated by `new`, nobody else knows it, and it was not finished.
        unsafe { self.0.destroy() };
    }
}

impl<W: Word, V> PageRef<'_, W, V> {
    /// Whether the page, which has entries, has any whose page hash has the bit at `depth` clear,
    /// and any that has it set. Of pages that can be split, a few entries show it.
    pub(crate) fn has_halves<H: WordHash>(self, depth: u8, hash: &H) -> [bool; 2] {
        let mut has = [false; 2];
        for slot in self.slots() {
            let page = hash.page(self.word(slot).widen());
            has[usize::from(page.bit(u32::from(depth)))] = true;
            if has == [true; 2] {
                break;
            }
        }
        has
    }

    /// Puts each entry whose page hash is `chosen`, its value from `take`, into a page that is
    /// being filled.
    fn transfer<H: WordHash>(
        self,
        hash: &H,
        target: &mut Filling<W, V>,
        chosen: impl Fn(PageHash) -> bool,
        mut take: impl FnMut(&V) -> V,
    ) {
        let mut target = target.page_mut();
        // SAFETY: the page is alive and not written as long as `self` is used.
        let placed = unsafe {
            Slots::of(self.page()).fold_entries(0, |placed, word, value| {
                let at = hash.page(word.widen());
                if !chosen(at) {
                    return placed;
                }
                target.place(hash.place_at(word.widen(), at), word, take(value));
                placed + 1
            })
        };
        target.count_placed(placed);
    }
}

impl<W: Word, V> Page<W, V> {
    /// Moves all entries into a new page of the given shape, and frees this one. Values are moved
    /// as bytes: no user code runs.
    ///
    /// # Errors
    ///
    /// No memory; this page is as it was.
    ///
    /// # Safety
    ///
    /// The page is alive, or [`EMPTY`](super::EMPTY); it has one owner (S2), the caller, who does
    /// not use it after an `Ok`. The shape holds the entries.
    pub(crate) unsafe fn move_into<H: WordHash>(
        self,
        shape: Shape,
        hash: &H,
    ) -> Result<Self, TryReserveError> {
        let mut target = Filling::new(shape)?;
        if !self.is_empty_page() {
            // SAFETY: alive and the caller's; each slot is read once, and the page is then freed
            // without dropping values.
            unsafe {
                self.borrow().transfer(hash, &mut target, |_| true, |value| ptr::read(value));
                self.free();
            }
        }
        Ok(target.finish())
    }
}

impl<W: Word, V> Page<W, V> {
    /// Moves the entries whose page hash has the bit at `depth` set into a new page of the given
    /// shape; the others stay. Values are moved as bytes: no user code runs.
    ///
    /// # Errors
    ///
    /// No memory; this page is as it was.
    ///
    /// # Safety
    ///
    /// The page is alive, not [`EMPTY`](super::EMPTY), and has one owner (S2), the caller. The
    /// shape holds the entries that are moved.
    pub(crate) unsafe fn split_off<H: WordHash>(
        self,
        shape: Shape,
        depth: u8,
        hash: &H,
    ) -> Result<Self, TryReserveError> {
        let mut upper = Filling::new(shape)?;
        let mut target = upper.page_mut();
        // SAFETY: alive and the caller's.
        let mut page = unsafe { self.borrow_mut() };
        let mut moved = 0;
        page.for_each_chosen(
            |_, word| hash.page(word.widen()).bit(u32::from(depth)),
            |page, slot, word| {
                // SAFETY: the slot holds an entry.
                let value = unsafe { page.take(slot) };
                target.place(hash.place(word.widen()), word, value);
                moved += 1;
            },
        );
        target.count_placed(moved);
        page.count_taken(moved);
        page.set_depth(depth + 1);
        page.rebuild(hash);
        Ok(upper.finish())
    }

    /// One page with the entries of two, and what is left to release: a page that has one owner
    /// is moved and freed (the empty page stands for it), the other is cloned.
    ///
    /// # Errors
    ///
    /// No memory; both pages are as they were.
    ///
    /// # Safety
    ///
    /// Both are alive, not [`EMPTY`](super::EMPTY), and held by the caller with the weight of
    /// `shape`, below what has one owner (S2). After an `Ok` the caller does not use what was
    /// moved. The shape holds all entries.
    pub(crate) unsafe fn merge<H: Rules<V>>(
        pages: [Self; 2],
        shape: Shape,
        hash: &H,
    ) -> Result<(Self, [Self; 2]), TryReserveError> {
        let mut target = Filling::new(shape)?;
        // SAFETY: alive and held by the caller; with one holder, the caller's alone.
        unsafe {
            let sole = pages.map(|page| page.count().is_sole(shape.weight));
            // What runs user code, and may panic, comes before anything is moved.
            for (page, _) in pages.into_iter().zip(sole).filter(|&(_, sole)| !sole) {
                page.borrow().transfer(
                    hash,
                    &mut target,
                    |_| true,
                    |value| hash.clone_value(value),
                );
            }
            let mut left = pages;
            for (page, _) in left.iter_mut().zip(sole).filter(|&(_, sole)| sole) {
                let moved = core::mem::replace(page, Page::empty());
                moved.borrow().transfer(hash, &mut target, |_| true, |value| ptr::read(value));
                moved.free();
            }
            Ok((target.finish(), left))
        }
    }
}

impl<W: Word, V> PageRef<'_, W, V> {
    /// Clones all entries into a new page of the given shape, as [`move_into`](Page::move_into)
    /// moves them.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn clone_into<H: Rules<V>>(
        self,
        shape: Shape,
        hash: &H,
    ) -> Result<Page<W, V>, TryReserveError> {
        let mut target = Filling::new(shape)?;
        self.transfer(hash, &mut target, |_| true, |value| hash.clone_value(value));
        Ok(target.finish())
    }

    /// Clones each entry into one of two new pages of the given shape, by the bit of its page hash
    /// at `depth`.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn clone_halves<H: Rules<V>>(
        self,
        shape: Shape,
        depth: u8,
        hash: &H,
    ) -> Result<[Page<W, V>; 2], TryReserveError> {
        let mut halves = [Filling::new(shape)?, Filling::new(shape)?];
        for (half, target) in [false, true].into_iter().zip(&mut halves) {
            let chosen = |at: PageHash| at.bit(u32::from(depth)) == half;
            self.transfer(hash, target, chosen, |value| hash.clone_value(value));
        }
        Ok(halves.map(Filling::finish))
    }

    /// The same page again, each entry in the same slot, held with `weight`. Not for the empty
    /// page.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn duplicate<H: Rules<V>>(
        self,
        weight: usize,
        hash: &H,
    ) -> Result<Page<W, V>, TryReserveError> {
        /// Destroys what was filled, if a clone panics.
        struct Partial<W: Word, V> {
            page: Page<W, V>,
            /// Groups whose keys are initialised.
            filled: usize,
        }
        impl<W: Word, V> Drop for Partial<W, V> {
            fn drop(&mut self) {
                for group in self.filled..self.page.groups() {
                    // SAFETY: the page is this guard's own and has the group.
                    unsafe { self.page.keys_ptr(group).write_bytes(0, Geometry::<W, V>::LANES) };
                }
                // SAFETY: the page is this guard's own; all keys are initialised now, and where one
                // is not free its value is there.
                unsafe { self.page.destroy() };
            }
        }

        let old = self.page();
        let header = self.header().expect("the empty page has no owner to copy it for");
        let room = header.len + header.room;
        let shape = Shape { tier: old.tier(), room, depth: header.depth, weight };
        let page = Page::allocate_unfilled(shape)?;
        let mut partial = Partial { page, filled: 0 };
        let lanes = Geometry::<W, V>::LANES;
        // SAFETY: `page` is new, of the same tier as `old`, and known to nobody else; `old` is
        // alive and not written (PageRef). Keys and overflow bytes are initialised (P2) and
        // copied whole; a key is written after its value.
        unsafe {
            for group in 0..old.groups() {
                page.keys_ptr(group).write_bytes(0, lanes);
                partial.filled = group + 1;
                for lane in super::lanes(self.occupied(group)) {
                    let slot = Slot { group, lane };
                    page.value_ptr(slot).write(hash.clone_value(self.value(slot)));
                    page.keys_ptr(group).add(lane as usize).write(self.word(slot));
                }
            }
            // The last group's overflow byte is the first.
            let last = old.groups() - 1;
            let overflow = old.overflow_ptr(last);
            page.overflow_ptr(last).copy_from_nonoverlapping(overflow, old.groups());
            let mut new = page.borrow_mut();
            let new = new.header_mut();
            new.len = header.len;
            new.room = header.room;
            new.stale = header.stale;
        }
        Ok(ManuallyDrop::new(partial).page)
    }
}
