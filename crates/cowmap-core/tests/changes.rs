//! What changed between two maps: found for every key at every shape, applied, undone, merged; and how
//! little of two maps is read for it.

mod common;

use std::collections::BTreeMap;
use std::fmt::Debug;

use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{
    ApplyError, Change, Conflict, CowMap, Fixed, Flat, Hashing, Map, Paged, Paging, Seeded, Tiny,
};

type Tested<P, H> = Map<i64, u64, P, H>;

/// The changes by a comparison entry by entry.
fn model<P: Paging, H: Hashing>(old: &Tested<P, H>, new: &Tested<P, H>) -> Vec<Change<i64, u64>> {
    let (old, new): (BTreeMap<i64, u64>, BTreeMap<i64, u64>) = (
        old.iter().map(|(key, &value)| (key, value)).collect(),
        new.iter().map(|(key, &value)| (key, value)).collect(),
    );
    let mut changes = Vec::new();
    for (&key, &value) in &old {
        match new.get(&key) {
            None => changes.push(Change::Removed { key, value }),
            Some(&new) if new != value => changes.push(Change::Updated { key, old: value, new }),
            Some(_) => {}
        }
    }
    for (&key, &value) in new.iter().filter(|(key, _)| !old.contains_key(key)) {
        changes.push(Change::Added { key, value });
    }
    changes.sort_by_key(Change::key);
    changes
}

/// Checks everything that holds between two maps.
#[track_caller]
fn check<P: Paging, H: Hashing>(old: &Tested<P, H>, new: &Tested<P, H>) {
    for (from, to) in [(old, new), (new, old)] {
        let wanted = model(from, to);
        let sorted: Vec<_> = from.diff_sorted(to).map(Change::cloned).collect();
        let first = sorted.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
        assert_eq!((first, sorted.len()), (None, wanted.len()));
        let mut diff = from.diff(to);
        let (mut changes, mut left) = (Vec::new(), wanted.len());
        loop {
            let (least, most) = diff.size_hint();
            assert!(least <= left && left <= most.expect("few"), "{left} in {least}, {most:?}");
            let Some(change) = diff.next() else { break };
            changes.push(change.cloned());
            left -= 1;
        }
        assert!(left == 0 && diff.next().is_none() && diff.size_hint() == (0, Some(0)));
        let mut applied = from.clone();
        applied.apply(changes.iter().cloned());
        assert_eq!(&applied, to);
        applied.check_invariants();
        applied.try_apply(changes.iter().rev().map(|change| change.invert())).expect("they match");
        assert_eq!(&applied, from);
        // Operations on two maps, by their definition.
        let keys = |map: &Tested<P, H>| {
            map.iter_sorted().map(|(key, &value)| (key, value)).collect::<BTreeMap<_, _>>()
        };
        let (a, b) = (keys(from), keys(to));
        let mut union = b.clone();
        union.extend(a.clone());
        assert_eq!(keys(&from.union(to)), union);
        let mut both = a.clone();
        both.retain(|key, _| b.contains_key(key));
        assert_eq!(keys(&from.intersection(to)), both);
        let mut only = a.clone();
        only.retain(|key, _| !b.contains_key(key));
        assert_eq!(keys(&from.difference(to)), only);
        only.extend(b.iter().filter(|(key, _)| !a.contains_key(key)));
        assert_eq!(keys(&from.symmetric_difference(to)), only);
        assert_eq!(from == to, wanted.is_empty());
        assert_eq!(from.is_submap(to), a.iter().all(|(key, value)| b.get(key) == Some(value)));
    }
}

/// One change of each key of a map, at sizes on both sides of splits, levels, and merges.
fn a_change_of_every_key_is_found<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(41).keys(700);
    for len in [0, 1, 2, 7, 8, 15, 40, 114, 115, 229, 230, 460, 700] {
        let map: Tested<P, H> = keys[..len].iter().map(|&key| (key, 1)).collect();
        let step = if len > 200 { 7 } else { 1 };
        for &key in keys[..len].iter().step_by(step) {
            let mut changed = map.clone();
            changed.insert(key, 2);
            let changes: Vec<_> = map.diff(&changed).collect();
            assert_eq!(changes, [Change::Updated { key, old: &1, new: &2 }]);
            let mut changed = map.clone();
            changed.remove(key);
            let changes: Vec<_> = map.diff(&changed).collect();
            assert_eq!(changes, [Change::Removed { key, value: &1 }]);
            let changes: Vec<_> = changed.diff(&map).collect();
            assert_eq!(changes, [Change::Added { key, value: &1 }]);
        }
        check(&map, &map.clone());
        check(&map, &map.unshared());
        check(&map, &Tested::default());
    }
}

