//! The families of keys: ids as programs really have them.

use std::ops::Range;

use clap::ValueEnum;

/// A family of ids: an injective function from an index to a key that is never `i64::MIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// `1, 2, 3, …`, as a database gives out.
    Dense,
    /// 64 unpredictable bits.
    Random,
    /// Multiples of 1,024.
    Strided,
    /// Milliseconds, worker and sequence in one word, about three ids a millisecond.
    Snowflake,
    /// The index in the upper half: `i << 32`.
    Shifted,
    /// Sequential ids with their bytes reversed.
    Swapped,
    /// The bits of whole-number floats.
    Floats,
    /// Addresses of 48-byte objects.
    Pointers,
    /// Gray codes.
    Gray,
    /// `i * i`.
    Squares,
    /// `-1, -2, -3, …`.
    Negative,
    /// Tenant in the upper half, row number below: 1,000 rows a tenant.
    Composite,
}

impl Family {
    /// All of them, the four of the main report first.
    pub const ALL: [Family; 12] = [
        Family::Random,
        Family::Dense,
        Family::Strided,
        Family::Snowflake,
        Family::Shifted,
        Family::Swapped,
        Family::Floats,
        Family::Pointers,
        Family::Gray,
        Family::Squares,
        Family::Negative,
        Family::Composite,
    ];

    /// What the command line and the report call it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Dense => "dense",
            Family::Random => "random",
            Family::Strided => "strided",
            Family::Snowflake => "snowflake",
            Family::Shifted => "shifted",
            Family::Swapped => "swapped",
            Family::Floats => "floats",
            Family::Pointers => "pointers",
            Family::Gray => "gray",
            Family::Squares => "squares",
            Family::Negative => "negative",
            Family::Composite => "composite",
        }
    }

    /// The key at `index` (below 2^30).
    pub fn key(self, index: u64) -> i64 {
        let bits = match self {
            Family::Dense => index + 1,
            Family::Random => mix(index),
            Family::Strided => index << 10,
            Family::Snowflake => snowflake(index),
            Family::Shifted => index << 32,
            Family::Swapped => (index + (1 << 40)).swap_bytes(),
            Family::Floats => float_bits(index + 1),
            Family::Pointers => 0x7f3a_5c00_0000 + index * 48,
            Family::Gray => index ^ (index >> 1),
            Family::Squares => index * index,
            Family::Negative => (index + 1).wrapping_neg(),
            Family::Composite => ((index / 1_000 + 1) << 32) | (index % 1_000),
        };
        bits.cast_signed()
    }

    /// The keys at a range of indexes, in that order.
    pub fn keys(self, indexes: Range<u64>) -> Vec<i64> {
        indexes.map(|index| self.key(index)).collect()
    }
}

/// A bijection of 64-bit words that looks random (the finaliser of splitmix64).
pub fn mix(index: u64) -> u64 {
    let mut word = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn snowflake(index: u64) -> u64 {
    let milliseconds = 245_000_000_000 + index / 3;
    let worker = mix(index) % 32;
    let sequence = index % 3;
    (milliseconds << 22) | (worker << 12) | sequence
}

#[expect(clippy::cast_precision_loss, reason = "indexes are below 2^30")]
fn float_bits(index: u64) -> u64 {
    (index as f64).to_bits()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Family;

    #[test]
    fn every_family_gives_distinct_keys_and_never_the_reserved_one() {
        for family in Family::ALL {
            let keys = family.keys(0..50_000);
            assert!(!keys.contains(&i64::MIN), "{family:?}");
            let distinct: HashSet<i64> = keys.iter().copied().collect();
            assert_eq!(distinct.len(), keys.len(), "{family:?}");
        }
    }
}
