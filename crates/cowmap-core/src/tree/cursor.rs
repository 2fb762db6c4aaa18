//! Visiting every page of a tree, in an order that is not that of the hash.
//!
//! Inserting one map's iteration into another that grows would drive one corner of its directory
//! deep after another if iteration followed the order of the page hash. So the index in the root
//! segment, reversed, changes fastest, and that in the segments above the pages slowest.
//!
//! A [`Cursor`] counts paths in this order, and every traversal has one: borrowing iterators keep to
//! the root they began with; walks that write find each page anew from the tree's root, so that
//! un-sharing what they have not reached yet, or have passed, does not disturb them. The shape of
//! the directory must stay. Only what changes the shape on its way, settling and shrinking, goes in
//! the order of the page hash, by [`next_page_hash`].

use super::Tree;
use super::link::Link;
use super::owned_path::OwnedPath;
use super::path::Path;
use super::sharing;
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::order::reversed;
use crate::page::{Page, PageMut};
use crate::policy::{Paging, Size};
use crate::rules::Rules;
use crate::word::Word;

/// What a traversal must know of a tree.
#[derive(Clone, Copy)]
struct Trunk {
    root: Link,
    levels: u8,
    /// Bits of the segments below the root.
    below: u8,
}

/// How far a traversal of the pages of a tree has come.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    trunk: Trunk,
    /// Counts the paths: the lowest bits are, reversed, the index in the root segment, the next
    /// ones that in the segment below, and so on.
    next: u64,
    end: u64,
}

/// The end of a path that was not met on an earlier one.
struct Stop {
    link: Link,
    /// The least hash that leads there.
    hash: PageHash,
    /// Whether the page and all above it had one owner.
    sole: bool,
}

impl Cursor {
    /// At the end.
    pub(crate) fn none() -> Self {
        let trunk = Trunk { root: Link::empty(), levels: 0, below: 0 };
        Cursor { trunk, next: 0, end: 0 }
    }

    pub(crate) fn over<W: Word, V, P: Paging>(tree: &Tree<W, V, P>) -> Self {
        let trunk =
            Trunk { root: tree.root, levels: tree.segment_levels(), below: P::SEGMENT_BITS };
        Cursor { trunk, next: 0, end: 1 << tree.directory_bits() }
    }

    /// The next page.
    ///
    /// # Safety
    ///
    /// The tree is alive and its segments were not written since `over`; its pages are of these
    /// words and values.
    #[inline]
    pub(crate) unsafe fn next<W: Word, V>(&mut self) -> Option<Page<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.stop::<W, V, false>() }.map(|stop| stop.link.page())
    }

    /// The next page, and whether it and all above it have one owner.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    pub(crate) unsafe fn next_with_owner<W: Word, V>(&mut self) -> Option<(Page<W, V>, bool)> {
        // SAFETY: the caller's promise.
        unsafe { self.stop::<W, V, true>() }.map(|stop| (stop.link.page(), stop.sole))
    }

    /// A hash that leads to the next page that has entries. The tree is the one of `over`, of the
    /// same shape.
    #[inline]
    pub(crate) fn next_in<W: Word, V, P: Paging>(
        &mut self,
        tree: &Tree<W, V, P>,
    ) -> Option<PageHash> {
        debug_assert!(self.next == self.end || self.trunk.levels == tree.segment_levels());
        self.trunk.root = tree.root;
        // SAFETY: the tree is borrowed, so it is alive and not written; the root is its own, and the
        // end of a path a page of it.
        unsafe {
            loop {
                let stop = self.stop::<W, V, false>()?;
                if stop.link.page::<W, V>().borrow().len() > 0 {
                    return Some(stop.hash);
                }
            }
        }
    }

    /// The end of the next path that was not met on an earlier one; with a look at the counts on it
    /// if `COUNTS`. Where there is a directory, the empty page is passed over.
    ///
    /// # Safety
    ///
    /// The tree is alive and not written meanwhile.
    #[inline(always)]
    unsafe fn stop<W: Word, V, const COUNTS: bool>(&mut self) -> Option<Stop> {
        while self.next < self.end {
            let path = self.next;
            self.next += 1;
            // SAFETY: the caller's promise.
            let stop = unsafe { self.trunk.follow::<W, V, COUNTS>(path) };
            if stop.is_some() {
                return stop;
            }
        }
        None
    }
}

