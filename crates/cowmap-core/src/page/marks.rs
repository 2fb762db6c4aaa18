//! The occupancy bits of a page, which tell what is in it without a look at its words (P7).
//!
//! A group of four slots has a byte of them. These bytes precede the overflow bytes, the first
//! group's last. So the bytes of eight groups are one load, and as many bytes of a mask that a scan
//! works through.
//!
//! A scan takes fewer instructions by them, and so does what fills pages: it need not compare words
//! that were written just before, which a processor cannot forward to wider loads.

use core::ptr::NonNull;

use super::geometry::HEADER;
use super::{Geometry, Page, PageMut, PageRef, Slot};
use crate::prefetch::{When, prefetch};
use crate::word::Word;

/// How many groups a mask tells of.
pub(super) const GROUPS: usize = size_of::<u64>();

/// Bytes of the occupancy bits of a page of so many groups: no fewer than a mask needs.
#[inline]
pub(super) const fn bytes(groups: usize) -> usize {
    if groups < GROUPS { GROUPS } else { groups }
}

/// Of a mask with a byte a group, one with four bits a group.
#[inline(always)]
pub(super) const fn squeezed(mask: u64) -> u64 {
    let mask = (mask | mask >> 4) & 0x00ff_00ff_00ff_00ff;
    let mask = (mask | mask >> 8) & 0x0000_ffff_0000_ffff;
    (mask | mask >> 16) & 0xffff_ffff
}

impl<W: Word, V> Page<W, V> {
    /// The byte of a group's occupancy bits.
    ///
    /// # Safety
    ///
    /// The page is alive, and is one with occupancy bits; `group` is one of its groups.
    #[inline(always)]
    unsafe fn marks_ptr(self, group: usize) -> NonNull<u8> {
        debug_assert!(Geometry::<W, V>::MARKED);
        // SAFETY: as many overflow bytes as groups precede the header, and before them these bytes,
        // the first group's last (P1). EMPTY has zeros there.
        unsafe { self.base.offset(self.minus_groups()).sub(HEADER + 1).sub(group) }
    }
}

impl<W: Word, V> PageRef<'_, W, V> {
    /// The lanes of a group whose occupancy bits are set, in a page with such bits.
    #[inline(always)]
    pub(super) fn marked(self, group: usize) -> u32 {
        debug_assert!(group < self.groups());
        // SAFETY: the page is alive, the group one of its groups, and its byte initialised (P2).
        unsafe { self.page().marks_ptr(group).read() }.into()
    }

    /// The occupancy bits of eight groups from `first`, a multiple of eight, on: a byte a group,
    /// and zero for a group that the page has not.
    #[inline(always)]
    pub(super) fn marked_groups(self, first: usize) -> u64 {
        debug_assert!(first < self.groups() && first.is_multiple_of(GROUPS));
        #[cfg(test)]
        looks::at_marks();
        // SAFETY: the page is alive, and has eight bytes from that of `first` down, because it has
        // a multiple of eight of them; all are initialised (P2).
        let bytes =
            unsafe { self.page().marks_ptr(first).sub(GROUPS - 1).cast::<[u8; GROUPS]>().read() };
        u64::from_be_bytes(bytes)
    }

    /// Asks for the occupancy bits of a block of groups, if the page has such bits, ahead of time.
    #[inline(always)]
    pub(super) fn prefetch_marks(self, first: usize, when: When) {
        if Geometry::<W, V>::MARKED {
            // SAFETY: the page is alive, and the group one of its groups.
            prefetch(unsafe { self.page().marks_ptr(first) }.as_ptr(), when);
        }
    }

    /// Checks P7, that the bits say what the words do.
    pub(super) fn check_marks(self) {
        if !Geometry::<W, V>::MARKED {
            return;
        }
        let groups = self.groups();
        for group in 0..groups {
            let (bits, words) = (self.marked(group), self.occupied(group));
            assert_eq!(bits, words, "P7: the occupancy bits of group {group}");
        }
        if groups < GROUPS {
            let others = self.marked_groups(0) >> (8 * groups);
            assert_eq!(others, 0, "P7: occupancy bits of groups that there are not");
        }
    }
}

impl<W: Word, V> PageMut<'_, W, V> {
    /// Sets the occupancy bit of a slot, if the page has such bits.
    #[inline(always)]
    pub(super) fn mark(&mut self, slot: Slot) {
        if Geometry::<W, V>::MARKED {
            // SAFETY: the group is one of the page's, which has one owner (S3) and is not EMPTY.
            unsafe {
                let byte = self.page().marks_ptr(slot.group);
                byte.write(byte.read() | 1 << slot.lane);
            }
        }
    }

    /// Clears the occupancy bit of a slot, if the page has such bits.
    #[inline(always)]
    pub(super) fn unmark(&mut self, slot: Slot) {
        if Geometry::<W, V>::MARKED {
            // SAFETY: as in `mark`.
            unsafe {
                let byte = self.page().marks_ptr(slot.group);
                byte.write(byte.read() & !(1 << slot.lane));
            }
        }
    }
}

/// How often a thread looked at what, for tests.
#[cfg(test)]
pub(super) mod looks {
    use std::cell::Cell;

