//! A page: one allocation that is a complete small hash table.
//!
//! The layout is drawn in the crate's `lib.rs`, with the invariants (P1 to P7) that the safety
//! comments here cite.
//!
//! * [`Page`] is a raw pointer with the page's size class. It proves nothing.
//! * [`PageRef`] proves that the page is alive and not written for a lifetime.
//! * [`PageMut`] proves that the page is alive and has one owner, who may write all of it.
//! * [`NewPage`] is a page that nobody else knows yet.

mod apart;
mod clean;
mod clear;
mod copy;
mod duplicate;
mod filling;
mod geometry;
mod marks;
mod mutate;
mod new_page;
mod probe;
#[cfg(test)]
mod removals;
mod sequence;
mod slot;
mod slots;
mod view;

use alloc::alloc::dealloc;
use core::marker::PhantomData;
use core::mem::needs_drop;
use core::ptr::NonNull;

pub(crate) use apart::SlotsApart;
pub(crate) use copy::Held;
pub(crate) use geometry::Geometry;
use geometry::HEADER;
pub(crate) use mutate::PageMut;
pub(crate) use new_page::NewPage;
pub(crate) use slot::SlotMut;
pub(crate) use slots::Slots;
pub(crate) use view::PageRef;

use crate::count::Count;
use crate::error::TryReserveError;
use crate::hash::Place;
use crate::stamp::Stamp;
use crate::tier::Tier;
use crate::word::Word;

/// What precedes the groups of a page: what a write needs and a lookup does not. Half a cache line,
/// of which the overflow bytes have the other half.
pub(crate) struct Header {
    count: Count,
    /// That of the root under which the page was last known to be its handle's own (S4).
    stamp: Stamp,
    /// Entries in the page.
    len: u32,
    /// Entries that the page can still take before it grows.
    room: u32,
    /// Groups that entries may still have passed that are removed before the overflow bits are
    /// rebuilt (`clean.rs`); 0 where that is due.
    stale_room: u32,
    /// How many bits of the page hash all entries of this page share, in the lowest seven bits, and
    /// above them, in units of 16 bytes, how much of the allocation precedes the bytes of bits.
    depth_and_pad: u32,
}

const _: () = assert!(HEADER == 32);

impl Header {
    const DEPTH: u32 = 127;

    #[inline(always)]
    fn depth(&self) -> u8 {
        (self.depth_and_pad & Self::DEPTH) as u8
    }

    fn set_depth(&mut self, depth: u8) {
        self.depth_and_pad = self.depth_and_pad & !Self::DEPTH | u32::from(depth);
    }
}

/// The place of an entry inside a page. A copy of the page at the same tier has it in the same
/// place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Slot {
    pub(crate) group: usize,
    pub(crate) lane: u32,
}

/// What a page is allocated with.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) tier: Tier,
    /// Entries it may hold.
    pub(crate) room: u32,
    pub(crate) depth: u8,
}

/// The page of every empty map: one group of free slots behind zeros, which as a header would say
/// that there is no entry, no room and no stamp. Never written, and held by nobody.
#[repr(C, align(64))]
struct EmptyPage([u64; 16]);
static EMPTY: EmptyPage = EmptyPage([0; 16]);
/// Where the group begins: behind as many bytes as a header, an overflow byte and the occupancy
/// bits have at least, and as many as keep it aligned.
const EMPTY_GROUP: usize = 64;
const _: () = assert!(HEADER + 1 + marks::bytes(1) <= EMPTY_GROUP);

/// A pointer to the groups of a page, and the page's size class. P1 says what it points to.
pub(crate) struct Page<W, V> {
    base: NonNull<u8>,
    /// The tag of its tier; the two highest bits do not count.
    tag: u8,
    marker: PhantomData<(*const W, *const V)>,
}

impl<W, V> Clone for Page<W, V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, V> Copy for Page<W, V> {}

