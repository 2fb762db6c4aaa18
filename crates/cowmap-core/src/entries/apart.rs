//! The entries of two trees in pages that the two do not share.

use crate::page::{Page, PageRef, Slots};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::tree::apart::Apart;
use crate::word::Word;

/// Entries of two trees that are borrowed for `'a`, or of the first one only, without those in pages
/// that both have; and of the other one, without those whose words are in the same slot of the first.
pub(crate) struct EntriesApart<'a, W: Word, V, P: Paging> {
    places: Apart<'a, W, V, P>,
    /// The slots that are left of the current page, and the page of the other tree at its place.
    /// Invariant of the type: they are the trees' pages, or the empty one.
    current: (Slots<W, V>, Page<W, V>),
    /// The tree of the current page.
    side: usize,
    /// The other tree's page at this place, if it is to come next.
    queued: Option<(Page<W, V>, Page<W, V>)>,
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
        let current = (self.current.0.clone(), self.current.1);
        EntriesApart { places: self.places.clone(), current, ..*self }
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
        let current = (Slots::none(), Page::empty());
        let places = Apart::of(one, other, both);
        EntriesApart { places, current, side: 0, queued: None, passed: [0, 0] }
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

    /// Goes on to the next page; `false` if there is none.
    fn next_page(&mut self) -> bool {
        // SAFETY: one of the trees' pages, alive and not written.
        self.passed[self.side] += unsafe { self.current.0.page().borrow() }.len();
        if let Some((page, facing)) = self.queued.take() {
            (self.current, self.side) = ((Slots::of(page), facing), 1);
            return true;
        }
        while let Some(place) = self.places.next_place() {
            let [one, other] = place.pages.map(PageRef::page);
            if place.begins[0] {
                (self.current, self.side) = ((Slots::of(one), other), 0);
                self.queued = place.begins[1].then_some((other, one));
                return true;
            }
            if place.begins[1] {
                (self.current, self.side) = ((Slots::of(other), one), 1);
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
            let side = self.side;
            // SAFETY: the pages are the trees', which are borrowed for `'a`, so they are alive and
            // nobody writes them. The slot holds an entry, as does one with its word.
            unsafe {
                let (page, facing) = (self.current.0.page().borrow(), self.current.1.borrow());
                while let Some(slot) = self.current.0.next() {
                    let (word, value) = (page.word(slot), page.value(slot));
                    let facing = (slot.group < facing.groups() && facing.word(slot) == word)
                        .then(|| facing.value(slot));
                    match facing {
                        Some(facing) if side == 1 || equal(value, facing) => {}
                        _ => return Some(EntryApart { side, word, value, facing }),
                    }
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
