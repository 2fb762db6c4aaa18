//! Keys chosen so that their page hashes agree in as many bits as one likes.

use cowmap_core::{Fixed, Map, Paging};

use super::Random;

/// Builds keys for maps `Map<u64, V, P, Fixed>`.
pub struct Chosen {
    random: Random,
    /// Keys that differ in this many low bits only have one page hash.
    neighbours: u32,
    /// A page hash times this is the number of a block of neighbours.
    inverse: u64,
}

impl Chosen {
    pub fn of<V: Clone, P: Paging>(seed: u64) -> Self {
        let map = Map::<u64, V, P, Fixed>::default();
        // The word of a key is its complement, for the reserved key is `u64::MAX`.
        let hash = |word: u64| map.hashes(!word).0;
        let neighbours = (0..64).find(|&bit| hash(1 << bit) != hash(0)).expect("keys differ");
        let multiplier = hash(1 << neighbours);
        // Newton's iteration doubles the bits that are right, of which three are in the beginning.
        let mut inverse = multiplier;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(multiplier.wrapping_mul(inverse)));
        }
        assert_eq!(multiplier.wrapping_mul(inverse), 1);
        Chosen { random: Random::new(seed), neighbours, inverse }
    }

    /// The number whose first `bits` bits are those of `prefix`, the others random.
    pub fn below(&mut self, prefix: u64, bits: u32) -> u64 {
        prefix ^ self.random.next_u64().checked_shr(bits).unwrap_or(0)
    }

    /// Keys whose page hashes agree with `prefix`, of which the other bits are clear, in the first
    /// `bits` bits, and are random in the others. At most 32 share a whole one.
    pub fn agreeing(&mut self, count: usize, prefix: u64, bits: u32) -> Vec<u64> {
        let mut keys = Vec::new();
        while keys.len() < count {
            let block = self.below(prefix, bits).wrapping_mul(self.inverse);
            if block.leading_zeros() >= self.neighbours && block > 0 {
                let first = block << self.neighbours;
                keys.extend((0..1 << self.neighbours).map(|low| !(first | low)));
            }
        }
        keys.truncate(count);
        keys
    }

    /// As many keys that agree in nothing.
    pub fn ordinary(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.random.next_u64() | 1 << 40).collect()
    }

    /// A prefix of so many bits.
    pub fn prefix(&mut self, bits: u32) -> u64 {
        let random = self.random.next_u64();
        random & !u64::MAX.checked_shr(bits).unwrap_or(0)
    }
}
