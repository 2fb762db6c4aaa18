//! One map that many threads write, its snapshots, and the models of both.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use cowmap::{Entry, Hashing, Map, Paging};
use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::StdRng;

use super::value::{Tally, Value};
use super::{Counts, Steps};
use crate::difference::{Difference, same};

/// How many snapshots a lane keeps at most.
const HELD: usize = 8;
/// How many operations there are in a burst at most.
const BURST: usize = 200;

/// How a number below the lane's bound becomes a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    /// The number itself.
    Dense,
    /// The number in the high half.
    Shifted,
    /// Anywhere among all integers.
    Scattered,
}

impl Family {
    fn key(self, number: i64) -> i64 {
        match self {
            Family::Dense => number,
            Family::Shifted => number << 32,
            Family::Scattered => number.wrapping_mul(0x5851_F42D_4C95_7F2D),
        }
    }
}

/// A map, its snapshots and their models.
pub(super) struct Lane<'t, V, P: Paging, H: Hashing> {
    live: Mutex<Live<V, P, H>>,
    held: Mutex<Vec<Held<V, P, H>>>,
    empty: fn() -> Map<i64, V, P, H>,
    family: Family,
    keys: i64,
    tally: &'t Tally,
}

/// The map that is written.
struct Live<V, P: Paging, H: Hashing> {
    map: Map<i64, V, P, H>,
    model: HashMap<i64, u64>,
    /// What the entries of the model add up to.
    sum: Sum,
    /// The version that was written last.
    version: u64,
    /// Whether bursts insert more than they remove.
    growing: bool,
}

/// A snapshot, and what its entries must add up to.
struct Held<V, P: Paging, H: Hashing> {
    map: Map<i64, V, P, H>,
    len: usize,
    sum: Sum,
}

impl<V, P: Paging, H: Hashing> Clone for Held<V, P, H> {
    fn clone(&self) -> Self {
        Held { map: self.map.clone(), len: self.len, sum: self.sum }
    }
}

/// What entries add up to, in whatever order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Sum(u64);

