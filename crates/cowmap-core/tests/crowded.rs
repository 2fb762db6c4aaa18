//! Bounds that hold whatever the keys: what a write copies, how many links there are.
//!
//! A page is crowded if more than a page of keys agree in D bits of their page hash, where D is the
//! most bits with 2^D at most eight times the half pages of entries.

#[path = "common/allocated.rs"]
mod allocated;
mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use allocated::allocated;
use common::Random;
use cowmap_core::{Fixed, Map, Paged, Paging, Tiny};
use hostile::Inverse;

type Tested<P> = Map<i64, i64, P, Fixed>;

/// What an ordinary page takes, and one segment a level with its holders: of 64 links, or where pages
/// are tiny, 2; and the root.
fn limits<P: Paging>(map: &Tested<P>) -> (usize, usize) {
    let (links, full) = map.directory_size();
    if full > 20 {
        // A root doubles: the old one's holders become its own, and it has as many more. A new level
        // takes eight segments in its place.
        (2_200, 3 * 1_200 + 512 * 8 + 8 * 1_200)
    } else {
        // With four levels of two links, the root has most of the links, and a holder for every other.
        (350, 4 * 500 + 48 * links)
    }
}

/// The most links there may be.
fn most_links<P: Paging>(map: &Tested<P>) -> usize {
    1_024 + 9 * map.len() / (map.directory_size().1 / 2)
}

fn check_links<P: Paging>(map: &Tested<P>, what: &str) {
    let (links, most) = (map.directory_size().0, most_links(map));
    assert!(links <= most, "{what}: {links} links, at most {most} for {} entries", map.len());
}

/// Bytes that are no longer shared after a write to `key`, which are what it copied.
fn copied<P: Paging>(map: &mut Tested<P>, key: i64) -> usize {
    let snapshot = map.clone();
    *map.get_mut(key).expect("present") += 1;
    let usage = map.memory_usage();
    drop(snapshot);
    usage.total - usage.shared
}

/// A map of these keys that grew: `collect` makes its directory first.
fn inserted<P: Paging>(keys: &[i64]) -> Tested<P> {
    let mut map = Tested::<P>::default();
    keys.iter().for_each(|&key| assert_eq!(map.insert(key, key), None));
    map
}

/// Inserts a key, and returns what that allocated.
fn insert<P: Paging>(map: &mut Tested<P>, key: i64) -> usize {
    allocated(|| assert_eq!(map.insert(key, key), None, "{key} is present"))
}

/// One key alone in its half of the hash space, the others all in the other half: a first write copies
/// what it does without that key.
fn a_lonely_key_costs_others_nothing<P: Paging>(count: usize) {
    // With more bits that all but one share, most pages would be crowded for ever.
    for (bits, lonely) in [(1, 1 << 63), (2, 1 << 63), (3, 1 << 61)] {
        let mut chosen = Inverse::<i64, P>::new(31);
        let mut map = Tested::<P>::default();
        let alone = chosen.agreeing(1, lonely, bits);
        let keys = chosen.agreeing(count, lonely ^ 1 << (64 - bits), bits);
        for &key in alone.iter().chain(&keys) {
            let bytes = insert(&mut map, key);
            let (page, directory) = limits(&map);
            // As long as all keys are in one page for want of bits, they are crowded.
            let crowded = map.len() < map.directory_size().1 << bits;
            assert!(crowded || bytes <= 4 * page + directory, "{bytes} bytes for one insertion");
        }
        let (page, directory) = limits(&map);
        map.check_invariants();
        check_links(&map, "a lonely key");
        let usage = map.memory_usage();
        assert!(usage.pages >= count / map.directory_size().1, "{usage:?}");
        for &key in keys.iter().step_by(count / 50).chain(&alone) {
            let bytes = copied(&mut map, key);
            assert!(bytes <= page + directory, "{bytes} bytes for a first write");
        }
    }
}

#[test]
fn a_lonely_key_costs_others_nothing_paged() {
    // So many that there are two levels, and three.
    a_lonely_key_costs_others_nothing::<Paged>(100_000);
}

