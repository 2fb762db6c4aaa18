//! The pages that two trees do not share. What both have is stepped over a segment at a time.
//!
//! A segment or page that two trees share is in both at the same height, counted from the pages, and
//! below the same prefix. So at each step down one tree, the other one's child there is compared by its
//! address. That holds whatever became of the shapes meanwhile: a root that doubled, or a level above.

use super::Tree;
use super::link::Link;
use super::segment::Segment;
use crate::hash::PageHash;
use crate::page::PageRef;
use crate::policy::Paging;
use crate::word::Word;

/// A walk over the places, in the order of the hash, where two trees have not the same page.
pub(crate) struct Apart<'a, W: Word, V, P: Paging> {
    trees: [&'a Tree<W, V, P>; 2],
    /// Whether places count where a page of the other tree begins; else those of the first one only.
    both: bool,
    /// Where it goes on.
    next: Option<PageHash>,
    /// Segments of the first tree that were read.
    #[cfg(test)]
    segments: usize,
}

/// A place where two trees have not the same page.
pub(crate) struct Place<'a, W, V> {
    /// What each has there, perhaps the empty page.
    pub(crate) pages: [PageRef<'a, W, V>; 2],
    /// Whether it begins there: each page does at one place.
    pub(crate) begins: [bool; 2],
}

impl<W, V> Clone for Place<'_, W, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, V> Copy for Place<'_, W, V> {}

impl<W: Word, V, P: Paging> Clone for Apart<'_, W, V, P> {
    fn clone(&self) -> Self {
        Apart { ..*self }
    }
}

impl<'a, W: Word, V, P: Paging> Apart<'a, W, V, P> {
    pub(crate) fn of(one: &'a Tree<W, V, P>, other: &'a Tree<W, V, P>, both: bool) -> Self {
        Apart {
            trees: [one, other],
            both,
            next: (!one.ptr_eq(other)).then_some(PageHash(0)),
            #[cfg(test)]
            segments: 0,
        }
    }

    /// The next place where a page begins that the other tree has not there.
    pub(crate) fn next_place(&mut self) -> Option<Place<'a, W, V>> {
        loop {
            let next = self.next.take()?;
            let hash = self.place_from(next)?;
            let mut end = 0;
            let pages = self.trees.map(|tree| tree.page(hash));
            let mut begins = [false; 2];
            for side in 0..=usize::from(self.both) {
                // The empty page may be linked many times: one link of it.
                let empty = pages[side].page().is_empty_page();
                let depth =
                    if empty { self.trees[side].link_depth(hash) } else { pages[side].depth() };
                begins[side] = !empty && hash.begins(depth);
                end = end.max(depth);
            }
            self.next = hash.after(end);
            if begins != [false; 2] {
                return Some(Place { pages, begins });
            }
        }
    }

    /// The first place from here on where the two have not the same page.
    fn place_from(&mut self, mut hash: PageHash) -> Option<PageHash> {
        loop {
            match self.step(hash) {
                Ok(place) => return Some(place),
                Err(next) => hash = next?,
            }
        }
    }

    /// Steps from `hash` on over what both trees have, at most to the end of a segment of the first;
    /// returns a place where they differ, or where to go on.
    fn step(&mut self, mut hash: PageHash) -> Result<PageHash, Option<PageHash>> {
        let [one, other] = self.trees;
        let (mut link, mut height) = (one.root, one.segment_levels());
        let mut bits = if height > 0 { one.root_bits() } else { 0 };
        // The bits of the hash that lead to the segment.
        let mut depth = 0;
        while height > 0 {
            let segment = link.segment();
            #[cfg(test)]
            {
                self.segments += 1;
            }
            let child = match other.alike(height, hash, depth, bits) {
                Some(facing) => Self::child_apart(segment, facing, (depth, bits), &mut hash)?,
                None => self.child_at_odds(segment, height, (depth, bits), &mut hash)?,
            };
            if height == 1 {
                return Ok(hash);
            }
            link = child;
            depth = child.depth();
            bits = P::SEGMENT_BITS;
            height -= 1;
        }
        // The root page. Where the other tree has it, too, it is behind a directory.
        if same(link, other.child_at(0, hash)) {
            return Err(if self.both { hash.after(other.link_depth(hash)) } else { None });
        }
        Ok(hash)
    }

    /// The first child from `hash` on that a segment of the first tree of this depth and these bits has
    /// not from one of the other that is for the same hashes; goes to where its links begin, or where
    /// it is. An error if there is none: where to go on.
    fn child_apart(
        segment: Segment,
        facing: Segment,
        (depth, bits): (u8, u8),
        hash: &mut PageHash,
    ) -> Result<Link, Option<PageHash>> {
        let from = Segment::index(*hash, depth, bits);
        // SAFETY: segments of the trees, which are borrowed, so alive and not written; both have as many
        // links.
        unsafe {
            let index = segment.first_unequal(facing, from..1 << bits);
            let index = index.ok_or_else(|| hash.after(depth))?;
            if index > from {
                *hash = hash.with_index(index, depth, bits);
            }
            Ok(segment.link(index))
        }
    }

    /// [`child_apart`](Self::child_apart) where the other tree has no segment for the same hashes.
    fn child_at_odds(
        &self,
        segment: Segment,
        height: u8,
        (depth, bits): (u8, u8),
        hash: &mut PageHash,
    ) -> Result<Link, Option<PageHash>> {
        let (other, start) = (self.trees[1], *hash);
        loop {
            // SAFETY: a segment of the first tree, which is borrowed, so alive and not written; an
            // index of as many bits as it has is one of its links.
            let child = unsafe { segment.link(Segment::index(*hash, depth, bits)) };
            // A segment has its depth in the link; a page is stepped over link by link. Where both
            // have nothing, the other tree may have something before the link ends.
            let end = if height > 1 {
                child.depth()
            } else if self.both && child.is_empty() {
                other.link_depth(*hash).max(depth + bits)
            } else {
                depth + bits
            };
            if !same(child, other.child_at(height - 1, *hash)) {
                return Ok(child);
            }
            *hash = hash.after(end).ok_or(None)?;
            if depth > 0 && (hash.0 ^ start.0) >> (64 - depth) != 0 {
                return Err(Some(*hash));
            }
        }
    }

    /// How many segments of the first tree were read.
    #[cfg(test)]
    pub(crate) fn segments_read(&self) -> usize {
        self.segments
    }
}