impl Trunk {
    /// The page at the end of a path, unless it was met on an earlier one.
    ///
    /// # Safety
    ///
    /// As for [`stop`](Cursor::stop).
    #[inline(always)]
    unsafe fn follow<W: Word, V, const COUNTS: bool>(self, mut path: u64) -> Option<Stop> {
        let (mut link, mut held, mut hash, mut sole) = (self.root, HANDLE, 0, COUNTS);
        let mut bits = if self.levels > 0 { 64 - self.root.tag() } else { 0 };
        let mut depth = 0;
        for _ in 0..self.levels {
            // SAFETY: what is linked at a height above 0 is a segment, alive; an index of as
            // many bits as it has is one of its links, and so is the one before if it is not 0. A
            // bundle in which a child begins has a holder, alive.
            unsafe {
                let segment = link.segment();
                let index = reversed(path & ((1 << bits) - 1), u32::from(bits)) as usize;
                let child = segment.link(index);
                if child.is_empty() || !segment.begins(index) {
                    return None;
                }
                if COUNTS && sole {
                    let header = segment.header();
                    let shares = segment.holder(segment.bundle(index))?.shares();
                    sole = header.count.is_sole(held) && shares.is_sole(header.weight.get());
                    held = shares.weight();
                }
                // The first link of a child: the bits that the child tells apart itself are clear.
                hash |= (index as u64) << (64 - u32::from(depth) - u32::from(bits));
                link = child;
            }
            path >>= bits;
            bits = self.below;
            depth = link.tag();
        }
        // SAFETY: what is linked at height 0 is a page, alive.
        sole = sole
            && unsafe { sharing::count::<W, V>(link, 0) }.is_some_and(|count| count.is_sole(held));
        Some(Stop { link, hash: PageHash(hash), sole })
    }
}

/// The least page hash that belongs to the page after the one of `hash`; `None` behind the last.
pub(super) fn next_page_hash<W: Word, V, P: Paging>(
    tree: &Tree<W, V, P>,
    hash: PageHash,
) -> Option<PageHash> {
    let path = Path::of(tree, hash);
    let segment = path.parent(0)?;
    let page = path.page();
    let depth = if page.page().is_empty_page() {
        // It may be linked for several prefixes: one link at a time.
        // SAFETY: a segment of this tree, alive.
        let header = unsafe { segment.header() };
        header.depth + header.bits
    } else {
        page.depth()
    };
    if depth == 0 {
        return None;
    }
    let step = 1_u64 << (64 - u32::from(depth));
    (hash.0 & !(step - 1)).checked_add(step).map(PageHash)
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The page on the path of `hash` for writing: copied if it is shared, each entry in its slot.
    /// The page must have an entry.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    pub(crate) fn unshared_page<R: Rules<V>>(
        &mut self,
        rules: &R,
        hash: PageHash,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        OwnedPath::unshare(self, hash)?.into_page(rules)
    }

    /// Whether nothing of the tree is shared with another handle. O(pages).
    pub(crate) fn shares_nothing(&self) -> bool {
        let mut cursor = Cursor::over(self);
        // SAFETY: the tree is borrowed, so it is alive and not written.
        let mut pages = core::iter::from_fn(|| unsafe { cursor.next_with_owner::<W, V>() });
        pages.all(|(page, sole)| sole || page.is_empty_page())
    }

    /// Counts an entry that was removed from a page.
    #[inline]
    pub(crate) fn count_removed(&mut self) {
        self.len = Size::from_usize(self.len() - 1);
    }

    /// Copies whatever is shared, so that the handle has no tie to any other. O(n).
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries, and shares some of them.
    pub(crate) fn unshare_all<R: Rules<V>>(&mut self, rules: &R) -> Result<(), TryReserveError> {
        let mut next = Some(PageHash(0));
        while let Some(hash) = next {
            let mut path = OwnedPath::unshare(self, hash)?;
            if path.look().begins_segment() {
                path.own_all_bundles()?;
            }
            if !path.page().is_empty_page() {
                path.own_page(rules)?;
            }
            next = next_page_hash(self, hash);
        }
        Ok(())
    }
}
