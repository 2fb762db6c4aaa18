//! What programs that moved here from other maps looked for.

#![cfg(feature = "std")]

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Mutex;

use cowmap::{CowMap, CowSet, Entry, FlatCowMap, Map, Paged, SeededCowMap, SentinelKey};

/// Values that cannot be cloned are built, read, and moved out again.
#[test]
fn entries_move_out_of_a_map_that_shares_nothing() {
    for count in [0, 1, 100, 5_000_u64] {
        let map: CowMap<u64, Mutex<u64>> = (0..count).map(|id| (id, Mutex::new(id))).collect();
        let snapshot = map.clone();
        let Err(map) = map.try_into_entries() else {
            // An empty map shares nothing but the empty page.
            assert_eq!(count, 0);
            continue;
        };
        assert_eq!(map.len() as u64, count);
        drop(snapshot);
        let mut entries = map.try_into_entries().expect("nothing is shared any more");
        assert_eq!(entries.len() as u64, count);
        let sum: u64 = entries.by_ref().map(|(_, value)| value.into_inner().unwrap()).sum();
        assert_eq!((sum, entries.next().is_none()), (count * (count - 1) / 2, true));
    }
}

/// A page deep below an unshared root is enough to be refused, and what is not asked for is dropped.
#[test]
fn entries_do_not_move_out_of_a_page_that_is_shared() {
    let alive = Rc::new(());
    let mut map: CowMap<u64, Rc<()>> = (0..5_000).map(|id| (id, alive.clone())).collect();
    let snapshot = map.clone();
    map.values_mut().take(4_000).for_each(|_| ());
    assert!(!map.is_shared());
    let map = map.try_into_entries().expect_err("some pages are shared");
    drop(snapshot);
    let mut entries = map.try_into_entries().expect("nothing is shared any more");
    assert!(entries.next().is_some());
    assert_eq!(format!("{entries:?}").matches("()").count(), 4_999);
    drop(entries);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn maps_become_each_other_and_those_of_std() {
    let paged: CowMap<u64, String> = (0..500).map(|id| (id, id.to_string())).collect();
    let flat = FlatCowMap::from(paged.clone());
    let seeded = SeededCowMap::from(flat.clone());
    let again = CowMap::from(seeded.clone());
    assert_eq!(again, paged);
    assert_eq!(FlatCowMap::from(seeded.clone()), flat);
    assert_eq!(CowMap::from(flat.clone()), paged);
    assert_eq!(SeededCowMap::from(paged.clone()).len(), 500);
    let hashed = HashMap::from(paged.clone());
    let ordered: BTreeMap<u64, String> = flat.into();
    assert_eq!(hashed.len(), 500);
    assert!(ordered.iter().map(|(key, value)| (*key, value)).eq(paged.iter_sorted()));
    assert_eq!(CowMap::from(hashed.clone()), paged);
    assert_eq!(Map::<_, _, Paged>::from(ordered), paged);
    // With whatever hasher.
    let fast: HashMap<u64, String, std::hash::BuildHasherDefault<std::hash::DefaultHasher>> =
        hashed.into_iter().collect();
    assert_eq!(CowMap::from(fast), paged);
}

#[test]
#[should_panic(expected = "u64::MAX cannot be used as a key")]
fn a_map_of_std_with_the_reserved_key_is_refused() {
    let _ = CowMap::from(HashMap::from([(u64::MAX, 'a')]));
}

#[test]
fn a_map_is_extended_by_a_slice() {
    let mut map = CowMap::from([(1_u64, 'a')]);
    map.extend(&[(2, 'b'), (1, 'c')]);
    assert!(map.iter_sorted().eq([(1, &'c'), (2, &'b')]));
}

#[test]
fn entries_are_replaced_where_they_stand() {
    let mut map = CowMap::from([(1_u64, 10), (2, 20)]);
    let snapshot = map.clone();
    let entry = map.entry(1).and_replace_entry_with(|key, value| {
        assert_eq!((key, value), (1, 10));
        Some(value + 1)
    });
    assert!(matches!(&entry, Entry::Occupied(entry) if *entry.get() == 11));
    let entry = map.entry(2).and_replace_entry_with(|_, _| None);
    assert!(matches!(&entry, Entry::Vacant(entry) if entry.key() == 2));
    *entry.or_insert(0) += 5;
    let entry = map.entry(3).and_replace_entry_with(|_, _| unreachable!("3 is not there"));
    assert!(matches!(entry, Entry::Vacant(_)));
    assert!(map.iter_sorted().eq([(1, &11), (2, &5)]));
    assert!(snapshot.iter_sorted().eq([(1, &10), (2, &20)]));
    map.check_invariants();
}

/// As with `alter`: the key is absent then, and the map valid.
#[test]
fn a_replacement_that_panics_leaves_the_key_absent() {
    let mut map: CowMap<u64, u64> = (0..300).map(|id| (id, id)).collect();
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        map.entry(7).and_replace_entry_with(|_, _| panic!("as told"));
    }));
    assert!(panics.is_err());
    assert_eq!((map.len(), map.get(7)), (299, None));
    map.check_invariants();
}

