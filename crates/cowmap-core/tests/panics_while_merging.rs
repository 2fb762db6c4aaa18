//! An `ExtractIf` that is dropped early, where the directory has so many links that its drop merges
//! pages: shared ones, whose values it clones, and a clone panics.

mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::counted::panic_at_clone;
use common::{Counted, Counts};
use cowmap_core::{Fixed, Map, Paged, Paging, Tiny};
use hostile::Inverse;

type Tested<P> = Map<i64, Counted, P, Fixed>;

/// Many keys, and beside them pairs of pages that lie deep, whose keys are returned.
fn deep_map<P: Paging>(
    counts: &Counts,
    many: usize,
    groups: u64,
    depth: u32,
) -> (Tested<P>, Vec<i64>) {
    let mut chosen = Inverse::<Counted, P>::new(37);
    let mut keys = chosen.agreeing(many, 0, 0);
    let mut deep = Vec::new();
    let pair = Tested::<P>::default().directory_size().1 * 2 / 3;
    for group in 0..groups {
        for half in [0, 1 << (64 - depth)] {
            deep.extend(chosen.agreeing(pair, group << 59 | half, depth));
        }
    }
    keys.extend(&deep);
    deep.sort_unstable();
    (keys.into_iter().map(|key| (key, counts.value(key))).collect(), deep)
}

/// Removes all but some keys, and drops the walk, as `end` does, before it knows that it is at the end.
fn remove_all_but<P: Paging>(map: &mut Tested<P>, kept: &[i64], end: impl FnOnce()) {
    let gone = map.len() - kept.len();
    let mut walk = map.extract_if(|key, _| kept.binary_search(&key).is_err());
    assert_eq!(walk.by_ref().take(gone).count(), gone);
    end();
}

fn check<P: Paging>(many: usize, groups: u64, depth: u32) {
    let counts = Counts::new();
    let (map, kept) = deep_map::<P>(&counts, many, groups, depth);
    let alive = counts.alive();
    let after = |copy: Tested<P>| {
        copy.check_invariants();
        assert_eq!(copy.len(), kept.len());
        assert!(kept.iter().all(|&key| copy.get(key).is_some_and(|value| value.id == key)));
        map.check_invariants();
        Map::check_counts(&[&copy, &map]);
        drop(copy);
        assert_eq!(counts.alive(), alive);
    };
    let (mut nth, mut panics) = (1, 0);
    loop {
        let mut copy = map.clone();
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            remove_all_but(&mut copy, &kept, || panic_at_clone(nth));
        }));
        panic_at_clone(0);
        after(copy);
        if dropped.is_ok() {
            break;
        }
        panics += 1;
        nth = nth * 5 / 4 + 1;
    }
    assert!(panics > 10, "{panics}: merging cloned nothing");

    // Where a panic unwinds already, nothing merges: another panic would end the process.
    let mut copy = map.clone();
    let dropped = catch_unwind(AssertUnwindSafe(|| {
        remove_all_but(&mut copy, &kept, || {
            panic_at_clone(1);
            panic!("while the walk is there");
        });
    }));
    panic_at_clone(0);
    assert!(dropped.is_err());
    after(copy);
}

#[test]
fn a_walk_that_is_dropped_early_survives_clones_that_panic() {
    check::<Tiny>(3_000, 16, 14);
    check::<Paged>(30_000, 32, 13);
}
