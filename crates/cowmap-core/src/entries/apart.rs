//! The entries of one tree in pages that another has not.

use crate::page::Slots;
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::apart::Apart;
use crate::word::Word;

/// Entries of a tree that is borrowed for `'a`, without those in pages that another tree has too.
pub(crate) struct EntriesApart<'a, W: Word, V, P: Paging> {
    pages: Apart<'a, W, V, P>,
    /// The slots that are left of the current page. Invariant of the type: it is one of the tree's.
    slots: Slots<W, V>,
}

impl<W: Word, V, P: Paging> Clone for EntriesApart<'_, W, V, P> {
    fn clone(&self) -> Self {
        EntriesApart { pages: self.pages.clone(), slots: self.slots.clone() }
    }
}

// SAFETY: a shared borrow of trees, from which nothing can be written.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Send for EntriesApart<'_, W, V, P> {}
// SAFETY: as above.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Sync for EntriesApart<'_, W, V, P> {}

impl<'a, W: Word, V, P: Paging> EntriesApart<'a, W, V, P> {
    /// The entries of `tree`, without those in pages that `other` has too.
    pub(crate) fn of(tree: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>) -> Self {
        EntriesApart { pages: Apart::of(tree, other), slots: Slots::none() }
    }

    /// Whether there are more than so many: as many pages are looked at as that takes.
    pub(crate) fn are_more_than(&self, most: usize) -> bool {
        let (mut pages, mut left) = (self.pages.clone(), most);
        while let Some(page) = pages.next_page() {
            match left.checked_sub(page.len()) {
                Some(less) => left = less,
                None => return true,
            }
        }
        false
    }
}

impl<'a, W: Word, V, P: Paging> Iterator for EntriesApart<'a, W, V, P> {
    type Item = (W, &'a V);

    fn next(&mut self) -> Option<(W, &'a V)> {
        loop {
            // SAFETY: the page is one of the tree's, which is borrowed for `'a`, so it is alive and
            // nobody writes it.
            if let Some(entry) = unsafe { self.slots.next_entry() } {
                return Some(entry);
            }
            self.slots = Slots::of(self.pages.next_page()?.page());
        }
    }
}
