//! Loops that only read.

use std::hint::black_box;
use std::time::Instant;

use crate::maps::{Lookup, Map};
use crate::measure::{Tally, nanos};
use crate::values::Value;

/// How a batch of keys is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// `get` in a plain loop.
    Plain,
    /// `get_each` over the whole stream.
    Each,
    /// `get_many` by arrays of eight keys.
    Many,
}

/// Reading.
pub trait Reads<V: Value>: Send + Sync {
    /// Number of entries.
    fn size(&self) -> usize;

    /// Looks up every query; they do not depend on each other.
    fn hits(&self, queries: &[i64]) -> Tally;

    /// Looks up every query; the address of each depends on the value found before it.
    fn dependent(&self, queries: &[i64]) -> Tally;

    /// Looks up every query by batch; `None` if the map has no such operation.
    fn batch(&self, how: Batch, queries: &[i64]) -> Option<Tally>;

    /// Visits all entries.
    fn scan(&self) -> Tally;

    /// Looks up every query and adds what each took, in nanoseconds, to `times`.
    fn timed_hits(&self, queries: &[i64], times: &mut Vec<u32>) -> Tally;
}

impl<V: Value, M: Map<V>> Reads<V> for M {
    fn size(&self) -> usize {
        self.len()
    }

    fn hits(&self, queries: &[i64]) -> Tally {
        let reader = self.reader();
        let mut tally = Tally::default();
        for &key in queries {
            if let Some(digest) = reader.with(key, V::digest) {
                tally.add(digest);
            }
        }
        tally
    }

    fn dependent(&self, queries: &[i64]) -> Tally {
        let reader = self.reader();
        let mut tally = Tally::default();
        // Zero, which the compiler does not know.
        let mask = black_box(0_u64);
        let mut last = 0;
        for &query in queries {
            let key = query ^ (last & mask).cast_signed();
            if let Some(digest) = reader.with(key, V::digest) {
                last = digest;
                tally.add(digest);
            }
        }
        tally
    }

    fn batch(&self, how: Batch, queries: &[i64]) -> Option<Tally> {
        let mut tally = Tally::default();
        let visit = |value: Option<&V>| {
            if let Some(value) = value {
                tally.add(value.digest());
            }
        };
        let done = match how {
            Batch::Plain => return Some(self.hits(queries)),
            Batch::Each => self.get_each(queries, visit),
            Batch::Many => self.get_many(queries, visit),
        };
        done.then_some(tally)
    }

    fn scan(&self) -> Tally {
        let mut tally = Tally::default();
        self.for_each(|key, value| tally.add(value.digest() ^ key.cast_unsigned()));
        tally
    }

    fn timed_hits(&self, queries: &[i64], times: &mut Vec<u32>) -> Tally {
        let reader = self.reader();
        let mut tally = Tally::default();
        for &key in queries {
            let start = Instant::now();
            // Waits for the value itself: without that, the clock would be read while the
            // line is still under way.
            let digest = black_box(reader.with(key, V::digest));
            times.push(nanos(start.elapsed()));
            if let Some(digest) = digest {
                tally.add(digest);
            }
        }
        tally
    }
}
