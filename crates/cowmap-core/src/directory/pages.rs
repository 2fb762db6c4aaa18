//! Visiting every page of a tree, in an order that is not that of the hash.
//!
//! Inserting one map's iteration into another that grows would drive one corner of its directory
//! deep after another if iteration followed the order of the page hash. So the index in the root
//! segment, reversed, changes fastest, and that in the segments above the pages slowest.

use super::link::Link;
use super::segment::Segment;
use super::{Paging, Tree};
use crate::count::HANDLE;
use crate::order::reversed;
use crate::page::Page;
use crate::word::Word;

/// The pages of a tree that is not written meanwhile.
pub(crate) struct Pages<W, V> {
    root: Root<W, V>,
    /// Counts the paths: the lowest bits are, reversed, the index in the root segment, the next
    /// ones that in the segment below, and so on.
    next: u64,
    end: u64,
}

enum Root<W, V> {
    Page(Page<W, V>),
    Segment { root: Segment, bits: u8, below: u8, levels: u8 },
}

impl<W, V> Clone for Root<W, V> {
    fn clone(&self) -> Self {
        match *self {
            Root::Page(page) => Root::Page(page),
            Root::Segment { root, bits, below, levels } => {
                Root::Segment { root, bits, below, levels }
            }
        }
    }
}

impl<W, V> Clone for Pages<W, V> {
    fn clone(&self) -> Self {
        Pages { root: self.root.clone(), ..*self }
    }
}

/// A page on its path.
pub(crate) struct Visited<W, V> {
    pub(crate) page: Page<W, V>,
    /// Whether, when it was visited, the page and all above it had one holder.
    pub(crate) sole: bool,
}

impl<W: Word, V> Pages<W, V> {
    /// No pages.
    pub(crate) fn none() -> Self {
        Pages { root: Root::Page(Page::empty()), next: 0, end: 0 }
    }

    pub(crate) fn of<P: Paging>(tree: &Tree<W, V, P>) -> Self {
        if tree.has_directory() {
            let root = Root::Segment {
                root: tree.root_segment(),
                bits: tree.root_bits(),
                below: P::SEGMENT_BITS,
                levels: tree.levels,
            };
            Pages { root, next: 0, end: 1 << tree.directory_bits() }
        } else {
            Pages { root: Root::Page(tree.root_page()), next: 0, end: 1 }
        }
    }

    /// The next page.
    ///
    /// # Safety
    ///
    /// The tree is alive and its segments were not written since `of`.
    #[inline]
    pub(crate) unsafe fn next(&mut self) -> Option<Page<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.visit::<false>() }.map(|visited| visited.page)
    }

    /// The next page, and whether its path has one owner.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    pub(crate) unsafe fn next_visited(&mut self) -> Option<Visited<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.visit::<true>() }
    }

    /// The next page, with a look at the counts on its path if `COUNTS`.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    #[inline(always)]
    unsafe fn visit<const COUNTS: bool>(&mut self) -> Option<Visited<W, V>> {
        while self.next < self.end {
            let path = self.next;
            self.next += 1;
            let visited = match self.root {
                Root::Page(page) => {
                    // SAFETY: the root of a tree that is alive.
                    let sole = COUNTS && unsafe { is_sole::<W, V>(Link::to_page(page), 0, HANDLE) };
                    Some(Visited { page, sole })
                }
                Root::Segment { root, bits, below, levels } => {
                    // SAFETY: segments of a tree that is alive.
                    unsafe { Self::follow::<COUNTS>(path, (root, bits), below, levels) }
                }
            };
            if visited.is_some() {
                return visited;
            }
        }
        None
    }

    /// The page at the end of a path, unless it was met on an earlier one.
    ///
    /// # Safety
    ///
    /// The segments are alive and not written meanwhile.
    #[inline(always)]
    unsafe fn follow<const COUNTS: bool>(
        mut path: u64,
        (root, mut bits): (Segment, u8),
        below: u8,
        levels: u8,
    ) -> Option<Visited<W, V>> {
        let (mut link, mut weight) = (Link::to_segment(root, 0), HANDLE);
        let mut sole = COUNTS;
        for height in (1..=levels).rev() {
            // SAFETY: what is linked at a height above 0 is a segment, alive; an index of as
            // many bits as it has is one of its links, and so is the one before if it is not 0.
            unsafe {
                let segment = link.segment();
                if COUNTS {
                    sole = sole && is_sole::<W, V>(link, height, weight);
                    weight = segment.header().weight.get();
                }
                let index = reversed(path & ((1 << bits) - 1), u32::from(bits)) as usize;
                link = segment.link(index);
                if link.is_empty() || (index > 0 && segment.link(index - 1) == link) {
                    return None;
                }
            }
            path >>= bits;
            bits = below;
        }
        // SAFETY: what is linked at height 0 is a page, alive.
        let sole = sole && unsafe { is_sole::<W, V>(link, 0, weight) };
        Some(Visited { page: link.page(), sole })
    }
}

/// Whether the holder of a child, which weighs `weight`, is the only one.
///
/// # Safety
///
/// The child is alive and of that height.
unsafe fn is_sole<W: Word, V>(child: Link, height: u8, weight: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { super::segment::count::<W, V>(child, height) }
        .is_some_and(|count| count.is_sole(weight))
}
