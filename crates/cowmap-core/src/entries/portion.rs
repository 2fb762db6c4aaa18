//! A tree's entries in portions that can be halved, for work in parallel.
//!
//! A portion is a run of groups of a list of pages, in the order in which a scan visits them: one
//! after the other, portions yield what a scan does. (In the order of memory, a large page would
//! come in the order of the hash, and inserting that into a map that grows is quadratic.) It is cut
//! where half of the entries lie on either side; groups of one page count as equally full. Each
//! group is in one portion.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::error::OrRaise;
use crate::page::{Page, Slot, SlotMut};
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
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
    /// How many groups of the page are visited before.
    nth: usize,
}

/// A run of groups. It only tells where slots are; the code that reads or writes them through it says by
/// which right.
struct Portion<W, V> {
    pages: Arc<[Planned<W, V>]>,
    start: Mark,
    end: Mark,
    /// Halves of about fewer entries than this are not made.
    least: usize,
}

// SAFETY: nothing can be reached through a portion without the promises of `visit`.
unsafe impl<W: Send, V> Send for Portion<W, V> {}
// SAFETY: as above.
unsafe impl<W: Sync, V> Sync for Portion<W, V> {}

impl<W: Word, V> Portion<W, V> {
    /// All of a tree.
    fn of<P: Paging>(tree: &Tree<W, V, P>) -> Self {
        let mut pages = Cursor::over(tree);
        let (mut planned, mut before) = (Vec::new(), 0);
        // SAFETY: the tree is borrowed, so it is alive and nobody writes it.
        while let Some((page, sole)) = unsafe { pages.next_with_owner() } {
            // SAFETY: as above.
            let entries = unsafe { page.borrow() }.len();
            if entries > 0 {
                planned.push(Planned { page, sole, entries, before });
                before += entries;
            }
        }
        let end = Mark { page: planned.len(), nth: 0 };
        Portion { pages: planned.into(), start: Mark { page: 0, nth: 0 }, end, least: 0 }
    }

    /// About how many entries come before a mark.
    fn before(&self, mark: Mark) -> usize {
        match self.pages.get(mark.page) {
            Some(planned) => {
                let groups = planned.page.groups();
                // Fewer than 2^32 of each: on small targets entries of 4 bytes and more bound both.
                let within = planned.entries as u64 * mark.nth as u64 / groups as u64;
                planned.before + usize::try_from(within).unwrap_or(planned.entries)
            }
            None => self.pages.last().map_or(0, |last| last.before + last.entries),
        }
    }

    /// About how many entries there are.
    fn estimate(&self) -> usize {
        self.before(self.end) - self.before(self.start)
    }

    /// Two halves by entries, or one that is too small for that: a single group at the least.
    fn split(self) -> (Self, Option<Self>) {
        let (from, entries) = (self.before(self.start), self.estimate());
        if entries / 2 < self.least.max(1) {
            return (self, None);
        }
        let target = from + entries / 2;
        let page = self.pages.partition_point(|planned| planned.before <= target) - 1;
        let planned = &self.pages[page];
        let within = (target - planned.before) as u64 * planned.page.groups() as u64;
        let nth = within / planned.entries as u64;
        let mut middle = Mark { page, nth: usize::try_from(nth).unwrap_or(0) };
        if middle <= self.start {
            // The first group has more than half.
            middle = Mark { page: self.start.page, nth: self.start.nth + 1 };
        }
        if middle >= self.end {
            return (self, None);
        }
        let upper = Portion { pages: self.pages.clone(), start: middle, ..self };
        (Portion { end: middle, ..self }, Some(upper))
    }

    /// Calls `visit` with each page, the slots in it that hold entries, and whether the page was
    /// found to have one owner, until it returns `false`.
    ///
    /// # Safety
    ///
    /// The tree is alive, its words have not been written since the portion was made by anybody
    /// but such a `visit`, and are not meanwhile: this one may free the slot it is called with,
    /// others those of other portions.
    #[inline]
    unsafe fn visit(&self, mut visit: impl FnMut(Page<W, V>, Slot, bool) -> bool) {
        let mut nth = self.start.nth;
        for (at, planned) in self.pages.iter().enumerate().skip(self.start.page) {
            let end = if at == self.end.page { self.end.nth } else { planned.page.groups() };
            for group in (nth..end).map(|nth| planned.page.nth_group(nth)) {
                // SAFETY: the caller's promise; the page has this group. Taking values leaves
                // occupancy bits as they are (P7).
                for lane in lanes(unsafe { planned.page.borrow() }.entries(group)) {
                    if !visit(planned.page, Slot { group, lane }, planned.sole) {
                        return;
                    }
                }
            }
            if at >= self.end.page {
                return;
            }
            nth = 0;
        }
    }
}

