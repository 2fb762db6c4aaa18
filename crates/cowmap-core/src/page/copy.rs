//! Filling one page from another: a larger or smaller one, or two halves.
//!
//! New pages are allocated before anything is moved or cloned, and a [`NewPage`] destroys itself if
//! a clone panics, so that the old page stays as it was.

use core::ptr;

use super::filling::Filling;
use super::{NewPage, Page, PageRef, Shape, Slots};
use crate::error::TryReserveError;
use crate::hash::{PageHash, WordHash};
use crate::rules::Rules;
use crate::word::Word;

/// A page, and the weight with which it is held.
pub(crate) type Held<W, V> = (Page<W, V>, usize);

/// One page made of two, and what is left of those to be released.
type Merged<W, V> = (NewPage<W, V>, [Held<W, V>; 2]);

impl<W: Word, V> PageRef<'_, W, V> {
    /// How many entries of the page have a page hash with the bit at `depth` clear, and how many have
    /// it set: until there is one of each, which of pages that can be split a few entries show, or if
    /// `all` are to be counted, in the end.
    pub(crate) fn halves<R: WordHash>(self, depth: u8, rules: &R, all: bool) -> [usize; 2] {
        let mut halves = [0; 2];
        for slot in self.slots() {
            let page = rules.page(self.word(slot).widen());
            halves[usize::from(page.bit(u32::from(depth)))] += 1;
            if !all && halves[0] > 0 && halves[1] > 0 {
                break;
            }
        }
        halves
    }

    /// Puts each entry whose page hash is `chosen`, its value from `take`, into a page that is
    /// being filled.
    fn transfer<R: WordHash>(
        self,
        rules: &R,
        target: &mut Filling<W, V>,
        chosen: impl Fn(PageHash) -> bool,
        mut take: impl FnMut(&V) -> V,
    ) {
        let grows = self.page().tier() < target.tier();
        let mut transfer = |placed, word: W, value: &V| {
            let hash = rules.page(word.widen());
            if !chosen(hash) {
                return placed;
            }
            let place = rules.place_at(word.widen(), hash);
            target.place(place, word, take(value));
            placed + 1
        };
        // In a larger page, entries that are near each other here are near each other, too, and have
        // so much room that none of them piles up.
        let placed = if grows {
            self.fold_in_memory_order(0, &mut transfer)
        } else {
            // SAFETY: the page is alive and not written as long as `self` is used.
            unsafe { Slots::of(self.page()).fold_entries(0, transfer) }
        };
        target.count(placed);
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
    /// The page is alive, or [`EMPTY`](super::EMPTY); it has one owner (S3), the caller, who does
    /// not use it after an `Ok`. The shape holds the entries.
    pub(crate) unsafe fn move_into<R: WordHash>(
        self,
        shape: Shape,
        rules: &R,
    ) -> Result<NewPage<W, V>, TryReserveError> {
        let mut target = Filling::allocate(shape)?;
        if !self.is_empty_page() {
            // SAFETY: alive and the caller's; each slot is read once, and the page is then freed
            // without dropping values.
            unsafe {
                self.borrow().transfer(rules, &mut target, |_| true, |value| ptr::read(value));
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
    /// The page is alive, not [`EMPTY`](super::EMPTY), and has one owner (S3), the caller. The
    /// shape holds the entries that are moved.
    pub(crate) unsafe fn split_off<R: WordHash>(
        self,
        shape: Shape,
        depth: u8,
        rules: &R,
    ) -> Result<NewPage<W, V>, TryReserveError> {
        let mut target = Filling::allocate(shape)?;
        // SAFETY: alive and the caller's.
        let mut page = unsafe { self.borrow_mut() };
        let mut moved = 0;
        page.for_each_chosen(
            |_, word| rules.page(word.widen()).bit(u32::from(depth)),
            |page, slot, word| {
                // SAFETY: the slot holds an entry.
                let value = unsafe { page.take(slot) };
                target.place(rules.place(word.widen()), word, value);
                moved += 1;
            },
        );
        target.count(moved);
        page.count_taken(moved);
        page.set_depth(depth + 1);
        page.rebuild(rules);
        Ok(target.finish())
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
    /// Both are alive, not [`EMPTY`](super::EMPTY), and held by the caller with the weight beside
    /// them, below what has one owner (S3). After an `Ok` the caller does not use what was moved.
    /// The shape holds all entries.
    pub(crate) unsafe fn merge<R: Rules<V>>(
        pages: [Held<W, V>; 2],
        shape: Shape,
        rules: &R,
    ) -> Result<Merged<W, V>, TryReserveError> {
        let mut target = Filling::allocate(shape)?;
        // SAFETY: alive and held by the caller; with one holder, the caller's alone.
        unsafe {
            let sole = pages.map(|(page, weight)| page.count().is_sole(weight));
            // What runs user code, and may panic, comes before anything is moved.
            for ((page, _), _) in pages.into_iter().zip(sole).filter(|&(_, sole)| !sole) {
                page.borrow().transfer(
                    rules,
                    &mut target,
                    |_| true,
                    |value| rules.clone_value(value),
                );
            }
            let mut left = pages;
            for ((page, _), _) in left.iter_mut().zip(sole).filter(|&(_, sole)| sole) {
                let moved = core::mem::replace(page, Page::empty());
                moved.borrow().transfer(rules, &mut target, |_| true, |value| ptr::read(value));
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
    pub(crate) fn clone_into<R: Rules<V>>(
        self,
        shape: Shape,
        rules: &R,
    ) -> Result<NewPage<W, V>, TryReserveError> {
        let mut target = Filling::allocate(shape)?;
        self.transfer(rules, &mut target, |_| true, |value| rules.clone_value(value));
        Ok(target.finish())
    }

    /// Clones each entry into one of two new pages of the given shapes, by the bit of its page hash
    /// at `depth`.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn clone_halves<R: Rules<V>>(
        self,
        shapes: [Shape; 2],
        depth: u8,
        rules: &R,
    ) -> Result<[NewPage<W, V>; 2], TryReserveError> {
        let mut halves = [Filling::allocate(shapes[0])?, Filling::allocate(shapes[1])?];
        for (half, target) in [false, true].into_iter().zip(&mut halves) {
            let chosen = |hash: PageHash| hash.bit(u32::from(depth)) == half;
            self.transfer(rules, target, chosen, |value| rules.clone_value(value));
        }
        Ok(halves.map(Filling::finish))
    }
}
