//! Walks that remove entries or change values.

use crate::common::panics::caught;
use crate::common::{Random, on_every_map};
use crate::{MANY, Numbers, holds, numbers, shared_and_not, sorted};
use cowmap_core::{Hashing, Paging};

fn retain_keeps_what_the_closure_says<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        map.retain(|key, value| {
            assert_eq!(*value, key * 10);
            key % 3 != 0
        });
        holds(map, (0..count).filter(|key| key % 3 != 0));
        map.retain(|_, _| true);
        holds(map, (0..count).filter(|key| key % 3 != 0));
        map.retain(|key, _| key == 1);
        holds(map, (0..count).filter(|&key| key == 1));
        map.retain(|_, _| false);
        assert!(map.is_empty());
        map.insert(1, 10);
        holds(map, std::iter::once(1));
    });
}

fn retain_mut_changes_and_keeps<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        map.retain_mut(|key, value| {
            *value += 1;
            key % 2 == 0
        });
        assert_eq!(map.len() as i64, (count + 1) / 2);
        assert!(map.iter().all(|(key, value)| *value == key * 10 + 1));
    });
}

fn extract_if_yields_what_it_removes<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        let odd = sorted(map.extract_if(|key, _| key % 2 == 1));
        assert_eq!(odd, (0..count).filter(|k| k % 2 == 1).map(|k| (k, k * 10)).collect::<Vec<_>>());
        holds(map, (0..count).filter(|key| key % 2 == 0));
        // What is not asked for stays.
        let left = map.len();
        let taken = map.extract_if(|_, _| true).take(3).count();
        assert_eq!(taken, left.min(3));
        assert_eq!(map.len(), left - taken);
        map.check_invariants();
        // An iterator that is forgotten leaves the map as it is.
        let mut extract = map.extract_if(|_, _| true);
        let taken_more = usize::from(extract.next().is_some());
        std::mem::forget(extract);
        assert_eq!(map.len(), left - taken - taken_more);
        map.check_invariants();
        let (low, high) = map.extract_if(|_, _| false).size_hint();
        assert_eq!((low, high), (0, Some(map.len())));
        assert!(!format!("{:?}", map.extract_if(|_, _| false)).is_empty());
    });
}

fn extract_if_may_pause_and_go_on<P: Paging, H: Hashing + Default>() {
    let mut map: Numbers<P, H> = numbers(MANY);
    let snapshot = map.clone();
    let mut taken = Vec::new();
    {
        let mut extract = map.extract_if(|key, _| key % 2 == 0);
        taken.extend(extract.by_ref().take(100));
        taken.extend(extract.by_ref());
        assert_eq!(extract.next(), None);
        assert_eq!(extract.next(), None);
    }
    assert_eq!(taken.len() as i64, MANY / 2);
    holds(&map, (0..MANY).filter(|key| key % 2 == 1));
    holds(&snapshot, 0..MANY);
}

fn removing_nearly_all_gives_memory_back<P: Paging, H: Hashing + Default>() {
    // So few that they merge into one page, tiny or not, whatever the secret: four in two pages of
    // two neighbours each may not, and keep the directory deep that tells them apart.
    const LEFT: i64 = 3;
    let mut map: Numbers<P, H> = numbers(20_000);
    let before = map.memory_usage().total;
    map.retain(|key, _| key < LEFT);
    holds(&map, 0..LEFT);
    assert!(map.memory_usage().total < before / 50, "{before} {:?}", map.memory_usage());
    let mut map: Numbers<P, H> = numbers(20_000);
    assert_eq!(map.extract_if(|key, _| key >= LEFT).count() as i64, 20_000 - LEFT);
    assert!(map.memory_usage().total < before / 50);
    map.retain(|_, _| false);
    assert_eq!(map.memory_usage().total, 0);
}

fn drain_empties<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        let shared = map.clone();
        let entries = {
            let drain = map.drain();
            assert_eq!(drain.len() as i64, count);
            sorted(drain)
        };
        assert_eq!(entries, (0..count).map(|key| (key, key * 10)).collect::<Vec<_>>());
        assert!(map.is_empty());
        *map = shared;
        map.drain().next();
        assert!(map.is_empty());
        map.insert(3, 30);
        holds(map, std::iter::once(3));
    });
}

fn iter_mut_reaches_every_value_once<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len();
        let mut entries = map.iter_mut();
        assert_eq!(entries.len(), count);
        // All at once: no two of them may be the same.
        let mut lent: Vec<(i64, &mut i64)> = entries.by_ref().collect();
        assert_eq!(entries.len(), 0);
        assert!(entries.next().is_none());
        for (key, value) in &mut lent {
            assert_eq!(**value, *key * 10);
            **value += 1;
        }
        assert_eq!(lent.len(), count);
        assert!(map.iter().all(|(key, value)| *value == key * 10 + 1));
        map.values_mut().for_each(|value| *value += 1);
        assert_eq!(map.values_mut().len(), count);
        map.iter_mut().for_each(|(_, value)| *value += 1);
        for (_, value) in &mut *map {
            *value += 1;
        }
        assert!(map.iter().all(|(key, value)| *value == key * 10 + 4));
        // From the middle on.
        let mut rest = map.iter_mut();
        rest.next();
        assert_eq!(rest.len(), count.saturating_sub(1));
        assert_eq!(rest.fold(0, |count, _| count + 1), count.saturating_sub(1));
    });
}

/// A walk is interrupted many times, and removals in between leave stale bits: they must still be
/// cleaned.
fn interrupted_walks_keep_overflow_bits_in_order<P: Paging, H: Hashing + Default>() {
    let mut map = numbers::<P, H>(2000);
    let mut random = Random::new(5);
    for round in 0..60 {
        let mut left = random.below(1500);
        caught(|| {
            map.retain(|key, _| {
                assert!(left > 0);
                left -= 1;
                key % 5 == round % 5
            });
            panic!("went through");
        });
        map.check_invariants();
        for key in 0..2000 {
            map.insert(key, key * 10);
        }
        map.check_invariants();
    }
    holds(&map, 0..2000);
}

/// Walks that are forgotten have no end in which to put pages in order; removals do it in their
/// place.
fn forgotten_walks_keep_overflow_bits_in_order<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(11);
    let keys: Vec<i64> = (0..100).map(|_| random.below(1 << 40) as i64).collect();
    let mut map: Numbers<P, H> = keys.iter().map(|&key| (key, key * 10)).collect();
    for round in 0..3000 {
        let mut extract = map.extract_if(|key, _| (key + round) % 3 == 0);
        let taken: Vec<(i64, i64)> = extract.by_ref().take(20).collect();
        std::mem::forget(extract);
        map.extend(taken);
        if round % 100 == 0 {
            map.check_invariants();
        }
    }
    for key in &keys[..50] {
        assert_eq!(map.remove(*key), Some(key * 10));
    }
    holds(&map, keys[50..].iter().copied());
}

on_every_map!(
    retain_keeps_what_the_closure_says,
    retain_mut_changes_and_keeps,
    extract_if_yields_what_it_removes,
    extract_if_may_pause_and_go_on,
    removing_nearly_all_gives_memory_back,
    drain_empties,
    iter_mut_reaches_every_value_once,
    interrupted_walks_keep_overflow_bits_in_order,
    forgotten_walks_keep_overflow_bits_in_order,
);
