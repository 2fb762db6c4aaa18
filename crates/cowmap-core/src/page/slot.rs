//! One slot of a page, used while other slots of the same page are in use elsewhere.
//!
//! [`PageMut`](super::PageMut) stands for a whole page. It does not fit where values are lent one
//! after the other and earlier ones are still in use, or where threads share out the groups of a
//! page. There, each slot has a type of its own.

use core::marker::PhantomData;

use super::{Page, Slot};
use crate::word::Word;

/// Exclusive access to the value in one slot, for `'a`.
///
/// It uses nothing else of the page: neither its header nor its overflow bytes nor its occupancy
/// bits nor another slot.
pub(crate) struct SlotMut<'a, W, V> {
    page: Page<W, V>,
    slot: Slot,
    marker: PhantomData<&'a mut V>,
}

impl<'a, W: Word, V> SlotMut<'a, W, V> {
    /// Access to the value in `slot`.
    ///
    /// # Safety
    ///
    /// For `'a`:
    ///
    /// * the page is alive (P1), and it and every object on its path have one owner (S3), who is
    ///   mutably borrowed, or owned, by the caller;
    /// * the slot is one of the page's and holds an entry, whose word nobody else writes;
    /// * nobody else reads or writes the slot's value.
    ///
    /// Words, and the values of other slots, may be in use elsewhere.
    #[inline(always)]
    pub(crate) unsafe fn new(page: Page<W, V>, slot: Slot) -> Self {
        SlotMut { page, slot, marker: PhantomData }
    }

    /// The entry's word.
    #[inline(always)]
    pub(crate) fn word(&self) -> W {
        // SAFETY: the page is alive, the slot one of its slots, and the word initialised (P2);
        // nobody writes it.
        unsafe { self.page.keys_ptr(self.slot.group).add(self.slot.lane as usize).read() }
    }

    /// The entry's value.
    #[inline(always)]
    pub(crate) fn value(self) -> &'a mut V {
        debug_assert!(self.word() != W::FREE);
        // SAFETY: an occupied slot has a value (P3), which nobody else uses during `'a`. The page
        // is not EMPTY, which has no occupied slot.
        unsafe { self.page.value_ptr(self.slot).as_mut() }
    }

    /// Moves the value out of the page. The page's length and occupancy bits are not kept.
    ///
    /// # Safety
    ///
    /// The page is one of a tree of which an owning iterator takes the values (P6, P7). Nobody else
    /// reads the slot's word meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn take(self) -> V {
        debug_assert!(self.word() != W::FREE);
        // SAFETY: an occupied slot has a value (P3), which nobody else uses. The slot is marked
        // free first, so the value is read once.
        unsafe {
            self.page.keys_ptr(self.slot.group).add(self.slot.lane as usize).write(W::FREE);
            self.page.value_ptr(self.slot).read()
        }
    }
}
