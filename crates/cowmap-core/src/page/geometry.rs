//! How a page of words `W` and values `V` is laid out in bytes: safe arithmetic, all checked.

use alloc::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{align_of, size_of};

use super::{Header, marks};
use crate::error::TryReserveError;
use crate::tier::Tier;

/// Groups start on this boundary at least: a cache line.
const LINE: usize = 64;

/// Groups are multiples of this, so that their keys can be loaded as aligned vectors.
const VECTOR: usize = 16;

/// What is asked of the allocator. Larger alignments would make std write the zeros of a zeroed
/// allocation itself (35 ms against 10 µs for 32 MiB), so pages align their groups themselves.
pub(super) const ALLOCATION_ALIGN: usize = 16;

/// Bytes before the groups that the header takes.
pub(super) const HEADER: usize = size_of::<Header>().next_multiple_of(ALLOCATION_ALIGN);

/// The layout of pages with words `W` and values `V`.
pub(crate) struct Geometry<W, V>(PhantomData<(W, V)>);

impl<W, V> Geometry<W, V> {
    /// Slots in a group: as many as make keys, or keys and values, fill one cache line.
    ///
    /// Measured: with 8-byte words and values, four slots in one line read big maps fastest (19 ns
    /// against 31 at a million entries); without values a line of keys is a group; with larger
    /// values eight keys a group overflow more seldom, and very large ones keep groups small,
    /// for a page is at least one group.
    pub(crate) const LANES: usize = match (size_of::<W>(), size_of::<V>()) {
        (8, 0) => 8,
        (8, 1..=8) => 4,
        (4, 0) => 16,
        (_, 1..=64) => 8,
        _ => 4,
    };

    /// Whether pages have occupancy bits (P7): where groups have four slots.
    ///
    /// Counted at 20,000 entries: the sum of all values takes 10.7 to 13.3 instructions an entry in
    /// place of 15 to 16.4. Larger groups are compared with fewer instructions a slot.
    pub(super) const MARKED: bool = Self::LANES == 4;

    /// Bytes before the header: one of overflow bits a group, and before those the occupancy bits.
    #[inline]
    pub(super) fn side_bytes(groups: usize) -> usize {
        groups + if Self::MARKED { marks::bytes(groups) } else { 0 }
    }

    /// From the start of a group to its first value.
    pub(super) const VALUES: usize =
        (Self::LANES * size_of::<W>()).next_multiple_of(align_of::<V>());

    /// From one group to the next.
    pub(super) const STRIDE: usize = {
        let align =
            if align_of::<V>() > align_of::<W>() { align_of::<V>() } else { align_of::<W>() };
        let align = if align > VECTOR { align } else { VECTOR };
        (Self::VALUES + Self::LANES * size_of::<V>()).next_multiple_of(align)
    };

    /// The bits that stand for one group in a mask of several groups' slots: one for each slot, or,
    /// where words are as large as values, one for each word from one group to the next, so
    /// that the number of a bit is that of a word, and no arithmetic is left between the two.
    pub(super) const SPACING: usize =
        if size_of::<W>() == size_of::<V>() && Self::STRIDE == 2 * Self::LANES * size_of::<W>() {
            2 * Self::LANES
        } else {
            Self::LANES
        };

    /// What the first group is aligned to.
    pub(super) const ALIGN: usize = if align_of::<V>() > LINE { align_of::<V>() } else { LINE };

    /// What is allocated for a page: room to align the groups, occupancy bits, a byte of overflow
    /// bits a group, the header, and the groups.
    pub(super) fn layout(tier: Tier) -> Result<Layout, TryReserveError> {
        let groups = tier.groups() as u64;
        if groups * Self::LANES as u64 > u64::from(u32::MAX) {
            return Err(TryReserveError::CAPACITY);
        }
        let side = Self::side_bytes(tier.groups()) as u64;
        let (stride, align) = (Self::STRIDE as u64, Self::ALIGN as u64);
        let size = page_bytes(groups, side, stride, align, isize::MAX as u64)
            .ok_or(TryReserveError::CAPACITY)?;
        let size = usize::try_from(size).map_err(|_| TryReserveError::CAPACITY)?;
        Layout::from_size_align(size, ALLOCATION_ALIGN).map_err(|_| TryReserveError::CAPACITY)
    }

    /// The groups of an ordinary page of about `bytes` bytes: at least one.
    pub(crate) const fn tier_of_bytes(bytes: usize) -> Tier {
        let stride = if Self::STRIDE == 0 { 1 } else { Self::STRIDE };
        Tier::at_most(bytes / stride)
    }
}

