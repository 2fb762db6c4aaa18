//! What a map takes that was reserved and filled, beside one that has grown: bytes, pages, and
//! requests to the allocator while it is built.

#[path = "common/allocated.rs"]
mod allocated;
mod common;

use allocated::requests;
use common::Random;
use common::scale::scaled;
use cowmap_core::{Fixed, Flat, Map, Paged, Paging, Tiny};

/// A map with these keys, its bytes, and how many requests it took.
fn filled<V: Clone, P: Paging>(capacity: usize, keys: &[i64], value: &V) -> (usize, usize) {
    let mut bytes = 0;
    let requests = requests(|| {
        let mut map = Map::<i64, V, P, Fixed>::with_capacity(capacity);
        keys.iter().for_each(|&key| drop(map.insert(key, value.clone())));
        assert_eq!(map.len(), keys.len());
        bytes = map.memory_usage().total;
    });
    (bytes, requests)
}

/// Compares at sizes over a doubling.
fn over_a_doubling<V: Clone, P: Paging>(name: &str, value: &V, from: usize, points: u32) {
    let random = Random::new(from as u64).keys(2 * from);
    let dense: Vec<i64> = (0..2 * from as i64).collect();
    for (keys, kind) in [(random, "random"), (dense, "dense")] {
        let (mut sum, mut most, mut requests, mut grown_requests) = (0.0, 0.0_f64, 0, 0);
        for point in 0..points {
            let len = (from as f64 * 2_f64.powf(f64::from(point) / f64::from(points))) as usize;
            let (bytes, asked) = filled::<V, P>(len, &keys[..len], value);
            let (grown_bytes, grown_asked) = filled::<V, P>(0, &keys[..len], value);
            let ratio = bytes as f64 / grown_bytes as f64;
            assert!(ratio <= 1.4, "{name}, {kind}: {bytes} at {len}, grown {grown_bytes}");
            (sum, most) = (sum + ratio, most.max(ratio));
            requests += asked;
            grown_requests += grown_asked;
        }
        let mean = sum / f64::from(points);
        println!(
            "{name}, {kind}, from {from}: mean {mean:.3}, most {most:.3}, {requests} requests, \
             grown {grown_requests}"
        );
        assert!(mean <= 1.15, "{name}, {kind}, from {from}: {mean}");
        assert!(requests <= grown_requests, "{name}, {kind}: {requests}, grown {grown_requests}");
    }
}

/// Compares a map that was filled in one call, whose iterator says how many come or does not.
fn in_one_call_over_a_doubling<P: Paging>(from: usize, points: u32) {
    let random = Random::new(from as u64).keys(2 * from);
    let dense: Vec<i64> = (0..2 * from as i64).collect();
    for (keys, kind) in [(random, "random"), (dense, "dense")] {
        let mut sum = 0.0;
        for point in 0..points {
            let len = (from as f64 * 2_f64.powf(f64::from(point) / f64::from(points))) as usize;
            let (grown, _) = filled::<u64, P>(0, &keys[..len], &0);
            let entries = keys[..len].iter().map(|&key| (key, 0));
            let map: Map<i64, u64, P, Fixed> =
                if point % 2 == 0 { entries.collect() } else { entries.filter(|_| true).collect() };
            let ratio = map.memory_usage().total as f64 / grown as f64;
            assert!(ratio <= 1.6, "{kind}: {ratio} at {len}");
            sum += ratio;
        }
        let mean = sum / f64::from(points);
        println!("{kind}, from {from}, in one call: mean {mean:.3}");
        assert!(mean <= 1.05, "{kind}, from {from}: {mean}");
    }
}

#[test]
fn a_map_that_is_filled_in_one_call_takes_what_growing_does() {
    let all = if cfg!(debug_assertions) { 3 } else { 5 };
    for from in
        scaled(vec![500, 2_000, 20_000, 40_000, 200_000], vec![500, 1_000]).into_iter().take(all)
    {
        let points = if from < 10_000 { 64 } else { 8 };
        in_one_call_over_a_doubling::<Paged>(from, points);
        in_one_call_over_a_doubling::<Flat>(from, points);
    }
    in_one_call_over_a_doubling::<Tiny>(500, 16);
}

/// Maps of one and two levels, and on the way from one to the other.
#[test]
fn a_reservation_that_is_filled_takes_about_what_growing_does() {
    // The larger ones only where code is optimised.
    let all = if cfg!(debug_assertions) { 2 } else { 5 };
    for from in
        scaled(vec![500, 20_000, 2_000, 40_000, 200_000], vec![500, 1_000]).into_iter().take(all)
    {
        let points = match from {
            ..10_000 => 64,
            10_000..100_000 => 16,
            _ => 5,
        };
        over_a_doubling::<u64, Paged>("u64", &0, from, points);
        over_a_doubling::<(), Paged>("nothing", &(), from, points);
        over_a_doubling::<[u64; 4], Paged>("32 bytes", &[0; 4], from, points);
    }
    for from in scaled(vec![500, 2_000], vec![500]) {
        over_a_doubling::<String, Paged>("String", &String::new(), from, 32);
        over_a_doubling::<[u64; 64], Paged>("512 bytes", &[0; 64], from, 32);
        over_a_doubling::<u64, Tiny>("tiny pages", &0, from, 32);
        over_a_doubling::<u64, Flat>("flat", &0, from, 32);
    }
}

/// Three levels are not much different from two.
#[test]
#[cfg_attr(miri, ignore = "a large map")]
fn a_large_reservation_that_is_filled_takes_about_what_growing_does() {
    let all = if cfg!(debug_assertions) { vec![500_000] } else { vec![1_000_000, 3_000_000] };
    for from in scaled(all, vec![]) {
        let keys = Random::new(7).keys(from);
        let (bytes, _) = filled::<u64, Paged>(from, &keys, &0);
        let (grown, _) = filled::<u64, Paged>(0, &keys, &0);
        println!("{from}: {bytes}, grown {grown}");
        assert!(bytes as f64 <= 1.15 * grown as f64, "{bytes} at {from}, grown {grown}");
    }
}
