//! Removing entries while the slots of a page are being visited, and putting the page in order
//! afterwards: nothing moves until the visit ends.
//!
//! # What a removal costs
//!
//! A removal finds its entry as `get` does. If the entry is in its home group, that is all. If it
//! is not, the removal passes the same groups again to count them, and may end in a rebuild of the
//! page's overflow bits. Rebuilds cost O(1) for each group that the removed entries had passed:
//!
//! * A page has room for so many stale groups before it is rebuilt ([`Geometry::stale_room`]): a
//!   sixteenth of its slots, or an eighth of the groups that the last rebuild passed, whichever is
//!   more. A removal takes the groups that its entry had passed from it.
//! * A rebuild visits every slot. The removals since the previous one passed a sixteenth as many
//!   groups, and pay for that.
//! * A rebuild passes groups to place entries again that are outside their home group: many, if
//!   keys collide. Removals must pass an eighth as many before the next rebuild, and pay for that.
//! * The last rebuild of a page has no removals after it that pay. But an entry passes no more
//!   groups in a rebuild than it had passed before, because its own slot is free by then. So what
//!   the rebuild passed, insertions had passed before: those since the previous rebuild, because
//!   what was there by then either was removed and paid, or is counted there. (An entry that moves
//!   to a group that the rebuild has still to visit is visited again. That happens seldom; a test
//!   counts all groups.)
//!
//! That holds along one history. A copy of a page takes its room along, so each copy of a page
//! that has little room left may be rebuilt once more. The single removal that rebuilds takes
//! O(slots), and more if keys collide.

use super::sequence::Sequence;
use super::{Geometry, PageMut, Slot};
use crate::hash::WordHash;
use crate::policy::{REBUILD_PART, STALE_PART};
use crate::tier::Tier;
use crate::word::Word;

impl<W, V> Geometry<W, V> {
    /// How many groups the entries that are removed from a page may have passed before its overflow
    /// bits are rebuilt, if its last rebuild passed so many groups to place entries again.
    pub(super) fn stale_room(tier: Tier, passed: u64) -> u32 {
        let of_slots = (tier.groups() * Self::LANES / STALE_PART) as u64 + 1;
        // A page has fewer than 2^32 slots. No page has lived that could pass more groups.
        of_slots.max(passed / REBUILD_PART).min(u32::MAX.into()) as u32
    }
}

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
        // A walk that is forgotten cleans nothing, and any number of walks can be: the room stays 0
        // until something does.
        let header = self.header_mut();
        header.stale_room = header.stale_room.saturating_sub(sequence.passed as u32);
    }

    /// Rebuilds the overflow bits if removals have left many of them stale. Runs no user code.
    pub(crate) fn clean<R: WordHash>(&mut self, rules: &R) {
        if self.header_mut().stale_room == 0 {
            self.rebuild(rules);
        }
    }

    /// Clears the overflow bits and sets those that the entries need, moving entries towards their
    /// home groups where there is room. Runs no user code and allocates nothing.
    #[cold]
    #[inline(never)]
    pub(crate) fn rebuild<R: WordHash>(&mut self, rules: &R) {
        let groups = self.groups();
        // SAFETY: the overflow bytes, of which the last group's is the first, are `groups` bytes of
        // this page, which has one owner (S3).
        unsafe { self.page().overflow_ptr(groups - 1).write_bytes(0, groups) };
        let page = self.page();
        let mut all_passed = 0;
        self.for_each_chosen(
            |group, word| page.home(rules.place(word.widen())) != group,
            |this, from, word| {
                let place = rules.place(word.widen());
                // Frees the slot first, so that the search for a place ends here at the latest.
                this.free(from);
                let (to, passed) =
                    this.occupy(Sequence::from(page.home(place), groups), place, word);
                all_passed += passed as u64;
                if to != from {
                    // SAFETY: both are slots of this page; the value is in `from` (P3), whose word
                    // is free now, and `to` was free: the value moves.
                    unsafe {
                        let value = page.value_ptr(from).read();
                        page.value_ptr(to).write(value);
                    }
                }
            },
        );
        self.header_mut().stale_room = Geometry::<W, V>::stale_room(page.tier(), all_passed);
    }
}
