//! Making the directory finer: a full page splits in two, and what is above it as far as it has to.
//!
//! A page can split only if its segment links to it twice. If not, the segment splits first,
//! recursively; the root segment doubles, and when it is as large as it may be, a level is put
//! above it, until there are as many as there may be, when it doubles on. The
//! root grows only in proportion to the entries ([`Limits::directory_may_have`]). One write makes the
//! directory finer by one bit of one path at most, which divides one segment a level. Where a page's
//! entries cannot be separated within that, the page grows as a table, and the next write to it goes
//! on.
//!
//! Children go to new holders with the weights that they are held with, so none of them is touched:
//! that needs all holders of a segment that is divided to be the handle's own.

use super::link::Link;
use super::new_segment::NewSegment;
use super::owned_path::OwnedPath;
use super::segment::Segment;
use super::sharing::{self, own_all_bundles};
use crate::count::{HANDLE, HOLDER};
use crate::error::TryReserveError;
use crate::page::Page;
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::stamp::{SegmentStamp, Stamp};
use crate::word::Word;

/// What became of a page that was to be split.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// The directory may not tell its entries apart.
    Refused,
    /// All entries are in one half, which the page is linked for now.
    Narrowed,
    /// There are two pages.
    Halved,
}

impl<W: Word, V, P: Paging> OwnedPath<'_, W, V, P> {
    /// Splits the page, which is full, and all that it takes above it. The path then leads to the half
    /// of its hash.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    #[cold]
    #[inline(never)]
    pub(super) fn split_page<R: Rules<V>>(&mut self, rules: &R) -> Result<Split, TryReserveError> {
        if !self.tree().has_directory() {
            if !(self.may_widen() && self.directory_may_have(1)) {
                return Ok(Split::Refused);
            }
            self.put_segment_above_root_page()?;
        }
        if !(self.is_wide(0) || self.may_widen() && self.widen_span(0)?) {
            return Ok(Split::Refused);
        }
        let view = self.look().page();
        let (depth, entries, tier) = (view.depth(), view.len(), view.page().tier());
        let [lower, upper] = view.halves(depth, rules, Limits::<W, V, P>::is_table(tier));
        if lower == 0 || upper == 0 {
            self.narrow_span(depth, upper > 0, rules)?;
            return Ok(Split::Narrowed);
        }
        // Of an ordinary page each half has one entry less than the page at most.
        let counted = lower + upper == entries;
        let shape = |half: usize| {
            let entries = if counted { half } else { entries - 1 };
            let tier = Limits::<W, V, P>::tier_in_directory(entries - 1)
                .expect("half of a page has fewer entries than a page");
            self.tree().shape(tier, entries, depth + 1)
        };
        let shapes = [shape(lower), shape(upper)];
        let (hash, held) = (self.hash(), self.held());
        let held_upper = self.own_bundle_of(0, self.middle(depth))?;
        if self.page_is_sole() {
            // SAFETY: the page and its path have one owner (S3). It keeps the lower half and the first
            // of its links; the upper half's links go to the new page, with the weight of their
            // bundle.
            unsafe {
                let upper = self.page().split_off(shapes[1], depth, rules)?;
                self.look_at(hash.with_bit(depth, true));
                self.link_page(upper, held_upper);
            }
        } else {
            let [lower, upper] = self.look().page().clone_halves(shapes, depth, rules)?;
            // SAFETY: each half goes where its first link's bundle holds with this weight; the page is
            // let go of after both are linked.
            unsafe {
                self.look_at(hash.with_bit(depth, true));
                let old = self.link_page(upper, held_upper);
                self.look_at(hash.with_bit(depth, false));
                self.link_page(lower, held);
                self.look_at(hash);
                old.release(held);
            }
        }
        for half in [!hash.bit(u32::from(depth)), hash.bit(u32::from(depth))] {
            self.look_at(hash.with_bit(depth, half));
            self.turn(hash.with_bit(depth, half))?;
            self.fit(rules);
        }
        self.turn(hash)?;
        Ok(Split::Halved)
    }

    /// Goes on splitting the page if it grew as a table and may be split by now.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    pub(super) fn split_table<R: Rules<V>>(&mut self, rules: &R) -> Result<(), TryReserveError> {
        while Limits::<W, V, P>::is_table(self.page().tier())
            && self.split_page(rules)? == Split::Narrowed
        {}
        Ok(())
    }

    /// Makes the segment above the page, or the directory where that is its root, finer by one bit;
    /// `false` if it tells `most` bits apart already. The floor allows as many.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    pub(super) fn deepen_segment<R: Rules<V>>(
        &mut self,
        most: u8,
        rules: &R,
    ) -> Result<bool, TryReserveError> {
        let Some(segment) = self.parent(0) else {
            self.put_segment_above_root_page()?;
            return Ok(true);
        };
        // SAFETY: a segment of this tree, alive.
        let (depth, bits) = unsafe { (segment.header().depth, segment.header().bits) };
        if depth + bits >= most {
            return Ok(false);
        }
        if self.tree().levels == 1 {
            self.refine_root()?;
            return Ok(true);
        }
        // A page that is all of the segment cannot be in one of its halves.
        let view = self.look().page();
        if !view.page().is_empty_page() && view.depth() == depth {
            self.split_page(rules)?;
        }
        if self.widen_span(1)? {
            self.split_segment(1)?;
            return Ok(true);
        }
        debug_assert!(false, "the floor allows for {most} bits");
        Ok(false)
    }

    /// Doubles the root segment, or puts a level above it if it is as large as it may be.
    fn refine_root(&mut self) -> Result<(), TryReserveError> {
        let levels = self.tree().levels;
        let root = self.segment(levels);
        // SAFETY: the root is alive.
        if unsafe { root.header() }.bits < Limits::<W, V, P>::most_root_bits(levels) {
            self.double_root(root)
        } else {
            self.put_level_above_root(root)
        }
    }

    /// Whether a directory that tells so many bits apart is in proportion.
    fn directory_may_have(&self, bits: u32) -> bool {
        Limits::<W, V, P>::directory_may_have(bits, self.tree().entries_or_floor())
    }

    /// The place of the first link of the upper half of the page of this depth.
    fn middle(&self, depth: u8) -> usize {
        let places = self.parent(0).map(|segment| {
            // SAFETY: a segment of this tree, alive; the page has two links in it at least.
            unsafe { segment.span(self.hash().with_bit(depth, true), depth + 1) }
        });
        places.map_or(0, |places| places.start)
    }

    /// Lets the page, whose entries are all in one half, keep only the links of that half; nothing
    /// has to be separated yet.
    fn narrow_span<R: Rules<V>>(
        &mut self,
        depth: u8,
        upper: bool,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        let hash = self.hash();
        let held = if upper { self.own_bundle_of(0, self.middle(depth))? } else { self.held() };
        self.own_page(rules)?.set_depth(depth + 1);
        // SAFETY: the page is the handle's own; it stays linked where its entries are, and is held as
        // the first of those links' bundle holds.
        unsafe {
            self.set_held(held);
            self.look_at(hash.with_bit(depth, !upper));
            self.set_child(0, depth + 1, Link::empty());
        }
        self.turn(hash)
    }

    /// Makes half of a page as large as it should be: gives back what it does not need if the page
    /// had grown as a table, or was split unevenly, and says how many entries it may hold. Without
    /// memory for a smaller one it stays as it is.
    fn fit<R: Rules<V>>(&mut self, rules: &R) {
        debug_assert!(self.page_is_sole());
        // SAFETY: the half of a page that was split has one owner, as has its path (S3).
        let mut page = unsafe { self.page().borrow_mut() };
        let (tier, entries) = (page.page().tier(), page.len());
        page.set_capacity(self.tree().page_capacity(tier, entries));
        if let Some(smaller) = Limits::<W, V, P>::tier_in_directory(entries)
            && smaller < tier
        {
            let _ = self.resize(smaller, rules);
        }
    }

    /// Whether the child at `height` has two links at least; the root has none.
    fn is_wide(&self, height: u8) -> bool {
        self.parent(height).is_some_and(|segment| {
            // SAFETY: a segment of this tree, with an even number of links.
            unsafe {
                let index = segment.index_of(self.hash());
                segment.link(index) == segment.link(index ^ 1)
            }
        })
    }

    /// Sees to it that the child at `height`, which is not the root, has two links at least; `false`
    /// where the directory may not grow that far.
    fn widen_span(&mut self, height: u8) -> Result<bool, TryReserveError> {
        while !self.is_wide(height) {
            let levels = self.tree().levels;
            if height + 1 < levels {
                if !self.widen_span(height + 1)? {
                    return Ok(false);
                }
                self.split_segment(height + 1)?;
            } else if !self.directory_may_have(self.tree().directory_bits() + 1) {
                return Ok(false);
            } else {
                self.refine_root()?;
            }
        }
        Ok(true)
    }

    /// Puts a directory above the root page: a segment of two links to it.
    fn put_segment_above_root_page(&mut self) -> Result<(), TryReserveError> {
        let page: Page<W, V> = self.page();
        // SAFETY: the handle holds the page, so nobody writes its stamp.
        let stamp = SegmentStamp::new(unsafe { page.stamp() }.next());
        let new = NewSegment::allocate(Self::segment_shape(1, 0), stamp, |_| Link::to_page(page))?
            .with_holders(|_| Some(HOLDER))?;
        // SAFETY: the root page is full, so it is not the empty page, and the handle holds it. From
        // now on the segment's holder does, with HOLDER in place of HANDLE.
        unsafe {
            page.count().add(HOLDER - HANDLE);
            self.set_root(new.hold(HANDLE), 1);
        }
        self.turn(self.hash())
    }

    /// A segment with the links of `old` that `from` says for each of its own, which holds its
    /// children with the weights that those have.
    ///
    /// # Safety
    ///
    /// `old` is alive and not written meanwhile; its holders are its own. `from` keeps the order. All
    /// children that begin in a bundle of the new segment begin in that bundle of the old one which
    /// the first link of the new one comes from.
    unsafe fn regrouped(
        old: Segment,
        (bits, depth): (u8, u8),
        stamp: SegmentStamp,
        from: impl Fn(usize) -> usize,
    ) -> Result<NewSegment, TryReserveError> {
        // SAFETY: the caller's promise.
        unsafe {
            NewSegment::allocate(Self::segment_shape(bits, depth), stamp, |index| {
                old.link(from(index))
            })?
            .with_holders(|first| {
                let holder = old.holder(old.bundle(from(first)))?;
                Some(holder.shares().weight())
            })
        }
    }

    /// Splits the segment at `height`, which has two links in the segment above.
    fn split_segment(&mut self, height: u8) -> Result<(), TryReserveError> {
        let (old, hash) = (self.segment(height), self.hash());
        let above = self.segment(height + 1);
        // SAFETY: segments on an owned path (S3). Each child goes to one half, because the one with a
        // single link shows that none spans all (D1), with the weight it is held with. The old
        // segment's memory is freed after both halves are linked.
        unsafe {
            let (bits, depth) = (old.header().bits, old.header().depth);
            own_all_bundles::<W, V>(old, height)?;
            let half = |upper: usize| {
                let from = |index| upper << (bits - 1) | index >> 1;
                Self::regrouped(old, (bits, depth + 1), SegmentStamp::void(), from)
            };
            let halves = [half(0)?, half(1)?];
            let mut held = [0; 2];
            for (upper, held) in [false, true].into_iter().zip(&mut held) {
                let first = above.span(hash.with_bit(depth, upper), depth + 1).start;
                *held = self.own_bundle_of(height, first)?;
            }
            for ((upper, new), held) in [false, true].into_iter().zip(halves).zip(held) {
                let new = new.hold(held);
                self.look_at(hash.with_bit(depth, upper));
                self.set_child(height, depth + 1, Link::to_segment(new, depth + 1));
                if upper == hash.bit(u32::from(depth)) {
                    self.note_segment(height, new);
                }
            }
            self.look_at(hash);
            self.count_segments(1);
            old.free_with_holders();
        }
        Ok(())
    }

    /// Doubles the links of the root segment.
    fn double_root(&mut self, old: Segment) -> Result<(), TryReserveError> {
        let levels = self.tree().levels;
        // SAFETY: the root has one owner (S3); all children go over to the new segment, with the
        // weights they are held with, and all that is below is as much the handle's own as before.
        unsafe {
            own_all_bundles::<W, V>(old, levels)?;
            let bits = old.header().bits + 1;
            let stamp = SegmentStamp::new(old.header().stamp.get());
            let new = Self::regrouped(old, (bits, 0), stamp, |index| index >> 1)?;
            self.set_root(new.hold(HANDLE), levels);
            old.free_with_holders();
        }
        Ok(())
    }

    /// Puts a level above the root segment, which is as large as it may be: its links go to several
    /// segments. A child with links in more than one of them gets a segment of its own, as wide as the
    /// child.
    fn put_level_above_root(&mut self, old: Segment) -> Result<(), TryReserveError> {
        let (levels, hash, below) = (self.tree().levels, self.hash(), P::SEGMENT_BITS);
        // SAFETY: the root has one owner (S3). Each child goes to one of the new segments, with the
        // weight that it is held with, and begins in the first bundle of it if it is the only one. On
        // an error, the new segments' memory is freed and the children stay with the old root.
        unsafe {
            let bits = old.header().bits;
            let above = bits - below;
            own_all_bundles::<W, V>(old, levels)?;
            let stamp = SegmentStamp::new(old.header().stamp.get());
            let root =
                NewSegment::allocate(Self::segment_shape(above, 0), stamp, |_| Link::empty())?
                    .with_all_holders()?;
            let places = root.look();
            let (mut part, mut segments) = (0, 0);
            while part < 1_usize << above {
                let first = part << below;
                let mut wider = Self::widest_child(old, first, above);
                if levels == 1 && old.link(first).is_empty() {
                    // What was reserved stays there.
                    let reserved = self.tree().floor_depth().saturating_sub(below);
                    wider = wider.min(above.saturating_sub(reserved));
                }
                let depth = above - wider;
                let from = |index| (part << below) + (index << wider);
                let made = Self::regrouped(old, (below, depth), SegmentStamp::void(), from);
                match made {
                    Ok(segment) => {
                        let segment = segment.hold(HOLDER);
                        let end = part + (1 << wider);
                        places.fill(part..end, Link::to_segment(segment, depth));
                        (part, segments) = (end, segments + 1);
                    }
                    Err(error) => {
                        for made in places.children(0..part) {
                            made.segment().free_with_holders();
                        }
                        return Err(error);
                    }
                }
            }
            self.set_root(root.hold(HANDLE), levels + 1);
            self.note_segment(levels, places.link(places.index_of(hash)).segment());
            self.count_segments(segments);
            old.free_with_holders();
        }
        Ok(())
    }

    /// For the links of the old root from `first` on that may go to one new segment at depth `most`:
    /// how many times they double until they are all that lead to the child there, or 0 if there is
    /// more than one.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written meanwhile; `first` is where links of that depth begin.
    unsafe fn widest_child(old: Segment, first: usize, most: u8) -> u8 {
        let mut wider = 0;
        // SAFETY: the caller's promise; the links are some of the segment's.
        unsafe {
            let all = old.header().bits;
            while wider < most {
                let links = 1_usize << (all - most + wider + 1);
                let same = |index: usize| old.link(index) == old.link(first);
                if !first.is_multiple_of(links) || !(first..first + links).all(same) {
                    break;
                }
                wider += 1;
            }
        }
        wider
    }

    /// Builds a directory that tells `depth` bits apart, at least 1, in place of the empty page; its
    /// pages come with the entries.
    ///
    /// # Errors
    ///
    /// No memory, or not for that many links; the tree is as it was.
    pub(super) fn build_directory(&mut self, depth: u8) -> Result<(), TryReserveError> {
        debug_assert!(self.page().is_empty_page() && !self.tree().has_directory() && depth > 0);
        let (root_bits, levels) = Limits::<W, V, P>::directory_for(depth);
        let stamp = SegmentStamp::new(Stamp::NONE.next());
        let root = Self::empty_segment((root_bits, 0), stamp, levels)?;
        // SAFETY: new, and held by the handle in place of the empty page.
        unsafe { self.set_root(root.hold(HANDLE), levels) };
        let mut segments = 0;
        for height in (1..levels).rev() {
            let segment = self.child(height).segment();
            self.note_segment(height, segment);
            segments += 1 << (root_bits + P::SEGMENT_BITS * (levels - 1 - height));
        }
        self.count_segments(segments);
        Ok(())
    }

    /// A segment at `height` over segments over the empty page.
    fn empty_segment(
        (bits, depth): (u8, u8),
        stamp: SegmentStamp,
        height: u8,
    ) -> Result<NewSegment, TryReserveError> {
        let new = NewSegment::allocate(Self::segment_shape(bits, depth), stamp, |_| Link::empty())?;
        if height == 1 {
            return Ok(new);
        }
        let new = new.with_all_holders()?;
        for index in 0..1_usize << bits {
            let below = (P::SEGMENT_BITS, depth + bits);
            let child = Self::empty_segment(below, SegmentStamp::void(), height - 1);
            // SAFETY: the segment is new and known to nobody else. On an error, the segments made so
            // far are freed; the others are not linked yet.
            unsafe {
                match child {
                    Ok(child) => {
                        let child = Link::to_segment(child.hold(HOLDER), depth + bits);
                        new.look().fill(index..index + 1, child);
                    }
                    Err(error) => {
                        for made in 0..index {
                            let made = new.look().link(made);
                            sharing::release::<W, V>(made, height - 1, HOLDER);
                        }
                        return Err(error);
                    }
                }
            }
        }
        Ok(new)
    }
}
