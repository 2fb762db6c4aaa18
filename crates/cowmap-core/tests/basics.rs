//! What a map does in ordinary use, on every kind of map; the reserved key; bad capacities.

mod common;

use std::fmt::Debug;
use std::num::{NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroUsize};

use common::panics::caught;
use common::{Random, on_every_map};
use cowmap_core::{Entry, Hashing, Map, Paging, SentinelKey};

on_every_map! {
    strings_are_inserted_read_replaced_and_removed,
    a_snapshot_does_not_see_later_writes,
    a_thousand_entries_stay_readable_while_the_map_grows,
    negative_and_extreme_keys_are_keys_like_others,
    clear_removes_everything_and_the_map_is_usable_again,
    removing_every_second_of_clustered_keys_keeps_the_others,
    iteration_yields_each_entry_once,
    entries_count_occurrences,
    an_occupied_entry_reads_writes_replaces_and_removes,
    a_vacant_entry_inserts_and_tells_its_key,
    a_map_shrinks_after_most_of_it_was_removed,
    shrink_to_fit_gives_back_a_large_reservation,
    shrink_to_fit_leaves_nothing_of_what_was,
    every_key_type_works_at_both_ends,
    the_reserved_key_is_never_found,
    inserting_the_reserved_key_panics_with_its_name_and_changes_nothing,
    the_panic_names_the_line_of_the_caller,
    checked_insert_gives_the_value_back,
    impossible_capacities_are_refused_and_nothing_is_lost,
    a_custom_key_type_works,
    maps_are_equal_when_their_entries_are,
    debug_shows_the_entries,
    indexing_reads_and_panics_on_absent_keys,
    owned_iteration_moves_or_clones,
    iterators_know_their_length,
}

fn strings_are_inserted_read_replaced_and_removed<P: Paging, H: Hashing + Default>() {
    let mut map = Map::<i64, String, P, H>::default();
    assert!(map.is_empty() && !map.contains_key(3));
    assert_eq!(map.insert(3, "three".into()), None);
    assert_eq!(map.insert(4, "four".into()), None);
    assert_eq!(map.get(3).map(String::as_str), Some("three"));
    assert_eq!(map.insert(3, "drei".into()).as_deref(), Some("three"));
    assert_eq!(map.len(), 2);
    map.get_mut(4).expect("it was inserted").push('!');
    assert_eq!(map.remove(4).as_deref(), Some("four!"));
    assert_eq!(map.remove(4), None);
    assert_eq!((map.len(), map.get(4)), (1, None));
    assert_eq!(map.get_mut(4), None);
    assert!(map.contains_key(3));
}

fn a_snapshot_does_not_see_later_writes<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, i64, P, H> = (0..500).map(|key| (key, key)).collect();
    let first = map.clone();
    assert!(first.ptr_eq(&map) && first.is_shared());
    for key in 0..500 {
        match key % 3 {
            0 => assert_eq!(map.remove(key), Some(key)),
            1 => assert_eq!(map.insert(key, -key), Some(key)),
            _ => *map.get_mut(key).expect("present") += 1_000,
        }
    }
    let second = map.clone();
    map.extend((500..900).map(|key| (key, key)));
    map.clear();
    assert_eq!((first.len(), second.len(), map.len()), (500, 333, 0));
    for key in 0..900 {
        assert_eq!(first.get(key).copied(), (key < 500).then_some(key));
        let later = match key {
            500.. => None,
            _ if key % 3 == 0 => None,
            _ if key % 3 == 1 => Some(-key),
            _ => Some(key + 1_000),
        };
        assert_eq!(second.get(key).copied(), later);
        assert_eq!(map.get(key), None);
    }
}

fn a_thousand_entries_stay_readable_while_the_map_grows<P: Paging, H: Hashing + Default>() {
    let mut map = Map::<i64, i64, P, H>::default();
    for key in 0..1_000 {
        assert_eq!(map.insert(key, key * key), None);
        assert!(map.capacity() >= map.len());
        if key % 100 == 99 {
            assert!((0..=key).all(|key| map.get(key) == Some(&(key * key))));
            assert!((key + 1..2_000).all(|key| !map.contains_key(key)));
        }
    }
    assert_eq!(map.len(), 1_000);
    map.check_invariants();
}

