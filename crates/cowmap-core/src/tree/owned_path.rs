//! The way from the root to a page, to write: [`OwnedPath`], the only door to writing.
//!
//! Being the only owner is a property of the path (S3). It is established here, from the root
//! downward: by [`OwnedPath::unshare`], which copies what is shared one segment at a time, or by
//! [`OwnedPath::if_sole`], which only looks. (Beside this, `edit.rs` knows it by a stamp.) Each step
//! leaves a valid tree, so a panic in `V::clone` or an allocation that fails in the middle leaves
//! the map as it was, at most less shared.

use super::Tree;
use super::link::Link;
use super::path::{NO_SEGMENTS, Path, Segments, child, parent};
use super::segment::{Segment, SegmentShape};
use super::sharing::{self, duplicate, own_all_bundles, own_bundle};
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::{NewPage, Page, PageMut};
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::stamp::{SegmentStamp, Stamp};
use crate::word::Word;

/// The way to the page of a page hash, of which each segment has one owner, this handle, as has the
/// holder of what is below it on the path (S3). The page itself may be shared.
pub(super) struct OwnedPath<'t, W: Word, V, P: Paging> {
    tree: &'t mut Tree<W, V, P>,
    hash: PageHash,
    segments: Segments,
    /// The weight with which the page is held; of no meaning for the empty page.
    held: usize,
    /// Whether the directory was made finer on this path, which one write does once.
    widened: bool,
}

/// Establishing that a path is the handle's own.
impl<'t, W: Word, V, P: Paging> OwnedPath<'t, W, V, P> {
    /// Copies what is shared above the page of `hash`.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    #[inline]
    pub(super) fn unshare(
        tree: &'t mut Tree<W, V, P>,
        hash: PageHash,
    ) -> Result<Self, TryReserveError> {
        let mut path = Self::at_root(tree, hash);
        for height in (1..=path.tree.segment_levels()).rev() {
            path.own_segment(height)?;
        }
        Ok(path)
    }

    /// The path to the page of `hash`, if everything above the page has one owner, this handle.
    pub(super) fn if_sole(tree: &'t mut Tree<W, V, P>, hash: PageHash) -> Option<Self> {
        let mut path = Self::at_root(tree, hash);
        for height in (1..=path.tree.segment_levels()).rev() {
            let segment = path.child(height).segment();
            path.segments[usize::from(height) - 1] = segment;
            // SAFETY: a segment of this tree, alive, and what is above it has one owner; so the
            // holder is alive.
            unsafe {
                let header = segment.header();
                if !header.count.is_sole(path.held) {
                    return None;
                }
                let Some(first) = path.first_link(height - 1) else { continue };
                let shares = segment.holder(segment.bundle(first))?.shares();
                if !shares.is_sole(header.weight.get()) {
                    return None;
                }
                path.held = shares.weight();
            }
        }
        Some(path)
    }

    /// A path of which nothing is known yet.
    #[inline]
    fn at_root(tree: &'t mut Tree<W, V, P>, hash: PageHash) -> Self {
        OwnedPath { tree, hash, segments: NO_SEGMENTS, held: HANDLE, widened: false }
    }

    /// Makes the segment at `height` the handle's own, what is above it being so, and the holder of
    /// what is below it on the path.
    fn own_segment(&mut self, height: u8) -> Result<(), TryReserveError> {
        let old = self.child(height).segment();
        let mut segment = old;
        // SAFETY: a segment of this tree at this height, alive; everything above it, and the holder
        // that holds it with `held`, has one owner. The copy is linked before the old one is
        // released (which may run `V::drop`), and the old one's stamp was voided before (S4).
        unsafe {
            let header = old.header();
            if !header.count.is_sole(self.held) {
                let stamp = if height == self.tree.levels {
                    SegmentStamp::new(header.stamp.get().next())
                } else {
                    SegmentStamp::void()
                };
                segment = duplicate(old, self.held, stamp)?;
                let depth = header.depth;
                self.set_child(height, depth, Link::to_segment(segment, depth));
                sharing::release::<W, V>(Link::to_segment(old, depth), height, self.held);
            }
        }
        self.segments[usize::from(height) - 1] = segment;
        if let Some(first) = self.first_link(height - 1) {
            self.held = self.own_bundle_of(height - 1, first)?;
        }
        Ok(())
    }

    /// The place of the first link to the child at `height`, which is below a segment; none for the
    /// empty page.
    #[inline]
    fn first_link(&self, height: u8) -> Option<usize> {
        let child = self.child(height);
        // SAFETY: a child of this tree, alive; its depth is one that a child of its segment may have
        // (D1).
        unsafe {
            let depth = if height > 0 {
                child.depth()
            } else if child.is_empty() {
                return None;
            } else {
                child.page::<W, V>().borrow().depth()
            };
            Some(self.parent(height)?.span(self.hash, depth).start)
        }
    }

