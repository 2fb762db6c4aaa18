//! Who owns what: several handles of one map, written, cloned and dropped at random, against models.
//!
//! After each step every invariant that can be seen from the handle that changed is checked, and now
//! and then that the count of every page, segment and holder is the sum of the weights that all
//! handles hold it with. What a rule of `tree/` or `count.rs` forbids shows here as a write that
//! another handle sees, as a count that is wrong, or as a page that nobody owns although it should
//! be somebody's: `ci/mutants.sh` breaks them one by one.

mod common;

use std::collections::BTreeMap;

use common::Random;
use common::scale::scaled;
use cowmap_core::{Fixed, Hashing, Map, Paged, Paging, Tiny};

/// A handle and what must be in it.
struct Handle<P: Paging, H: Hashing> {
    map: Map<u64, u64, P, H>,
    model: BTreeMap<u64, u64>,
}

impl<P: Paging, H: Hashing> Clone for Handle<P, H> {
    fn clone(&self) -> Self {
        Handle { map: self.map.clone(), model: self.model.clone() }
    }
}

impl<P: Paging, H: Hashing> Handle<P, H> {
    /// Changes something, in one of many ways.
    fn change(&mut self, random: &mut Random, keys: &[u64]) {
        let Handle { map, model } = self;
        let (at, value) = (random.below(keys.len()), random.next_u64());
        let key = keys[at];
        let run = &keys[at..keys.len().min(at + 40)];
        match random.below(100) {
            0..35 => assert_eq!(map.insert(key, value), model.insert(key, value)),
            35..55 => assert_eq!(map.remove(key), model.remove(&key)),
            55..70 => {
                let new = map.get_mut(key).map(|old| *old = value);
                assert_eq!(new, model.get_mut(&key).map(|old| *old = value));
            }
            70..78 => {
                for &key in run {
                    assert_eq!(map.insert(key, value), model.insert(key, value));
                }
            }
            78..88 => {
                for &key in run {
                    assert_eq!(map.remove(key), model.remove(&key));
                }
            }
            88..91 => {
                let part = 1 + random.below(8) as u64;
                map.retain(|key, _| key % part != 0);
                model.retain(|key, _| key % part != 0);
            }
            91..94 => map.shrink_to_fit(),
            94..96 => {
                map.values_mut().for_each(|old| *old ^= value);
                model.values_mut().for_each(|old| *old ^= value);
            }
            96..97 => {
                map.clear();
                model.clear();
            }
            97..98 => map.reserve(random.below(300)),
            98..99 => {
                *map = map.unshared();
                assert_eq!(map.memory_usage().shared, 0);
            }
            _ => {
                let entries: Vec<_> = map.drain().collect();
                assert!(map.is_empty());
                map.extend(entries);
            }
        }
    }

    fn check(&self) {
        self.map.check_invariants();
        assert_eq!(self.map.len(), self.model.len());
        for (key, value) in &self.model {
            assert_eq!(self.map.get(*key), Some(value), "key {key}");
        }
    }
}

/// One history of up to six handles.
fn history<P: Paging, H: Hashing + Default>(seed: u64, steps: usize, keys: &[u64]) {
    let mut random = Random::new(seed);
    let mut handles = vec![Handle::<P, H> { map: Map::default(), model: BTreeMap::new() }];
    for &key in &keys[..random.below(keys.len())] {
        handles[0].map.insert(key, key);
        handles[0].model.insert(key, key);
    }
    for step in 0..steps {
        let at = random.below(handles.len());
        match random.below(10) {
            0..2 if handles.len() < 6 => {
                let clone = handles[at].clone();
                handles.push(clone);
            }
            2..4 if handles.len() > 1 => drop(handles.swap_remove(at)),
            _ => {
                handles[at].change(&mut random, keys);
                handles[at].check();
            }
        }
        if step % 8 == 0 {
            handles.iter().for_each(Handle::check);
            Map::check_counts(&handles.iter().map(|handle| &handle.map).collect::<Vec<_>>());
        }
    }
    // Down to one handle, to whom everything belongs then.
    while handles.len() > 1 {
        let at = random.below(handles.len());
        drop(handles.swap_remove(at));
        handles.iter().for_each(Handle::check);
    }
    let usage = handles[0].map.memory_usage();
    assert_eq!((usage.shared, usage.shared_pages), (0, 0));
}

