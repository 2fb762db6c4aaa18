//! Loops that write to a map nobody shares.

use std::hint::black_box;
use std::time::Instant;

use crate::maps::{Lookup, Map};
use crate::measure::{Tally, nanos};
use crate::values::Value;

/// Writing.
pub trait Writes<V: Value>: Send + Sync {
    /// Inserts every key.
    fn fill(&mut self, keys: &[i64]);

    /// Removes every key and returns how many were there.
    fn erase(&mut self, keys: &[i64]) -> u64;

    /// Changes the value under every key in place and back; returns how many were there.
    fn modify(&mut self, keys: &[i64]) -> u64;

    /// For each pair, removes the first key and inserts the second.
    fn churn(&mut self, pairs: &[(i64, i64)]) -> Tally;

    /// For every run of `size` keys: a new map, filled from nothing, asked once, dropped.
    fn build_many(&self, keys: &[i64], size: usize) -> Tally;

    /// Inserts every key, timing each; `fastest[i]` becomes the least of itself and what the
    /// `i`-th insert took in nanoseconds. With `renew`, a snapshot is held all the while and
    /// replaced by a fresh one every so many inserts; that part is not timed.
    fn timed_inserts(&mut self, keys: &[i64], renew: Option<usize>, fastest: &mut [u32]);

    /// Removes every key, timing each; returns how many were there.
    fn timed_removals(&mut self, keys: &[i64], times: &mut Vec<u32>) -> u64;
}

impl<V: Value, M: Map<V>> Writes<V> for M {
    fn fill(&mut self, keys: &[i64]) {
        for &key in keys {
            self.insert(key, V::make(key));
        }
    }

    fn erase(&mut self, keys: &[i64]) -> u64 {
        keys.iter().map(|&key| u64::from(self.remove(key))).sum()
    }

    fn modify(&mut self, keys: &[i64]) -> u64 {
        keys.iter().map(|&key| u64::from(self.update(key, |value| *value = V::make(key)))).sum()
    }

    fn churn(&mut self, pairs: &[(i64, i64)]) -> Tally {
        let mut tally = Tally::default();
        for &(old, new) in pairs {
            if self.remove(old) {
                tally.add(1);
            }
            self.insert(new, V::make(new));
        }
        tally
    }

    fn build_many(&self, keys: &[i64], size: usize) -> Tally {
        let mut tally = Tally::default();
        for run in keys.chunks(size) {
            let mut map = M::with_capacity(0);
            for &key in run {
                map.insert(key, V::make(key));
            }
            if let Some(digest) = black_box(&map).reader().with(run[0], V::digest) {
                tally.add(digest);
            }
        }
        tally
    }

    fn timed_inserts(&mut self, keys: &[i64], renew: Option<usize>, fastest: &mut [u32]) {
        let mut held = None;
        let mut before = Instant::now();
        for (index, (&key, fastest)) in keys.iter().zip(fastest).enumerate() {
            if renew.is_some_and(|every| index % every == 0) {
                held = self.snapshot();
                before = Instant::now();
            }
            self.insert(key, V::make(key));
            let now = Instant::now();
            *fastest = (*fastest).min(nanos(now - before));
            before = now;
        }
        drop(held);
    }

    fn timed_removals(&mut self, keys: &[i64], times: &mut Vec<u32>) -> u64 {
        let mut removed = 0;
        let mut before = Instant::now();
        for &key in keys {
            removed += u64::from(self.remove(key));
            let now = Instant::now();
            times.push(nanos(now - before));
            before = now;
        }
        removed
    }
}
