//! Lookups in a full page cost little more than in one that is half full, also after endless churn.

mod common;

use common::Random;
use common::scale::scaled;
use cowmap_core::{Fixed, Flat, Map, Paged, Paging};

/// A set whose values fill groups up as the values of most maps do.
type Numbers<P> = Map<i64, u64, P, Fixed>;

/// Groups that hits and misses probe, on average over maps of `len` entries with room for
/// `capacity`.
fn groups<P: Paging>(capacity: usize, len: usize) -> (f64, f64) {
    let maps = 40_000_usize.div_ceil(len);
    let (mut hits, mut misses) = (0, 0);
    for seed in 0..maps {
        let keys = Random::new(seed as u64).keys(2 * len);
        let (present, absent) = keys.split_at(len);
        let mut map = Numbers::<P>::default();
        map.reserve(capacity);
        let bytes = map.memory_usage().total;
        map.extend(present.iter().map(|&key| (key, 0)));
        assert!(bytes == 0 || bytes == map.memory_usage().total, "it grew");
        hits += present.iter().map(|&key| map.groups_probed(key).0).sum::<usize>();
        misses += absent.iter().map(|&key| map.groups_probed(key).0).sum::<usize>();
    }
    let lookups = (maps * len) as f64;
    (hits as f64 / lookups, misses as f64 / lookups)
}

/// The capacities and slots of pages of every size up to `most` slots.
fn sizes<P: Paging>(most: usize) -> Vec<(usize, usize)> {
    let mut sizes = Vec::new();
    let mut asked = 1;
    loop {
        let mut map = Numbers::<P>::default();
        map.reserve(asked);
        map.insert(0, 0);
        let (links, _) = map.directory_size();
        let capacity = map.capacity();
        // A group of four slots is 64 bytes, a byte of overflow bits and one of occupancy bits.
        let slots = (map.memory_usage().total - 64) / 66 * 4;
        if links > 0 || slots > most {
            return sizes;
        }
        sizes.push((capacity, slots));
        asked = capacity + 1;
    }
}

fn check<P: Paging>(most: usize) {
    let sizes = sizes::<P>(most);
    assert!(sizes.len() > 5 && sizes[0].0 >= 4, "{sizes:?}");
    for (capacity, slots) in sizes {
        assert!(capacity <= slots && 10 * capacity >= 7 * slots, "{capacity} of {slots}");
        let (hit, miss) = groups::<P>(capacity, capacity);
        let (half_hit, half_miss) = groups::<P>(capacity, (slots / 2).min(capacity));
        println!(
            "{capacity} of {slots}: hits {hit:.2} {half_hit:.2}, misses {miss:.2} {half_miss:.2}"
        );
        assert!(hit <= 1.5 * half_hit, "{capacity} of {slots}: hits {hit} {half_hit}");
        assert!(miss <= 2.0 * half_miss, "{capacity} of {slots}: misses {miss} {half_miss}");
    }
}

#[test]
fn full_flat_pages_of_every_size_are_cheap_to_search() {
    check::<Flat>(1_100);
}

#[test]
fn full_pages_of_paged_maps_are_cheap_to_search() {
    check::<Paged>(1_100);
}

/// Overflow bits that removals leave behind are cleaned up.
fn check_churn<P: Paging>(len: usize) {
    let mut random = Random::new(8);
    let mut keys = random.keys(len);
    let mut map: Numbers<P> = keys.iter().map(|&key| (key, 0)).collect();
    let absent = random.keys(20_000);
    let misses = |map: &Numbers<P>| {
        absent.iter().map(|&key| map.groups_probed(key).0).sum::<usize>() as f64
            / absent.len() as f64
    };
    let fresh = misses(&map);
    for round in 0..8 {
        for _ in 0..len {
            let at = random.below(len);
            let new = random.keys(1)[0];
            assert!(map.remove(keys[at]).is_some());
            map.insert(new, 0);
            keys[at] = new;
        }
        let now = misses(&map);
        println!("{len}, round {round}: {now:.2}, fresh {fresh:.2}");
        assert!(now <= 1.5 * fresh, "after {round} rounds: {now}, fresh {fresh}");
    }
    map.check_invariants();
}

#[test]
fn misses_stay_cheap_in_a_flat_map_that_is_full_and_churns() {
    check_churn::<Flat>(768);
    check_churn::<Flat>(49_152);
}

#[test]
fn misses_stay_cheap_in_a_paged_map_that_churns() {
    check_churn::<Paged>(90);
    check_churn::<Paged>(50_000);
}

/// A map that the nearer caches hold has fewer keys away from home than a large one.
#[test]
fn small_maps_keep_more_keys_at_home() {
    let over_a_doubling = |from: usize| {
        let maps = [10, 12, 14, 16, 18, 20].map(|tenths| from / 10 * tenths);
        maps.map(|len| groups::<Paged>(0, len).0).iter().sum::<f64>() / maps.len() as f64
    };
    let (small, large) = (over_a_doubling(10_000), over_a_doubling(60_000));
    println!("hits in 10,000 to 20,000 entries {small:.3}, in 60,000 to 120,000 {large:.3}");
    assert!(small < 1.09 && small - 1.0 < 0.7 * (large - 1.0), "{small} {large}");
}

/// Growing copies groups in the order in which they are, which must not pile entries up.
#[test]
fn a_table_that_grew_is_as_one_that_was_reserved() {
    for len in scaled(vec![1_000, 7_000, 50_000, 110_000], vec![1_000]) {
        let keys = Random::new(len as u64).keys(len);
        let probed = |capacity| {
            let mut map = Map::<i64, u64, Flat, Fixed>::with_capacity(capacity);
            keys.iter().for_each(|&key| assert!(map.insert(key, 0).is_none()));
            let groups: usize = keys.iter().map(|&key| map.groups_probed(key).0).sum();
            (groups as f64, map.capacity())
        };
        let ((grown, room), (reserved, same)) = (probed(0), probed(len));
        assert_eq!(room, same);
        println!("{len}: {:.3} times the groups", grown / reserved);
        assert!(grown <= 1.02 * reserved, "{len}: {grown} groups, {reserved}");
    }
}
