//! The pages of one tree that another has not. What both have is stepped over a segment at a time.
//!
//! A segment or page that two trees share is in both at the same height, counted from the pages, and
//! below the same prefix. So at each step down one tree, the other one's child there is compared by its
//! address. That holds whatever became of the shapes meanwhile: a root that doubled, or a level above.

use super::Tree;
use super::cursor::Cursor;
use super::link::Link;
use crate::hash::PageHash;
use crate::page::PageRef;
use crate::policy::Paging;
use crate::word::Word;

/// How far the pages of a tree were visited that another tree has not.
pub(crate) struct Apart<'a, W: Word, V, P: Paging> {
    tree: &'a Tree<W, V, P>,
    other: &'a Tree<W, V, P>,
    way: Way,
    /// Segments that were read.
    #[cfg(test)]
    segments: usize,
}

/// In which order pages are visited.
#[derive(Clone, Copy)]
enum Way {
    /// Of the hash, from here on.
    InOrder(Option<PageHash>),
    /// That of a traversal, which looks at each link: where most of the root's children differ. A map
    /// that such a difference is inserted into grows evenly.
    Scattered(Cursor),
}

impl<W: Word, V, P: Paging> Clone for Apart<'_, W, V, P> {
    fn clone(&self) -> Self {
        Apart { ..*self }
    }
}

impl<'a, W: Word, V, P: Paging> Apart<'a, W, V, P> {
    /// The pages of `tree` that `other` has not.
    pub(crate) fn of(tree: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>) -> Self {
        let way = if tree.ptr_eq(other) {
            Way::InOrder(None)
        } else if Self::mostly_apart(tree, other) {
            Way::Scattered(Cursor::over(tree))
        } else {
            Way::InOrder(Some(PageHash(0)))
        };
        Apart {
            tree,
            other,
            way,
            #[cfg(test)]
            segments: 0,
        }
    }

    /// Whether more than half of the root's links lead to what `other` has not there. A root page is
    /// one link.
    fn mostly_apart(tree: &Tree<W, V, P>, other: &Tree<W, V, P>) -> bool {
        if !tree.has_directory() {
            return true;
        }
        let (bits, below) = (u32::from(tree.root_bits()), tree.levels - 1);
        let apart = (0..1_u64 << bits).filter(|index| {
            let hash = PageHash(index << (64 - bits));
            !same(tree.child_at(below, hash), other.child_at(below, hash))
        });
        apart.count() as u64 > 1 << bits >> 1
    }

    /// The next page that has entries.
    pub(crate) fn next_page(&mut self) -> Option<PageRef<'a, W, V>> {
        loop {
            let hash = match &mut self.way {
                Way::InOrder(next) => {
                    let hash = (*next)?;
                    match self.step(hash) {
                        Ok(page) if page.len() > 0 => return Some(page),
                        Ok(_) => {}
                        Err(next) => self.way = Way::InOrder(next),
                    }
                    continue;
                }
                Way::Scattered(cursor) => cursor.next_in(self.tree)?,
            };
            if !same(self.tree.child_at(0, hash), self.other.child_at(0, hash)) {
                return Some(self.tree.page(hash));
            }
        }
    }

    /// Steps from `hash` on over what both trees have, as far as the end of a segment; to the first
    /// page that the other has not, or to where to go on.
    fn step(&mut self, mut hash: PageHash) -> Result<PageRef<'a, W, V>, Option<PageHash>> {
        let tree = self.tree;
        let mut link = tree.root;
        let mut height = tree.segment_levels();
        let mut bits = if height > 0 { tree.root_bits() } else { 0 };
        // The bits of the hash that lead to the segment.
        let mut depth = 0;
        while height > 0 {
            let segment = link.segment();
            #[cfg(test)]
            {
                self.segments += 1;
            }
            let start = hash;
            loop {
                // SAFETY: a segment of this tree, which is borrowed, so alive and not written; an index
                // of as many bits as it has is one of its links.
                let (child, begins) = unsafe {
                    let index = super::segment::Segment::index(hash, depth, bits);
                    (segment.link(index), segment.begins(index))
                };
                // A page may be linked several times in a row; only its first link counts. A segment
                // has its depth in the link. Where nothing is, there is nothing to visit.
                let end = if height > 1 { child.depth() } else { depth + bits };
                let visited = height == 1 && !begins;
                if !visited
                    && !child.is_empty()
                    && !same(Some(child), self.other.child_at(height - 1, hash))
                {
                    if height == 1 {
                        self.way = Way::InOrder(after(hash, end));
                        // SAFETY: a page of this tree, alive and not written while it is borrowed.
                        return Ok(unsafe { child.page().borrow() });
                    }
                    link = child;
                    depth = end;
                    break;
                }
                let Some(next) = after(hash, end) else { return Err(None) };
                hash = next;
                if depth > 0 && (hash.0 ^ start.0) >> (64 - depth) != 0 {
                    return Err(Some(hash));
                }
            }
            bits = P::SEGMENT_BITS;
            height -= 1;
        }
        // The root page, which is not the other's.
        self.way = Way::InOrder(None);
        if same(Some(link), self.other.child_at(0, hash)) {
            return Err(None);
        }
        // SAFETY: as above.
        Ok(unsafe { link.page().borrow() })
    }

    /// How many segments were read.
    #[cfg(test)]
    pub(crate) fn segments_read(&self) -> usize {
        self.segments
    }
}

