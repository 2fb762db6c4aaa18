//! Visiting the occupied slots of a page.

use core::ptr::NonNull;

use super::{Geometry, Page, PageMut, PageRef, Slot, marks};
use crate::hash::Place;
use crate::order::reversed;
use crate::prefetch::{When, prefetch};
use crate::word::Word;

/// The slots of a page that hold entries, in blocks of groups; the blocks of a large page in
/// bit-reversed order, because its entries, inserted in the order of their hash, would pile up in a
/// page that grows. What is left to visit, without a borrow of the page, for iterators that write
/// it between two steps.
pub(crate) struct Slots<W, V> {
    page: Page<W, V>,
    /// The page whose lines are asked for meanwhile.
    ahead: Page<W, V>,
    /// Blocks of the page, and whole ones of the page ahead: once for each page, because a scan
    /// needs them for each block.
    blocks: usize,
    blocks_ahead: usize,
    /// Blocks visited.
    visited: usize,
    /// The number of the block that comes next, where the page is large.
    coming: usize,
    /// The first group of the current block, and where its keys are.
    group: usize,
    keys: *const W,
    /// Its occupied slots that are left: bit `SPACING * n + lane` for the group `n` after the first.
    mask: u64,
}

impl<W, V> Clone for Slots<W, V> {
    fn clone(&self) -> Self {
        Slots { ..*self }
    }
}

/// Pages of up to this many blocks are visited in order, so that the processor fetches ahead by
/// itself: a scan of a million entries takes a seventh less.
const BLOCKS_IN_ORDER: usize = 4;

/// Pages of more blocks than those, up to this many, are visited every second block first. That is
/// nearly as fast, and such pages, which sets have, may have twice as many slots as those of a map
/// into which their entries are inserted: in order, that takes 2.25 times the groups of random
/// order, so 1.94 times.
const BLOCKS_BY_TWO: usize = 8;

/// How many blocks ahead of the one it visits a large page's are asked for.
const BLOCKS_AHEAD: usize = 16;

/// The block that is visited as the `nth` of so many, which is a power of two.
#[inline(always)]
pub(super) fn nth_block(nth: usize, blocks: usize) -> usize {
    if blocks <= BLOCKS_IN_ORDER {
        nth
    } else if blocks <= BLOCKS_BY_TWO {
        let twice = 2 * nth;
        (twice & (blocks - 1)) + usize::from(twice >= blocks)
    } else {
        reversed(nth as u64, blocks.trailing_zeros()) as usize
    }
}

/// The bits in which the numbers of the blocks that are visited as the `nth` and as the one before
/// it differ, where as many blocks are visited in bit-reversed order as `last` says, the number of
/// the last one: counting up changes the lowest bits, so that these are the highest.
#[inline(always)]
fn reversed_step(nth: usize, last: usize) -> usize {
    debug_assert!(nth > 0 && nth <= last);
    last ^ last >> nth.trailing_zeros() >> 1
}

impl<W: Word, V> Page<W, V> {
    /// The group that is visited as the `nth` where all are visited one after the other, in the order
    /// of [`Slots`].
    #[cfg(any(test, feature = "rayon"))]
    pub(crate) fn nth_group(self, nth: usize) -> usize {
        let block = Slots::<W, V>::BLOCK;
        nth_block(nth / block, self.groups().div_ceil(block)) * block + nth % block
    }
}

impl<W: Word, V> Slots<W, V> {
    const SPACING: u32 = Geometry::<W, V>::SPACING as u32;

    /// Groups that are visited in a row, and whose slots are gathered in one mask, so that the end
    /// of a mask, which branches unpredictably, comes seldom.
    ///
    /// Counted: blocks of 32 slots cost up to twice the groups an insertion of one map's iteration
    /// into another that random order costs; larger blocks pile up more.
    pub(super) const BLOCK: usize = 32 / Geometry::<W, V>::LANES;

    /// No slots.
    pub(crate) fn none() -> Self {
        Slots { visited: usize::MAX, ..Self::of(Page::empty()) }
    }

