//! Generators: what they make is valid, and snapshots share pages.

#[cfg(any(feature = "quickcheck", feature = "proptest", feature = "arbitrary"))]
use cowmap::{CowMap, CowSet, Fixed, Paged, WithSnapshots};

#[cfg(any(feature = "quickcheck", feature = "proptest", feature = "arbitrary"))]
type Any = WithSnapshots<u64, u8, Paged, Fixed>;

/// Writes to the map and sees whether a snapshot changes.
#[cfg(any(feature = "quickcheck", feature = "proptest", feature = "arbitrary"))]
fn snapshots_stay(mut any: Any) -> bool {
    let before: Vec<CowMap<u64, u8>> = any.snapshots.iter().map(CowMap::unshared).collect();
    any.map.check_invariants();
    any.map.iter_mut().for_each(|(_, value)| *value ^= 1);
    any.snapshots.iter().all(|map| !map.contains_key(u64::MAX)) && any.snapshots == before
}

#[cfg(feature = "quickcheck")]
#[test]
fn quickcheck_makes_maps() {
    use quickcheck::{Arbitrary, Gen, QuickCheck};
    QuickCheck::new().quickcheck(snapshots_stay as fn(Any) -> bool);
    let mut g = Gen::new(60);
    let some: Vec<Any> = (0..50).map(|_| Any::arbitrary(&mut g)).collect();
    assert!(some.iter().any(|any| any.snapshots.iter().any(CowMap::is_shared)));
    assert!(some.iter().any(|any| any.snapshots.iter().any(|old| *old != any.map)));
    assert!(some[0].shrink().count() > 0 || some[0].map.is_empty());
    assert!((0..50).any(|_| !CowSet::<i32>::arbitrary(&mut g).is_empty()));
}

/// What quickcheck shrinks failures to.
#[cfg(feature = "quickcheck")]
mod shrinking {
    use std::fmt::Debug;
    use std::num::NonZeroU32;

    use super::*;
    use cowmap::FlatCowMap;
    use quickcheck::{Arbitrary, Gen};

    /// The simplest case that `fails`, found from `case` as quickcheck does: the first simpler one
    /// that fails, and again from there. Few are tried on the way.
    #[track_caller]
    fn shrunk<T: Arbitrary + Debug>(mut case: T, fails: impl Fn(&T) -> bool) -> T {
        assert!(fails(&case), "nothing to shrink: {case:?}");
        let mut tries = 0;
        let mut next =
            |case: &T| case.shrink().inspect(|_| tries += 1).find(|simpler| fails(simpler));
        while let Some(simpler) = next(&case) {
            case = simpler;
        }
        assert!(tries < 5_000, "{tries} tries for {case:?}");
        case
    }

    /// Cases that fail, out of many that quickcheck makes.
    fn failing<T: Arbitrary>(fails: impl Fn(&T) -> bool) -> Vec<T> {
        let mut g = Gen::new(100);
        let cases: Vec<T> =
            (0..2_000).map(|_| T::arbitrary(&mut g)).filter(fails).take(20).collect();
        assert!(cases.len() > 5, "{} cases fail", cases.len());
        cases
    }

    fn shows(any: &Any) -> String {
        format!("{:?} {:?}", any.map.iter_sorted().collect::<Vec<_>>(), any.snapshots)
    }

    #[test]
    fn maps_and_sets_shrink_to_as_few_entries_as_fail() {
        fn three<V, P: cowmap::Paging>(map: &cowmap::Map<u64, V, P>) -> bool {
            map.len() >= 3
        }
        for map in failing(three) {
            let entries = [(0_u64, 0_u8), (1, 0), (2, 0)];
            assert_eq!(shrunk(map, three), CowMap::from(entries));
        }
        for map in failing(three).into_iter().take(5) {
            let entries = [0, 1, 2].map(|key| (key, String::new()));
            assert_eq!(shrunk(map, three), FlatCowMap::from(entries));
        }
        for set in failing(|set: &CowSet<i32>| set.len() >= 3) {
            let set = shrunk(set, |set| set.len() >= 3);
            // A negative key becomes a positive one unless that is there.
            assert!(set == [0, 1, 2].into() || set == [-1, 0, 1].into(), "{set:?}");
        }
        let three = |set: &CowSet<NonZeroU32>| set.len() >= 3;
        for set in failing(three) {
            assert_eq!(
                shrunk(set, three),
                [1, 2, 3].map(|key| NonZeroU32::new(key).unwrap()).into()
            );
        }
        // A minimum that is not at zero.
        let large =
            |map: &CowMap<u64, u8>| map.iter().filter(|(key, v)| *key > 9 && **v > 4).count() > 1;
        for map in failing(large) {
            assert_eq!(shrunk(map, large), CowMap::from([(10, 5), (11, 5)]));
        }
        // From many entries.
        let many: CowMap<u64, u64> = (0..3_000).map(|id| (id * 977, id * id)).collect();
        let key = |map: &CowMap<u64, u64>| map.contains_key(977 * 1234);
        assert_eq!(shrunk(many, key), CowMap::from([(977 * 1234, 0)]));
    }