/// Two lines of changes from one map, through growth and shrinking, compared again and again.
fn diffs_are_right_across_shapes<P: Paging, H: Hashing + Default>() {
    let mut random = Random::new(42);
    let keys = random.keys(1_500);
    for grown in [0, 100, 1_000] {
        let base: Tested<P, H> = keys[..grown].iter().map(|&key| (key, 0)).collect();
        let mut lines = [base.clone(), base.clone()];
        for round in 0..24_u64 {
            let before = lines[0].clone();
            for line in &mut lines {
                let many = [1, 3, 40, 400][random.below(4)];
                for _ in 0..many {
                    let key = keys[random.below(keys.len())];
                    // Grows in the beginning, and shrinks in the end.
                    if random.below(24) as u64 >= round {
                        line.insert(key, round);
                    } else {
                        line.remove(key);
                    }
                }
                match random.below(12) {
                    0 => line.shrink_to_fit(),
                    1 => line.reserve(2_000),
                    2 => line.clear(),
                    _ => {}
                }
            }
            check(&before, &lines[0]);
            check(&lines[0], &lines[1]);
            check(&base, &lines[1]);
            merges_are_right(&base, &lines[0], &lines[1]);
        }
    }
}

/// Merging by its definition, and its mirror.
#[track_caller]
fn merges_are_right<P: Paging, H: Hashing>(
    base: &Tested<P, H>,
    ours: &Tested<P, H>,
    theirs: &Tested<P, H>,
) {
    // Commutative: the larger of what is there, or none if the key is even.
    let resolve = |key: i64, ours: Option<&u64>, theirs: Option<&u64>| {
        if key % 2 == 0 { None } else { ours.max(theirs).copied() }
    };
    let merged = base.merge(ours, theirs, |key, conflict| {
        assert_eq!(conflict.base, base.get(key));
        assert_eq!((conflict.ours, conflict.theirs), (ours.get(key), theirs.get(key)));
        assert!(conflict.ours != conflict.theirs);
        assert!(conflict.ours != conflict.base && conflict.theirs != conflict.base);
        resolve(key, conflict.ours, conflict.theirs)
    });
    let mirrored =
        base.merge(theirs, ours, |key, conflict| resolve(key, conflict.theirs, conflict.ours));
    assert_eq!(merged, mirrored);
    merged.check_invariants();
    let keys = [base, ours, theirs].into_iter().flat_map(|map| map.keys());
    let mut wanted = BTreeMap::new();
    for key in keys {
        let (base, ours, theirs) = (base.get(key), ours.get(key), theirs.get(key));
        let value = if ours == theirs || theirs == base {
            ours.copied()
        } else if ours == base {
            theirs.copied()
        } else {
            resolve(key, ours, theirs)
        };
        if let Some(value) = value {
            wanted.insert(key, value);
        }
    }
    assert!(merged.iter_sorted().map(|(key, &value)| (key, value)).eq(wanted));
}

fn changes_that_do_not_match_change_nothing<P: Paging, H: Hashing + Default>() {
    let map: Tested<P, H> = (0..300).map(|key| (key, 1)).collect();
    let good = Change::Updated { key: 7, old: 1, new: 2 };
    let bad = [
        (Change::Added { key: 8, value: 5 }, ApplyError::Mismatch { key: 8, found: Some(1) }),
        (Change::Removed { key: 8, value: 5 }, ApplyError::Mismatch { key: 8, found: Some(1) }),
        (Change::Removed { key: 900, value: 5 }, ApplyError::Mismatch { key: 900, found: None }),
        (
            Change::Updated { key: 7, old: 1, new: 3 },
            ApplyError::Mismatch { key: 7, found: Some(2) },
        ),
        (Change::Added { key: i64::MIN, value: 1 }, ApplyError::Reserved { key: i64::MIN }),
        (Change::Removed { key: i64::MIN, value: 1 }, ApplyError::Reserved { key: i64::MIN }),
    ];
    for (change, error) in bad {
        let mut changed = map.clone();
        assert_eq!(changed.try_apply([good, change]), Err(error));
        assert!(changed.ptr_eq(&map), "{change:?}");
        let text = error.to_string();
        assert!(text.contains("change of key"), "{text}");
    }
    let mut changed = map.clone();
    let again = Change::Updated { key: 7, old: 2, new: 1 };
    changed.try_apply([good, again]).expect("a key may come twice");
    assert_eq!(changed, map);
}