/// Bytes of a page, if they stay within `limit` (less the slack that rounding a layout up needs).
fn page_bytes(groups: u64, side: u64, stride: u64, align: u64, limit: u64) -> Option<u64> {
    // What `before_groups` says, in 64 bits.
    let side = side.next_multiple_of(ALLOCATION_ALIGN as u64);
    let slack = HEADER as u64 + align - ALLOCATION_ALIGN as u64;
    let bytes = groups.checked_mul(stride)?.checked_add(side)?.checked_add(slack)?;
    (bytes <= limit - (ALLOCATION_ALIGN as u64 - 1)).then_some(bytes)
}

/// Bytes that so many bytes of bits, which end at a multiple of [`ALLOCATION_ALIGN`] as an
/// allocation starts at one, and the header take.
#[inline]
pub(super) fn before_groups(side: usize) -> usize {
    side.next_multiple_of(ALLOCATION_ALIGN) + HEADER
}

/// How far from the start of an allocation at `address` the groups begin: behind so many bytes of
/// bits and the header.
#[inline]
pub(super) fn offset(address: usize, side: usize, align: usize) -> usize {
    // An allocation does not wrap around the address space, so neither does a place within it.
    (address + side + HEADER).next_multiple_of(align) - address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_fit_behind_the_header_wherever_the_allocation_starts() {
        for align in [64, 128, 4096] {
            for side in [1, 2, 4, 8, 9, 16, 24, 32, 48, 1024] {
                for start in (0..2 * 4096).step_by(ALLOCATION_ALIGN) {
                    let offset = offset(start, side, align);
                    assert_eq!((start + offset) % align, 0);
                    let pad = offset - before_groups(side);
                    assert!(pad < align && pad.is_multiple_of(ALLOCATION_ALIGN));
                    let size = page_bytes(1, side as u64, 0, align as u64, u64::MAX).unwrap();
                    assert!(offset as u64 <= size, "{start} {side} {align}");
                }
            }
        }
    }

    #[test]
    fn a_group_of_small_values_is_one_line() {
        assert_eq!((Geometry::<u64, u64>::LANES, Geometry::<u64, u64>::STRIDE), (4, 64));
        assert_eq!((Geometry::<u64, ()>::LANES, Geometry::<u64, ()>::STRIDE), (8, 64));
        assert_eq!((Geometry::<u32, u32>::LANES, Geometry::<u32, u32>::STRIDE), (8, 64));
        assert_eq!((Geometry::<u32, ()>::LANES, Geometry::<u32, ()>::STRIDE), (16, 64));
    }

    #[test]
    fn values_are_aligned_whatever_they_are() {
        #[repr(align(4096))]
        struct Page4K;
        fn check<W, V>() {
            let (values, stride) = (Geometry::<W, V>::VALUES, Geometry::<W, V>::STRIDE);
            assert_eq!(values % align_of::<V>(), 0);
            assert_eq!(stride % align_of::<V>(), 0);
            assert_eq!(stride % align_of::<W>(), 0);
            assert!(values >= Geometry::<W, V>::LANES * size_of::<W>());
            assert!(stride >= values + Geometry::<W, V>::LANES * size_of::<V>());
            assert_eq!(Geometry::<W, V>::ALIGN % align_of::<V>(), 0);
        }
        check::<u32, u8>();
        check::<u32, u64>();
        check::<u64, u8>();
        check::<u64, u128>();
        check::<u64, [u8; 3]>();
        check::<u64, [u8; 65_536]>();
        check::<u32, Page4K>();
        check::<u64, Page4K>();
    }

    /// Every tier and many value sizes as a 32-bit target would count them.
    #[test]
    fn sizes_never_wrap_on_a_32_bit_target() {
        let limit = i32::MAX as u64;
        let mut tier = Some(Tier::FIRST);
        while let Some(at) = tier {
            for stride in (0..400).chain([65_536, 1 << 20, 1 << 31, u64::from(u32::MAX)]) {
                for align in [64, 4096, 1 << 29] {
                    for side in [at.groups(), at.groups() + marks::bytes(at.groups())] {
                        let exact = at.groups() as u128 * u128::from(stride)
                            + side.next_multiple_of(16) as u128
                            + HEADER as u128
                            + u128::from(align)
                            - 16;
                        match page_bytes(at.groups() as u64, side as u64, stride, align, limit) {
                            Some(bytes) => {
                                assert_eq!(u128::from(bytes), exact);
                                assert!(exact <= u128::from(limit) - 15);
                            }
                            None => assert!(exact > u128::from(limit) - 15),
                        }
                    }
                }
            }
            tier = at.next();
        }
    }
}
