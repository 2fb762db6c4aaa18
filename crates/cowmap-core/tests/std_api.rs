//! The methods of `std::collections::HashMap`, and those beyond it, on every kind of map, shared and not.

mod common;

use std::collections::HashMap;

use common::counted::{panic_at_clone, panic_at_drop};
use common::panics::caught;
use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{CowMap, Entry, Hashing, IntoIter, Map, Paged, Paging};

type Numbers<P, H> = Map<i64, i64, P, H>;

/// Enough entries for several levels of tiny pages, and for a directory of ordinary ones.
const MANY: i64 = 1500;

fn numbers<P: Paging, H: Hashing + Default>(count: i64) -> Numbers<P, H> {
    (0..count).map(|id| (id, id * 10)).collect()
}

fn counted<P: Paging, H: Hashing + Default>(count: i64) -> (Counts, Map<i64, Counted, P, H>) {
    let counts = Counts::new();
    let map = (0..count).map(|id| (id, counts.value(id))).collect();
    (counts, map)
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

/// Checks that a map holds exactly the keys `expected`, each with ten times itself.
#[track_caller]
fn holds<P: Paging, H: Hashing>(map: &Numbers<P, H>, expected: impl Iterator<Item = i64>) {
    map.check_invariants();
    let expected = sorted(expected);
    assert_eq!(sorted(map.keys()), expected);
    for key in expected {
        assert_eq!(map.get(key), Some(&(key * 10)));
    }
}

/// Runs `work` on a map that is shared and on one that is not; the snapshot must stay as it was.
fn shared_and_not<P: Paging, H: Hashing + Default>(work: impl Fn(&mut Numbers<P, H>)) {
    for count in [0, 1, 5, 100, MANY] {
        let mut map = numbers(count);
        work(&mut map);
        map.check_invariants();
        let mut map = numbers(count);
        let snapshot = map.clone();
        work(&mut map);
        map.check_invariants();
        holds(&snapshot, 0..count);
        drop(map);
        holds(&snapshot, 0..count);
    }
}

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
    let mut map: Numbers<P, H> = numbers(20_000);
    let before = map.memory_usage().total;
    map.retain(|key, _| key < 10);
    holds(&map, 0..10);
    assert!(map.memory_usage().total < before / 50, "{before} {:?}", map.memory_usage());
    let mut map: Numbers<P, H> = numbers(20_000);
    assert_eq!(map.extract_if(|key, _| key >= 10).count(), 19_990);
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

fn owning_iterators_yield_everything<P: Paging, H: Hashing + Default>() {
    for count in [0, 1, 5, 100, MANY] {
        let expected: Vec<i64> = (0..count).collect();
        let tens: Vec<i64> = (0..count).map(|id| id * 10).collect();
        let map: Numbers<P, H> = numbers(count);
        assert_eq!(sorted(map.clone().into_keys()), expected);
        assert_eq!(sorted(map.clone().into_values()), tens);
        assert_eq!(map.clone().into_keys().len() as i64, count);
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

fn one_key_at_a_time<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        assert_eq!(map.get_key_value(0), (count > 0).then_some((0, &0)));
        assert_eq!(map.get_key_value(i64::MIN), None);
        assert_eq!(map.remove_entry(i64::MIN), None);
        assert_eq!(map.remove_entry(count), None);
        assert_eq!(map.remove_entry(0), (count > 0).then_some((0, 0)));
        map.alter(0, |value| {
            assert_eq!(value, None);
            Some(7)
        });
        map.alter(0, |value| value.map(|value| value - 7));
        assert_eq!(map.get(0), Some(&0));
        map.alter(0, |value| value.filter(|&value| value > 0));
        assert_eq!(map.get(0), None);
        map.alter(-1, |value| value);
        holds(map, 1..count);
    });
    let mut map = numbers::<P, H>(3);
    let panic = caught(|| map.alter(i64::MIN, |_| unreachable!()));
    assert_eq!(panic.message, "i64::MIN cannot be used as a key (reserved as empty sentinel)");
    assert_eq!(panic.file, file!());
    holds(&map, 0..3);
}