on_every_map!(
    a_change_of_every_key_is_found,
    diffs_are_right_across_shapes,
    changes_that_do_not_match_change_nothing,
);

#[test]
fn a_reserved_key_panics_and_what_came_before_stays() {
    let mut map = CowMap::from([(1_i64, 'a')]);
    let changes = [
        Change::Removed { key: 1, value: 'a' },
        Change::Added { key: i64::MIN, value: 'b' },
        Change::Added { key: 2, value: 'c' },
    ];
    let caught = common::panics::caught(|| map.apply(changes));
    assert!(caught.message.contains("i64::MIN") && caught.file == file!(), "{caught:?}");
    assert!(map.is_empty());
}

/// Maps with other secrets, and of other origin, have everything apart.
#[test]
fn maps_with_other_secrets_are_compared_entry_by_entry() {
    let map = |secret| {
        let mut map = Tested::<Paged, Seeded>::with_secret([secret; 3]);
        map.extend((0..2_000).map(|key| (key, 1)));
        map
    };
    let (one, mut other) = (map(1), map(2));
    check(&one, &other);
    other.insert(5, 2);
    other.remove(6);
    check(&one, &other);
}

/// A value that is not equal to itself did not change where its page is shared: no conflict, whichever
/// side changed it, and whichever side is which.
#[test]
fn merging_takes_what_is_shared_as_unchanged() {
    fn check<P: Paging>() {
        let base: Map<u64, f64, P, Fixed> = (1..3_000).map(|key| (key, f64::NAN)).collect();
        let mut changed = base.clone();
        changed.insert(1, 5.0);
        changed.remove(2);
        let none = |key: u64, _: Conflict<'_, f64>| -> Option<f64> { panic!("{key} is none") };
        for (ours, theirs) in [(&base, &changed), (&changed, &base), (&changed, &changed.clone())] {
            let merged = base.merge(ours, theirs, none);
            assert_eq!((merged.get(1), merged.get(2)), (Some(&5.0), None));
            assert_eq!(merged.len(), base.len() - 1);
        }
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}

/// What the smaller of two maps without a common past costs: values cloned.
#[test]
fn operations_on_two_maps_go_by_the_smaller() {
    fn check<P: Paging>(copied: usize) {
        let counts = Counts::new();
        let big: Map<i64, Counted, P, Fixed> =
            (0..50_000).map(|id| (id, counts.value(id))).collect();
        let small: Map<i64, Counted, P, Fixed> = big
            .iter()
            .filter(|(key, _)| key % 5_000 == 0)
            .map(|(key, value)| (key, value.clone()))
            .collect();
        let few = small.len();
        let limit = few * copied + few;
        let cloned = |work: &dyn Fn() -> usize| {
            let (clones, len) = counts.clones_in(work);
            assert!(clones <= limit, "{clones} values cloned of {limit}");
            len
        };
        assert_eq!(cloned(&|| small.union(&big).len()), 50_000);
        assert_eq!(cloned(&|| big.union(&small).len()), 50_000);
        assert_eq!(cloned(&|| small.intersection(&big).len()), few);
        assert_eq!(cloned(&|| big.intersection(&small).len()), few);
        assert_eq!(cloned(&|| small.difference(&big).len()), 0);
        assert_eq!(cloned(&|| big.difference(&small).len()), 50_000 - few);
        assert_eq!(cloned(&|| big.symmetric_difference(&small).len()), 50_000 - few);
        assert_eq!(cloned(&|| small.symmetric_difference(&big).len()), 50_000 - few);
    }
    check::<Paged>(40);
    check::<Tiny>(10);
}

fn debug_shows_changes<T: Debug>(changes: T, wanted: &str) {
    assert_eq!(format!("{changes:?}"), wanted);
}

#[test]
fn changes_are_shown() {
    let (old, new) = (CowMap::new(), CowMap::from([(1_u64, 'a')]));
    debug_shows_changes(old.diff(&new), "[Added { key: 1, value: 'a' }]");
    debug_shows_changes(old.diff_sorted(&new), "[Added { key: 1, value: 'a' }]");
}
