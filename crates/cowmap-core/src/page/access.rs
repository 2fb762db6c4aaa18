//! What proves that a page may be read ([`PageRef`]) or written ([`PageMut`]).

use core::marker::PhantomData;
use core::ops::Deref;

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

    /// The page, as one that may be written during `'a`.
    ///
    /// # Safety
    ///
    /// The page is alive (P1) and is not [`EMPTY`](super::EMPTY); nobody else uses it during `'a`
    /// (S2). (Or nobody else uses the one slot that the caller uses, and nothing is done with
    /// the header.)
    #[inline(always)]
    pub(crate) unsafe fn borrow_mut<'a>(self) -> PageMut<'a, W, V> {
        PageMut { page: PageRef { page: self, marker: PhantomData }, marker: PhantomData }
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
        self.header().map_or(0, |header| header.depth)
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
        // SAFETY: the page is alive and its keys are always initialised (P2), those of EMPTY too:
        // it has room for the 64 bytes of keys that a group has at most.
        unsafe { W::matches(self.page.keys_ptr(group).as_ptr(), Geometry::<W, V>::LANES, word) }
    }

    /// The lanes of a group that hold an entry.
    #[inline(always)]
    pub(crate) fn occupied(self, group: usize) -> u32 {
        !self.matches(group, W::FREE) & Self::ALL_LANES
    }

    const ALL_LANES: u32 = u32::MAX >> (32 - Geometry::<W, V>::LANES);

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

/// The bits that are set in `mask`, from the lowest.
#[inline(always)]
pub(crate) fn lanes(mut mask: u32) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let lane = mask.trailing_zeros();
        mask &= mask - 1;
        Some(lane)
    })
}

/// A page that is alive and has one owner, who may write it during `'a`.
pub(crate) struct PageMut<'a, W, V> {
    page: PageRef<'a, W, V>,
    marker: PhantomData<&'a mut V>,
}

impl<'a, W: Word, V> Deref for PageMut<'a, W, V> {
    type Target = PageRef<'a, W, V>;
    #[inline(always)]
    fn deref(&self) -> &PageRef<'a, W, V> {
        &self.page
    }
}

impl<'a, W: Word, V> PageMut<'a, W, V> {
    #[inline(always)]
    pub(super) fn header_mut(&mut self) -> &mut Header {
        // SAFETY: the page has one owner (S2), is not EMPTY, and no other reference to its header
        // lives: those that `PageRef` gives out end within its methods, and that of `duplicate` is to
        // a page that is shared, which nobody writes.
        unsafe { self.page.page.header().as_mut() }
    }

    /// Notes how many bits of the page hash all entries share.
    pub(crate) fn set_depth(&mut self, depth: u8) {
        self.header_mut().depth = depth;
    }

    /// Notes with how many entries, no fewer than it has, the page is full.
    pub(crate) fn set_capacity(&mut self, entries: usize) {
        let header = self.header_mut();
        // A page has fewer than 2^32 slots.
        header.room = entries as u32 - header.len;
    }

    /// The value in a slot.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline(always)]
    pub(crate) unsafe fn value_mut(self, slot: Slot) -> &'a mut V {
        debug_assert!(self.word(slot) != W::FREE);
        // SAFETY: an occupied slot has a value (P3), and `self` is the one way to it during `'a`.
        unsafe { self.page.page.value_ptr(slot).as_mut() }
    }
}
