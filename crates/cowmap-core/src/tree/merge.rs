//! Making the directory coarser after removals: pages shrink and merge, and what is above them as
//! far as it can.
//!
//! Where chosen keys keep pages apart that lie deep, a directory can be out of proportion to what
//! removals leave: then its deepest pages are merged whatever they hold, a few with each removal.
//!
//! Merged segments get holders of their own: every child is told of them before what held it lets
//! go, so that the other half may be another handle's, too.

use super::Tree;
use super::cursor::next_page_hash;
use super::link::Link;
use super::new_segment::NewSegment;
use super::owned_path::OwnedPath;
use super::path::Path;
use super::segment::Segment;
use super::sharing::{self, raise};
use crate::count::{HANDLE, HOLDER};
use crate::error::TryReserveError;
use crate::floor::Floor;
use crate::hash::PageHash;
use crate::page::{Page, PageRef};
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::stamp::SegmentStamp;
use crate::tier::Tier;
use crate::word::Word;

/// How closely a page should fit its entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As after removals: at most half full, so that it need not grow again soon.
    Loose,
    /// As small as it can be.
    Tight,
}

/// What may become smaller.
impl<'t, W: Word, V, P: Paging> Path<'t, W, V, P> {
    /// The tier that the page should shrink to.
    fn smaller_tier(&self, fit: Fit) -> Option<Tier> {
        let view = self.page();
        let (tier, len) = (view.page().tier(), view.len());
        if view.page().is_empty_page() {
            return None;
        }
        let sizing = Limits::<W, V, P>::SIZING;
        let floor = match self.parent(0) {
            None => self.tree.root_page_floor(),
            Some(_) => Tier::FIRST,
        };
        match fit {
            Fit::Loose => sizing.shrunk(tier, len, floor),
            Fit::Tight => sizing.tier_for(len).map(|to| to.max(floor)).filter(|&to| to < tier),
        }
    }

    /// The other half of the page, if the two have no more than `most` entries together.
    fn mergeable(&self, most: usize) -> Option<PageRef<'t, W, V>> {
        let (view, segment) = (self.page(), self.parent(0)?);
        let depth = view.depth();
        // SAFETY: a segment of this tree, alive.
        let least = unsafe { segment.header() }.depth.max(self.tree.floor_depth());
        if view.page().is_empty_page() || depth <= least {
            return None;
        }
        let other = self.other_half(depth);
        let other_view = other.page();
        let alike = if other_view.page().is_empty_page() {
            // SAFETY: a segment of this tree, alive, that may have a child of this depth.
            self.all_links_equal(unsafe { segment.span(other.hash, depth) })
        } else {
            other_view.depth() == depth
        };
        let together = view.len() + other_view.len();
        (alike && together <= most).then_some(other_view)
    }

    /// The other half of the segment at `height`, if the two are to merge: half of the links of each
    /// would do.
    fn mergeable_segment(&self, height: u8) -> Option<Segment> {
        let (above, segment) = (self.parent(height)?, self.child(height).segment());
        // SAFETY: segments of this tree, alive and not written meanwhile.
        unsafe {
            let (bits, depth) = (segment.header().bits, segment.header().depth);
            if depth <= above.header().depth || depth - 1 + bits < self.tree.floor_depth() {
                return None;
            }
            let link = above.link(above.index_of(self.hash.other_half(depth)));
            let merge = link.depth() == depth
                && segment.all_pairs_equal()
                && link.segment().all_pairs_equal();
            merge.then(|| link.segment())
        }
    }

    /// Whether half of the root segment's links would do.
    fn root_may_be_halved(&self) -> bool {
        self.tree.has_directory()
            && self.tree.directory_bits() > u32::from(self.tree.floor_depth())
            // SAFETY: the root is a segment, alive and not written meanwhile.
            && unsafe { self.tree.root.segment().all_pairs_equal() }
    }

    /// Whether [`narrow`](OwnedPath::narrow) would change something.
    fn may_narrow(&self) -> bool {
        (1..self.tree.levels).any(|height| self.mergeable_segment(height).is_some())
            || self.root_may_be_halved()
    }
}

