//! The entries of a tree that is owned, by value: moved out of pages that the tree owns alone,
//! cloned out of shared ones.

use core::iter::FusedIterator;
use core::mem::replace;

use super::Entries;
use crate::page::{Page, Slot, SlotMut, Slots};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
use crate::word::Word;

/// Every entry of a tree, as word and value. What is not asked for is dropped with it.
pub(crate) struct IntoEntries<W: Word, V, P: Paging> {
    /// Keeps alive, and in the end drops, what the others lead to.
    tree: Tree<W, V, P>,
    pages: Cursor,
    /// The slots that are left of the current page, which is one of the tree's, or the empty page:
    /// invariant.
    slots: Slots<W, V>,
    /// Whether the current page and all above it have one owner (S3), this tree, so that the
    /// values are moved out of it: invariant. Nobody can share the page later, because that takes
    /// a clone of the tree.
    moves: bool,
    left: usize,
}

// SAFETY: it holds a tree as a handle does, and its pointers lead nowhere else.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Send for IntoEntries<W, V, P> {}
// SAFETY: as above.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Sync for IntoEntries<W, V, P> {}

/// A slot that an owning iterator has come to.
struct Taken<W, V> {
    page: Page<W, V>,
    slot: Slot,
    /// Whether the value is to be moved out of the page.
    moves: bool,
}

impl<W: Word, V, P: Paging> IntoEntries<W, V, P> {
    pub(crate) fn of(tree: Tree<W, V, P>) -> Self {
        IntoEntries {
            pages: Cursor::over(&tree),
            slots: Slots::none(),
            moves: false,
            left: tree.len(),
            tree,
        }
    }

    /// How many entries are left.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.left
    }

    /// The next slot that holds an entry.
    #[inline(always)]
    fn take_slot(&mut self) -> Option<Taken<W, V>> {
        loop {
            // SAFETY: the page is alive, being one of this iterator's tree; only slots that were
            // visited were written since the slots were made.
            if let Some(slot) = unsafe { self.slots.next() } {
                self.left -= 1;
                return Some(Taken { page: self.slots.page(), slot, moves: self.moves });
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    /// Drops the entries that are left, and returns the tree, which has none, with what it keeps of
    /// its memory.
    pub(crate) fn clear(&mut self) -> Tree<W, V, P> {
        let IntoEntries { mut tree, .. } = replace(self, Self::of(Tree::new()));
        tree.clear();
        tree
    }

    /// Calls `f` with each slot that is left and holds an entry, as [`take_slot`](Self::take_slot)
    /// gives them.
    #[inline(always)]
    fn fold_slots<B>(&mut self, mut acc: B, mut f: impl FnMut(B, Taken<W, V>) -> B) -> B {
        loop {
            let (page, moves) = (self.slots.page(), self.moves);
            let slots = replace(&mut self.slots, Slots::none());
            // SAFETY: as in `take_slot`; `f` gets each slot once, and frees no other one.
            acc = unsafe { slots.fold(acc, |acc, slot| f(acc, Taken { page, slot, moves })) };
            if !self.next_page() {
                return acc;
            }
        }
    }

    /// Goes on to the next page; `false` if there is none.
    #[inline]
    fn next_page(&mut self) -> bool {
        // SAFETY: the tree is this iterator's, and is alive; its segments are not written.
        let Some((page, sole)) = (unsafe { self.pages.next_with_owner() }) else { return false };
        self.slots = Slots::of(page);
        self.moves = sole;
        true
    }

    /// The word of the next entry, whose value is left to be dropped with the tree.
    #[inline]
    pub(crate) fn next_word(&mut self) -> Option<W> {
        let taken = self.take_slot()?;
        // SAFETY: a slot of this iterator's tree, alive and not written meanwhile.
        Some(unsafe { taken.word() })
    }

    /// Folds the words that are left, as [`next_word`](Self::next_word) gives them.
    #[inline]
    pub(crate) fn fold_words<B>(mut self, init: B, mut f: impl FnMut(B, W) -> B) -> B {
        // SAFETY: as in `next_word`.
        self.fold_slots(init, |acc, taken| f(acc, unsafe { taken.word() }))
    }

    /// Folds the entries that are left, as the iterator gives them.
    #[inline(always)]
    pub(crate) fn fold_entries<B>(&mut self, init: B, mut f: impl FnMut(B, (W, V)) -> B) -> B
    where
        V: Clone,
    {
        // SAFETY: the slot holds an entry of this iterator's tree, which is alive; with `moves`, its
        // page has one owner (invariant of the type).
        self.fold_slots(init, |acc, taken| f(acc, unsafe { taken.entry() }))
    }

    /// The entries that are left.
    pub(crate) fn rest(&self) -> Entries<'_, W, V> {
        let (pages, slots) = (self.pages, self.slots.clone());
        // SAFETY: the tree is this iterator's, which is borrowed, so nobody writes it; its segments
        // were never written, nor was the current page except to free slots that were visited.
        unsafe { Entries::rest(pages, slots, self.left) }
    }
}

impl<W: Word, V> Taken<W, V> {
    /// # Safety
    ///
    /// The page is alive, and not written meanwhile.
    #[inline(always)]
    unsafe fn word(&self) -> W {
        // SAFETY: the caller's promise.
        unsafe { self.page.borrow() }.word(self.slot)
    }

    /// The word and value.
    ///
    /// # Safety
    ///
    /// The page is one of a tree of which an owning iterator takes the values, and nobody else
    /// writes it; with `moves`, it is the iterator's alone (S3). The slot holds an entry.
    #[inline(always)]
    unsafe fn entry(self) -> (W, V)
    where
        V: Clone,
    {
        let Taken { page, slot, moves } = self;
        // SAFETY: the caller's promise.
        unsafe {
            let word = self.word();
            if moves {
                (word, SlotMut::new(page, slot).take())
            } else {
                (word, page.borrow().value(slot).clone())
            }
        }
    }
}

/// Every entry of a tree that shares nothing, moved out of it, so that values need not be cloned.
/// What is not asked for is dropped with the tree.
pub(crate) struct MovedEntries<W: Word, V, P: Paging> {
    /// All pages of its tree have one owner: invariant.
    entries: IntoEntries<W, V, P>,
}

// SAFETY: its tree shares nothing, which was seen with acquire (count.rs), and nobody can clone it: so
// it is the only way to its values, as a `Vec` is to its own.
unsafe impl<W: Word, V: Send, P: Paging> Send for MovedEntries<W, V, P> {}
// SAFETY: a shared reference to it gives out shared references to values.
unsafe impl<W: Word, V: Sync, P: Paging> Sync for MovedEntries<W, V, P> {}

impl<W: Word, V, P: Paging> MovedEntries<W, V, P> {
    /// All entries; the tree comes back if it shares something. O(pages).
    pub(crate) fn of(tree: Tree<W, V, P>) -> Result<Self, Tree<W, V, P>> {
        if tree.shares_nothing() {
            Ok(MovedEntries { entries: IntoEntries::of(tree) })
        } else {
            Err(tree)
        }
    }

    /// The entries that are left.
    pub(crate) fn rest(&self) -> Entries<'_, W, V> {
        self.entries.rest()
    }
}

