//! Visiting the pages of a tree a few at a time, while anything may be done to it between.
//!
//! What is left is everything from one page hash on. That says the same whatever became of the
//! directory meanwhile: the page on the path of that hash comes next, however much it covers now.

use super::Tree;
use super::cursor::next_page_hash;
use super::merge::Fit;
use super::owned_path::OwnedPath;
use super::path::Path;
use crate::hash::PageHash;
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Whether a hash is the least one of its page, so that no entry of the page is before it.
    pub(crate) fn begins_page(&self, hash: PageHash) -> bool {
        hash.begins(self.page(hash).depth())
    }

    /// The least hash behind the page of `hash`, or behind this link to the empty page; `None` behind
    /// the last.
    pub(crate) fn hash_after_page(&self, hash: PageHash) -> Option<PageHash> {
        next_page_hash(self, hash)
    }

    /// Merges or shrinks the page of `hash`, and what is above it, as removals do: so many of its
    /// entries were removed in place.
    ///
    /// What cannot be allocated now is left as large as it is.
    pub(crate) fn settle_page<R: Rules<V>>(&mut self, rules: &R, hash: PageHash, removed: usize) {
        if self.len() == 0 {
            return self.settle_all(rules);
        }
        let mut hash = hash;
        loop {
            self.settle_if_own(rules, hash);
            let path = Path::of(self, hash);
            if !self.has_directory() || !path.page().page().is_empty_page() {
                break;
            }
            // What is beside a part that has come to be empty may have been settled before that.
            let depth = OwnedPath::depth_to_materialise(&path);
            if depth == 0 || self.page(hash.other_half(depth)).page().is_empty_page() {
                break;
            }
            hash = hash.other_half(depth);
        }
        for _ in 0..removed {
            if !self.has_too_many_links() {
                break;
            }
            self.merge_deepest_pages(rules);
        }
    }

    /// Merges or shrinks the page of `hash` if it is sparse and this handle's own, and what is above it.
    fn settle_if_own<R: Rules<V>>(&mut self, rules: &R, hash: PageHash) {
        let page = self.page(hash);
        let merging = self.has_directory().then_some(Limits::<W, V, P>::MERGED_ENTRIES);
        if Limits::<W, V, P>::is_sparse(page.page().tier(), page.len(), merging)
            && let Some(mut path) = OwnedPath::if_sole(self, hash)
            && (path.page().is_empty_page() || path.page_is_sole())
        {
            let _ = path.settle(Fit::Loose, rules);
        }
    }
}
