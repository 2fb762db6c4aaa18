//! What changed between two sets, as laws: diffs make one of the other, merging has no sides, and both
//! cost what changed.

use std::collections::BTreeSet;

use cowmap::{ApplyError, Change, CowSet, RetainCursor};
use quickcheck::{Arbitrary, Gen, QuickCheck};

type Model = BTreeSet<i64>;

/// A set, two lines of change from it, and a third from the first: whether a key comes or goes.
#[derive(Clone, Debug)]
struct Lines([Vec<(u16, bool)>; 4]);

impl Arbitrary for Lines {
    fn arbitrary(g: &mut Gen) -> Self {
        let limit = *g.choose(&[5, 60, 3_000]).expect("some");
        // A base of several pages, and lines from none to many steps.
        let steps = |g: &mut Gen, most: usize| {
            let count = usize::arbitrary(g) % most;
            (0..count).map(|_| (u16::arbitrary(g) % limit, bool::arbitrary(g))).collect()
        };
        let base = steps(g, 2_000);
        Lines([base, steps(g, 60), steps(g, 60), steps(g, 900)])
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let Lines([base, ours, theirs, later]) = self.clone();
        let lines = (base, ours, theirs, later).shrink();
        Box::new(lines.map(|(base, ours, theirs, later)| Lines([base, ours, theirs, later])))
    }
}

impl Lines {
    /// The base, both sides and a later state of the first, each with its model.
    fn sets(&self) -> [(CowSet<i64>, Model); 4] {
        let after = |(set, model): &(CowSet<i64>, Model), steps: &[(u16, bool)]| {
            let (mut set, mut model) = (set.clone(), model.clone());
            for &(key, comes) in steps {
                let key = i64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
                if comes {
                    assert_eq!(set.insert(key), model.insert(key));
                } else {
                    assert_eq!(set.remove(key), model.remove(&key));
                }
            }
            (set, model)
        };
        let base = after(&(CowSet::new(), Model::new()), &self.0[0]);
        let ours = after(&base, &self.0[1]);
        let theirs = after(&base, &self.0[2]);
        let later = after(&ours, &self.0[3]);
        [base, ours, theirs, later]
    }
}

fn check(property: fn(Lines)) {
    QuickCheck::new()
        .rng(Gen::new(100))
        .tests(if cfg!(miri) { 2 } else { 150 })
        .quickcheck(property);
}

fn same(set: &CowSet<i64>, model: &Model) {
    set.as_map().check_invariants();
    assert!(set.iter_sorted().eq(model.iter().copied()));
    assert_eq!(set.len(), model.len());
}

#[test]
fn a_diff_makes_one_set_of_the_other() {
    fn property(lines: Lines) {
        let sets = lines.sets();
        for (old, old_model) in &sets {
            for (new, new_model) in &sets {
                let mut wanted: Vec<(i64, bool)> = old_model
                    .symmetric_difference(new_model)
                    .map(|&key| (key, new_model.contains(&key)))
                    .collect();
                wanted.sort_unstable();
                let found: Vec<(i64, bool)> = old
                    .diff_sorted(new)
                    .map(|change| match change {
                        Change::Added { key, value: () } => (key, true),
                        Change::Removed { key, value: () } => (key, false),
                        Change::Updated { .. } => panic!("a key has no other value"),
                    })
                    .collect();
                assert_eq!(found, wanted);
                let mut diff = old.diff(new);
                for left in (0..=wanted.len()).rev() {
                    let (least, most) = diff.size_hint();
                    assert!(least <= left && left <= most.expect("few"));
                    assert_eq!(diff.next().is_some(), left > 0);
                }
                assert_eq!((diff.next(), diff.size_hint()), (None, (0, Some(0))));

                let mut set = old.clone();
                set.apply(old.diff(new));
                same(&set, new_model);
                // Twice is once, and copies nothing.
                let before = set.clone();
                set.apply(old.diff(new));
                assert!(set.ptr_eq(&before));
                set.try_apply(old.diff(new).map(Change::invert)).expect("they match");
                same(&set, old_model);
                let again = set.try_apply(old.diff(new).map(Change::invert));
                assert_eq!(again.is_err(), !wanted.is_empty());
                same(&set, old_model);
            }
        }
        // One diff after the other.
        let [(base, _), (ours, _), _, (later, model)] = &sets;
        let mut set = base.clone();
        set.try_apply(base.diff(ours).chain(ours.diff(later))).expect("they match");
        same(&set, model);
    }
    check(property);
}