    std::thread_local! {
        static GROUPS: Cell<usize> = const { Cell::new(0) };
        static MARKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(in crate::page) fn at_group() {
        GROUPS.with(|count| count.set(count.get() + 1));
    }

    pub(in crate::page) fn at_marks() {
        MARKS.with(|count| count.set(count.get() + 1));
    }

    /// How many groups were compared, and how many masks of occupancy bits loaded, while `f` ran.
    pub(in crate::page) fn counted<T>(f: impl FnOnce() -> T) -> (T, usize, usize) {
        let now = || (GROUPS.with(Cell::get), MARKS.with(Cell::get));
        let before = now();
        let result = f();
        let after = now();
        (result, after.0 - before.0, after.1 - before.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{Fixed, WordHash};
    use crate::page::{NewPage, Shape, Slots};
    use crate::policy::{Limits, Paged};
    use crate::rules::Cloning;
    use crate::tier::Tier;

    type Rules = Cloning<'static, Limits<u64, u64, Paged>, Fixed>;

    /// A page of so many groups with these words.
    fn page_of<V: Clone + Default>(groups: usize, words: &[u64]) -> NewPage<u64, V> {
        let rules = Rules::by(&Fixed);
        let tier = Tier::at_most(groups);
        let room = (groups * Geometry::<u64, V>::LANES) as u32;
        let shape = Shape { tier, room, depth: 0 };
        let mut page = NewPage::allocate(shape).expect("there is memory");
        for &word in words {
            page.page_mut().insert_absent(rules.place(word), word, V::default());
        }
        page
    }

    fn check<V>(page: &mut NewPage<u64, V>) {
        page.page_mut().check(&Rules::by(&Fixed), |_, _| true, |_| {});
    }

    #[test]
    fn a_scan_looks_at_masks_and_at_no_words_of_free_slots() {
        for groups in [1, 2, 4, 8, 16, 32, 256] {
            for entries in [0, 1, 2, 2 * groups] {
                let words: Vec<u64> = (1..=entries as u64).collect();
                let mut page = page_of::<u64>(groups, &words);
                let page = page.page_mut().page();
                let (mut found, compared, masks) = looks::counted(|| {
                    let read = |words: Vec<u64>, word, _: &u64| [words, vec![word]].concat();
                    // SAFETY: the page is alive and not written.
                    unsafe { Slots::of(page).fold_entries(Vec::new(), read) }
                });
                found.sort_unstable();
                assert_eq!(found, words, "{groups} groups");
                assert_eq!((compared, masks), (0, groups.div_ceil(GROUPS)), "{groups} groups");
            }
        }
    }

    #[test]
    fn a_new_entry_compares_the_groups_of_its_search_only() {
        let rules = Rules::by(&Fixed);
        let mut page = page_of::<u64>(32, &[]);
        for word in 1..=64 {
            let place = rules.place(word);
            let (searched, _) = page.page_mut().groups_probed(place, word);
            let (before, compared, _) =
                looks::counted(|| page.page_mut().insert(place, word, word));
            assert_eq!(before, Ok(None));
            assert_eq!(compared, searched, "word {word}");
        }
        check(&mut page);
    }

    #[test]
    fn groups_of_other_sizes_have_no_occupancy_bits() {
        fn is_marked<W: Word, V>() -> bool {
            Geometry::<W, V>::MARKED
        }
        assert!(is_marked::<u64, u64>() && is_marked::<u64, u8>());
        assert!(is_marked::<u32, [u64; 9]>() && !is_marked::<u64, ()>());
        assert!(!is_marked::<u32, u32>() && !is_marked::<u64, [u64; 3]>());
        assert_eq!(Geometry::<u64, ()>::side_bytes(32), 32);
        assert_eq!(Geometry::<u64, u64>::side_bytes(32), 64);
        assert_eq!(Geometry::<u64, u64>::side_bytes(2), 10);
    }

    #[test]
    fn bits_follow_entries_that_come_go_move_and_are_copied() {
        fn check_all<V: Clone + Default>() {
            let rules = Rules::by(&Fixed);
            let words: Vec<u64> = (1..=100).collect();
            let mut page = page_of::<V>(32, &words);
            check(&mut page);
            for &word in words.iter().step_by(3) {
                let mut page = page.page_mut();
                let place = rules.place(word);
                let slot = page.find(place, word).expect("it is there");
                // SAFETY: the slot was found.
                drop(unsafe { page.remove(slot, place, &rules) });
            }
            check(&mut page);
            page.page_mut().rebuild(&rules);
            check(&mut page);
            let mut copy = page.page_mut().duplicate(&rules).expect("there is memory");
            check(&mut copy);
            let shape = Shape { tier: Tier::at_most(16), room: 64, depth: 0 };
            let mut small = page_of::<V>(32, &words[..40]);
            let mut other = small.page_mut().clone_into(shape, &rules).expect("there is memory");
            check(&mut other);
            small.page_mut().clear(100);
            check(&mut small);
            assert_eq!(small.page_mut().slots().count(), 0);
        }
        check_all::<u64>();
        check_all::<u8>();
        check_all::<()>();
        check_all::<[u64; 9]>();
    }

    #[test]
    #[should_panic(expected = "P7")]
    fn a_bit_that_is_missing_is_found() {
        let mut page = page_of::<u64>(8, &[1, 2, 3]);
        let slot = page.page_mut().slots().next().expect("it has entries");
        page.page_mut().unmark(slot);
        check(&mut page);
    }

    #[test]
    #[should_panic(expected = "P7")]
    fn a_bit_without_an_entry_is_found() {
        let mut page = page_of::<u64>(8, &[1, 2, 3]);
        let taken: Vec<Slot> = page.page_mut().slots().collect();
        let slots = (0..8).flat_map(|group| (0..4).map(move |lane| Slot { group, lane }));
        let free = slots.into_iter().find(|slot| !taken.contains(slot)).expect("most are free");
        page.page_mut().mark(free);
        check(&mut page);
    }

    #[test]
    fn a_squeezed_mask_has_four_bits_a_group() {
        for group in 0..GROUPS {
            for bits in 0..16 {
                assert_eq!(squeezed(bits << (8 * group)), bits << (4 * group));
            }
        }
        assert_eq!(squeezed(0x0f0f_0f0f_0f0f_0f0f), u64::from(u32::MAX));
    }
}