    /// Makes the holder of children at `height` whose first link is at `first` the handle's own, and
    /// returns the weight with which it holds them.
    pub(super) fn own_bundle_of(
        &mut self,
        height: u8,
        first: usize,
    ) -> Result<usize, TryReserveError> {
        let Some(segment) = self.parent(height) else { return Ok(HANDLE) };
        // SAFETY: a segment on an owned path (S3).
        unsafe { own_bundle::<W, V>(segment, segment.bundle(first), height + 1) }
    }

    /// Makes all holders of the segments on the path the handle's own.
    pub(super) fn own_all_bundles(&mut self) -> Result<(), TryReserveError> {
        for height in 1..=self.tree.segment_levels() {
            // SAFETY: a segment on an owned path (S3).
            unsafe { own_all_bundles::<W, V>(self.segment(height), height)? };
        }
        self.turn(self.hash)
    }
}

/// Looking at what is owned.
impl<'t, W: Word, V, P: Paging> OwnedPath<'t, W, V, P> {
    #[inline]
    pub(super) fn look(&self) -> Path<'_, W, V, P> {
        Path { tree: self.tree, hash: self.hash, segments: self.segments }
    }

    /// [`Path::parent`].
    #[inline(always)]
    pub(super) fn parent(&self, height: u8) -> Option<Segment> {
        parent(self.tree, &self.segments, height)
    }

    /// [`Path::child`].
    #[inline(always)]
    pub(super) fn child(&self, height: u8) -> Link {
        // SAFETY: the segments are those of the path, from the root to above the child, and the tree
        // is borrowed mutably.
        unsafe { child(self.tree, &self.segments, self.hash, height) }
    }

    #[inline]
    pub(super) fn tree(&self) -> &Tree<W, V, P> {
        self.tree
    }

    /// The hash whose path this is.
    pub(super) fn hash(&self) -> PageHash {
        self.hash
    }

    /// The segment at `height`, which is above 0.
    #[inline]
    pub(super) fn segment(&self, height: u8) -> Segment {
        debug_assert!((1..=self.tree.levels).contains(&height));
        self.segments[usize::from(height) - 1]
    }

    /// The page.
    #[inline]
    pub(super) fn page(&self) -> Page<W, V> {
        self.child(0).page()
    }

    /// The weight with which the page, which is not the empty one, is held.
    #[inline]
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether the page, which is not the empty one, has one owner, too.
    #[inline]
    pub(super) fn page_is_sole(&self) -> bool {
        // SAFETY: a page of this tree, alive.
        unsafe { self.page().count() }.is_sole(self.held)
    }

    /// The shape of a segment of so many bits, and of this depth.
    pub(super) fn segment_shape(bits: u8, depth: u8) -> SegmentShape {
        SegmentShape { bits, bundle_bits: Limits::<W, V, P>::bundle_bits(bits), depth }
    }

    /// The stamp of a page that is the handle's own under this root (S4): none where there is no root
    /// segment.
    pub(super) fn stamp(&self) -> Stamp {
        if self.tree.segment_levels() == 0 {
            return Stamp::NONE;
        }
        // SAFETY: the root, alive, which has one owner (S3), so that its stamp may be renewed.
        let stamp = unsafe { &self.segment(self.tree.levels).header().stamp };
        if stamp.get().is_void() {
            stamp.set(stamp.get().next());
        }
        // Still void on targets that have no stamps.
        if stamp.get().is_void() { Stamp::NONE } else { stamp.get() }
    }
}

/// Writing. Children are linked by this file, `split.rs` and `merge.rs` alone.
impl<'t, W: Word, V, P: Paging> OwnedPath<'t, W, V, P> {
    /// Goes over to the page of another hash below the same segment.
    ///
    /// # Errors
    ///
    /// No memory; the path leads to the page that it led to.
    pub(super) fn turn(&mut self, hash: PageHash) -> Result<(), TryReserveError> {
        if self.tree.segment_levels() == 0 {
            self.held = HANDLE;
            return Ok(());
        }
        let before = core::mem::replace(&mut self.hash, hash);
        let Some(first) = self.first_link(0) else { return Ok(()) };
        self.held = self.own_bundle_of(0, first).inspect_err(|_| self.hash = before)?;
        Ok(())
    }

    /// Goes over to another hash below the same segment, whose page is about to be linked, or noted
    /// by [`turn`](Self::turn).
    pub(super) fn look_at(&mut self, hash: PageHash) {
        self.hash = hash;
    }

