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