#[test]
fn an_address_stands_for_what_a_snapshot_holds() {
    for count in [1, 50, 5_000_u64] {
        let mut map: CowMap<u64, u64> = (0..count).map(|id| (id, id)).collect();
        let cached = map.clone();
        assert_eq!(map.as_ptr(), cached.as_ptr());
        map.remove(count + 1);
        assert_eq!(map.as_ptr(), cached.as_ptr());
        map.insert(0, 1);
        assert_ne!(map.as_ptr(), cached.as_ptr());
        map = cached.clone();
        assert_eq!(map.as_ptr(), cached.as_ptr());
        map.clear();
        assert_ne!(map.as_ptr(), cached.as_ptr());
    }
}

#[test]
fn several_keys_and_values_at_once() {
    let mut map: CowMap<u64, u64> = (0..5_000).map(|id| (id, id)).collect();
    let snapshot = map.clone();
    let [a, none, b] = map.get_disjoint_key_value_mut([4_000, u64::MAX, 17]);
    let ((4_000, a), None, (17, b)) = (a.unwrap(), none, b.unwrap()) else { unreachable!() };
    std::mem::swap(a, b);
    assert_eq!((map[4_000], map[17], snapshot[17]), (17, 4_000, 17));
}

#[test]
#[should_panic(expected = "duplicate keys found")]
fn several_keys_and_values_must_be_distinct() {
    CowMap::from([(1_u64, 'a')]).get_disjoint_key_value_mut([1, 1]);
}

/// Each operator that assigns gives what the one that does not gives, and leaves snapshots alone.
#[test]
fn operators_of_sets_assign() {
    let sets = [
        CowSet::new(),
        (0..5).collect(),
        (0..3_000).step_by(2).collect(),
        (0..3_000).step_by(3).collect(),
        (2_000..9_000_u64).collect::<CowSet<u64>>(),
    ];
    for a in &sets {
        for b in sets.iter().chain([&a.clone()]) {
            let before: Vec<u64> = a.iter_sorted().collect();
            let (mut or, mut and, mut sub, mut xor) = (a.clone(), a.clone(), a.clone(), a.clone());
            or |= b;
            and &= b;
            sub -= b;
            xor ^= b;
            assert_eq!((or, and, sub, xor), (a | b, a & b, a - b, a ^ b));
            assert!(a.iter_sorted().eq(before));
        }
    }
    // Among relatives, what they share stays shared.
    let big: CowSet<u64> = (0..100_000).collect();
    let mut empty = CowSet::new();
    empty |= &big;
    assert!(empty.ptr_eq(&big));
    let mut more = big.clone();
    more.insert(200_000);
    let mut joined = big.clone();
    joined |= &more;
    assert_eq!(joined, more);
    let usage = joined.memory_usage();
    assert!(usage.pages - usage.shared_pages <= 1);
    more -= &big;
    assert!(more.iter().eq([200_000]));
    // A large set that is joined to a small one is shared, not inserted key by key.
    let mut small = CowSet::from([5, 300_000]);
    small |= &big;
    assert_eq!(small.len(), 100_001);
    let usage = small.memory_usage();
    assert!(usage.pages - usage.shared_pages <= 2, "{usage:?}");
}

