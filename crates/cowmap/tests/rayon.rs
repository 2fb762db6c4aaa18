//! Maps and sets in parallel.
#![cfg(feature = "rayon")]

use std::sync::atomic::{AtomicUsize, Ordering};

use cowmap::{CowMap, CowSet, FlatCowMap};
use rayon::prelude::*;

const MANY: u64 = 30_000;

#[test]
fn every_entry_comes_once() {
    let paged: CowMap<u64, u64> = (0..MANY).map(|id| (id, id + 1)).collect();
    let flat: FlatCowMap<u64, u64> = (0..MANY).map(|id| (id, id + 1)).collect();
    let sum = (0..MANY).sum::<u64>();
    assert_eq!(paged.par_iter().map(|(key, _)| key).sum::<u64>(), sum);
    assert_eq!(flat.par_iter().map(|(_, value)| value - 1).sum::<u64>(), sum);
    assert_eq!(paged.par_iter().count() as u64, MANY);
    assert_eq!(CowMap::<u64, u64>::new().par_iter().count(), 0);
    assert!(paged.par_iter().find_any(|&(key, _)| key == 77).is_some());
    let set: CowSet<u64> = paged.keys().collect();
    assert_eq!(set.par_iter().sum::<u64>(), sum);
    assert_eq!(set.into_par_iter().sum::<u64>(), sum);
}

#[test]
fn values_change_in_parallel_and_snapshots_stay() {
    let mut map: CowMap<u64, String> = (0..MANY).map(|id| (id, id.to_string())).collect();
    let snapshot = map.clone();
    map.par_iter_mut().for_each(|(_, value)| value.push('!'));
    assert!(map.iter().all(|(key, value)| *value == format!("{key}!")));
    assert!(snapshot.iter().all(|(key, value)| *value == key.to_string()));
    map.check_invariants();
}

/// Counts drops.
struct Counted<'a>(&'a AtomicUsize, u64);

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.0, self.1)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn values_move_out_in_parallel_and_each_is_dropped_once() {
    let alive = AtomicUsize::new(0);
    for shared in [false, true] {
        for panics in [false, true] {
            let map: CowMap<u64, Counted<'_>> = (0..MANY)
                .map(|id| {
                    alive.fetch_add(1, Ordering::Relaxed);
                    (id, Counted(&alive, id))
                })
                .collect();
            let snapshot = shared.then(|| map.clone());
            let work = || {
                map.into_par_iter()
                    .map(|(key, value)| {
                        assert!(!panics || key != 20_000, "as told");
                        assert_eq!(key, value.1);
                        key
                    })
                    .sum::<u64>()
            };
            let sum = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            assert_eq!(sum.is_err(), panics);
            if let Some(snapshot) = snapshot {
                snapshot.check_invariants();
                assert!((0..MANY).all(|key| snapshot[key].1 == key));
            }
            assert_eq!(alive.load(Ordering::Relaxed), 0);
        }
    }
}

#[test]
fn maps_are_made_in_parallel() {
    let map: CowMap<u64, u64> = (0..MANY).into_par_iter().map(|id| (id / 2, id)).collect();
    assert_eq!(map.len() as u64, MANY / 2);
    // The last of equal keys wins.
    assert!(map.iter().all(|(key, &value)| value == key * 2 + 1));
    let mut flat: FlatCowMap<u64, u64> = map.par_iter().map(|(key, value)| (key, *value)).collect();
    flat.par_extend((0..MANY).into_par_iter().map(|id| (id, 0)));
    assert_eq!(flat.len() as u64, MANY);
    assert!(flat.values().all(|&value| value == 0));
    let mut set: CowSet<u64> = (0..MANY).into_par_iter().collect();
    set.par_extend((MANY..MANY + 10).into_par_iter());
    assert_eq!(set.len() as u64, MANY + 10);
}

