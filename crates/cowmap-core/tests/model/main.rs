//! Sequences of operations against `std::collections::BTreeMap`, with snapshots that must never
//! change: every method, on every kind of map, shared and not.

mod changes;
mod codes;
#[path = "../common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;
mod many;
mod op;
mod pair;
mod single;

use std::collections::BTreeSet;
use std::num::{NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use codes::{Aligned, Hostile, Key, Value};
use cowmap_core::{Fixed, Flat, Hashing, Paged, Paging, Seeded, Tiny};
use op::{Method, Op};
use pair::Pair;
use quickcheck::{Arbitrary, Gen, QuickCheck};

fn test(times: u64, property: fn(Vec<Op>)) {
    QuickCheck::new().rng(Gen::new(150)).tests(times).quickcheck(property);
}

/// Tests sequences on maps that have nothing in common. Pages of a few entries find most, so they
/// get most of the time.
fn on_two_maps<K: Key, V: Value>() {
    test(30, Pair::<K, V, Flat, Fixed>::run);
    test(80, Pair::<K, V, Tiny, Fixed>::run);
}

/// Tests sequences on every kind of map. For some types only: these functions take long to compile.
fn on_every_map<K: Key, V: Value>() {
    on_two_maps::<K, V>();
    test(30, Pair::<K, V, Paged, Fixed>::run);
    test(15, Pair::<K, V, Paged, Seeded>::run);
    test(40, Pair::<K, V, Tiny, Seeded>::run);
}

macro_rules! model_tests {
    ($run:ident: $($name:ident: $key:ty => $value:ty),* $(,)?) => {$(
        #[test]
        fn $name() {
            $run::<$key, $value>();
        }
    )*};
}

model_tests! {
    on_every_map:
    u32_to_u64: u32 => u64,
    i64_to_u64: i64 => u64,
    i64_to_string: i64 => String,
    i64_to_unit: i64 => (),
}

model_tests! {
    on_two_maps:
    i32_to_u64: i32 => u64,
    u64_to_u64: u64 => u64,
    isize_to_u64: isize => u64,
    usize_to_u64: usize => u64,
    non_zero_i32_to_u64: NonZeroI32 => u64,
    non_zero_u32_to_u64: NonZeroU32 => u64,
    non_zero_i64_to_u64: NonZeroI64 => u64,
    non_zero_u64_to_u64: NonZeroU64 => u64,
    non_zero_isize_to_u64: NonZeroIsize => u64,
    non_zero_usize_to_u64: NonZeroUsize => u64,
    i64_to_arc_str: i64 => Arc<str>,
    i64_to_aligned: i64 => Aligned,
}

#[test]
fn colliding_keys() {
    test(30, Pair::<Hostile<Flat>, u64, Flat, Fixed>::run);
    test(60, Pair::<Hostile<Paged>, u64, Paged, Fixed>::run);
    test(60, Pair::<Hostile<Tiny>, u64, Tiny, Fixed>::run);
}

/// The sequences of colliding keys reach pages that grow as tables, deep directories, and
/// directories that shrink, shared and not.
fn reaches_all_shapes<P: Paging + 'static>(most_links: usize) {
    let mut g = Gen::from_size_and_seed(150, 11);
    let (mut large_pages, mut deepest, mut merges) = ([0; 2], 0, [0; 2]);
    for _ in 0..400 {
        let mut pair = Pair::<Hostile<P>, u64, P, Fixed>::new();
        for op in Vec::<Op>::arbitrary(&mut g) {
            let (before, _) = pair.map.directory_size();
            let shared = usize::from(pair.map.is_shared());
            let removes = [Method::Remove, Method::RemoveMany, Method::Retain, Method::RetainMut];
            let removes = removes.contains(&op.method);
            pair.step(op);
            let (links, _) = pair.map.directory_size();
            deepest = deepest.max(links);
            large_pages[shared] += usize::from(hostile::has_large_page(&pair.map));
            merges[shared] += usize::from(removes && (1..before).contains(&links));
        }
    }
    println!("large pages {large_pages:?}, {deepest} links, merges {merges:?}");
    assert!(large_pages.iter().all(|&times| times >= 100) && merges.iter().all(|&times| times > 0));
    assert!(deepest >= most_links);
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn colliding_keys_reach_all_shapes() {
    reaches_all_shapes::<Paged>(16);
    reaches_all_shapes::<Tiny>(256);
}

/// The sequences call each method on maps that have entries, on such as are shared and on such as
/// are not.
fn calls_every_method<P: Paging, H: Hashing + Default>() {
    let mut g = Gen::from_size_and_seed(150, 7);
    let mut called = BTreeSet::new();
    for _ in 0..300 {
        let mut pair = Pair::<i64, u64, P, H>::new();
        for op in Vec::<Op>::arbitrary(&mut g) {
            if !pair.map.is_empty() {
                called.insert((op.method, pair.map.is_shared()));
            }
            pair.step(op);
        }
    }
    for &(method, _) in Method::ALL {
        for shared in [false, true] {
            assert!(called.contains(&(method, shared)), "{method:?}, shared: {shared}");
        }
    }
}

#[test]
fn flat_and_paged_maps_meet_every_method_shared_and_not() {
    calls_every_method::<Flat, Fixed>();
    calls_every_method::<Paged, Fixed>();
    calls_every_method::<Tiny, Seeded>();
}
