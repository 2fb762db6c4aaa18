//! What is copied, and what is not: counted clones.

use crate::common::panics::caught;
use crate::common::{Counted, on_every_map};
use crate::{MANY, counted};
use cowmap_core::{Entry, Hashing, Map, Paged, Paging};

/// Every way to change nothing, on a map that is shared.
fn nothing_is_copied_where_nothing_changes<P: Paging, H: Hashing + Default>() {
    type Shared<P, H> = Map<i64, Counted, P, H>;
    let (counts, mut map) = counted::<P, H>(MANY);
    map.shrink_to_fit();
    let other = map.snapshot();
    let check = |name: &str, work: &dyn Fn(&mut Shared<P, H>)| {
        let mut shared = map.snapshot();
        let (clones, ()) = counts.clones_in(|| work(&mut shared));
        assert_eq!(clones, 0, "{name}");
        assert!(shared.ptr_eq(&map), "{name}");
    };

    check("get", &|map| assert!(map.get(3).is_some() && map.get(-1).is_none()));
    check("get_key_value", &|map| assert!(map.get_key_value(3).is_some()));
    check("contains_key", &|map| assert!(map.contains_key(3) && !map.contains_key(i64::MIN)));
    check("index", &|map| assert_eq!(map[3].id, 3));
    check("get_many", &|map| assert!(map.get_many([3, -1])[0].is_some()));
    check("get_each", &|map| assert_eq!(map.get_each(&[3, -1]).flatten().count(), 1));
    check("len", &|map| assert!(map.len() as i64 == MANY && !map.is_empty()));
    check("capacity", &|map| assert!(map.capacity() >= map.len()));
    check("memory_usage", &|map| assert_eq!(map.memory_usage().shared, map.memory_usage().total));
    check("is_shared", &|map| assert!(map.is_shared()));
    check("clone", &|map| assert!(map.clone().ptr_eq(&map.snapshot())));
    check("iter", &|map| assert_eq!(map.iter().count() as i64, MANY));
    check("keys", &|map| assert_eq!(map.keys().count() as i64, MANY));
    check("values", &|map| assert_eq!(map.values().count() as i64, MANY));
    check("iter_sorted", &|map| assert_eq!(map.iter_sorted().count() as i64, MANY));
    check("Debug", &|map| assert!(!format!("{map:?}").is_empty()));
    check("==", &|map| assert!(*map == other));
    check("is_submap", &|map| assert!(map.is_submap(&other) && map.is_submap_of_keys(&other)));

    check("get_mut", &|map| assert!(map.get_mut(-1).is_none() && map.get_mut(i64::MIN).is_none()));
    check("get_disjoint_mut", &|map| assert_eq!(map.get_disjoint_mut([-1, -2]), [None, None]));
    check("remove", &|map| assert!(map.remove(-1).is_none() && map.remove(i64::MIN).is_none()));
    check("remove_entry", &|map| assert!(map.remove_entry(-1).is_none()));
    check("alter", &|map| map.alter(-1, |value| value));
    check("insert of the reserved key", &|map| {
        caught(|| map.insert(i64::MIN, counts.value(0)));
    });
    check("checked_insert of the reserved key", &|map| {
        assert!(map.checked_insert(i64::MIN, counts.value(0)).is_err());
    });
    check("extend by nothing", &|map| map.extend([]));

    check("entry", &|map| match map.entry(3) {
        Entry::Occupied(entry) => assert_eq!((entry.key(), entry.get().id), (3, 3)),
        Entry::Vacant(_) => unreachable!(),
    });
    check("VacantEntry::into_key", &|map| match map.entry(-1) {
        Entry::Vacant(entry) => assert_eq!((entry.key(), entry.into_key()), (-1, -1)),
        Entry::Occupied(_) => unreachable!(),
    });
    check("and_modify", &|map| {
        let _ = map.entry(-1).and_modify(|_| unreachable!());
    });

    check("retain", &|map| map.retain(|_, _| true));
    check("extract_if", &|map| assert_eq!(map.extract_if(|_, _| false).count(), 0));
    check("iter_mut", &|map| assert_eq!(map.iter_mut().len() as i64, MANY));
    check("values_mut", &|map| assert_eq!(map.values_mut().len() as i64, MANY));

    check("reserve of nothing", &|map| map.reserve(0));
    check("try_reserve of too much", &|map| assert!(map.try_reserve(usize::MAX).is_err()));

    check("union", &|map| assert!(map.union(&other).ptr_eq(map)));
    check("intersection", &|map| assert!(map.intersection(&other).ptr_eq(map)));
    check("difference", &|map| assert!(map.difference(&other).is_empty()));
    check("symmetric_difference", &|map| assert!(map.symmetric_difference(&other).is_empty()));

    // What empties a map leaves its pages to the snapshots, and what looks for room to give back
    // those that fit.
    let (clones, ()) = counts.clones_in(|| {
        map.snapshot().shrink_to_fit();
        map.snapshot().shrink_to(10);
        map.snapshot().clear();
        drop(map.snapshot().drain());
        drop(map.snapshot().into_iter());
        assert_eq!(map.snapshot().into_keys().count() as i64, MANY);
        drop(map.snapshot().into_values());
    });
    assert_eq!(clones, 0);
    map.check_invariants();
}

#[test]
fn only_pages_that_change_are_copied() {
    let (counts, mut map) = counted::<Paged, cowmap_core::Fixed>(20_000);
    let snapshot = map.clone();
    let pages = map.memory_usage().pages;
    // One entry goes: one page is copied.
    let (clones, ()) = counts.clones_in(|| map.retain(|key, _| key != 777));
    assert!(clones > 0 && clones < 40_000 / pages, "{clones} clones, {pages} pages");
    let usage = map.memory_usage();
    assert_eq!(usage.pages - usage.shared_pages, 1);
    // A walk that ends early copies what it has seen.
    let mut map = snapshot.clone();
    let (clones, _) = counts.clones_in(|| map.iter_mut().next().is_some());
    assert!(clones > 0 && clones < 40_000 / pages);
    // The intersection with a map that lacks one key shares the other pages.
    let mut other = snapshot.clone();
    other.remove(777);
    let (clones, both) = counts.clones_in(|| snapshot.intersection(&other));
    assert!(clones < 40_000 / pages);
    assert_eq!(both.len(), 19_999);
    let (clones, only) = counts.clones_in(|| snapshot.difference(&other));
    assert_eq!((clones, only.len()), (1, 1));
    let (clones, all) = counts.clones_in(|| other.union(&snapshot));
    assert!(clones < 40_000 / pages);
    assert_eq!(all.len(), 20_000);
}

on_every_map!(nothing_is_copied_where_nothing_changes,);
