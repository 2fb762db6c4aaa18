//! Sequences of operations against `std::collections::HashMap`, with snapshots that must never change.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use cowmap_core::{Entry, Fixed, Flat, Hashing, Map, Paged, Paging, Seeded, SentinelKey, Tiny};
use quickcheck::{Arbitrary, Gen, QuickCheck};

/// One step. Keys and values are small numbers that each test turns into its own types.
#[derive(Clone, Debug)]
enum Op {
    Insert(u8, u8),
    Remove(u8),
    GetMut(u8, u8),
    EntryOrInsert(u8, u8),
    EntryRemove(u8),
    EntryLook(u8),
    InsertMany(u8, u8),
    RemoveMany(u8, u8),
    Clear,
    ShrinkToFit,
    Reserve(u16),
    Snapshot,
    DropSnapshot(u8),
    SwapWithSnapshot(u8),
    IntoIter,
}

impl Arbitrary for Op {
    fn arbitrary(g: &mut Gen) -> Self {
        let (key, value) = (u8::arbitrary(g), u8::arbitrary(g));
        match u8::arbitrary(g) % 40 {
            0..10 => Op::Insert(key, value),
            10..16 => Op::Remove(key),
            16..19 => Op::GetMut(key, value),
            19..21 => Op::EntryOrInsert(key, value),
            21..23 => Op::EntryRemove(key),
            23 => Op::EntryLook(key),
            24..27 => Op::InsertMany(key, value),
            27..30 => Op::RemoveMany(key, value),
            30 => Op::Clear,
            31 => Op::ShrinkToFit,
            32 => Op::Reserve(u16::arbitrary(g) % 600),
            33..36 => Op::Snapshot,
            36 | 37 => Op::DropSnapshot(value),
            38 => Op::SwapWithSnapshot(value),
            _ => Op::IntoIter,
        }
    }
}

/// A map, its model, and snapshots of both.
struct Pair<K: SentinelKey, V, P: Paging, H: Hashing> {
    map: Map<K, V, P, H>,
    model: HashMap<K, V>,
    snapshots: Vec<(Map<K, V, P, H>, HashMap<K, V>)>,
}

impl<K, V, P, H> Pair<K, V, P, H>
where
    K: SentinelKey + Eq + Hash + Debug,
    V: Clone + PartialEq + Debug,
    P: Paging,
    H: Hashing + Default,
{
    fn run(ops: &[Op], key: impl Fn(u8) -> K, value: impl Fn(u8) -> V) {
        let mut pair = Self { map: Map::default(), model: HashMap::new(), snapshots: Vec::new() };
        for op in ops {
            pair.step(op, &key, &value);
            pair.map.check_invariants();
            same(&pair.map, &pair.model);
        }
        for (map, model) in &pair.snapshots {
            map.check_invariants();
            same(map, model);
        }
        for code in 0..=255 {
            assert_eq!(pair.map.get(key(code)), pair.model.get(&key(code)));
        }
    }

    fn step(&mut self, op: &Op, key: &impl Fn(u8) -> K, value: &impl Fn(u8) -> V) {
        let Self { map, model, snapshots } = self;
        match *op {
            Op::Insert(k, v) => {
                assert_eq!(map.insert(key(k), value(v)), model.insert(key(k), value(v)));
            }
            Op::Remove(k) => assert_eq!(map.remove(key(k)), model.remove(&key(k))),
            Op::GetMut(k, v) => {
                let (got, want) = (map.get_mut(key(k)), model.get_mut(&key(k)));
                assert_eq!(got, want);
                if let (Some(got), Some(want)) = (got, want) {
                    *got = value(v);
                    *want = value(v);
                }
            }
            Op::EntryOrInsert(k, v) => {
                let got = map.entry(key(k)).or_insert_with(|| value(v)).clone();
                assert_eq!(&got, model.entry(key(k)).or_insert_with(|| value(v)));
            }
            Op::EntryRemove(k) => match map.entry(key(k)) {
                Entry::Occupied(entry) => {
                    assert_eq!(Some(entry.get()), model.get(&key(k)));
                    assert_eq!(Some(entry.remove()), model.remove(&key(k)));
                }
                Entry::Vacant(entry) => assert!(!model.contains_key(&entry.key())),
            },
            Op::EntryLook(k) => {
                let shared = map.is_shared();
                let before = map.clone();
                let occupied = matches!(map.entry(key(k)), Entry::Occupied(_));
                assert_eq!(occupied, model.contains_key(&key(k)));
                assert!(map.ptr_eq(&before), "an entry that is looked at copies nothing");
                drop(before);
                assert_eq!(map.is_shared(), shared);
            }
            Op::InsertMany(k, v) => {
                for code in 0..v {
                    let key = key(k.wrapping_add(code.wrapping_mul(7)));
                    assert_eq!(map.insert(key, value(code)), model.insert(key, value(code)));
                }
            }
            Op::RemoveMany(k, v) => {
                for code in 0..v {
                    let key = key(k.wrapping_add(code.wrapping_mul(7)));
                    assert_eq!(map.remove(key), model.remove(&key));
                }
            }
            Op::Clear => {
                map.clear();
                model.clear();
            }
            Op::ShrinkToFit => map.shrink_to_fit(),
            Op::Reserve(n) => {
                map.reserve(n.into());
                assert!(map.capacity() >= map.len() + usize::from(n));
            }
            Op::Snapshot => {
                if snapshots.len() < 12 {
                    snapshots.push((map.clone(), model.clone()));
                }
            }
            Op::DropSnapshot(which) => {
                if !snapshots.is_empty() {
                    let at = usize::from(which) % snapshots.len();
                    let (map, model) = snapshots.swap_remove(at);
                    map.check_invariants();
                    same(&map, &model);
                }
            }
            Op::SwapWithSnapshot(which) => {
                if !snapshots.is_empty() {
                    let at = usize::from(which) % snapshots.len();
                    std::mem::swap(map, &mut snapshots[at].0);
                    std::mem::swap(model, &mut snapshots[at].1);
                }
            }
            Op::IntoIter => {
                let mut taken: HashMap<K, V> = HashMap::new();
                for (key, value) in std::mem::take(map) {
                    assert_eq!(taken.insert(key, value), None, "a key came twice");
                }
                assert_eq!(&taken, model);
                *map = taken.into_iter().collect();
            }
        }
    }
}

