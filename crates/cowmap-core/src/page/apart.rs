//! Visiting the slots in which two pages do not agree.

use super::slots::nth_block;
use super::{Geometry, Page, PageRef, Slot, Slots};
use crate::prefetch::When;
use crate::word::Word;

/// The occupied slots of a page, or of two at once, compared with those of another: a copy has each
/// entry in its slot, so that most are found equal a block at a time.
pub(crate) struct SlotsApart<W, V> {
    /// The page, and the one that it is compared with.
    pages: [Page<W, V>; 2],
    /// The pages whose lines are asked for meanwhile.
    ahead: [Page<W, V>; 2],
    /// Whether the second page's slots are visited, too.
    both: bool,
    /// Blocks visited.
    visited: usize,
    /// The first group of the current block.
    group: usize,
    /// The slots of each page in it that are left, as [`Slots`] keeps them.
    masks: [u64; 2],
    /// The slots in it in which both have the same word.
    same: u64,
}

impl<W, V> Clone for SlotsApart<W, V> {
    fn clone(&self) -> Self {
        SlotsApart { ..*self }
    }
}

/// A slot of one of two pages.
pub(crate) struct SlotApart {
    /// Which page's: 0 or 1.
    pub(crate) side: usize,
    pub(crate) slot: Slot,
    /// Whether the other page has the same word in this slot.
    pub(crate) same: bool,
}

impl<W: Word, V> SlotsApart<W, V> {
    /// No slots.
    pub(crate) fn none() -> Self {
        SlotsApart { visited: usize::MAX, ..Self::of([Page::empty(); 2], false) }
    }

    /// The slots of the first page; of the second one, too, if `both` are asked for, which needs two of
    /// the same size.
    pub(crate) fn of(pages: [Page<W, V>; 2], both: bool) -> Self {
        Self::before(pages, both, [Page::empty(); 2])
    }

    /// As [`of`](Self::of); meanwhile the lines of the pages `ahead` are asked for.
    pub(crate) fn before(pages: [Page<W, V>; 2], both: bool, ahead: [Page<W, V>; 2]) -> Self {
        debug_assert!(!both || pages[0].groups() == pages[1].groups());
        SlotsApart { pages, ahead, both, visited: 0, group: 0, masks: [0; 2], same: 0 }
    }

    /// The pages.
    pub(crate) fn pages(&self) -> [Page<W, V>; 2] {
        self.pages
    }

    /// The pages whose slots are visited.
    pub(crate) fn visited_pages(&self) -> impl Iterator<Item = Page<W, V>> + use<W, V> {
        self.pages.into_iter().take(1 + usize::from(self.both))
    }

    /// The next slot, without those in which both pages have the same word, and values that are `equal`;
    /// nor those of the second page in which both have the same word. If `equal` panics, its block
    /// comes again.
    ///
    /// # Safety
    ///
    /// Both pages are alive, and were not written since [`of`](Self::of). Those `ahead` are alive.
    #[inline]
    pub(crate) unsafe fn next_unequal(
        &mut self,
        mut equal: impl FnMut(&V, &V) -> bool,
    ) -> Option<SlotApart> {
        loop {
            for side in [0, 1] {
                let mask = self.masks[side];
                if mask != 0 {
                    let bit = mask.trailing_zeros();
                    self.masks[side] &= mask - 1;
                    let slot = Slots::<W, V>::slot(self.group, bit);
                    return Some(SlotApart { side, slot, same: self.same >> bit & 1 == 1 });
                }
            }
            // SAFETY: the caller's promise.
            if !unsafe { self.next_block(&mut equal) } {
                return None;
            }
        }
    }

    /// Goes on to the next block; `false` if there is none.
    ///
    /// # Safety
    ///
    /// As for [`next_unequal`](Self::next_unequal).
    #[inline]
    unsafe fn next_block(&mut self, equal: &mut impl FnMut(&V, &V) -> bool) -> bool {
        // SAFETY: the caller's promise.
        let [page, other] = self.pages.map(|page| unsafe { page.borrow() });
        let blocks = page.groups().div_ceil(Slots::<W, V>::BLOCK);
        if self.visited >= blocks {
            return false;
        }
        let group = nth_block(self.visited, blocks) * Slots::<W, V>::BLOCK;
        for ahead in self.ahead {
            // SAFETY: the caller's promise.
            unsafe { ahead.borrow() }.prefetch_groups(group, Slots::<W, V>::BLOCK, When::Later);
        }
        let occupied = page.occupied_groups(group, Slots::<W, V>::BLOCK);
        let (same, all) = page.same_words(other, group);
        let same = occupied & same;
        let (mut left, mut unequal) = (same, 0);
        while left != 0 {
            let nth = left.trailing_zeros();
            left &= left - 1;
            // SAFETY: the caller's promise; both have an entry in a slot with the same word (P3).
            let is_equal = unsafe {
                let [one, other] =
                    self.pages.map(|page| page.slot_after(group, nth as usize).1.as_ref());
                equal(one, other)
            };
            unequal |= u64::from(!is_equal) << nth;
        }
        (self.group, self.same) = (group, same);
        self.masks = [occupied & !same | unequal, 0];
        if self.both && !all {
            self.masks[1] = other.occupied_groups(group, Slots::<W, V>::BLOCK) & !same;
        }
        self.visited += 1;
        true
    }
}

impl<W: Word, V> PageRef<'_, W, V> {
    /// The slots in the block from `first` on, as [`Slots`] keeps them, in which another page has the
    /// same word, be it the free one; and whether that is so in all of the block.
    ///
    /// Copies have the same words in most groups, which are compared as wholes.
    #[inline(always)]
    fn same_words(self, other: Self, first: usize) -> (u64, bool) {
        let end = (first + Slots::<W, V>::BLOCK).min(self.groups());
        let (mut mask, mut all) = (0, end <= other.groups());
        for group in first..end.min(other.groups()) {
            let lanes = if self.words(group) == other.words(group) {
                u64::from(Self::ALL_LANES)
            } else {
                all = false;
                self.same_lanes(other, group)
            };
            mask |= lanes << ((group - first) * Geometry::<W, V>::SPACING);
        }
        (mask, all)
    }

    /// The lanes of a group in which another page has the same word.
    #[cold]
    fn same_lanes(self, other: Self, group: usize) -> u64 {
        let words = self.words(group).iter().zip(other.words(group));
        words
            .enumerate()
            .fold(0, |mask, (lane, (one, other))| mask | u64::from(one == other) << lane)
    }
}
