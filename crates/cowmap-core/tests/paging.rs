//! What paging promises: no insertion moves much, a write after a snapshot copies one page, memory
//! follows the entries, and no choice of keys blows the directory up.

#[path = "common/allocated.rs"]
mod allocated;
mod common;

use allocated::allocated;
use common::{Counts, Random};
use cowmap_core::{CowMap, Fixed, Hashing, Map, Paged, Paging, Seeded, SeededCowMap, Tiny};

/// An ordinary page of 8-byte keys and values has about 2 KiB.
const PAGE: usize = 2_200;
/// One segment (64 links) and the top array (256), with their headers, and for each of their bundles,
/// those of a top array that doubles too, a holder and the pointer to it.
const DIRECTORY: usize = (64 + 256) * 8 + 2 * 112 + (8 + 16 + 32) * 2 * 8;

type Numbers = Map<i64, u64, Paged, Fixed>;
type Hashed<H> = Map<i64, u64, Paged, H>;

/// Inserts keys, and checks what each insertion allocates; with `hold`, after a snapshot every so
/// often.
fn check_each_insertion(name: &str, keys: impl IntoIterator<Item = i64>, hold: bool) {
    let mut map = Numbers::default();
    let mut snapshot = None;
    let limit = 4 * PAGE + DIRECTORY;
    for (number, key) in keys.into_iter().enumerate() {
        if hold && number % 1_000 == 0 {
            snapshot = Some(map.clone());
        }
        let bytes = allocated(|| assert_eq!(map.insert(key, 0), None));
        assert!(bytes <= limit, "{name}: insertion {number} allocated {bytes} bytes of {limit}");
    }
    drop(snapshot);
}

/// The orders in which keys may come.
fn orders(count: usize) -> Vec<(&'static str, Vec<i64>)> {
    let random = Random::new(11).keys(count);
    let end = i64::try_from(count).expect("small");
    let other: Numbers = random.iter().map(|&key| (key, 0)).collect();
    let dense: Numbers = (0..end).map(|key| (key, 0)).collect();
    let mut sorted = random.clone();
    sorted.sort_unstable();
    vec![
        ("a map's iteration", other.keys().collect()),
        ("the iteration of a map of dense keys", dense.keys().collect()),
        ("random keys, sorted", sorted.clone()),
        ("random keys, reversed", sorted.into_iter().rev().collect()),
        ("dense keys", (0..end).collect()),
        ("dense keys, reversed", (0..end).rev().collect()),
        ("strides of 32", (0..end).map(|key| key * 32).collect()),
        ("strides of 2^32", (0..end).map(|key| key << 32).collect()),
        ("random keys", random),
    ]
}

#[test]
fn no_insertion_allocates_more_than_four_pages_a_segment_and_the_top_array() {
    for (name, keys) in orders(300_000) {
        check_each_insertion(name, keys, false);
    }
    // So many that the directory gets a third level.
    check_each_insertion("many keys", Random::new(12).keys(1_500_000), false);
}

#[test]
fn no_insertion_allocates_more_while_snapshots_are_held() {
    for (name, keys) in orders(60_000) {
        check_each_insertion(name, keys, true);
    }
}

#[test]
fn the_first_write_after_a_snapshot_clones_one_page_of_values() {
    let counts = Counts::new();
    let mut map: CowMap<i64, _> =
        Random::new(12).keys(50_000).into_iter().map(|key| (key, counts.value(key))).collect();
    let (_, page) = map.directory_size();
    for (number, key) in Random::new(12).keys(300).into_iter().enumerate() {
        let snapshot = map.clone();
        let (clones, ()) = counts.clones_in(|| match number % 3 {
            0 => map.get_mut(key).expect("present").id += 1,
            1 => drop(map.insert(key, counts.value(0))),
            _ => drop(map.remove(key)),
        });
        assert!(clones > 0 && clones <= page, "{clones} clones, {page} entries a page");
        let (again, ()) = counts.clones_in(|| drop(map.insert(key, counts.value(1))));
        assert!(again <= page, "what a write copied is not copied again, unless it splits");
        assert_eq!(snapshot.len(), 50_000);
        drop(snapshot);
    }
    let snapshot = map.clone();
    // New keys, of which some make a shared page split.
    let largest = Random::new(13)
        .keys(1_000)
        .into_iter()
        .map(|key| {
            let held = map.clone();
            let (clones, ()) = counts.clones_in(|| drop(map.insert(key, counts.value(key))));
            drop(held);
            clones
        })
        .max();
    assert!(largest <= Some(page), "{largest:?} clones, {page} entries a page");
    drop((map, snapshot));
    assert_eq!(counts.alive(), 0);
}