    /// All occupied slots of a page.
    #[inline]
    pub(crate) fn of(page: Page<W, V>) -> Self {
        Self::before(page, Page::empty())
    }

    /// All occupied slots of a page, after which those of `ahead` will be asked for.
    #[inline]
    pub(crate) fn before(page: Page<W, V>, ahead: Page<W, V>) -> Self {
        let blocks = page.groups().div_ceil(Self::BLOCK);
        let blocks_ahead = ahead.groups() / Self::BLOCK;
        let keys = Self::keys(page, 0);
        Slots { page, ahead, blocks, blocks_ahead, visited: 0, coming: 0, group: 0, keys, mask: 0 }
    }

    /// The page.
    #[inline(always)]
    pub(crate) fn page(&self) -> Page<W, V> {
        self.page
    }

    /// Goes on in a copy of the page, which has each entry in the same slot.
    pub(crate) fn move_to(&mut self, copy: Page<W, V>) {
        debug_assert!(copy.groups() == self.page.groups());
        self.page = copy;
        self.keys = Self::keys(copy, self.group);
    }

    /// The next slot that holds an entry.
    ///
    /// # Safety
    ///
    /// The page is alive, and was not written since `of` except to free slots that were visited. The
    /// page that was given to `before` is alive, too.
    #[inline(always)]
    pub(crate) unsafe fn next(&mut self) -> Option<Slot> {
        // SAFETY: the caller's promise.
        unsafe { self.next_bit() }.map(|bit| Self::slot(self.group, bit))
    }

    /// The word and the value of the next slot that holds an entry.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next); the page is not written as long as the value is used.
    #[inline(always)]
    pub(crate) unsafe fn next_entry<'a>(&mut self) -> Option<(W, &'a V)> {
        // SAFETY: the caller's promise; the slot is one of the page's and holds an entry (P3, P7).
        // `keys` is the address of a group of the page, which is not null.
        unsafe {
            let bit = self.next_bit()?;
            let keys = NonNull::new_unchecked(self.keys.cast_mut());
            let (key, value) = self.page.slot_in(keys, bit as usize);
            Some((key.read(), value.as_ref()))
        }
    }

    /// The number of the next slot that holds an entry, counted from the first group of its block.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    #[inline(always)]
    unsafe fn next_bit(&mut self) -> Option<u32> {
        // SAFETY: the caller's promise.
        if self.mask == 0 && !unsafe { self.next_block() } {
            return None;
        }
        let bit = self.mask.trailing_zeros();
        self.mask &= self.mask - 1;
        Some(bit)
    }

    /// Calls `f` with each slot that is left.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next), while this runs.
    #[inline(always)]
    pub(crate) unsafe fn fold<B>(self, acc: B, mut f: impl FnMut(B, Slot) -> B) -> B {
        // SAFETY: the caller's promise.
        unsafe { self.fold_bits(acc, |acc, group, bit| f(acc, Self::slot(group, bit))) }
    }

    /// Calls `f` with the word and the value of each slot that is left.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next), while this runs; the page is not written as long as the values
    /// are used.
    #[inline(always)]
    pub(crate) unsafe fn fold_entries<'a, B>(self, acc: B, mut f: impl FnMut(B, W, &'a V) -> B) -> B
    where
        V: 'a,
    {
        let page = self.page;
        // SAFETY: the caller's promise; the slots are the page's and hold entries (P3, P7).
        unsafe {
            self.fold_bits(acc, |acc, group, bit| {
                let (key, value) = page.slot_after(group, bit as usize);
                f(acc, key.read(), value.as_ref())
            })
        }
    }

    /// Calls `f` with the first group of each block that is left and with the number of each slot
    /// that holds an entry, counted from that group on.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next), while this runs.
    #[inline(always)]
    unsafe fn fold_bits<B>(mut self, mut acc: B, mut f: impl FnMut(B, usize, u32) -> B) -> B {
        loop {
            let (group, mut mask) = (self.group, self.mask);
            while mask != 0 {
                acc = f(acc, group, mask.trailing_zeros());
                mask &= mask - 1;
            }
            // SAFETY: the caller's promise.
            if !unsafe { self.next_block() } {
                return acc;
            }
        }
    }

    /// Where the keys of a group are, in a page that need not be alive.
    #[inline(always)]
    fn keys(page: Page<W, V>, group: usize) -> *const W {
        page.base().as_ptr().wrapping_add(group * Geometry::<W, V>::STRIDE).cast()
    }

    #[inline(always)]
    pub(super) fn slot(first: usize, bit: u32) -> Slot {
        Slot { group: first + (bit / Self::SPACING) as usize, lane: bit % Self::SPACING }
    }

    /// Goes on to the next block that holds an entry; `false` if there is none.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    #[inline(always)]
    unsafe fn next_block(&mut self) -> bool {
        // SAFETY: the caller's promise.
        let page = unsafe { self.page.borrow() };
        let (blocks, large) = (self.blocks, self.blocks > BLOCKS_BY_TWO);
        while self.visited < blocks {
            let nth = self.visited;
            self.visited += 1;
            if large {
                let number = self.coming;
                debug_assert_eq!(number, nth_block(nth, blocks));
                self.group = number * Self::BLOCK;
                if self.visited < blocks {
                    self.coming ^= reversed_step(self.visited, blocks - 1);
                }
                if nth + BLOCKS_AHEAD < blocks {
                    // The numbers of both are the same in the bits that count up to BLOCKS_AHEAD.
                    let step = reversed_step(nth / BLOCKS_AHEAD + 1, (blocks - 1) / BLOCKS_AHEAD);
                    debug_assert_eq!(number ^ step, nth_block(nth + BLOCKS_AHEAD, blocks));
                    let first = (number ^ step) * Self::BLOCK;
                    page.prefetch_marks(first, When::Soon);
                    page.prefetch_groups(first, Self::BLOCK, When::Later);
                }
            } else {
                let number = nth_block(nth, blocks);
                self.group = number * Self::BLOCK;
                if number < self.blocks_ahead {
                    // SAFETY: the caller's promise.
                    let ahead = unsafe { self.ahead.borrow() };
                    ahead.prefetch_groups(self.group, Self::BLOCK, When::Later);
                }
            }
            self.keys = Self::keys(self.page, self.group);
            self.mask = page.occupied_groups(self.group, Self::BLOCK);
            if self.mask != 0 {
                return true;
            }
        }
        false
    }
}

