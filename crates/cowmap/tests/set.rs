//! The set, beside that of std.

use std::collections::HashSet;

use cowmap::{CowMap, CowSet};

fn sorted(keys: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys
}

#[test]
fn it_does_what_std_does() {
    let mut set = CowSet::new();
    let mut model = HashSet::new();
    let mut snapshots = Vec::new();
    for step in 0_u64..6000 {
        let key = step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        match step % 7 {
            0..=3 => assert_eq!(set.insert(key), model.insert(key)),
            4 => assert_eq!(set.remove(key), model.remove(&key)),
            5 => assert_eq!(set.take(key), model.take(&key)),
            _ => assert_eq!(set.replace(key), model.replace(key)),
        }
        assert_eq!(set.contains(key), model.contains(&key));
        assert_eq!(set.get(key), model.get(&key).copied());
        if step % 1000 == 0 {
            snapshots.push((set.snapshot(), model.clone()));
        }
    }
    snapshots.push((set, model));
    for (set, model) in &snapshots {
        assert_eq!(set.len(), model.len());
        assert_eq!(sorted(set), sorted(model.iter().copied()));
    }
    let sorted_keys = |set: &CowSet<u64>| sorted(set);
    for (a, model_a) in &snapshots {
        for (b, model_b) in &snapshots {
            let union = sorted(model_a | model_b);
            assert_eq!(sorted(a.union(b)), union);
            assert_eq!(a.union(b).fold(0, |count, _| count + 1), union.len());
            assert_eq!(sorted_keys(&(a | b)), union);
            let both = sorted(model_a & model_b);
            assert_eq!(sorted(a.intersection(b)), both);
            assert_eq!(sorted_keys(&(a & b)), both);
            let difference = sorted(model_a - model_b);
            assert_eq!(sorted(a.difference(b)), difference);
            assert_eq!(sorted_keys(&(a - b)), difference);
            let either = sorted(model_a ^ model_b);
            assert_eq!(sorted(a.symmetric_difference(b)), either);
            assert_eq!(sorted_keys(&(a ^ b)), either);
            assert_eq!(a.is_subset(b), model_a.is_subset(model_b));
            assert_eq!(a.is_superset(b), model_a.is_superset(model_b));
            assert_eq!(a.is_disjoint(b), model_a.is_disjoint(model_b));
            assert_eq!(a == b, model_a == model_b);
        }
    }
}

#[test]
fn it_is_made_of_and_taken_apart_into_keys() {
    let mut set: CowSet<u64> = (0..100).collect();
    set.extend([100, 101]);
    set.extend(&[101, 102]);
    assert_eq!(set.iter().len(), 103);
    let snapshot = set.clone();
    set.retain(|key| key < 50);
    assert_eq!(sorted(set.extract_if(|key| key >= 40)), (40..50).collect::<Vec<_>>());
    assert_eq!(sorted(set.drain()), (0..40).collect::<Vec<_>>());
    assert!(set.is_empty());
    assert!(snapshot.iter_sorted().rev().eq((0..103).rev()));
    assert_eq!(snapshot.unshared(), snapshot);
    let map: CowMap<u64, ()> = snapshot.clone().into();
    assert_eq!(CowSet::from(map), snapshot);
    assert_eq!(sorted(snapshot), (0..103).collect::<Vec<_>>());
    assert_eq!(format!("{:?}", CowSet::from([7_i64])), "{7}");
    assert_eq!(format!("{:?}", CowSet::from([7_i64]).iter()), "[7]");
}

#[test]
fn a_key_that_is_there_copies_nothing() {
    let mut set: CowSet<u64> = (0..10_000).collect();
    let snapshot = set.clone();
    assert!(!set.insert(77));
    assert_eq!(set.replace(77), Some(77));
    assert_eq!(set.checked_insert(77), Ok(false));
    assert!(!set.remove(10_000));
    set.retain(|_| true);
    assert!(set.ptr_eq(&snapshot));
    assert!((&set | &snapshot).ptr_eq(&snapshot));
}

#[test]
#[should_panic(expected = "u64::MAX cannot be used as a key (reserved as empty sentinel)")]
fn the_reserved_key_is_refused() {
    CowSet::new().insert(u64::MAX);
}

#[test]
fn a_handle_is_three_words() {
    static_assertions::assert_eq_size!(CowSet<u64>, [usize; 3]);
    static_assertions::assert_impl_all!(CowSet<u64>: Send, Sync, std::panic::UnwindSafe);
}
