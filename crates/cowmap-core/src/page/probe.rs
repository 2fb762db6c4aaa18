//! Finding, adding and removing entries within one page.
//!
//! A search starts at the home group and goes from group to group ([`Sequence`]), comparing all
//! keys of a group at once. An insertion that passes a full group sets a bit of that group's
//! overflow byte, chosen by the key's hash; a search leaves a group without a match unless the
//! key's bit is set. A removal only frees the slot: no tombstone, nothing moves, nothing is lost
//! (P4). Bits that removals leave behind are cleaned by [`PageMut::clean`]. Counting what
//! overflowed past a group is known from Facebook's F14 table (2019); a byte of bits by hash rather
//! than a counter is what Boost's `unordered_flat_map` does (2022).

use core::num::NonZeroU32;
use core::ptr::NonNull;

use super::sequence::Sequence;
use super::{Geometry, PageMut, PageRef, Slot};
use crate::hash::{Place, WordHash};
use crate::tier::Tier;
use crate::word::Word;

/// Where a word was found, as it is known before any arithmetic: all ways of a search end in it, and the
/// one that a lookup takes from there to the value is a count of zeros and a load.
struct Found<W> {
    group: usize,
    /// The keys of the group.
    keys: NonNull<W>,
    /// The lane, as the one bit that is set.
    mask: NonZeroU32,
}

impl<W> Found<W> {
    #[inline(always)]
    fn slot(self) -> Slot {
        Slot { group: self.group, lane: self.mask.trailing_zeros() }
    }
}

impl<'a, W: Word, V> PageRef<'a, W, V> {
    /// The value of `word`, which must not be the free word.
    ///
    /// What bounds lookups in large maps is how many of them the processor holds at once, so every
    /// instruction counts.
    #[inline(always)]
    pub(crate) fn get(self, place: Place, word: W) -> Option<&'a V> {
        // SAFETY: the slot was found in this page, so it holds an entry, which nobody writes during `'a`.
        self.search(place, word).map(|found| unsafe {
            self.page().value_in(found.keys, found.mask.trailing_zeros()).as_ref()
        })
    }

    /// The slot that holds `word`, which must not be the free word.
    #[inline(always)]
    pub(crate) fn find(self, place: Place, word: W) -> Option<Slot> {
        self.search(place, word).map(Found::slot)
    }

    /// `word` in a group.
    #[inline(always)]
    fn compare(self, group: usize, word: W) -> Option<Found<W>> {
        let mask = NonZeroU32::new(self.matches(group, word))?;
        // SAFETY: the page is alive, and the group one of its groups.
        let keys = unsafe { self.page().keys_ptr(group) };
        Some(Found { group, keys, mask })
    }

    #[inline(always)]
    fn search(self, place: Place, word: W) -> Option<Found<W>> {
        let home = self.page().home(place);
        if let Some(found) = self.compare(home, word) {
            return Some(found);
        }
        if !self.overflowed(home, place) {
            return None;
        }
        self.search_beyond(place, word, home)
    }

    /// Goes on where the home group has no match but something with the key's bit went past it.
    #[inline]
    fn search_beyond(self, place: Place, word: W, home: usize) -> Option<Found<W>> {
        // Every group may have the bit set, so the sequence's end has to be one of the search, too.
        let mut sequence = Sequence::from(home, self.groups());
        while sequence.advance() {
            let found = self.compare(sequence.group, word);
            if found.is_some() {
                return found;
            }
            if !self.overflowed(sequence.group, place) {
                return None;
            }
        }
        None
    }

    /// Groups that a search for `word` compares, and groups that an insertion of it compares in
    /// the end if it is absent.
    pub(crate) fn groups_probed(self, place: Place, word: W) -> (usize, usize) {
        let home = Sequence::from(self.page().home(place), self.groups());
        let mut search = home;
        loop {
            if self.matches(search.group, word) != 0 {
                return (search.passed + 1, search.passed + 1);
            }
            if !self.overflowed(search.group, place) || !search.advance() {
                break;
            }
        }
        let mut insertion = home;
        while self.free_lanes(insertion.group) == 0 && insertion.advance() {}
        (search.passed + 1, search.passed.max(insertion.passed) + 1)
    }

    /// Checks P2 to P7 for this page, which `may_hold` so many entries by its tier, calling `entry`
    /// with each word.
    pub(crate) fn check<R: WordHash>(
        self,
        rules: &R,
        may_hold: impl Fn(Tier, usize) -> bool,
        mut entry: impl FnMut(W),
    ) {
        if self.page().is_empty_page() {
            return;
        }
        self.check_marks();
        let mut len = 0;
        for slot in self.slots() {
            let word = self.word(slot);
            let place = rules.place(word.widen());
            let mut sequence = Sequence::from(self.page().home(place), self.groups());
            while sequence.group != slot.group {
                let group = sequence.group;
                assert!(
                    self.overflowed(group, place),
                    "P4: {word:?} in {slot:?} passed group {group} without a bit"
                );
                assert!(sequence.advance(), "P4: {slot:?} is a slot of the page");
            }
            assert_eq!(self.find(place, word), Some(slot), "P5: {word:?} is stored twice");
            entry(word);
            len += 1;
        }
        assert_eq!(len, self.len(), "P6: the page's length");
        let most = len + self.room();
        assert!(may_hold(self.page().tier(), most), "P6: a page for {most} entries");
        let header = self.header().expect("checked above");
        // A rebuild passes all groups but the last at most, for each slot.
        let groups = self.groups() as u64;
        let passed = Geometry::<W, V>::LANES as u64 * groups * (groups - 1);
        let most = Geometry::<W, V>::stale_room(self.page().tier(), passed);
        assert!(header.stale_room <= most, "{} stale bits are never cleaned", header.stale_room);
    }
}