/// The least hash behind those that begin with the first `depth` bits of `hash`.
fn after(hash: PageHash, depth: u8) -> Option<PageHash> {
    let step = 1_u64.checked_shl(64 - u32::from(depth))?;
    (hash.0 & !(step - 1)).checked_add(step).map(PageHash)
}

/// Whether two links, if there are two, lead to the same page or segment.
fn same(one: Option<Link>, other: Option<Link>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.base() == other.base(),
        _ => false,
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The child at `height` on the path of a hash: the root at the height of the directory; none
    /// above.
    fn child_at(&self, height: u8, hash: PageHash) -> Option<Link> {
        let levels = self.segment_levels();
        if height >= levels {
            return (height == levels).then_some(self.root);
        }
        // SAFETY: there are as many levels below the root, which is a segment, alive and not written
        // while the tree is borrowed.
        unsafe {
            let mut link = self.root_link(hash);
            for _ in height + 1..levels {
                link = Self::link_below(link, hash);
            }
            Some(link)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::{Plain, spread, tree_of};
    use super::*;
    use crate::policy::{Flat, Paged, Tiny};
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// The pages of a tree that has entries.
    fn pages<P: Paging>(tree: &Tree<u64, u64, P>) -> BTreeSet<usize> {
        let mut cursor = Cursor::over(tree);
        // SAFETY: the tree is borrowed, so alive and not written.
        let pages = core::iter::from_fn(|| unsafe { cursor.next::<u64, u64>() });
        // SAFETY: as above.
        let full = pages.filter(|page| unsafe { page.borrow() }.len() > 0);
        full.map(|page| page.base().addr().get()).collect()
    }

    /// Checks which pages are visited, and how many segments are read for them.
    fn check<P: Paging>(name: &str, tree: &Tree<u64, u64, P>, other: &Tree<u64, u64, P>) {
        let mut apart = Apart::of(tree, other);
        let in_order = matches!(apart.way, Way::InOrder(_));
        let mut seen = Vec::new();
        while let Some(page) = apart.next_page() {
            seen.push(page.page().base().addr().get());
        }
        let wanted: BTreeSet<usize> = &pages(tree) - &pages(other);
        let visited: BTreeSet<usize> = seen.iter().copied().collect();
        assert_eq!(visited.len(), seen.len(), "{name}: a page comes once");
        assert_eq!(visited, wanted, "{name}");
        // Each page, and each segment of which some page differs, is come to from the root.
        let most = 2 * (wanted.len() + 1) * usize::from(tree.levels);
        let segments = apart.segments_read();
        assert!(!in_order || tree.levels != other.levels || segments <= most, "{name}: {segments}");
    }

    fn check_all<P: Paging>(count: u64) {
        let empty = tree_of::<P>(0..0);
        for size in [1, 5, 100, count / 20, count] {
            let old = tree_of::<P>(spread(size, 0, 0));
            check("itself", &old, &old.clone());
            for (name, tree, other) in [("all", &old, &empty), ("none", &empty, &old)] {
                check(name, tree, other);
            }
            for changes in [1, 3, 100, size] {
                let mut new = old.clone();
                for word in spread(size, 0, 0).step_by((size / changes).max(1) as usize) {
                    new.insert(&Plain, word, 7).expect("there is memory");
                }
                check("changed", &old, &new);
                check("changed", &new, &old);
                new.check(&Plain);
            }
            // Growing and shrinking, so that levels come and go.
            let mut new = old.clone();
            for word in spread(3 * size, 0, 0) {
                new.insert(&Plain, word, 7).expect("there is memory");
            }
            check("grown", &old, &new);
            check("grown", &new, &old);
            let grown = new.clone();
            for word in spread(3 * size, 0, 0).skip(size as usize / 8) {
                new.remove(&Plain, word).expect("there is memory");
            }
            for other in [&old, &grown] {
                check("shrunk", &new, other);
                check("shrunk", other, &new);
            }
        }
    }

    #[test]
    fn the_pages_that_differ_are_visited_and_no_segment_in_vain() {
        check_all::<Flat>(2_000);
        check_all::<Paged>(40_000);
        check_all::<Tiny>(1_000);
    }
}