#[test]
fn writes_to_absent_keys_copy_nothing_and_allocate_nothing() {
    let mut map: Numbers = (0..50_000).map(|key| (key, 0)).collect();
    let snapshot = map.clone();
    let bytes = allocated(|| {
        for key in 50_000..51_000 {
            assert_eq!(map.get_mut(key), None);
            assert_eq!(map.remove(-key), None);
            assert_eq!(map.entry(key).key(), key);
            let _ = map.entry(key - 50_000).key();
        }
    });
    assert_eq!(bytes, 0);
    assert!(map.ptr_eq(&snapshot));
}

#[test]
fn memory_usage_tells_what_is_shared_and_what_was_allocated() {
    let mut map = Numbers::default();
    for (number, key) in Random::new(14).keys(100_000).into_iter().enumerate() {
        map.insert(key, 0);
        if number % 10_000 == 0 {
            let usage = map.memory_usage();
            assert_eq!((usage.shared, usage.shared_pages), (0, 0));
        }
    }
    let alone = map.memory_usage();
    let snapshot = map.clone();
    let both = map.memory_usage();
    assert_eq!((both.total, both.shared), (alone.total, alone.total));
    assert_eq!((both.pages, both.shared_pages), (alone.pages, alone.pages));
    let key = Random::new(14).keys(1)[0];
    let bytes = allocated(|| assert_eq!(map.insert(key, 1), Some(0)));
    let written = map.memory_usage();
    assert_eq!(written.total - written.shared, bytes, "what was copied is not shared");
    assert_eq!(written.pages - written.shared_pages, 1);
    drop(snapshot);
    assert_eq!(map.memory_usage().shared, 0);
}

#[test]
fn neighbouring_ids_share_pages() {
    let mut map: Numbers = (0..200_000).map(|key| (key, 0)).collect();
    for start in [0, 7_777, 100_000, 199_900] {
        let snapshot = map.clone();
        (start..start + 100).for_each(|key| *map.get_mut(key).expect("present") += 1);
        let usage = map.memory_usage();
        let copied = usage.pages - usage.shared_pages;
        assert!((1..=8).contains(&copied), "{copied} pages for 100 neighbours");
        drop(snapshot);
    }
}

#[test]
fn removing_most_entries_gives_memory_back() {
    let keys = Random::new(15).keys(1_000_000);
    for keys in [keys, (0..1_000_000).collect()] {
        let mut map: Numbers = keys.iter().map(|&key| (key, 0)).collect();
        let full = map.memory_usage();
        let left = |at: usize| at.is_multiple_of(100);
        for (at, &key) in keys.iter().enumerate() {
            if !left(at) {
                assert_eq!(map.remove(key), Some(0));
            }
        }
        let fresh: Numbers = keys.iter().step_by(100).map(|&key| (key, 0)).collect();
        assert_eq!(map.len(), fresh.len());
        let (total, wanted) = (map.memory_usage().total, fresh.memory_usage().total);
        assert!(total <= 3 * wanted, "{total} of {}, a fresh map has {wanted}", full.total);
        assert!(map == fresh);
    }
}

#[test]
fn a_reservation_holds_until_it_is_given_back() {
    let mut map = CowMap::<i64, u64>::with_capacity(200_000);
    let links = map.directory_size().0;
    let keys = Random::new(16).keys(200_000);
    map.extend(keys.iter().map(|&key| (key, 0)));
    keys.iter().skip(10).for_each(|&key| assert!(map.remove(key).is_some()));
    assert_eq!((map.len(), map.directory_size().0), (10, links));
    assert!(map.capacity() >= 200_000);
    map.shrink_to_fit();
    let left = (map.capacity(), map.memory_usage().total, map.directory_size().0);
    assert!(left.0 < 200 && left.1 < PAGE, "capacity, bytes and links: {left:?}");
    assert!(keys[..10].iter().all(|&key| map.get(key) == Some(&0)));
    map.check_invariants();
}

