//! The operations of the YCSB workloads.

use crate::maps::{Lookup, Map};
use crate::measure::Tally;
use crate::values::Value;

/// One operation. Keys are given, so that every map does the same.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Read one.
    Read(i64),
    /// Overwrite one.
    Update(i64),
    /// Insert a new one.
    Insert(i64),
    /// Read so many of the ids that follow each other, from this index on: the nearest thing a
    /// hash map has to a range scan.
    Scan(u32, u8),
    /// Read one and change it in place.
    Modify(i64),
}

/// Running them.
pub trait Ycsb<V: Value>: Send + Sync {
    /// Runs the operations; `ids` are the keys in order, for the scans.
    fn ycsb(&mut self, ops: &[Op], ids: &[i64]) -> Tally;
}

impl<V: Value, M: Map<V>> Ycsb<V> for M {
    fn ycsb(&mut self, ops: &[Op], ids: &[i64]) -> Tally {
        let mut tally = Tally::default();
        for &op in ops {
            match op {
                Op::Read(key) => {
                    if let Some(digest) = self.reader().with(key, V::digest) {
                        tally.add(digest);
                    }
                }
                Op::Update(key) | Op::Insert(key) => self.insert(key, V::make(key)),
                Op::Scan(start, length) => {
                    let reader = self.reader();
                    let start = start as usize;
                    for &key in &ids[start..start + usize::from(length)] {
                        if let Some(digest) = reader.with(key, V::digest) {
                            tally.add(digest);
                        }
                    }
                }
                Op::Modify(key) => {
                    if self.update(key, |value| *value = V::make(key)) {
                        tally.add(1);
                    }
                }
            }
        }
        tally
    }
}
