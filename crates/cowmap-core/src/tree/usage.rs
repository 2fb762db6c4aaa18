//! What trees occupy, what of it several have in common, and what of it would go with them.
//!
//! One walk over the parts of a tree serves all three, with another decision at each part: whether
//! to go on below it.
//!
//! * One handle alone: a part is shared if its count is not the weight that it is held with here,
//!   or if something above it is shared.
//! * What several handles keep alive: a part is counted, and what is below it visited, when it is
//!   reached for the first time.
//! * What would go with several handles: they let go of what they hold, in thought. A part goes
//!   when the weights that were let go of add up to its count (S1). Then it lets go of what it
//!   holds.

use super::Tree;
use super::holder::Holder;
use super::link::Link;
use super::sharing;
use crate::count::HANDLE;
use crate::error::OrRaise;
use crate::hash::Fixed;
use crate::page::Page;
use crate::policy::{Flat, Limits, Paging};
use crate::rules::Building;
use crate::word::Word;

/// The bytes that handles keep alive, as they asked the allocator for them.
///
/// [`Map::memory_usage`](crate::Map::memory_usage) has it of one map, and [`of`](Self::of) of
/// several handles together, where each byte is counted once. `total - shared` is what is theirs
/// alone: what would be freed if they were dropped.
///
/// What values own elsewhere, such as the text of a `String`, is not counted, nor are the handles
/// themselves and the `Vec` they may be in.
///
/// # Examples
///
/// ```
/// let map: cowmap_core::CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
/// let usage = map.memory_usage();
/// assert!(usage.total >= 16_000 && usage.pages > 1);
/// assert_eq!((usage.shared, usage.shared_pages), (0, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// Bytes of all pages, and of the directory above them.
    pub total: usize,
    /// Bytes of what at least one other handle holds too, or of what lies below that. They are not
    /// free: they stay until the last of those handles is dropped.
    pub shared: usize,
    /// How many pages there are.
    pub pages: usize,
    /// How many pages at least one other handle holds too.
    pub shared_pages: usize,
}

impl MemoryUsage {
    fn add(&mut self, part: &Part, shared: bool) {
        self.total += part.bytes;
        self.pages += usize::from(part.is_page);
        if shared {
            self.shared += part.bytes;
            self.shared_pages += usize::from(part.is_page);
        }
    }
}

/// A page, a segment or a holder, as it was reached.
pub(crate) struct Part {
    pub(super) address: usize,
    bytes: usize,
    is_page: bool,
    /// The sum of the weights with which it is held.
    pub(super) count: usize,
    /// The weight with which what is above it on this way holds it.
    pub(super) held: usize,
}

impl Part {
    fn is_shared(&self) -> bool {
        self.count != self.held
    }
}

/// Looks at a part, with what was found above it; returns what to hand on to the parts that it
/// holds, or `None` to step over them.
pub(crate) type Enter<'e> = dyn FnMut(&Part, bool) -> Option<bool> + 'e;

/// A tree of any type.
pub(crate) trait AnyTree {
    /// Visits the parts of the tree, each before those that it holds.
    fn visit(&self, above: bool, enter: &mut Enter<'_>);
}

impl<W: Word, V, P: Paging> AnyTree for Tree<W, V, P> {
    fn visit(&self, above: bool, enter: &mut Enter<'_>) {
        visit::<W, V>(self.root, self.levels, HANDLE, above, enter);
    }
}

/// Visits a child of a tree that is borrowed, at its height, and what is below it. Nobody holds the
/// empty page.
fn visit<W: Word, V>(link: Link, height: u8, held: usize, above: bool, enter: &mut Enter<'_>) {
    let address = link.base().addr().get();
    // SAFETY: children of a tree at their height, and their holders, alive as long as its handle is
    // borrowed.
    unsafe {
        let Some(count) = sharing::count::<W, V>(link, height) else { return };
        let count = count.sum();
        if height == 0 {
            let page: Page<W, V> = link.page();
            let bytes = page.borrow().bytes();
            enter(&Part { address, bytes, is_page: true, count, held }, above);
            return;
        }
        let segment = link.segment();
        let bytes = segment.bytes();
        let part = Part { address, bytes, is_page: false, count, held };
        let Some(above) = enter(&part, above) else { return };
        let held = segment.header().weight.get();
        for bundle in segment.bundles() {
            let Some(holder) = segment.holder(bundle) else { continue };
            let (address, count) = (holder.address().addr(), holder.shares().sum());
            let part = Part { address, bytes: Holder::BYTES, is_page: false, count, held };
            let Some(above) = enter(&part, above) else { continue };
            let held = holder.shares().weight();
            for child in segment.children(segment.bundle_links(bundle)) {
                visit::<W, V>(child, height - 1, held, above, enter);
            }
        }
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Adds up the bytes of pages, segments and holders. O(pages).
    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        let mut usage = MemoryUsage::default();
        self.visit(false, &mut |part, shared_above| {
            let shared = shared_above || part.is_shared();
            usage.add(part, shared);
            Some(shared)
        });
        usage
    }

    /// How many links the directory has, for tests of its bounds.
    pub(crate) fn directory_links(&self) -> usize {
        self.stored_links()
    }

    /// Entries in a full page of ordinary size, for tests and estimates.
    pub(crate) fn page_entries() -> usize {
        Limits::<W, V, P>::PAGE_ENTRIES
    }
}

/// What these handles, no two of which are the same one, keep alive together; shared is what would
/// not go with them. O(parts), each of them once.
pub(crate) fn usage_of(trees: &[&dyn AnyTree]) -> MemoryUsage {
    let (mut usage, mut reached) = (MemoryUsage::default(), Sums::new());
    for tree in trees {
        // A part that has one owner on all the way from its handle is reached in no other.
        tree.visit(true, &mut |part, alone| {
            let alone = alone && !part.is_shared();
            if !alone && reached.add(part.address, 1) > 1 {
                return None;
            }
            usage.add(part, false);
            Some(alone)
        });
    }
    let own = own_of(trees);
    // Counts may change between the two walks, if other threads clone and drop handles.
    usage.shared = usage.total.saturating_sub(own.total);
    usage.shared_pages = usage.pages.saturating_sub(own.pages);
    usage
}

/// What would go if these handles, no two of which are the same one, were dropped, and nothing of
/// it is shared. O(what would go), and the shared parts at its edge.
pub(crate) fn own_of(trees: &[&dyn AnyTree]) -> MemoryUsage {
    let (mut own, mut let_go) = (MemoryUsage::default(), Sums::new());
    for tree in trees {
        tree.visit(false, &mut |part, above| {
            if part.is_shared() && let_go.add(part.address, part.held) != part.count {
                return None;
            }
            own.add(part, false);
            Some(above)
        });
    }
    own
}

/// A sum for each of some addresses.
struct Sums(Tree<u64, usize, Flat>);

impl Sums {
    fn new() -> Self {
        Sums(Tree::new())
    }

