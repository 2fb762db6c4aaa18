//! The entry of one key, or of a few.

use crate::common::on_every_map;
use crate::common::panics::caught;
use crate::{MANY, counted, holds, numbers, shared_and_not};
use cowmap_core::{Entry, Hashing, Paging};

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
    assert_eq!(panic.message, "duplicate keys found: key 3 is given twice");
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line!() - 3));
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

fn extending_by_reference_copies_values<P: Paging, H: Hashing + Default>() {
    let mut map = numbers::<P, H>(10);
    let more = numbers::<P, H>(20);
    map.extend(&more);
    map.extend([(20, &200)]);
    holds(&map, 0..21);
}

on_every_map!(
    one_key_at_a_time,
    entries_do_what_std_does,
    disjoint_values_are_lent_at_once,
    disjoint_values_stay_apart_whatever_is_copied,
    extending_by_reference_copies_values,
);
