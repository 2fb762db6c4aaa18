//! What the map asks of its tree: to set, change, remove and reserve.

use core::mem::{replace, size_of};

use super::Tree;
use super::merge::Fit;
use crate::capacity::{Floor, Tier};
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::{PageHash, Place};
use crate::page::{Page, Slot};
use crate::paging::{Limits, Paging, Size};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Sets the value of `word` and answers the one it had.
    #[inline]
    pub(crate) fn insert<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
        value: V,
    ) -> Result<Option<V>, TryReserveError> {
        let at = hash.page(word.widen());
        let value = match self.sole_page(at) {
            Some(page) => {
                // SAFETY: one owner all the way (S2), this handle, which is borrowed mutably.
                let mut page = unsafe { page.borrow_mut() };
                match page.insert(hash.place_at(word.widen(), at), word, value) {
                    Ok(old) => {
                        self.len = Size::from_usize(self.len() + usize::from(old.is_none()));
                        return Ok(old);
                    }
                    Err(value) => value,
                }
            }
            None => value,
        };
        self.insert_making_room(hash, word, value)
    }

    /// [`insert`](Self::insert) where the page is shared or full.
    #[cold]
    #[inline(never)]
    fn insert_making_room<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
        value: V,
    ) -> Result<Option<V>, TryReserveError> {
        match self.find_before_copy(hash, word) {
            // SAFETY: the slot was found in the page of `word`.
            Some(slot) => Ok(Some(replace(unsafe { self.value_mut(hash, word, slot) }?, value))),
            None => self.insert_absent(hash, word, value).map(|_| None),
        }
    }

    /// The slot of `word` in its page, all of which is asked for ahead of time, because it is
    /// probably copied next.
    fn find_before_copy<H: Rules<V>>(&self, hash: &H, word: W) -> Option<Slot> {
        let at = hash.page(word.widen());
        let page = self.page(at);
        page.prefetch_all();
        page.find(hash.place_at(word.widen(), at), word)
    }

    /// Adds an entry for `word`, which has none.
    pub(crate) fn insert_absent<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
        value: V,
    ) -> Result<&mut V, TryReserveError> {
        let at = hash.page(word.widen());
        let page = self.page_with_room(hash, at)?.page();
        self.len = Size::from_usize(self.len() + 1);
        // SAFETY: `page_with_room` made the page this handle's own (S2), which is borrowed
        // mutably; the slot holds the new entry.
        unsafe {
            let mut page = page.borrow_mut();
            let slot = page.insert_absent(hash.place_at(word.widen(), at), word, value);
            Ok(page.value_mut(slot))
        }
    }

    /// The value of `word`, to be changed; nothing is copied if there is none.
    #[inline]
    pub(crate) fn get_mut<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
    ) -> Result<Option<&mut V>, TryReserveError> {
        let at = hash.page(word.widen());
        let Some(page) = self.sole_page(at) else {
            return self.get_mut_unsharing(hash, word);
        };
        // SAFETY: one owner all the way (S2), this handle, which is borrowed mutably; the slot was
        // found in the page.
        unsafe {
            let found = page.borrow().find(hash.place_at(word.widen(), at), word);
            Ok(found.map(|slot| page.borrow_mut().value_mut(slot)))
        }
    }

    /// [`get_mut`](Self::get_mut) where the page is shared, or none.
    #[cold]
    #[inline(never)]
    fn get_mut_unsharing<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
    ) -> Result<Option<&mut V>, TryReserveError> {
        match self.find_before_copy(hash, word) {
            // SAFETY: the slot was found in the page of `word`.
            Some(slot) => unsafe { self.value_mut(hash, word, slot) }.map(Some),
            None => Ok(None),
        }
    }

    /// The value in `slot` of the page of `word`, to be changed; copies the path to it if it is
    /// shared.
    ///
    /// # Safety
    ///
    /// The slot holds the entry of `word`.
    #[inline]
    pub(crate) unsafe fn value_mut<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
        slot: Slot,
    ) -> Result<&mut V, TryReserveError> {
        let page = self.own_page(hash, word)?;
        // SAFETY: the page is this handle's own (S2), which is borrowed mutably; a copy has each
        // entry in its slot.
        unsafe { Ok(page.borrow_mut().value_mut(slot)) }
    }

    /// Removes `word` and answers its value; nothing is copied if there is none.
    #[inline]
    pub(crate) fn remove<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
    ) -> Result<Option<V>, TryReserveError> {
        let at = hash.page(word.widen());
        let Some(page) = self.sole_page(at) else {
            return self.remove_unsharing(hash, word);
        };
        let place = hash.place_at(word.widen(), at);
        // SAFETY: one owner all the way (S2), this handle, which is borrowed mutably; the slot was
        // found in the page.
        unsafe {
            let Some(slot) = page.borrow().find(place, word) else { return Ok(None) };
            Ok(Some(self.remove_from(page, slot, (at, place), hash)))
        }
    }

    /// [`remove`](Self::remove) where the page is shared, or none.
    #[cold]
    #[inline(never)]
    fn remove_unsharing<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
    ) -> Result<Option<V>, TryReserveError> {
        match self.find_before_copy(hash, word) {
            // SAFETY: the slot was found in the page of `word`.
            Some(slot) => unsafe { self.remove_slot(hash, word, slot) }.map(Some),
            None => Ok(None),
        }
    }

    /// Removes the entry in `slot` of the page of `word`; copies the path to it if it is shared.
    ///
    /// # Safety
    ///
    /// The slot holds the entry of `word`.
    #[inline]
    pub(crate) unsafe fn remove_slot<H: Rules<V>>(
        &mut self,
        hash: &H,
        word: W,
        slot: Slot,
    ) -> Result<V, TryReserveError> {
        let page = self.own_page(hash, word)?;
        let at = hash.page(word.widen());
        let place = hash.place_at(word.widen(), at);
        // SAFETY: the page is this handle's own (S2), which is borrowed mutably; a copy has each
        // entry in its slot.
        Ok(unsafe { self.remove_from(page, slot, (at, place), hash) })
    }

    /// Removes the entry in a slot, whose word has these hashes.
    ///
    /// # Safety
    ///
    /// The page is this handle's, and has no other owner (S2); the slot holds an entry.
    #[inline(always)]
    unsafe fn remove_from<H: Rules<V>>(
        &mut self,
        page: Page<W, V>,
        slot: Slot,
        (at, place): (PageHash, Place),
        hash: &H,
    ) -> V {
        // SAFETY: the caller's promise; the handle is borrowed mutably.
        let (value, len) = unsafe {
            let mut page = page.borrow_mut();
            (page.remove(slot, place, hash), page.len())
        };
        self.len = Size::from_usize(self.len() - 1);
        // The smaller one of two pages that merge has half of their entries at most.
        if self.is_sparse(page.tier(), len, Limits::<W, V, P>::MERGED_ENTRIES / 2) {
            // What cannot be allocated now is left as large as it is.
            let _ = self.settle(at, Fit::Loose, hash);
        }
        value
    }

    /// The page of `word`, which has an entry, made this handle's own.
    #[inline]
    fn own_page<H: Rules<V>>(&mut self, hash: &H, word: W) -> Result<Page<W, V>, TryReserveError> {
        let at = hash.page(word.widen());
        match self.sole_page(at) {
            Some(page) => Ok(page),
            None => Ok(self.unshared_page(hash, at)?.page()),
        }
    }

    /// Makes room for `additional` more entries and keeps it as the floor.
    pub(crate) fn reserve<H: Rules<V>>(
        &mut self,
        additional: usize,
        hash: &H,
    ) -> Result<(), TryReserveError> {
        let entries = self.len().checked_add(additional).ok_or(TryReserveError::CAPACITY)?;
        if self.len() == 0 {
            return self.reserve_in_empty(entries);
        }
        let floor = Self::floor_of(entries)?;
        if !self.has_directory() && Self::depth_for(entries) == 0 {
            let tier = Self::tier_of(entries)?;
            if tier > self.root_page().tier() {
                let at = PageHash(0);
                self.resize(self.page_parent(at), at, tier, hash)?;
            }
        }
        self.floor = self.floor.max(floor);
        Ok(())
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Makes room for `entries` in a tree that has none, and keeps it as the floor.
    pub(crate) fn reserve_in_empty(&mut self, entries: usize) -> Result<(), TryReserveError> {
        debug_assert_eq!(self.len(), 0);
        if entries <= self.capacity() {
            return Ok(());
        }
        let floor = Self::floor_of(entries)?;
        let depth = Self::depth_for(entries);
        if depth > 0 {
            self.build_directory(depth)?;
        } else {
            let tier = Self::tier_of(entries)?;
            let capacity = Limits::<W, V, P>::SIZING.max_entries(tier);
            let page = Page::allocate(Limits::<W, V, P>::shape(tier, capacity, 0, HANDLE))?;
            drop(self.take());
            self.set_root_page(page);
        }
        self.floor = floor;
        Ok(())
    }

    /// The floor for `entries`, if a table for them can be at all.
    fn floor_of(entries: usize) -> Result<Floor, TryReserveError> {
        let bytes = entries.checked_mul(size_of::<W>() + size_of::<V>());
        match bytes {
            Some(bytes) if isize::try_from(bytes).is_ok() => Ok(Floor::of(entries)),
            _ => Err(TryReserveError::CAPACITY),
        }
    }

    fn tier_of(entries: usize) -> Result<Tier, TryReserveError> {
        Limits::<W, V, P>::SIZING.tier_for(entries).ok_or(TryReserveError::CAPACITY)
    }
}