/// A map with entries that is reserved for has a directory as an empty one that is, so that the
/// insertions that it was reserved for allocate pages only.
fn a_reservation_of_a_map_with_entries_is_there<P: Paging>(
    few: [usize; 4],
    more: usize,
    page: usize,
) {
    for (len, shared) in few.into_iter().flat_map(|len| [(len, false), (len, true)]) {
        let keys = Random::new(21).keys(len + more);
        let (old, new) = keys.split_at(len);
        let mut map: Map<i64, u64, P, Fixed> = old.iter().map(|&key| (key, 1)).collect();
        let snapshot = shared.then(|| map.clone());
        map.reserve(more);
        map.check_invariants();
        let fresh = Map::<i64, u64, P, Fixed>::with_capacity(len + more);
        let (links, wanted) = (map.directory_size().0, fresh.directory_size().0);
        assert!(links >= wanted, "{len} entries: {links} links, {wanted} with nothing");
        assert!(map.capacity() >= len + more && old.iter().all(|&key| map.get(key) == Some(&1)));
        for &key in new {
            let links = map.directory_size().0;
            let bytes = allocated(|| assert_eq!(map.insert(key, 2), None));
            let split = map.directory_size().0 != links;
            assert!(split || bytes <= 3 * page, "{len} entries: {bytes} bytes for an insertion");
        }
        let mut filled = fresh;
        filled.extend(keys.iter().map(|&key| (key, 0)));
        let (links, wanted) = (map.directory_size().0, filled.directory_size().0);
        assert!(links <= 2 * wanted, "{len} entries: {links} links in the end, {wanted} fresh");
        assert!(keys.iter().enumerate().all(|(at, key)| map[*key] == 1 + u64::from(at >= len)));
        map.check_invariants();
        if let Some(snapshot) = snapshot {
            assert_eq!(snapshot.len(), len);
            snapshot.check_invariants();
            assert!(old.iter().all(|&key| snapshot.get(key) == Some(&1)));
        }
    }
}

#[test]
fn a_reservation_of_a_map_with_entries_is_there_paged() {
    a_reservation_of_a_map_with_entries_is_there::<Paged>([1, 100, 3_000, 20_000], 40_000, PAGE);
}

#[test]
fn a_reservation_of_a_map_with_entries_is_there_tiny() {
    a_reservation_of_a_map_with_entries_is_there::<Tiny>([1, 10, 100, 1_000], 3_000, 350);
}

#[test]
fn filling_a_reservation_never_splits_a_page_twice() {
    for keys in [Random::new(17).keys(1_000_000), (0..1_000_000).collect()] {
        let mut map = CowMap::<i64, u64>::with_capacity(1_000_000);
        let links = map.directory_size().0;
        assert!(links >= 1_000_000 / map.directory_size().1);
        for &key in &keys {
            map.insert(key, 0);
        }
        // A page that splits twice takes two more bits of the directory than were reserved.
        let after = map.directory_size().0;
        assert!(after <= 2 * links, "{after} links, reserved {links}");
        let pages = map.memory_usage().pages;
        assert!(pages <= links + links / 10, "{pages} pages for {links} reserved");
    }
}

/// How many of these numbers are the same.
fn agreeing(numbers: impl Iterator<Item = u64>) -> usize {
    let mut counts = std::collections::HashMap::new();
    numbers.for_each(|number| *counts.entry(number).or_insert(0) += 1);
    counts.into_values().max().unwrap_or(0)
}

/// Checks a map of hostile keys: right answers, bounded memory, bounded directory.
fn check_hostile<H: Hashing>(map: &mut Hashed<H>, keys: &[i64]) {
    let random: Numbers = Random::new(18).keys(keys.len()).iter().map(|&key| (key, 0)).collect();
    let random_bytes = random.memory_usage().total;
    for (number, &key) in (0_u64..).zip(keys) {
        assert_eq!(map.insert(key, number), None);
        if number % 20_000 == 0 {
            map.check_invariants();
        }
    }
    for (number, &key) in (0_u64..).zip(keys).step_by(37) {
        assert_eq!(map.get(key), Some(&number));
        assert_eq!(map.get(!key), None);
    }
    let usage = map.memory_usage();
    assert!(usage.total <= 8 * random_bytes, "{} bytes, random {random_bytes}", usage.total);
    let (links, page) = map.directory_size();
    assert!(links <= 16 * keys.len() / (page / 2), "{links} links");
    let mut snapshot = map.clone();
    for (number, &key) in (0_u64..).zip(keys).step_by(41) {
        assert_eq!(snapshot.remove(key), Some(number));
        assert_eq!(map.get(key), Some(&number));
    }
    assert_eq!(map.iter().count(), keys.len());
}