fn entries_do_what_std_does<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        *map.entry(-1).or_insert_with_key(|key| key * 20) /= 2;
        assert_eq!(*map.entry(-1).or_insert_with_key(|_| unreachable!()), -10);
        let entry = map.entry(-2).insert_entry(-20);
        assert_eq!((entry.key(), *entry.get()), (-2, -20));
        let mut entry = map.entry(-2).insert_entry(7);
        *entry.get_mut() -= 27;
        assert_eq!(entry.remove_entry(), (-2, -20));
        match map.entry(-3) {
            Entry::Vacant(entry) => assert_eq!(entry.into_key(), -3),
            Entry::Occupied(_) => unreachable!(),
        }
        match map.entry(-3) {
            Entry::Vacant(entry) => assert_eq!(entry.insert_entry(-30).insert(5), -30),
            Entry::Occupied(_) => unreachable!(),
        }
        assert_eq!(map.remove(-3), Some(5));
        map.entry(-1).and_modify(|value| *value = -10).or_default();
        holds(map, -1..count);
    });
}

fn disjoint_values_are_lent_at_once<P: Paging, H: Hashing + Default>() {
    shared_and_not::<P, H>(|map| {
        let count = map.len() as i64;
        let lent = map.get_disjoint_mut([0, -1, 4, i64::MIN, 99, -1, 1000, i64::MIN]);
        let found = lent.each_ref().map(Option::is_some);
        let there = |key: i64| key < count;
        assert_eq!(found, [there(0), false, there(4), false, there(99), false, there(1000), false]);
        for value in lent.into_iter().flatten() {
            *value += 5;
        }
        for key in [0, 4, 99, 1000] {
            assert_eq!(map.get(key).copied(), there(key).then_some(key * 10 + 5));
        }
        assert!(map.get_disjoint_mut::<0>([]).is_empty());
    });
    let mut map = numbers::<P, H>(10);
    let snapshot = map.clone();
    let panic = caught(|| {
        map.get_disjoint_mut([3, 1, 3]);
    });
    assert_eq!(panic.message, "duplicate keys found");
    assert!(map.ptr_eq(&snapshot), "nothing was copied");
}

fn disjoint_values_stay_apart_whatever_is_copied<P: Paging, H: Hashing + Default>() {
    let (counts, mut map) = counted::<P, H>(MANY);
    let snapshot = map.clone();
    let keys: [i64; 40] = std::array::from_fn(|at| at as i64 * 37);
    for (value, key) in map.get_disjoint_mut(keys).into_iter().zip(keys) {
        let value = value.expect("all are there");
        assert_eq!(std::mem::replace(&mut value.id, -key), key);
    }
    map.check_invariants();
    for key in 0..MANY {
        let expected = if keys.contains(&key) { -key } else { key };
        assert_eq!((map[key].id, snapshot[key].id), (expected, key));
    }
    drop((map, snapshot));
    assert_eq!(counts.alive(), 0);
}

fn sorted_iteration_is_by_key<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(9).keys(500);
    let map: Numbers<P, H> = keys.iter().map(|&key| (key, key)).collect();
    let sorted_keys = sorted(keys);
    assert!(map.iter_sorted().map(|(key, _)| key).eq(sorted_keys.iter().copied()));
    assert!(map.iter_sorted().rev().map(|(_, &value)| value).eq(sorted_keys.into_iter().rev()));
    assert_eq!(map.iter_sorted().len(), 500);
}

