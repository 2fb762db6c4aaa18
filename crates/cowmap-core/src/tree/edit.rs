//! What the map asks of its tree: to set, change and remove one entry.
//!
//! Each of these first looks whether the entry's page is known to be the handle's own: by the root
//! and the page alone. What has to copy, or to make room, is out of line.

use core::mem::replace;

use super::Tree;
use super::merge::Fit;
use super::owned_path::OwnedPath;
use super::segment::Segment;
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::{PageHash, Place, WordHash};
use crate::page::{Page, Slot};
use crate::policy::{Limits, Paging, Size};
use crate::prefetch::{When, prefetch};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The page on the path of `hash`, if it is known to be this handle's own: a root page that has
    /// one owner, or one with the stamp of a root that has (S4). Never the empty page.
    #[inline(always)]
    fn own_page_at_once(&mut self, hash: PageHash) -> Option<Page<W, V>> {
        // SAFETY: the root is alive, as is the page, and what is shared is never written (S3), so that
        // the page's stamp can be read; the empty page has the stamp of no root.
        unsafe {
            if self.has_directory() {
                let root = self.root.segment().header();
                if !root.count.is_sole(HANDLE) {
                    return None;
                }
                // Not as lookups go, whose code is laid out for two levels.
                let mut link = self.root_link(hash);
                for _ in 1..self.levels {
                    link = Self::link_below(link, hash);
                }
                let page: Page<W, V> = link.page();
                (page.stamp() == root.stamp.get()).then_some(page)
            } else {
                let page = self.root_page();
                (!page.is_empty_page() && page.count().is_sole(HANDLE)).then_some(page)
            }
        }
    }

    /// Sets the value of `word` and returns the one it had.
    #[inline]
    pub(crate) fn insert<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        value: V,
    ) -> Result<Option<V>, TryReserveError> {
        let hash = rules.page(word.widen());
        let value = match self.own_page_at_once(hash) {
            Some(page) => {
                // SAFETY: one owner all the way (S3), this handle, which is borrowed mutably.
                let mut page = unsafe { page.borrow_mut() };
                match page.insert(rules.place_at(word.widen(), hash), word, value) {
                    Ok(old) => {
                        self.len = Size::from_usize(self.len() + usize::from(old.is_none()));
                        return Ok(old);
                    }
                    Err(value) => value,
                }
            }
            None => value,
        };
        self.insert_making_room(rules, word, value)
    }

    /// [`insert`](Self::insert) where the page is shared or full.
    #[cold]
    #[inline(never)]
    fn insert_making_room<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        value: V,
    ) -> Result<Option<V>, TryReserveError> {
        match self.find_before_copy(rules, word) {
            Some(mut slot) => {
                // SAFETY: the slot was found in the page of `word`.
                let old = unsafe { self.value_mut(rules, word, &mut slot) }?;
                Ok(Some(replace(old, value)))
            }
            None => self.insert_absent(rules, word, value).map(|_| None),
        }
    }

    /// The slot of `word` in its page, all of which is asked for ahead of time, because it is
    /// probably copied next.
    fn find_before_copy<R: Rules<V>>(&self, rules: &R, word: W) -> Option<Slot> {
        let hash = rules.page(word.widen());
        self.prefetch_owners(hash);
        let page = self.page(hash);
        page.prefetch_all();
        page.find(rules.place_at(word.widen(), hash), word)
    }

    /// Asks for what says who owns the path of `hash`, ahead of time.
    #[inline]
    fn prefetch_owners(&self, hash: PageHash) {
        let mut link = self.root;
        for height in (1..=self.segment_levels()).rev() {
            // SAFETY: a segment of this tree, alive; a holder is only asked for.
            unsafe {
                let segment = link.segment();
                let index = segment.index_of(hash);
                if let Some(holder) = segment.holder(segment.bundle(index)) {
                    prefetch(holder.address(), When::Soon);
                }
                link = segment.link(index);
                if height > 1 {
                    prefetch(Segment::header_address(link), When::Soon);
                }
            }
        }
        prefetch(Segment::header_address(link), When::Soon);
    }

    /// Adds an entry for `word`, which has none.
    pub(crate) fn insert_absent<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        value: V,
    ) -> Result<&mut V, TryReserveError> {
        let hash = rules.page(word.widen());
        let page = self.page_with_room(rules, hash)?.page();
        self.len = Size::from_usize(self.len() + 1);
        // SAFETY: `page_with_room` made the page this handle's own (S3), which is borrowed
        // mutably; the slot holds the new entry.
        unsafe {
            let mut page = page.borrow_mut();
            let slot = page.insert_absent(rules.place_at(word.widen(), hash), word, value);
            Ok(page.value_mut(slot))
        }
    }

    /// The value of `word`, to be changed; nothing is copied if there is none.
    #[inline]
    pub(crate) fn get_mut<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
    ) -> Result<Option<&mut V>, TryReserveError> {
        let hash = rules.page(word.widen());
        let Some(page) = self.own_page_at_once(hash) else {
            return self.get_mut_unsharing(rules, word);
        };
        // SAFETY: one owner all the way (S3), this handle, which is borrowed mutably; the slot was
        // found in the page.
        unsafe {
            let found = page.borrow().find(rules.place_at(word.widen(), hash), word);
            Ok(found.map(|slot| page.borrow_mut().value_mut(slot)))
        }
    }

    /// [`get_mut`](Self::get_mut) where the page is shared, or none.
    #[cold]
    #[inline(never)]
    fn get_mut_unsharing<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
    ) -> Result<Option<&mut V>, TryReserveError> {
        match self.find_before_copy(rules, word) {
            // SAFETY: the slot was found in the page of `word`.
            Some(mut slot) => unsafe { self.value_mut(rules, word, &mut slot) }.map(Some),
            None => Ok(None),
        }
    }

    /// The value in `slot` of the page of `word`, to be changed; copies the path to it if it is
    /// shared. The slot is then the one that the entry has come to be in.
    ///
    /// # Safety
    ///
    /// The slot holds the entry of `word`.
    #[inline]
    pub(crate) unsafe fn value_mut<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        slot: &mut Slot,
    ) -> Result<&mut V, TryReserveError> {
        let page = self.own_page(rules, word, slot)?;
        // SAFETY: the page is this handle's own (S3), which is borrowed mutably, and has the entry in
        // this slot.
        unsafe { Ok(page.borrow_mut().value_mut(*slot)) }
    }

    /// Removes `word` and returns its value; nothing is copied if there is none.
    #[inline]
    pub(crate) fn remove<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
    ) -> Result<Option<V>, TryReserveError> {
        let hash = rules.page(word.widen());
        let Some(page) = self.own_page_at_once(hash) else {
            return self.remove_unsharing(rules, word);
        };
        let place = rules.place_at(word.widen(), hash);
        // SAFETY: one owner all the way (S3), this handle, which is borrowed mutably; the slot was
        // found in the page.
        unsafe {
            let Some(slot) = page.borrow().find(place, word) else { return Ok(None) };
            Ok(Some(self.remove_from(page, slot, (hash, place), rules)))
        }
    }

    /// [`remove`](Self::remove) where the page is shared, or none.
    #[cold]
    #[inline(never)]
    fn remove_unsharing<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
    ) -> Result<Option<V>, TryReserveError> {
        match self.find_before_copy(rules, word) {
            // SAFETY: the slot was found in the page of `word`.
            Some(slot) => unsafe { self.remove_slot(rules, word, slot) }.map(Some),
            None => Ok(None),
        }
    }

    /// Removes the entry in `slot` of the page of `word`; copies the path to it if it is shared.
    ///
    /// # Safety
    ///
    /// The slot holds the entry of `word`.
    #[inline]
    pub(crate) unsafe fn remove_slot<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        mut slot: Slot,
    ) -> Result<V, TryReserveError> {
        let page = self.own_page(rules, word, &mut slot)?;
        let hash = rules.page(word.widen());
        let place = rules.place_at(word.widen(), hash);
        // SAFETY: the page is this handle's own (S3), which is borrowed mutably, and has the entry in
        // this slot.
        Ok(unsafe { self.remove_from(page, slot, (hash, place), rules) })
    }

    /// Removes the entry in a slot, whose word has these hashes.
    ///
    /// # Safety
    ///
    /// The page is this handle's, and has no other owner (S3); the slot holds an entry.
    #[inline(always)]
    unsafe fn remove_from<R: Rules<V>>(
        &mut self,
        page: Page<W, V>,
        slot: Slot,
        (hash, place): (PageHash, Place),
        rules: &R,
    ) -> V {
        // SAFETY: the caller's promise; the handle is borrowed mutably.
        let (value, len) = unsafe {
            let mut page = page.borrow_mut();
            let value = page.remove(slot, place, rules);
            Limits::<W, V, P>::keep_full(&mut page);
            (value, page.len())
        };
        self.len = Size::from_usize(self.len() - 1);
        // The smaller one of two pages that merge has half of their entries at most.
        let merging = self.has_directory().then_some(Limits::<W, V, P>::MERGED_ENTRIES / 2);
        if Limits::<W, V, P>::is_sparse(page.tier(), len, merging) {
            self.settle(hash, rules);
        }
        if self.has_too_many_links() {
            self.merge_deepest_pages(rules);
        }
        value
    }

    /// The slot of `word`, which has an entry that was in this slot before something was un-shared.
    #[inline]
    pub(crate) fn slot_now<R: WordHash>(&self, rules: &R, word: W, before: Slot) -> Slot {
        let hash = rules.page(word.widen());
        let page = self.page(hash);
        if before.group < page.groups() && page.word(before) == word {
            return before;
        }
        let place = rules.place_at(word.widen(), hash);
        page.find(place, word).expect("un-sharing and splitting lose no entry")
    }

    /// The page of `word`, which has an entry in this slot, made this handle's own. The slot is then
    /// the one that the entry has come to be in: another one where a page that grew as a table was
    /// split, so that it is not copied whole again.
    #[inline]
    fn own_page<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        slot: &mut Slot,
    ) -> Result<Page<W, V>, TryReserveError> {
        let hash = rules.page(word.widen());
        if let Some(page) = self.own_page_at_once(hash) {
            return Ok(page);
        }
        if Limits::<W, V, P>::is_table(self.page(hash).page().tier()) {
            return self.own_table(rules, word, slot);
        }
        Ok(OwnedPath::unshare(self, hash)?.into_page(rules)?.page())
    }

    /// [`own_page`](Self::own_page) where the page grew as a table.
    #[cold]
    #[inline(never)]
    fn own_table<R: Rules<V>>(
        &mut self,
        rules: &R,
        word: W,
        slot: &mut Slot,
    ) -> Result<Page<W, V>, TryReserveError> {
        let hash = rules.page(word.widen());
        let mut path = OwnedPath::unshare(self, hash)?;
        path.split_table(rules)?;
        let page = path.into_page(rules)?.page();
        *slot = self.slot_now(rules, word, *slot);
        Ok(page)
    }

    /// Merges or shrinks the page of `hash`, which is this handle's own and has become sparse.
    #[cold]
    #[inline(never)]
    fn settle<R: Rules<V>>(&mut self, hash: PageHash, rules: &R) {
        let path = OwnedPath::if_sole(self, hash);
        debug_assert!(path.is_some(), "S4: the path of a page with the root's stamp");
        if let Some(mut path) = path {
            // What cannot be allocated now is left as large as it is.
            let _ = path.settle(Fit::Loose, rules);
        }
    }
}
