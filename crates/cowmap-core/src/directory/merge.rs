//! Making the directory coarser after removals: pages shrink and merge, and what is above them as
//! far as it can.

use super::Tree;
use super::link::Link;
use super::segment::{self, Segment};
use super::write::Parent;
use crate::capacity::{Floor, Tier};
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::Page;
use crate::paging::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Whether a page of this tier with `len` entries may have to shrink, or merge, which pages of up
    /// to `merging` entries are to try.
    pub(super) fn is_sparse(&self, tier: Tier, len: usize, merging: usize) -> bool {
        let slots = tier.groups() * Limits::<W, V, P>::LANES;
        len < slots / 4 || (self.has_directory() && len <= merging)
    }

    /// Merges or shrinks the page of `at`, if that is worth it and the floor allows it. The path
    /// has one owner.
    #[cold]
    #[inline(never)]
    pub(super) fn settle<H: Rules<V>>(
        &mut self,
        at: PageHash,
        fit: Fit,
        hash: &H,
    ) -> Result<(), TryReserveError> {
        // The other half of a page that is all of its segment is in another segment, until the two
        // merge.
        while self.merge_page(at, hash)? | self.narrow(at)? {}
        let parent = self.page_parent(at);
        match self.smaller_tier(parent, at, fit) {
            Some(tier) => self.resize(parent, at, tier, hash),
            None => Ok(()),
        }
    }

    /// The tier that the page of `at` should shrink to.
    fn smaller_tier(&self, parent: Parent, at: PageHash, fit: Fit) -> Option<Tier> {
        let page = self.page_under(parent, at);
        if page.is_empty_page() {
            return None;
        }
        // SAFETY: alive, being linked, and not written meanwhile.
        let len = unsafe { page.borrow() }.len();
        let sizing = Limits::<W, V, P>::SIZING;
        let floor = match parent.segment {
            None => self.root_page_floor(),
            Some(_) => Tier::FIRST,
        };
        match fit {
            Fit::Loose => sizing.shrunk(page.tier(), len, floor),
            Fit::Tight => {
                sizing.tier_for(len).map(|tier| tier.max(floor)).filter(|&tier| tier < page.tier())
            }
        }
    }

    /// Gives back what the entries do not need: the floor becomes what `least` entries need.
    pub(crate) fn shrink_to<H: Rules<V>>(
        &mut self,
        least: usize,
        hash: &H,
    ) -> Result<(), TryReserveError> {
        self.floor = self.floor.min(Floor::of(least));
        if self.len() == 0 && self.floor == Floor::NONE {
            drop(self.take());
            return Ok(());
        }
        // What one page gives up may let another one merge that was visited before.
        while self.shrink_each_page(hash)? {}
        Ok(())
    }

    /// Shrinks and merges each page as far as it can be now; whether any merged.
    fn shrink_each_page<H: Rules<V>>(&mut self, hash: &H) -> Result<bool, TryReserveError> {
        let mut merged = false;
        let mut next = Some(PageHash(0));
        while let Some(at) = next {
            let parent = self.page_parent(at);
            let merges = self.mergeable(parent, at).is_some();
            if merges || self.smaller_tier(parent, at, Fit::Tight).is_some() {
                self.unshare_segments(at)?;
                self.settle(at, Fit::Tight, hash)?;
                merged |= merges;
            } else if Self::starts_segment(parent, at) && self.may_narrow(at) {
                self.unshare_segments(at)?;
                while self.narrow(at)? {
                    merged = true;
                }
            }
            next = self.next_page_hash(at);
        }
        Ok(merged)
    }

    /// Whether the page of `at` is the first of its segment.
    pub(super) fn starts_segment(parent: Parent, at: PageHash) -> bool {
        parent.segment.is_some() && Segment::index(at, parent.depth, parent.bits) == 0
    }

    /// The other half of the page of `at`, if the two are to merge.
    fn mergeable(&self, parent: Parent, at: PageHash) -> Option<Page<W, V>> {
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked, and not written meanwhile.
        let view = unsafe { page.borrow() };
        let depth = view.depth();
        if page.is_empty_page()
            || parent.segment.is_none()
            || depth <= parent.depth
            || depth <= self.floor_depth()
        {
            return None;
        }
        let other_at = at.other_half(depth);
        let other = self.page_under(parent, other_at);
        // SAFETY: as above.
        let other_view = unsafe { other.borrow() };
        let alike = if other.is_empty_page() {
            self.all_links_equal(parent, other_at, depth)
        } else {
            other_view.depth() == depth
        };
        let together = view.len() + other_view.len();
        (alike && together <= Limits::<W, V, P>::MERGED_ENTRIES).then_some(other)
    }

    /// Merges the page of `at` with its other half, if both are sparse enough.
    fn merge_page<H: Rules<V>>(&mut self, at: PageHash, hash: &H) -> Result<bool, TryReserveError> {
        let parent = self.page_parent(at);
        let Some(other) = self.mergeable(parent, at) else {
            return Ok(false);
        };
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked, and not written meanwhile.
        let (view, other_view) = unsafe { (page.borrow(), other.borrow()) };
        let (depth, entries) = (view.depth() - 1, view.len() + other_view.len());
        // SAFETY: the path has one owner. The link to what the two became replaces those to both,
        // and then whatever was not moved is released.
        unsafe {
            if entries == 0 {
                self.set_child(parent, at, depth, Link::empty());
                page.release(parent.weight);
                other.release(parent.weight);
            } else if other.is_empty_page() {
                let mut page = self.unshare_page_under(parent, at, hash)?;
                page.set_depth(depth);
                let link = Link::to_page(page.page());
                self.set_child(parent, at, depth, link);
            } else {
                let tier = Limits::<W, V, P>::tier_in_directory(entries)
                    .expect("a merged page has fewer entries than a page");
                let shape = self.shape(tier, entries, depth, parent.weight);
                let (merged, left) = Page::merge([page, other], shape, hash)?;
                self.set_child(parent, at, depth, Link::to_page(merged));
                Page::release_both(left, parent.weight);
            }
        }
        Ok(true)
    }

    /// Whether all links of the block of this depth around `at` are the same.
    fn all_links_equal(&self, parent: Parent, at: PageHash, depth: u8) -> bool {
        let Some(segment) = parent.segment else {
            return true;
        };
        let span = 1_usize << (parent.depth + parent.bits - depth);
        let start = Segment::index(at, parent.depth, parent.bits) & !(span - 1);
        // SAFETY: a segment of this tree, which has these links.
        unsafe { (start..start + span).all(|at| segment.link(at) == segment.link(start)) }
    }

    /// Merges segments from the one above the pages upward as long as half of the links would do,
    /// and halves the root; `false` if nothing changed.
    pub(super) fn narrow(&mut self, at: PageHash) -> Result<bool, TryReserveError> {
        let mut height = 1;
        while height < self.levels {
            if !self.merge_segment(at, height)? {
                return Ok(height > 1);
            }
            height += 1;
        }
        let mut narrowed = height > 1;
        while self.halve_root()? {
            narrowed = true;
        }
        Ok(narrowed)
    }

    /// The segment below `above` on the path of `at`, and its other half, if the two are to merge:
    /// half of the links of each would do.
    fn mergeable_segments(
        &self,
        above: Parent,
        parent: Parent,
        at: PageHash,
    ) -> Option<[Segment; 2]> {
        let Parent { segment, depth, bits, .. } = parent;
        let (segment, upper) = (segment?, above.segment?);
        if depth <= above.depth || depth - 1 + bits < self.floor_depth() {
            return None;
        }
        let index = Segment::index(at.other_half(depth), above.depth, above.bits);
        // SAFETY: segments of this tree, alive and not written meanwhile.
        unsafe {
            let link = upper.link(index);
            let merge = link.depth() == depth
                && segment.all_pairs_equal()
                && link.segment().all_pairs_equal();
            merge.then(|| [segment, link.segment()])
        }
    }

    /// Merges the segment at `height` with its other half.
    fn merge_segment(&mut self, at: PageHash, height: u8) -> Result<bool, TryReserveError> {
        let above = self.parent_at(height + 1, at);
        let parent = self.parent_at(height, at);
        let Some([segment, other]) = self.mergeable_segments(above, parent, at) else {
            return Ok(false);
        };
        let Parent { depth, bits, weight, .. } = parent;
        // SAFETY: segments of this tree, alive; `segment` and what is above have one owner (S2), the
        // other half perhaps not, so it is only read. Each child ends up held once by the
        // merged segment, with its weight: those of the other half are told of it before
        // what held them lets go.
        unsafe {
            let halves =
                if at.bit(u32::from(depth) - 1) { [other, segment] } else { [segment, other] };
            let merged = Segment::allocate((bits, depth - 1), above.weight, weight, |index| {
                halves[index >> (bits - 1)].link(index << 1 & ((1 << bits) - 1))
            })?;
            for child in other.children() {
                if let Some(count) = segment::count::<W, V>(child, height - 1) {
                    count.add(weight);
                }
            }
            let link = Link::to_segment(merged, depth - 1);
            self.set_child(above, at, depth - 1, link);
            segment.free();
            other.release::<W, V>(height, above.weight);
        }
        Ok(true)
    }

    /// Whether [`narrow`](Self::narrow) would change something.
    fn may_narrow(&self, at: PageHash) -> bool {
        if self.levels > 1 {
            let (above, parent) = (self.parent_at(2, at), self.parent_at(1, at));
            self.mergeable_segments(above, parent, at).is_some()
        } else {
            self.root_may_be_halved()
        }
    }

    fn root_may_be_halved(&self) -> bool {
        self.has_directory()
            && self.directory_bits() > u32::from(self.floor_depth())
            // SAFETY: the root is a segment, alive and not written meanwhile.
            && unsafe { self.root_segment().all_pairs_equal() }
    }

    /// Halves the links of the root segment, or takes it away where its one child can be the root.
    fn halve_root(&mut self) -> Result<bool, TryReserveError> {
        if !self.root_may_be_halved() {
            return Ok(false);
        }
        let old = self.root_segment();
        // SAFETY: the root has one owner, as the whole path that was narrowed. Its children go over
        // to the new segment, or its one child is held by the handle before the root lets
        // go of it.
        unsafe {
            let bits = self.root_bits();
            if bits > 1 {
                let weight = old.header().weight.get();
                let new =
                    Segment::allocate((bits - 1, 0), HANDLE, weight, |index| old.link(index << 1))?;
                self.set_root_segment(new, bits - 1, self.levels);
                old.free();
                return Ok(true);
            }
            let child = old.link(0);
            let levels = self.levels - 1;
            if let Some(count) = segment::count::<W, V>(child, levels) {
                count.add(HANDLE);
            }
            if levels > 0 {
                let bits = child.segment().header().bits;
                self.set_root_segment(child.segment(), bits, levels);
            } else {
                self.set_root_page(child.page());
            }
            old.release::<W, V>(levels + 1, HANDLE);
        }
        Ok(true)
    }
}

/// How closely a page should fit its entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As after removals: at most half full, so that it need not grow again soon.
    Loose,
    /// As small as it can be.
    Tight,
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The least page hash that belongs to the page after the one of `at`; `None` behind the last.
    pub(super) fn next_page_hash(&self, at: PageHash) -> Option<PageHash> {
        let parent = self.page_parent(at);
        parent.segment?;
        let page = self.page_under(parent, at);
        let depth = if page.is_empty_page() {
            // It may be linked for several prefixes: one link at a time.
            parent.depth + parent.bits
        } else {
            // SAFETY: alive, being linked, and not written meanwhile.
            unsafe { page.borrow() }.depth()
        };
        if depth == 0 {
            return None;
        }
        let step = 1_u64 << (64 - u32::from(depth));
        (at.0 & !(step - 1)).checked_add(step).map(PageHash)
    }
}