fn maps_are_made_of_two<P: Paging, H: Hashing + Default>() {
    let base = numbers::<P, H>(MANY);
    let mut grown = base.clone();
    for key in MANY..MANY + 50 {
        grown.insert(key, key * 10);
    }
    grown.remove(7);
    let unrelated: Numbers<P, H> = (1000..MANY + 50).map(|key| (key, key * 10)).collect();
    let models = [&base, &grown, &unrelated, &Map::default()];
    for a in models {
        for b in models {
            let has = |map: &Numbers<P, H>, key| map.contains_key(key);
            let all = || 0..MANY + 50;
            holds(&a.union(b), all().filter(|&key| has(a, key) || has(b, key)));
            holds(&a.intersection(b), all().filter(|&key| has(a, key) && has(b, key)));
            holds(&a.difference(b), all().filter(|&key| has(a, key) && !has(b, key)));
            holds(&a.symmetric_difference(b), all().filter(|&key| has(a, key) != has(b, key)));
            let contained = all().all(|key| !has(a, key) || has(b, key));
            assert_eq!(a.is_submap(b), contained);
            assert_eq!(a.is_submap_of_keys(b), contained);
        }
    }
    let mut changed = base.clone();
    changed.insert(3, 0);
    assert!(!base.is_submap(&changed) && base.is_submap_of_keys(&changed));
    assert_eq!(base.union(&changed), base);
    assert_eq!(changed.union(&base), changed);
    assert_eq!(changed.intersection(&base), changed);
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

fn extending_by_reference_copies_values<P: Paging, H: Hashing + Default>() {
    let mut map = numbers::<P, H>(10);
    let more = numbers::<P, H>(20);
    map.extend(&more);
    map.extend([(20, &200)]);
    holds(&map, 0..21);
}

/// Every way to change nothing, on a map that is shared.
fn nothing_is_copied_where_nothing_changes<P: Paging, H: Hashing + Default>() {
    let (counts, mut map) = counted::<P, H>(MANY);
    let snapshot = map.clone();
    let other = snapshot.clone();
    let (clones, ()) = counts.clones_in(|| {
        map.retain(|_, _| true);
        assert_eq!(map.extract_if(|_, _| false).count(), 0);
        assert_eq!(map.remove_entry(-1).map(|(key, _)| key), None);
        assert!(map.get_key_value(3).is_some());
        map.alter(-1, |value| value);
        assert!(map.get_disjoint_mut([-1, -2]).iter().all(Option::is_none));
        let _ = map.iter_mut();
        let _ = map.values_mut();
        assert_eq!(map.iter_sorted().count() as i64, MANY);
        assert!(map.is_submap(&other));
        assert!(map.union(&other).ptr_eq(&map));
        assert!(map.intersection(&other).ptr_eq(&map));
        assert!(map.difference(&other).is_empty());
        match map.entry(-1) {
            Entry::Vacant(entry) => assert_eq!(entry.into_key(), -1),
            Entry::Occupied(_) => unreachable!(),
        }
        assert!(map.ptr_eq(&snapshot));
    });
    assert_eq!(clones, 0);
    let (clones, ()) = counts.clones_in(|| drop(map.drain()));
    assert_eq!(clones, 0);
}

#[test]
fn only_pages_that_change_are_copied() {
    let (counts, mut map) = counted::<Paged, cowmap_core::Fixed>(20_000);
    let snapshot = map.clone();
    let pages = map.memory_usage().pages;
    // One entry goes: one page is copied.
    let (clones, ()) = counts.clones_in(|| map.retain(|key, _| key != 777));
    assert!(clones > 0 && clones < 40_000 / pages, "{clones} clones, {pages} pages");
    let usage = map.memory_usage();
    assert_eq!(usage.pages - usage.shared_pages, 1);
    // A walk that ends early copies what it has seen.
    let mut map = snapshot.clone();
    let (clones, _) = counts.clones_in(|| map.iter_mut().next().is_some());
    assert!(clones > 0 && clones < 40_000 / pages);
    // The intersection with a map that lacks one key shares the other pages.
    let mut other = snapshot.clone();
    other.remove(777);
    let (clones, both) = counts.clones_in(|| snapshot.intersection(&other));
    assert!(clones < 40_000 / pages);
    assert_eq!(both.len(), 19_999);
    let (clones, only) = counts.clones_in(|| snapshot.difference(&other));
    assert_eq!((clones, only.len()), (1, 1));
    let (clones, all) = counts.clones_in(|| other.union(&snapshot));
    assert!(clones < 40_000 / pages);
    assert_eq!(all.len(), 20_000);
}

fn panicking_closures_leave_maps_valid<P: Paging, H: Hashing + Default>() {
    for shared in [false, true] {
        for at in [1, 2, 50, 299] {
            let (counts, mut map) = counted::<P, H>(300);
            let snapshot = shared.then(|| map.clone());
            let mut calls = 0;
            caught(|| {
                map.retain(|key, _| {
                    calls += 1;
                    assert!(calls != at);
                    key % 2 == 0
                });
            });
            map.check_invariants();
            assert!(map.len() >= 150 && (0..300).step_by(2).all(|key| map.contains_key(key)));
            calls = 0;
            caught(|| {
                map.retain_mut(|key, value| {
                    calls += 1;
                    assert!(calls != at.min(120));
                    value.id = key;
                    key % 4 == 0
                });
            });
            map.check_invariants();
            calls = 0;
            caught(|| {
                map.extract_if(|_, _| {
                    calls += 1;
                    assert!(calls != at.min(50));
                    true
                })
                .for_each(drop);
            });
            map.check_invariants();
            caught(|| map.alter(0, |_| panic!("as told")));
            assert!(!map.contains_key(0));
            map.check_invariants();
            caught(|| {
                map.entry(-1).or_insert_with_key(|_| panic!("as told"));
            });
            assert!(!map.contains_key(-1));
            caught(|| {
                let _entry = map.iter_mut().next();
                panic!("as told");
            });
            map.check_invariants();
            drop(map);
            if let Some(snapshot) = snapshot {
                snapshot.check_invariants();
                assert!((0..300).all(|key| snapshot[key].id == key));
            }
            assert_eq!(counts.alive(), 0);
        }
    }
}

fn panicking_clones_leave_maps_valid<P: Paging, H: Hashing + Default>() {
    type Work<P, H> = fn(&mut Map<i64, Counted, P, H>);
    let works: [Work<P, H>; 9] = [
        |map| map.retain(|key, _| key % 2 == 0),
        |map| map.retain_mut(|key, _| key % 2 == 0),
        |map| map.extract_if(|key, _| key % 2 == 0).for_each(drop),
        |map| map.iter_mut().for_each(|(_, value)| value.id += 0),
        |map| map.values_mut().for_each(|value| value.id += 0),
        |map| {
            let _ = map.get_disjoint_mut([1, 100, 200, 250]);
        },
        |map| drop(map.unshared()),
        |map| map.drain().for_each(drop),
        |map| drop(map.difference(&(0..100).map(|id| (id, map[id].clone())).collect())),
    ];
    for work in works {
        for nth in [1, 2, 7, 60] {
            let (counts, mut map) = counted::<P, H>(300);
            let snapshot = map.clone();
            panic_at_clone(nth);
            let panicked =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut map))).is_err();
            panic_at_clone(0);
            assert!(panicked || nth > 4);
            map.check_invariants();
            snapshot.check_invariants();
            assert!((0..300).all(|key| snapshot[key].id == key));
            // Once more, without a panic.
            work(&mut map);
            map.check_invariants();
            drop((map, snapshot));
            assert_eq!(counts.alive(), 0);
        }
    }
}

