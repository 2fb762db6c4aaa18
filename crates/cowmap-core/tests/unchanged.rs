//! Removing and replacing what is as it was in a snapshot: by value, in order, keys that repeat, and
//! what is copied.

mod common;

use std::collections::BTreeMap;

use common::counted::panic_at_clone;
use common::panics::caught;
use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{CowMap, Fixed, Flat, Hashing, Map, Paged, Paging, Seeded, Tiny};

type Tested<P, H> = Map<i64, u64, P, H>;
type Model = BTreeMap<i64, u64>;

/// By the definition: all keys are judged by what the map has at the beginning.
fn model<T>(
    (now, before): (&Model, &Model),
    asked: &[(i64, T)],
    mut change: impl FnMut(&mut Model, &(i64, T)),
) -> (Model, Vec<usize>) {
    let (mut changed, mut skipped) = (now.clone(), Vec::new());
    for (number, item) in asked.iter().enumerate() {
        if now.get(&item.0) == before.get(&item.0) {
            change(&mut changed, item);
        } else {
            skipped.push(number);
        }
    }
    (changed, skipped)
}

fn entries<P: Paging, H: Hashing>(map: &Tested<P, H>) -> Model {
    map.check_invariants();
    map.iter().map(|(key, &value)| (key, value)).collect()
}

/// Writes of others since the snapshot, of few keys or most, and keys that repeat and are absent.
fn what_changed_is_skipped<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(3);
    let keys = random.keys(900);
    for len in [0, 1, 8, 115, 700] {
        for writes in [0, 3, 1_500] {
            let mut map: Tested<P, H> = keys[..len].iter().map(|&key| (key, 1)).collect();
            let snapshot = map.clone();
            for _ in 0..writes {
                let key = keys[random.below(keys.len())];
                match random.below(4) {
                    0 => drop(map.remove(key)),
                    // To the value that it had: by value that is no change.
                    1 => drop(map.insert(key, 1)),
                    value => drop(map.insert(key, value as u64)),
                }
            }
            let asked: Vec<(i64, u64)> =
                (0..600).map(|n| (keys[random.below(keys.len())], 10 + n)).collect();
            let before = entries(&snapshot);
            for snapshot in [&snapshot, &snapshot.unshared()] {
                let now = entries(&map);
                let (wanted, skipped) = model((&now, &before), &asked, |map, item| {
                    map.remove(&item.0);
                });
                let mut removed = map.clone();
                let returned = removed.remove_unchanged(snapshot, asked.iter().map(|item| item.0));
                assert!(returned.iter().eq(skipped.iter().map(|&number| &asked[number].0)));
                assert_eq!(entries(&removed), wanted);

                let (wanted, skipped) = model((&now, &before), &asked, |map, &(key, value)| {
                    map.insert(key, value);
                });
                let mut replaced = map.clone();
                let returned = replaced.replace_unchanged(snapshot, asked.iter().copied());
                assert!(returned.iter().eq(skipped.iter().map(|&number| &asked[number])));
                assert_eq!(entries(&replaced), wanted);
                assert_eq!(entries(&map), now);
            }
            assert_eq!(entries(&snapshot), before);
        }
    }
}

fn each_case<P: Paging, H: Hashing + Default>() {
    let mut map: Tested<P, H> = (0..300).map(|key| (key, 1)).collect();
    let snapshot = map.clone();
    map.insert(1, 2); // updated
    map.remove(2); // removed
    map.insert(-3, 1); // added
    map.insert(4, 5);
    map.insert(4, 1); // updated, and back

    let mut removed = map.clone();
    // Unchanged, updated, removed, added, as it was again, in neither, reserved, and some again.
    let keys = [0, 1, 2, -3, 4, -9, i64::MIN, 0, 1];
    assert_eq!(removed.remove_unchanged(&snapshot, keys), [1, 2, -3, 1]);
    assert_eq!((removed.get(0), removed.get(4), removed.get(1)), (None, None, Some(&2)));
    assert_eq!(removed.len(), map.len() - 2);

    let mut replaced = map.clone();
    let entries = [(0, 10), (1, 11), (2, 12), (-3, 13), (4, 14), (-9, 15), (0, 16), (1, 17)];
    let skipped = replaced.replace_unchanged(&snapshot, entries);
    assert_eq!(skipped, [(1, 11), (2, 12), (-3, 13), (1, 17)]);
    // A key that neither has is added, and the last of equal keys wins.
    let got = [0, 1, 2, -3, 4, -9].map(|key| replaced.get(key).copied());
    assert_eq!(got, [Some(16), Some(2), None, Some(1), Some(14), Some(15)]);
    assert_eq!(replaced.len(), map.len() + 1);

    // The reserved key: nothing was done before it.
    let mut replaced = map.clone();
    let caught = caught(|| replaced.replace_unchanged(&snapshot, [(0, 1), (i64::MIN, 2)]));
    assert!(caught.message.contains("i64::MIN") && caught.file == file!(), "{caught:?}");
    assert!(replaced.ptr_eq(&map));
    // All skipped: nothing is copied.
    assert_eq!(replaced.remove_unchanged(&snapshot, [1, 2, -3, -9]).len(), 3);
    assert_eq!(replaced.replace_unchanged(&snapshot, [(1, 3), (2, 3), (-3, 3)]).len(), 3);
    assert!(replaced.ptr_eq(&map));
}

