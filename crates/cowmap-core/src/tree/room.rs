//! Room for one more entry: its page is made the handle's own, and where it is full, grows or
//! splits.

use super::Tree;
use super::owned_path::OwnedPath;
use super::split::Split;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::PageMut;
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The page of `hash` for writing, with room for another entry.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    #[inline]
    pub(super) fn page_with_room<R: Rules<V>>(
        &mut self,
        rules: &R,
        hash: PageHash,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        let mut path = OwnedPath::unshare(self, hash)?;
        loop {
            let view = path.look().page();
            if view.page().is_empty_page() {
                path.materialise_for_floor()?;
            } else if !view.is_full() {
                return path.into_page(rules);
            } else if !path.is_as_large_as_pages_get() || path.split_page(rules)? == Split::Refused
            {
                path.grow(rules)?;
            }
        }
    }
}

impl<W: Word, V, P: Paging> OwnedPath<'_, W, V, P> {
    /// Whether the page, which is full, is not to grow if it can be split.
    fn is_as_large_as_pages_get(&self) -> bool {
        let (view, ordinary) = (self.look().page(), Limits::<W, V, P>::TIER);
        let tier = view.page().tier();
        P::PAGED
            && (tier > ordinary
                || tier == ordinary && view.len() >= self.tree().page_capacity(tier, 0))
    }

    /// Makes room in the page, which is full, without splitting it: it may take as many entries as
    /// its tier has room for, where it was to be less full under one level, one more if it is a table
    /// that its tier has room for, or is replaced by a page of the next tier.
    #[cold]
    #[inline(never)]
    fn grow<R: Rules<V>>(&mut self, rules: &R) -> Result<(), TryReserveError> {
        let view = self.look().page();
        let (tier, most) =
            (view.page().tier(), Limits::<W, V, P>::SIZING.max_entries(view.page().tier()));
        if view.len() < most {
            let room = if Limits::<W, V, P>::is_table(tier) { view.len() + 1 } else { most };
            self.own_page(rules)?.set_capacity(room);
            return Ok(());
        }
        self.resize(tier.next().ok_or(TryReserveError::CAPACITY)?, rules)
    }
}