fn negative_and_extreme_keys_are_keys_like_others<P: Paging, H: Hashing + Default>() {
    let keys = [-1, 0, 1, i64::MIN + 1, i64::MIN + 2, i64::MAX, i64::MAX - 1, i64::MIN / 2];
    let mut map = Map::<i64, usize, P, H>::default();
    for (value, key) in keys.into_iter().enumerate() {
        assert_eq!(map.insert(key, value), None);
    }
    for (value, key) in keys.into_iter().enumerate() {
        assert_eq!(map.get(key), Some(&value));
        assert_eq!(map.remove(key), Some(value));
        assert_eq!(map.get(key), None);
    }
    assert!(map.is_empty());
}

fn clear_removes_everything_and_the_map_is_usable_again<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, i64, P, H> = (0..300).map(|key| (key, key)).collect();
    let snapshot = map.clone();
    map.clear();
    assert_eq!((map.len(), map.iter().count(), map.get(7)), (0, 0, None));
    map.insert(7, 70);
    assert_eq!((map.len(), map.get(7)), (1, Some(&70)));
    assert_eq!((snapshot.len(), snapshot.get(7)), (300, Some(&7)));
    map.check_invariants();
}

fn removing_every_second_of_clustered_keys_keeps_the_others<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, i64, P, H> = (100..150).map(|key| (key, -key)).collect();
    for key in (100..150).step_by(2) {
        assert_eq!(map.remove(key), Some(-key));
        map.check_invariants();
        for key in key + 1..150 {
            assert_eq!(map.get(key), Some(&-key), "{key}");
        }
    }
    for key in 100..150 {
        assert_eq!(map.contains_key(key), key % 2 == 1);
    }
    assert_eq!(map.len(), 25);
}

fn iteration_yields_each_entry_once<P: Paging, H: Hashing + Default>() {
    let mut keys = Random::new(1).keys(400);
    let map: Map<i64, i64, P, H> = keys.iter().map(|&key| (key, !key)).collect();
    let mut seen: Vec<i64> = map
        .iter()
        .map(|(key, &value)| {
            assert_eq!(value, !key);
            key
        })
        .collect();
    assert!(map.keys().eq(seen.iter().copied()), "keys() has the order of iter()");
    assert!(map.values().eq(map.iter().map(|(_, value)| value)));
    assert!((&map).into_iter().eq(map.iter()));
    seen.sort_unstable();
    keys.sort_unstable();
    assert_eq!(seen, keys);
    assert_eq!(Map::<i64, i64, P, H>::default().iter().next(), None);
}

fn entries_count_occurrences<P: Paging, H: Hashing + Default>() {
    let mut counts = Map::<i64, usize, P, H>::default();
    for number in 0..600 {
        *counts.entry(number % 60).or_insert(0) += 1;
        *counts.entry(-1 - number % 7).or_default() += 2;
        counts.entry(1_000).and_modify(|count| *count += 1).or_insert_with(|| 5);
    }
    assert_eq!(counts.len(), 68);
    assert!((0..60).all(|key| counts.get(key) == Some(&10)));
    assert_eq!(counts.get(1_000), Some(&(5 + 599)));
    assert_eq!((-7..0).map(|key| counts[key]).sum::<usize>(), 1_200);
}

fn an_occupied_entry_reads_writes_replaces_and_removes<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, String, P, H> = (0..100).map(|key| (key, key.to_string())).collect();
    let snapshot = map.clone();
    let Entry::Occupied(mut entry) = map.entry(42) else { panic!("42 is present") };
    assert_eq!((entry.key(), entry.get().as_str()), (42, "42"));
    entry.get_mut().push('!');
    assert_eq!(entry.insert("new".into()), "42!");
    entry.into_mut().push('?');
    assert_eq!(map.get(42).map(String::as_str), Some("new?"));
    let Entry::Occupied(entry) = map.entry(42) else { panic!("42 is present") };
    assert_eq!(entry.remove(), "new?");
    assert_eq!((map.len(), map.get(42)), (99, None));
    assert_eq!(snapshot.get(42).map(String::as_str), Some("42"));
    map.check_invariants();
}