/// What parallel collecting makes room for does not outlive it: what is left after removals takes
/// no more than in a map that was built one by one, whatever the kind of map.
#[test]
fn room_that_was_made_for_parallel_entries_is_no_floor() {
    macro_rules! check {
        ($map:ty) => {
            let one_by_one: $map = (0..MANY).map(|id| (id, id)).collect();
            let mut collected: $map = (0..MANY).into_par_iter().map(|id| (id, id)).collect();
            let mut extended = <$map>::default();
            extended.par_extend((0..MANY).into_par_iter().map(|id| (id, id)));
            let most = one_by_one.memory_usage().total * 14 / 10;
            for map in [&mut collected, &mut extended] {
                assert!(map.memory_usage().total <= most, "{:?}, {most}", map.memory_usage());
                (10..MANY).for_each(|id| assert_eq!(map.remove(id), Some(id)));
                let mut few = one_by_one.clone();
                (10..MANY).for_each(|id| assert_eq!(few.remove(id), Some(id)));
                assert_eq!(map.memory_usage().total, few.memory_usage().total);
                assert!(map.capacity() < 200);
                map.check_invariants();
            }
        };
    }
    check!(CowMap<u64, u64>);
    check!(FlatCowMap<u64, u64>);
    check!(cowmap::SeededCowMap<u64, u64>);
    let mut set: CowSet<u64> = (0..MANY).into_par_iter().collect();
    (10..MANY).for_each(|id| assert!(set.remove(id)));
    assert!(set.capacity() < 300, "{}", set.capacity());
}

/// Equal keys, of which only one stays, leave no room for all.
#[test]
fn room_for_equal_keys_is_given_back() {
    macro_rules! check {
        ($map:ty) => {
            for distinct in [1, 10, 500, MANY / 3, MANY - MANY / 10] {
                let entries = || (0..MANY).into_par_iter().map(|id| (id % distinct, id));
                let mut one_by_one = <$map>::default();
                one_by_one.extend((0..MANY).map(|id| (id % distinct, id)));
                let collected: $map = entries().collect();
                let mut extended = <$map>::default();
                extended.par_extend(entries());
                assert!(collected == one_by_one && extended == one_by_one);
                let most = one_by_one.memory_usage().total * 14 / 10;
                for map in [&collected, &extended] {
                    map.check_invariants();
                    assert!(
                        map.memory_usage().total <= most,
                        "{distinct}: {:?}, {most}",
                        map.memory_usage()
                    );
                }
            }
        };
    }
    check!(CowMap<u64, u64>);
    check!(FlatCowMap<u64, u64>);
}

/// Keys that are there take no room, and what was reserved before stays so.
#[test]
fn extending_by_keys_that_are_there_grows_nothing() {
    let entries = || (0..MANY).into_par_iter().map(|id| (id, id + 1));
    let mut flat: FlatCowMap<u64, u64> = (0..MANY).map(|id| (id, id)).collect();
    let mut paged: CowMap<u64, u64> = (0..MANY).map(|id| (id, id)).collect();
    let before = (flat.memory_usage().total, paged.memory_usage().total, flat.capacity());
    flat.par_extend(entries());
    paged.par_extend(entries());
    let after = (flat.memory_usage().total, paged.memory_usage().total, flat.capacity());
    assert_eq!(before, after);

    for reserved in [MANY as usize / 10, MANY as usize * 2] {
        let mut flat = FlatCowMap::<u64, u64>::with_capacity(reserved);
        let mut paged = CowMap::<u64, u64>::with_capacity(reserved);
        flat.par_extend(entries());
        paged.par_extend(entries());
        flat.clear();
        flat.retain(|_, _| true);
        paged.clear();
        assert!(flat.capacity() >= reserved && paged.capacity() >= reserved);
        flat.par_extend(entries().filter(|entry| entry.0 < 10));
        paged.par_extend(entries().filter(|entry| entry.0 < 10));
        flat.retain(|key, _| key < 5);
        paged.retain(|key, _| key < 5);
        assert!(flat.capacity() >= reserved && paged.capacity() >= reserved);
    }
}

/// A panic in the middle leaves the floor of before, too.
#[test]
fn the_reserved_key_among_parallel_entries_leaves_no_floor() {
    let entries = || (0..MANY).map(|id| (if id == 10 { u64::MAX } else { id }, id));
    let entries: Vec<_> = entries().collect();
    let mut flat = FlatCowMap::<u64, u64>::new();
    let mut paged = CowMap::<u64, u64>::new();
    for panicked in [
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            flat.par_extend(entries.par_iter().copied());
        })),
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            paged.par_extend(entries.par_iter().copied());
        })),
    ] {
        assert!(panicked.is_err());
    }
    assert_eq!((flat.len(), paged.len()), (10, 10));
    assert!(flat.capacity() < 100 && paged.capacity() < 200);
    paged.check_invariants();
}
