//! The paging policies, and every size, load and limit of pages and segments with the measurement
//! that chose it. Safe arithmetic only.
//!
//! (How many slots a group has is in `page/geometry.rs`, how far scans look ahead in
//! `entries/shared.rs`.)

use core::fmt;
use core::mem::needs_drop;

use crate::page::{Geometry, PageMut, Shape};
use crate::tier::Tier;
use crate::word::Word;

/// A directory has so many levels at most; the root of one that has them all grows without limit.
///
/// Ordinary keys reach the third at half a million entries and the fourth at some 150 million. Keys
/// that share many bits may reach the fourth at 20 million; without it their root would outgrow 4 KiB.
pub(crate) const MOST_LEVELS: u8 = 4;

/// A directory may have so many links for each half page of entries: the bound that no choice of keys
/// can break. Random keys need about a sixth of it, a fifth under one level.
const LINKS_A_HALF_PAGE: u64 = 8;

/// The overflow bits of a page are rebuilt when entries that had passed as many groups were removed
/// as there are slots in one of this many parts of the page.
///
/// Counted (`tests/load.rs`): endless churn at the fullest load keeps misses within 1.5 times the
/// groups of a fresh page.
pub(crate) const STALE_PART: usize = 16;

/// But they are not rebuilt before such entries had passed one in this many of the groups that the
/// last rebuild passed, because rebuilding a page of colliding keys is expensive.
///
/// Counted (`page/removals.rs`): removing colliding keys one by one passes nine times the groups
/// that lookups of them compare. With 4, full flat pages of ordinary keys would be rebuilt less
/// often; with more, colliding keys cost more.
pub(crate) const REBUILD_PART: u64 = 8;

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
    /// The type of the number of segments below the root in its handle.
    #[doc(hidden)]
    type Segments: Size;
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
    /// `2^BUNDLE_BITS` links of an ordinary segment are a bundle, which shares a holder; twice as many
    /// of a larger root.
    #[doc(hidden)]
    const BUNDLE_BITS: u8;
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
    type Segments = u32;
    const PAGED: bool = true;
    const SEGMENT_BITS: u8 = 6;
    const ROOT_BITS: u8 = 9;
    /// About the square root of the number of links, for a drop touches each holder, and each child
    /// of one that goes.
    const BUNDLE_BITS: u8 = 3;
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
    type Segments = ();
    const PAGED: bool = false;
    const SEGMENT_BITS: u8 = 0;
    const ROOT_BITS: u8 = 0;
    const BUNDLE_BITS: u8 = 0;
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
    type Segments = u32;
    const PAGED: bool = true;
    const SEGMENT_BITS: u8 = 1;
    const ROOT_BITS: u8 = 3;
    const BUNDLE_BITS: u8 = 0;
    const LOAD: usize = 48;
    const LOAD_UNDER_ONE_LEVEL: usize = 40;
    const PAGE_BYTES: usize = 128;
    const PAGE_SLOTS_OF_HEAVY_VALUES: usize = 8;
}

/// A number as a map's handle stores it.
#[doc(hidden)]
pub trait Size: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    const ZERO: Self;
    fn get(self) -> usize;
    fn from_usize(number: usize) -> Self;
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

/// A flat map is one page, which has fewer than 2^32 slots. A segment has two links at least, of which
/// no machine has room for 2^33.
impl Size for u32 {
    const ZERO: Self = 0;
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn from_usize(number: usize) -> Self {
        debug_assert!(u32::try_from(number).is_ok());
        number as u32
    }
}

/// A flat map has no segments.
impl Size for () {
    const ZERO: Self = ();
    #[inline(always)]
    fn get(self) -> usize {
        0
    }
    #[inline(always)]
    fn from_usize(number: usize) {
        debug_assert_eq!(number, 0);
    }
}

/// A page has fewer than 2^32 slots.
const MAX_SLOTS: u64 = u32::MAX as u64;

/// Pages of up to this many slots have another load factor, and never shrink by themselves.
const SMALL: usize = 64;

