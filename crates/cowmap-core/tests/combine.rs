//! Maps made of two by a closure: each common key is combined once, in order, and what that costs.

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;

use common::counted::panic_at_clone;
use common::panics::caught;
use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{CowMap, Fixed, Flat, Hashing, Map, Paged, Paging, Seeded, Tiny};
use quickcheck::{Arbitrary, Gen, QuickCheck};

type Tested<P, H> = Map<i64, u64, P, H>;
type Model = BTreeMap<i64, u64>;

/// Two maps: what both begin with, and what each of them does then.
#[derive(Clone, Debug)]
struct Lines([Vec<(u16, Option<u64>)>; 3]);

impl Arbitrary for Lines {
    fn arbitrary(g: &mut Gen) -> Self {
        let limit = *g.choose(&[5, 60, 400]).expect("some");
        Lines(std::array::from_fn(|_| {
            let mut steps = Vec::<(u16, Option<u64>)>::arbitrary(g);
            steps.iter_mut().for_each(|step| step.0 %= limit);
            steps
        }))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let Lines([base, ours, theirs]) = self.clone();
        Box::new(
            (base, ours, theirs).shrink().map(|(base, ours, theirs)| Lines([base, ours, theirs])),
        )
    }
}

/// Takes steps on a map and its model.
fn walk<P: Paging, H: Hashing>(
    (map, model): &mut (Tested<P, H>, Model),
    steps: &[(u16, Option<u64>)],
) {
    for &(key, value) in steps {
        let key = i64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
        match value {
            Some(value) => assert_eq!(map.insert(key, value), model.insert(key, value)),
            None => assert_eq!(map.remove(key), model.remove(&key)),
        }
    }
}

/// A value that tells its arguments and their order.
fn joined(key: i64, ours: u64, theirs: u64) -> u64 {
    ours.wrapping_mul(31).wrapping_add(theirs).wrapping_mul(31).wrapping_add(key.cast_unsigned())
}

/// Compares both operations with their definition, and counts the calls.
fn check<P: Paging, H: Hashing>(
    (ours, our_model): &(Tested<P, H>, Model),
    (theirs, their_model): &(Tested<P, H>, Model),
) {
    let common = our_model.keys().filter(|key| their_model.contains_key(key)).count();
    let calls = Cell::new(0);
    let combine = |key: i64, a: &u64, b: &u64| {
        calls.set(calls.get() + 1);
        assert_eq!((our_model.get(&key), their_model.get(&key)), (Some(a), Some(b)));
        joined(key, *a, *b)
    };
    let union = ours.union_with(theirs, combine);
    assert_eq!(calls.take(), common);
    let both = ours.intersection_with(theirs, combine);
    assert_eq!(calls.take(), common);
    union.check_invariants();
    both.check_invariants();

    let entries =
        |map: &Tested<P, H>| -> Model { map.iter().map(|(key, &value)| (key, value)).collect() };
    let mut wanted = their_model.clone();
    for (&key, &value) in our_model {
        let value = their_model.get(&key).map_or(value, |&theirs| joined(key, value, theirs));
        wanted.insert(key, value);
    }
    assert_eq!(entries(&union), wanted);
    wanted.retain(|key, _| our_model.contains_key(key) && their_model.contains_key(key));
    assert_eq!(entries(&both), wanted);
    // Both are as they were.
    assert_eq!((&entries(ours), &entries(theirs)), (our_model, their_model));
}

fn they_do_what_a_btree_map_does<P: Paging, H: Hashing + Default>() {
    fn property<P: Paging, H: Hashing + Default>(Lines([base, ours, theirs]): Lines) {
        let mut first = (Tested::<P, H>::default(), Model::new());
        walk(&mut first, &base);
        let mut second = first.clone();
        walk(&mut first, &ours);
        walk(&mut second, &theirs);
        // Of a common past, one that is itself, and one of another origin.
        check(&first, &second);
        check(&second, &first);
        check(&first, &first.clone());
        let apart = (second.0.unshared(), second.1.clone());
        check(&first, &apart);
        let none = (Tested::default(), Model::new());
        check(&first, &none);
        check(&none, &first);
    }
    QuickCheck::new()
        .rng(Gen::new(300))
        .tests(if cfg!(miri) { 3 } else { 60 })
        .quickcheck(property::<P, H> as fn(Lines));
}

/// Every key is combined at sizes on both sides of splits and levels, whichever map is the larger.
fn every_common_key_is_combined<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(7).keys(700);
    for len in [0, 1, 7, 8, 40, 114, 115, 230, 460, 700] {
        let of = |keys: &[i64]| -> (Tested<P, H>, Model) {
            let entries = || keys.iter().map(|&key| (key, key.cast_unsigned() >> 3));
            (entries().collect(), entries().collect())
        };
        let all = of(&keys[..len]);
        for part in [&keys[..len / 3], &keys[len / 2..len], &keys[len / 2..]] {
            check(&all, &of(part));
            check(&of(part), &all);
        }
    }
}