impl<'a, W: Word, V> PageRef<'a, W, V> {
    /// The slots that hold entries.
    pub(crate) fn slots(self) -> impl Iterator<Item = Slot> + use<'a, W, V> {
        let mut slots = Slots::of(self.page());
        // SAFETY: the page is alive and not written as long as `self` could be used.
        core::iter::from_fn(move || unsafe { slots.next() })
    }

    /// The occupied slots of up to `count` groups, a block, from `first` on, as [`Slots`] keeps
    /// them.
    #[inline(always)]
    pub(super) fn occupied_groups(self, first: usize, count: usize) -> u64 {
        let spacing = Geometry::<W, V>::SPACING;
        if Geometry::<W, V>::MARKED {
            debug_assert!(count == marks::GROUPS);
            let mask = self.marked_groups(first);
            return if spacing == 8 { mask } else { marks::squeezed(mask) };
        }
        let gather = |count: usize| {
            (0..count).fold(0, |mask, group| {
                mask | u64::from(self.occupied(first + group)) << (group * spacing)
            })
        };
        // With the number known, the compiler does without a branch a group.
        let left = self.groups() - first;
        if left >= count { gather(count) } else { gather(left) }
    }

    /// Calls `f` with each word and its value, in the order in which they are in memory. No iterator
    /// yields that order, because it piles entries up in a page that grows.
    #[inline(always)]
    pub(super) fn fold_in_memory_order<B>(self, acc: B, mut f: impl FnMut(B, W, &'a V) -> B) -> B {
        let block = Slots::<W, V>::BLOCK;
        (0..self.groups()).step_by(block).fold(acc, |mut acc, first| {
            let mut mask = self.occupied_groups(first, block);
            while mask != 0 {
                // SAFETY: the page is alive and not written for `'a`; the slot holds an entry (P3), so
                // the page is not EMPTY.
                let (word, value) = unsafe {
                    let (key, value) =
                        self.page().slot_after(first, mask.trailing_zeros() as usize);
                    (key.read(), value.as_ref())
                };
                acc = f(acc, word, value);
                mask &= mask - 1;
            }
            acc
        })
    }

    /// Asks for the group where the search for a word starts, ahead of time.
    #[inline(always)]
    pub(crate) fn prefetch_home(self, place: Place) {
        self.prefetch_groups(self.page().home(place), 1, When::Soon);
    }

    /// Asks for the first group, ahead of time, which also has the page's address translated.
    #[inline(always)]
    pub(crate) fn prefetch_start(self) {
        self.prefetch_marks(0, When::Later);
        self.prefetch_groups(0, 1, When::Later);
    }

    /// Asks for a whole page, or for as much of a large one as an ordinary page of words and values of 8
    /// bytes has, ahead of time.
    pub(crate) fn prefetch_all(self) {
        self.prefetch_marks(0, When::Soon);
        self.prefetch_groups(0, 32, When::Soon);
    }

    #[inline(always)]
    pub(super) fn prefetch_groups(self, first: usize, count: usize, when: When) {
        let ask = |count: usize| {
            for nth in 0..count {
                // SAFETY: the group exists, so its address is within the page.
                let group = unsafe { self.page().keys_ptr(first + nth) };
                prefetch(group.as_ptr().cast(), when);
            }
        };
        // With the number known, the compiler does without a loop.
        let left = self.groups().saturating_sub(first);
        if left >= count { ask(count) } else { ask(left) }
    }
}