    /// Adds to the sum of an address, and returns it. O(1).
    fn add(&mut self, address: usize, more: usize) -> usize {
        let rules = Building::<Limits<u64, usize, Flat>, Fixed>::by(&Fixed);
        let word = address as u64;
        let sum = self.0.get(&rules, word).map_or(more, |sum| sum.wrapping_add(more));
        self.0.insert(&rules, word, sum).or_raise();
        sum
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use alloc::vec::Vec;
    use core::cell::Cell;

    use super::*;
    use crate::policy::{Paged, Tiny};
    use crate::tree::plain::{Plain, spread, tree_of};

    /// A tree whose visited parts are counted.
    struct Counted<'a>(&'a dyn AnyTree, &'a Cell<usize>);

    impl AnyTree for Counted<'_> {
        fn visit(&self, above: bool, enter: &mut Enter<'_>) {
            self.0.visit(above, &mut |part, above| {
                self.1.set(self.1.get() + 1);
                enter(part, above)
            });
        }
    }

    fn parts<P: Paging>(tree: &Tree<u64, u64, P>) -> usize {
        let mut parts = 0;
        tree.visit(true, &mut |_, above| {
            parts += 1;
            Some(above)
        });
        parts
    }

    /// A hundred handles, each of which differs from the one before it by one page and its path,
    /// cost the parts of one and a hundred times the parts of a path, not a hundred times all.
    fn what_is_shared_is_visited_once<P: Paging>(entries: u64) {
        let mut tree = tree_of::<P>(spread(entries, 0, 0));
        let one = parts(&tree);
        let mut handles = Vec::new();
        for word in spread(100, 0, 0) {
            handles.push(tree.clone());
            tree.insert(&Plain, word, 0).unwrap();
        }
        let steps = Cell::new(0);
        let counted: Vec<_> = handles.iter().map(|tree| Counted(tree, &steps)).collect();
        let trees: Vec<&dyn AnyTree> = counted.iter().map(|tree| tree as _).collect();

        usage_of(&trees);
        // Of the root and a segment a level, a few dozen holders.
        let path = 32 + 8 * usize::from(tree.levels);
        let both = steps.take();
        assert!(both <= 2 * (one + 100 * path), "{both} {one}");
        assert!(both < one * 100 / 4, "{both} {one}");

        for tree in &trees {
            own_of(&[*tree]);
        }
        let alone = steps.take();
        assert!(alone <= 100 * 2 * path, "{alone}");
    }

    #[test]
    fn what_is_shared_is_visited_once_in_pages() {
        what_is_shared_is_visited_once::<Paged>(50_000);
    }

    #[test]
    fn what_is_shared_is_visited_once_in_tiny_pages() {
        what_is_shared_is_visited_once::<Tiny>(2_000);
    }

    #[test]
    fn a_tree_that_shares_nothing_is_counted_without_a_table() {
        let tree = tree_of::<Tiny>(spread(500, 0, 0));
        let usage = usage_of(&[&tree]);
        assert_eq!((usage, usage), (tree.memory_usage(), own_of(&[&tree])));
    }
}