fn panicking_drops_leave_maps_valid<P: Paging, H: Hashing + Default>() {
    type Work<P, H> = fn(&mut Map<i64, Counted, P, H>);
    let works: [Work<P, H>; 5] = [
        |map| map.retain(|key, _| key % 2 == 0),
        |map| map.retain_mut(|key, _| key % 2 == 0),
        |map| map.extract_if(|key, _| key % 2 == 1).for_each(drop),
        |map| drop(map.drain()),
        |map| map.drain().for_each(drop),
    ];
    for work in works {
        for shared in [false, true] {
            for nth in [1, 2, 40] {
                let (counts, mut map) = counted::<P, H>(300);
                let snapshot = shared.then(|| map.clone());
                panic_at_drop(nth);
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut map)));
                panic_at_drop(0);
                map.check_invariants();
                assert!((0..300).step_by(2).all(|key| map.is_empty() || map.contains_key(key)));
                drop((map, snapshot));
                assert_eq!(counts.alive(), 0);
            }
        }
    }
}

/// A walk is interrupted many times, and removals in between leave stale bits: they must still be cleaned.
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

fn iterators_show_what_is_left<P: Paging, H: Hashing + Default>() {
    let mut map = numbers::<P, H>(1);
    assert_eq!(format!("{:?}", map.iter_mut()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.values_mut()), "[0]");
    assert_eq!(format!("{:?}", map.iter_sorted()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.clone().into_iter()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.clone().into_keys()), "[0]");
    assert_eq!(format!("{:?}", map.clone().into_values()), "[0]");
    assert_eq!(format!("{:?}", map.drain()), "[(0, 0)]");
    let mut map = numbers::<P, H>(MANY);
    let mut left = map.iter_mut();
    assert_eq!(left.by_ref().take(700).count(), 700);
    assert_eq!(format!("{left:?}").matches('(').count() as i64, MANY - 700);
    let mut left = map.into_iter();
    assert_eq!(left.by_ref().take(700).count(), 700);
    assert_eq!(format!("{left:?}").matches('(').count() as i64, MANY - 700);
}