    /// Lets all entries whose first `depth` bits are those of the path be found below `link`, a
    /// child at `height`.
    ///
    /// # Safety
    ///
    /// What the links led to is released, freed or linked elsewhere, or will be before anybody
    /// looks. `link` leads to a child of that height and depth, which is held with the weight of
    /// the holder of the first of these links (S1, D1), and that holder is the handle's own.
    #[inline]
    pub(super) unsafe fn set_child(&mut self, height: u8, depth: u8, link: Link) {
        // SAFETY: a segment on an owned path (S3), or the handle's root.
        unsafe {
            match self.parent(height) {
                Some(segment) => segment.fill(segment.span(self.hash, depth), link),
                None if height > 0 => self.tree.set_root_segment(link.segment(), height),
                None => self.tree.set_root_page(link.page()),
            }
        }
    }

    /// Makes a segment the root, which the path goes through.
    ///
    /// # Safety
    ///
    /// As for [`set_root_segment`](Tree::set_root_segment). What is below on the path is unchanged,
    /// or noted next.
    pub(super) unsafe fn set_root(&mut self, root: Segment, levels: u8) {
        // SAFETY: the caller's promise.
        unsafe { self.tree.set_root_segment(root, levels) };
        self.note_segment(levels, root);
    }

    /// Makes the only child of the root the root, below which is one level less.
    ///
    /// # Safety
    ///
    /// The handle holds the child with `HANDLE`; the root is released next, and
    /// [`turn`](Self::turn) is called.
    pub(super) unsafe fn replace_root(&mut self, child: Link) {
        // SAFETY: the caller's promise. The segments below stay at their heights.
        unsafe {
            match self.tree.levels {
                1 => self.tree.set_root_page(child.page()),
                levels => self.tree.set_root_segment(child.segment(), levels - 1),
            }
        }
    }

    /// Notes how many more segments there are below the root now, or fewer.
    pub(super) fn count_segments(&mut self, more: isize) {
        self.tree.count_segments(more);
    }

    /// Whether this write may make the directory finer still; it may not any more from then on.
    pub(super) fn may_widen(&mut self) -> bool {
        !core::mem::replace(&mut self.widened, true)
    }

    /// Notes that the path leads through this segment at `height`, which is linked there and is the
    /// handle's own.
    pub(super) fn note_segment(&mut self, height: u8, segment: Segment) {
        self.segments[usize::from(height) - 1] = segment;
    }

    /// Links a new page of this depth where the page of the path is, and returns that one, whose
    /// links these were: it is no longer held by the tree, but still counts the weight `held`.
    ///
    /// # Safety
    ///
    /// The new page's first link is in a bundle whose holder is the handle's own and holds with
    /// `held`; what the links led to is the page of the path, or the empty page.
    pub(super) unsafe fn link_page(&mut self, new: NewPage<W, V>, held: usize) -> Page<W, V> {
        let old = self.page();
        let page = new.hold(held, self.stamp());
        self.held = held;
        // SAFETY: the caller's promise.
        unsafe {
            let depth = page.borrow().depth();
            self.set_child(0, depth, Link::to_page(page));
        }
        old
    }

    /// Puts a new page of the same depth in the place of the path's, which is let go of.
    pub(super) fn replace_page(&mut self, new: NewPage<W, V>) {
        let held = self.held;
        // SAFETY: of the same depth, so with the same links. The old page is let go of after the new
        // one is linked, because that may run `V::drop`.
        unsafe { self.link_page(new, held).release(held) };
    }

    /// The page for writing: copied if it is shared, each entry in its slot. It is not the empty
    /// page.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn own_page<R: Rules<V>>(
        &mut self,
        rules: &R,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        debug_assert!(!self.page().is_empty_page());
        if !self.page_is_sole() {
            // SAFETY: alive, and not written before it is let go of.
            let copy = unsafe { self.page().borrow() }.duplicate(rules)?;
            self.replace_page(copy);
        }
        // SAFETY: the page, and everything above it, has one owner (S3), this handle, which is
        // borrowed mutably.
        let mut page = unsafe { self.page().borrow_mut() };
        page.set_stamp(self.stamp());
        Ok(page)
    }

    /// [`own_page`](Self::own_page) for as long as the tree is borrowed.
    pub(super) fn into_page<R: Rules<V>>(
        mut self,
        rules: &R,
    ) -> Result<PageMut<'t, W, V>, TryReserveError> {
        let page = self.own_page(rules)?.page();
        // SAFETY: made the handle's own just now, and the path, which had the tree, is gone.
        Ok(unsafe { page.borrow_mut() })
    }

    /// Notes that the page, which has one owner, is held with another weight.
    ///
    /// # Safety
    ///
    /// The page is the handle's own, and its first link is now in the bundle whose holder, the
    /// handle's own too, holds with `held`.
    pub(super) unsafe fn set_held(&mut self, held: usize) {
        // SAFETY: a page of this tree, alive.
        unsafe { self.page().count() }.hold_alone(held);
        self.held = held;
    }
}
