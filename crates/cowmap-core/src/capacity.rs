//! How many groups a page has, and how many entries it may hold: the tiers and the load factor.
//!
//! Safe arithmetic only. A tier is a page's size class: 1, 2, 3, 4, 6, 8, 12, 16, … groups. Six bits
//! name it.

/// A size class of pages. Invariant: at most [`Tier::LAST`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Tier(u8);

impl Tier {
    /// One group.
    pub(crate) const FIRST: Tier = Tier(0);
    /// 3 * 2^30 groups, more than a page may have.
    const LAST: Tier = Tier(63);

    /// The tier with this number, of which six bits count.
    #[inline(always)]
    pub(crate) const fn from_bits(bits: u8) -> Tier {
        Tier(bits & 63)
    }

    #[inline(always)]
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// Groups in a page of this tier.
    #[inline(always)]
    pub(crate) const fn groups(self) -> u32 {
        // Tiers 0 and 1 both come out as one group; tier 1 is never chosen.
        (((2 | (self.0 & 1)) as u64) << (self.0 >> 1) >> 1) as u32
    }

    /// The tier of pages with this many groups, a number that [`groups`](Self::groups) gives.
    pub(crate) const fn of_groups(groups: u32) -> Tier {
        let log = groups.ilog2() as u8;
        // The bit below the highest tells 3 * 2^n from 2^n.
        let half = if log == 0 { 0 } else { (groups >> (log - 1) & 1) as u8 };
        Tier(2 * log + half)
    }

    /// The next larger tier.
    pub(crate) const fn next(self) -> Option<Tier> {
        match self.0 {
            0 => Some(Tier(2)),
            tier if tier < Tier::LAST.0 => Some(Tier(tier + 1)),
            _ => None,
        }
    }

    /// The largest tier of at most `groups` groups, at least one.
    pub(crate) const fn at_most(groups: usize) -> Tier {
        let mut tier = Tier::FIRST;
        while let Some(next) = tier.next() {
            if next.groups() as usize > groups {
                break;
            }
            tier = next;
        }
        tier
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
    /// How many of 32 slots may be taken in a page of more than [`SMALL`] slots.
    pub(crate) load: usize,
    /// Whether a page doubles when it is full, or grows to the next tier.
    pub(crate) doubles: bool,
}

impl Sizing {
    /// Entries that a page of `groups` groups holds before it grows.
    ///
    /// A single group may be full, for nothing has to be probed past it. Up to 64 slots: 7/8.
    #[inline]
    pub(crate) const fn max_entries(self, groups: u32) -> usize {
        let slots = (groups as usize).saturating_mul(self.lanes);
        if groups == 1 {
            slots
        } else if slots <= SMALL {
            slots - slots / 8
        } else {
            slots / 32 * self.load + slots % 32 * self.load / 32
        }
    }

    /// The smallest tier whose pages hold `entries`; `None` where a page would need 2^32 slots or more.
    pub(crate) const fn tier_for(self, entries: usize) -> Option<Tier> {
        let mut tier = Tier::FIRST;
        loop {
            if tier.groups() as u64 * self.lanes as u64 > MAX_SLOTS {
                return None;
            }
            if self.max_entries(tier.groups()) >= entries {
                return Some(tier);
            }
            match tier.next() {
                Some(next) => tier = next,
                None => return None,
            }
        }
    }

    /// The tier that a full page grows to; small pages double in any case.
    pub(crate) const fn grown(self, tier: Tier) -> Option<Tier> {
        match tier.next() {
            Some(next) if tier.0 > 1 && (self.doubles || tier.groups() < 16) => next.next(),
            next => next,
        }
    }

    /// The tier that a page of `tier` should shrink to after a removal left it with `entries`, but
    /// never below `floor`: `None` until it is less than a quarter full and the result would be at most half full.
    pub(crate) const fn shrunk(self, tier: Tier, entries: usize, floor: Tier) -> Option<Tier> {
        let slots = tier.groups() as usize * self.lanes;
        if slots <= SMALL || entries >= slots / 4 {
            return None;
        }
        let Some(mut target) = self.tier_for(entries.saturating_mul(2)) else { return None };
        while (target.groups() as usize * self.lanes) < SMALL {
            match target.next() {
                Some(next) => target = next,
                None => return None,
            }
        }
        if target.0 < floor.0 {
            target = floor;
        }
        if target.0 < tier.0 { Some(target) } else { None }
    }
}

/// How many entries were reserved, to within a thousandth, never less: a floating-point number of 16
/// bits, so that handles stay small. Six bits of exponent, ten of mantissa.
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
        Sizing { lanes, load: 24, doubles: false }
    }

    #[test]
    fn tiers_grow_by_a_third_to_a_half() {
        let mut tier = Tier::FIRST;
        let mut seen = vec![tier.groups()];
        while let Some(next) = tier.next() {
            assert!(next.groups() > tier.groups());
            assert!(next.groups() / 2 <= tier.groups());
            assert_eq!(Tier::from_bits(next.bits()), next);
            assert_eq!(Tier::of_groups(next.groups()), next);
            tier = next;
            seen.push(tier.groups());
        }
        assert_eq!(seen[..10], [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
        assert_eq!(tier, Tier::LAST);
        assert_eq!(tier.groups(), 3 << 30);
    }

    #[test]
    fn the_chosen_tier_is_the_smallest_that_holds_the_entries() {
        for lanes in [4, 8, 16] {
            for entries in 0..20_000 {
                let tier = sizing(lanes).tier_for(entries).unwrap();
                assert!(sizing(lanes).max_entries(tier.groups()) >= entries);
                let mut smaller = Tier::FIRST;
                while smaller < tier {
                    assert!(sizing(lanes).max_entries(smaller.groups()) < entries);
                    smaller = smaller.next().unwrap();
                }
            }
        }
    }

    #[test]
    fn a_page_has_fewer_than_two_to_the_32_slots() {
        for lanes in [4, 8, 16] {
            let mut low = 0_usize;
            let mut high = 1 << 33;
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if sizing(lanes).tier_for(middle).is_some() { low = middle } else { high = middle }
            }
            let largest = sizing(lanes).tier_for(low).unwrap();
            assert!(u64::from(largest.groups()) * (lanes as u64) < 1 << 32);
            assert!(low > 1 << 30);
            assert_eq!(sizing(lanes).tier_for(low + 1), None);
            assert_eq!(sizing(lanes).tier_for(usize::MAX), None);
        }
    }

    #[test]
    fn the_largest_tier_within_a_number_of_groups() {
        assert_eq!(Tier::at_most(0), Tier::FIRST);
        assert_eq!(Tier::at_most(1).groups(), 1);
        assert_eq!(Tier::at_most(31).groups(), 24);
        assert_eq!(Tier::at_most(32).groups(), 32);
    }

    #[test]
    fn a_floor_is_a_thousandth_above_what_was_asked_for_at_most() {
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
            let mut tier = Tier::FIRST;
            while tier.groups() < 5_000 {
                let slots = tier.groups() as usize * lanes;
                for entries in 0..=sizing(lanes).max_entries(tier.groups()) {
                    let Some(to) = sizing(lanes).shrunk(tier, entries, Tier::FIRST) else {
                        assert!(
                            slots <= 64 || entries * 4 >= slots - 3 || entries * 4 >= slots / 2
                        );
                        continue;
                    };
                    let left = to.groups() as usize * lanes;
                    assert!(to < tier && left >= 64 && entries * 2 <= left);
                    assert_eq!(sizing(lanes).shrunk(tier, entries, tier), None);
                }
                tier = tier.next().unwrap();
            }
        }
    }
}