/// Random walks and changes, beside std's map.
fn walks_agree_with_std<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(31);
    for _ in 0..30 {
        let mut map = Numbers::<P, H>::default();
        let mut model: HashMap<i64, i64> = HashMap::new();
        let mut snapshots: Vec<(Numbers<P, H>, HashMap<i64, i64>)> = Vec::new();
        for step in 0..40 {
            let pick = random.below(1000) as i64;
            match random.below(9) {
                0 | 1 => {
                    for key in pick..pick + 150 {
                        assert_eq!(map.insert(key * 3, step), model.insert(key * 3, step));
                    }
                }
                2 => {
                    map.retain(|key, _| key % 7 != pick % 7);
                    model.retain(|key, _| key % 7 != pick % 7);
                }
                3 => {
                    let change = |key: i64, value: &mut i64| {
                        *value += key;
                        key % 11 != pick % 11
                    };
                    map.retain_mut(change);
                    model.retain(|key, value| change(*key, value));
                }
                4 => {
                    let taken = sorted(map.extract_if(|_, value| value % 3 == pick % 3));
                    let mut expected: Vec<(i64, i64)> = Vec::new();
                    model.retain(|key, value| {
                        let goes = *value % 3 == pick % 3;
                        expected.extend(goes.then_some((*key, *value)));
                        !goes
                    });
                    assert_eq!(taken, sorted(expected));
                }
                5 => {
                    map.iter_mut().for_each(|(key, value)| *value ^= key);
                    model.iter_mut().for_each(|(key, value)| *value ^= key);
                }
                6 if pick % 4 == 0 => {
                    assert_eq!(sorted(map.drain()), sorted(model.drain()));
                }
                7 if !snapshots.is_empty() => {
                    let (other, other_model) = snapshots.swap_remove(random.below(snapshots.len()));
                    map = map.union(&other);
                    for (key, value) in other_model {
                        model.entry(key).or_insert(value);
                    }
                }
                _ => snapshots.push((map.snapshot(), model.clone())),
            }
            map.check_invariants();
            assert_eq!(sorted(map.iter().map(|(key, value)| (key, *value))), {
                sorted(model.iter().map(|(key, value)| (*key, *value)))
            });
        }
        for (map, model) in snapshots {
            map.check_invariants();
            assert_eq!(map.len(), model.len());
            assert!(model.iter().all(|(key, value)| map.get(*key) == Some(value)));
        }
    }
}

on_every_map!(
    retain_keeps_what_the_closure_says,
    retain_mut_changes_and_keeps,
    extract_if_yields_what_it_removes,
    extract_if_may_pause_and_go_on,
    removing_nearly_all_gives_memory_back,
    drain_empties,
    iter_mut_reaches_every_value_once,
    owning_iterators_yield_everything,
    owning_iterators_clone_and_drop_what_they_must,
    one_key_at_a_time,
    entries_do_what_std_does,
    disjoint_values_are_lent_at_once,
    disjoint_values_stay_apart_whatever_is_copied,
    sorted_iteration_is_by_key,
    maps_are_made_of_two,
    unshared_copies_have_no_ties,
    extending_by_reference_copies_values,
    nothing_is_copied_where_nothing_changes,
    panicking_closures_leave_maps_valid,
    panicking_clones_leave_maps_valid,
    panicking_drops_leave_maps_valid,
    interrupted_walks_keep_overflow_bits_in_order,
    iterators_show_what_is_left,
    walks_agree_with_std,
);

