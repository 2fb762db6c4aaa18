//! The size classes of pages.

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

    /// The tier of half as many groups, if there is one, else the first.
    pub(crate) const fn half(self) -> Tier {
        Tier(self.0.saturating_sub(1))
    }

    /// Whether a page of this tier has fewer groups; `<`, for constants.
    pub(crate) const fn is_below(self, other: Tier) -> bool {
        self.0 < other.0
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

/// The number of groups in a page of the tier with this tag, of which six bits count, as a negative
/// number: for addresses, one shift.
#[inline(always)]
pub(crate) const fn minus_groups(tag: u8) -> isize {
    // At most 2^29.
    (i64::MIN >> (63 - Tier::SUM) >> (tag & 63)) as isize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers() -> impl Iterator<Item = Tier> {
        core::iter::successors(Some(Tier::FIRST), |tier| tier.next())
    }

    #[test]
    fn a_tier_and_its_tag_say_the_same() {
        assert!(tiers().map(Tier::groups).eq((0..30).map(|bits| 1 << bits)));
        for tier in tiers() {
            assert_eq!(Tier::from_tag(tier.tag()), tier);
            assert!(tier.tag() < 64);
            assert_eq!(minus_groups(tier.tag()), -(tier.groups() as isize));
            assert_eq!(minus_groups(tier.tag() | 192), -(tier.groups() as isize));
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
}