#[test]
fn merging_has_no_sides() {
    fn property(lines: Lines) {
        let [base, ours, theirs, later] = &lines.sets();
        // Sides that share with the base, that have gone far, and that share nothing.
        let apart = (theirs.0.unshared(), theirs.1.clone());
        for (ours, theirs) in
            [(ours, theirs), (later, theirs), (ours, later), (later, &apart), (base, ours)]
        {
            let merged = base.0.merge(&ours.0, &theirs.0);
            // A key is there, or not, as in the side that changed it.
            let keys = base.1.union(&ours.1).chain(&theirs.1);
            let wanted: Model = keys
                .copied()
                .filter(|key| {
                    let [base, ours, theirs] = [base, ours, theirs].map(|set| set.1.contains(key));
                    if ours == base { theirs } else { ours }
                })
                .collect();
            same(&merged, &wanted);
            assert_eq!(base.0.merge(&theirs.0, &ours.0), merged);
        }
        // A side that did nothing, and one that is merged with itself.
        assert!(base.0.merge(&ours.0, &base.0).ptr_eq(&ours.0));
        assert!(base.0.merge(&ours.0, &ours.0).ptr_eq(&ours.0));
    }
    check(property);
}

#[test]
fn a_key_that_stays_or_is_absent_copies_nothing() {
    let mut set: CowSet<u64> = (0..10_000).collect();
    let snapshot = set.clone();
    set.apply([
        Change::Added { key: 7, value: () },
        Change::Removed { key: 10_000, value: () },
        Change::Updated { key: 8, old: (), new: () },
    ]);
    assert!(set.ptr_eq(&snapshot));
    set.apply([Change::Removed { key: 7, value: () }]);
    let usage = set.memory_usage();
    assert_eq!(usage.pages - usage.shared_pages, 1);
}

#[test]
fn changes_that_are_none_change_nothing() {
    let mut set = CowSet::from([1_i64, 2]);
    let before = set.clone();
    let added = |key| Change::Added { key, value: () };
    let removed = |key| Change::Removed { key, value: () };
    for (change, error) in [
        (added(1), ApplyError::Mismatch { key: 1, found: Some(()) }),
        (removed(4), ApplyError::Mismatch { key: 4, found: None }),
        (added(3), ApplyError::Mismatch { key: 3, found: Some(()) }),
        (removed(i64::MIN), ApplyError::Reserved { key: i64::MIN }),
    ] {
        assert_eq!(set.try_apply([added(3), change]), Err(error));
        assert!(set.ptr_eq(&before), "{change:?}");
    }
    assert_eq!(
        format!("{:?}", CowSet::new().diff(&CowSet::from([7_u64]))),
        "[Added { key: 7, value: () }]"
    );
}

#[test]
#[should_panic(expected = "i64::MIN cannot be used as a key")]
fn the_reserved_key_is_refused() {
    CowSet::new().apply([Change::Removed { key: i64::MIN, value: () }]);
}

#[test]
fn keys_that_came_or_went_are_not_removed() {
    let mut set: CowSet<i64> = (0..10_000).collect();
    let snapshot = set.clone();
    set.remove(1);
    set.insert(-2);
    // As it was, gone, come, in neither, reserved, and some again.
    let keys = [0, 1, -2, -9, i64::MIN, 0, 1];
    assert_eq!(set.remove_unchanged(&snapshot, keys), [1, -2, 1]);
    assert_eq!((set.len(), set.contains(0)), (9_999, false));
}

#[test]
fn keys_are_retained_in_steps() {
    let mut set: CowSet<i64> = (0..10_000).collect();
    let (mut cursor, mut visited, mut steps) = (RetainCursor::new(), 0, 0);
    loop {
        steps += 1;
        let more = set.retain_step(&mut cursor, 1_000, |key| {
            visited += i64::from((0..10_000).contains(&key));
            key % 10 == 0
        });
        if !more {
            break;
        }
        // To be removed, if it is met.
        set.insert(-steps * 10 - 1);
    }
    assert!(visited == 10_000 && (2..=10).contains(&steps), "{visited} in {steps} steps");
    assert!(set.iter().filter(|&key| key >= 0).eq(set.iter().filter(|key| key % 10 == 0)));
    assert_eq!(set.iter().filter(|&key| key >= 0).count(), 1_000);
}

#[test]
fn diffs_can_be_sent() {
    static_assertions::assert_impl_all!(cowmap::set::Diff<'_, u64>: Send, Sync, Clone);
    static_assertions::assert_impl_all!(cowmap::set::DiffSorted<'_, u64>: Send, Sync, Clone);
}

/// Pages of the result that neither side has: theirs and ours changed keys far apart.
#[test]
fn a_merge_shares_what_theirs_did_not_change() {
    let base: CowSet<u64> = (0..100_000).collect();
    let (mut ours, mut theirs) = (base.clone(), base.clone());
    (0..50).for_each(|n| assert!(ours.remove(n * 1_999)));
    theirs.extend([200_000, 300_000]);
    let merged = base.merge(&ours, &theirs);
    let usage = merged.memory_usage();
    assert!(usage.pages - usage.shared_pages <= 2, "{usage:?}");
    assert_eq!(merged.len(), 100_000 - 50 + 2);
}