impl<W: Word, V> PageMut<'_, W, V> {
    /// Adds an entry whose key is not in the page, which has room.
    #[inline]
    pub(crate) fn insert_absent(&mut self, place: Place, word: W, value: V) -> Slot {
        debug_assert!(!self.is_full());
        let slot = self.place(place, word, value);
        self.count_placed(1);
        slot
    }

    /// Adds an entry as [`insert_absent`](Self::insert_absent) does, but leaves it to the caller to
    /// [count](Self::count_placed) it.
    #[inline(always)]
    pub(super) fn place(&mut self, place: Place, word: W, value: V) -> Slot {
        let home = Sequence::from(self.page().home(place), self.groups());
        self.place_from(home, place, word, value).0
    }

    /// As `place`, where the groups of the word's sequence before this one are full and have its
    /// bit. Returns also how many groups the entry has to pass.
    #[inline(always)]
    pub(super) fn place_from(
        &mut self,
        start: Sequence,
        place: Place,
        word: W,
        value: V,
    ) -> (Slot, usize) {
        debug_assert!(word != W::FREE);
        let (slot, passed) = self.occupy(start, place, word);
        // SAFETY: the slot is one of the page's, and was free, so nothing is overwritten (P3).
        unsafe { self.page().value_ptr(slot).write(value) };
        (slot, passed)
    }

    /// Counts entries that were placed.
    #[inline(always)]
    pub(super) fn count_placed(&mut self, entries: u32) {
        let header = self.header_mut();
        header.len += entries;
        header.room -= entries;
    }

    /// Counts entries that were taken.
    #[inline(always)]
    pub(super) fn count_taken(&mut self, entries: u32) {
        let header = self.header_mut();
        header.len -= entries;
        header.room += entries;
    }

    /// Sets the value of `word` and answers the one it had, or gives the value back where there is
    /// no room for a new entry.
    #[inline(always)]
    pub(crate) fn insert(&mut self, place: Place, word: W, value: V) -> Result<Option<V>, V> {
        let home = self.page().home(place);
        let mask = self.matches(home, word);
        if mask != 0 {
            let slot = Slot { group: home, lane: mask.trailing_zeros() };
            // SAFETY: the slot was found in this page, so it holds an entry.
            return Ok(Some(unsafe { self.replace_value(slot, value) }));
        }
        if self.overflowed(home, place) {
            return self.insert_beyond(place, word, value, home);
        }
        if self.header_mut().room == 0 {
            return Err(value);
        }
        let free = self.free_lanes(home);
        if free == 0 {
            self.insert_displaced(place, word, value);
            return Ok(None);
        }
        // What `insert_absent` does, where the home group has a free slot.
        let slot = Slot { group: home, lane: free.trailing_zeros() };
        self.fill(slot, word);
        // SAFETY: the slot is one of the page's, and was free, so nothing is overwritten (P3).
        unsafe { self.page().value_ptr(slot).write(value) };
        self.count_placed(1);
        Ok(None)
    }

    /// [`insert_absent`](Self::insert_absent) where the home group is full. Apart, so that what comes
    /// before it stays short.
    #[inline(never)]
    fn insert_displaced(&mut self, place: Place, word: W, value: V) {
        self.insert_absent(place, word, value);
    }

    /// Goes on where the home group has no match, but something with the key's bit went past it.
    /// Apart, as [`insert_displaced`](Self::insert_displaced) is.
    #[inline(never)]
    fn insert_beyond(
        &mut self,
        place: Place,
        word: W,
        value: V,
        home: usize,
    ) -> Result<Option<V>, V> {
        if let Some(slot) = self.search_beyond(place, word, home).map(Found::slot) {
            // SAFETY: the slot was found in this page, so it holds an entry.
            return Ok(Some(unsafe { self.replace_value(slot, value) }));
        }
        if self.is_full() {
            return Err(value);
        }
        self.insert_absent(place, word, value);
        Ok(None)
    }

    /// Sets the value in a slot and answers the one that was there.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline(always)]
    unsafe fn replace_value(&mut self, slot: Slot, value: V) -> V {
        // SAFETY: the slot has a value (P3), and `self` is the one way to it.
        core::mem::replace(unsafe { self.page().value_ptr(slot).as_mut() }, value)
    }

    /// Writes `word` into the first free slot from a group of its sequence on and sets its bit in the
    /// groups it passes. Returns the slot, and how many groups there are before it.
    #[inline(always)]
    pub(super) fn occupy(
        &mut self,
        mut sequence: Sequence,
        place: Place,
        word: W,
    ) -> (Slot, usize) {
        loop {
            let group = sequence.group;
            let free = self.free_lanes(group);
            if free != 0 {
                let slot = Slot { group, lane: free.trailing_zeros() };
                self.fill(slot, word);
                return (slot, sequence.passed);
            }
            // A page of one group never gets here, for it is not full.
            self.mark_overflow(group, 1_u8.rotate_left(self.page().overflow_bit(place)));
            assert!(sequence.advance(), "a page that is not full has a free slot");
        }
    }

    /// Removes the entry in a slot, whose word has this place.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline(always)]
    pub(crate) unsafe fn remove<R: WordHash>(&mut self, slot: Slot, place: Place, rules: &R) -> V {
        let home = self.page().home(place);
        // SAFETY: the caller's promise.
        let value = unsafe { self.remove_with_home(slot, home) };
        if slot.group != home {
            self.clean(rules);
        }
        value
    }

    /// Takes the value out of a slot. The page's length, and what the overflow bits count, are the
    /// caller's to keep in order.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline]
    pub(crate) unsafe fn take(&mut self, slot: Slot) -> V {
        self.free(slot);
        // SAFETY: the slot held an entry (P3), and was marked free first, so the value is read
        // once.
        unsafe { self.page().value_ptr(slot).read() }
    }

    /// Writes an entry's word into a free slot.
    #[inline(always)]
    fn fill(&mut self, slot: Slot, word: W) {
        self.write_word(slot, word);
        self.mark(slot);
    }

    /// Makes a slot a free one, and lets the value be.
    #[inline(always)]
    pub(super) fn free(&mut self, slot: Slot) {
        self.write_word(slot, W::FREE);
        self.unmark(slot);
    }

    #[inline(always)]
    fn write_word(&mut self, slot: Slot, word: W) {
        // SAFETY: the slot is one of the page's, which has one owner (S3).
        unsafe { self.page().keys_ptr(slot.group).add(slot.lane as usize).write(word) };
    }

    #[inline(always)]
    fn mark_overflow(&mut self, group: usize, bit: u8) {
        debug_assert!(self.groups() > 1);
        // SAFETY: the group is one of the page's, which has one owner (S3) and is not EMPTY.
        unsafe {
            let byte = self.page().overflow_ptr(group);
            byte.write(byte.read() | bit);
        }
    }
}