impl Sum {
    fn of(key: i64, version: u64) -> u64 {
        let mixed =
            (key.cast_unsigned() ^ version.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    fn add(&mut self, key: i64, version: u64) {
        self.0 = self.0.wrapping_add(Sum::of(key, version));
    }

    fn subtract(&mut self, key: i64, version: u64) {
        self.0 = self.0.wrapping_sub(Sum::of(key, version));
    }
}

impl<'t, V: Value<'t>, P: Paging, H: Hashing> Lane<'t, V, P, H> {
    pub(super) fn new(
        empty: fn() -> Map<i64, V, P, H>,
        family: Family,
        keys: i64,
        tally: &'t Tally,
    ) -> Self {
        let live = Live {
            map: empty(),
            model: HashMap::new(),
            sum: Sum::default(),
            version: 0,
            growing: true,
        };
        Lane { live: Mutex::new(live), held: Mutex::new(Vec::new()), empty, family, keys, tally }
    }

    fn random_key(&self, rng: &mut StdRng) -> i64 {
        match rng.random_range(0..1000) {
            0 => i64::MIN + 1,
            1 => i64::MAX,
            2 => i64::MIN,
            _ => self.family.key(rng.random_range(0..self.keys)),
        }
    }

    /// Some writes and lookups, each compared with the model.
    fn burst(
        &self,
        live: &mut Live<V, P, H>,
        rng: &mut StdRng,
        counts: &Counts,
    ) -> Result<(), Difference> {
        if rng.random_ratio(1, 50) {
            live.growing = !live.growing;
        }
        let operations = rng.random_range(1..=BURST);
        let neighbours = rng.random_ratio(1, 2).then(|| rng.random_range(0..self.keys));
        for step in 0..operations {
            let key = match neighbours {
                Some(first) => self.family.key((first + step as i64) % self.keys),
                None => self.random_key(rng),
            };
            self.operation(live, key, rng)?;
        }
        counts.operations.fetch_add(operations as u64, Relaxed);
        same!(live.map.len(), live.model.len(), "length");
        Ok(())
    }

    fn operation(
        &self,
        live: &mut Live<V, P, H>,
        key: i64,
        rng: &mut StdRng,
    ) -> Result<(), Difference> {
        let known = live.model.get(&key).copied();
        let write = rng.random_ratio(if live.growing { 4 } else { 1 }, 5);
        if rng.random_ratio(1, 8) {
            same!(live.map.get(key).map(V::version), known, "get({key})");
        } else if write {
            self.write(live, key, known, rng)?;
        } else {
            same!(live.map.remove(key).map(|value| value.version()), known, "remove({key})");
            if let Some(version) = live.model.remove(&key) {
                live.sum.subtract(key, version);
            }
        }
        Ok(())
    }

    fn write(
        &self,
        live: &mut Live<V, P, H>,
        key: i64,
        known: Option<u64>,
        rng: &mut StdRng,
    ) -> Result<(), Difference> {
        live.version += 1;
        let version = live.version;
        let value = V::new(version, self.tally);
        let written = match rng.random_range(0..4) {
            0 => match live.map.get_mut(key) {
                Some(value) => {
                    same!(Some(value.version()), known, "get_mut({key})");
                    value.set(version);
                    true
                }
                None => {
                    same!(None, known, "get_mut({key})");
                    false
                }
            },
            1 if key != i64::MIN => {
                match live.map.entry(key) {
                    Entry::Occupied(mut entry) => {
                        same!(Some(entry.insert(value).version()), known, "entry({key})");
                    }
                    Entry::Vacant(entry) => {
                        same!(None, known, "entry({key})");
                        entry.insert(value);
                    }
                }
                true
            }
            _ => match live.map.checked_insert(key, value) {
                Ok(old) => {
                    same!(old.map(|old| old.version()), known, "insert({key})");
                    true
                }
                Err(error) => {
                    same!(key, i64::MIN, "reserved key");
                    same!(error.into_value().version(), version, "the value of an error");
                    false
                }
            },
        };
        if written {
            if let Some(old) = live.model.insert(key, version) {
                live.sum.subtract(key, old);
            }
            live.sum.add(key, version);
        }
        Ok(())
    }

    /// A burst after a snapshot, which shows how many pages it copied: those that the snapshot does
    /// not share.
    fn counted_burst(&self, rng: &mut StdRng, counts: &Counts) -> Result<(), Difference> {
        let mut live = self.live.lock();
        let before = live.snapshot(counts);
        self.burst(&mut live, rng, counts)?;
        let usage = live.map.memory_usage();
        drop(live);
        counts.pages_copied.fetch_add((usage.pages - usage.shared_pages) as u64, Relaxed);
        self.hold(before, rng);
        Ok(())
    }

    /// Keeps a snapshot, and drops another if there are many.
    fn hold(&self, snapshot: Held<V, P, H>, rng: &mut StdRng) {
        let mut held = self.held.lock();
        let dropped = (held.len() >= HELD).then(|| take_one(&mut held, rng));
        held.push(snapshot);
        drop(held);
        drop(dropped);
    }

    fn any_held(&self, rng: &mut StdRng) -> Option<Held<V, P, H>> {
        let held = self.held.lock();
        (!held.is_empty()).then(|| held[rng.random_range(0..held.len())].clone())
    }

    /// Writes to a clone of a snapshot, which must change neither the snapshot nor the map; or
    /// makes the clone the map.
    fn branch(&self, rng: &mut StdRng, counts: &Counts) -> Result<(), Difference> {
        let Some(held) = self.any_held(rng) else { return Ok(()) };
        let mut branch = Live {
            model: held.map.iter().map(|(key, value)| (key, value.version())).collect(),
            map: held.map.clone(),
            sum: held.sum,
            version: self.live.lock().version,
            growing: rng.random(),
        };
        self.burst(&mut branch, rng, counts)?;
        branch.check()?;
        held.check(counts)?;
        if rng.random_ratio(1, 4) {
            let mut live = self.live.lock();
            std::mem::swap(&mut *live, &mut branch);
        }
        Ok(())
    }

    /// Collects a snapshot into a map of its own, by reference or by value.
    fn collect(&self, rng: &mut StdRng, counts: &Counts) -> Result<(), Difference> {
        let Some(held) = self.any_held(rng) else { return Ok(()) };
        let mut map = (self.empty)();
        if rng.random() {
            map.extend(held.map.iter().map(|(key, value)| (key, value.clone())));
        } else {
            map.extend(held.map.clone());
        }
        Held { map, ..held }.check(counts)
    }

    /// The rarer operations on a whole map.
    fn whole(&self, rng: &mut StdRng) -> Result<(), Difference> {
        let mut live = self.live.lock();
        match rng.random_range(0..40) {
            0 => {
                live.map.clear();
                live.model.clear();
                live.sum = Sum::default();
                same!(live.map.len(), 0, "length after clear");
            }
            1..10 => live.map.shrink_to_fit(),
            10..20 => live.map.reserve(rng.random_range(0..1000)),
            _ => live.check()?,
        }
        Ok(())
    }
}

impl<'t, V: Value<'t>, P: Paging, H: Hashing + Send> Steps for Lane<'t, V, P, H> {
    fn step(&self, rng: &mut StdRng, counts: &Counts) -> Result<(), Difference> {
        match rng.random_range(0..1000) {
            0..700 => {
                let mut live = self.live.lock();
                self.burst(&mut live, rng, counts)
            }
            700..850 => self.counted_burst(rng, counts),
            850..900 => {
                let snapshot = self.live.lock().snapshot(counts);
                self.hold(snapshot, rng);
                Ok(())
            }
            900..960 => self.any_held(rng).map_or(Ok(()), |held| held.check(counts)),
            960..985 => {
                let mut held = self.held.lock();
                let dropped = (!held.is_empty()).then(|| take_one(&mut held, rng));
                drop(held);
                drop(dropped);
                Ok(())
            }
            985..990 => self.branch(rng, counts),
            990..995 => self.collect(rng, counts),
            _ => self.whole(rng),
        }
    }

