//! Inserting one map's iteration into a growing map costs no more than twice what random order
//! costs.

mod common;

use common::Random;
use cowmap_core::{Fixed, Flat, Map, Paged, Paging};

type Set<P> = Map<i64, (), P, Fixed>;

/// The limit on groups probed, against random order.
const TIMES: f64 = 2.0;

/// Groups that inserting `keys` one by one probes, on average.
fn by_a_loop<P: Paging>(keys: impl Iterator<Item = i64>) -> f64 {
    let mut map = Set::<P>::default();
    let mut groups = 0;
    for key in keys {
        groups += map.groups_probed(key).1;
        map.insert(key, ());
    }
    groups as f64 / map.len() as f64
}

/// Groups that the insertions probe which come next when a part of `keys` went through `build`: the
/// average over many parts.
fn by_building<P: Paging>(keys: &[i64], build: impl Fn(&[i64]) -> Set<P>) -> f64 {
    let (parts, next) = (if keys.len() > 50_000 { 8 } else { 16 }, 400);
    let mut groups = 0;
    for part in 1..=parts {
        let end = (keys.len() - next) * part / parts;
        let map = build(&keys[..end]);
        assert_eq!(map.len(), end);
        groups += keys[end..end + next].iter().map(|&key| map.groups_probed(key).1).sum::<usize>();
    }
    groups as f64 / (parts * next) as f64
}

fn entries(keys: &[i64]) -> impl Iterator<Item = (i64, ())> {
    keys.iter().map(|&key| (key, ()))
}

fn check<P: Paging>(size: usize) {
    let random = Random::new(6).keys(size);
    let from: Set<P> = entries(&random).collect();
    let ordered: Vec<i64> = from.keys().collect();
    let even: Vec<i64> = ordered.iter().copied().filter(|key| key % 2 == 0).collect();
    let even_random: Vec<i64> = random.iter().copied().filter(|key| key % 2 == 0).collect();
    let extended = |keys: &[i64]| {
        let mut map = Set::<P>::default();
        map.extend(entries(keys));
        map
    };
    let collected = |keys: &[i64]| entries(keys).collect::<Set<P>>();
    let filtered = |keys: &[i64]| entries(keys).filter(|_| true).collect::<Set<P>>();
    // Into a map that had some entries of its own.
    let strangers = Random::new(7).keys(size / 10);
    let joined = |keys: &[i64]| {
        let mut map = extended(&strangers);
        map.extend(entries(keys));
        strangers.iter().for_each(|&key| assert!(map.remove(key).is_some()));
        map
    };
    let cases = [
        ("a loop", by_a_loop::<P>(from.keys()), by_a_loop::<P>(random.iter().copied())),
        (
            "a loop over half",
            by_a_loop::<P>(even.iter().copied()),
            by_a_loop::<P>(even_random.iter().copied()),
        ),
        (
            "a loop over a map that was itself inserted in order",
            by_a_loop::<P>(extended(&ordered).keys()),
            by_a_loop::<P>(random.iter().copied()),
        ),
        ("extend", by_building(&ordered, extended), by_building(&random, extended)),
        ("extend after others", by_building(&ordered, joined), by_building(&random, joined)),
        ("collect", by_building(&ordered, collected), by_building(&random, collected)),
        ("filter and collect", by_building(&even, filtered), by_building(&even_random, filtered)),
    ];
    for (name, ordered, random) in cases {
        println!("{name} of {size}: {ordered:.2}, in random order {random:.2}");
        assert!(ordered <= TIMES * random, "{name} of {size}: {ordered:.2}, random {random:.2}");
    }
}

#[test]
fn of_25_000_entries_into_a_flat_map() {
    check::<Flat>(25_000);
}

#[test]
fn of_25_000_entries_into_a_paged_map() {
    check::<Paged>(25_000);
}

#[test]
fn of_200_000_entries_into_a_flat_map() {
    check::<Flat>(200_000);
}

#[test]
fn of_200_000_entries_into_a_paged_map() {
    check::<Paged>(200_000);
}

/// The loop at every size from 1,000 to 400,000 in steps of 3 %, because how full tables are, and so
/// what the order costs, changes with the size; in steps of 60 % where code is not optimised.
fn every_size<P: Paging>() {
    let step = if cfg!(debug_assertions) { 1.6 } else { 1.03 };
    let (mut size, mut worst) = (1_000.0_f64, (0.0_f64, 0));
    while size < 400_000.0 {
        let random = Random::new(8).keys(size as usize);
        let from: Set<P> = entries(&random).collect();
        let ordered = by_a_loop::<P>(from.keys());
        let times = ordered / by_a_loop::<P>(random.iter().copied());
        worst = if times > worst.0 { (times, random.len()) } else { worst };
        size *= step;
    }
    println!("worst: {:.2} times random order, at {}", worst.0, worst.1);
    assert!(worst.0 <= TIMES, "{:.2} times random order at {}", worst.0, worst.1);
}

#[test]
fn of_every_size_into_a_flat_map() {
    every_size::<Flat>();
}

#[test]
fn of_every_size_into_a_paged_map() {
    every_size::<Paged>();
}
