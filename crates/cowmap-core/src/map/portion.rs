//! A map's entries in portions that can be halved, for work in parallel.
//!
//! A portion is a run of groups of a list of pages, cut where half of the entries lie on either
//! side; groups of one page count as equally full. Each group is in one portion.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::directory::Tree;
use crate::directory::pages::Pages;
use crate::page::{Page, Slot, lanes};
use crate::paging::Paging;
use crate::word::Word;

/// A page with entries, and what is before it.
struct Planned<W, V> {
    page: Page<W, V>,
    /// Whether, when the plan was made, the page and all above it had one holder.
    sole: bool,
    entries: usize,
    /// Entries in the pages before.
    before: usize,
}

/// A place between two groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    page: usize,
    group: usize,
}

/// A run of groups.
pub(super) struct Portion<W, V> {
    pages: Arc<[Planned<W, V>]>,
    start: Mark,
    end: Mark,
}

// SAFETY: a portion only tells where slots are; whoever reads or writes them through it says by
// which right.
unsafe impl<W: Send, V> Send for Portion<W, V> {}
// SAFETY: as above.
unsafe impl<W: Sync, V> Sync for Portion<W, V> {}

/// Portions of fewer entries than this are not halved.
const LEAST: usize = 128;

impl<W: Word, V> Portion<W, V> {
    /// All of a tree, which must not be written through other pointers while the portion is used.
    pub(super) fn of<P: Paging>(tree: &Tree<W, V, P>) -> Self {
        let mut pages = Pages::of(tree);
        let (mut planned, mut before) = (Vec::new(), 0);
        // SAFETY: the tree is borrowed, so it is alive and nobody writes it.
        while let Some(visited) = unsafe { pages.next_visited() } {
            // SAFETY: as above.
            let entries = unsafe { visited.page.borrow() }.len();
            if entries > 0 {
                planned.push(Planned { page: visited.page, sole: visited.sole, entries, before });
                before += entries;
            }
        }
        let end = Mark { page: planned.len(), group: 0 };
        Portion { pages: planned.into(), start: Mark { page: 0, group: 0 }, end }
    }

    /// About how many entries come before a mark.
    fn before(&self, mark: Mark) -> usize {
        match self.pages.get(mark.page) {
            Some(planned) => {
                let groups = planned.page.groups();
                // Fewer than 2^32 of each: on small targets entries of 4 bytes and more bound both.
                let within = planned.entries as u64 * mark.group as u64 / groups as u64;
                planned.before + usize::try_from(within).unwrap_or(planned.entries)
            }
            None => self.pages.last().map_or(0, |last| last.before + last.entries),
        }
    }

    /// About how many entries there are.
    pub(super) fn estimate(&self) -> usize {
        self.before(self.end) - self.before(self.start)
    }

    /// Two halves by entries, or one that is too small for that.
    pub(super) fn split(self) -> (Self, Option<Self>) {
        let (from, entries) = (self.before(self.start), self.estimate());
        if entries < LEAST {
            return (self, None);
        }
        let target = from + entries / 2;
        let page = self.pages.partition_point(|planned| planned.before <= target) - 1;
        let planned = &self.pages[page];
        let within = (target - planned.before) as u64 * planned.page.groups() as u64;
        let group = within / planned.entries as u64;
        let middle = Mark { page, group: usize::try_from(group).unwrap_or(0) };
        if middle <= self.start || middle >= self.end {
            return (self, None);
        }
        let upper = Portion { pages: self.pages.clone(), start: middle, end: self.end };
        (Portion { end: middle, ..self }, Some(upper))
    }

    /// Calls `visit` with each page, the slots in it that hold entries, and whether the page was
    /// found to have one owner, until it answers `false`.
    ///
    /// # Safety
    ///
    /// The tree is alive, and its slots are written by nobody but `visit`, which may free the slot
    /// it is called with.
    pub(super) unsafe fn visit(&self, mut visit: impl FnMut(Page<W, V>, Slot, bool) -> bool) {
        let mut group = self.start.group;
        for (at, planned) in self.pages.iter().enumerate().skip(self.start.page) {
            let end = if at == self.end.page { self.end.group } else { planned.page.groups() };
            for group in group..end {
                // SAFETY: the caller's promise; the page has this group.
                for lane in lanes(unsafe { planned.page.borrow() }.occupied(group)) {
                    if !visit(planned.page, Slot { group, lane }, planned.sole) {
                        return;
                    }
                }
            }
            if at >= self.end.page {
                return;
            }
            group = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{CowMap, FlatCowMap};

    /// Halves a portion to the end, and checks that no two halves differ by more than a tenth, as
    /// far as there is a group's worth to choose.
    fn halve<V>(portion: Portion<u64, V>, seen: &mut usize) {
        let count = |portion: &Portion<u64, V>| {
            let mut count = 0;
            // SAFETY: the tests' maps are alive and not written.
            unsafe {
                portion.visit(|_, _, _| {
                    count += 1;
                    true
                });
            }
            count
        };
        let whole = count(&portion);
        match portion.split() {
            (only, None) => *seen += count(&only),
            (lower, Some(upper)) => {
                let halves = [count(&lower), count(&upper)];
                assert_eq!(halves[0] + halves[1], whole);
                let apart = halves[0].abs_diff(halves[1]);
                assert!(whole < 4096 || apart * 10 <= whole, "{halves:?}");
                halve(lower, seen);
                halve(upper, seen);
            }
        }
    }

    #[test]
    fn halves_have_half_of_the_entries() {
        for count in [0, 1, 100, 5_000, 60_000] {
            let mut seen = 0;
            let map: CowMap<u64, u64> = (0..count).map(|id| (id, id)).collect();
            halve(Portion::of(&map.tree), &mut seen);
            let map: FlatCowMap<u64, u64> = (0..count).map(|id| (id * id, id)).collect();
            halve(Portion::of(&map.tree), &mut seen);
            assert_eq!(seen as u64, 2 * count);
        }
    }
}
