//! Removing all entries, and what a tree keeps of its memory then.

use super::Tree;
use super::cursor::Cursor;
use crate::count::HANDLE;
use crate::policy::{Limits, Paging, Size};
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Removes all entries.
    ///
    /// A root that nobody shares keeps what the floor covers: a table of that size, or a directory,
    /// with its pages if nothing is shared and there are no more than the floor's entries need. It
    /// also keeps an ordinary root page, and that of a flat map if a quarter of it was full. A shared
    /// root is left to the others, and what the floor covers comes with the next entry. If a value's
    /// drop panics, the tree is empty, and the other values are dropped all the same.
    pub(crate) fn clear(&mut self) {
        if self.root.is_empty() {
            return;
        }
        if self.keeps_pages() {
            self.len = P::Size::ZERO;
            let mut rest = Rest { pages: Cursor::over(self), tree: self };
            rest.clear_pages();
            return;
        }
        let sole = !self.is_shared();
        drop(self.take());
        if sole {
            // Without memory it comes with the next entry.
            let _ = self.make_floor_true();
        }
    }

    /// Whether all pages are this handle's alone, and kept when all entries are removed.
    fn keeps_pages(&self) -> bool {
        let floor = self.floor.entries();
        if !self.has_directory() {
            let page = self.root_page();
            // SAFETY: the handle holds its root, which is not the empty page.
            return unsafe { page.count() }.is_sole(HANDLE)
                && Limits::<W, V, P>::is_kept(page.tier(), self.len(), self.root_page_floor());
        }
        if self.len() > floor || self.directory_bits() > u32::from(self.floor_depth()) + 2 {
            return false;
        }
        let mut pages = Cursor::over(self);
        // So many are half full with the floor's entries. Other keys that come later need others.
        let mut left = floor / (Limits::<W, V, P>::PAGE_ENTRIES / 2).max(1);
        // SAFETY: the tree is borrowed, so it is alive and not written.
        while let Some((page, sole)) = unsafe { pages.next_with_owner::<W, V>() } {
            if !sole || left == 0 || page.tier() > Limits::<W, V, P>::TIER {
                return false;
            }
            left -= 1;
        }
        true
    }
}

/// What is left to be cleared of a tree all of whose pages are its handle's alone; goes on where a
/// panic stopped.
struct Rest<'t, W: Word, V, P: Paging> {
    tree: &'t mut Tree<W, V, P>,
    pages: Cursor,
}

impl<W: Word, V, P: Paging> Rest<'_, W, V, P> {
    fn clear_pages(&mut self) {
        // SAFETY: the tree is borrowed mutably, so it is alive, and its segments are not written.
        while let Some(page) = unsafe { self.pages.next::<W, V>() } {
            let capacity = self.tree.page_capacity(page.tier(), 0);
            // SAFETY: one owner all the way (S3), the handle, as `keeps_pages` saw, which is borrowed
            // mutably; it is not the empty page, which is not visited under a directory, and was
            // not the root.
            unsafe { page.borrow_mut() }.clear(capacity);
        }
    }
}

impl<W: Word, V, P: Paging> Drop for Rest<'_, W, V, P> {
    fn drop(&mut self) {
        self.clear_pages();
    }
}