/// A portion of the entries of a tree that is borrowed for `'a`.
pub(crate) struct SharedPortion<'a, W, V> {
    portion: Portion<W, V>,
    marker: PhantomData<&'a V>,
}

impl<'a, W: Word, V> SharedPortion<'a, W, V> {
    /// All entries.
    pub(crate) fn of<P: Paging>(tree: &'a Tree<W, V, P>) -> Self {
        SharedPortion { portion: Portion::of(tree), marker: PhantomData }
    }

    /// Calls `visit` with each entry until it returns `false`.
    #[inline]
    pub(crate) fn visit(self, mut visit: impl FnMut(W, &'a V) -> bool) {
        // SAFETY: the tree is borrowed for `'a`, so it is alive and nobody writes it; the slots
        // hold entries.
        unsafe {
            self.portion.visit(|page, slot, _| {
                let page = page.borrow();
                visit(page.word(slot), page.value(slot))
            });
        }
    }
}

/// A portion of the entries of a tree that is borrowed mutably for `'a`, all of whose pages it owns
/// alone.
pub(crate) struct ExclusivePortion<'a, W, V> {
    portion: Portion<W, V>,
    marker: PhantomData<&'a mut V>,
}

impl<'a, W: Word, V> ExclusivePortion<'a, W, V> {
    /// All entries. Copies whatever is shared.
    pub(crate) fn of<P: Paging, R: Rules<V>>(tree: &'a mut Tree<W, V, P>, rules: &R) -> Self {
        tree.unshare_all(rules).or_raise();
        ExclusivePortion { portion: Portion::of(tree), marker: PhantomData }
    }

    /// Calls `visit` with each entry until it returns `false`.
    #[inline]
    pub(crate) fn visit(self, mut visit: impl FnMut(W, &'a mut V) -> bool) {
        // SAFETY: the tree is borrowed mutably for `'a`; it owns its pages alone (S3) since `of`.
        // Nobody writes words. Portions have no slot in common, and this one is visited once, so
        // each value is lent once; the slots hold entries.
        unsafe {
            self.portion.visit(|page, slot, _| {
                let slot = SlotMut::new(page, slot);
                visit(slot.word(), slot.value())
            });
        }
    }
}

/// A portion of the entries of a tree that its portions own together.
pub(crate) struct OwnedPortion<W: Word, V, P: Paging> {
    portion: Portion<W, V>,
    tree: Arc<Tree<W, V, P>>,
}

impl<W: Word, V, P: Paging> OwnedPortion<W, V, P> {
    /// All entries.
    pub(crate) fn of(tree: Tree<W, V, P>) -> Self {
        OwnedPortion { portion: Portion::of(&tree), tree: Arc::new(tree) }
    }