    #[test]
    fn maps_shrink_with_their_snapshots() {
        let three = |any: &Any| any.map.len() >= 3;
        for any in failing(three) {
            assert_eq!(shows(&shrunk(any, three)), "[(0, 0), (1, 0), (2, 0)] []");
        }
        let three = |any: &Any| any.snapshots.iter().any(|old| old.len() >= 3);
        for any in failing(three) {
            let any = shrunk(any, three);
            assert_eq!((any.map.len(), any.snapshots.len()), (0, 1));
            assert_eq!(any.snapshots[0], CowMap::from([(0, 0), (1, 0), (2, 0)]));
        }
        // A snapshot and the map differ.
        let differ = |any: &Any| any.snapshots.iter().any(|old| *old != any.map);
        for any in failing(differ) {
            let shown = shows(&shrunk(any, differ));
            assert!(["[] [{0: 0}]", "[(0, 0)] [{}]"].contains(&shown.as_str()), "{shown}");
        }
        // Both have a key, with values that differ.
        let changed = |any: &Any| {
            let in_map = |(key, old)| any.map.get(key).is_some_and(|new| new != old);
            any.snapshots.iter().any(|old| old.iter().any(in_map))
        };
        for any in failing(changed) {
            let shown = shows(&shrunk(any, changed));
            assert!(
                ["[(0, 0)] [{0: 1}]", "[(0, 1)] [{0: 0}]"].contains(&shown.as_str()),
                "{shown}"
            );
        }
        // All three snapshots are needed.
        let grows =
            |any: &Any| any.snapshots.iter().filter(|old| old.len() < any.map.len()).count() > 2;
        for any in failing(grows) {
            assert_eq!(shows(&shrunk(any, grows)), "[(0, 0)] [{}, {}, {}]");
        }
    }

    /// Values that are equal shrink together, whether the map and a snapshot share their page or
    /// not; and what shares a page still does.
    #[test]
    fn equal_values_shrink_together_and_pages_stay_shared() {
        let equal = |any: &Any| {
            let same = |(key, old): (u64, &u8)| *old > 5 && any.map.get(key) == Some(old);
            any.snapshots.iter().any(|old| old.iter().any(same))
        };
        for any in failing(equal) {
            assert_eq!(shows(&shrunk(any, equal)), "[(0, 6)] [{0: 6}]");
        }
        let apart = |any: &Any| equal(any) && any.snapshots.iter().any(|old| *old != any.map);
        for any in failing(apart) {
            let any = shrunk(any, apart);
            let entries = any.map.len() + any.snapshots.iter().map(CowMap::len).sum::<usize>();
            assert_eq!(entries, 3, "{any:?}");
        }
        let shared =
            |any: &Any| any.snapshots.iter().any(|old| !old.is_empty() && old.ptr_eq(&any.map));
        for any in failing(shared) {
            let any = shrunk(any, shared);
            assert_eq!(shows(&any), "[(0, 0)] [{0: 0}]");
        }
    }

    /// What proptest shrinks the same failures to is no smaller.
    #[cfg(feature = "proptest")]
    #[test]
    fn quickcheck_shrinks_as_far_as_proptest() {
        use ::proptest::arbitrary::any;
        use ::proptest::test_runner::{TestCaseError, TestError, TestRunner};

        fn entries(any: &Any) -> usize {
            any.map.len() + any.snapshots.iter().map(CowMap::len).sum::<usize>()
        }
        let properties: [fn(&Any) -> bool; 3] = [
            |any| any.map.len() >= 3,
            |any| any.snapshots.iter().any(|old| old.len() >= 3),
            |any| any.snapshots.iter().any(|old| *old != any.map),
        ];
        for fails in properties {
            let found = TestRunner::deterministic().run(&any::<Any>(), |any| {
                if fails(&any) { Err(TestCaseError::fail("it fails")) } else { Ok(()) }
            });
            let Err(TestError::Fail(_, theirs)) = found else { panic!("{found:?}") };
            let ours = shrunk(failing(fails).swap_remove(0), fails);
            let size = |any: &Any| (any.snapshots.len(), entries(any));
            assert!(size(&ours) <= size(&theirs), "{ours:?}, {theirs:?}");
        }
    }
}

#[cfg(feature = "proptest")]
mod proptest_makes {
    use super::*;

    proptest::proptest! {
        #[test]
        fn maps_with_snapshots(any: Any) {
            assert!(snapshots_stay(any));
        }

        #[test]
        fn maps_and_sets(map: CowMap<i64, String>, set: CowSet<u32>) {
            map.check_invariants();
            assert_eq!(set.iter().count(), set.len());
        }
    }
}

#[cfg(feature = "arbitrary")]
#[test]
fn arbitrary_makes_maps() {
    use arbitrary::{Arbitrary, Unstructured};
    let mut bytes = [0_u8; 4096];
    for round in 0_u8..20 {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = (at as u8).wrapping_mul(31).wrapping_add(round) ^ (at >> 8) as u8;
        }
        let mut u = Unstructured::new(&bytes);
        assert!(snapshots_stay(Any::arbitrary(&mut u).unwrap()));
        CowMap::<u32, u8>::arbitrary(&mut u).unwrap().check_invariants();
        assert!(CowSet::<u32>::arbitrary(&mut u).unwrap().iter().count() < 4096);
        assert!(snapshots_stay(Any::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap()));
    }
}
