//! The entries of two trees in pages that the two do not share.

use crate::page::{Page, PageRef, SlotsApart};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::apart::{Apart, Place};
use crate::word::Word;

/// How many places are looked for ahead of the one that is visited. Measured, as for scans
/// (`shared.rs`): changes in 7,600 pages of a million entries, beyond the caches, are found in 0.7
/// of the time that it takes without.
const AHEAD: usize = 4;

/// The pages of two trees at the same place.
type Pages<W, V> = [Page<W, V>; 2];

/// Entries of two trees that are borrowed for `'a`, or of the first one only, without those in pages
/// that both have; and of the other one, without those whose words are in the same slot of the first.
pub(crate) struct EntriesApart<'a, W: Word, V, P: Paging> {
    places: Apart<'a, W, V, P>,
    /// The next places, the first of which is at `next`; `None` behind the last one, and before the walk
    /// has begun.
    ahead: [Option<Place<'a, W, V>>; AHEAD],
    next: usize,
    begun: bool,
    /// The slots that are left of the current page, which is compared with the page of the other tree
    /// at its place, or of both. Invariant of the type: they are the trees' pages, or the empty one.
    slots: SlotsApart<W, V>,
    /// The tree of the current page.
    side: usize,
    /// The other tree's page at this place, if it is to come next, and the current one.
    queued: Option<Pages<W, V>>,
    /// Entries of each tree in the pages that were passed.
    passed: [usize; 2],
}

/// An entry of one of two trees.
pub(crate) struct EntryApart<'a, W, V> {
    /// 0 for the first tree, 1 for the other.
    pub(crate) side: usize,
    pub(crate) word: W,
    pub(crate) value: &'a V,
    /// The value of the word in the other tree, if it is in the same slot there, as it is in a copy.
    pub(crate) facing: Option<&'a V>,
}

impl<W: Word, V, P: Paging> Clone for EntriesApart<'_, W, V, P> {
    fn clone(&self) -> Self {
        EntriesApart { places: self.places.clone(), slots: self.slots.clone(), ..*self }
    }
}

// SAFETY: a shared borrow of trees, from which nothing can be written.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Send for EntriesApart<'_, W, V, P> {}
// SAFETY: as above.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Sync for EntriesApart<'_, W, V, P> {}

impl<'a, W: Word, V, P: Paging> EntriesApart<'a, W, V, P> {
    /// The entries of `tree`, without those in pages that `other` has too.
    pub(crate) fn of(tree: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>) -> Self {
        Self::walk(tree, other, false)
    }

    /// The entries of both trees, without those in pages that both have.
    pub(crate) fn of_both(one: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>) -> Self {
        Self::walk(one, other, true)
    }

    fn walk(one: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>, both: bool) -> Self {
        let (places, slots) = (Apart::of(one, other, both), SlotsApart::none());
        EntriesApart {
            places,
            ahead: [None; AHEAD],
            next: 0,
            begun: false,
            slots,
            side: 0,
            queued: None,
            passed: [0, 0],
        }
    }

    /// Whether the first tree has more than so many: as many pages are looked at as that takes.
    pub(crate) fn are_more_than(&self, most: usize) -> bool {
        let (mut places, mut left) = (self.places.clone(), most);
        while let Some(place) = places.next_place() {
            let entries = if place.begins[0] { place.pages[0].len() } else { 0 };
            match left.checked_sub(entries) {
                Some(less) => left = less,
                None => return true,
            }
        }
        false
    }

    /// How many entries of each tree were in the pages that were passed.
    pub(crate) fn passed(&self) -> [usize; 2] {
        self.passed
    }

    /// The next place, and the pages that are to be asked for while it is visited.
    #[inline]
    fn next_place(&mut self) -> Option<(Place<'a, W, V>, Pages<W, V>)> {
        let mut place_ahead = || {
            let place = self.places.next_place();
            if let Some(place) = &place {
                place.pages.into_iter().for_each(PageRef::prefetch_start);
            }
            place
        };
        if !self.begun {
            self.begun = true;
            self.ahead.fill_with(&mut place_ahead);
        }
        let place = self.ahead[self.next]?;
        let newest = place_ahead();
        self.ahead[self.next] = newest;
        self.next = (self.next + 1) % AHEAD;
        Some((place, newest.map_or([Page::empty(); 2], |place| place.pages.map(PageRef::page))))
    }

    /// Goes on to the next page, or to two at the same place; `false` if there is none.
    fn next_page(&mut self) -> bool {
        for (side, page) in (self.side..).zip(self.slots.visited_pages()) {
            // SAFETY: one of the trees' pages, alive and not written.
            self.passed[side] += unsafe { page.borrow() }.len();
        }
        if let Some(pages) = self.queued.take() {
            (self.slots, self.side) = (SlotsApart::of(pages, false), 1);
            return true;
        }
        while let Some((place, ahead)) = self.next_place() {
            let [one, other] = place.pages.map(PageRef::page);
            let both = place.begins == [true; 2] && one.groups() == other.groups();
            if place.begins[0] {
                (self.slots, self.side) = (SlotsApart::before([one, other], both, ahead), 0);
                self.queued = (place.begins[1] && !both).then_some([other, one]);
                return true;
            }
            if place.begins[1] {
                (self.slots, self.side) = (SlotsApart::before([other, one], false, ahead), 1);
                return true;
            }
        }
        false
    }
}

impl<'a, W: Word, V, P: Paging> EntriesApart<'a, W, V, P> {
    /// The next entry, without those of the first tree of which the other one has an `equal` value in
    /// the same slot.
    #[inline]
    pub(crate) fn next_unequal(
        &mut self,
        mut equal: impl FnMut(&V, &V) -> bool,
    ) -> Option<EntryApart<'a, W, V>> {
        loop {
            // The second tree's entries whose words are in the same slot of the first come with those.
            let of_other = self.side == 1;
            // SAFETY: the pages are the trees', which are borrowed for `'a`, so they are alive and
            // nobody writes them. The slot holds an entry, as does one with its word.
            unsafe {
                if let Some(found) =
                    self.slots.next_unequal(|value, facing| of_other || equal(value, facing))
                {
                    let pages = self.slots.pages().map(|page| page.borrow());
                    let (page, facing) = (pages[found.side], pages[1 - found.side]);
                    return Some(EntryApart {
                        side: self.side + found.side,
                        word: page.word(found.slot),
                        value: page.value(found.slot),
                        facing: found.same.then(|| facing.value(found.slot)),
                    });
                }
            }
            if !self.next_page() {
                return None;
            }
        }
    }
}

impl<'a, W: Word, V, P: Paging> Iterator for EntriesApart<'a, W, V, P> {
    type Item = EntryApart<'a, W, V>;

    #[inline]
    fn next(&mut self) -> Option<EntryApart<'a, W, V>> {
        self.next_unequal(|_, _| false)
    }
}