#[test]
fn a_lonely_key_costs_others_nothing_tiny() {
    a_lonely_key_costs_others_nothing::<Tiny>(300);
    a_lonely_key_costs_others_nothing::<Tiny>(3_000);
}

/// Keys that share many bits come one after the other into a map that has many others: each insertion
/// allocates little, the map with snapshots or without, and no page stays large.
fn keys_that_share_many_bits_are_separated_step_by_step<P: Paging>(others: usize) {
    let mut chosen = Inverse::<i64, P>::new(32);
    // All others are in the lower half, so that the upper one has few links.
    let lower = chosen.agreeing(others, 0, 1);
    let mut map: Tested<P> = inserted(&lower);
    let full = map.directory_size().1;
    // The bits that the directory may tell apart.
    let most = (8 * others / (full / 2)).ilog2();
    let mut random = Random::new(38);
    for bits in [most - 1, most - 3, most.saturating_sub(5), most / 2] {
        for hold in [false, true] {
            let prefix = random.next_u64() | 1 << 63;
            // A page for each prefix of `most` bits in the mean would be crowded.
            let keys = chosen.agreeing((full / 2) << (most - bits), prefix, bits);
            let mut snapshot = None;
            for &key in &keys {
                if hold {
                    snapshot = Some(map.clone());
                }
                let before = map.directory_size().0;
                let bytes = insert(&mut map, key);
                let (page, directory) = limits(&map);
                // One segment is divided, and a root of up to 128 links that is above it doubles.
                let more = map.directory_size().0.saturating_sub(before);
                assert!(full < 20 || more <= 64 + 128, "{more} links more");
                assert!(bytes <= 4 * page + directory, "{bits} bits, {bytes} bytes");
            }
            drop(snapshot);
            let (page, directory) = limits(&map);
            map.check_invariants();
            check_links(&map, "many bits");
            for &key in keys.iter().step_by(7) {
                let bytes = copied(&mut map, key);
                assert!(bytes <= 2 * page + directory, "{bits} bits, {bytes} bytes copied");
            }
        }
    }
}

#[test]
fn keys_that_share_many_bits_are_separated_step_by_step_paged() {
    keys_that_share_many_bits_are_separated_step_by_step::<Paged>(100_000);
}

#[test]
fn keys_that_share_many_bits_are_separated_step_by_step_tiny() {
    keys_that_share_many_bits_are_separated_step_by_step::<Tiny>(3_000);
}

/// Pages that grew as tables in a small map, which may not tell their keys apart, split when the map has
/// grown: each at the next write that copies it or adds to it.
fn tables_split_when_the_map_has_grown<P: Paging>(count: usize, others: usize) {
    let mut chosen = Inverse::<i64, P>::new(33);
    let crowd = chosen.agreeing(count, 5 << 56, 8);
    let mut map: Tested<P> = inserted(&crowd);
    map.check_invariants();
    let pages = map.memory_usage().pages;
    assert!(pages * map.directory_size().1 < count, "{pages} pages: none is a table");
    // None of them is inserted into a page of the crowd.
    let elsewhere = |key: &i64, map: &Tested<P>| map.hashes(*key).0 >> 56 != 5;
    for key in chosen.agreeing(others, 0, 0) {
        if elsewhere(&key, &map) {
            map.insert(key, key);
        }
    }
    let (page, directory) = limits(&map);
    assert!(copied(&mut map.unshared(), crowd[0]) > 2 * page, "the table is still there");
    // Each write halves the page of the key, for the most as often as the table is pages large.
    for &key in crowd.iter().step_by(11) {
        let mut bytes = usize::MAX;
        for _ in 0..=count.ilog2() {
            bytes = copied(&mut map, key);
        }
        assert!(bytes <= 2 * page + directory, "{bytes} bytes copied");
    }
    map.check_invariants();
    assert!(crowd.iter().all(|&key| map.contains_key(key)));
}

#[test]
fn tables_split_when_the_map_has_grown_paged() {
    tables_split_when_the_map_has_grown::<Paged>(3_000, 200_000);
}

#[test]
fn tables_split_when_the_map_has_grown_tiny() {
    tables_split_when_the_map_has_grown::<Tiny>(100, 6_000);
}

