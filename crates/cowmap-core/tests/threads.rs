//! Threads that read, snapshot, write and drop: right answers, and every value dropped exactly
//! once.
//!
//! The tests run for a fixed time; what they find does not depend on it.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::{Counted, Counts, Random};
use cowmap_core::{CowMap, Fixed, Flat, FlatCowMap, Map, Paged, Paging, Tiny};

const TIME: Duration = Duration::from_millis(1_500);

/// Pairs of accounts: what one has the other lacks, in every snapshot.
const PAIRS: i64 = 300;

/// A writer keeps `2 * pair` and `2 * pair + 1` at a sum of zero, or both absent; readers check
/// that.
fn readers_and_a_writer<P: Paging>() {
    let counts = Counts::new();
    let initial: Map<i64, Counted, P, Fixed> =
        (0..2 * PAIRS).map(|key| (key, counts.value(0))).collect();
    let published = Mutex::new(initial);
    let done = AtomicBool::new(false);
    let snapshot = || published.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let checked: usize = thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut checked = 0;
                    let mut held = Vec::new();
                    while !done.load(Ordering::Relaxed) {
                        let map = snapshot();
                        assert_eq!(map.iter().map(|(_, value)| value.id).sum::<i64>(), 0);
                        assert_eq!(map.iter().count(), map.len());
                        for pair in 0..PAIRS {
                            let [one, other] = [2 * pair, 2 * pair + 1].map(|key| map.get(key));
                            assert_eq!(one.map(|value| value.id), other.map(|value| -value.id));
                        }
                        // Some are dropped in another order than they were taken.
                        held.push(map);
                        if held.len() > 5 {
                            held.swap_remove(checked % 5);
                        }
                        checked += 1;
                    }
                    checked
                })
            })
            .collect();
        let mut random = Random::new(10);
        let start = Instant::now();
        while start.elapsed() < TIME {
            let mut map = published.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..random.below(20) {
                let pair = i64::try_from(random.below(300)).expect("small");
                let amount = i64::try_from(random.below(1_000)).expect("small");
                match random.below(3) {
                    0 => {
                        let removed = [map.remove(2 * pair), map.remove(2 * pair + 1)];
                        assert_eq!(removed[0].is_some(), removed[1].is_some());
                    }
                    1 => {
                        map.insert(2 * pair, counts.value(amount));
                        map.insert(2 * pair + 1, counts.value(-amount));
                    }
                    _ => {
                        if let Some(value) = map.get_mut(2 * pair) {
                            value.id += amount;
                            map.get_mut(2 * pair + 1).expect("as the other one").id -= amount;
                        }
                    }
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().expect("the reader saw no error")).sum()
    });
    assert!(checked > 0, "no snapshot was checked");
    published.lock().unwrap_or_else(PoisonError::into_inner).check_invariants();
    assert!(counts.alive() > 0);
    drop(published);
    assert_eq!(counts.alive(), 0, "every value is dropped once");
}

#[test]
fn readers_see_whole_transactions_of_a_paged_map() {
    readers_and_a_writer::<Paged>();
}

#[test]
fn readers_see_whole_transactions_of_a_flat_map() {
    readers_and_a_writer::<Flat>();
}

#[test]
fn readers_see_whole_transactions_of_a_map_with_tiny_pages() {
    readers_and_a_writer::<Tiny>();
}

/// Four threads that each write to their own clone of one map, all at once, again and again.
fn writers_of_their_own_clones<P: Paging>() {
    const KEYS: i64 = 1_000;
    let counts = Counts::new();
    let map: Map<i64, Counted, P, Fixed> = (0..KEYS).map(|key| (key, counts.value(key))).collect();
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < TIME / 2 || rounds < 3 {
        thread::scope(|scope| {
            for writer in 0..4 {
                let mut map = map.clone();
                let counts = &counts;
                scope.spawn(move || {
                    for key in (writer..KEYS).step_by(5) {
                        assert_eq!(map.remove(key).map(|value| value.id), Some(key));
                        map.insert(-1 - key, counts.value(key));
                        if let Some(value) = map.get_mut(key + 1) {
                            value.id = -7;
                        }
                    }
                    map.check_invariants();
                    let changed = |key: i64| (key - writer).rem_euclid(5) == 0 && key >= writer;
                    for key in 0..KEYS {
                        let wanted = match key {
                            _ if changed(key) => None,
                            _ if changed(key - 1) => Some(-7),
                            _ => Some(key),
                        };
                        assert_eq!(map.get(key).map(|value| value.id), wanted, "{key}");
                    }
                    assert_eq!(map.len(), usize::try_from(KEYS).expect("positive"));
                });
            }
        });
        rounds += 1;
    }
    assert!((0..KEYS).all(|key| map.get(key).map(|value| value.id) == Some(key)));
    assert!(!map.is_shared());
    drop(map);
    assert_eq!(counts.alive(), 0, "every value is dropped once");
}

#[test]
fn writers_of_their_own_clones_of_a_paged_map_do_not_see_each_other() {
    writers_of_their_own_clones::<Paged>();
}

#[test]
fn writers_of_their_own_clones_of_a_flat_map_do_not_see_each_other() {
    writers_of_their_own_clones::<Flat>();
}

#[test]
fn writers_of_their_own_clones_of_a_map_with_tiny_pages_do_not_see_each_other() {
    writers_of_their_own_clones::<Tiny>();
}

/// The last handle may be dropped anywhere.
#[test]
fn handles_dropped_by_many_threads_free_everything_once() {
    let counts = Counts::new();
    for _ in 0..200 {
        let paged: CowMap<i64, _> = (0..200).map(|key| (key, counts.value(key))).collect();
        let mut changed = paged.clone();
        changed.remove(3);
        changed.insert(1_000, counts.value(0));
        let flat: FlatCowMap<i64, _> = (0..50).map(|key| (key, counts.value(key))).collect();
        thread::scope(|scope| {
            for _ in 0..4 {
                let handles = (paged.clone(), changed.clone(), flat.clone());
                scope.spawn(move || drop(handles));
            }
            drop((paged, changed, flat));
        });
    }
    assert_eq!(counts.alive(), 0);
}

/// Counts are compared only where nobody else can change them, so that checking a map gives no false
/// alarm while other threads copy, write and drop what it shares.
#[test]
fn invariants_hold_while_other_threads_clone_write_and_drop() {
    let shared: Map<u64, u64, Tiny, Fixed> = (0..200).map(|key| (key, key)).collect();
    let mut own = shared.clone();
    own.insert(0, 1);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for seed in 0..2 {
            let (shared, other, done) = (&shared, own.clone(), &done);
            scope.spawn(move || {
                let mut random = Random::new(seed);
                while !done.load(Ordering::Relaxed) {
                    let mut clone = if seed == 0 { shared.clone() } else { other.clone() };
                    for _ in 0..random.below(4) {
                        clone.insert(random.below(200) as u64, 7);
                        clone.remove(random.below(200) as u64);
                    }
                    clone.check_invariants();
                }
            });
        }
        let start = Instant::now();
        let mut random = Random::new(3);
        while start.elapsed() < TIME {
            shared.check_invariants();
            own.insert(random.below(200) as u64, 8);
            own.check_invariants();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!((shared.len(), own.len()), (200, 200));
    Map::check_counts(&[&shared, &own]);
}