/// How pages of one kind are sized.
#[derive(Clone, Copy)]
pub(crate) struct Sizing {
    /// Slots in a group.
    pub(crate) lanes: usize,
    /// How many of 64 slots may be taken in a page of more than [`SMALL`] slots.
    pub(crate) load: usize,
}

impl Sizing {
    /// Entries that a page of a tier holds at most before it grows.
    ///
    /// A single group may be full, for nothing has to be probed past it. Up to 64 slots: 7/8.
    #[inline]
    pub(crate) const fn max_entries(self, tier: Tier) -> usize {
        let slots = tier.groups().saturating_mul(self.lanes);
        if !Tier::FIRST.is_below(tier) {
            slots
        } else if slots <= SMALL {
            slots - slots / 8
        } else {
            slots / 64 * self.load
        }
    }

    /// The smallest tier whose pages hold `entries`; `None` where a page would need 2^32 slots or
    /// more.
    pub(crate) const fn tier_for(self, entries: usize) -> Option<Tier> {
        let mut tier = Tier::FIRST;
        loop {
            if tier.groups() as u64 * self.lanes as u64 > MAX_SLOTS {
                return None;
            }
            if self.max_entries(tier) >= entries {
                return Some(tier);
            }
            match tier.next() {
                Some(next) => tier = next,
                None => return None,
            }
        }
    }

