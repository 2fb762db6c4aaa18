//! Before a write: making the path its handle's own, and making room.
//!
//! Being the only owner is a property of the path (S2): it is established from the root downward,
//! one copy of a segment or page at a time. Each step leaves a valid tree, so a panic in `V::clone`
//! or an allocation that fails in the middle leaves the map as it was, at most less shared.

use super::link::Link;
use super::segment::Segment;
use super::{PageHash, Tree};
use crate::capacity::Tier;
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::page::{Page, PageMut, Shape};
use crate::paging::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

/// What holds a page or segment on some path: a segment, or the handle itself.
#[derive(Clone, Copy)]
pub(crate) struct Parent {
    /// `None` for the handle.
    pub(super) segment: Option<Segment>,
    pub(super) depth: u8,
    pub(super) bits: u8,
    /// With which it holds its children.
    pub(super) weight: usize,
}

impl Parent {
    /// The handle, which holds the root.
    const ROOT: Parent = Parent { segment: None, depth: 0, bits: 0, weight: HANDLE };

    /// # Safety
    ///
    /// The segment is alive and not written meanwhile.
    #[inline]
    pub(super) unsafe fn of(segment: Segment) -> Self {
        // SAFETY: the caller's promise.
        let header = unsafe { segment.header() };
        Parent {
            segment: Some(segment),
            depth: header.depth,
            bits: header.bits,
            weight: header.weight.get(),
        }
    }
}

/// Reading and replacing links on a path.
impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The child of `parent` on the path of `hash`.
    #[inline]
    pub(super) fn child(&self, parent: Parent, hash: PageHash) -> Link {
        match parent.segment {
            None => self.root,
            // SAFETY: parents are segments of this tree, alive as long as they are in it; the index
            // has as many bits as the segment.
            Some(segment) => unsafe {
                segment.link(Segment::index(hash, parent.depth, parent.bits))
            },
        }
    }

    /// Lets all entries whose first `depth` bits are those of `hash` be found below `link`.
    ///
    /// # Safety
    ///
    /// The parent's path has one owner (S2), this handle. What the links led to is released, freed
    /// or linked elsewhere; `link` is held with the parent's weight (D1), and for the root, has
    /// the height that `levels` says.
    pub(super) unsafe fn set_child(
        &mut self,
        parent: Parent,
        hash: PageHash,
        depth: u8,
        link: Link,
    ) {
        let Some(segment) = parent.segment else {
            self.set_root(link);
            return;
        };
        let span = 1_usize << (parent.depth + parent.bits - depth);
        let start = Segment::index(hash, parent.depth, parent.bits) & !(span - 1);
        // SAFETY: a child of this depth has this many places from here on (D1).
        unsafe { segment.fill(start, span, link) };
    }

    fn set_root(&mut self, link: Link) {
        self.root = if self.has_directory() {
            // SAFETY: the root is a segment that was linked, so it is alive.
            let bits = unsafe { link.segment().header() }.bits;
            Link::to_root(link.segment(), bits)
        } else {
            link
        };
    }

    /// Makes a root segment the root.
    pub(super) fn set_root_segment(&mut self, root: Segment, bits: u8, levels: u8) {
        self.root = Link::to_root(root, bits);
        self.levels = levels;
    }

    /// Makes a page the root.
    pub(super) fn set_root_page(&mut self, page: Page<W, V>) {
        self.root = Link::to_page(page);
        self.levels = 0;
    }

    /// The segment at `height` on the path of `hash`: 1 is the one above the pages. Height 0 is not
    /// asked for.
    ///
    /// The caller has made the path its own, or only reads.
    pub(super) fn parent_at(&self, height: u8, hash: PageHash) -> Parent {
        let mut parent = Parent::ROOT;
        let mut at = self.levels + 1;
        while at > height {
            at -= 1;
            // SAFETY: a child at a height above 0 is a segment of this tree, alive.
            parent = unsafe { Parent::of(self.child(parent, hash).segment()) };
        }
        parent
    }

    /// What holds the page of `hash`.
    pub(super) fn page_parent(&self, hash: PageHash) -> Parent {
        self.parent_at(1, hash)
    }

    /// The page of `hash` under `parent`.
    pub(super) fn page_under(&self, parent: Parent, hash: PageHash) -> Page<W, V> {
        self.child(parent, hash).page()
    }

    /// What holds the page of `hash`, if everything above the page has one owner, this handle.
    pub(super) fn sole_parent(&self, hash: PageHash) -> Option<Parent> {
        let mut parent = Parent::ROOT;
        for _ in 0..self.segment_levels() {
            let segment = self.child(parent, hash).segment();
            // SAFETY: a segment of this tree, alive.
            unsafe {
                if !segment.header().count.is_sole(parent.weight) {
                    return None;
                }
                parent = Parent::of(segment);
            }
        }
        Some(parent)
    }

    /// The page on the path of `at`, if it and the whole path have one owner, this handle: as what
    /// [`sole_parent`](Self::sole_parent) holds, but on the way that a lookup goes, for insertions
    /// begin here.
    #[inline]
    pub(super) fn sole_page(&mut self, at: PageHash) -> Option<Page<W, V>> {
        let (mut link, mut weight) = (self.root, HANDLE);
        for level in 0..self.segment_levels() {
            // SAFETY: the link is to a segment of this tree, alive, whose header is written by
            // nobody else while it has one owner.
            unsafe {
                let header = link.segment().header();
                if !header.count.is_sole(weight) {
                    return None;
                }
                weight = header.weight.get();
                link = if level == 0 { self.root_link(at) } else { Self::link_below(link, at) };
            }
        }
        let page = link.page();
        // SAFETY: alive, being linked; the empty page has no count and no owner.
        let sole = !page.is_empty_page() && unsafe { page.count() }.is_sole(weight);
        sole.then_some(page)
    }
}

