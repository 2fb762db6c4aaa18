//! A segment: the unit in which the directory is copied on write.
//!
//! An array of links in an allocation of its own, behind a header, behind pointers to holders. A
//! child whose entries share fewer bits than the segment tells apart is linked several times in a
//! row (D1). The links are divided into *bundles*: the children whose first link is in a bundle are
//! held by the bundle's holder (S1, S2).
//!
//! This file knows the memory. Who holds what is in `sharing.rs`.

use alloc::alloc::{Layout, alloc, dealloc};
use core::mem::size_of;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::holder::Holder;
use super::link::Link;
use crate::count::{Count, Weight};
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::PAGE_ALIGN;
use crate::stamp::SegmentStamp;

/// What a segment is made for.
#[derive(Clone, Copy)]
pub(super) struct SegmentShape {
    /// It has `2^bits` links.
    pub(super) bits: u8,
    /// A bundle has `2^bundle_bits` links, at most all.
    pub(super) bundle_bits: u8,
    /// How many bits of the page hash all entries below share.
    pub(super) depth: u8,
}

impl SegmentShape {
    /// How many bundles the links are.
    fn bundles(self) -> usize {
        1 << (self.bits - self.bundle_bits)
    }

    /// Bytes that the pointers to holders and the header take, up to where an allocation may start.
    fn before_links(self) -> usize {
        (self.bundles() * size_of::<Option<Holder>>() + HEADER).next_multiple_of(ALLOCATION_ALIGN)
    }

    fn layout(self) -> Result<Layout, TryReserveError> {
        let links = 1_usize.checked_shl(u32::from(self.bits)).ok_or(TryReserveError::CAPACITY)?;
        let before = self.before_links() + PAGE_ALIGN - ALLOCATION_ALIGN;
        // The offset has 32 bits.
        u32::try_from(before).map_err(|_| TryReserveError::CAPACITY)?;
        let size = links
            .checked_mul(size_of::<Link>())
            .and_then(|size| size.checked_add(before))
            .ok_or(TryReserveError::CAPACITY)?;
        Layout::from_size_align(size, ALLOCATION_ALIGN).map_err(|_| TryReserveError::CAPACITY)
    }
}

/// What precedes the links of a segment: what a write needs and a lookup does not.
pub(super) struct Header {
    pub(super) count: Count,
    /// With which it holds each of its holders.
    pub(super) weight: Weight,
    /// Of a root; void below.
    pub(super) stamp: SegmentStamp,
    /// From the start of the allocation to the links.
    offset: u32,
    /// It has `2^bits` links.
    pub(super) bits: u8,
    /// How many bits of the page hash all entries below share: its links tell the next `bits`
    /// apart.
    pub(super) depth: u8,
    bundle_bits: u8,
}

const _: () = assert!(cfg!(loom) || size_of::<Header>() <= 32);

const ALLOCATION_ALIGN: usize = 16;
const HEADER: usize = size_of::<Header>().next_multiple_of(ALLOCATION_ALIGN);

/// A pointer to the links of a segment. D3 says what it points to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    base: NonNull<Link>,
}

impl Segment {
    #[inline(always)]
    pub(super) fn from_base(base: NonNull<Link>) -> Self {
        Segment { base }
    }

    /// A pointer that leads to no segment, where there is none yet.
    pub(super) const fn dangling() -> Self {
        Segment { base: NonNull::dangling() }
    }

    #[inline(always)]
    pub(super) fn base(self) -> NonNull<Link> {
        self.base
    }

