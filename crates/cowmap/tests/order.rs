//! No order that any iterator yields is expensive to insert into a map that grows: at most twice the
//! groups that random order costs, whichever iterator it is, sequential or parallel.

use cowmap::{CowMap, CowSet, FlatCowMap};

/// SplitMix64 (Steele, Lea, Flood 2014).
fn random_keys(count: usize) -> Vec<u64> {
    let mut state = 5_u64;
    (0..count)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ z >> 31
        })
        .collect()
}

/// The sizes to try: a dozen between 1,000 and 400,000, off the powers of two; fewer where code is
/// not optimised.
fn sizes() -> impl Iterator<Item = usize> {
    let factor = if cfg!(debug_assertions) { 5.3 } else { 1.7 };
    std::iter::successors(Some(1_000.0), move |size| Some(size * factor))
        .take_while(|&size| size < 400_000.0)
        .map(|size| size as usize)
}

macro_rules! groups {
    ($map:ty, $keys:expr) => {{
        let mut map = <$map>::default();
        let mut groups = 0;
        for key in $keys {
            groups += map.groups_probed(key).1;
            map.insert(key, 0);
        }
        groups as f64 / map.len() as f64
    }};
}

/// Inserts each of the orders into a growing map of the kind that it comes from.
macro_rules! check {
    ($map:ty, $size:expr, $random:expr, [$($name:literal: $keys:expr),* $(,)?]) => {{
        let random = groups!($map, $random.iter().copied());
        $({
            let keys: Vec<u64> = $keys;
            let ordered = groups!($map, keys.iter().copied());
            let what = format!("{} of {} of {}", $name, stringify!($map), $size);
            assert!(ordered <= 2.0 * random, "{what}: {ordered:.2} groups, random {random:.2}");
        })*
    }};
}

macro_rules! sequential {
    ($name:ident, $map:ty) => {
        #[test]
        fn $name() {
            for size in sizes() {
                let random = random_keys(size);
                let map: $map = random.iter().map(|&key| (key, key)).collect();
                let copy = || map.unshared();
                check!($map, size, random, [
                    "iter": map.iter().map(|entry| entry.0).collect(),
                    "iter, filtered": map.keys().filter(|key| key % 3 == 0).collect(),
                    "iter_mut": copy().iter_mut().map(|entry| entry.0).collect(),
                    "into_iter": copy().into_iter().map(|entry| entry.0).collect(),
                    "into_iter of a shared map": map.clone().into_iter().map(|e| e.0).collect(),
                    "into_keys": copy().into_keys().collect(),
                    "drain": copy().drain().map(|entry| entry.0).collect(),
                    "extract_if": copy().extract_if(|_, _| true).map(|entry| entry.0).collect(),
                    "iter_sorted": map.iter_sorted().map(|entry| entry.0).collect(),
                    "union": map.union(&<$map>::from([(1, 1)])).keys().collect(),
                    "difference": map.difference(&<$map>::from([(1, 1)])).keys().collect(),
                ]);
            }
        }
    };
}

sequential!(sequential_orders_of_a_flat_map, FlatCowMap<u64, u64>);
sequential!(sequential_orders_of_a_paged_map, CowMap<u64, u64>);

#[cfg(feature = "rayon")]
mod parallel {
    use super::*;
    use rayon::prelude::*;

    macro_rules! parallel {
        ($name:ident, $map:ty) => {
            #[test]
            fn $name() {
                for size in sizes() {
                    let random = random_keys(size);
                    let map: $map = random.iter().map(|&key| (key, key)).collect();
                    let copy = || map.unshared();
                    check!($map, size, random, [
                        "par_iter": map.par_iter().map(|entry| entry.0).collect(),
                        "par_iter, filtered":
                            map.par_iter().map(|entry| entry.0).filter(|key| key % 3 == 0).collect(),
                        "par_iter_mut": copy().par_iter_mut().map(|entry| entry.0).collect(),
                        "into_par_iter": copy().into_par_iter().map(|entry| entry.0).collect(),
                        "into_par_iter of a shared map":
                            map.clone().into_par_iter().map(|entry| entry.0).collect(),
                    ]);
                    // Parallel order is sequential order, whatever the threads do.
                    let order: Vec<u64> = map.par_iter().map(|entry| entry.0).collect();
                    assert!(map.keys().eq(order));
                }
            }
        };
    }

    parallel!(parallel_orders_of_a_flat_map, FlatCowMap<u64, u64>);
    parallel!(parallel_orders_of_a_paged_map, CowMap<u64, u64>);

    #[test]
    fn parallel_order_of_a_set() {
        let keys = random_keys(50_000);
        let set: CowSet<u64> = keys.iter().copied().collect();
        let order: Vec<u64> = set.par_iter().collect();
        assert!(set.iter().eq(order));
    }

    /// A few entries with much work each are divided, too: rayon decides how far.
    #[test]
    fn a_small_map_is_divided() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let parts = |map: &CowMap<u64, u64>, min| {
            pool.install(|| map.par_iter().with_min_len(min).fold(|| 0, |n, _| n + 1).count())
        };
        for size in [16, 40, 100] {
            let map: CowMap<u64, u64> = (0..size).map(|id| (id, id)).collect();
            assert!(parts(&map, 0) >= 4, "{size} entries in {} parts", parts(&map, 0));
            assert_eq!(parts(&map, 200), 1);
        }
    }
}

#[test]
fn the_order_of_a_set() {
    for size in sizes() {
        let random = random_keys(size);
        let set: CowSet<u64> = random.iter().copied().collect();
        check!(CowMap<u64, u64>, size, random, [
            "a set": set.iter().collect(),
            "a set's difference": set.difference(&CowSet::from([1])).collect(),
            "a set by value": set.clone().into_iter().collect(),
        ]);
    }
}