impl<W, V> PartialEq for Page<W, V> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base
    }
}

/// The alignment of every page's groups, and so of [`EMPTY`]: lower bits of the address are free
/// for tags.
pub(crate) const PAGE_ALIGN: usize = 64;

/// The address of the groups of [`EMPTY`].
#[inline(always)]
pub(crate) const fn empty_base() -> NonNull<u8> {
    // SAFETY: the address of a static is not null, nor is one within it.
    unsafe { NonNull::new_unchecked((&raw const EMPTY).cast_mut().cast::<u8>()).add(EMPTY_GROUP) }
}

impl<W: Word, V> Page<W, V> {
    /// The empty page, of one group.
    #[inline(always)]
    pub(crate) const fn empty() -> Self {
        Self::from_parts(empty_base(), Tier::FIRST.tag())
    }

    /// The page at `base` of the tier with this tag, of which six bits count.
    #[inline(always)]
    pub(crate) const fn from_parts(base: NonNull<u8>, tag: u8) -> Self {
        Page { base, tag, marker: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn base(self) -> NonNull<u8> {
        self.base
    }

    #[inline(always)]
    pub(crate) fn tier(self) -> Tier {
        Tier::from_tag(self.tag)
    }

    /// The group where the search for a word starts.
    #[inline(always)]
    fn home(self, place: Place) -> usize {
        place.home(self.tag)
    }

    /// The number, modulo 8, of the bit that stands for a word in the overflow byte of a group it passed.
    #[inline(always)]
    fn overflow_bit(self, place: Place) -> u32 {
        place.overflow_bit(self.tag)
    }

    /// Whether this is the page of empty maps, which has no header and must not be written.
    #[inline(always)]
    pub(crate) fn is_empty_page(self) -> bool {
        self.base == empty_base()
    }

    /// A page that nobody holds, whose slots and bytes of bits have no contents but what `allocate`
    /// gives them.
    ///
    /// # Errors
    ///
    /// A size that overflows, or no memory.
    fn allocate_by(
        allocate: unsafe fn(core::alloc::Layout) -> *mut u8,
        Shape { tier, room, depth }: Shape,
    ) -> Result<Self, TryReserveError> {
        let layout = Geometry::<W, V>::layout(tier)?;
        // SAFETY: the layout holds a header at least, so its size is not zero.
        let start = unsafe { allocate(layout) };
        let start = NonNull::new(start).ok_or_else(|| TryReserveError::memory(layout))?;
        let align = Geometry::<W, V>::ALIGN;
        let side = Geometry::<W, V>::side_bytes(tier.groups());
        let offset = geometry::offset(start.addr().get(), side, align);
        let pad = offset - geometry::before_groups(side);
        // SAFETY: the layout has room for such an offset and the groups
        // behind it (geometry), so both pointers stay inside the allocation; `base` is aligned to
        // 64 and HEADER is a multiple of 16, so the header is aligned.
        let base = unsafe {
            let base = start.add(offset);
            base.sub(HEADER).cast::<Header>().write(Header {
                count: Count::new(0),
                stamp: Stamp::NONE,
                len: 0,
                room,
                stale_room: Geometry::<W, V>::stale_room(tier, 0),
                // Less than the alignment of a type, which is at most 2^29, so 25 bits.
                depth_and_pad: ((pad / geometry::ALLOCATION_ALIGN) as u32 * (Header::DEPTH + 1))
                    | u32::from(depth),
            });
            base
        };
        Ok(Self::from_parts(base, tier.tag()))
    }

    /// Gives the memory back without dropping values.
    ///
    /// # Safety
    ///
    /// The page is alive (P1), not [`EMPTY`], and the caller's; nothing uses it afterwards.
    pub(crate) unsafe fn free(self) {
        let layout = Geometry::<W, V>::layout(self.tier())
            .expect("the size of a page that exists was computed before");
        // SAFETY: `offset` is what `allocate_by` stepped from the start of an allocation of this
        // layout (P1), and the caller owns it.
        unsafe {
            let pad = self.header().as_ref().depth_and_pad / (Header::DEPTH + 1);
            let side = Geometry::<W, V>::side_bytes(self.groups());
            let offset = pad as usize * geometry::ALLOCATION_ALIGN + geometry::before_groups(side);
            dealloc(self.base.sub(offset).as_ptr(), layout);
        }
    }

    /// Drops all values and gives the memory back. If a value's drop panics, the others are
    /// dropped all the same.
    ///
    /// # Safety
    ///
    /// As for [`free`](Self::free).
    pub(crate) unsafe fn destroy(self) {
        /// Goes on where a panic stopped, then frees.
        struct Rest<W: Word, V> {
            page: Page<W, V>,
            group: usize,
            mask: u32,
        }
        impl<W: Word, V> Rest<W, V> {
            fn drop_values(&mut self) {
                loop {
                    while self.mask != 0 {
                        let lane = self.mask.trailing_zeros();
                        self.mask &= self.mask - 1;
                        let slot = Slot { group: self.group, lane };
                        // SAFETY: `destroy` owns the page; the slot was occupied, so its value is
                        // there (P3), and its bit was cleared, so it is dropped once.
                        unsafe { self.page.value_ptr(slot).drop_in_place() };
                    }
                    self.group = self.group.wrapping_add(1);
                    if self.group >= self.page.groups() {
                        return;
                    }
                    // SAFETY: the group exists and the page is alive.
                    self.mask = unsafe { self.page.borrow() }.occupied(self.group);
                }
            }
        }
        impl<W: Word, V> Drop for Rest<W, V> {
            fn drop(&mut self) {
                if needs_drop::<V>() && self.group != self.page.groups() {
                    self.drop_values();
                }
                // SAFETY: `destroy` owns the page, and all values are dropped.
                unsafe { self.page.free() };
            }
        }
        let mut rest = Rest { page: self, group: usize::MAX, mask: 0 };
        if needs_drop::<V>() {
            rest.drop_values();
        }
    }

    /// Takes a holder's weight away from each of two pages, from the second even if dropping a value
    /// of the first panics.
    ///
    /// # Safety
    ///
    /// As for [`release`](Self::release), for both.
    pub(crate) unsafe fn release_both([first, second]: [Held<W, V>; 2]) {
        struct Second<W: Word, V>(Page<W, V>, usize);
        impl<W: Word, V> Drop for Second<W, V> {
            fn drop(&mut self) {
                // SAFETY: the caller's promise.
                unsafe { self.0.release(self.1) };
            }
        }
        let _second = Second(second.0, second.1);
        // SAFETY: the caller's promise.
        unsafe { first.0.release(first.1) };
    }

    /// The stamp of the page: none for the empty page.
    ///
    /// # Safety
    ///
    /// The page is alive, and its stamp is not written meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn stamp(self) -> Stamp {
        // SAFETY: a live page has a header before its groups (P1), and EMPTY has zeros there.
        unsafe { (&raw const (*self.header().as_ptr()).stamp).read() }
    }

    /// The count of the page's holders.
    ///
    /// # Safety
    ///
    /// The page is alive for `'a` and is not [`EMPTY`].
    #[inline(always)]
    pub(crate) unsafe fn count<'a>(self) -> &'a Count {
        // SAFETY: a live page has a header (P1); `count` is only ever used through shared
        // references.
        unsafe { &(*self.header().as_ptr()).count }
    }

    /// Takes a holder's weight away and destroys the page if it was the last.
    ///
    /// # Safety
    ///
    /// The caller holds the page with `weight` and gives it up. (`EMPTY` is held by nobody.)
    #[inline]
    pub(crate) unsafe fn release(self, weight: usize) {
        // SAFETY: the page is alive, for the caller holds it; after the last release it is the
        // caller's (S1).
        unsafe {
            if !self.is_empty_page() && self.count().release(weight) {
                self.destroy();
            }
        }
    }

    #[inline(always)]
    pub(crate) fn groups(self) -> usize {
        self.tier().groups()
    }

    /// The number of groups, negative.
    #[inline(always)]
    fn minus_groups(self) -> isize {
        crate::tier::minus_groups(self.tag)
    }

    #[inline(always)]
    fn header(self) -> NonNull<Header> {
        // SAFETY: a page has a header (P1), which ends where the groups begin; EMPTY has as many bytes
        // there.
        unsafe { self.base.sub(HEADER).cast() }
    }

    /// # Safety
    ///
    /// The page is alive; `group` is one of its groups.
    #[inline(always)]
    unsafe fn keys_ptr(self, group: usize) -> NonNull<W> {
        // SAFETY: group `group` starts here (P1); its size in bytes was computed without overflow.
        unsafe { self.base.add(group * Geometry::<W, V>::STRIDE).cast() }
    }

    /// # Safety
    ///
    /// The page is alive and is not [`EMPTY`]; `slot` is one of its slots.
    #[inline(always)]
    unsafe fn value_ptr(self, slot: Slot) -> NonNull<V> {
        // SAFETY: the caller's promise; the keys are those of the slot's group.
        unsafe { self.value_in(self.keys_ptr(slot.group), slot.lane) }
    }

    /// The value of the slot at `lane` in the group that begins with these keys.
    ///
    /// # Safety
    ///
    /// The page is alive and is not [`EMPTY`]; the group is one of its groups, and has the lane.
    #[inline(always)]
    unsafe fn value_in(self, keys: NonNull<W>, lane: u32) -> NonNull<V> {
        // SAFETY: the values of a group lie VALUES behind its start (P1).
        unsafe { keys.byte_add(Geometry::<W, V>::VALUES).cast::<V>().add(lane as usize) }
    }

    /// The key and the value of the slot that bit `nth` stands for in a mask of the groups from
    /// `group` on.
    ///
    /// # Safety
    ///
    /// The page is alive and is not [`EMPTY`]; the slot is one of its slots.
    #[inline(always)]
    unsafe fn slot_after(self, group: usize, nth: usize) -> (NonNull<W>, NonNull<V>) {
        // SAFETY: the caller's promise.
        unsafe { self.slot_in(self.keys_ptr(group), nth) }
    }

    /// The key and the value of the slot that bit `nth` stands for in a mask of groups, the first
    /// of which has these keys.
    ///
    /// # Safety
    ///
    /// As for [`slot_after`](Self::slot_after).
    #[inline(always)]
    unsafe fn slot_in(self, keys: NonNull<W>, nth: usize) -> (NonNull<W>, NonNull<V>) {
        let spacing = Geometry::<W, V>::SPACING;
        // What is between the keys, or values, of a group and those of the next beyond what the bits
        // count, so that as little as can be is computed for each slot of a scan.
        let between_keys = Geometry::<W, V>::STRIDE - spacing * size_of::<W>();
        let between_values = Geometry::<W, V>::STRIDE - spacing * size_of::<V>();
        // SAFETY: the slot is behind the start of the group, inside the page (P1).
        unsafe {
            let group = keys.cast::<u8>();
            let key = group.add(nth * size_of::<W>() + nth / spacing * between_keys);
            let value = group.add(
                Geometry::<W, V>::VALUES + (nth * size_of::<V>() + nth / spacing * between_values),
            );
            (key.cast(), value.cast())
        }
    }

    /// # Safety
    ///
    /// The page is alive; `group` is one of its groups.
    #[inline(always)]
    unsafe fn overflow_ptr(self, group: usize) -> NonNull<u8> {
        // SAFETY: the overflow bytes precede the header, the first group's last (P1); EMPTY has
        // one, too.
        unsafe { self.base.sub(HEADER + 1).sub(group) }
    }
}
