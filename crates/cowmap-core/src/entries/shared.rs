//! Every entry of a tree that is borrowed.

use core::iter::FusedIterator;
use core::marker::PhantomData;

use crate::page::{Page, Slots};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
use crate::word::Word;

/// How many pages a scan takes at once: it asks for those of the next row while it visits this
/// one's.
///
/// Measured with pages of 2 KiB in random order in memory, beyond the caches: a scan that asks for
/// the next page, into the first cache, takes 2.9 ns an entry; into the second cache 2.3; two,
/// three and four pages ahead (in a quieter hour, in which memory in order took 0.7) 1.3, 1.1 and
/// 1.0, and no less with eight. By rows, so that the addresses of several pages are translated at
/// the same time, a scan of 1.2 million entries takes 0.92 of what it takes with each page by
/// itself.
const ROW: usize = 4;

/// The next pages, all asked for at once, so that the processor translates their addresses at the
/// same time.
///
/// # Safety
///
/// The tree is alive, and its segments were not written since `pages` was made.
unsafe fn row_of<W: Word, V>(pages: &mut Cursor) -> [Page<W, V>; ROW] {
    // SAFETY: the caller's promise.
    let row = core::array::from_fn(|_| unsafe { pages.next() }.unwrap_or(Page::empty()));
    for page in row {
        // SAFETY: the caller's promise.
        unsafe { page.borrow() }.prefetch_start();
    }
    row
}

/// Every entry of a tree that is borrowed for `'a`, as word and value.
pub(crate) struct Entries<'a, W, V> {
    /// The pages after those of the rows. Invariant of the type: the tree is alive for `'a`, and
    /// nobody writes it.
    pages: Cursor,
    /// The slots that are left of the current page.
    slots: Slots<W, V>,
    /// The current page's row of pages, and the next row, each of which is asked for while its
    /// counterpart is visited; the empty page stands for none.
    rows: [[Page<W, V>; ROW]; 2],
    /// Where in its row the next page is.
    next: usize,
    left: usize,
    marker: PhantomData<&'a V>,
}

// SAFETY: a shared borrow of values, from which nothing can be written.
unsafe impl<W: Send, V: Sync> Send for Entries<'_, W, V> {}
// SAFETY: as above.
unsafe impl<W: Sync, V: Sync> Sync for Entries<'_, W, V> {}

impl<W, V> Clone for Entries<'_, W, V> {
    fn clone(&self) -> Self {
        Entries { slots: self.slots.clone(), ..*self }
    }
}

impl<'a, W: Word, V> Entries<'a, W, V> {
    pub(crate) fn of<P: Paging>(tree: &'a Tree<W, V, P>) -> Self {
        // SAFETY: the tree is borrowed for `'a`, so it is alive and nobody writes it.
        unsafe { Self::rest(Cursor::over(tree), Slots::none(), tree.len()) }
    }

    /// What `slots` have left, and then the entries of `pages`: together `left`.
    ///
    /// # Safety
    ///
    /// The tree of the pages, to one of which the slots belong, is alive, and nobody writes it
    /// during `'a`. Its segments were not written since `pages` was made, nor was the slots' page
    /// since they were, except to free slots that were visited.
    pub(super) unsafe fn rest(mut pages: Cursor, slots: Slots<W, V>, left: usize) -> Self {
        // SAFETY: the caller's promise.
        let rows = unsafe { [row_of(&mut pages), row_of(&mut pages)] };
        Entries { pages, slots, rows, next: 0, left, marker: PhantomData }
    }

    /// No entries.
    pub(crate) fn none() -> Self {
        let rows = [[Page::empty(); ROW]; 2];
        let (pages, slots) = (Cursor::none(), Slots::none());
        Entries { pages, slots, rows, next: 0, left: 0, marker: PhantomData }
    }

    /// Goes on to the next page; `false` if there is none.
    #[inline]
    fn next_page(&mut self) -> bool {
        if self.next == ROW {
            self.next = 0;
            self.rows[0] = self.rows[1];
            // SAFETY: the tree is alive and nobody writes it (invariant of the type).
            self.rows[1] = unsafe { row_of(&mut self.pages) };
        }
        let [page, ahead] = [self.rows[0][self.next], self.rows[1][self.next]];
        if page.is_empty_page() {
            return false;
        }
        self.next += 1;
        self.slots = Slots::before(page, ahead);
        true
    }
}

impl<'a, W: Word, V> Iterator for Entries<'a, W, V> {
    type Item = (W, &'a V);

    #[inline(always)]
    fn next(&mut self) -> Option<(W, &'a V)> {
        loop {
            // SAFETY: the tree is alive and nobody writes it during `'a` (invariant of the type).
            if let Some(entry) = unsafe { self.slots.next_entry() } {
                self.left -= 1;
                return Some(entry);
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
    fn fold<B, F: FnMut(B, (W, &'a V)) -> B>(mut self, mut acc: B, mut f: F) -> B {
        loop {
            // SAFETY: as in `next`.
            acc = unsafe { self.slots.fold_entries(acc, |acc, word, value| f(acc, (word, value))) };
            self.slots = Slots::none();
            if !self.next_page() {
                return acc;
            }
        }
    }
}

impl<W: Word, V> ExactSizeIterator for Entries<'_, W, V> {}
impl<W: Word, V> FusedIterator for Entries<'_, W, V> {}