impl<W: Word, V, P: Paging> Iterator for MovedEntries<W, V, P> {
    type Item = (W, V);

    #[inline]
    fn next(&mut self) -> Option<(W, V)> {
        let Taken { page, slot, .. } = self.entries.take_slot()?;
        // SAFETY: the slot holds an entry of a page that is this iterator's alone (S3), because its
        // tree shared nothing and nobody can clone it any more.
        let slot = unsafe { SlotMut::new(page, slot) };
        let word = slot.word();
        // SAFETY: the page is one of a tree of which this iterator takes the values.
        Some((word, unsafe { slot.take() }))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.entries.left, Some(self.entries.left))
    }
}

impl<W: Word, V, P: Paging> ExactSizeIterator for MovedEntries<W, V, P> {}
impl<W: Word, V, P: Paging> FusedIterator for MovedEntries<W, V, P> {}

impl<W: Word, V: Clone, P: Paging> Iterator for IntoEntries<W, V, P> {
    type Item = (W, V);

    #[inline(always)]
    fn next(&mut self) -> Option<(W, V)> {
        let taken = self.take_slot()?;
        // SAFETY: the slot holds an entry of this iterator's tree, which is alive; with `moves`,
        // its page has one owner (invariant of the type).
        Some(unsafe { taken.entry() })
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline(always)]
    fn fold<B, F: FnMut(B, (W, V)) -> B>(mut self, init: B, f: F) -> B {
        self.fold_entries(init, f)
    }
}

impl<W: Word, V: Clone, P: Paging> ExactSizeIterator for IntoEntries<W, V, P> {}
impl<W: Word, V: Clone, P: Paging> FusedIterator for IntoEntries<W, V, P> {}