    /// The tier that a page of `tier` should shrink to after a removal left it with `entries`, but
    /// never below `floor`: `None` until it is less than a quarter full and the result would be at
    /// most half full.
    pub(crate) const fn shrunk(self, tier: Tier, entries: usize, floor: Tier) -> Option<Tier> {
        let slots = tier.groups() * self.lanes;
        if slots <= SMALL || entries >= slots / 4 {
            return None;
        }
        let mut target = tier;
        while floor.is_below(target) {
            let half = target.half();
            let slots = half.groups() * self.lanes;
            if slots < SMALL || entries * 2 > slots {
                break;
            }
            target = half;
        }
        if target.is_below(tier) { Some(target) } else { None }
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

    /// Entries that a page is to get in the mean, at most, where room for many is reserved: a little
    /// more than it holds, because with as many nearly all pages have split in a map that grew, too.
    /// Under one level, where pages hold fewer, it is no different.
    ///
    /// Counted (`tests/density.rs`): a map that was reserved and filled takes the bytes of one that
    /// has grown, up to a tenth more in the mean over a doubling, and as many requests to the
    /// allocator at most. With the entries of a full page, dense ids took 1.6 times the bytes at some
    /// sizes.
    pub(crate) const RESERVED_ENTRIES: usize = {
        let more = Self::PAGE_ENTRIES / 16;
        Self::PAGE_ENTRIES + if more == 0 { 1 } else { more }
    };

    /// The tier of a page in a directory that starts with these entries and may soon get more,
    /// `None` where it would need 2^32 slots.
    ///
    /// An ordinary one, which need not grow before it splits, but no more than four times what few
    /// entries need.
    pub(crate) fn tier_in_directory(entries: usize) -> Option<Tier> {
        let least = Self::SIZING.tier_for(entries + 1)?;
        Some(if entries < Self::PAGE_ENTRIES / 4 { least } else { least.max(Self::TIER) })
    }

    /// Whether a page of this tier grew as a table because the directory may not tell its entries
    /// apart. It is always full, so that each insertion looks anew whether it may split.
    pub(crate) const fn is_table(tier: Tier) -> bool {
        P::PAGED && Self::TIER.is_below(tier)
    }

    /// Makes a page that grew as a table full again after a removal.
    #[inline]
    pub(crate) fn keep_full(page: &mut PageMut<'_, W, V>) {
        if Self::is_table(page.page().tier()) {
            page.set_capacity(page.len());
        }
    }

    /// With how many entries a page of this tier that has `entries` is full, under a directory of so
    /// many levels.
    pub(crate) fn page_capacity(tier: Tier, levels: u8, entries: usize) -> usize {
        let fewer = Self::PAGE_ENTRIES_UNDER_ONE_LEVEL;
        if Self::is_table(tier) {
            entries
        } else if levels == 1 && tier == Self::TIER && entries < fewer {
            fewer
        } else {
            Self::SIZING.max_entries(tier)
        }
    }

    /// How many bits tell as many pages apart as are reserved for `entries`: none where one page
    /// holds them.
    pub(crate) fn depth_for(entries: usize) -> u8 {
        if !P::PAGED || entries <= Self::PAGE_ENTRIES {
            return 0;
        }
        let pages = entries.div_ceil(Self::RESERVED_ENTRIES).max(2);
        // At most the bits of a usize.
        pages.next_power_of_two().trailing_zeros() as u8
    }

    /// How many entries room is reserved for where so many are about to come in one call.
    ///
    /// In a paged map an eighth less than a page is to get in the mean where users reserve, because
    /// by then it is known that they come: half a page at least, and those that get more than a page
    /// holds split. Under one level, where pages hold fewer, in proportion.
    ///
    /// Counted (`tests/density.rs`): a map that was filled in one call takes the bytes of one that has
    /// grown.
    pub(crate) fn presized(entries: usize) -> usize {
        if !P::PAGED || entries <= Self::PAGE_ENTRIES {
            return entries;
        }
        let fewer = entries - entries / 8;
        let (most, by_one_level) = (Self::PAGE_ENTRIES, Self::PAGE_ENTRIES_UNDER_ONE_LEVEL);
        let (pages, rest) = (fewer / by_one_level, fewer % by_one_level);
        let under_one_level = pages.saturating_mul(most).saturating_add(rest * most / by_one_level);
        if Self::depth_for(fewer) <= P::ROOT_BITS {
            under_one_level.min(Self::RESERVED_ENTRIES << P::ROOT_BITS)
        } else {
            fewer
        }
    }

    /// The bits of the root, and the levels, of a directory that tells `depth` bits apart: as few
    /// levels as the bits of the root allow; the last one's root takes the rest.
    pub(crate) fn directory_for(depth: u8) -> (u8, u8) {
        let bits = P::SEGMENT_BITS;
        let levels = (1 + depth.saturating_sub(P::ROOT_BITS).div_ceil(bits)).min(MOST_LEVELS);
        let root_bits = depth - (levels - 1) * bits;
        debug_assert!(root_bits >= 1 && root_bits <= Self::most_root_bits(levels));
        (root_bits, levels)
    }

    /// The tier of a root page that is to have room for `entries`, as far as one page may have it.
    pub(crate) fn root_page_tier(entries: usize) -> Tier {
        let most = Self::TIER;
        let tier = Self::SIZING.tier_for(entries);
        tier.map_or(most, |tier| if P::PAGED { tier.min(most) } else { tier })
    }

    /// Whether a root page of this tier that nobody shares is kept when its `entries`, which may be
    /// all of the map's, are removed at once: one that the floor's tier covers, an ordinary one, or in
    /// a flat map one that was a quarter full.
    pub(crate) fn is_kept(tier: Tier, entries: usize, floor: Tier) -> bool {
        let ordinary =
            if P::PAGED { Self::TIER } else { Geometry::<W, V>::tier_of_bytes(Paged::PAGE_BYTES) };
        tier <= floor.max(ordinary) || (!P::PAGED && entries >= tier.groups() * Self::LANES / 4)
    }

    /// The shape of a page of this tier that is full with `capacity` entries.
    pub(crate) fn shape(tier: Tier, capacity: usize, depth: u8) -> Shape {
        // A page has fewer than 2^32 slots, or is not allocated.
        Shape { tier, room: capacity as u32, depth }
    }

    /// The binary logarithm of how many links of a segment with `2^bits` links are a bundle. A segment
    /// with twice as many, or one that has a part of them, has bundles of links from one bundle.
    pub(crate) const fn bundle_bits(bits: u8) -> u8 {
        let bundle = if bits <= P::SEGMENT_BITS { P::BUNDLE_BITS } else { P::BUNDLE_BITS + 1 };
        if bundle < bits { bundle } else { bits }
    }

    /// How many bits the root segment of a directory of so many levels may tell apart.
    pub(crate) const fn most_root_bits(levels: u8) -> u8 {
        if levels < MOST_LEVELS { P::ROOT_BITS } else { 63 }
    }

    /// Whether a page of this tier with `len` entries may have to shrink, or under a directory to
    /// merge, which pages of up to `merging` entries are to try.
    pub(crate) fn is_sparse(tier: Tier, len: usize, merging: Option<usize>) -> bool {
        len < tier.groups() * Self::LANES / 4 || merging.is_some_and(|most| len <= most)
    }

    /// Half of a full ordinary page: what the sizes of directories are measured by.
    const HALF_PAGE: usize = if Self::PAGE_ENTRIES < 2 { 1 } else { Self::PAGE_ENTRIES / 2 };

    /// Whether a directory that tells `2^bits` prefixes apart is in proportion to a map of
    /// `entries`.
    pub(crate) fn directory_may_have(bits: u32, entries: usize) -> bool {
        let half_pages = (entries / Self::HALF_PAGE).max(1) as u64;
        bits < 56 && 1_u64 << bits <= half_pages.saturating_mul(LINKS_A_HALF_PAGE)
    }

    /// Whether a directory that stores so many links has too many for `entries`, as removals can leave
    /// one: 8.5 for each half page, and 768 more. Insertions leave at most what
    /// [`directory_may_have`](Self::directory_may_have) says, a sixty-third of that for higher levels
    /// of 64 links, and a root of 512. It is made coarser from here on, a step a removal, so that it
    /// does not come to have 9 for each half page and 1,024 more.
    #[inline]
    pub(crate) const fn has_too_many(links: usize, entries: usize) -> bool {
        const SLACK: usize = 768;
        links > SLACK
            && links - SLACK
                > (entries / Self::HALF_PAGE)
                    .saturating_mul(LINKS_A_HALF_PAGE as usize)
                    .saturating_add(entries / (2 * Self::HALF_PAGE))
    }

    /// How many pages a removal merges where there are too many links. One removal makes the bound
    /// lower by 9 links for each half page; merging two pages gives back one link in the mean.
    pub(crate) const MERGES_A_REMOVAL: usize = 9_usize.div_ceil(Self::HALF_PAGE);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sizing(lanes: usize) -> Sizing {
        Sizing { lanes, load: 48 }
    }

    fn tiers() -> impl Iterator<Item = Tier> {
        core::iter::successors(Some(Tier::FIRST), |tier| tier.next())
    }

    #[test]
    fn the_chosen_tier_is_the_smallest_that_holds_the_entries() {
        for lanes in [4, 8, 16] {
            for entries in 0..20_000 {
                let tier = sizing(lanes).tier_for(entries).unwrap();
                assert!(sizing(lanes).max_entries(tier) >= entries);
                for smaller in tiers().take_while(|&smaller| smaller < tier) {
                    assert!(sizing(lanes).max_entries(smaller) < entries);
                }
            }
        }
    }

    #[test]
    fn a_page_has_fewer_than_two_to_the_32_slots() {
        for lanes in [4, 8, 16] {
            let largest = tiers()
                .take_while(|tier| tier.groups() as u64 * (lanes as u64) < 1 << 32)
                .last()
                .unwrap();
            let most = sizing(lanes).max_entries(largest);
            assert_eq!(sizing(lanes).tier_for(most), Some(largest));
            assert_eq!(sizing(lanes).tier_for(most + 1), None);
            assert_eq!(sizing(lanes).tier_for(usize::MAX), None);
        }
    }

    #[test]
    fn shrinking_leaves_a_page_at_most_half_full_and_never_below_the_floor() {
        for lanes in [4, 8, 16] {
            for tier in tiers().take_while(|tier| tier.groups() < 5_000) {
                let slots = tier.groups() * lanes;
                for entries in 0..=sizing(lanes).max_entries(tier) {
                    match sizing(lanes).shrunk(tier, entries, Tier::FIRST) {
                        Some(to) => {
                            let left = to.groups() * lanes;
                            assert!(to < tier && left >= 64 && entries * 2 <= left);
                            assert!(entries * 4 < slots);
                        }
                        None => assert!(slots <= 64 || entries * 4 >= slots),
                    }
                    assert_eq!(sizing(lanes).shrunk(tier, entries, tier), None);
                }
            }
        }
    }
}