fn dense(end: u64) -> Vec<u64> {
    (0..end).collect()
}

#[test]
fn handles_of_tiny_pages_see_their_own_writes_only() {
    for seed in 0..scaled(300, 10) {
        history::<Tiny, Fixed>(seed, 200, &dense(120));
    }
}

#[test]
fn handles_of_few_tiny_pages_see_their_own_writes_only() {
    // A directory comes and goes all the time.
    for seed in 1_000..1_000 + scaled(400, 20) {
        history::<Tiny, Fixed>(seed, 200, &dense(20));
    }
}

#[test]
fn handles_of_ordinary_pages_see_their_own_writes_only() {
    for seed in 2_000..2_000 + scaled(12, 1) {
        history::<Paged, Fixed>(seed, 150, &dense(6_000));
    }
}

/// Keys that agree in the first bits of their page hash, and few that do not: pages that are full
/// have nothing to separate, and narrow to the upper or the lower half of their links.
#[test]
fn handles_of_keys_that_agree_see_their_own_writes_only() {
    let map = Map::<u64, u64, Tiny, Fixed>::new();
    for bits in 1..5 {
        for prefix in [0, 1 << (bits - 1), (1 << bits) - 1] {
            let agree = |key: &u64| map.hashes(*key).0 >> (64 - bits) == prefix;
            let mut keys: Vec<u64> = (0..).filter(agree).take(60).collect();
            keys.extend(0..20);
            for seed in 3_000..3_000 + scaled(40, 2) {
                history::<Tiny, Fixed>(seed, 150, &keys);
            }
        }
    }
}

/// Two handles that share pages and write in turn, each dropping and cloning the other again: the
/// weights of segments and holders are used up many times over.
#[test]
fn weights_are_used_up_and_come_back() {
    let mut random = Random::new(7);
    let mut map: Map<u64, u64, Tiny, Fixed> = (0..60).map(|key| (key, 0)).collect();
    let mut held = Vec::new();
    for round in 0..scaled(3_000_u64, 300) {
        held.push(map.clone());
        let key = random.below(60) as u64;
        map.insert(key, round);
        let last = held.len() - 1;
        held[last].insert(random.below(60) as u64, round);
        if held.len() > 40 {
            held.swap_remove(random.below(held.len()));
        }
        if round % 50 == 0 {
            map.check_invariants();
            Map::check_counts(&held.iter().chain([&map]).collect::<Vec<_>>());
        }
    }
    drop(held);
    assert_eq!(map.memory_usage().shared, 0);
}

/// A snapshot that is taken and dropped without a write costs nothing afterwards: the map writes in
/// place, and what it knew of its pages stays known.
#[test]
#[cfg(not(cowmap_narrow))] // there are no stamps to be known by
fn a_snapshot_without_a_write_leaves_no_trace() {
    let mut map: Map<u64, u64, Paged, Fixed> = (0..100_000).map(|key| (key, key)).collect();
    map.values_mut().for_each(|value| *value += 1);
    let owned = map.pages_known_to_be_owned();
    assert!(owned.0 == owned.1 && owned.1 > 1_000, "{owned:?}");
    drop(map.clone());
    assert_eq!(map.pages_known_to_be_owned(), owned);
    // A clone that is written takes what it touches, and voids what the other one knew.
    let mut other = map.clone();
    other.insert(0, 0);
    assert_eq!(map.pages_known_to_be_owned().0, 0);
    drop(other);
    assert_eq!(map.pages_known_to_be_owned().0, 0);
    map.insert(0, 1);
    assert_eq!(map.pages_known_to_be_owned().0, 1);
}

/// A map that was one page for a time has a page with an old stamp, which its next root must not
/// have.
#[test]
fn stamps_grow_through_a_time_as_one_page() {
    let mut map: Map<u64, u64, Tiny, Fixed> = (0..60).map(|key| (key, key)).collect();
    for round in 0..5 {
        let snapshot = map.clone();
        map.insert(0, round);
        drop(snapshot);
    }
    map.retain(|key, _| key < 3);
    assert_eq!(map.directory_size().0, 0, "one page");
    for key in 3..60 {
        map.insert(key, key);
        map.check_invariants();
    }
}
