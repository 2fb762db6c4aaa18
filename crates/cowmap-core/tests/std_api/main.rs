//! The methods of `std::collections::HashMap`, and those beyond it, on every kind of map, shared
//! and not.

#[path = "../common/mod.rs"]
mod common;
mod copying;
mod iterators;
mod keys;
mod maps;
mod owning;
mod panics;
mod walks;

use common::{Counted, Counts};
use cowmap_core::{Hashing, Map, Paging};

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