/// A table that has lost entries is full all the same: insertions into it split it.
fn tables_split_at_insertions_after_removals<P: Paging>(count: usize, others: usize) {
    let mut chosen = Inverse::<i64, P>::new(39);
    let crowd = chosen.agreeing(count, 5 << 56, 8);
    for by_retain in [false, true] {
        let mut map: Tested<P> = inserted(&crowd);
        // None of them is inserted into a page of the crowd.
        for key in chosen.agreeing(others, 0, 0) {
            if map.hashes(key).0 >> 56 != 5 {
                map.insert(key, key);
            }
        }
        let full = map.directory_size().1;
        let mut again: Vec<i64> = crowd.iter().copied().step_by(3).collect();
        again.sort_unstable();
        if by_retain {
            map.retain(|key, _| again.binary_search(&key).is_err());
        } else {
            again.iter().for_each(|&key| assert!(map.remove(key).is_some()));
        }
        map.check_invariants();
        let before = map.memory_usage().pages;
        map.extend(again.iter().map(|&key| (key, key)));
        let pages = map.memory_usage().pages - before;
        assert!(pages >= count / full / 4, "{pages} pages more, {by_retain}");
        map.check_invariants();
    }
}

#[test]
fn tables_split_at_insertions_after_removals_paged() {
    tables_split_at_insertions_after_removals::<Paged>(3_000, 200_000);
}

#[test]
fn tables_split_at_insertions_after_removals_tiny() {
    tables_split_at_insertions_after_removals::<Tiny>(100, 6_000);
}

/// Entries and disjoint values of a table that splits under them.
#[test]
fn a_table_that_splits_keeps_entries_and_lent_values_right() {
    let mut chosen = Inverse::<i64, Tiny>::new(34);
    let crowd = chosen.agreeing(100, 5 << 56, 8);
    let mut map: Tested<Tiny> = inserted(&crowd);
    map.extend(chosen.agreeing(6_000, 0, 0).into_iter().map(|key| (key, key)));
    for pair in crowd.chunks_exact(2) {
        let _snapshot = map.clone();
        let mut entry = match map.entry(pair[0]) {
            cowmap_core::Entry::Occupied(entry) => entry,
            cowmap_core::Entry::Vacant(_) => panic!("{} is present", pair[0]),
        };
        *entry.get_mut() += 1;
        assert_eq!(*entry.get(), pair[0] + 1);
        *entry.get_mut() -= 1;
        assert_eq!(entry.insert(7), pair[0]);
        assert_eq!(entry.insert(pair[0]), 7);
        let _snapshot = map.clone();
        let values = map.get_disjoint_mut([pair[0], pair[1], i64::MAX]);
        assert_eq!(
            values.map(|value| value.map(|value| *value)),
            [Some(pair[0]), Some(pair[1]), None]
        );
    }
    let snapshot = map.clone();
    for &key in &crowd {
        let _other = map.clone();
        assert_eq!(map.remove(key), Some(key));
    }
    map.check_invariants();
    assert!(crowd.iter().all(|&key| snapshot.get(key) == Some(&key) && !map.contains_key(key)));
}

