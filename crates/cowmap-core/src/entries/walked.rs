//! Entries read page by page along a walk: what another walk has left. Slower than
//! [`Entries`](super::Entries), which counts what is left and asks for pages ahead.

use crate::page::Slots;
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
use crate::word::Word;

/// Entries of a tree that is borrowed for `'a`.
pub(crate) struct Walked<'a, W: Word, V, P: Paging> {
    tree: &'a Tree<W, V, P>,
    walk: Cursor,
    /// The slots that are left of the current page. Invariant of the type: it is one of the
    /// tree's, and nobody writes the values in these slots during `'a`.
    slots: Slots<W, V>,
}

impl<'a, W: Word, V, P: Paging> Walked<'a, W, V, P> {
    /// What `slots` have left, and then what is left of `walk`.
    ///
    /// # Safety
    ///
    /// The slots belong to a page of the tree. Since they were made, nobody wrote anything in it but
    /// slots that were visited. During `'a`, nobody writes the slots that `slots` and `walk` have
    /// left.
    pub(super) unsafe fn rest(tree: &'a Tree<W, V, P>, walk: Cursor, slots: Slots<W, V>) -> Self {
        Walked { tree, walk, slots }
    }

    /// Goes on to the next page; `false` if there is none.
    fn next_page(&mut self) -> bool {
        let Some(hash) = self.walk.next_in(self.tree) else { return false };
        self.slots = Slots::of(self.tree.page(hash).page());
        true
    }
}

impl<'a, W: Word, V, P: Paging> Iterator for Walked<'a, W, V, P> {
    type Item = (W, &'a V);

    fn next(&mut self) -> Option<(W, &'a V)> {
        loop {
            // SAFETY: the page is one of the tree's, which is borrowed for `'a`, so it is alive;
            // nobody writes the values that are left (invariant of the type).
            if let Some(entry) = unsafe { self.slots.next_entry() } {
                return Some(entry);
            }
            if !self.next_page() {
                return None;
            }
        }
    }
}
