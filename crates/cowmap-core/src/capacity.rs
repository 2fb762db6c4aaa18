//! How many groups a page has, and how many entries it may hold: the tiers and the load factor.
//!
//! Safe arithmetic only. A tier is a page's size class: a power of two of groups, so that a shift
//! finds the home group.

/// A size class of pages: `2^n` groups. Invariant: `n` is at most [`Tier::MOST`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Tier(u8);

impl Tier {
    /// One group.
    pub(crate) const FIRST: Tier = Tier(0);
    /// A page has fewer than 2^32 slots, and four in a group at least.
    const MOST: u8 = 29;
    /// A tag plus the `n` that it stands for.
    const SUM: u8 = 58;

    /// The number, in six bits, that stands for the tier in a link: a shift by it leaves of a hash
    /// the index of a group and six bits more.
    #[inline(always)]
    pub(crate) const fn tag(self) -> u8 {
        Tier::SUM - self.0
    }

    /// The tier with this tag, of which six bits count.
    #[inline(always)]
    pub(crate) const fn from_tag(tag: u8) -> Tier {
        Tier(Tier::SUM - (tag & 63))
    }

    /// Groups in a page of this tier.
    #[inline(always)]
    pub(crate) const fn groups(self) -> usize {
        1 << (self.0 & 31)
    }

    /// The next larger tier.
    pub(crate) const fn next(self) -> Option<Tier> {
        if self.0 < Tier::MOST { Some(Tier(self.0 + 1)) } else { None }
    }

    /// The largest tier of at most `groups` groups, at least one.
    pub(crate) const fn at_most(groups: usize) -> Tier {
        let mut tier = Tier::FIRST;
        while let Some(next) = tier.next() {
            if next.groups() > groups {
                break;
            }
            tier = next;
        }
        tier
    }
}

/// The index of the group that the high bits of `hash` choose in a page of the tier with this tag,
/// of which six bits count.
#[inline(always)]
pub(crate) const fn index(tag: u8, hash: u64) -> usize {
    // Two shifts, for one by all 64 bits is none; the compiler makes one of them and the
    // multiplication by the size of a group.
    (hash >> (tag & 63) >> 6) as usize
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
        if tier.0 == 0 {
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
        while target.0 > floor.0 {
            let half = Tier(target.0 - 1);
            let slots = half.groups() * self.lanes;
            if slots < SMALL || entries * 2 > slots {
                break;
            }
            target = half;
        }
        if target.0 < tier.0 { Some(target) } else { None }
    }
}

/// How many entries were reserved, to within a five-hundredth, never less: a floating-point number
/// of 16 bits, so that handles stay small. Six bits of exponent, ten of mantissa.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Floor(u16);

impl Floor {
    pub(crate) const NONE: Floor = Floor(0);
    const MANTISSA: u32 = 10;

    /// The floor for `entries`, at most `u64::MAX` rounded down.
    pub(crate) fn of(entries: usize) -> Floor {
        let entries = entries as u64;
        let exponent = (64 - entries.leading_zeros()).saturating_sub(Self::MANTISSA);
        let mantissa = (entries >> exponent) + u64::from(entries & !(u64::MAX << exponent) != 0);
        // A mantissa that was rounded up to 2^10 says the same as the next exponent.
        let (exponent, mantissa) = if mantissa >> Self::MANTISSA == 1 {
            (exponent + 1, mantissa >> 1)
        } else {
            (exponent, mantissa)
        };
        Floor((exponent << Self::MANTISSA) as u16 | mantissa as u16)
    }

    /// The entries, rounded up.
    pub(crate) fn entries(self) -> usize {
        let mantissa = u64::from(self.0 & ((1 << Self::MANTISSA) - 1));
        let exponent = self.0 >> Self::MANTISSA;
        let entries = if mantissa.leading_zeros() < u32::from(exponent) {
            u64::MAX
        } else {
            mantissa << exponent
        };
        usize::try_from(entries).unwrap_or(usize::MAX)
    }
}

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
    fn a_tier_and_its_tag_say_the_same() {
        assert!(tiers().map(Tier::groups).eq((0..30).map(|bits| 1 << bits)));
        for tier in tiers() {
            assert_eq!(Tier::from_tag(tier.tag()), tier);
            assert!(tier.tag() < 64);
            assert_eq!(Tier::at_most(tier.groups()), tier);
            assert_eq!(Tier::at_most(tier.groups() * 2 - 1), tier);
        }
        assert_eq!(Tier::at_most(0), Tier::FIRST);
    }

    #[test]
    fn the_high_bits_of_a_hash_are_the_index_of_a_group() {
        for tier in tiers() {
            assert_eq!(index(tier.tag(), 0), 0);
            assert_eq!(index(tier.tag(), u64::MAX), tier.groups() - 1);
            assert_eq!(index(tier.tag(), 1 << 63), tier.groups() / 2);
            assert_eq!(index(tier.tag() | 64, u64::MAX), tier.groups() - 1);
        }
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
    fn a_floor_is_a_five_hundredth_above_what_was_asked_for_at_most() {
        assert_eq!(Floor::of(0), Floor::NONE);
        let powers = (0..63).flat_map(|bit| [(1_usize << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for entries in (0..5_000).chain(powers).chain([1_000_000, 3 << 40, usize::MAX / 2]) {
            let floor = Floor::of(entries).entries();
            assert!(floor >= entries && floor - entries <= entries / 500, "{entries}: {floor}");
        }
        assert!(Floor::of(usize::MAX).entries() >= usize::MAX - usize::MAX / 500);
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