/// Groups that insertions and lookups of these keys probe in a map.
fn groups<H: Hashing>(mut map: Hashed<H>, keys: &[i64]) -> f64 {
    let mut groups = 0;
    for &key in keys {
        groups += map.groups_probed(key).1;
        map.insert(key, 0);
    }
    groups += keys.iter().map(|&key| map.groups_probed(key).0).sum::<usize>();
    groups as f64 / (2 * keys.len()) as f64
}

const HOSTILE: usize = 100_000;

/// Keys whose page hashes agree in their top bits, found by trying.
fn keys_of_one_page(count: usize) -> Vec<i64> {
    let map = Numbers::default();
    let wanted = map.hashes(0).0 >> 52;
    // Neighbours have one page hash: of every 2^12th block all are taken.
    (0_i64..)
        .map(|block| block * 16)
        .filter(|&key| map.hashes(key).0 >> 52 == wanted)
        .flat_map(|key| key..key + 16)
        .take(count)
        .collect()
}

#[test]
fn keys_whose_page_hashes_agree_are_held_in_bounds() {
    let keys = keys_of_one_page(HOSTILE);
    let mut map = Numbers::default();
    let alike = agreeing(keys.iter().map(|&key| map.hashes(key).0 >> 52));
    assert_eq!(alike, HOSTILE, "blocks of neighbours have one page hash");
    check_hostile(&mut map, &keys);
    // The secret of a seeded map undoes them.
    check_hostile(&mut SeededCowMap::with_secret([7, 8, 9]), &keys);
    let random = groups(SeededCowMap::with_secret([7, 8, 9]), &Random::new(19).keys(HOSTILE));
    let seeded = groups(SeededCowMap::with_secret([7, 8, 9]), &keys);
    assert!(seeded <= 1.5 * random, "{seeded} groups, random {random}");
}

#[test]
fn keys_whose_places_agree_are_held_in_bounds() {
    // Of pages of up to 64 groups, all entries have the same home.
    let map = Numbers::default();
    let wanted = map.hashes(0).1 >> 58;
    let keys: Vec<i64> =
        (0_i64..).filter(|&key| map.hashes(key).1 >> 58 == wanted).take(HOSTILE).collect();
    check_hostile(&mut Numbers::default(), &keys);
    check_hostile(&mut SeededCowMap::with_secret([7, 8, 9]), &keys);
    let random = groups(SeededCowMap::with_secret([7, 8, 9]), &Random::new(19).keys(HOSTILE));
    let seeded = groups(SeededCowMap::with_secret([7, 8, 9]), &keys);
    assert!(seeded <= 1.5 * random, "{seeded} groups, random {random}");
}

#[test]
fn keys_of_which_both_hashes_agree_are_held_in_bounds() {
    let map = Numbers::default();
    let (page, place) = map.hashes(0);
    let keys: Vec<i64> = (0_i64..)
        .filter(|&key| {
            let hashes = map.hashes(key);
            hashes.0 >> 60 == page >> 60 && hashes.1 >> 60 == place >> 60
        })
        .take(20_000)
        .collect();
    check_hostile(&mut Numbers::default(), &keys);
}

