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