/// Whether a link and another, if there is one, lead to the same page or segment.
fn same(one: Link, other: Option<Link>) -> bool {
    other.is_some_and(|other| one.base() == other.base())
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

    /// The segment at `height` on the path of a hash, if it is for the same hashes as one of this depth
    /// and these bits.
    fn alike(&self, height: u8, hash: PageHash, depth: u8, bits: u8) -> Option<Segment> {
        let segment = self.child_at(height, hash)?.segment();
        // SAFETY: a segment of this tree, which is borrowed, so alive and not written.
        let header = unsafe { segment.header() };
        (header.depth == depth && header.bits == bits).then_some(segment)
    }

    /// How many bits of a hash one link above the pages is for.
    fn link_depth(&self, hash: PageHash) -> u8 {
        match self.segment_levels() {
            0 => 0,
            1 => self.root_bits(),
            _ => self.child_at(1, hash).map_or(0, Link::depth) + P::SEGMENT_BITS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::Cursor;
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
        let mut apart = Apart::of(tree, other, true);
        let mut seen = [Vec::new(), Vec::new()];
        while let Some(place) = apart.next_place() {
            for ((page, begins), seen) in place.pages.iter().zip(place.begins).zip(&mut seen) {
                if begins && page.len() > 0 {
                    seen.push(page.page().base().addr().get());
                }
            }
        }
        let pages = [pages(tree), pages(other)];
        let wanted = [&pages[0] - &pages[1], &pages[1] - &pages[0]];
        let differ = wanted[0].len() + wanted[1].len();
        for (seen, wanted) in seen.iter().zip(wanted) {
            let visited: BTreeSet<usize> = seen.iter().copied().collect();
            assert_eq!(visited.len(), seen.len(), "{name}: a page comes once");
            assert_eq!(visited, wanted, "{name}");
        }
        // One tree's pages alone.
        let (mut one, mut seen) = (Apart::of(tree, other, false), BTreeSet::new());
        while let Some(place) = one.next_place() {
            assert!(place.begins[0] && !place.begins[1]);
            if place.pages[0].len() > 0 {
                assert!(seen.insert(place.pages[0].page().base().addr().get()), "{name}");
            }
        }
        assert_eq!(seen, &pages[0] - &pages[1], "{name}");
        // Each page, and each segment of which some page differs, is come to from the root.
        let most = 2 * (differ + 1) * usize::from(tree.levels);
        let segments = apart.segments_read();
        let alike = tree.levels == other.levels && !["reserved", "half"].contains(&name);
        assert!(!alike || segments <= most, "{name}: {segments} of {most}");
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
            // A finer directory over the same entries, and entries where there was nothing.
            let mut new = old.clone();
            new.reserve(4 * count as usize, &Plain).expect("there is memory");
            for word in spread(size.min(200), 0, 0) {
                new.insert(&Plain, word ^ 1 << 20, 7).expect("there is memory");
            }
            for other in [&old, &empty] {
                check("reserved", &new, other);
                check("reserved", other, &new);
            }
            // Pages that begin where the other tree has one empty link for more.
            let half = tree_of::<P>(spread(size, 0, 1));
            for bits in 1..14 {
                let mut new = half.clone();
                for word in spread(400, 1 << 63 | 1 << (62 - bits), bits + 2) {
                    new.insert(&Plain, word, 7).expect("there is memory");
                }
                check("half", &half, &new);
                check("half", &new, &half);
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