/// Deep keys in groups that keep their pages apart, in a map that loses all others, then most of the
/// deep ones: after each removal there are no more links than the entries are worth.
fn a_directory_follows_removals<P: Paging>(others: usize, groups: u64, hold: bool) {
    let mut chosen = Inverse::<i64, P>::new(35);
    let mut map: Tested<P> = inserted(&chosen.agreeing(others, 0, 0));
    let full = map.directory_size().1;
    let most = (8 * others / (full / 2)).ilog2();
    let ordinary: Vec<i64> = map.keys().collect();
    let mut deep = Vec::new();
    for group in 0..groups {
        // More than two pages that merge may have, which differ in the last bit.
        let prefix = group << (64 - groups.ilog2());
        for half in [0, 1 << (64 - most)] {
            deep.extend(chosen.agreeing(full / 2, prefix | half, most));
        }
    }
    for &key in &deep {
        map.insert(key, key);
    }
    check_links(&map, "deep keys");
    let (page, directory) = limits(&map);
    let mut snapshot = None;
    let mut order = ordinary;
    let mut random = Random::new(36);
    random.shuffle(&mut order);
    random.shuffle(&mut deep);
    let left = deep.split_off(deep.len() - 60.min(deep.len() / 2));
    let mut worst = 0;
    for (number, &key) in order.iter().chain(&deep).enumerate() {
        if hold && number % 3 == 0 {
            snapshot = Some(map.clone());
        }
        let bytes = allocated(|| assert_eq!(map.remove(key), Some(key)));
        worst = worst.max(bytes);
        check_links(&map, "removals");
        if number % 20_000 == 0 {
            map.check_invariants();
        }
    }
    drop(snapshot);
    map.check_invariants();
    // The page and its path, and those of the pages that are merged elsewhere, which end below the
    // same root.
    assert!(worst <= 4 * page + directory, "{worst} bytes for one removal");
    assert_eq!(map.len(), left.len());
    assert!(left.iter().all(|&key| map.get(key) == Some(&key)));
    let fresh: Tested<P> = inserted(&left);
    map.shrink_to_fit();
    check_links(&map, "shrunk");
    let (bytes, wanted) = (map.memory_usage().total, fresh.memory_usage().total);
    assert!(bytes <= 3 * wanted + 1_024 * 8 + 8 * 1_200, "{bytes} bytes, a fresh map {wanted}");
}

#[test]
fn a_directory_follows_removals_paged() {
    a_directory_follows_removals::<Paged>(60_000, 32, false);
    a_directory_follows_removals::<Paged>(30_000, 32, true);
}

#[test]
fn a_directory_follows_removals_tiny() {
    a_directory_follows_removals::<Tiny>(3_000, 16, false);
    a_directory_follows_removals::<Tiny>(3_000, 16, true);
}

/// The same by one walk that removes many, also one that does not go on to the end.
fn a_directory_follows_a_walk(remove: impl Fn(&mut Tested<Paged>, &[i64])) {
    let mut chosen = Inverse::<i64, Paged>::new(37);
    let mut map: Tested<Paged> = inserted(&chosen.agreeing(60_000, 0, 0));
    let mut deep = Vec::new();
    for group in 0_u64..32 {
        for half in [0, 1 << 51] {
            deep.extend(chosen.agreeing(40, group << 59 | half, 13));
        }
    }
    map.extend(deep.iter().map(|&key| (key, key)));
    let mut kept = deep.clone();
    kept.sort_unstable();
    let snapshot = map.clone();
    remove(&mut map, &kept);
    assert_eq!(map.len(), deep.len());
    check_links(&map, "a walk");
    map.check_invariants();
    assert!(deep.iter().all(|&key| map.get(key) == Some(&key)));
    assert_eq!(snapshot.len(), 60_000 + deep.len());
}

#[test]
fn a_directory_follows_retain() {
    a_directory_follows_a_walk(|map, kept| {
        map.retain(|key, _| kept.binary_search(&key).is_ok());
    });
}

#[test]
fn a_directory_follows_a_walk_that_ends_early() {
    a_directory_follows_a_walk(|map, kept| {
        let extract = map.extract_if(|key, _| kept.binary_search(&key).is_err());
        assert_eq!(extract.take(60_000).count(), 60_000);
    });
}

/// What a walk that was stopped by a panic leaves, the next removals make up for.
#[test]
fn a_directory_follows_removals_after_a_panic() {
    a_directory_follows_a_walk(|map, kept| {
        let mut left = 60_000;
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            map.retain(|key, _| {
                let keep = kept.binary_search(&key).is_ok();
                left -= usize::from(!keep);
                assert!(left > 0, "the last one");
                keep
            });
        }));
        assert!(stopped.is_err());
        let last = map.keys().find(|key| kept.binary_search(key).is_err()).expect("it stays");
        assert_eq!(map.remove(last), Some(last));
        let (most, mut removals) = (map.directory_size().0, 0);
        while map.directory_size().0 > most_links(map) {
            assert_eq!(map.remove(kept[0]), Some(kept[0]));
            assert_eq!(map.insert(kept[0], kept[0]), None);
            removals += 1;
            // A removal gives back one link in the mean.
            assert!(removals <= most, "{removals} removals, {most} links");
        }
    });
}