fn same<K, V, P, H>(map: &Map<K, V, P, H>, model: &HashMap<K, V>)
where
    K: SentinelKey + Eq + Hash + Debug,
    V: PartialEq + Debug,
    P: Paging,
    H: Hashing,
{
    assert_eq!(map.len(), model.len());
    assert_eq!(map.iter().len(), model.len());
    let mut seen = 0;
    for (key, value) in map {
        assert_eq!(model.get(&key), Some(value), "{key:?}");
        seen += 1;
    }
    assert_eq!(seen, model.len());
    for (key, value) in model {
        assert_eq!(map.get(*key), Some(value), "{key:?}");
    }
}

/// Runs sequences on every policy.
fn on_every_map<K, V>(key: fn(u8) -> K, value: fn(u8) -> V)
where
    K: SentinelKey + Eq + Hash + Debug,
    V: Clone + PartialEq + Debug,
{
    fn check<K, V, P, H>(tests: u64, key: fn(u8) -> K, value: fn(u8) -> V)
    where
        K: SentinelKey + Eq + Hash + Debug,
        V: Clone + PartialEq + Debug,
        P: Paging,
        H: Hashing + Default,
    {
        struct Property<K, V>(fn(u8) -> K, fn(u8) -> V, fn(&[Op], fn(u8) -> K, fn(u8) -> V));
        impl<K: 'static, V: 'static> quickcheck::Testable for Property<K, V> {
            fn result(&self, g: &mut Gen) -> quickcheck::TestResult {
                let ops = Vec::<Op>::arbitrary(g);
                (self.2)(&ops, self.0, self.1);
                quickcheck::TestResult::passed()
            }
        }
        let _ = tests;
        let mut g = Gen::new(200);
        for _ in 0..tests {
            let ops = Vec::<Op>::arbitrary(&mut g);
            let failed = std::panic::catch_unwind(|| {
                Pair::<K, V, P, H>::run(&ops, key, value);
            });
            assert!(failed.is_ok(), "{ops:?}");
        }
    }
    check::<K, V, Flat, Fixed>(40, key, value);
    check::<K, V, Paged, Fixed>(40, key, value);
    check::<K, V, Tiny, Fixed>(120, key, value);
    check::<K, V, Tiny, Seeded>(60, key, value);
}

#[test]
fn i64_to_u64() {
    on_every_map(|k| i64::from(k) - 128, u64::from);
}

#[test]
fn i64_to_string() {
    on_every_map(|k| i64::from(k) << 40, |v| v.to_string());
}

#[test]
fn u32_to_arc() {
    on_every_map(|k| u32::from(k), |v| Arc::<str>::from(v.to_string()));
}

#[test]
fn non_zero_to_unit() {
    on_every_map(|k| NonZeroU32::new(u32::from(k) + 1).unwrap(), |_| ());
}

#[allow(dead_code)]
fn unused(_: QuickCheck) {}