fn a_vacant_entry_inserts_and_tells_its_key<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, i64, P, H> = (0..100).map(|key| (key, key)).collect();
    let snapshot = map.clone();
    assert_eq!(map.entry(100).key(), 100);
    assert_eq!(map.len(), 100, "an entry that is only looked at inserts nothing");
    let Entry::Vacant(entry) = map.entry(100) else { panic!("100 is absent") };
    assert_eq!(entry.key(), 100);
    *entry.insert(7) += 1;
    assert_eq!((map.get(100), map.len()), (Some(&8), 101));
    assert_eq!((snapshot.get(100), snapshot.len()), (None, 100));
}

fn a_map_shrinks_after_most_of_it_was_removed<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, i64, P, H> = (0..1_000).map(|key| (key, key)).collect();
    let full = (map.capacity(), map.memory_usage().total);
    for key in 0..990 {
        map.remove(key);
    }
    assert!(map.capacity() < full.0 / 4, "{} of {}", map.capacity(), full.0);
    assert!(map.memory_usage().total < full.1 / 4);
    assert!((990..1_000).all(|key| map.get(key) == Some(&key)));
    assert_eq!(map.len(), 10);
    map.check_invariants();
}

fn shrink_to_fit_gives_back_a_large_reservation<P: Paging, H: Hashing + Default>() {
    let mut map = Map::<i64, i64, P, H>::default();
    map.reserve(100_000);
    let entries = || (0..10).map(|key| (key * 1_000, key));
    map.extend(entries());
    assert!(map.capacity() >= 100_000);
    let before = map.memory_usage().total;
    map.shrink_to_fit();
    assert!(map.capacity() < 100, "{}", map.capacity());
    // A map with the same secret that was never larger.
    let mut fresh = map.clone();
    fresh.clear();
    fresh.shrink_to_fit();
    fresh.extend(entries());
    let (left, fresh) = (map.memory_usage().total, fresh.memory_usage().total);
    assert!(left < before && left <= 3 * fresh, "{left} bytes of {before}, fresh {fresh}");
    assert!((0..10).all(|key| map.get(key * 1_000) == Some(&key)));
    map.check_invariants();
    map.clear();
    map.shrink_to_fit();
    assert_eq!((map.capacity().min(8), map.memory_usage().total), (map.capacity(), 0));
}

fn shrink_to_fit_leaves_nothing_of_what_was<P: Paging, H: Hashing + Default>() {
    for (count, reserved) in (1..40).flat_map(|count| [(count, 0), (count, 86), (count, 200)]) {
        for left in [0, 1, 2] {
            let mut map: Map<i64, i64, P, H> = (0..count).map(|key| (key * 3, key)).collect();
            map.reserve(reserved);
            (left..count).for_each(|key| assert_eq!(map.remove(key * 3), Some(key)));
            map.shrink_to_fit();
            map.check_invariants();
            // One group's page, or none.
            let usage = map.memory_usage();
            let page = 250 * usize::from(!map.is_empty());
            assert!(usage.total <= page, "{count}, {reserved}: {usage:?} for {}", map.len());
        }
    }
}

/// Every key type with what its panic calls the reserved key, and keys at its ends; none of these
/// is reserved.
macro_rules! for_each_key_type {
    ($check:ident) => {
        $check!(i32, "i32::MIN", i32::MIN, [i32::MIN + 1, -1, 0, 1, i32::MAX]);
        $check!(u32, "u32::MAX", u32::MAX, [0, 1, u32::MAX / 2, u32::MAX - 1]);
        $check!(i64, "i64::MIN", i64::MIN, [i64::MIN + 1, -1, 0, 1, i64::MAX]);
        $check!(u64, "u64::MAX", u64::MAX, [0, 1, u64::MAX / 2, u64::MAX - 1]);
        $check!(isize, "isize::MIN", isize::MIN, [isize::MIN + 1, -1, 0, 1, isize::MAX]);
        $check!(usize, "usize::MAX", usize::MAX, [0, 1, usize::MAX / 2, usize::MAX - 1]);
    };
}

