//! The way from the root to a page, to look at. `owned_path.rs` has the one to write.

use core::ops::Range;

use super::Tree;
use super::link::Link;
use super::segment::Segment;
use crate::hash::PageHash;
use crate::page::PageRef;
use crate::policy::{MOST_LEVELS, Paging};
use crate::word::Word;

/// The segments on a path: that of height `h`, which is 1 above the pages, at `h - 1`.
pub(super) type Segments = [Segment; MOST_LEVELS as usize];

/// Where no segment is known yet.
pub(super) const NO_SEGMENTS: Segments = [Segment::dangling(); MOST_LEVELS as usize];

/// The way to the page of a page hash, in a tree that is not written meanwhile.
pub(super) struct Path<'t, W: Word, V, P: Paging> {
    pub(super) tree: &'t Tree<W, V, P>,
    pub(super) hash: PageHash,
    pub(super) segments: Segments,
}

impl<'t, W: Word, V, P: Paging> Path<'t, W, V, P> {
    pub(super) fn of(tree: &'t Tree<W, V, P>, hash: PageHash) -> Self {
        let mut path = Path { tree, hash, segments: NO_SEGMENTS };
        for height in (1..=tree.segment_levels()).rev() {
            path.segments[usize::from(height) - 1] = path.child(height).segment();
        }
        path
    }

    /// The segment above the child at `height`; none above the root.
    #[inline]
    pub(super) fn parent(&self, height: u8) -> Option<Segment> {
        parent(self.tree, &self.segments, height)
    }

    /// The link to the child at `height`.
    #[inline]
    pub(super) fn child(&self, height: u8) -> Link {
        // SAFETY: the segments are those of the path, not written while the tree is borrowed.
        unsafe { child(self.tree, &self.segments, self.hash, height) }
    }

    /// The page.
    #[inline]
    pub(super) fn page(&self) -> PageRef<'t, W, V> {
        // SAFETY: alive and not written as long as the tree is borrowed.
        unsafe { self.child(0).page().borrow() }
    }

    /// Whether all links in these places are the same.
    pub(super) fn all_links_equal(&self, places: Range<usize>) -> bool {
        let Some(segment) = self.parent(0) else { return true };
        let mut places = places;
        // SAFETY: a segment of this tree, alive and not written while the tree is borrowed, which
        // has these links.
        unsafe {
            let first = segment.link(places.start);
            places.all(|index| segment.link(index) == first)
        }
    }

    /// The path to the other half of the page, which is of this depth, in the same segment.
    pub(super) fn other_half(&self, depth: u8) -> Self {
        Path { tree: self.tree, hash: self.hash.other_half(depth), segments: self.segments }
    }

    /// The least hash that leads to the segment after the one above the page; `None` behind the last.
    pub(super) fn next_segment(&self) -> Option<PageHash> {
        // SAFETY: as in `child`.
        let depth = unsafe { self.parent(0)?.header() }.depth;
        self.hash.after(depth)
    }

    /// Whether the page is the first of its segment.
    pub(super) fn begins_segment(&self) -> bool {
        // SAFETY: as in `child`.
        self.parent(0).is_some_and(|segment| unsafe { segment.index_of(self.hash) } == 0)
    }
}

/// The segment above the child at `height` on a path through these segments; none above the root.
#[inline(always)]
pub(super) fn parent<W: Word, V, P: Paging>(
    tree: &Tree<W, V, P>,
    segments: &Segments,
    height: u8,
) -> Option<Segment> {
    (height < tree.segment_levels()).then(|| segments[usize::from(height)])
}

/// The link to the child at `height` on the path of `hash`.
///
/// # Safety
///
/// The segments above it are those of the path, alive and not written meanwhile.
#[inline(always)]
pub(super) unsafe fn child<W: Word, V, P: Paging>(
    tree: &Tree<W, V, P>,
    segments: &Segments,
    hash: PageHash,
    height: u8,
) -> Link {
    match parent(tree, segments, height) {
        None => tree.root,
        // SAFETY: the caller's promise; the index has as many bits as the segment.
        Some(segment) => unsafe { segment.link(segment.index_of(hash)) },
    }
}