/// Where nothing changes, the result of two sets without a common past shares everything with one.
#[test]
fn operators_of_sets_copy_no_page_that_stays_as_it_is() {
    let big: CowSet<u64> = (0..50_000).collect();
    let few: CowSet<u64> = (20_000..21_000).collect();
    for (union, both) in [(&big | &few, &big & &few), (&few | &big, &few & &big)] {
        assert!(union.ptr_eq(&big) && both.ptr_eq(&few));
    }
}

/// Operators that assign go by the smaller set: keys that are made of integers, or made integers.
#[test]
fn operators_of_sets_that_assign_go_by_the_smaller() {
    #[derive(Clone, Copy)]
    struct Seen(u64);
    thread_local!(static SEEN: Cell<usize> = const { Cell::new(0) });
    impl SentinelKey for Seen {
        type Repr = u64;
        const SENTINEL: u64 = u64::MAX;
        fn into_repr(self) -> u64 {
            SEEN.set(SEEN.get() + 1);
            self.0
        }
        fn from_repr(repr: u64) -> Self {
            SEEN.set(SEEN.get() + 1);
            Seen(repr)
        }
    }
    let big: CowSet<Seen> = (0..50_000).map(Seen).collect();
    let few: CowSet<Seen> = (49_990..50_010).map(Seen).collect();
    let check = |operate: fn(&mut CowSet<Seen>, &CowSet<Seen>), lens: [usize; 2]| {
        for ((mut one, other), len) in
            [(big.clone(), &few), (few.clone(), &big)].into_iter().zip(lens)
        {
            SEEN.set(0);
            operate(&mut one, other);
            assert!(SEEN.get() <= 3 * few.len(), "{}", SEEN.get());
            assert_eq!(one.len(), len);
        }
    };
    check(|one, other| *one |= other, [50_010, 50_010]);
    check(|one, other| *one &= other, [10, 10]);
    check(|one, other| *one -= other, [49_990, 10]);
    check(|one, other| *one ^= other, [50_000, 50_000]);
}

#[cfg(feature = "rayon")]
mod parallel {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn keys_and_values() {
        let mut map: CowMap<u64, u64> = (0..5_000).map(|id| (id, 2 * id)).collect();
        let snapshot = map.clone();
        assert_eq!(map.par_keys().sum::<u64>(), map.keys().sum());
        assert_eq!(map.par_values().sum::<u64>(), map.values().sum());
        map.par_values_mut().for_each(|value| *value += 1);
        assert!(map.iter().all(|(key, &value)| value == 2 * key + 1));
        assert!(snapshot.iter().all(|(key, &value)| value == 2 * key));
    }

    #[test]
    fn two_sets() {
        let sets: [CowSet<u64>; 4] = [
            CowSet::new(),
            (0..3_000).step_by(2).collect(),
            (0..3_000).step_by(3).collect(),
            (2_000..9_000).collect(),
        ];
        for a in &sets {
            for b in &sets {
                assert_eq!(a.par_union(b).collect::<CowSet<u64>>(), a | b);
                // Each once, and in sequential order.
                assert!(a.union(b).eq(a.par_union(b).collect::<Vec<u64>>()));
                assert!(a.intersection(b).eq(a.par_intersection(b).collect::<Vec<u64>>()));
                assert!(a.difference(b).eq(a.par_difference(b).collect::<Vec<u64>>()));
                assert_eq!(a.par_intersection(b).collect::<CowSet<u64>>(), a & b);
                assert_eq!(a.par_difference(b).collect::<CowSet<u64>>(), a - b);
                assert_eq!(a.par_symmetric_difference(b).collect::<CowSet<u64>>(), a ^ b);
                assert_eq!(a.par_is_subset(b), a.is_subset(b));
                assert_eq!(a.par_is_disjoint(b), a.is_disjoint(b));
            }
        }
    }
}