    /// Memory for a segment with a header, whose links and holders have no contents yet.
    pub(super) fn allocate_unfilled(
        shape: SegmentShape,
        weight: usize,
        stamp: SegmentStamp,
    ) -> Result<Self, TryReserveError> {
        let layout = shape.layout()?;
        // SAFETY: the layout holds a header at least, so its size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) });
        let start = start.ok_or_else(|| TryReserveError::memory(layout))?;
        let address = start.addr().get();
        let offset = (address + shape.before_links()).next_multiple_of(PAGE_ALIGN) - address;
        // SAFETY: an allocation starts at a multiple of 16, and `before_links` is one, so the layout has
        // room for such an offset and the links behind it; the header before them is aligned,
        // because HEADER is a multiple of 16.
        unsafe {
            let base = start.add(offset).cast::<Link>();
            base.byte_sub(HEADER).cast::<Header>().write(Header {
                count: Count::new(0),
                weight: Weight::new(weight),
                stamp,
                offset: offset as u32,
                bits: shape.bits,
                depth: shape.depth,
                bundle_bits: shape.bundle_bits,
            });
            Ok(Segment { base })
        }
    }

    /// Memory with the links and the holders of a segment, none of which is told of it.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written meanwhile.
    pub(super) unsafe fn copy_memory(self, stamp: SegmentStamp) -> Result<Self, TryReserveError> {
        // SAFETY: the caller's promise; as many links and holders as the header says, in both.
        unsafe {
            let shape = self.shape();
            let copy = Self::allocate_unfilled(shape, 0, stamp)?;
            copy.base.copy_from_nonoverlapping(self.base, 1 << shape.bits);
            let last = shape.bundles() - 1;
            copy.holder_at(last).copy_from_nonoverlapping(self.holder_at(last), last + 1);
            Ok(copy)
        }
    }

    /// Gives the memory back, and lets holders and children be.
    ///
    /// # Safety
    ///
    /// The segment is alive (D3) and the caller's; nothing uses it afterwards, and what it
    /// held is held by something else or was released.
    pub(super) unsafe fn free(self) {
        // SAFETY: alive, so it has a header, whose offset leads to the start of an allocation of
        // this layout.
        unsafe {
            let layout = self.shape().layout().expect("computed when it was allocated");
            let offset = self.header().offset as usize;
            dealloc(self.base.cast::<u8>().sub(offset).as_ptr(), layout);
        }
    }

    /// Gives its memory and that of its holders back, and lets the children be.
    ///
    /// # Safety
    ///
    /// As for [`free`](Self::free); the holders are this segment's alone.
    pub(super) unsafe fn free_with_holders(self) {
        // SAFETY: the caller's promise.
        unsafe {
            for bundle in self.bundles() {
                if let Some(holder) = self.holder(bundle) {
                    holder.free();
                }
            }
            self.free();
        }
    }

    /// Bytes that are allocated for it, without its holders.
    ///
    /// # Safety
    ///
    /// The segment is alive.
    pub(super) unsafe fn bytes(self) -> usize {
        // SAFETY: the caller's promise.
        unsafe { self.shape() }.layout().map_or(0, |layout| layout.size())
    }

    /// What precedes the links.
    ///
    /// # Safety
    ///
    /// The segment is alive for `'a`.
    #[inline(always)]
    pub(super) unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: a live segment has a header before its links (D3), of which only atomics are ever
        // written.
        unsafe { self.base.byte_sub(HEADER).cast::<Header>().as_ref() }
    }

    /// # Safety
    ///
    /// The segment is alive.
    #[inline(always)]
    unsafe fn shape(self) -> SegmentShape {
        // SAFETY: the caller's promise.
        let &Header { bits, bundle_bits, depth, .. } = unsafe { self.header() };
        SegmentShape { bits, bundle_bits, depth }
    }

    /// The address of the header of the segment or page that a link leads to, to be prefetched: both
    /// have it in the last bytes before what the link points to.
    pub(super) fn header_address(child: Link) -> *const u8 {
        child.base().as_ptr().wrapping_sub(HEADER)
    }
}

/// Links to segments.
impl Link {
    #[inline(always)]
    pub(super) fn to_segment(segment: Segment, depth: u8) -> Self {
        Self::tagged(segment.base().cast(), depth)
    }