    fn finish(&self) -> Result<(), Difference> {
        let held = std::mem::take(&mut *self.held.lock());
        for snapshot in &held {
            snapshot.check(&Counts::default())?;
        }
        drop(held);
        let live = self.live.lock();
        live.check()?;
        same!(live.map.is_shared(), false, "shared after all snapshots were dropped");
        same!(live.map.memory_usage().shared, 0, "bytes shared after all snapshots were dropped");
        Ok(())
    }
}

impl<'t, V: Value<'t>, P: Paging, H: Hashing> Live<V, P, H> {
    fn snapshot(&self, counts: &Counts) -> Held<V, P, H> {
        counts.snapshots.fetch_add(1, Relaxed);
        Held { map: self.map.clone(), len: self.model.len(), sum: self.sum }
    }

    /// Compares the map with the model, entry by entry.
    fn check(&self) -> Result<(), Difference> {
        self.map.check_invariants();
        same!(self.map.len(), self.model.len(), "length");
        for (key, version) in &self.model {
            same!(self.map.get(*key).map(V::version), Some(*version), "get({key})");
        }
        Ok(())
    }
}

impl<'t, V: Value<'t>, P: Paging, H: Hashing> Held<V, P, H> {
    /// Scans the snapshot, and looks up every key that the scan shows.
    fn check(&self, counts: &Counts) -> Result<(), Difference> {
        let mut sum = Sum::default();
        let mut len = 0;
        for (key, value) in &self.map {
            sum.add(key, value.version());
            len += 1;
            same!(self.map.get(key).map(V::version), Some(value.version()), "snapshot.get({key})");
        }
        same!(self.map.len(), self.len, "length of a snapshot");
        same!(len, self.len, "entries of a snapshot");
        same!(sum, self.sum, "sum of a snapshot");
        counts.scans.fetch_add(1, Relaxed);
        Ok(())
    }
}

fn take_one<T>(items: &mut Vec<T>, rng: &mut StdRng) -> T {
    let index = rng.random_range(0..items.len());
    items.swap_remove(index)
}
