//! The same page again, each entry in the same slot: what a first write after a snapshot does.

use core::mem::ManuallyDrop;

use super::{Geometry, NewPage, Page, PageRef, Shape, Slots};
use crate::error::TryReserveError;
use crate::rules::Rules;
use crate::word::Word;

/// A page that is being filled from another of the same tier; destroyed if a clone panics.
struct Partial<W: Word, V> {
    page: Page<W, V>,
    old: Page<W, V>,
    /// The groups before this one have their keys; those from here on have none yet.
    first: usize,
    /// The slots of the block that begins there whose values were cloned, as [`Slots`] keeps them.
    cloned: u64,
}

impl<W: Word, V> Drop for Partial<W, V> {
    fn drop(&mut self) {
        // SAFETY: the page is this guard's own and has the groups; the old one is alive, and has each
        // entry in the same slot. Where a key is not free, its value is there, so that the page
        // can be destroyed.
        unsafe {
            for group in self.first..self.page.groups() {
                self.page.keys_ptr(group).write_bytes(0, Geometry::<W, V>::LANES);
            }
            while self.cloned != 0 {
                let nth = self.cloned.trailing_zeros() as usize;
                self.cloned &= self.cloned - 1;
                let word = self.old.slot_after(self.first, nth).0.read();
                self.page.slot_after(self.first, nth).0.write(word);
            }
            self.page.destroy();
        }
    }
}

impl<W: Word, V> PageRef<'_, W, V> {
    /// The same page again, each entry in the same slot. Not for the empty page.
    ///
    /// Values are cloned one by one, by a mask of many slots, because where a group ends nobody can
    /// foresee; keys, overflow bytes and occupancy bits are copied whole.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn duplicate<R: Rules<V>>(
        self,
        rules: &R,
    ) -> Result<NewPage<W, V>, TryReserveError> {
        let old = self.page();
        let header = self.header().expect("the empty page has no owner to copy it for");
        let room = header.len + header.room;
        let shape = Shape { tier: old.tier(), room, depth: header.depth() };
        let page = NewPage::<W, V>::allocate_unfilled(shape)?;
        let mut partial = Partial { page, old, first: 0, cloned: 0 };
        // SAFETY: `page` is new, of the same tier as `old`, and known to nobody else; `old` is
        // alive and not written (PageRef). Keys and bytes of bits are initialised (P2) and copied
        // whole; keys are written after their values (P3).
        unsafe {
            for first in (0..old.groups()).step_by(Slots::<W, V>::BLOCK) {
                let mut mask = self.occupied_groups(first, Slots::<W, V>::BLOCK);
                while mask != 0 {
                    let nth = mask.trailing_zeros() as usize;
                    mask &= mask - 1;
                    let value = rules.clone_value(old.slot_after(first, nth).1.as_ref());
                    page.slot_after(first, nth).1.write(value);
                    partial.cloned |= 1 << nth;
                }
                let next = old.groups().min(first + Slots::<W, V>::BLOCK);
                for group in first..next {
                    let keys = old.keys_ptr(group);
                    page.keys_ptr(group).copy_from_nonoverlapping(keys, Geometry::<W, V>::LANES);
                }
                (partial.first, partial.cloned) = (next, 0);
            }
            // All of it, which ends where the header begins.
            let side = Geometry::<W, V>::side_bytes(old.groups());
            let bits = |page: Page<W, V>| page.header().cast::<u8>().sub(side);
            bits(page).copy_from_nonoverlapping(bits(old), side);
            let mut new = page.borrow_mut();
            let new = new.header_mut();
            new.len = header.len;
            new.room = header.room;
            new.stale_room = header.stale_room;
            Ok(NewPage::of(ManuallyDrop::new(partial).page))
        }
    }
}