impl<W: Word, V, P: Paging> OwnedPath<'_, W, V, P> {
    /// Merges or shrinks the page, if that is worth it and the floor allows it; whether anything
    /// merged.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    #[cold]
    #[inline(never)]
    pub(super) fn settle<R: Rules<V>>(
        &mut self,
        fit: Fit,
        rules: &R,
    ) -> Result<bool, TryReserveError> {
        let (most, mut merged) = (self.tree().merged_entries(fit), false);
        // The other half of a page that is all of its segment is in another segment, until the two
        // merge.
        while self.merge_page(most, rules)? | self.narrow()? {
            merged = true;
        }
        if let Some(tier) = self.look().smaller_tier(fit) {
            self.resize(tier, rules)?;
        }
        Ok(merged)
    }

    /// Merges the page with its other half, if they have no more than `most` entries together.
    fn merge_page<R: Rules<V>>(&mut self, most: usize, rules: &R) -> Result<bool, TryReserveError> {
        let Some(other) = self.look().mergeable(most) else { return Ok(false) };
        let view = self.look().page();
        let (depth, entries) = (view.depth() - 1, view.len() + other.len());
        let (hash, page, held, other) = (self.hash(), self.page(), self.held(), other.page());
        // Makes the other half's holder the handle's own, so that the weight is known with which it
        // is held.
        self.turn(hash.other_half(depth + 1))?;
        let held_other = self.held();
        self.turn(hash)?;
        let Some(segment) = self.parent(0) else { return Ok(false) };
        // SAFETY: a segment of this tree, alive, which may have a child of this depth.
        let first = unsafe { segment.span(hash, depth) }.start;
        let held_merged = self.own_bundle_of(0, first)?;
        // SAFETY: the path has one owner (S3), as have the holders of both halves, as far as there are
        // such, and that of the merged page; no child begins at the other links that change. The
        // link to what the two became replaces those to both, and then whatever was not moved is
        // released.
        unsafe {
            if entries == 0 {
                self.set_child(0, depth, Link::empty());
                Page::release_both([(page, held), (other, held_other)]);
            } else if other.is_empty_page() {
                self.own_page(rules)?.set_depth(depth);
                self.set_held(held_merged);
                let link = Link::to_page(self.page());
                self.set_child(0, depth, link);
            } else {
                let tier = Limits::<W, V, P>::tier_in_directory(entries)
                    .expect("two pages of a tree fit in one, if need be a table");
                let shape = self.tree().shape(tier, entries, depth);
                let halves = [(page, held), (other, held_other)];
                let (merged, left) = Page::merge(halves, shape, rules)?;
                self.link_page(merged, held_merged);
                Page::release_both(left);
            }
        }
        Ok(true)
    }

    /// Merges segments where half of the links would do, from the one above the pages upward, and
    /// halves the root; `false` if nothing changed. Looks at every level, because memory may have
    /// been wanting for a higher one when a lower one merged.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn narrow(&mut self) -> Result<bool, TryReserveError> {
        let mut narrowed = false;
        for height in 1..self.tree().levels {
            narrowed |= self.merge_segment(height)?;
        }
        while self.halve_root()? {
            narrowed = true;
        }
        Ok(narrowed)
    }

    /// Merges the segment at `height` with its other half.
    fn merge_segment(&mut self, height: u8) -> Result<bool, TryReserveError> {
        let Some(other) = self.look().mergeable_segment(height) else { return Ok(false) };
        let (segment, above) = (self.segment(height), self.segment(height + 1));
        let hash = self.hash();
        // SAFETY: segments of this tree, alive; `segment` and what is above have one owner (S3), the
        // other half perhaps not, so it is only read. Each child ends up held once by the merged
        // segment's holders, of which it is told before what held it lets go.
        unsafe {
            let (bits, depth) = (segment.header().bits, segment.header().depth);
            let upper = hash.bit(u32::from(depth) - 1);
            let halves = if upper { [other, segment] } else { [segment, other] };
            let merged = NewSegment::allocate(
                Self::segment_shape(bits, depth - 1),
                SegmentStamp::void(),
                |index| halves[index >> (bits - 1)].link(index << 1 & ((1 << bits) - 1)),
            )?
            .with_holders(|_| Some(HOLDER))?;
            let mut held = [0; 2];
            for (upper, held) in [false, true].into_iter().zip(&mut held) {
                let first = above.span(hash.with_bit(depth - 1, upper), depth).start;
                *held = self.own_bundle_of(height, first)?;
            }
            for half in halves {
                raise::<W, V>(half, 0..1 << bits, height, HOLDER);
            }
            let merged = merged.hold(held[0]);
            self.set_child(height, depth - 1, Link::to_segment(merged, depth - 1));
            self.note_segment(height, merged);
            self.count_segments(-1);
            for (half, held) in halves.into_iter().zip(held) {
                sharing::release::<W, V>(Link::to_segment(half, depth), height, held);
            }
        }
        self.turn(hash)?;
        Ok(true)
    }

    /// Halves the links of the root segment, or takes it away where its one child can be the root.
    fn halve_root(&mut self) -> Result<bool, TryReserveError> {
        if !self.look().root_may_be_halved() {
            return Ok(false);
        }
        let levels = self.tree().levels;
        let old = self.segment(levels);
        // SAFETY: the root has one owner (S3), as has the one child's segment on the path.
        unsafe {
            let stamp = SegmentStamp::new(old.header().stamp.get());
            let bits = old.header().bits;
            if bits > 1 {
                // Its children are told of the new root's holders before the old ones let go.
                let new = NewSegment::allocate(Self::segment_shape(bits - 1, 0), stamp, |index| {
                    old.link(index << 1)
                })?
                .with_holders(|_| Some(HOLDER))?;
                raise::<W, V>(old, 0..1 << bits, levels, HOLDER);
                self.set_root(new.hold(HANDLE), levels);
                sharing::release::<W, V>(Link::to_root(old, bits), levels, HANDLE);
                self.turn(self.hash())?;
                return Ok(true);
            }
            // The one child is held by the handle before the root lets go of it.
            let child = old.link(0);
            if let Some(count) = sharing::count::<W, V>(child, levels - 1) {
                count.add(HANDLE);
            }
            if levels > 1 {
                child.segment().header().stamp.set(old.header().stamp.get());
                self.count_segments(-1);
            }
            self.replace_root(child);
            sharing::release::<W, V>(Link::to_root(old, bits), levels, HANDLE);
            self.turn(self.hash())?;
        }
        Ok(true)
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Gives back what the entries do not need: the floor becomes what `least` entries need.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries, and perhaps more room than it needs.
    pub(crate) fn shrink_to<R: Rules<V>>(
        &mut self,
        least: usize,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        self.floor = self.floor.min(Floor::of(least));
        if self.len() == 0 {
            return self.shrink_empty();
        }
        // What one page gives up may let another one merge that was visited before.
        while self.shrink_each_page(rules)? {}
        while self.has_too_many_links() && self.merge_deepest(rules)? {}
        Ok(())
    }

    /// Gives back what the floor does not cover of a tree without entries.
    fn shrink_empty(&mut self) -> Result<(), TryReserveError> {
        let larger = self.has_directory() || self.root_page().tier() > self.root_page_floor();
        if larger || self.floor == Floor::NONE {
            return self.replace_empty(self.floor);
        }
        Ok(())
    }

    /// Shrinks and merges each page as far as it can be now; whether any merged.
    fn shrink_each_page<R: Rules<V>>(&mut self, rules: &R) -> Result<bool, TryReserveError> {
        let mut merged = false;
        let mut next = Some(PageHash(0));
        while let Some(hash) = next {
            let path = Path::of(self, hash);
            let merges = path.mergeable(self.merged_entries(Fit::Tight)).is_some();
            if merges || path.smaller_tier(Fit::Tight).is_some() {
                merged |= OwnedPath::unshare(self, hash)?.settle(Fit::Tight, rules)?;
            } else if path.begins_segment() && path.may_narrow() {
                let mut path = OwnedPath::unshare(self, hash)?;
                while path.narrow()? {
                    merged = true;
                }
            }
            next = next_page_hash(self, hash);
        }
        Ok(merged)
    }

    /// How many entries two pages that merge have together at most.
    fn merged_entries(&self, fit: Fit) -> usize {
        match fit {
            Fit::Loose => Limits::<W, V, P>::MERGED_ENTRIES,
            Fit::Tight => self.page_capacity(Limits::<W, V, P>::TIER, 0),
        }
    }

    /// Whether the directory has more links than its entries, or a reservation, are worth.
    #[inline]
    pub(super) fn has_too_many_links(&self) -> bool {
        let links = self.stored_links();
        Limits::<W, V, P>::has_too_many(links, self.len())
            && Limits::<W, V, P>::has_too_many(links, self.entries_or_floor())
    }

    /// Merges some of the deepest pages after a removal, if there are too many links.
    ///
    /// What cannot be allocated now is left as it is.
    #[cold]
    #[inline(never)]
    pub(super) fn merge_deepest_pages<R: Rules<V>>(&mut self, rules: &R) {
        for _ in 0..Limits::<W, V, P>::MERGES_A_REMOVAL {
            if !self.has_too_many_links() || self.merge_deepest(rules) != Ok(true) {
                return;
            }
        }
    }

    /// Merges the deepest pages after many removals at once, until there are not too many links.
    ///
    /// What cannot be allocated now is left as it is.
    pub(crate) fn merge_until_in_proportion<R: Rules<V>>(&mut self, rules: &R) {
        while self.has_too_many_links() && self.merge_deepest(rules) == Ok(true) {}
    }

    /// Merges two pages that are as deep as the directory lets pages be, however many entries they
    /// have, and narrows what is above them; or only narrows, where no page is as deep. `false` if
    /// nothing changed.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    pub(super) fn merge_deepest<R: Rules<V>>(
        &mut self,
        rules: &R,
    ) -> Result<bool, TryReserveError> {
        let hash = self.deepest();
        let mut path = OwnedPath::unshare(self, hash)?;
        let mut changed = path.merge_page(usize::MAX, rules)?;
        while path.narrow()? {
            changed = true;
        }
        Ok(changed)
    }

    /// A hash that leads to a page as deep as the directory lets pages be, if there is one, or else
    /// through a segment that can merge. Looks at each link of a segment a level, perhaps two, and at
    /// the pages below the last one: the two of a pair that have the fewest entries are found.
    fn deepest(&self) -> PageHash {
        let (mut link, mut hash) = (self.root, PageHash(0));
        for height in (1..=self.segment_levels()).rev() {
            let mut segment = link.segment();
            let mut single = Self::lightest_single_link(segment, height);
            // SAFETY: segments of this tree, alive and not written while it is borrowed. One that is
            // linked once has another half, which is linked once, too.
            unsafe {
                let depth = segment.header().depth;
                if single.is_none() && height < self.levels {
                    let other = hash.other_half(depth);
                    segment = self.segment_at(height, other);
                    single = Self::lightest_single_link(segment, height);
                    if single.is_some() {
                        hash = other;
                    }
                }
                let Some(index) = single else { return hash };
                hash = hash.with_index(index, segment.header().depth, segment.header().bits);
                link = segment.link(index);
            }
        }
        hash
    }

    /// The index of a link of a segment of this tree to a child that has this one only: a page of the
    /// pair that has the fewest entries, or the first one to a segment.
    fn lightest_single_link(segment: Segment, height: u8) -> Option<usize> {
        // SAFETY: a segment of this tree, alive and not written while that is borrowed, as are the
        // pages below it. There is another link in each pair.
        unsafe {
            let mut singles = segment.single_links();
            if height > 1 {
                return singles.next();
            }
            let len = |index| segment.link(index).page::<W, V>().borrow().len();
            singles.min_by_key(|&index| len(index) + len(index ^ 1))
        }
    }

    /// The segment at `height`, at least 1, on the path of `hash`.
    fn segment_at(&self, height: u8, hash: PageHash) -> Segment {
        Path::of(self, hash).child(height).segment()
    }

    /// Shrinks and merges the pages that belong to this handle alone and may be too large, and what
    /// is above them. O(pages), a few times if there is much to merge.
    ///
    /// What cannot be allocated now is left as large as it is.
    pub(crate) fn settle_all<R: Rules<V>>(&mut self, rules: &R) {
        if self.len() == 0 {
            match self.floor {
                Floor::NONE => drop(self.take()),
                _ => self.clear(),
            }
            return;
        }
        // A page that merged may be what another one, which was visited before, could not merge
        // with.
        let mut before = usize::MAX;
        loop {
            let bytes = self.memory_usage().total;
            if bytes >= before {
                break;
            }
            before = bytes;
            self.settle_each_page(rules);
        }
        self.merge_until_in_proportion(rules);
    }

    fn settle_each_page<R: Rules<V>>(&mut self, rules: &R) {
        let merging = self.has_directory().then_some(Limits::<W, V, P>::MERGED_ENTRIES);
        let mut next = Some(PageHash(0));
        while let Some(hash) = next {
            if let Some(mut path) = OwnedPath::if_sole(self, hash) {
                let page = path.look().page();
                // The other half may be the empty page, which is not visited.
                if !page.page().is_empty_page()
                    && path.page_is_sole()
                    && Limits::<W, V, P>::is_sparse(page.page().tier(), page.len(), merging)
                {
                    let _ = path.settle(Fit::Loose, rules);
                } else if path.look().begins_segment() {
                    while let Ok(true) = path.narrow() {}
                }
            }
            next = next_page_hash(self, hash);
        }
    }
}
