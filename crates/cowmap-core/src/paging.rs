//! The paging policies, and every tuning constant with the measurement that chose it.

use core::fmt;
use core::mem::needs_drop;

use crate::capacity::{Sizing, Tier};
use crate::page::{Geometry, Shape};
use crate::word::Word;

/// How a map divides its entries into pages. Sealed: [`Paged`] and [`Flat`] are all there is.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Flat, Map, Paged, Paging};
///
/// /// The sum of the values of a map, paged or flat.
/// fn sum<P: Paging>(map: &Map<u64, u64, P>) -> u64 {
///     map.values().sum()
/// }
/// assert_eq!(sum(&Map::<_, _, Paged>::from([(1, 10), (2, 20)])), 30);
/// assert_eq!(sum(&Map::<_, _, Flat>::from([(1, 10)])), 10);
/// ```
pub trait Paging: Send + Sync + sealed::Sealed {
    /// The type of a map's length in its handle.
    #[doc(hidden)]
    type Size: Size;
    /// Whether full pages split at all.
    #[doc(hidden)]
    const PAGED: bool;
    /// How many of 64 slots of a page may be taken.
    #[doc(hidden)]
    const LOAD: usize;
    /// How many of 64 slots of an ordinary page may be taken under a directory of one level.
    #[doc(hidden)]
    const LOAD_UNDER_ONE_LEVEL: usize = Self::LOAD;
    /// A segment has `2^SEGMENT_BITS` links.
    #[doc(hidden)]
    const SEGMENT_BITS: u8;
    /// The root segment has up to `2^ROOT_BITS` links, more than others, so that maps have fewer
    /// levels; that of as many levels as there may be has no limit.
    #[doc(hidden)]
    const ROOT_BITS: u8;
    /// About how many bytes an ordinary page has, for values that are copied as bytes.
    #[doc(hidden)]
    const PAGE_BYTES: usize;
    /// About how many slots an ordinary page has at most, for values whose clone does more.
    #[doc(hidden)]
    const PAGE_SLOTS_OF_HEAVY_VALUES: usize;
}

mod sealed {
    pub trait Sealed {}
}

/// Pages of about 2 KiB under a directory: a write after a snapshot copies one page and the path to
/// it.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Map, Paged};
///
/// let map: CowMap<u64, char> = Map::<u64, char, Paged>::new();
/// assert!(map.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Paged;

impl sealed::Sealed for Paged {}
impl Paging for Paged {
    type Size = usize;
    const PAGED: bool = true;
    const SEGMENT_BITS: u8 = 6;
    const ROOT_BITS: u8 = 9;
    const LOAD: usize = 57;
    const LOAD_UNDER_ONE_LEVEL: usize = 48;
    const PAGE_BYTES: usize = 2048;
    const PAGE_SLOTS_OF_HEAVY_VALUES: usize = 32;
}

/// One page that grows without limit: fastest to read, but the first write after a snapshot copies
/// it.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Flat, FlatCowMap, Map};
///
/// let map: FlatCowMap<u64, char> = Map::<u64, char, Flat>::new();
/// assert!(map.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Flat;

impl sealed::Sealed for Flat {}
impl Paging for Flat {
    type Size = u32;
    const PAGED: bool = false;
    const SEGMENT_BITS: u8 = 0;
    const ROOT_BITS: u8 = 0;
    const LOAD: usize = 54;
    const PAGE_BYTES: usize = usize::MAX;
    const PAGE_SLOTS_OF_HEAVY_VALUES: usize = usize::MAX;
}

/// Pages of one or two groups and segments of two entries, so that tests of a few hundred entries
/// split, merge and reach every level all the time.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Tiny;

impl sealed::Sealed for Tiny {}
impl Paging for Tiny {
    type Size = usize;
    const PAGED: bool = true;
    const SEGMENT_BITS: u8 = 1;
    const ROOT_BITS: u8 = 3;
    const LOAD: usize = 48;
    const LOAD_UNDER_ONE_LEVEL: usize = 40;
    const PAGE_BYTES: usize = 128;
    const PAGE_SLOTS_OF_HEAVY_VALUES: usize = 8;
}

/// A map's length as its handle stores it.
#[doc(hidden)]
pub trait Size: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    const ZERO: Self;
    fn get(self) -> usize;
    fn from_usize(len: usize) -> Self;
}

impl Size for usize {
    const ZERO: Self = 0;
    #[inline(always)]
    fn get(self) -> usize {
        self
    }
    #[inline(always)]
    fn from_usize(len: usize) -> Self {
        len
    }
}

/// A flat map is one page, which has fewer than 2^32 slots.
impl Size for u32 {
    const ZERO: Self = 0;
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn from_usize(len: usize) -> Self {
        debug_assert!(u32::try_from(len).is_ok());
        len as u32
    }
}

/// What hashing must know of a map.
pub(crate) trait Locality {
    /// Whether there are several pages.
    const PAGED: bool;
    /// Ids that differ in this many low bits only share a page.
    const NEIGHBOUR_BITS: u32;
}

impl<W: Word, V, P: Paging> Locality for Limits<W, V, P> {
    const PAGED: bool = P::PAGED;

