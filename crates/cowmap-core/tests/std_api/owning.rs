//! Maps by value, and copies of them.

use crate::common::on_every_map;
use crate::{MANY, Numbers, counted, holds, numbers, sorted};
use cowmap_core::{CowMap, Hashing, Map, Paging};

fn owning_iterators_yield_everything<P: Paging, H: Hashing + Default>() {
    for count in [0, 1, 5, 100, MANY] {
        let expected: Vec<i64> = (0..count).collect();
        let tens: Vec<i64> = (0..count).map(|id| id * 10).collect();
        let map: Numbers<P, H> = numbers(count);
        assert_eq!(sorted(map.clone().into_keys()), expected);
        assert_eq!(sorted(map.clone().into_values()), tens);
        assert_eq!(map.clone().into_keys().len() as i64, count);
        // From the middle on.
        let (mut keys, mut values) = (map.clone().into_keys(), map.clone().into_values());
        let mut entries = map.clone().into_iter();
        let mut seen: Vec<i64> = keys.by_ref().take(70).collect();
        assert!(entries.by_ref().take(70).map(|(key, _)| key).eq(seen.iter().copied()));
        assert!(values.by_ref().take(70).eq(seen.iter().map(|key| key * 10)));
        let at = seen.len();
        keys.for_each(|key| seen.push(key));
        let mut folded = Vec::new();
        entries.for_each(|(key, value)| folded.push((key, value)));
        assert!(folded.into_iter().eq(seen[at..].iter().map(|&key| (key, key * 10))));
        assert_eq!(values.sum::<i64>(), seen[at..].iter().sum::<i64>() * 10);
        assert_eq!(sorted(seen), expected);
        assert_eq!(map.clone().into_values().len() as i64, count);
        holds(&map, 0..count);
        assert_eq!(sorted(map.into_keys()), expected);
        assert_eq!(sorted(numbers::<P, H>(count).into_values()), tens);
    }
}

fn owning_iterators_clone_and_drop_what_they_must<P: Paging, H: Hashing + Default>() {
    let (counts, map) = counted::<P, H>(300);
    assert_eq!(counts.clones_in(|| map.snapshot().into_keys().count()), (0, 300));
    let mut values = map.into_values();
    values.by_ref().take(100).for_each(drop);
    assert_eq!((counts.clones(), counts.alive()), (0, 200));
    drop(values);
    assert_eq!(counts.alive(), 0);
    let (counts, map) = counted::<P, H>(300);
    let mut values = map.into_values();
    values.by_ref().take(100).for_each(drop);
    assert_eq!(values.fold(0, |count, value| count + i64::from(value.id >= 0)), 200);
    assert_eq!((counts.clones(), counts.alive()), (0, 0));
    let (counts, map) = counted::<P, H>(300);
    let mut keys = map.into_keys();
    assert_eq!(keys.by_ref().take(100).count(), 100);
    drop(keys);
    assert_eq!((counts.clones(), counts.alive()), (0, 0));
    let (counts, mut map) = counted::<P, H>(300);
    let snapshot = map.snapshot();
    assert_eq!(map.drain().take(10).count(), 10);
    assert_eq!(counts.clones(), 10);
    drop(map);
    assert_eq!(counts.alive(), 300);
    drop(snapshot);
    assert_eq!(counts.alive(), 0);
}

fn unshared_copies_have_no_ties<P: Paging, H: Hashing + Default>() {
    for count in [0, 1, 100, MANY] {
        let (counts, map) = counted::<P, H>(count);
        let snapshot = map.snapshot();
        let (clones, copy) = counts.clones_in(|| map.unshared());
        assert_eq!(clones as i64, count);
        assert_eq!(copy.memory_usage().shared, 0);
        copy.check_invariants();
        assert_eq!(copy, map);
        assert!(snapshot.ptr_eq(&map));
        drop((map, snapshot));
        copy.check_invariants();
        drop(copy);
        assert_eq!(counts.alive(), 0);
    }
    let mut reserved = Map::<i64, i64, P, H>::default();
    reserved.reserve(10_000);
    assert_eq!(reserved.unshared().memory_usage().shared, 0);
}

#[test]
fn a_snapshot_is_taken_apart_on_another_thread() {
    let mut map: CowMap<u64, String> = (0..2000).map(|id| (id, id.to_string())).collect();
    let entries = map.snapshot().into_iter();
    let thread = std::thread::spawn(move || {
        entries.map(|(key, value)| assert_eq!(key.to_string(), value)).count()
    });
    for key in 0..2000 {
        map.insert(key, String::new());
    }
    assert_eq!(thread.join().expect("no panic"), 2000);
}

on_every_map!(
    owning_iterators_yield_everything,
    owning_iterators_clone_and_drop_what_they_must,
    unshared_copies_have_no_ties,
);
