//! Removing entries while the slots of a page are being visited, and putting the page in order
//! afterwards: nothing moves until the visit ends.

use super::sequence::Sequence;
use super::{Geometry, PageMut, Slot};
use crate::hash::WordHash;
use crate::policy::STALE_PART;
use crate::word::Word;

impl<W: Word, V> PageMut<'_, W, V> {
    /// Removes the entry in a slot as [`remove`](Self::remove) does, but leaves every other entry
    /// in its slot. [`clean`](Self::clean) is to follow.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline]
    pub(crate) unsafe fn remove_in_place<R: WordHash>(&mut self, slot: Slot, rules: &R) -> V {
        let home = self.page().home(rules.place(self.word(slot).widen()));
        // SAFETY: the caller's promise.
        unsafe { self.remove_with_home(slot, home) }
    }

    /// As [`remove_in_place`](Self::remove_in_place), for a word whose home group is known.
    ///
    /// # Safety
    ///
    /// As for [`remove_in_place`](Self::remove_in_place).
    #[inline(always)]
    pub(super) unsafe fn remove_with_home(&mut self, slot: Slot, home: usize) -> V {
        // SAFETY: the caller's promise.
        let value = unsafe { self.take(slot) };
        self.count_taken(1);
        if slot.group != home {
            self.count_stale(slot, home);
        }
        value
    }

    /// Counts the groups that an entry in this slot had passed.
    #[inline(never)]
    fn count_stale(&mut self, slot: Slot, home: usize) {
        let mut sequence = Sequence::from(home, self.groups());
        while sequence.group != slot.group && sequence.advance() {}
        // A walk that is forgotten cleans nothing, and any number of walks can be: no more is
        // counted than calls for it.
        let slots = (self.groups() * Geometry::<W, V>::LANES) as u32;
        let header = self.header_mut();
        header.stale = header.stale.saturating_add(sequence.passed as u32).min(slots);
    }

    /// Rebuilds the overflow bits if removals have left many of them stale. Runs no user code.
    pub(crate) fn clean<R: WordHash>(&mut self, rules: &R) {
        let slots = self.groups() * Geometry::<W, V>::LANES;
        if self.header_mut().stale as usize > slots / STALE_PART {
            self.rebuild(rules);
        }
    }
}