fn holds_all<K, P, H>(keys: &[K])
where
    K: SentinelKey + Debug + Ord,
    P: Paging,
    H: Hashing + Default,
{
    let mut map = Map::<K, usize, P, H>::default();
    for (value, &key) in keys.iter().enumerate() {
        assert_eq!(map.insert(key, value), None, "{key:?}");
    }
    map.check_invariants();
    let mut seen: Vec<K> = map.keys().collect();
    seen.sort_unstable();
    let mut wanted = keys.to_vec();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
    for (value, &key) in keys.iter().enumerate() {
        assert_eq!(map.get(key), Some(&value));
        assert_eq!(map.checked_insert(key, value), Ok(Some(value)));
        assert_eq!(map.remove(key), Some(value));
        assert!(!map.contains_key(key));
    }
    assert!(map.is_empty());
}

fn every_key_type_works_at_both_ends<P: Paging, H: Hashing + Default>() {
    macro_rules! check {
        ($key:ty, $name:literal, $sentinel:expr, $ends:expr) => {
            holds_all::<$key, P, H>(&$ends);
        };
    }
    for_each_key_type!(check);
    macro_rules! check_non_zero {
        ($key:ty, $repr:ty) => {
            // Every value of the type is usable.
            let ends = [1, 2, <$repr>::MAX - 1, <$repr>::MAX, <$repr>::MIN.wrapping_sub(1) / 2];
            let mut keys: Vec<$key> =
                ends.into_iter().chain([<$repr>::MIN]).filter_map(<$key>::new).collect();
            keys.sort_unstable();
            keys.dedup();
            holds_all::<$key, P, H>(&keys);
        };
    }
    check_non_zero!(NonZeroI32, i32);
    check_non_zero!(NonZeroU32, u32);
    check_non_zero!(NonZeroI64, i64);
    check_non_zero!(NonZeroU64, u64);
    check_non_zero!(NonZeroIsize, isize);
    check_non_zero!(NonZeroUsize, usize);
}

fn the_reserved_key_is_never_found<P: Paging, H: Hashing + Default>() {
    macro_rules! check {
        ($key:ty, $name:literal, $sentinel:expr, $ends:expr) => {
            for mut map in [Map::<$key, u8, P, H>::default(), Map::from($ends.map(|key| (key, 0)))]
            {
                let snapshot = map.clone();
                assert_eq!(map.get($sentinel), None);
                assert!(!map.contains_key($sentinel));
                assert_eq!(map.get_mut($sentinel), None);
                assert_eq!(map.remove($sentinel), None);
                assert!(map.ptr_eq(&snapshot), "nothing was copied");
            }
        };
    }
    for_each_key_type!(check);
}

fn inserting_the_reserved_key_panics_with_its_name_and_changes_nothing<P, H>()
where
    P: Paging,
    H: Hashing + Default,
{
    macro_rules! check {
        ($key:ty, $name:literal, $sentinel:expr, $ends:expr) => {
            let message = concat!($name, " cannot be used as a key (reserved as empty sentinel)");
            let entries = $ends.map(|key| (key, 1_u8));
            let mut map = Map::<$key, u8, P, H>::from(entries);
            let snapshot = map.clone();
            assert_eq!(caught(|| map.insert($sentinel, 2)).message, message);
            assert_eq!(caught(|| map.entry($sentinel).key()).message, message);
            assert_eq!(caught(|| map.extend([($sentinel, 2)])).message, message);
            assert!(map.ptr_eq(&snapshot), "the map is as it was");
            map.check_invariants();
            let collect = || [($sentinel, 2)].into_iter().collect::<Map<$key, u8, P, H>>();
            assert_eq!(caught(collect).message, message);
            assert_eq!(caught(|| Map::<$key, u8, P, H>::from([($sentinel, 2)])).message, message);
        };
    }
    for_each_key_type!(check);
}

fn the_panic_names_the_line_of_the_caller<P: Paging, H: Hashing + Default>() {
    type Numbers<P, H> = Map<i64, u8, P, H>;
    let mut map = Numbers::<P, H>::default();
    let places = [
        (caught(|| map.insert(i64::MIN, 0)), line!()),
        (caught(|| map.entry(i64::MIN).key()), line!()),
        (caught(|| map.extend([(i64::MIN, 0)])), line!()),
        (caught(|| Numbers::<P, H>::from_iter([(i64::MIN, 0)])), line!()),
        (caught(|| Numbers::<P, H>::from([(i64::MIN, 0)])), line!()),
        (caught(|| map.reserve(usize::MAX)), line!()),
    ];
    for (caught, line) in places {
        assert_eq!((caught.file.as_str(), caught.line), (file!(), line), "{}", caught.message);
    }
}

