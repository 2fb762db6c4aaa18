//! What proves that a page may be read: [`PageRef`].

use core::marker::PhantomData;
use core::slice;

use super::{Geometry, Header, Page, Slot};
use crate::hash::Place;
use crate::word::Word;

impl<W: Word, V> Page<W, V> {
    /// The page, as one that is not written for `'a`.
    ///
    /// # Safety
    ///
    /// The page is alive (P1) and nobody writes it during `'a`.
    #[inline(always)]
    pub(crate) unsafe fn borrow<'a>(self) -> PageRef<'a, W, V> {
        PageRef { page: self, marker: PhantomData }
    }
}

/// A page that is alive and not written for `'a`.
pub(crate) struct PageRef<'a, W, V> {
    page: Page<W, V>,
    marker: PhantomData<&'a V>,
}

impl<W, V> Clone for PageRef<'_, W, V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, V> Copy for PageRef<'_, W, V> {}

impl<'a, W: Word, V> PageRef<'a, W, V> {
    /// The page itself.
    #[inline(always)]
    pub(crate) fn page(self) -> Page<W, V> {
        self.page
    }

    /// Whatever precedes the groups; nothing for the empty page.
    #[inline(always)]
    pub(super) fn header(self) -> Option<&'a Header> {
        if self.page.is_empty_page() {
            return None;
        }
        // SAFETY: the page is alive for `'a`, nobody writes its header meanwhile (the count is
        // atomic), and it is not EMPTY, so it has one (P1).
        Some(unsafe { self.page.header().as_ref() })
    }

    /// Entries in the page.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.header().map_or(0, |header| header.len as usize)
    }

    /// How many bits of the page hash the entries share; 0 for the empty page, which shares all.
    #[inline]
    pub(crate) fn depth(self) -> u8 {
        self.header().map_or(0, Header::depth)
    }

    #[inline(always)]
    pub(crate) fn groups(self) -> usize {
        self.page.groups()
    }

    /// Entries the page can still take before it grows; none for the empty page.
    #[inline]
    pub(crate) fn room(self) -> usize {
        self.header().map_or(0, |header| header.room as usize)
    }

    /// Whether it is full, so that an insertion has to grow or split it first.
    #[inline]
    pub(crate) fn is_full(self) -> bool {
        self.room() == 0
    }

    /// Bytes that are allocated for it.
    pub(crate) fn bytes(self) -> usize {
        if self.page.is_empty_page() {
            return 0;
        }
        Geometry::<W, V>::layout(self.page.tier()).map_or(0, |layout| layout.size())
    }

    /// The lanes of a group whose key is `word`.
    #[inline(always)]
    pub(crate) fn matches(self, group: usize, word: W) -> u32 {
        debug_assert!(group < self.groups());
        #[cfg(test)]
        super::marks::looks::at_group();
        // SAFETY: the page is alive and its keys are always initialised (P2), those of EMPTY too:
        // it has room for the 64 bytes of keys that a group has at most.
        unsafe { W::matches(self.page.keys_ptr(group).as_ptr(), Geometry::<W, V>::LANES, word) }
    }

    /// The lanes of a group that hold no entry.
    #[inline(always)]
    pub(super) fn free_lanes(self, group: usize) -> u32 {
        if Geometry::<W, V>::MARKED {
            !self.marked(group) & Self::ALL_LANES
        } else {
            self.matches(group, W::FREE)
        }
    }

    /// The lanes of a group that hold an entry, by its words: where occupancy bits need not be
    /// right (P7).
    #[inline(always)]
    pub(super) fn occupied(self, group: usize) -> u32 {
        !self.matches(group, W::FREE) & Self::ALL_LANES
    }

    /// The lanes of a group that hold an entry.
    #[cfg(any(test, feature = "rayon"))]
    #[inline(always)]
    pub(crate) fn entries(self, group: usize) -> u32 {
        if Geometry::<W, V>::MARKED { self.marked(group) } else { self.occupied(group) }
    }

    pub(super) const ALL_LANES: u32 = u32::MAX >> (32 - Geometry::<W, V>::LANES);

    /// The words of a group.
    #[inline(always)]
    pub(super) fn words(self, group: usize) -> &'a [W] {
        debug_assert!(group < self.groups());
        // SAFETY: the page is alive and not written for `'a`, the group one of its groups, and keys are
        // always initialised (P2); EMPTY has room for those of a group.
        unsafe {
            slice::from_raw_parts(self.page.keys_ptr(group).as_ptr(), Geometry::<W, V>::LANES)
        }
    }

    /// The word in a slot.
    #[inline(always)]
    pub(crate) fn word(self, slot: Slot) -> W {
        debug_assert!(slot.group < self.groups() && slot.lane < Self::ALL_LANES.count_ones());
        // SAFETY: the slot is one of the page's (slots come from probing it), whose keys are
        // initialised (P2).
        unsafe { self.page.keys_ptr(slot.group).add(slot.lane as usize).read() }
    }

    /// The value in a slot.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline(always)]
    pub(crate) unsafe fn value(self, slot: Slot) -> &'a V {
        debug_assert!(self.word(slot) != W::FREE);
        // SAFETY: an occupied slot has a value (P3), and nobody writes the page during `'a`. It is
        // not EMPTY, which has no occupied slot.
        unsafe { self.page.value_ptr(slot).as_ref() }
    }

    /// Whether an entry with the overflow bit of `place` went past a group.
    #[inline(always)]
    pub(super) fn overflowed(self, group: usize, place: Place) -> bool {
        debug_assert!(group < self.groups());
        // SAFETY: the page is alive, the group one of its groups, and its byte initialised (P2).
        let bits = unsafe { self.page.overflow_ptr(group).read() };
        bits.rotate_right(self.page.overflow_bit(place)) & 1 != 0
    }
}
