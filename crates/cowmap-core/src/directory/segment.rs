//! A segment: the unit in which the directory is copied on write.
//!
//! An array of links in an allocation of its own, behind a header with its count and the weight
//! with which it holds its children. A child whose entries share fewer bits than the segment tells
//! apart is linked several times in a row; it is held once (D1).

use alloc::alloc::{Layout, alloc, dealloc};
use core::mem::size_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::link::Link;
use crate::count::{Count, FRESH, Weight};
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::{PAGE_ALIGN, Page};
use crate::prefetch::{When, prefetch};
use crate::word::Word;

/// What precedes the links of a segment: what a write needs and a lookup does not.
pub(crate) struct Header {
    pub(crate) count: Count,
    /// With which it holds each of its children.
    pub(crate) weight: Weight,
    /// From the start of the allocation to the links.
    offset: u32,
    /// It has `2^bits` links.
    pub(crate) bits: u8,
    /// How many bits of the page hash all entries below share: its links tell the next `bits`
    /// apart.
    pub(crate) depth: u8,
}

const ALLOCATION_ALIGN: usize = 16;
const HEADER: usize = size_of::<Header>().next_multiple_of(ALLOCATION_ALIGN);

/// A pointer to the links of a segment. D3 says what it points to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    base: NonNull<Link>,
}

impl Segment {
    #[inline(always)]
    pub(crate) fn from_base(base: NonNull<Link>) -> Self {
        Segment { base }
    }

    #[inline(always)]
    pub(crate) fn base(self) -> NonNull<Link> {
        self.base
    }

    fn layout(bits: u8) -> Result<Layout, TryReserveError> {
        let links = 1_usize.checked_shl(u32::from(bits)).ok_or(TryReserveError::CAPACITY)?;
        let size = links
            .checked_mul(size_of::<Link>())
            .and_then(|size| size.checked_add(HEADER + PAGE_ALIGN - ALLOCATION_ALIGN))
            .ok_or(TryReserveError::CAPACITY)?;
        Layout::from_size_align(size, ALLOCATION_ALIGN).map_err(|_| TryReserveError::CAPACITY)
    }