fn checked_insert_gives_the_value_back<P: Paging, H: Hashing + Default>() {
    macro_rules! check {
        ($key:ty, $name:literal, $sentinel:expr, $ends:expr) => {
            let mut map = Map::<$key, String, P, H>::from($ends.map(|key| (key, String::new())));
            let snapshot = map.clone();
            let error = map.checked_insert($sentinel, "value".into()).unwrap_err();
            assert!(map.ptr_eq(&snapshot));
            let message = concat!($name, " cannot be used as a key (reserved as empty sentinel)");
            assert_eq!(error.to_string(), message);
            assert_eq!(error.into_value(), "value");
            let key = $ends[0];
            assert_eq!(map.checked_insert(key, "new".into()), Ok(Some(String::new())));
            assert_eq!(map.get(key).map(String::as_str), Some("new"));
        };
    }
    for_each_key_type!(check);
}

fn impossible_capacities_are_refused_and_nothing_is_lost<P: Paging, H: Hashing + Default>() {
    let mut map: Map<i64, u64, P, H> = (0..100).map(|key| (key, 1)).collect();
    let snapshot = map.clone();
    for impossible in [usize::MAX, usize::MAX - 100, usize::MAX / 2, isize::MAX.cast_unsigned()] {
        let error = map.try_reserve(impossible).expect_err("more than there can be");
        assert!(error.to_string().contains("capacity overflow"), "{error}");
        let caught = caught(|| map.reserve(impossible));
        assert!(caught.message.contains("capacity overflow"), "{}", caught.message);
    }
    assert!(map.ptr_eq(&snapshot));
    assert!(map.capacity() < 1_000, "a refused reservation is no floor");
    assert!((0..100).all(|key| map.get(key) == Some(&1)));
    map.insert(100, 2);
    assert_eq!((map.len(), snapshot.len()), (101, 100));
    map.check_invariants();
}

#[test]
fn with_an_impossible_capacity_the_constructors_panic() {
    use cowmap_core::{CowMap, FlatCowMap, SeededCowMap};
    for impossible in [usize::MAX, usize::MAX / 2] {
        let caught = [
            (caught(|| CowMap::<i64, u64>::with_capacity(impossible)), line!()),
            (caught(|| FlatCowMap::<i64, u64>::with_capacity(impossible)), line!()),
            (caught(|| SeededCowMap::<i64, u64>::with_capacity(impossible)), line!()),
            (caught(|| FlatCowMap::<u32, [u8; 1 << 20]>::with_capacity(impossible)), line!()),
        ];
        for (caught, line) in caught {
            assert!(caught.message.contains("capacity overflow"), "{}", caught.message);
            assert_eq!((caught.file.as_str(), caught.line), (file!(), line));
        }
    }
    // 2^32 slots are too many for one table, however small they are.
    let caught = caught(|| FlatCowMap::<u32, ()>::with_capacity(1 << 32));
    assert!(caught.message.contains("capacity overflow"), "{}", caught.message);
}

/// An id of the tests' own, as a user would write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct OrderId(u64);

impl SentinelKey for OrderId {
    type Repr = u64;
    const SENTINEL: u64 = 1_000;
    fn into_repr(self) -> u64 {
        self.0
    }
    fn from_repr(repr: u64) -> Self {
        OrderId(repr)
    }
}

/// An id with a reserved value that is negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Level(i32);

impl SentinelKey for Level {
    type Repr = i32;
    const SENTINEL: i32 = -7;
    fn into_repr(self) -> i32 {
        self.0
    }
    fn from_repr(repr: i32) -> Self {
        Level(repr)
    }
}

fn a_custom_key_type_works<P: Paging, H: Hashing + Default>() {
    holds_all::<OrderId, P, H>(&[0, 1, 999, 1_001, u64::MAX].map(OrderId));
    holds_all::<Level, P, H>(&[i32::MIN, -8, -6, 0, i32::MAX].map(Level));
    let mut map = Map::<OrderId, &str, P, H>::default();
    map.insert(OrderId(7), "seven");
    assert_eq!(map[OrderId(7)], "seven");
    assert_eq!(map.get(OrderId(1_000)), None);
    let message = caught(|| map.insert(OrderId(1_000), "")).message;
    assert_eq!(message, "1000_u64 cannot be used as a key (reserved as empty sentinel)");
    let mut map = Map::<Level, (), P, H>::default();
    let message = caught(|| map.insert(Level(-7), ())).message;
    assert_eq!(message, "-7_i32 cannot be used as a key (reserved as empty sentinel)");
}

