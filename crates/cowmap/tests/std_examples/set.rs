//! The page of `HashSet`.

use cowmap::CowSet;

use crate::sorted;

#[test]
fn the_page() {
    let mut read = CowSet::new();
    read.insert(1_u64);
    read.insert(2);
    read.insert(3);
    if !read.contains(4) {
        assert_eq!(read.len(), 3);
    }
    read.remove(3);
    assert_eq!(sorted(&read), [1, 2]);
}

#[test]
fn a_known_list_of_keys() {
    let primes = CowSet::from([2_u32, 3, 5, 7]);
    assert!(primes.contains(5) && !primes.contains(6));
}

#[test]
fn new_with_capacity_and_capacity() {
    assert!(CowSet::<u64>::new().is_empty());
    assert!(CowSet::<u64>::with_capacity(100).capacity() >= 100);
}

#[test]
fn iter() {
    let mut seen = Vec::new();
    for key in CowSet::from([10_u64, 20]).iter() {
        seen.push(key);
    }
    assert_eq!(sorted(seen), [10, 20]);
}

#[test]
fn len_and_is_empty() {
    let mut set = CowSet::new();
    assert!(set.is_empty());
    set.insert(1_u64);
    assert_eq!((set.len(), set.is_empty()), (1, false));
}

#[test]
fn drain() {
    let mut set = CowSet::from([1_u64, 2, 3]);
    assert_eq!(sorted(set.drain()), [1, 2, 3]);
    assert!(set.is_empty());
}

#[test]
fn extract_if() {
    let mut set: CowSet<u64> = (0..8).collect();
    assert_eq!(sorted(set.extract_if(|key| key % 2 == 0)), [0, 2, 4, 6]);
    assert_eq!(sorted(set), [1, 3, 5, 7]);
}

#[test]
fn retain() {
    let mut set = CowSet::from([1_u64, 2, 3, 4]);
    set.retain(|key| key % 2 == 0);
    assert_eq!(set, CowSet::from([2, 4]));
}

#[test]
fn clear() {
    let mut set = CowSet::from([1_u64]);
    set.clear();
    assert!(set.is_empty());
}

#[test]
fn room() {
    let mut set: CowSet<u64> = CowSet::new();
    set.reserve(10);
    assert!(set.capacity() >= 10);
    set.try_reserve(10_000).expect("ten thousand keys fit into memory");
    set.extend([1, 2]);
    set.shrink_to(1_000);
    assert!((1_000..10_000).contains(&set.capacity()));
    set.shrink_to_fit();
    assert!((2..1_000).contains(&set.capacity()));
}

#[test]
fn difference() {
    let (a, b) = (CowSet::from([1_u64, 2, 3]), CowSet::from([4, 2, 3, 4]));
    assert_eq!(sorted(a.difference(&b)), [1]);
    // Not the same as the other way round.
    assert_eq!(sorted(b.difference(&a)), [4]);
}

#[test]
fn symmetric_difference() {
    let (a, b) = (CowSet::from([1_u64, 2, 3]), CowSet::from([4, 2, 3, 4]));
    assert_eq!(sorted(a.symmetric_difference(&b)), [1, 4]);
    assert_eq!(sorted(b.symmetric_difference(&a)), [1, 4]);
}

#[test]
fn intersection() {
    let (a, b) = (CowSet::from([1_u64, 2, 3]), CowSet::from([4, 2, 3, 4]));
    assert_eq!(sorted(a.intersection(&b)), [2, 3]);
}

#[test]
fn union() {
    let (a, b) = (CowSet::from([1_u64, 2, 3]), CowSet::from([4, 2, 3, 4]));
    assert_eq!(sorted(a.union(&b)), [1, 2, 3, 4]);
}

#[test]
fn contains_and_get() {
    let set = CowSet::from([1_u64, 2, 3]);
    assert!(set.contains(1) && !set.contains(4));
    assert_eq!((set.get(2), set.get(4)), (Some(2), None));
}

#[test]
fn is_disjoint() {
    let a = CowSet::from([1_u64, 2, 3]);
    let mut b = CowSet::new();
    for (key, disjoint) in [(4, true), (1, false)] {
        b.insert(key);
        assert_eq!(a.is_disjoint(&b), disjoint);
    }
}

#[test]
fn is_subset_and_is_superset() {
    let large = CowSet::from([1_u64, 2, 3]);
    let mut set = CowSet::new();
    for (key, contained) in [(2, true), (4, false)] {
        set.insert(key);
        assert_eq!((set.is_subset(&large), large.is_superset(&set)), (contained, contained));
    }
}

#[test]
fn insert() {
    let mut set = CowSet::new();
    assert!(set.insert(2_u64));
    assert!(!set.insert(2));
    assert_eq!(set.len(), 1);
}

#[test]
fn replace() {
    let mut set = CowSet::new();
    assert_eq!(set.replace(2_u64), None);
    assert_eq!(set.replace(2), Some(2));
    assert_eq!(set.len(), 1);
}

#[test]
fn remove_and_take() {
    let mut set = CowSet::from([2_u64, 3]);
    assert!(set.remove(2));
    assert!(!set.remove(2));
    assert_eq!((set.take(3), set.take(3)), (Some(3), None));
}

#[test]
fn operators() {
    let (a, b) = (CowSet::from([1_u64, 2, 3]), CowSet::from([3, 4, 5]));
    assert_eq!(&a | &b, CowSet::from([1, 2, 3, 4, 5]));
    assert_eq!(&a & &b, CowSet::from([3]));
    assert_eq!(&a ^ &b, CowSet::from([1, 2, 4, 5]));
    assert_eq!(&a - &b, CowSet::from([1, 2]));
}

#[test]
fn conversions() {
    let made = CowSet::from([1_u64, 2]);
    let converted: CowSet<u64> = [2, 1].into();
    assert_eq!(made, converted);
    let mut collected: CowSet<u64> = (1..3).collect();
    assert_eq!(made, collected);
    collected.extend([3]);
    collected.extend(&[4]);
    assert_eq!(sorted(collected), [1, 2, 3, 4]);
    assert_eq!(CowSet::<u64>::default(), CowSet::new());
}
