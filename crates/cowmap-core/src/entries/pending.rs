//! A lookup that was begun: its memory was asked for, and it is finished later.

use crate::hash::{Place, WordHash};
use crate::page::{Page, PageRef};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::word::Word;

/// A lookup in a tree that is borrowed for `'a`, whose group was asked for.
pub(crate) struct Pending<'a, W, V> {
    page: PageRef<'a, W, V>,
    place: Place,
    word: W,
}

impl<W: Copy, V> Clone for Pending<'_, W, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W: Copy, V> Copy for Pending<'_, W, V> {}

impl<'a, W: Word, V> Pending<'a, W, V> {
    /// A lookup that finds nothing.
    pub(crate) fn none() -> Self {
        // SAFETY: the empty page is alive for ever, and never written.
        let page = unsafe { Page::empty().borrow() };
        Pending { page, place: Place::default(), word: W::FREE }
    }

    /// Finds the page of `word` and asks for its group.
    #[inline(always)]
    pub(crate) fn start<P: Paging>(
        tree: &'a Tree<W, V, P>,
        rules: &impl WordHash,
        word: W,
    ) -> Self {
        let hash = rules.page(word.widen());
        let (page, place) = (tree.page(hash), rules.place_at(word.widen(), hash));
        page.prefetch_home(place);
        Pending { page, place, word }
    }

    /// The value; the free word has none.
    #[inline(always)]
    pub(crate) fn finish(self) -> Option<&'a V> {
        if self.word == W::FREE { None } else { self.page.get(self.place, self.word) }
    }
}
