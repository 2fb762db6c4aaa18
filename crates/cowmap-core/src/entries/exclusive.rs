//! The values of all entries, lent to be changed.

use core::iter::FusedIterator;
use core::mem::replace;

use super::Walked;
use crate::error::OrRaise;
use crate::page::{Page, Slot, SlotMut, Slots};
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
use crate::word::Word;

/// Every entry of a tree that is borrowed mutably for `'a`, as word and value. Each page is made
/// the tree's own when it is reached.
pub(crate) struct EntriesMut<'a, W: Word, V, P: Paging, R> {
    /// None for an iterator over nothing.
    tree: Option<(&'a mut Tree<W, V, P>, R)>,
    walk: Cursor,
    /// The slots that are left of the current page. Invariant of the type: the page is the tree's
    /// and has one owner all the way (S3), or is the empty page.
    slots: Slots<W, V>,
    left: usize,
}

// SAFETY: a mutable borrow of a tree, whose `Send` it requires, and its pointers lead nowhere else.
unsafe impl<'a, W: Word, V, P: Paging, R> Send for EntriesMut<'a, W, V, P, R> where
    (&'a mut Tree<W, V, P>, R): Send
{
}
// SAFETY: a shared reference to it gives out nothing but shared access.
unsafe impl<'a, W: Word, V, P: Paging, R> Sync for EntriesMut<'a, W, V, P, R> where
    (&'a mut Tree<W, V, P>, R): Sync
{
}

impl<'a, W: Word, V, P: Paging, R> EntriesMut<'a, W, V, P, R> {
    pub(crate) fn of(tree: &'a mut Tree<W, V, P>, rules: R) -> Self {
        EntriesMut {
            walk: Cursor::over(tree),
            slots: Slots::none(),
            left: tree.len(),
            tree: Some((tree, rules)),
        }
    }

    /// No entries.
    pub(crate) fn none() -> Self {
        EntriesMut { tree: None, walk: Cursor::none(), slots: Slots::none(), left: 0 }
    }

    /// The entries that are left.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (W, &V)> {
        let rest = self.tree.iter().map(|(tree, _)| {
            // SAFETY: the slots belong to a page of the tree. Those that are left were not lent to
            // anybody, and are not while `self` is borrowed.
            unsafe { Walked::rest(tree, self.walk, self.slots.clone()) }
        });
        rest.flatten()
    }

    /// The entry in a slot.
    ///
    /// # Safety
    ///
    /// The slot was given by the slots of `page` when that was the current page, and comes here
    /// once.
    #[inline(always)]
    unsafe fn lend(page: Page<W, V>, slot: Slot) -> (W, &'a mut V) {
        // SAFETY: the tree is borrowed mutably for `'a` and owns the page alone (invariant of the
        // type); keys are written by nobody. The slot holds an entry, whose value is lent once.
        let slot = unsafe { SlotMut::new(page, slot) };
        (slot.word(), slot.value())
    }
}

impl<W: Word, V, P: Paging, R: Rules<V>> EntriesMut<'_, W, V, P, R> {
    /// Goes on to the next page and makes it the tree's own; `false` if there is none.
    ///
    /// If a clone panics, the page is still to come.
    fn next_page(&mut self) -> bool {
        let Some((tree, rules)) = &mut self.tree else { return false };
        let mut walk = self.walk;
        let Some(hash) = walk.next_in(tree) else { return false };
        self.slots = Slots::of(tree.unshared_page(rules, hash).or_raise().page());
        self.walk = walk;
        true
    }
}

impl<'a, W: Word, V, P: Paging, R: Rules<V>> Iterator for EntriesMut<'a, W, V, P, R> {
    type Item = (W, &'a mut V);

    #[inline(always)]
    fn next(&mut self) -> Option<(W, &'a mut V)> {
        loop {
            // SAFETY: the page is alive (invariant of the type), and since the slots were made only
            // values were written.
            if let Some(slot) = unsafe { self.slots.next() } {
                self.left -= 1;
                // SAFETY: the slots give each slot once.
                return Some(unsafe { Self::lend(self.slots.page(), slot) });
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline(always)]
    fn fold<B, F: FnMut(B, (W, &'a mut V)) -> B>(mut self, mut acc: B, mut f: F) -> B {
        loop {
            let page = self.slots.page();
            let slots = replace(&mut self.slots, Slots::none());
            // SAFETY: as in `next`.
            acc = unsafe { slots.fold(acc, |acc, slot| f(acc, Self::lend(page, slot))) };
            if !self.next_page() {
                return acc;
            }
        }
    }
}

impl<W: Word, V, P: Paging, R: Rules<V>> ExactSizeIterator for EntriesMut<'_, W, V, P, R> {}
impl<W: Word, V, P: Paging, R: Rules<V>> FusedIterator for EntriesMut<'_, W, V, P, R> {}
