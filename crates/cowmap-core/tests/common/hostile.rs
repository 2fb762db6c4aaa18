//! Keys that collide under the fixed hash, made by inverting it: it multiplies by an odd number.

use std::collections::{BTreeMap, BTreeSet};

use cowmap_core::{Fixed, Hashing, Map, Paging, SentinelKey};

/// How many keys a family has.
pub const KEYS: usize = 256;

/// In how many bits the places of keys of flat maps are made to agree, which is done by trying.
const PLACE_BITS: u32 = if cfg!(miri) { 4 } else { 10 };

/// Makes keys whose hashes in maps of one kind begin with given bits.
pub struct Inverse<V, P: Paging> {
    map: Map<i64, V, P, Fixed>,
    /// The state of SplitMix64.
    random: u64,
    /// Words that differ in so many low bits only have one page hash; `None` in flat maps.
    neighbour_bits: Option<u32>,
    /// The inverse of what a word is multiplied by.
    inverse: u64,
}

impl<V, P: Paging> Inverse<V, P> {
    pub fn new(seed: u64) -> Self {
        let map = Map::<i64, V, P, Fixed>::new();
        let page = |bit: u32| map.hashes(Self::key(1 << bit)).0;
        let neighbour_bits = (0..6).find(|&bit| page(bit) != 0);
        let multiplier = neighbour_bits.map_or(1, page);
        // Newton's method: each step doubles the number of right bits.
        let inverse = (0..6).fold(1_u64, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(multiplier.wrapping_mul(inverse)))
        });
        Inverse { map, random: seed, neighbour_bits, inverse }
    }

    /// The next random number.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// The key that is stored as this word.
    fn key(word: u64) -> i64 {
        word.cast_signed() ^ i64::MIN
    }

    /// A key whose page hash agrees with `hash` in the highest `bits`, or in a flat map, whose place
    /// does in the highest [`PLACE_BITS`] of them at most.
    fn key_at(&mut self, hash: u64, bits: u32) -> i64 {
        let rest = |bits: u32| u64::MAX.checked_shr(bits).unwrap_or(0);
        loop {
            let random = self.random();
            let word = match self.neighbour_bits {
                Some(neighbours) => {
                    let page = hash & !rest(bits) | random & rest(bits);
                    let block = page.wrapping_mul(self.inverse);
                    if block.leading_zeros() < neighbours {
                        // A whole page hash has a block of words, or none.
                        assert!(bits < 64, "no word has this page hash");
                        continue;
                    }
                    block << neighbours | self.random() & rest(64 - neighbours)
                }
                None => {
                    let place = self.map.hashes(Self::key(random)).1;
                    let bits = bits.min(PLACE_BITS);
                    if (place ^ hash) & !rest(bits) != 0 {
                        continue;
                    }
                    random
                }
            };
            // The largest key is the complement of the reserved one.
            if word != 0 && word != u64::MAX {
                return Self::key(word);
            }
        }
    }

    /// Distinct keys as [`key_at`](Self::key_at) makes them.
    pub fn agreeing(&mut self, count: usize, hash: u64, bits: u32) -> Vec<i64> {
        let (mut keys, mut seen) = (Vec::new(), BTreeSet::new());
        while keys.len() < count {
            let key = self.key_at(hash, bits);
            if seen.insert(key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The page hash of a key; in a flat map, its place.
    fn hash(&self, key: i64) -> u64 {
        let (page, place) = self.map.hashes(key);
        if self.neighbour_bits.is_some() { page } else { place }
    }

    /// Distinct keys, each the next that `make` makes.
    fn keys(&mut self, mut make: impl FnMut(&mut Self, usize) -> i64) -> Vec<i64> {
        let mut keys: Vec<i64> = Vec::with_capacity(KEYS);
        while keys.len() < KEYS {
            let key = make(self, keys.len());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

/// Keys that no directory tells apart: all of them agree in 21 bits of their page hash, half in 40
/// bits, and as many as can in all 64. The places of every second one agree in three bits, too. In
/// flat maps, keys whose places agree.
pub fn crowded<V, P: Paging>() -> Vec<i64> {
    let mut inverse = Inverse::<V, P>::new(1);
    let hash = inverse.random();
    let whole = {
        let key = inverse.key_at(hash, 40);
        inverse.hash(key)
    };
    let neighbours = 1 << inverse.neighbour_bits.unwrap_or(0);
    // In a flat map the place is all there is to agree in.
    let place = if neighbours == 1 { whole } else { inverse.map.hashes(0).1 };
    inverse.keys(|inverse, number| {
        if number < neighbours {
            return inverse.key_at(whole, 64);
        }
        let bits = if number < KEYS / 2 { 40 } else { 21 };
        loop {
            let key = inverse.key_at(whole, bits);
            if number % 2 == 0 || (inverse.map.hashes(key).1 ^ place) >> 61 == 0 {
                return key;
            }
        }
    })
}

/// Keys in eight regions of the hash's range, those of each agreeing in another number of bits: few
/// in the first region, so many in the last that nothing tells them apart.
pub fn deep<V, P: Paging>() -> Vec<i64> {
    const BITS: [u32; 8] = [3, 5, 7, 9, 11, 13, 17, 30];
    let mut inverse = Inverse::<V, P>::new(2);
    let hashes = [0_u64, 1, 2, 3, 4, 5, 6, 7].map(|region| region << 61 | inverse.random() >> 3);
    inverse.keys(|inverse, number| inverse.key_at(hashes[number % 8], BITS[number % 8]))
}

/// Whether a map has a page that grew as a table, because its entries agree in more bits than the
/// directory tells apart.
pub fn has_large_page<K: SentinelKey, V, P: Paging, H: Hashing>(map: &Map<K, V, P, H>) -> bool {
    let (links, page) = map.directory_size();
    let bits = links.max(1).ilog2();
    let mut entries: BTreeMap<u64, usize> = BTreeMap::new();
    map.keys().for_each(|key| {
        *entries.entry(map.hashes(key).0.rotate_left(bits) & ((1 << bits) - 1)).or_default() += 1;
    });
    entries.into_values().any(|entries| entries > page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowmap_core::{Flat, Paged, Tiny};

    /// Checks the families of maps whose keys can be made to agree in `most` bits.
    fn check<P: Paging>(most: u32) {
        let inverse = Inverse::<u64, P>::new(3);
        let agreeing = |keys: &[i64]| {
            let first = inverse.hash(keys[0]);
            let different = keys.iter().fold(0, |bits, &key| bits | inverse.hash(key) ^ first);
            different.leading_zeros()
        };
        let check = |keys: &[i64], bits: u32| {
            let (bits, all) = (bits.min(most), agreeing(keys));
            assert!((bits..bits + 8).contains(&all), "{} agree in {all} bits", keys.len());
        };
        let crowded = crowded::<u64, P>();
        check(&crowded, 21);
        check(&crowded[..KEYS / 2], 40);
        check(&crowded[..2], 64);
        let deep = deep::<u64, P>();
        for (region, bits) in [(0, 3), (3, 9), (7, 30)] {
            check(&deep.iter().skip(region).step_by(8).copied().collect::<Vec<_>>(), bits);
        }
        check(&deep, 0);
    }

    #[test]
    fn keys_agree_in_the_bits_they_are_made_for() {
        check::<Flat>(PLACE_BITS);
        check::<Paged>(64);
        check::<Tiny>(64);
    }
}
