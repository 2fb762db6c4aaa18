//! Filling a new page whose keys collide without passing the same groups again for each entry.
//!
//! Entries of one home group and one overflow bit are a *chain*: each goes to the first free slot
//! from the home group on, behind those before it. While a page is only filled, a full group stays
//! full, so the next entry of a chain may begin where the last one ended. What is remembered makes
//! filling a page with m colliding entries O(m) instead of O(m²).

use alloc::vec::Vec;

use super::sequence::Sequence;
use super::{Geometry, NewPage, Shape};
use crate::error::TryReserveError;
use crate::hash::Place;
use crate::tier::Tier;
use crate::word::Word;

/// Overflow bits of a group.
const BITS: usize = u8::BITS as usize;

/// Chains are remembered from the first one on that passes so many groups: more than an ordinary
/// page has.
const LONG: usize = 64;

/// A page that is being filled: entries come, and none goes.
pub(super) struct Filling<W: Word, V> {
    page: NewPage<W, V>,
    /// For each home group and overflow bit, how many groups its next entry passes at least; nothing
    /// where no chain is long, or there is no memory to remember them.
    ends: Vec<u32>,
    /// Groups that all entries have to pass from their home groups, where chains may be long.
    passed: u64,
}

impl<W: Word, V> Filling<W, V> {
    /// A page without entries.
    ///
    /// # Errors
    ///
    /// A size that overflows, or no memory.
    pub(super) fn allocate(shape: Shape) -> Result<Self, TryReserveError> {
        Ok(Filling { page: NewPage::allocate(shape)?, ends: Vec::new(), passed: 0 })
    }

    /// The tier of the page.
    pub(super) fn tier(&self) -> Tier {
        self.page.tier()
    }

    /// Adds an entry whose key is not in the page, which has room; [`count`](Self::count) is to
    /// follow.
    #[inline(always)]
    pub(super) fn place(&mut self, place: Place, word: W, value: V) {
        let mut page = self.page.page_mut();
        if page.groups() <= LONG {
            page.place(place, word, value);
        } else {
            self.place_in_chain(place, word, value);
        }
    }

    /// [`place`](Self::place) where chains may be long. Returns how many groups it compared.
    #[inline(never)]
    fn place_in_chain(&mut self, place: Place, word: W, value: V) -> usize {
        let mut page = self.page.page_mut();
        let (home, groups) = (page.page().home(place), page.groups());
        let chain = home * BITS + page.page().overflow_bit(place) as usize % BITS;
        let before = self.ends.get(chain).map_or(0, |&end| end as usize);
        let start = Sequence::at(home, before, groups);
        let (_, passed) = page.place_from(start, place, word, value);
        self.passed += passed as u64;
        if passed >= LONG {
            self.note(groups, chain, passed);
        }
        passed - before + 1
    }

    #[cold]
    #[inline(never)]
    fn note(&mut self, groups: usize, chain: usize, passed: usize) {
        if self.ends.is_empty() && self.ends.try_reserve_exact(groups * BITS).is_ok() {
            self.ends.resize(groups * BITS, 0);
        }
        if let Some(end) = self.ends.get_mut(chain) {
            // A page has fewer than 2^32 slots.
            *end = passed as u32;
        }
    }

    /// Counts entries that were placed.
    pub(super) fn count(&mut self, placed: u32) {
        self.page.page_mut().count_placed(placed);
    }

    /// The page, with room for stale groups as after a rebuild, which would pass as many groups.
    pub(super) fn finish(mut self) -> NewPage<W, V> {
        let mut page = self.page.page_mut();
        let room = Geometry::<W, V>::stale_room(page.page().tier(), self.passed);
        page.header_mut().stale_room = room;
        self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::PageMut;

    /// Places of several chains, one or some of which are long, and of others.
    fn places(entries: usize, homes: u64, tier: Tier) -> Vec<Place> {
        let groups = tier.groups() as u64;
        let mut place = 0x9E37_79B9_7F4A_7C15_u64;
        (0..entries as u64)
            .map(|number| {
                place = place.wrapping_mul(0xD129_0DDB_53C4_3E49).wrapping_add(1);
                let home = if number % 8 == 0 { place >> 32 } else { 3 * (number % homes) };
                let home = home % groups * (u64::MAX / groups + 1);
                Place(home | place >> 8 & (u64::MAX / groups))
            })
            .collect()
    }

    #[test]
    fn entries_go_where_they_would_go_one_by_one_in_a_few_steps_each() {
        let tier = (0..10).fold(Tier::FIRST, |tier, _| tier.next().expect("there are larger ones"));
        let slots = tier.groups() * 4;
        let shape = Shape { tier, room: slots as u32, depth: 0 };
        for homes in [1, 2, 7] {
            let entries = slots * 7 / 8;
            let mut one_by_one = NewPage::<u64, u64>::allocate(shape).expect("there is memory");
            let mut filling = Filling::<u64, u64>::allocate(shape).expect("there is memory");
            let mut page = one_by_one.page_mut();
            let (mut compared, mut passed) = (0, 0);
            for (word, place) in (1..).zip(places(entries, homes, tier)) {
                let slot = page.insert_absent(place, word, word);
                compared += filling.place_in_chain(place, word, word);
                filling.count(1);
                assert_eq!(filling.page.page_mut().word(slot), word);
                // Looking at each would take long.
                if word % 64 == 0 {
                    passed += 64 * page.groups_probed(place, word).0;
                }
            }
            let mut filled = filling.finish();
            for group in 0..tier.groups() {
                // SAFETY: groups of both pages, which are alive.
                let bits = |page: PageMut<'_, u64, u64>| unsafe {
                    *page.page().overflow_ptr(group).as_ref()
                };
                assert_eq!(bits(one_by_one.page_mut()), bits(filled.page_mut()));
            }
            let (page, same) = (one_by_one.page_mut(), filled.page_mut());
            assert_eq!(page.len(), same.len());
            // Each chain has LONG groups at first, whose entries pass them all.
            let at_first = homes as usize * BITS * LONG * LONG / 2 * 4;
            println!("{homes} homes: {compared} compared, {passed} one by one");
            assert!(compared <= 4 * entries + at_first, "{homes} homes: {compared}");
            assert!(3 * compared < passed, "the chains are long: {compared}, {passed}");
        }
    }
}