on_every_map!(they_do_what_a_btree_map_does, every_common_key_is_combined);

#[test]
fn maps_with_other_secrets_are_combined() {
    let map = |secret, keys: std::ops::Range<i64>| {
        let mut map = Tested::<Paged, Seeded>::with_secret([secret; 3]);
        map.extend(keys.clone().map(|key| (key, 1)));
        (map, keys.map(|key| (key, 1)).collect())
    };
    check(&map(1, 0..900), &map(2, 500..2_000));
    check(&map(2, 500..2_000), &map(1, 0..900));
}

#[test]
fn values_of_three_types_that_cannot_be_cloned() {
    struct Name(&'static str);
    #[derive(PartialEq, Debug)]
    struct Label(String);
    let names = CowMap::from_iter([(1_u64, Name("chair")), (2, Name("table")), (3, Name("lamp"))]);
    let prices: CowMap<u64, std::sync::Mutex<u32>> =
        [(2, 250.into()), (3, 40.into())].into_iter().collect();
    let wanted = CowMap::from_iter([(2, Label("table 250".into())), (3, Label("lamp 40".into()))]);
    let label = |name: &Name, price: &std::sync::Mutex<u32>| {
        Label(format!("{} {}", name.0, price.lock().expect("not poisoned")))
    };
    assert_eq!(names.intersection_with(&prices, |_, name, price| label(name, price)), wanted);
    assert_eq!(prices.intersection_with(&names, |_, price, name| label(name, price)), wanted);
}

/// Clones, and pages that the result has for itself.
#[test]
fn they_go_by_the_smaller_map() {
    fn check<P: Paging>(page: usize) {
        let counts = Counts::new();
        let of = |keys: &mut dyn Iterator<Item = i64>| -> Map<i64, Counted, P, Fixed> {
            keys.map(|key| (key, counts.value(key))).collect()
        };
        let big = of(&mut (0..30_000));
        let small = of(&mut (29_990..30_010));
        type Operation<'a, P> = &'a dyn Fn() -> Map<i64, Counted, P, Fixed>;
        let add = |_: i64, a: &Counted, b: &Counted| counts.value(a.id + b.id);
        let union: [Operation<'_, P>; 2] =
            [&|| small.union_with(&big, add), &|| big.union_with(&small, add)];
        for union in union {
            let (clones, union) = counts.clones_in(union);
            assert!(clones <= 20 * page + 10, "{clones} values cloned");
            assert_eq!((union.len(), union[29_990].id, union[0].id), (30_010, 2 * 29_990, 0));
            let usage = union.memory_usage();
            assert!(usage.pages - usage.shared_pages <= 20, "{usage:?}");
        }
        let both: [Operation<'_, P>; 2] =
            [&|| small.intersection_with(&big, add), &|| big.intersection_with(&small, add)];
        for both in both {
            let (clones, both) = counts.clones_in(both);
            assert_eq!((clones, both.len(), both[29_995].id), (0, 10, 2 * 29_995));
        }
    }
    check::<Paged>(40);
    check::<Tiny>(10);
}

/// Nothing is lost or leaked, whichever call or clone panics.
#[test]
fn a_closure_or_a_clone_that_panics_leaves_both_maps() {
    fn check<P: Paging>() {
        for at in [1, 2, 50, 149] {
            let counts = Counts::new();
            let ours: Map<i64, Counted, P, Fixed> =
                (0..300).map(|key| (key, counts.value(key))).collect();
            let mut theirs = ours.clone();
            theirs.retain(|key, _| key % 2 == 0);
            let mut calls = 0;
            let mut combine = |_: i64, a: &Counted, b: &Counted| {
                calls += 1;
                assert!(calls % 150 != at);
                counts.value(a.id + b.id)
            };
            caught(|| ours.union_with(&theirs, &mut combine));
            caught(|| theirs.union_with(&ours, &mut combine));
            caught(|| ours.intersection_with(&theirs, &mut combine));
            caught(|| theirs.intersection_with(&ours, &mut combine));
            caught(|| {
                panic_at_clone(at);
                ours.union_with(&theirs, |_, a, _| counts.value(a.id))
            });
            panic_at_clone(0);
            for (map, step) in [(&ours, 1), (&theirs, 2)] {
                map.check_invariants();
                assert!(
                    map.iter_sorted()
                        .map(|(key, value)| (key, value.id))
                        .eq((0..300).step_by(step).map(|key| (key, key)))
                );
            }
            drop((ours, theirs));
            assert_eq!(counts.alive(), 0);
        }
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}
