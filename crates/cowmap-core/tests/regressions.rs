//! Defects of the original `CowHashMap` that must not come back, one test each.
//!
//! Not here: the overflow of a reference count (defect 4) and sizes that wrap on 32-bit targets
//! (defect 5), which are tested beside the code in `src/count.rs` and `src/page/geometry.rs`; the
//! time that a large reservation takes (defect 12), which is a benchmark; and the first write after
//! a snapshot (defect 14), which is the subject of `paging.rs`.

mod common;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use common::counted::panic_at_drop;
use common::panics::caught;
use common::{Counts, Random, on_every_map};
use cowmap_core::{
    CowMap, Fixed, Flat, FlatCowMap, Hashing, IntoIter, Iter, Keys, Map, Paged, Paging,
    SeededCowMap, Values,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

on_every_map! {
    removal_loses_no_key_that_was_displaced,
    removal_loses_no_key_among_random_operations,
    removal_loses_no_key_of_transactions_that_complete_in_random_order,
    a_panicking_drop_in_clear_drops_no_value_twice,
    operations_on_absent_keys_copy_nothing,
    clear_of_a_shared_map_copies_nothing,
    a_reservation_survives_removals_and_is_inherited,
    keys_that_differ_in_high_bits_only_do_not_pile_up,
    values_need_not_be_clone_to_be_read,
}

// Defect 2: `Send` without `V: Sync`, and `Sync` without `V: Send`.
type NotSync = Cell<i32>;
type NotSend = std::sync::MutexGuard<'static, i32>;
type Neither = Rc<i32>;
assert_impl_all!(CowMap<i64, String>: Send, Sync);
assert_impl_all!(FlatCowMap<i64, String>: Send, Sync);
assert_impl_all!(SeededCowMap<i64, String>: Send, Sync);
assert_not_impl_any!(CowMap<i64, NotSync>: Send, Sync);
assert_not_impl_any!(CowMap<i64, NotSend>: Send, Sync);
assert_not_impl_any!(CowMap<i64, Neither>: Send, Sync);
assert_not_impl_any!(FlatCowMap<i64, NotSync>: Send, Sync);
assert_not_impl_any!(FlatCowMap<i64, NotSend>: Send, Sync);
assert_not_impl_any!(FlatCowMap<i64, Neither>: Send, Sync);
assert_not_impl_any!(SeededCowMap<i64, NotSync>: Send, Sync);
assert_impl_all!(IntoIter<i64, String, Paged>: Send, Sync);
assert_not_impl_any!(IntoIter<i64, NotSync, Paged>: Send, Sync);
assert_not_impl_any!(IntoIter<i64, NotSend, Paged>: Send, Sync);
assert_impl_all!(Iter<'static, i64, String>: Send, Sync);
assert_not_impl_any!(Iter<'static, i64, NotSync>: Send, Sync);

/// Defect 1, as it was found: three keys of one home, of which one is removed, and every larger
/// cluster.
fn removal_loses_no_key_that_was_displaced<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(1);
    for size in [3, 6, 12, 24, 40] {
        let mut map = Map::<i64, i64, P, H>::default();
        // Keys whose homes are in one or two groups, whatever the size of the page.
        let keys: Vec<i64> = (0..)
            .filter(|&key| map.hashes(key).1 >> 56 <= 1 || map.hashes(key).1 >> 56 == 255)
            .take(size)
            .collect();
        for removed_first in 0..size {
            map.extend(keys.iter().map(|&key| (key, -key)));
            map.check_invariants();
            let mut left = keys.clone();
            left.swap(0, removed_first);
            random.shuffle(&mut left[1..]);
            left.reverse();
            while let Some(key) = left.pop() {
                assert_eq!(map.remove(key), Some(-key));
                map.check_invariants();
                assert!(left.iter().all(|&key| map.get(key) == Some(&-key)), "{left:?}");
                assert_eq!(map.iter().count(), left.len());
            }
        }
    }
}

/// Defect 1: 200,000 random operations gave 10,497 wrong lookups.
fn removal_loses_no_key_among_random_operations<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(2);
    let mut map = Map::<i64, u64, P, H>::default();
    let mut model = HashMap::new();
    for step in 0..200_000 {
        let key = random.below(600).cast_signed() as i64;
        if random.below(2) == 0 {
            assert_eq!(map.insert(key, step), model.insert(key, step));
        } else {
            assert_eq!(map.remove(key), model.remove(&key));
        }
        let key = random.below(600).cast_signed() as i64;
        assert_eq!(map.get(key), model.get(&key));
    }
    assert_eq!(map.len(), model.len());
    map.check_invariants();
}

/// Defect 1: of 500 live transactions, 26 could no longer be reached.
fn removal_loses_no_key_of_transactions_that_complete_in_random_order<P, H>()
where
    P: Paging,
    H: Hashing + Default,
{
    let mut random = Random::new(3);
    let mut map = Map::<i64, i64, P, H>::default();
    let mut live: Vec<i64> = Vec::new();
    for id in 0..20_000 {
        map.insert(id, !id);
        live.push(id);
        if live.len() > 500 {
            let done = live.swap_remove(random.below(live.len()));
            assert_eq!(map.remove(done), Some(!done));
        }
        if id % 1_000 == 0 {
            assert!(live.iter().all(|&id| map.get(id) == Some(&!id)));
            assert_eq!(map.iter().count(), live.len());
            map.check_invariants();
        }
    }
}

/// Defect 3: `clear` dropped a value before it marked its slot empty.
fn a_panicking_drop_in_clear_drops_no_value_twice<P: Paging, H: Hashing + Default>() {
    for nth in [1, 2, 57, 100] {
        let counts = Counts::new();
        let mut map: Map<i64, _, P, H> = (0..100).map(|key| (key, counts.value(key))).collect();
        panic_at_drop(nth);
        caught(|| map.clear());
        assert_eq!((map.len(), map.iter().count(), map.get(0)), (0, 0, None));
        map.check_invariants();
        map.insert(1, counts.value(1));
        assert_eq!((map.len(), map.get(1).map(|value| value.id)), (1, Some(1)));
        drop(map);
        assert_eq!((counts.drops(), counts.alive()), (101, 0), "each value once");
    }
}

/// Defect 6: each of these cloned all 1,000 values.
fn operations_on_absent_keys_copy_nothing<P: Paging, H: Hashing + Default>() {
    let counts = Counts::new();
    let mut map: Map<i64, _, P, H> = (0..1_000).map(|key| (key, counts.value(key))).collect();
    let snapshot = map.clone();
    let (clones, ()) = counts.clones_in(|| {
        for absent in 1_000..2_000 {
            assert!(map.get_mut(absent).is_none());
            assert!(map.remove(absent).is_none());
            assert_eq!(map.entry(absent).key(), absent);
            let _ = map.entry(absent).and_modify(|_| unreachable!("absent"));
            let _ = map.entry(absent - 1_000).key();
        }
    });
    assert_eq!(clones, 0);
    assert!(map.ptr_eq(&snapshot));
}

/// Defect 6, its last part.
fn clear_of_a_shared_map_copies_nothing<P: Paging, H: Hashing + Default>() {
    let counts = Counts::new();
    let mut map: Map<i64, _, P, H> = (0..1_000).map(|key| (key, counts.value(key))).collect();
    let snapshot = map.clone();
    map.clear();
    assert_eq!((counts.clones(), counts.drops()), (0, 0));
    assert_eq!((map.len(), snapshot.len()), (0, 1_000));
    drop(snapshot);
    assert_eq!(counts.alive(), 0);
}

/// Defect 7: a write to a shared table that has to grow copied it twice.
#[test]
fn a_write_that_copies_and_grows_clones_each_value_once() {
    for entries in [10, 100, 1_000, 5_000] {
        let counts = Counts::new();
        let mut map = FlatCowMap::new();
        let mut next = 0;
        while map.len() < entries || map.len() < map.capacity() {
            map.insert(next, counts.value(next));
            next += 1;
        }
        let snapshot = map.clone();
        let (clones, _) = counts.clones_in(|| map.insert(next, counts.value(next)));
        assert_eq!(clones, snapshot.len());
        assert!(map.capacity() > snapshot.capacity(), "it grew");
    }
}

/// Part of defect 7: overwriting what is there grew a full table.
#[test]
fn overwriting_never_grows() {
    let mut map = FlatCowMap::<i64, i64>::new();
    for key in 0..5_000 {
        map.insert(key, 0);
        let (capacity, bytes) = (map.capacity(), map.memory_usage().total);
        map.insert(key / 2, 1);
        *map.entry(key).or_insert(2) += 1;
        assert_eq!((map.capacity(), map.memory_usage().total), (capacity, bytes));
    }
}

/// Defect 8: one insertion and one removal took a capacity of 2,097,152 down to 8.
fn a_reservation_survives_removals_and_is_inherited<P: Paging, H: Hashing + Default>() {
    let mut map = Map::<i64, i64, P, H>::default();
    map.reserve(50_000);
    map.insert(1, 1);
    map.remove(1);
    assert!(map.capacity() >= 50_000);
    let mut clone = map.clone();
    map.extend((0..2_000).map(|key| (key, key)));
    (0..2_000).for_each(|key| assert_eq!(map.remove(key), Some(key)));
    assert!(map.is_empty() && map.capacity() >= 50_000);
    clone.insert(1, 1);
    clone.remove(1);
    assert!(clone.capacity() >= 50_000, "a clone inherits the floor");
    clone.clear();
    assert!(clone.capacity() >= 50_000, "clearing keeps the floor");
    map.shrink_to(10_000);
    assert!((10_000..20_000).contains(&map.capacity()), "{}", map.capacity());
    map.shrink_to_fit();
    assert!(map.capacity() < 100);
}

/// Defect 9: 4,000 keys `i << 32` were 255 times slower than sequential ones. `families.rs` has
/// many more.
fn keys_that_differ_in_high_bits_only_do_not_pile_up<P: Paging, H: Hashing + Default>() {
    for shift in [0, 16, 32, 48] {
        let mut map = Map::<i64, (), P, H>::default();
        let mut groups = 0;
        for key in (0..4_000).map(|i| i << shift) {
            groups += map.groups_probed(key).1;
            map.insert(key, ());
        }
        assert!(groups < 3 * 4_000, "{groups} groups for 4,000 keys i << {shift}");
    }
}

/// Defect 10: the time for inserting one map's iteration into another grew with the square of its
/// size.
#[test]
fn inserting_one_maps_iteration_into_another_is_linear() {
    fn groups<P: Paging>(entries: usize) -> usize {
        let from: Map<i64, (), P, Fixed> =
            Random::new(4).keys(entries).into_iter().map(|key| (key, ())).collect();
        let mut to = Map::<i64, (), P, Fixed>::default();
        let mut groups = 0;
        for key in from.keys() {
            groups += to.groups_probed(key).1;
            to.insert(key, ());
        }
        groups
    }
    assert!(groups::<Flat>(100_000) < 5 * 2 * groups::<Flat>(20_000));
    assert!(groups::<Paged>(100_000) < 5 * 2 * groups::<Paged>(20_000));
}

/// Defect 11: at 93.75 % load a miss compared 14 groups' worth of slots.
#[test]
fn misses_at_the_fullest_load_compare_few_groups() {
    for reserved in [1_000, 60_000, 150_000] {
        let mut map = FlatCowMap::<i64, ()>::with_capacity(reserved);
        let keys = Random::new(5).keys(map.capacity() + 20_000);
        let (present, absent) = keys.split_at(map.capacity());
        map.extend(present.iter().map(|&key| (key, ())));
        assert_eq!(map.len(), map.capacity(), "full, and not grown");
        let groups: usize = absent.iter().map(|&key| map.groups_probed(key).0).sum();
        assert!(groups < 2 * absent.len(), "{groups} groups for {} misses", absent.len());
    }
}

/// Defect 12, the part that can be counted: `new` allocates nothing, and an empty map has nothing
/// to share.
#[test]
fn an_empty_map_occupies_nothing() {
    static EMPTY: CowMap<i64, String> = CowMap::new();
    const FLAT: FlatCowMap<i64, String> = FlatCowMap::new();
    assert_eq!((EMPTY.memory_usage().total, FLAT.memory_usage().total), (0, 0));
    assert_eq!(SeededCowMap::<i64, String>::new().memory_usage().total, 0);
    let clone = EMPTY.clone();
    assert!(!clone.is_shared() && clone.is_empty() && clone.ptr_eq(&EMPTY));
}

/// Defect 13: `V: Clone` was asked for on the type itself, and traits of std were missing.
fn values_need_not_be_clone_to_be_read<P: Paging, H: Hashing + Default>() {
    #[derive(PartialEq, Eq, Debug)]
    struct NotClone(i64);
    type M<P, H> = Map<i64, NotClone, P, H>;

    let mut map: M<P, H> = (0..100).map(|key| (key, NotClone(key))).collect();
    let snapshot = map.clone();
    assert_eq!((map.len(), map.get(5), &map[6]), (100, Some(&NotClone(5)), &NotClone(6)));
    assert!(map == snapshot && format!("{map:?}").contains("NotClone(99)"));
    let iter: Iter<'_, i64, NotClone> = map.iter();
    let keys: Keys<'_, i64, NotClone> = map.keys();
    let values: Values<'_, i64, NotClone> = map.values();
    assert_eq!((iter.len(), keys.len(), values.len()), (100, 100, 100));
    map.clear();
    assert_eq!((map.len(), snapshot.len()), (0, 100));
    assert_eq!(M::<P, H>::from([(1, NotClone(1))]).len(), 1);
}
