//! Streams of queries: millions of them, made before the clock starts, too long for a branch
//! predictor to learn.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::keys::Family;

/// How many queries a stream has.
pub const STREAM: usize = 1 << 21;

/// The keys that are in a map and as many of the same family that are not.
pub struct Population {
    /// In the map, in the order of their arrival.
    pub present: Vec<i64>,
    /// Never in the map.
    pub absent: Vec<i64>,
}

impl Population {
    /// The first `size` keys of a family, and the next ones (at most two millions) as absent.
    pub fn new(family: Family, size: usize) -> Self {
        let size = size as u64;
        Population {
            present: family.keys(0..size),
            absent: family.keys(size..size + size.min(STREAM as u64)),
        }
    }

    /// Keys that are in the map, in random order.
    pub fn hits(&self, count: usize, seed: u64) -> Vec<i64> {
        pick(&self.present, count, seed)
    }

    /// Keys that are not in the map, in random order.
    pub fn misses(&self, count: usize, seed: u64) -> Vec<i64> {
        pick(&self.absent, count, seed)
    }

    /// Hits and misses, one half each, in random order.
    pub fn mixed(&self, count: usize, seed: u64) -> Vec<i64> {
        let mut random = StdRng::seed_from_u64(seed);
        (0..count)
            .map(|_| {
                let keys = if random.random() { &self.present } else { &self.absent };
                keys[random.random_range(0..keys.len())]
            })
            .collect()
    }

    /// `count` runs of `length` keys that arrived one after the other, each from a random place.
    pub fn neighbours(&self, count: usize, length: usize, seed: u64) -> Vec<i64> {
        let mut random = StdRng::seed_from_u64(seed);
        (0..count)
            .flat_map(|_| {
                let start = random.random_range(0..=self.present.len() - length);
                self.present[start..start + length].iter().copied()
            })
            .collect()
    }
}

/// Random picks from `keys`.
pub fn pick(keys: &[i64], count: usize, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count).map(|_| keys[random.random_range(0..keys.len())]).collect()
}

/// The `round`-th window of `length` queries; windows wrap around at the end of the stream.
pub fn window<T>(stream: &[T], round: usize, length: usize) -> &[T] {
    let windows = (stream.len() / length).max(1);
    let start = round % windows * length;
    &stream[start..stream.len().min(start + length)]
}
