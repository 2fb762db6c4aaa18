//! Making the directory finer: a full page splits in two, and what is above it as far as it has to.
//!
//! A page splits by the next bit of the page hash. That needs two links to it in its segment: where
//! there is one, the segment splits first, and where that has one link in the segment above, that
//! one; the root segment doubles, and when it is as large as it may be, a level is put above it,
//! until there are three, when it doubles on. Each step moves one segment's links. The root grows
//! only in proportion to the entries ([`Limits::directory_may_have`]), and by one bit an insertion:
//! where keys cannot be separated within that, the page grows as a table.

use alloc::alloc::{Layout, alloc, dealloc};
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use super::link::Link;
use super::segment::Segment;
use super::write::Parent;
use super::{MOST_LEVELS, Tree};

use crate::count::{FRESH, HANDLE};
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::Page;
use crate::paging::{Limits, Paging};
use crate::rules::Rules;
use crate::word::Word;

impl PageHash {
    /// The same hash with the bit at `depth` set or clear.
    pub(super) fn with_bit(self, depth: u8, set: bool) -> Self {
        let bit = 1_u64 << (63 - depth);
        PageHash(if set { self.0 | bit } else { self.0 & !bit })
    }

    /// A hash in the other half of what was split to get to `depth`, which is above 0.
    pub(super) fn other_half(self, depth: u8) -> Self {
        PageHash(self.0 ^ 1 << (64 - depth))
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Splits the full page on the path of `at`, whose segments have one owner, under a directory
    /// that tells `most_bits` apart at most; `false` where it has to grow instead.
    #[cold]
    #[inline(never)]
    pub(super) fn split_page<H: Rules<V>>(
        &mut self,
        at: PageHash,
        most_bits: u32,
        hash: &H,
    ) -> Result<bool, TryReserveError> {
        if !self.has_directory() {
            if !Limits::<W, V, P>::directory_may_have(1, self.len()) {
                return Ok(false);
            }
            self.put_segment_above_root_page()?;
        }
        if !self.widen_span(at, 1, most_bits)? {
            return Ok(false);
        }
        let parent = self.page_parent(at);
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked, and not written meanwhile.
        let view = unsafe { page.borrow() };
        let (depth, entries) = (view.depth(), view.len());
        if let Some(empty) = view.has_halves(depth, hash).iter().position(|&has| !has) {
            // Nothing to separate yet: the page keeps its entries and covers half of what it did.
            self.unshare_page_under(parent, at, hash)?.set_depth(depth + 1);
            // SAFETY: the path has one owner; the page stays linked where its entries are.
            unsafe {
                self.set_child(parent, at.with_bit(depth, empty == 1), depth + 1, Link::empty());
            }
            return Ok(true);
        }
        // Both halves have an entry, so that each has one less than the page at most. If the page had
        // grown as a table, that may be more than an ordinary page holds.
        let tier = Limits::<W, V, P>::tier_in_directory(entries - 2)
            .expect("half of a page has fewer entries than a page");
        let shape = self.shape(tier, entries - 2, depth + 1, parent.weight);
        // SAFETY: the path has one owner. A page of one owner keeps one half, and the other half's
        // links go to the new page; else both halves are linked before the old page is
        // released.
        unsafe {
            if page.count().is_sole(parent.weight) {
                let upper = page.split_off(shape, depth, hash)?;
                self.set_child(parent, at.with_bit(depth, true), depth + 1, Link::to_page(upper));
            } else {
                let halves = view.clone_halves(shape, depth, hash)?;
                for (half, new) in [false, true].into_iter().zip(halves) {
                    let link = Link::to_page(new);
                    self.set_child(parent, at.with_bit(depth, half), depth + 1, link);
                }
                page.release(parent.weight);
            }
        }
        for half in [false, true] {
            self.fit(parent, at.with_bit(depth, half), hash);
        }
        Ok(true)
    }

    /// Makes half of a page as large as it should be: gives back what it does not need if the page
    /// had grown as a table, or was split unevenly, and says how many entries it may hold. Without
    /// memory for a smaller one it stays as it is.
    fn fit<H: Rules<V>>(&mut self, parent: Parent, at: PageHash, hash: &H) {
        let page = self.page_under(parent, at);
        // SAFETY: alive, being linked; it has one owner, as its path has, since it was split.
        let mut page = unsafe { page.borrow_mut() };
        let (tier, entries) = (page.page().tier(), page.len());
        page.set_capacity(self.page_capacity(tier, entries));
        if let Some(smaller) = Limits::<W, V, P>::tier_in_directory(entries)
            && smaller < tier
        {
            let _ = self.resize(parent, at, smaller, hash);
        }
    }

    /// Puts a directory above the root page: a segment of two links to it.
    fn put_segment_above_root_page(&mut self) -> Result<(), TryReserveError> {
        let page: Page<W, V> = self.root_page();
        let segment = Segment::allocate((1, 0), HANDLE, FRESH, |_| Link::to_page(page))?;
        // SAFETY: the root page is full, so it is not the empty page, and the handle holds it. From
        // now on the segment holds it, with FRESH in place of HANDLE.
        unsafe { page.count() }.add(FRESH - HANDLE);
        self.set_root_segment(segment, 1, 1);
        Ok(())
    }

    /// Sees to it that the child of the segment at `height` on the path of `at` has two links at
    /// least; `false` where the directory may not grow that far, or would tell more than
    /// `most_bits` apart.
    fn widen_span(
        &mut self,
        at: PageHash,
        height: u8,
        most_bits: u32,
    ) -> Result<bool, TryReserveError> {
        loop {
            let parent = self.parent_at(height, at);
            let Some(segment) = parent.segment else {
                return Ok(false);
            };
            let index = Segment::index(at, parent.depth, parent.bits);
            // SAFETY: a segment of this tree, with an even number of links.
            if unsafe { segment.link(index) == segment.link(index ^ 1) } {
                return Ok(true);
            }
            if height < self.levels {
                if !self.widen_span(at, height + 1, most_bits)? {
                    return Ok(false);
                }
                self.split_segment(at, height)?;
            } else if self.directory_bits() == most_bits
                || !Limits::<W, V, P>::directory_may_have(self.directory_bits() + 1, self.len())
            {
                return Ok(false);
            } else if parent.bits < Self::most_root_bits(self.levels) {
                self.double_root(parent)?;
            } else if !self.put_level_above_root(parent)? {
                return Ok(false);
            }
        }
    }

    /// Splits the segment at `height` on the path of `at`, which has two links in the segment
    /// above.
    fn split_segment(&mut self, at: PageHash, height: u8) -> Result<(), TryReserveError> {
        let above = self.parent_at(height + 1, at);
        let Parent { segment: Some(segment), depth, bits, weight } = self.parent_at(height, at)
        else {
            unreachable!("the handle is above the root only");
        };
        // SAFETY: the path has one owner. Each child goes to one half, because the one with a
        // single link shows that none spans all (D1), with the weight it is held with. The old
        // segment's memory is freed after both halves are linked.
        unsafe {
            let half = |upper: usize| {
                Segment::allocate((bits, depth + 1), above.weight, weight, |index| {
                    segment.link(upper << (bits - 1) | index >> 1)
                })
            };
            let lower = half(0)?;
            let upper = half(1).inspect_err(|_| lower.free())?;
            for (set, half) in [(false, lower), (true, upper)] {
                let link = Link::to_segment(half, depth + 1);
                self.set_child(above, at.with_bit(depth, set), depth + 1, link);
            }
            segment.free();
        }
        Ok(())
    }

    /// Doubles the links of the root segment.
    fn double_root(&mut self, root: Parent) -> Result<(), TryReserveError> {
        let Parent { segment: Some(old), bits, weight, .. } = root else {
            return Ok(());
        };
        // SAFETY: the root has one owner; all children go over to the new segment.
        unsafe {
            let new =
                Segment::allocate((bits + 1, 0), HANDLE, weight, |index| old.link(index >> 1))?;
            self.set_root_segment(new, bits + 1, self.levels);
            old.free();
        }
        Ok(())
    }

    /// Puts a level above the root segment, which is as large as it may be: its links go to several
    /// segments. `false` where a child would be in more than one of them.
    fn put_level_above_root(&mut self, root: Parent) -> Result<bool, TryReserveError> {
        let Parent { segment: Some(old), bits, weight, .. } = root else { return Ok(false) };
        let below = P::SEGMENT_BITS;
        let above = bits - below;
        // SAFETY: the root has one owner. No child has links on both sides of a boundary, so each
        // goes to one of the new segments, with the weight that it is held with. On an
        // error, the new segments' memory is freed and the children stay with the old root.
        unsafe {
            let boundaries = (1_usize << below..1 << bits).step_by(1 << below);
            if boundaries.into_iter().any(|at| {
                old.link(at - 1) == old.link(at) && !(self.levels == 1 && old.link(at).is_empty())
            }) {
                return Ok(false);
            }
            let new = Segment::allocate((above, 0), HANDLE, FRESH, |_| Link::empty())?;
            for part in 0..1_usize << above {
                let segment = Segment::allocate((below, above), FRESH, weight, |index| {
                    old.link(part << below | index)
                })
                .inspect_err(|_| {
                    for made in 0..part {
                        new.link(made).segment().free();
                    }
                    new.free();
                })?;
                new.fill(part, 1, Link::to_segment(segment, above));
            }
            self.set_root_segment(new, above, self.levels + 1);
            old.free();
        }
        Ok(true)
    }

    /// Builds a directory that tells `depth` bits apart, at least 1, above an empty tree; its pages
    /// come with the entries.
    pub(super) fn build_directory(&mut self, depth: u8) -> Result<(), TryReserveError> {
        debug_assert!(self.len() == 0 && depth > 0);
        let bits = P::SEGMENT_BITS;
        // As few levels as the bits of the root allow; the last one's root takes the rest.
        let levels = (1 + depth.saturating_sub(P::ROOT_BITS).div_ceil(bits)).min(MOST_LEVELS);
        let root_bits = depth - (levels - 1) * bits;
        debug_assert!(root_bits >= 1 && root_bits <= Self::most_root_bits(levels));
        Self::ask_for_directory(depth)?;
        let root = Self::empty_segments((root_bits, 0), HANDLE, levels)?;
        let old = self.take();
        self.set_root_segment(root, root_bits, levels);
        drop(old);
        Ok(())
    }

    /// Whether the allocator would give what a directory of `depth` bits takes, asked at once:
    /// piece by piece, a request beyond all memory would fill it first.
    fn ask_for_directory(depth: u8) -> Result<(), TryReserveError> {
        let layout = 1_usize
            .checked_shl(u32::from(depth))
            .and_then(|links| links.checked_mul(2 * size_of::<Link>()))
            .and_then(|bytes| Layout::from_size_align(bytes, align_of::<Link>()).ok())
            .ok_or(TryReserveError::CAPACITY)?;
        // SAFETY: the size is not zero, and what was allocated is given back with the same layout.
        unsafe {
            let start =
                NonNull::new(alloc(layout)).ok_or_else(|| TryReserveError::memory(layout))?;
            // Or the optimiser sees that nothing is done with it, and does not ask.
            dealloc(core::hint::black_box(start.as_ptr()), layout);
        }
        Ok(())
    }

    /// A segment over segments over the empty page.
    fn empty_segments(
        (bits, depth): (u8, u8),
        held: usize,
        height: u8,
    ) -> Result<Segment, TryReserveError> {
        let segment = Segment::allocate((bits, depth), held, FRESH, |_| Link::empty())?;
        if height > 1 {
            for index in 0..1_usize << bits {
                let below = (P::SEGMENT_BITS, depth + bits);
                let child = Self::empty_segments(below, FRESH, height - 1);
                // SAFETY: the segment is new and known to nobody else. On an error, the segments
                // made so far are freed; the others are not linked yet.
                unsafe {
                    match child {
                        Ok(child) => segment.fill(index, 1, Link::to_segment(child, depth + bits)),
                        Err(error) => {
                            for made in 0..index {
                                segment.link(made).segment().release::<W, V>(height - 1, FRESH);
                            }
                            segment.free();
                            return Err(error);
                        }
                    }
                }
            }
        }
        Ok(segment)
    }
}
