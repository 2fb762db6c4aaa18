//! User code that panics in the middle of a change.

use crate::common::counted::{panic_at_clone, panic_at_drop};
use crate::common::panics::caught;
use crate::common::{Counted, on_every_map};
use crate::counted;
use cowmap_core::{Hashing, Map, Paging};

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

mod keys_that_panic {
    //! A `from_repr` that panics is user code in the middle of iteration.

    use crate::common::panics::caught;
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

on_every_map!(
    panicking_closures_leave_maps_valid,
    panicking_clones_leave_maps_valid,
    panicking_drops_leave_maps_valid,
);