#[test]
fn default_iterators_are_empty() {
    use cowmap_core::{Fixed, IntoKeys, IntoValues, Iter, IterMut, IterSorted, ValuesMut};
    assert_eq!(Iter::<i64, u8>::default().count(), 0);
    assert_eq!(IterMut::<i64, u8, Paged, Fixed>::default().count(), 0);
    assert_eq!(ValuesMut::<i64, u8, Paged, Fixed>::default().count(), 0);
    assert_eq!(IterSorted::<i64, u8>::default().count(), 0);
    assert_eq!(IntoIter::<i64, u8, Paged>::default().count(), 0);
    assert_eq!(IntoKeys::<i64, u8, Paged>::default().count(), 0);
    assert_eq!(IntoValues::<i64, u8, Paged>::default().count(), 0);
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

#[test]
fn iterators_can_be_sent_as_their_maps_can() {
    use cowmap_core::{Drain, ExtractIf, Fixed, IntoKeys, IterMut, IterSorted, ValuesMut};
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<IterMut<'static, i64, String, Paged, Fixed>>();
    is_sync::<IterMut<'static, i64, String, Paged, Fixed>>();
    is_send::<ValuesMut<'static, i64, String, Paged, Fixed>>();
    is_send::<Drain<'static, i64, String, Paged>>();
    is_sync::<Drain<'static, i64, String, Paged>>();
    is_send::<IntoKeys<i64, String, Paged>>();
    is_send::<IterSorted<'static, i64, String>>();
    is_send::<ExtractIf<'static, i64, String, Paged, Fixed, fn(i64, &String) -> bool>>();
    is_send::<IntoIter<i64, String, Paged>>();
}

mod keys_that_panic {
    //! A `from_repr` that panics is user code in the middle of iteration.

    use super::common::panics::caught;
    use cowmap_core::{FlatCowMap, SentinelKey};

    #[derive(Clone, Copy, Debug)]
    struct Picky(u64);

    impl SentinelKey for Picky {
        type Repr = u64;
        const SENTINEL: u64 = u64::MAX;
        fn into_repr(self) -> u64 {
            self.0
        }
        fn from_repr(repr: u64) -> Self {
            assert!(repr % 10 != 7, "not a key");
            Picky(repr)
        }
    }

    #[test]
    fn every_iterator_goes_on_behind_the_key() {
        let fresh = || {
            let mut map: FlatCowMap<Picky, String> = FlatCowMap::new();
            for key in 0..20 {
                map.insert(Picky(key), key.to_string());
            }
            map
        };
        fn all<T>(mut entries: impl Iterator<Item = T>) -> usize {
            let (mut seen, mut panics) = (0, 0);
            loop {
                let next =
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| entries.next()));
                match next {
                    Ok(Some(_)) => seen += 1,
                    Ok(None) => break,
                    Err(_) => panics += 1,
                }
            }
            assert_eq!(panics, 2);
            seen
        }
        caught(|| panic!("so that the hook is there"));
        assert_eq!(all(fresh().iter()), 18);
        assert_eq!(all(fresh().iter_mut()), 18);
        assert_eq!(all(fresh().into_iter()), 18);
        assert_eq!(all(fresh().into_keys()), 18);
        assert_eq!(all(fresh().drain()), 18);
        let mut map = fresh();
        assert_eq!(all(map.extract_if(|_, _| true)), 18);
        map.check_invariants();
        assert_eq!(map.len(), 2);
        let mut map = fresh();
        caught(|| map.retain(|_, _| false));
        map.check_invariants();
        assert_eq!(fresh().into_values().count(), 20);
    }
}