    /// Up to 5, but three blocks of neighbours go into a page, so that dense ids can be separated.
    /// Measured at a million entries with 5: 100 updates of neighbouring rows after a snapshot copy
    /// about four pages instead of a hundred, for one shift a lookup.
    const NEIGHBOUR_BITS: u32 = {
        let mut bits = 0;
        while bits < 5 && Self::PAGE_ENTRIES / 3 >= 2 << bits {
            bits += 1;
        }
        bits
    };
}

/// What follows from a policy for words `W` and values `V`.
pub(crate) struct Limits<W, V, P>(core::marker::PhantomData<(W, V, P)>);

impl<W: Word, V, P: Paging> Limits<W, V, P> {
    /// Slots in a group.
    pub(crate) const LANES: usize = Geometry::<W, V>::LANES;

    /// How pages grow and how full they get.
    pub(crate) const SIZING: Sizing = Sizing { lanes: Self::LANES, load: P::LOAD };

    /// The largest tier of an ordinary page; a larger one is a page that could not be split.
    pub(crate) const TIER: Tier = {
        let by_bytes = Geometry::<W, V>::tier_of_bytes(P::PAGE_BYTES);
        let by_slots = Tier::at_most(P::PAGE_SLOTS_OF_HEAVY_VALUES / Self::LANES);
        if needs_drop::<V>() && by_slots.groups() < by_bytes.groups() { by_slots } else { by_bytes }
    };

    /// Entries in a full ordinary page, but under a directory of one level.
    pub(crate) const PAGE_ENTRIES: usize = Self::SIZING.max_entries(Self::TIER);

    /// Entries in a full ordinary page under a directory of one level: fewer, because such a map is
    /// in the nearer caches, where what a lookup costs is a key away from its home group. Measured
    /// at 10,000 entries: hits take 0.78 of the time, and a map 1.16 times
    /// hashbrown's bytes. Groups of
    /// more than four slots, which keep more keys at home, have the ordinary load.
    pub(crate) const PAGE_ENTRIES_UNDER_ONE_LEVEL: usize =
        if P::PAGED && Self::LANES == 4 && Self::TIER.groups() > 1 {
            Self::TIER.groups() * Self::LANES * P::LOAD_UNDER_ONE_LEVEL / 64
        } else {
            Self::PAGE_ENTRIES
        };

    /// Two pages merge when together they fill half of an ordinary one at most, as full as it gets
    /// under more than one level.
    pub(crate) const MERGED_ENTRIES: usize = Self::PAGE_ENTRIES / 2;

    /// Entries a page is meant to get that is full with `full`, where room for many is reserved: few
    /// enough that hardly a page splits (at 76 in the mean of 114, or 64 of 96, four standard deviations are left).
    pub(crate) const fn reserved_of(full: usize) -> usize {
        if full < 4 { 1 } else { full * 2 / 3 }
    }

    /// The tier of a page in a directory that starts with these entries and may soon get more,
    /// `None` where it would need 2^32 slots.
    ///
    /// An ordinary one, which need not grow before it splits, but no more than four times what few
    /// entries need.
    pub(crate) fn tier_in_directory(entries: usize) -> Option<Tier> {
        let least = Self::SIZING.tier_for(entries + 1)?;
        Some(if entries < Self::PAGE_ENTRIES / 4 { least } else { least.max(Self::TIER) })
    }

    /// With how many entries a page of this tier that has `entries` is full, under a directory of so
    /// many levels.
    pub(crate) fn page_capacity(tier: Tier, levels: u8, entries: usize) -> usize {
        let fewer = Self::PAGE_ENTRIES_UNDER_ONE_LEVEL;
        if levels == 1 && tier == Self::TIER && entries < fewer {
            fewer
        } else {
            Self::SIZING.max_entries(tier)
        }
    }

    /// The shape of a page of this tier that is full with `capacity` entries.
    pub(crate) fn shape(tier: Tier, capacity: usize, depth: u8, weight: usize) -> Shape {
        // A page has fewer than 2^32 slots, or is not allocated.
        Shape { tier, room: capacity as u32, depth, weight }
    }

    /// Whether a directory that tells `2^bits` prefixes apart is in proportion to a map of
    /// `entries`: the bound that no choice of keys can break. Random keys need about a sixth of it, a
    /// fifth under one level.
    pub(crate) fn directory_may_have(bits: u32, entries: usize) -> bool {
        const TIMES: usize = 8;
        bits < 56
            && 1_u64 << bits
                <= (entries / (Self::PAGE_ENTRIES / 2).max(1)).max(1).saturating_mul(TIMES) as u64
    }
}

/// The constants of a map are computed where one is used; here for each target that the crate is
/// compiled for, so that none overflows on those of 32 bits.
const _: () = {
    assert!(Limits::<u64, u64, Flat>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
    assert!(Limits::<u64, u64, Paged>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
    assert!(Limits::<u32, u32, Flat>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
    assert!(Limits::<u32, u32, Paged>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
    assert!(Limits::<u64, (), Flat>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
    assert!(Limits::<u64, (), Paged>::PAGE_ENTRIES_UNDER_ONE_LEVEL > 0);
};