on_every_map!(what_changed_is_skipped, each_case);

/// Other secrets make no difference.
#[test]
fn a_snapshot_may_have_another_secret() {
    let map = |secret| {
        let mut map = Tested::<Paged, Seeded>::with_secret([secret; 3]);
        map.extend((0..2_000).map(|key| (key, 1)));
        map
    };
    let (mut map, snapshot) = (map(1), map(2));
    map.insert(5, 2);
    assert_eq!(map.remove_unchanged(&snapshot, [4, 5, 6]), [5]);
    assert_eq!(map.len(), 1_998);
}

/// A value in a page that both share is not compared: a NaN is as it was, and nothing is asked.
#[test]
fn shared_values_are_not_compared() {
    let mut map: CowMap<u64, f64> = (0..1_000).map(|key| (key, f64::NAN)).collect();
    let snapshot = map.clone();
    let skipped = map.remove_unchanged(&snapshot, [1, 500]);
    assert_eq!((skipped.len(), map.len()), (0, 998));
    // In a page that was copied it has another address, and is not equal to itself.
    let mut other = snapshot.unshared();
    assert_eq!(other.remove_unchanged(&snapshot, [1, 500]), [1, 500]);
}

/// Pages that are copied, and that a map which shares nothing copies none.
#[test]
fn pages_that_lose_or_change_an_entry_are_copied() {
    fn check<P: Paging>(page: usize) {
        let counts = Counts::new();
        let mut map: Map<i64, Counted, P, Fixed> =
            (0..20_000).map(|key| (key, counts.value(key))).collect();
        let copy = map.unshared();
        let clones = counts.clones_in(|| map.remove_unchanged(&copy, (0..20_000).step_by(97)));
        assert_eq!((clones.0, clones.1.len()), (0, 0));
        let snapshot = map.clone();
        let few = [1, 5_001, 10_001];
        let (clones, skipped) = counts.clones_in(|| map.remove_unchanged(&snapshot, few));
        assert!(skipped.is_empty() && clones <= 3 * page, "{clones} values cloned");
        let usage = map.memory_usage();
        assert!(usage.pages - usage.shared_pages <= 4, "{usage:?}");
        drop((map, copy, snapshot, skipped));
        assert_eq!(counts.alive(), 0);
    }
    check::<Paged>(40);
    check::<Tiny>(10);
}

/// Nothing is lost or leaked, and before the first write nothing is changed.
#[test]
fn a_panic_leaves_the_map_valid() {
    fn check<P: Paging>() {
        let counts = Counts::new();
        let mut map: Map<i64, Counted, P, Fixed> =
            (0..300).map(|key| (key, counts.value(key))).collect();
        let snapshot = map.clone();
        let keys = |at: i64| (0..300).inspect(move |&key| assert!(key != at, "as told"));
        for at in [0, 1, 299] {
            caught(|| map.remove_unchanged(&snapshot, keys(at)));
            caught(|| {
                map.replace_unchanged(&snapshot, keys(at).map(|key| (key, counts.value(-key))))
            });
            assert!(map.ptr_eq(&snapshot));
        }
        for at in [1, 2, 20] {
            caught(|| {
                panic_at_clone(at);
                let kept = map.remove_unchanged(&snapshot, 0..250);
                assert!(kept.is_empty() && map.len() == 50, "as told");
                // Few pages may be copied, so that no clone came to be the one that panics.
                panic!("done");
            });
            panic_at_clone(0);
            map.check_invariants();
            assert!((250..300).all(|key| map[key].id == key));
            map = snapshot.clone();
        }
        assert!((0..300).all(|key| snapshot[key].id == key));
        drop((map, snapshot));
        assert_eq!(counts.alive(), 0);
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}