    /// The root segment, with a tag that indexes it.
    #[inline]
    pub(super) fn to_root(segment: Segment, bits: u8) -> Self {
        Self::tagged(segment.base().cast(), 64 - bits)
    }

    /// The segment, where the link is one of a higher segment.
    #[inline(always)]
    pub(super) fn segment(self) -> Segment {
        Segment::from_base(self.base().cast())
    }
}

/// The links.
impl Segment {
    /// The link at `index`.
    ///
    /// # Safety
    ///
    /// The segment is alive and has more than `index` links; nobody writes it meanwhile.
    #[inline(always)]
    pub(super) unsafe fn link(self, index: usize) -> Link {
        // SAFETY: the caller's promise.
        unsafe { self.base.add(index).read() }
    }

    /// The link at `index`, by a load that compilers leave alone: where two paths end in the same
    /// plain load they make one of the two, and both paths have to compute its address in the same
    /// way first.
    ///
    /// # Safety
    ///
    /// As for [`link`](Self::link).
    #[inline(always)]
    pub(super) unsafe fn link_apart(self, index: usize) -> Link {
        // SAFETY: the caller's promise. The word is a link, as large as a pointer and aligned to it,
        // and nobody writes it meanwhile, so an atomic load reads what any other would.
        unsafe {
            let at = self.base.add(index).cast::<*mut u8>();
            Link::from_ptr(AtomicPtr::from_ptr(at.as_ptr()).load(Ordering::Relaxed))
        }
    }

    /// The first of these places where another segment has another link.
    ///
    /// # Safety
    ///
    /// Both segments are alive and have these places; nobody writes them meanwhile.
    pub(super) unsafe fn first_unequal(self, other: Self, places: Range<usize>) -> Option<usize> {
        /// How many links are compared without a branch.
        const ROW: usize = 8;
        // SAFETY: the caller's promise.
        let differs = |index| unsafe { self.link(index) != other.link(index) };
        let mut first = places.start;
        while first + ROW <= places.end
            && !(first..first + ROW).fold(false, |any, at| any | differs(at))
        {
            first += ROW;
        }
        (first..places.end).find(|&index| differs(index))
    }

    /// Writes `link` at each of these places.
    ///
    /// # Safety
    ///
    /// The segment is alive, has these places, and has one owner (S3), the caller.
    #[inline]
    pub(super) unsafe fn fill(self, places: Range<usize>, link: Link) {
        for index in places {
            // SAFETY: the caller's promise.
            unsafe { self.base.add(index).write(link) };
        }
    }

    /// The index of the link for a page hash in a segment of this depth, of which six bits count,
    /// and these bits.
    #[inline(always)]
    pub(super) fn index(hash: PageHash, depth: u8, bits: u8) -> usize {
        // Turned rather than shifted, for that does without a mask; depth and bits are 64 at most,
        // so what comes in on the right is shifted out again.
        (hash.0.rotate_left(u32::from(depth)) >> ((64 - bits) & 63)) as usize
    }

    /// The index of the link for a page hash in this segment.
    ///
    /// # Safety
    ///
    /// The segment is alive.
    #[inline]
    pub(super) unsafe fn index_of(self, hash: PageHash) -> usize {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        Self::index(hash, header.depth, header.bits)
    }

    /// The places of the links to a child of this depth on the path of a page hash (D1).
    ///
    /// # Safety
    ///
    /// The segment is alive, and may have a child of this depth.
    #[inline]
    pub(super) unsafe fn span(self, hash: PageHash, depth: u8) -> Range<usize> {
        // SAFETY: the caller's promise.
        let header = unsafe { self.header() };
        let span = 1_usize << (header.depth + header.bits - depth);
        let start = Self::index(hash, header.depth, header.bits) & !(span - 1);
        start..start + span
    }