#[test]
fn differences_do_not_meet_an_unlucky_secret() {
    fn mean<P: Paging>(keys: &[i64], secret: [u64; 3]) -> f64 {
        let mut map = Map::<i64, u64, P, Seeded>::with_secret(secret);
        map.extend(keys.iter().map(|&key| (key, 0)));
        keys.iter().map(|&key| map.groups_probed(key).0).sum::<usize>() as f64 / keys.len() as f64
    }
    let (secrets, count) = (1_000, 1_000);
    let random_keys = Random::new(20).keys(count);
    let differences =
        [1, 3, 7, 10, 32, 1_000, 65_537, 1 << 20, 1 << 32, (1 << 32) + 1, 0x1234_5678_9abc];
    let mut random = Random::new(21);
    let (mut total, mut of_random) = (vec![0.0; differences.len()], 0.0);
    for _ in 0..secrets {
        let secret = [random.next_u64(), random.next_u64(), random.next_u64()];
        of_random += mean::<Paged>(&random_keys, secret);
        for (total, &difference) in total.iter_mut().zip(&differences) {
            let keys: Vec<i64> = (0..count).map(|i| (i as i64).wrapping_mul(difference)).collect();
            *total += mean::<Paged>(&keys, secret);
        }
    }
    for (total, difference) in total.into_iter().zip(differences) {
        let ratio = total / of_random;
        assert!(ratio <= 1.5, "multiples of {difference}: {ratio} times the groups of random keys");
    }
}

#[test]
fn dense_ids_need_no_larger_a_directory_than_random_keys() {
    fn check<V: Clone>(name: &str, value: &V) {
        let dense: CowMap<i64, V> = (0..60_000).map(|key| (key, value.clone())).collect();
        let random: CowMap<i64, V> =
            Random::new(22).keys(60_000).into_iter().map(|key| (key, value.clone())).collect();
        let (links, random_links) = (dense.directory_size().0, random.directory_size().0);
        assert!(links <= 4 * random_links, "{name}: {links} links, random keys {random_links}");
        let (bytes, random_bytes) = (dense.memory_usage().total, random.memory_usage().total);
        assert!(4 * bytes <= 5 * random_bytes, "{name}: {bytes} bytes, random {random_bytes}");
    }
    check("numbers", &0_u64);
    check("nothing", &());
    check("strings", &String::new());
    check("64 bytes", &[0_u8; 64]);
    check("128 bytes", &[0_u64; 16]);
    check("1 KiB", &[0_u64; 128]);
}

/// A part of the hash's range without a key must not keep a directory from growing a level: pages
/// elsewhere would grow as tables.
#[test]
fn a_directory_that_is_empty_in_part_grows_all_its_levels() {
    fn check<P: Paging>(name: &str, count: usize) {
        let all = Map::<i64, u64, P>::new();
        for empty in [[3].as_slice(), &[2, 3], &[0], &[1, 2]] {
            let keys = (0_i64..)
                .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()))
                .filter(|&key| !empty.contains(&(all.hashes(key).0 >> 62)));
            let map: Map<i64, u64, P> = keys.take(count).map(|key| (key, 0)).collect();
            map.check_invariants();
            let (links, full) = map.directory_size();
            let pages = map.memory_usage().pages;
            assert!(pages >= count / full, "{name}, {empty:?} empty: {pages} pages, {links} links");
        }
    }
    check::<Tiny>("tiny", 4_000);
    check::<Paged>("paged", 1_500_000);
}

/// With this secret, of three entries that are left the two in one page have the empty page for the
/// other half, 14 bits deep: the directory that told them apart was kept.
#[test]
fn a_page_merges_with_an_empty_half_after_a_walk() {
    let secret = |seed: u64| {
        [
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 77,
            seed.wrapping_mul(0xbf58_476d_1ce4_e5b9) + 3,
            seed * 7_919 + 11,
        ]
    };
    for seed in 560..575 {
        let mut map = Map::<i64, i64, Tiny, Seeded>::with_secret(secret(seed));
        map.extend((0..20_000).map(|key| (key, key)));
        let (before, _) = map.directory_size();
        map.retain(|key, _| key < 3);
        map.check_invariants();
        let (links, _) = map.directory_size();
        assert!(links <= 16 && before > 1_000, "secret {seed}: {links} links of {before}");
    }
}

/// Pages are less full under a directory of one level; the page that is left without one is not.
#[test]
fn a_page_that_lost_its_directory_is_as_full_as_any() {
    let mut map = Numbers::with_capacity(110);
    map.extend((0..200).map(|key| (key, 0)));
    assert!(map.directory_size().0 > 0);
    map.retain(|key, _| key < 40);
    assert_eq!(map.directory_size().0, 0);
    let snapshot = map.clone();
    map.extend((0..110).map(|key| (key, 0)));
    assert_eq!((map.len(), map.directory_size().0, map.memory_usage().pages), (110, 0, 1));
    map.check_invariants();
    snapshot.check_invariants();
}
