//! Emptying a page that is kept.

use core::mem::needs_drop;

use super::{Geometry, PageMut, Slot};
use crate::word::Word;

impl<W: Word, V> PageMut<'_, W, V> {
    /// Drops all values, so that the page is as one that was just made for `capacity` entries. If a
    /// value's drop panics, the others are dropped all the same.
    ///
    /// The length in the header and the occupancy bits need not be right: an owning iterator may
    /// have taken some values.
    pub(crate) fn clear(&mut self, capacity: usize) {
        /// Goes on where a panic stopped.
        struct Rest<'p, 'a, W: Word, V> {
            page: &'p mut PageMut<'a, W, V>,
            /// The slots of the group before `next` whose values are to be dropped.
            mask: u32,
            next: usize,
        }
        impl<W: Word, V> Rest<'_, '_, W, V> {
            fn drop_values(&mut self) {
                loop {
                    while self.mask != 0 {
                        let lane = self.mask.trailing_zeros();
                        self.mask &= self.mask - 1;
                        let slot = Slot { group: self.next - 1, lane };
                        // SAFETY: the page has one owner (S3); the slot was occupied, so its value is
                        // there (P3), and its bit was cleared, so it is dropped once.
                        unsafe { self.page.page().value_ptr(slot).drop_in_place() };
                    }
                    if self.next == self.page.groups() {
                        return;
                    }
                    if needs_drop::<V>() {
                        self.mask = self.page.occupied(self.next);
                    }
                    self.page.free_group(self.next);
                    self.next += 1;
                }
            }
        }
        impl<W: Word, V> Drop for Rest<'_, '_, W, V> {
            fn drop(&mut self) {
                self.drop_values();
            }
        }
        let groups = self.groups();
        let stale_room = Geometry::<W, V>::stale_room(self.page().tier(), 0);
        let header = self.header_mut();
        header.len = 0;
        // A page has fewer than 2^32 slots.
        header.room = capacity as u32;
        header.stale_room = stale_room;
        let side = Geometry::<W, V>::side_bytes(groups);
        // SAFETY: the bytes of bits, which end where the header begins (P1), are this page's, which
        // has one owner (S3).
        unsafe { self.page().header().cast::<u8>().sub(side).write_bytes(0, side) };
        Rest { page: self, mask: 0, next: 0 }.drop_values();
    }

    /// Makes all words of a group the free one, and lets the values be.
    #[inline(always)]
    fn free_group(&mut self, group: usize) {
        for lane in 0..Geometry::<W, V>::LANES {
            // SAFETY: a slot of the page, which has one owner (S3).
            unsafe { self.page().keys_ptr(group).add(lane).write(W::FREE) };
        }
    }
}