    /// Whether a child's links begin at `index`: each child once, the empty page perhaps several
    /// times.
    ///
    /// # Safety
    ///
    /// As for [`link`](Self::link).
    #[inline(always)]
    pub(super) unsafe fn begins(self, index: usize) -> bool {
        // SAFETY: the caller's promise.
        index == 0 || unsafe { self.link(index) != self.link(index - 1) }
    }

    /// The children whose links begin at these places.
    ///
    /// # Safety
    ///
    /// The segment is alive, has these places, and is not written as long as the iterator is used.
    pub(super) unsafe fn children(self, places: Range<usize>) -> impl Iterator<Item = Link> {
        // SAFETY: the caller's promise.
        places.filter_map(move |index| unsafe { self.begins(index).then(|| self.link(index)) })
    }

    /// The indices of links to children that have this one only, one for each pair of links: where
    /// there are two in a pair, of one that is not the empty page.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written as long as the iterator is used.
    pub(super) unsafe fn single_links(self) -> impl Iterator<Item = usize> {
        // SAFETY: the caller's promise; there are this many links.
        unsafe {
            let links = 1_usize << self.header().bits;
            (0..links).step_by(2).filter(move |_| links > 1).filter_map(move |even| {
                let is_single = self.link(even) != self.link(even + 1);
                is_single.then(|| even + usize::from(self.link(even).is_empty()))
            })
        }
    }

    /// Whether each even link equals the odd one after it, so that half the links would do.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written meanwhile.
    pub(super) unsafe fn all_pairs_equal(self) -> bool {
        // SAFETY: the caller's promise; there are this many links, an even number.
        unsafe {
            let links = 1_usize << self.header().bits;
            links > 1 && (0..links).step_by(2).all(|even| self.link(even) == self.link(even + 1))
        }
    }
}

/// The bundles and their holders.
impl Segment {
    /// The numbers of the bundles.
    ///
    /// # Safety
    ///
    /// The segment is alive.
    #[inline(always)]
    pub(super) unsafe fn bundles(self) -> Range<usize> {
        // SAFETY: the caller's promise.
        0..unsafe { self.shape() }.bundles()
    }

    /// Where the pointer to a bundle's holder is.
    ///
    /// # Safety
    ///
    /// The segment is alive and has the bundle.
    #[inline(always)]
    unsafe fn holder_at(self, bundle: usize) -> NonNull<Option<Holder>> {
        // SAFETY: the pointers precede the header, that of the first bundle last (D3).
        unsafe { self.base.byte_sub(HEADER).cast::<Option<Holder>>().sub(bundle + 1) }
    }

    /// The holder of a bundle, if it has one, as each bundle has in which a child begins (S2).
    ///
    /// # Safety
    ///
    /// The segment is alive and has the bundle; nobody writes it meanwhile.
    #[inline(always)]
    pub(super) unsafe fn holder(self, bundle: usize) -> Option<Holder> {
        // SAFETY: the caller's promise.
        unsafe { self.holder_at(bundle).read() }
    }

    /// # Safety
    ///
    /// The segment is alive, has the bundle, and has one owner (S3), the caller, or is new.
    pub(super) unsafe fn set_holder(self, bundle: usize, holder: Option<Holder>) {
        // SAFETY: the caller's promise.
        unsafe { self.holder_at(bundle).write(holder) };
    }

    /// The bundle of the link at `index`.
    ///
    /// # Safety
    ///
    /// The segment is alive.
    #[inline(always)]
    pub(super) unsafe fn bundle(self, index: usize) -> usize {
        // SAFETY: the caller's promise.
        index >> unsafe { self.header() }.bundle_bits
    }

    /// The places of a bundle's links.
    ///
    /// # Safety
    ///
    /// The segment is alive and has the bundle.
    pub(super) unsafe fn bundle_links(self, bundle: usize) -> Range<usize> {
        // SAFETY: the caller's promise.
        let shift = unsafe { self.header() }.bundle_bits;
        bundle << shift..(bundle + 1) << shift
    }
}