impl<W: Word, V> PageMut<'_, W, V> {
    /// Calls `f` with each slot that holds an entry whose group and word are `chosen`, and with the
    /// word. `f` may move or take entries, but only that one of those that are chosen.
    ///
    /// Which are chosen is found out for many slots at once, the free ones too, and without a branch
    /// for each: no processor predicts which half of a page's entries is to go.
    #[inline(always)]
    pub(super) fn for_each_chosen(
        &mut self,
        chosen: impl Fn(usize, W) -> bool,
        mut f: impl FnMut(&mut Self, Slot, W),
    ) {
        let lanes = Geometry::<W, V>::LANES as u32;
        let block = Slots::<W, V>::BLOCK;
        for first in (0..self.groups()).step_by(block) {
            let mut mask = 0;
            for group in first..(first + block).min(self.groups()) {
                for lane in 0..lanes {
                    let slot = Slot { group, lane };
                    let bit = (group - first) as u32 * Slots::<W, V>::SPACING + lane;
                    mask |= u64::from(chosen(group, self.word(slot))) << bit;
                }
            }
            mask &= self.occupied_groups(first, block);
            while mask != 0 {
                let slot = Slots::<W, V>::slot(first, mask.trailing_zeros());
                mask &= mask - 1;
                let word = self.word(slot);
                f(self, slot, word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_with_reversed_bits_by_steps_visits_what_nth_block_says() {
        for blocks in (4..12).map(|bits| 1_usize << bits) {
            let mut number = 0;
            for nth in 0..blocks {
                assert_eq!(number, nth_block(nth, blocks), "block {nth} of {blocks}");
                if nth + BLOCKS_AHEAD < blocks {
                    let (turn, last) = (nth / BLOCKS_AHEAD + 1, (blocks - 1) / BLOCKS_AHEAD);
                    let ahead = number ^ reversed_step(turn, last);
                    assert_eq!(ahead, nth_block(nth + BLOCKS_AHEAD, blocks), "ahead of {nth}");
                }
                if nth + 1 < blocks {
                    number ^= reversed_step(nth + 1, blocks - 1);
                }
            }
        }
    }
}
