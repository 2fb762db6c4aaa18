//! Where cowmap differs from std's maps on purpose: one test for each row of docs/differences.md,
//! with std's behaviour beside ours where a program can see it.

#![cfg(feature = "std")]

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use cowmap::{CowMap, FlatCowMap};

#[test]
fn keys_come_and_go_by_value() {
    let ours = CowMap::from([(7_u64, 'a')]);
    let theirs = HashMap::from([(7_u64, 'a')]);
    assert_eq!(ours.get(7), theirs.get(&7));
    assert_eq!(ours.keys().next(), theirs.keys().next().copied());
    assert_eq!(ours.iter().next(), theirs.iter().next().map(|(&key, value)| (key, value)));
}

#[test]
fn one_key_is_reserved() {
    let mut theirs = HashMap::new();
    assert_eq!(theirs.insert(u64::MAX, 'a'), None);
    let mut ours = CowMap::from([(0, 'a')]);
    assert_eq!(ours.get(u64::MAX), None);
    assert_eq!(ours.remove(u64::MAX), None);
    assert!(ours.checked_insert(u64::MAX, 'b').is_err());
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        ours.insert(u64::MAX, 'c');
    }));
    assert!(panics.is_err());
    assert_eq!(ours.len(), 1);
}

/// Counts its clones.
#[derive(Debug, PartialEq)]
struct Counted(Rc<Cell<usize>>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.set(self.0.get() + 1);
        Counted(self.0.clone())
    }
}

#[test]
fn a_clone_clones_nothing() {
    let clones = Rc::new(Cell::new(0));
    let theirs: HashMap<u64, _> = (0..1000).map(|id| (id, Counted(clones.clone()))).collect();
    assert_eq!((theirs.clone().len(), clones.replace(0)), (1000, 1000));
    let ours: CowMap<u64, _> = (0..1000).map(|id| (id, Counted(clones.clone()))).collect();
    assert_eq!((ours.clone().len(), clones.get()), (1000, 0));
}

#[test]
fn a_write_after_a_clone_clones_a_page() {
    let clones = Rc::new(Cell::new(0));
    let mut map: CowMap<u64, _> = (0..10_000).map(|id| (id, Counted(clones.clone()))).collect();
    map.remove(0);
    assert_eq!(clones.get(), 0, "nothing is shared");
    let snapshot = map.clone();
    map.remove(1);
    assert!((1..100).contains(&clones.get()), "{} clones", clones.get());
    assert_eq!((map.len(), snapshot.len()), (9_998, 9_999));
}

#[test]
fn a_removed_value_lives_in_snapshots() {
    let value = Rc::new(());
    let mut map = CowMap::from([(1_u64, value.clone())]);
    let snapshot = map.clone();
    drop(map.remove(1));
    assert_eq!(Rc::strong_count(&value), 2);
    drop(snapshot);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn retain_shows_values_and_retain_mut_lends_them() {
    let mut theirs = HashMap::from([(1_u64, 10), (2, 20)]);
    theirs.retain(|_, value| {
        *value += 1;
        *value > 15
    });
    let mut ours = CowMap::from([(1_u64, 10), (2, 20)]);
    ours.retain_mut(|_, value| {
        *value += 1;
        *value > 15
    });
    assert_eq!(HashMap::from(ours.clone()), theirs);
    ours.retain(|_, value: &i32| *value > 30);
    assert!(ours.is_empty());
}

#[test]
fn removals_give_room_back() {
    let mut theirs: HashMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    let mut ours: FlatCowMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    for id in 1..10_000 {
        theirs.remove(&id);
        ours.remove(id);
    }
    assert!(theirs.capacity() >= 10_000 && ours.capacity() < 100);
    // What was reserved stays.
    let mut reserved = FlatCowMap::<u64, u64>::with_capacity(10_000);
    reserved.extend((0..10_000).map(|id| (id, id)));
    (1..10_000).for_each(|id| assert_eq!(reserved.remove(id), Some(id)));
    assert!(reserved.capacity() >= 10_000);
}

#[test]
fn clear_keeps_a_table_that_was_in_use_or_reserved() {
    let mut theirs: HashMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    let mut flat: FlatCowMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    let mut paged: CowMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    theirs.clear();
    flat.clear();
    paged.clear();
    assert!(theirs.capacity() >= 10_000 && flat.capacity() >= 10_000);
    assert!(paged.capacity() < 200, "no more than a page: {}", paged.capacity());
    // A table of which less than a quarter was in use goes, unless it was reserved.
    for id in 0..10 {
        theirs.insert(id, id);
        flat.insert(id, id);
    }
    theirs.drain();
    flat.drain();
    assert!(theirs.capacity() >= 10_000 && flat.capacity() < 200);
    flat.reserve(10_000);
    paged.reserve(10_000);
    flat.insert(1, 1);
    paged.insert(1, 1);
    flat.clear();
    paged.clear();
    assert!(flat.capacity() >= 10_000 && paged.capacity() >= 10_000);
    // What a snapshot shares stays with it.
    flat.insert(1, 1);
    let snapshot = flat.clone();
    flat.clear();
    assert_eq!((snapshot.len(), flat.capacity()), (1, 0));
}

#[test]
fn capacity_of_a_paged_map_is_an_estimate() {
    let mut map: CowMap<u64, u64> = CowMap::with_capacity(10_000);
    assert!(map.capacity() >= 10_000);
    map.extend((0..20_000).map(|id| (id, id)));
    assert!(map.capacity() >= map.len());
}

#[test]
fn order_is_the_same_in_every_run() {
    let keys = || (0..1000_u64).map(|id| (id, ())).collect::<CowMap<_, _>>().into_keys();
    assert!(keys().eq(keys()));
    let digest = keys().fold(0_u64, |hash, key| (hash.rotate_left(5) ^ key).wrapping_mul(0x9e37));
    assert_eq!(
        digest, 12_943_234_303_996_974_366,
        "the order of this version, which another one may change"
    );
}

#[test]
fn a_snapshot_equals_itself_even_with_a_nan() {
    let theirs = HashMap::from([(1_u64, f64::NAN)]);
    assert_ne!(theirs, theirs.clone());
    let ours = CowMap::from([(1_u64, f64::NAN)]);
    assert_eq!(ours, ours.clone());
    assert_ne!(ours, CowMap::from([(1, f64::NAN)]), "of another map");
}

#[test]
fn into_iter_without_clone_yields_references() {
    struct Uncloneable(u64);
    let map: CowMap<u64, Uncloneable> = [(1, Uncloneable(5))].into_iter().collect();
    // Here `into_iter` is that of a reference.
    let (_, value): (u64, &Uncloneable) = (&map).into_iter().next().unwrap();
    assert_eq!(value.0, 5);
    let Ok(mut entries) = map.try_into_entries() else { unreachable!("nothing is shared") };
    let (_, value): (u64, Uncloneable) = entries.next().unwrap();
    assert_eq!(value.0, 5);
}