    /// Calls `visit` with each entry until it returns `false`: moved out of pages that the tree
    /// owned alone, cloned out of shared ones. What is not visited is dropped with the tree.
    #[inline]
    pub(crate) fn visit(self, mut visit: impl FnMut(W, V) -> bool)
    where
        V: Clone,
    {
        // SAFETY: the tree is alive as long as `self`, and nobody but its portions reaches it.
        // They have no slot in common, are visited once, and nobody can come to share a page of
        // which this tree was the one owner (S3), because nobody clones the tree. Only portions
        // free slots, each after it looked at the slot's group; the slots hold entries.
        unsafe {
            self.portion.visit(|page, slot, sole| {
                if sole {
                    let slot = SlotMut::new(page, slot);
                    visit(slot.word(), slot.take())
                } else {
                    let page = page.borrow();
                    visit(page.word(slot), page.value(slot).clone())
                }
            });
        }
    }
}

/// What portions have in common: that they are halved.
macro_rules! halves {
    ($name:ident<$($lifetime:lifetime,)? W, V $(, $policy:ident)?>, $keep:ident) => {
        impl<$($lifetime,)? W: Word, V $(, $policy: Paging)?>
            $name<$($lifetime,)? W, V $(, $policy)?>
        {
            /// About how many entries there are.
            pub(crate) fn estimate(&self) -> usize {
                self.portion.estimate()
            }

            /// The same portion, which is not halved where halves would have fewer entries than
            /// `least`.
            pub(crate) fn with_least(mut self, least: usize) -> Self {
                self.portion.least = least;
                self
            }

            /// Two halves by entries, or one that is too small for that.
            pub(crate) fn split(self) -> (Self, Option<Self>) {
                let (lower, upper) = self.portion.split();
                let upper = upper.map(|portion| $name { portion, $keep: self.$keep.clone() });
                ($name { portion: lower, $keep: self.$keep }, upper)
            }
        }
    };
}

halves!(SharedPortion<'a, W, V>, marker);
halves!(ExclusivePortion<'a, W, V>, marker);
halves!(OwnedPortion<W, V, P>, tree);

/// The bits that are set in `mask`, from the lowest.
#[inline(always)]
fn lanes(mut mask: u32) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let lane = mask.trailing_zeros();
        mask &= mask - 1;
        Some(lane)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Fixed;
    use crate::policy::{Flat, Limits, Paged};
    use crate::rules::Building;

    /// Halves a portion to the end, and checks that no two halves differ by more than a tenth, as
    /// far as there is a group's worth to choose.
    fn halve<V>(portion: Portion<u64, V>, seen: &mut usize) {
        let count = |portion: &Portion<u64, V>| {
            let mut count = 0;
            // SAFETY: the tests' trees are alive and not written.
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

    fn tree_of<P: Paging>(words: impl Iterator<Item = u64>) -> Tree<u64, u64, P> {
        let rules = Building::<Limits<u64, u64, P>, Fixed>::by(&Fixed);
        let mut tree = Tree::new();
        for word in words {
            tree.insert(&rules, word, word).unwrap();
        }
        tree
    }

    #[test]
    fn halves_have_half_of_the_entries() {
        for count in [0, 1, 100, 5_000, 60_000] {
            let mut seen = 0;
            halve(Portion::of(&tree_of::<Paged>(1..=count)), &mut seen);
            halve(Portion::of(&tree_of::<Flat>((1..=count).map(|id| id * id))), &mut seen);
            assert_eq!(seen as u64, 2 * count);
        }
    }

    #[test]
    fn halves_below_the_least_are_not_made() {
        let rules = Building::<Limits<u64, u64, Paged>, Fixed>::by(&Fixed);
        let mut tree = tree_of::<Paged>(1..=5_000);
        assert!(SharedPortion::of(&tree).with_least(2_501).split().1.is_none());
        let (lower, upper) = SharedPortion::of(&tree).with_least(1_300).split();
        assert!(upper.is_some() && lower.split().1.is_none());
        assert!(ExclusivePortion::of(&mut tree, &rules).with_least(2_501).split().1.is_none());
        assert!(OwnedPortion::of(tree).with_least(2_501).split().1.is_none());
    }

    #[test]
    fn each_entry_is_visited_once_in_every_kind_of_portion() {
        let rules = Building::<Limits<u64, u64, Paged>, Fixed>::by(&Fixed);
        let mut tree = tree_of::<Paged>(1..=5_000);
        let mut sum = 0;
        let mut add = |word: u64, value: u64| {
            sum += word + value;
            true
        };
        let whole = SharedPortion::of(&tree);
        assert_eq!(whole.estimate(), 5_000);
        let (lower, upper) = whole.split();
        lower.visit(|word, value| add(word, *value));
        upper.expect("there are enough entries").visit(|word, value| add(word, *value));
        let whole = ExclusivePortion::of(&mut tree, &rules);
        assert_eq!(whole.estimate(), 5_000);
        let (lower, upper) = whole.split();
        let mut zero = |word, value: &mut u64| add(word, core::mem::take(value));
        lower.visit(&mut zero);
        upper.expect("there are enough entries").visit(&mut zero);
        let whole = OwnedPortion::of(tree);
        assert_eq!(whole.estimate(), 5_000);
        let (lower, upper) = whole.split();
        lower.visit(&mut add);
        upper.expect("there are enough entries").visit(&mut add);
        assert_eq!(sum, 5 * (5_000 * 5_001 / 2));
    }
}
