//! Walking over pages that may be un-shared, and emptied, on the way.
//!
//! A walk holds no pointer. It counts paths in the order of [`Pages`](super::pages::Pages) and
//! finds each page from the root, so un-sharing what it has not reached yet, or has passed, does
//! not disturb it. The shape of the directory must stay: what became sparse is settled at the end.

use super::Tree;
use super::merge::Fit;
use super::write::Parent;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::order::reversed;
use crate::paging::{Limits, Paging, Size};
use crate::rules::Rules;
use crate::word::Word;

/// How far a walk over the pages of a tree has come. The default is at its end.
#[derive(Clone, Copy, Default)]
pub(crate) struct Walk {
    next: u64,
    end: u64,
}

impl Walk {
    pub(crate) fn over<W: Word, V, P: Paging>(tree: &Tree<W, V, P>) -> Self {
        Walk { next: 0, end: 1 << tree.directory_bits() }
    }

    /// A hash that leads to the next page that has entries. The tree is the one of `over`, of the
    /// same shape.
    #[inline]
    pub(crate) fn next<W: Word, V, P: Paging>(&mut self, tree: &Tree<W, V, P>) -> Option<PageHash> {
        while self.next < self.end {
            let path = self.next;
            self.next += 1;
            if let Some(at) = tree.page_hash_of(path) {
                return Some(at);
            }
        }
        None
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The least hash that leads to the page at the end of a path, unless that has no entries or
    /// was met on an earlier path.
    fn page_hash_of(&self, mut path: u64) -> Option<PageHash> {
        let mut at = PageHash(0);
        for height in (1..=self.segment_levels()).rev() {
            let Parent { segment, depth, bits, .. } = self.parent_at(height, at);
            let segment = segment?;
            let index = reversed(path & ((1 << bits) - 1), u32::from(bits));
            path >>= bits;
            // SAFETY: a segment of this tree, alive and not written while the tree is borrowed; an
            // index of as many bits as it has is one of its links (D3), and so is the
            // one before if it is not 0.
            unsafe {
                let link = segment.link(index as usize);
                if link.is_empty() || (index > 0 && segment.link(index as usize - 1) == link) {
                    return None;
                }
            }
            // The first link of a child: the bits that the child tells apart itself are clear.
            at.0 |= index << (64 - u32::from(depth) - u32::from(bits));
        }
        (self.page(at).len() > 0).then_some(at)
    }

    /// Counts an entry that was removed from a page.
    #[inline]
    pub(crate) fn count_removed(&mut self) {
        self.len = Size::from_usize(self.len() - 1);
    }

    /// Shrinks and merges the pages that belong to this handle alone and may be too large, and what is
    /// above them. O(pages), a few times if there is much to merge.
    ///
    /// What cannot be allocated now is left as large as it is.
    pub(crate) fn settle_all<H: Rules<V>>(&mut self, hash: &H) {
        if self.len() == 0 {
            drop(self.take());
            return;
        }
        // A page that merged may be what another one, which was visited before, could not merge
        // with.
        let mut before = usize::MAX;
        loop {
            let bytes = self.memory_usage().total;
            if bytes >= before {
                return;
            }
            before = bytes;
            self.settle_each(hash);
        }
    }

    fn settle_each<H: Rules<V>>(&mut self, hash: &H) {
        let mut next = Some(PageHash(0));
        while let Some(at) = next {
            if let Some(page) = self.sole_page(at)
                // SAFETY: alive, being linked, and not written meanwhile.
                && let len = unsafe { page.borrow() }.len()
                // The other half may be the empty page, which is not visited.
                && self.is_sparse(page.tier(), len, Limits::<W, V, P>::MERGED_ENTRIES)
            {
                let _ = self.settle(at, Fit::Loose, hash);
            } else if let Some(parent) = self.sole_parent(at)
                && Self::starts_segment(parent, at)
            {
                while let Ok(true) = self.narrow(at) {}
            }
            next = self.next_page_hash(at);
        }
    }

    /// Copies whatever is shared, so that the handle has no tie to any other. O(n).
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries, and shares some of them.
    pub(crate) fn unshare_all<H: Rules<V>>(&mut self, hash: &H) -> Result<(), TryReserveError> {
        let mut next = Some(PageHash(0));
        while let Some(at) = next {
            let parent = self.unshare_segments(at)?;
            if !self.page_under(parent, at).is_empty_page() {
                self.unshare_page_under(parent, at, hash)?;
            }
            next = self.next_page_hash(at);
        }
        Ok(())
    }
}