fn maps_are_equal_when_their_entries_are<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(9).keys(300);
    let map: Map<i64, i64, P, H> = keys.iter().map(|&key| (key, key)).collect();
    let mut other: Map<i64, i64, P, H> = keys.iter().rev().map(|&key| (key, key)).collect();
    assert!(map == other && map == map.clone());
    *other.get_mut(keys[0]).expect("present") ^= 1;
    assert!(map != other);
    other.remove(keys[0]);
    assert!(map != other);
    assert!(other != map);
    other.insert(1, keys[0]);
    assert!(map != other, "as many entries, another key");
    assert!(other != map, "as many entries, another key");
}

fn debug_shows_the_entries<P: Paging, H: Hashing + Default>() {
    let mut map = Map::<i64, char, P, H>::default();
    assert_eq!(format!("{map:?}"), "{}");
    map.insert(-5, 'a');
    assert_eq!(format!("{map:?}"), "{-5: 'a'}");
    assert_eq!(format!("{:?} {:?}", map.iter(), map.keys()), "[(-5, 'a')] [-5]");
}

fn indexing_reads_and_panics_on_absent_keys<P: Paging, H: Hashing + Default>() {
    let map = Map::<i64, char, P, H>::from([(1, 'a')]);
    assert_eq!(map[1], 'a');
    let absent = caught(|| map[-2]);
    assert_eq!(absent.message, "no entry found for key -2");
    assert_eq!((absent.file.as_str(), absent.line), (file!(), line!() - 2));
    let reserved = "no entry found for key i64::MIN (reserved as empty sentinel)";
    assert_eq!(caught(|| map[i64::MIN]).message, reserved);

    let map = Map::<u32, char, P, H>::default();
    assert_eq!(caught(|| map[42]).message, "no entry found for key 42");
    let map = Map::<NonZeroU64, char, P, H>::default();
    assert_eq!(
        caught(|| map[NonZeroU64::MAX]).message,
        format!("no entry found for key {}", u64::MAX)
    );
    let map = Map::<OrderId, char, P, H>::default();
    let message = caught(|| map[OrderId(7)]).message;
    assert_eq!(message, "no entry found for key 7 of type basics::OrderId");
}

fn owned_iteration_moves_or_clones<P: Paging, H: Hashing + Default>() {
    let counts = common::Counts::new();
    let map: Map<i64, _, P, H> = (0..200).map(|key| (key, counts.value(key))).collect();
    let snapshot = map.clone();
    let (clones, sum) = counts.clones_in(|| map.into_iter().map(|(key, _)| key).sum::<i64>());
    assert_eq!((clones, sum), (200, 199 * 100), "what is shared is cloned");
    let (clones, sum) =
        counts.clones_in(|| snapshot.into_iter().map(|(_, value)| value.id).sum::<i64>());
    assert_eq!((clones, sum), (0, 199 * 100), "what is owned alone is moved");
    assert_eq!(counts.alive(), 0);
    let map: Map<i64, _, P, H> = (0..200).map(|key| (key, counts.value(key))).collect();
    assert_eq!(map.into_iter().take(50).count(), 50);
    assert_eq!(counts.alive(), 0, "what was not taken is dropped");
}

fn iterators_know_their_length<P: Paging, H: Hashing + Default>() {
    let map: Map<i64, i64, P, H> = (0..300).map(|key| (key, key)).collect();
    let mut iter = map.iter();
    for left in (0..300).rev() {
        assert!(iter.next().is_some());
        assert_eq!((iter.len(), iter.clone().count()), (left, left));
    }
    assert_eq!((iter.next(), iter.next()), (None, None));
    let mut iter = map.into_iter();
    iter.nth(99);
    assert_eq!((iter.len(), iter.size_hint()), (200, (200, Some(200))));
    assert_eq!(iter.count(), 200);
}