    /// A segment with the links that `link` gives for each index, held with `held`, which
    /// holds its children with `weight`.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(crate) fn allocate(
        (bits, depth): (u8, u8),
        held: usize,
        weight: usize,
        mut link: impl FnMut(usize) -> Link,
    ) -> Result<Self, TryReserveError> {
        let layout = Self::layout(bits)?;
        // SAFETY: the layout holds a header at least, so its size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) });
        let start = start.ok_or_else(|| TryReserveError::memory(layout))?;
        let address = start.addr().get();
        let offset = (address + HEADER).next_multiple_of(PAGE_ALIGN) - address;
        // SAFETY: the layout has room for an offset of up to HEADER + PAGE_ALIGN - 16 and the
        // links behind it; the header before them is aligned, HEADER being a multiple of 16.
        unsafe {
            let base = start.add(offset).cast::<Link>();
            base.byte_sub(HEADER).cast::<Header>().write(Header {
                count: Count::new(held),
                weight: Weight::new(weight),
                offset: offset as u32,
                bits,
                depth,
            });
            for index in 0..1 << bits {
                base.add(index).write(link(index));
            }
            Ok(Segment { base })
        }
    }

    /// Gives the memory back and lets the children be.
    ///
    /// # Safety
    ///
    /// The segment is alive (D3) and the caller's; nothing uses it afterwards, and what it
    /// held is held by something else or was released.
    pub(crate) unsafe fn free(self) {
        // SAFETY: alive, so it has a header, whose offset leads to the start of an allocation of
        // this layout.
        unsafe {
            let layout = Self::layout(self.header().bits).expect("computed when it was allocated");
            let offset = self.header().offset as usize;
            dealloc(self.base.cast::<u8>().sub(offset).as_ptr(), layout);
        }
    }

    /// Bytes that are allocated for it.
    ///
    /// # Safety
    ///
    /// The segment is alive.
    pub(crate) unsafe fn bytes(self) -> usize {
        // SAFETY: the caller's promise.
        Self::layout(unsafe { self.header() }.bits).map_or(0, |layout| layout.size())
    }

    /// What precedes the links.
    ///
    /// # Safety
    ///
    /// The segment is alive for `'a`, and its depth is not written meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: a live segment has a header before its links (D3).
        unsafe { self.base.byte_sub(HEADER).cast::<Header>().as_ref() }
    }

    /// The address of the header, to be prefetched.
    fn header_address(child: NonNull<u8>) -> *const u8 {
        child.as_ptr().wrapping_sub(HEADER)
    }

    /// The link at `index`.
    ///
    /// # Safety
    ///
    /// The segment is alive and has more than `index` links; nobody writes it meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn link(self, index: usize) -> Link {
        // SAFETY: the caller's promise.
        unsafe { self.base.add(index).read() }
    }

    /// The link at `index`, by a load that compilers leave alone: where two paths end in the same plain
    /// load they make one of the two, and both paths have to compute its address in the same way first.
    ///
    /// # Safety
    ///
    /// As for [`link`](Self::link).
    #[inline(always)]
    pub(crate) unsafe fn link_apart(self, index: usize) -> Link {
        // SAFETY: the caller's promise. The word is a link, as large as a pointer and aligned to it,
        // and nobody writes it meanwhile, so an atomic load reads what any other would.
        unsafe {
            let at = self.base.add(index).cast::<*mut u8>();
            Link::from_ptr(AtomicPtr::from_ptr(at.as_ptr()).load(Ordering::Relaxed))
        }
    }

    /// Writes `link` at `count` places from `start` on.
    ///
    /// # Safety
    ///
    /// The segment is alive, has these places, and has one owner (S2), the caller.
    #[inline]
    pub(crate) unsafe fn fill(self, start: usize, count: usize, link: Link) {
        for index in start..start + count {
            // SAFETY: the caller's promise.
            unsafe { self.base.add(index).write(link) };
        }
    }

    /// The index of the link for a page hash in a segment of this depth, of which six bits count, and
    /// these bits.
    #[inline(always)]
    pub(crate) fn index(hash: PageHash, depth: u8, bits: u8) -> usize {
        // Turned rather than shifted, for that does without a mask; depth and bits are 64 at most, so
        // what comes in on the right is shifted out again.
        (hash.0.rotate_left(u32::from(depth)) >> ((64 - bits) & 63)) as usize
    }

    /// The links that differ from the one before: each child once, the empty page perhaps several
    /// times.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written as long as the iterator is used.
    pub(crate) unsafe fn children(self) -> impl Iterator<Item = Link> {
        // SAFETY: the caller's promise.
        let links = 1 << unsafe { self.header() }.bits;
        let mut last = None;
        (0..links).filter_map(move |index| {
            // SAFETY: the caller's promise; there are this many links.
            let link = unsafe { self.link(index) };
            (last.replace(link) != Some(link)).then_some(link)
        })
    }

    /// Whether each even link equals the odd one after it, so that half the links would do.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written meanwhile.
    pub(crate) unsafe fn all_pairs_equal(self) -> bool {
        // SAFETY: the caller's promise; there are this many links, an even number.
        unsafe {
            let links = 1_usize << self.header().bits;
            links > 1 && (0..links).step_by(2).all(|even| self.link(even) == self.link(even + 1))
        }
    }

    /// The same segment again, held with `held`: it shares every child, and tells them so by
    /// splitting its weight, or where that is used up, by raising each child's count.
    ///
    /// # Errors
    ///
    /// No memory.
    ///
    /// # Safety
    ///
    /// The segment is alive and not written meanwhile; `height` is its height above the
    /// pages, which have these words and values.
    pub(crate) unsafe fn duplicate<W: Word, V>(
        self,
        height: u8,
        held: usize,
    ) -> Result<Self, TryReserveError> {
        // SAFETY: alive and not written; as many links as the header says. The children are alive,
        // being held by it, and are of the kind that `height` says (D2). Their counts go up
        // before the weights do that stand for them (S1), on every thread (count.rs).
        unsafe {
            let header = self.header();
            let copy =
                Self::allocate((header.bits, header.depth), held, 0, |index| self.link(index))?;
            let weight = header.weight.split().unwrap_or_else(|| {
                for child in self.children() {
                    if let Some(count) = count::<W, V>(child, height - 1) {
                        count.add(2 * FRESH);
                    }
                }
                header.weight.replenish(FRESH);
                FRESH
            });
            copy.header().weight.replenish(weight);
            Ok(copy)
        }
    }

    /// Takes a holder's weight away; the last one releases the children and frees the segment.
    /// If a value's drop panics, the other values are dropped all the same.
    ///
    /// # Safety
    ///
    /// The caller holds the segment with `held` and gives it up; `height` is its height above
    /// the pages, which have these words and values.
    pub(crate) unsafe fn release<W: Word, V>(self, height: u8, held: usize) {
        /// Goes on where a panic stopped, then frees.
        struct Rest<I: Iterator<Item = Link>, W: Word, V> {
            segment: Segment,
            children: I,
            height: u8,
            weight: usize,
            marker: core::marker::PhantomData<(W, V)>,
        }
        impl<I: Iterator<Item = Link>, W: Word, V> Rest<I, W, V> {
            fn release_children(&mut self) {
                for child in self.children.by_ref() {
                    // SAFETY: the segment held the child with its weight and gives it up now, each
                    // once.
                    unsafe { release::<W, V>(child, self.height - 1, self.weight) };
                }
            }
        }
        impl<I: Iterator<Item = Link>, W: Word, V> Drop for Rest<I, W, V> {
            fn drop(&mut self) {
                self.release_children();
                // SAFETY: the last holder has let go (S1), and the children are released.
                unsafe { self.segment.free() };
            }
        }
        // SAFETY: alive, for the caller holds it; after the last release it is the caller's.
        unsafe {
            if !self.header().count.release(held) {
                return;
            }
            for child in self.children() {
                prefetch(Self::header_address(child.base()), When::Soon);
            }
            let mut rest = Rest::<_, W, V> {
                segment: self,
                children: self.children(),
                height,
                weight: self.header().weight.get(),
                marker: core::marker::PhantomData,
            };
            rest.release_children();
        }
    }
}

/// The count of a child of a segment at `height` 0 (a page) or above (a segment); the empty page
/// has none.
///
/// # Safety
///
/// The child is alive for `'a`, of that height, with these words and values.
#[inline]
pub(crate) unsafe fn count<'a, W: Word, V>(child: Link, height: u8) -> Option<&'a Count> {
    // SAFETY: the caller's promise.
    unsafe {
        if height > 0 {
            return Some(&child.segment().header().count);
        }
        let page: Page<W, V> = child.page();
        if page.is_empty_page() { None } else { Some(page.count()) }
    }
}

/// Takes a holder's weight away from a child.
///
/// # Safety
///
/// The caller holds the child with `held` and gives it up; it is of that height, with
/// these words and values.
#[inline]
pub(crate) unsafe fn release<W: Word, V>(child: Link, height: u8, held: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if height > 0 {
            child.segment().release::<W, V>(height, held);
        } else {
            child.page::<W, V>().release(held);
        }
    }
}
