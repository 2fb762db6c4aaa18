//! Removing all entries, and what a tree keeps of its memory then.

use super::Tree;
use crate::count::HANDLE;
use crate::policy::{Limits, Paging, Size};
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Removes all entries.
    ///
    /// A root that nobody shares keeps what the floor covers: a table of that size, or a directory
    /// without pages. It also keeps an ordinary root page, and that of a flat map if a quarter of it
    /// was full. A shared root is left to the others, and what the floor covers comes with the next
    /// entry. If a value's drop panics, the tree is empty, and the other values are dropped.
    pub(crate) fn clear(&mut self) {
        if self.root.is_empty() {
            return;
        }
        if !self.has_directory() {
            let page = self.root_page();
            let (tier, entries) = (page.tier(), self.len());
            // SAFETY: the handle holds its root, which is not the empty page.
            let sole = unsafe { page.count() }.is_sole(HANDLE);
            if sole && Limits::<W, V, P>::is_kept(tier, entries, self.root_page_floor()) {
                self.len = P::Size::ZERO;
                let capacity = self.page_capacity(tier, 0);
                // SAFETY: the root page has one owner (S3), this handle, which is borrowed mutably.
                unsafe { page.borrow_mut() }.clear(capacity);
                return;
            }
        }
        let sole = !self.is_shared();
        drop(self.take());
        if sole {
            // Without memory it comes with the next entry.
            let _ = self.make_floor_true();
        }
    }
}