/// Un-sharing and making room.
impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Copies what is shared above the page of `hash`, and returns what holds the page.
    pub(super) fn unshare_segments(&mut self, hash: PageHash) -> Result<Parent, TryReserveError> {
        let mut parent = Parent::ROOT;
        for height in (1..=self.segment_levels()).rev() {
            let mut segment = self.child(parent, hash).segment();
            // SAFETY: a segment of this tree at this height; everything above it has one owner,
            // established by the rounds before. The copy is linked before the old one is released
            // (which may run `V::drop`).
            unsafe {
                if !segment.header().count.is_sole(parent.weight) {
                    let old = segment;
                    segment = old.duplicate::<W, V>(height, parent.weight)?;
                    let depth = segment.header().depth;
                    self.set_child(parent, hash, depth, Link::to_segment(segment, depth));
                    old.release::<W, V>(height, parent.weight);
                }
                parent = Parent::of(segment);
            }
        }
        Ok(parent)
    }

    /// The page on the path of `at` for writing: copied if it is shared, each entry in its slot.
    /// The page must have an entry.
    pub(crate) fn unshared_page<H: Rules<V>>(
        &mut self,
        hash: &H,
        at: PageHash,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        let parent = self.unshare_segments(at)?;
        self.unshare_page_under(parent, at, hash)
    }

    pub(super) fn unshare_page_under<H: Rules<V>>(
        &mut self,
        parent: Parent,
        at: PageHash,
        hash: &H,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        let mut page = self.page_under(parent, at);
        // SAFETY: alive, being linked; everything above has one owner. A shared page is not
        // written; its copy is linked before it is released.
        unsafe {
            if !page.count().is_sole(parent.weight) {
                let old = page;
                page = old.borrow().duplicate(parent.weight, hash)?;
                self.replace_page(parent, at, page, old.borrow().depth());
                old.release(parent.weight);
            }
            Ok(page.borrow_mut())
        }
    }

    /// Links `page`, which is of that depth, where the page of `at` was.
    ///
    /// # Safety
    ///
    /// As [`set_child`](Self::set_child).
    unsafe fn replace_page(&mut self, parent: Parent, at: PageHash, page: Page<W, V>, depth: u8) {
        // SAFETY: the caller's promise.
        unsafe { self.set_child(parent, at, depth, Link::to_page(page)) };
    }

    /// The page on the path of `at` for writing, with room for another entry.
    #[inline]
    pub(crate) fn page_with_room<H: Rules<V>>(
        &mut self,
        hash: &H,
        at: PageHash,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        // Keys that share many bits may need several splits; the root doubles for one of them only.
        let most_bits = self.directory_bits() + 1;
        loop {
            let parent = self.unshare_segments(at)?;
            let page = self.page_under(parent, at);
            // SAFETY: alive, being linked, and not written meanwhile.
            let view = unsafe { page.borrow() };
            if page.is_empty_page() {
                self.materialise(parent, at)?;
            } else if !view.is_full() {
                return self.unshare_page_under(parent, at, hash);
            } else if page.tier() < Limits::<W, V, P>::TIER
                || view.len() < self.page_capacity(page.tier(), 0)
                || !P::PAGED
            {
                self.grow(parent, at, hash)?;
            } else if !self.split_page(at, most_bits, hash)? {
                self.grow(self.page_parent(at), at, hash)?;
            }
        }
    }

    /// With how many entries a page of this tier that has `entries` is full by now.
    pub(super) fn page_capacity(&self, tier: Tier, entries: usize) -> usize {
        Limits::<W, V, P>::page_capacity(tier, self.levels, entries)
    }

    /// The shape of a page that gets `entries`.
    pub(super) fn shape(&self, tier: Tier, entries: usize, depth: u8, weight: usize) -> Shape {
        Limits::<W, V, P>::shape(tier, self.page_capacity(tier, entries), depth, weight)
    }

    /// Makes room in the full page of `at` without splitting it: it may take as many entries as its
    /// tier has room for, where it was to be less full under one level, or is replaced by a page of
    /// the next tier.
    #[cold]
    #[inline(never)]
    fn grow<H: Rules<V>>(
        &mut self,
        parent: Parent,
        at: PageHash,
        hash: &H,
    ) -> Result<(), TryReserveError> {
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked, and not written meanwhile.
        let entries = unsafe { page.borrow() }.len();
        let most = Limits::<W, V, P>::SIZING.max_entries(page.tier());
        if entries < most {
            self.unshare_page_under(parent, at, hash)?.set_capacity(most);
            return Ok(());
        }
        let tier = page.tier().next().ok_or(TryReserveError::CAPACITY)?;
        self.resize(parent, at, tier, hash)
    }

    /// Replaces the page of `at` by one of another tier, which holds its entries: moved where the
    /// page has one owner, else cloned, straight into the new size.
    pub(super) fn resize<H: Rules<V>>(
        &mut self,
        parent: Parent,
        at: PageHash,
        tier: Tier,
        hash: &H,
    ) -> Result<(), TryReserveError> {
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked, on a path that has one owner; moved only with one holder.
        // The new page is linked before the old one is released.
        unsafe {
            let view = page.borrow();
            let depth = view.depth();
            let shape = self.shape(tier, view.len(), depth, parent.weight);
            if page.is_empty_page() || page.count().is_sole(parent.weight) {
                let new = page.move_into(shape, hash)?;
                self.replace_page(parent, at, new, depth);
            } else {
                let new = page.borrow().clone_into(shape, hash)?;
                self.replace_page(parent, at, new, depth);
                page.release(parent.weight);
            }
        }
        Ok(())
    }

    /// Puts a page where there was none, of a size that the floor asks for.
    #[cold]
    #[inline(never)]
    fn materialise(&mut self, parent: Parent, at: PageHash) -> Result<(), TryReserveError> {
        let (depth, tier) = self.page_to_materialise(parent, at);
        let page = Page::allocate(self.shape(tier, 0, depth, parent.weight))?;
        // SAFETY: the path has one owner; the links led to the empty page, which nobody holds.
        unsafe { self.replace_page(parent, at, page, depth) };
        Ok(())
    }

    /// The depth and tier of a page that takes the place of the empty page at `at`.
    fn page_to_materialise(&self, parent: Parent, at: PageHash) -> (u8, Tier) {
        let Some(segment) = parent.segment else {
            return (0, self.root_page_floor());
        };
        let expected = self.floor.entries() >> self.floor_depth();
        let tier = Limits::<W, V, P>::SIZING
            .tier_for(expected)
            .map_or(Tier::FIRST, |tier| tier.min(Limits::<W, V, P>::TIER));
        // The widest block of links around this one that all lead to the empty page, but no
        // wider than a page is under the floor.
        let index = Segment::index(at, parent.depth, parent.bits);
        let mut depth = parent.depth + parent.bits;
        while depth > parent.depth && depth > self.floor_depth() {
            let span = 1_usize << (parent.depth + parent.bits - (depth - 1));
            let start = index & !(span - 1);
            // SAFETY: a segment of this tree, which has these links.
            if !(start..start + span).all(|at| unsafe { segment.link(at) }.is_empty()) {
                break;
            }
            depth -= 1;
        }
        (depth, tier)
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// How deep pages are at least, as long as there is a directory: what the reserved entries
    /// need.
    pub(super) fn floor_depth(&self) -> u8 {
        Self::depth_for(self.floor.entries())
    }

    /// The least tier of a root page.
    pub(super) fn root_page_floor(&self) -> Tier {
        let most = Limits::<W, V, P>::TIER;
        Limits::<W, V, P>::SIZING
            .tier_for(self.floor.entries())
            .map_or(most, |tier| if P::PAGED { tier.min(most) } else { tier })
    }

    /// How many bits tell pages apart that hold `entries` without splitting.
    pub(super) fn depth_for(entries: usize) -> u8 {
        if !P::PAGED || entries <= Limits::<W, V, P>::PAGE_ENTRIES {
            return 0;
        }
        let depth = |full| {
            let pages = entries.div_ceil(Limits::<W, V, P>::reserved_of(full));
            // At most the bits of a usize.
            pages.next_power_of_two().trailing_zeros() as u8
        };
        match depth(Limits::<W, V, P>::PAGE_ENTRIES) {
            one_level if one_level <= P::ROOT_BITS => {
                depth(Limits::<W, V, P>::PAGE_ENTRIES_UNDER_ONE_LEVEL)
            }
            more => more,
        }
    }
}
