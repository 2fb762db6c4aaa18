//! Sequences of operations against `std::collections::HashMap`, with snapshots that must never change.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::num::{NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use cowmap_core::{Entry, Fixed, Flat, Hashing, Map, Paged, Paging, Seeded, SentinelKey, Tiny};
use quickcheck::{Arbitrary, Gen, QuickCheck};

/// One step. Keys and values are small numbers that each test turns into its own types.
#[derive(Clone, Debug)]
enum Op {
    Insert(u8, u8),
    CheckedInsert(u8, u8),
    Remove(u8),
    GetMut(u8, u8),
    EntryOrInsert(u8, u8),
    EntryModify(u8, u8),
    EntryReplace(u8, u8),
    EntryRemove(u8),
    EntryLook(u8),
    Extend(u8, u8),
    RemoveMany(u8, u8),
    Clear,
    ShrinkToFit,
    ShrinkTo(u16),
    Reserve(u16),
    Snapshot,
    CheckSnapshot(u8),
    DropSnapshot(u8),
    SwapWithSnapshot(u8),
    IntoIter,
    FromOwnIteration,
}

impl Arbitrary for Op {
    fn arbitrary(g: &mut Gen) -> Self {
        let (key, value) = (u8::arbitrary(g), u8::arbitrary(g));
        let many = u16::arbitrary(g) % 600;
        match u8::arbitrary(g) % 48 {
            0..10 => Op::Insert(key, value),
            10 => Op::CheckedInsert(key, value),
            11..17 => Op::Remove(key),
            17..20 => Op::GetMut(key, value),
            20 | 21 => Op::EntryOrInsert(key, value),
            22 => Op::EntryModify(key, value),
            23 => Op::EntryReplace(key, value),
            24 | 25 => Op::EntryRemove(key),
            26 => Op::EntryLook(key),
            27..30 => Op::Extend(key, value),
            30..34 => Op::RemoveMany(key, value),
            34 => Op::Clear,
            35 => Op::ShrinkToFit,
            36 => Op::ShrinkTo(many),
            37 => Op::Reserve(many),
            38..42 => Op::Snapshot,
            42 => Op::CheckSnapshot(value),
            43 | 44 => Op::DropSnapshot(value),
            45 => Op::SwapWithSnapshot(value),
            46 => Op::IntoIter,
            _ => Op::FromOwnIteration,
        }
    }

    /// Fewer keys, and less of them.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        match *self {
            Op::Extend(key, many) => Box::new((key, many).shrink().map(|(k, n)| Op::Extend(k, n))),
            Op::RemoveMany(key, many) => {
                Box::new((key, many).shrink().map(|(k, n)| Op::RemoveMany(k, n)))
            }
            Op::Reserve(many) => Box::new(many.shrink().map(Op::Reserve)),
            Op::ShrinkTo(many) => Box::new(many.shrink().map(Op::ShrinkTo)),
            _ => Box::new(std::iter::empty()),
        }
    }
}

/// What a test has from a small number: a key or a value. Each number gives another key.
trait FromCode {
    fn from_code(code: u8) -> Self;
}

/// Keys: a small domain of neighbours, and the values next to both ends of the type.
macro_rules! integer_keys {
    ($($key:ty),*) => {$(
        impl FromCode for $key {
            fn from_code(code: u8) -> Self {
                let small = |code| <$key>::try_from(code).expect("a small number");
                match code {
                    // Around zero, or for unsigned types above it.
                    0..192 => small(code).wrapping_sub(if <$key>::MIN == 0 { 0 } else { 96 }),
                    // Near the ends, of which one is reserved.
                    192.. if code % 2 == 0 => <$key>::MAX - small(code / 2 - 95),
                    _ if <$key>::MIN == 0 => <$key>::MAX / 2 - small(code / 2),
                    _ => <$key>::MIN + small(code / 2 - 95),
                }
            }
        }
    )*};
}
integer_keys!(i32, u32, i64, u64, isize, usize);

macro_rules! non_zero_keys {
    ($($key:ty: $repr:ty),*) => {$(
        impl FromCode for $key {
            fn from_code(code: u8) -> Self {
                let near = <$repr>::from(code / 2);
                let key = match code {
                    0..192 => <$repr>::from(code) + 1,
                    192.. if code % 2 == 0 => <$repr>::MAX - near,
                    // The lower end of signed types; the middle of unsigned ones.
                    _ => (<$repr>::MAX / 2 + 1).wrapping_sub(near),
                };
                <$key>::new(key.cast()).expect("not zero")
            }
        }
    )*};
}

/// The same bits in the integer of a `NonZero`.
trait Cast<T> {
    fn cast(self) -> T;
}
macro_rules! casts {
    ($($from:ty: $signed:ty),*) => {$(
        impl Cast<$from> for $from {
            fn cast(self) -> $from {
                self
            }
        }
        impl Cast<$signed> for $from {
            fn cast(self) -> $signed {
                self.cast_signed()
            }
        }
    )*};
}
casts!(u32: i32, u64: i64, usize: isize);
non_zero_keys!(
    NonZeroU32: u32, NonZeroI32: u32, NonZeroU64: u64, NonZeroI64: u64, NonZeroUsize: usize, NonZeroIsize: usize
);

/// A value with an alignment larger than a cache line.
#[derive(Clone, PartialEq, Debug)]
#[repr(align(128))]
struct Aligned([u8; 5]);

/// Values, which need not differ.
macro_rules! values {
    ($($value:ty: $code:ident => $make:expr),*) => {$(
        impl FromValueCode for $value {
            fn from_value_code($code: u8) -> Self {
                $make
            }
        }
    )*};
}
trait FromValueCode {
    fn from_value_code(code: u8) -> Self;
}
values! {
    u64: code => u64::from(code),
    String: code => format!("the value {code}"),
    (): _code => (),
    Arc<str>: code => code.to_string().into(),
    Aligned: code => Aligned([code; 5])
}

/// A map and its model at some time.
type Snapshot<K, V, P, H> = (Map<K, V, P, H>, HashMap<K, V>);

/// A map, its model, and snapshots of both.
struct Pair<K: SentinelKey, V, P: Paging, H: Hashing> {
    map: Map<K, V, P, H>,
    model: HashMap<K, V>,
    snapshots: Vec<Snapshot<K, V, P, H>>,
}

impl<K, V, P, H> Pair<K, V, P, H>
where
    K: SentinelKey + FromCode + Eq + Hash + Debug,
    V: FromValueCode + Clone + PartialEq + Debug,
    P: Paging,
    H: Hashing + Default,
{
    /// The property: after each step map and model are the same, and so are old snapshots at the end.
    fn run(ops: Vec<Op>) {
        let mut pair = Self { map: Map::default(), model: HashMap::new(), snapshots: Vec::new() };
        for op in ops {
            pair.step(&op);
            pair.map.check_invariants();
            same(&pair.map, &pair.model);
        }
        for (map, model) in &pair.snapshots {
            map.check_invariants();
            same(map, model);
        }
        for code in 0..=255 {
            let key = K::from_code(code);
            assert_eq!(pair.map.get(key), pair.model.get(&key));
        }
    }

    fn step(&mut self, op: &Op) {
        let Self { map, model, snapshots } = self;
        let (key, value) = (K::from_code, V::from_value_code);
        match *op {
            Op::Insert(k, v) => {
                assert_eq!(map.insert(key(k), value(v)), model.insert(key(k), value(v)));
            }
            Op::CheckedInsert(k, v) => {
                let before = map.checked_insert(key(k), value(v)).expect("not reserved");
                assert_eq!(before, model.insert(key(k), value(v)));
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
            Op::EntryModify(k, v) => {
                let _ = map.entry(key(k)).and_modify(|old| *old = value(v));
                model.entry(key(k)).and_modify(|old| *old = value(v));
            }
            Op::EntryReplace(k, v) => match map.entry(key(k)) {
                Entry::Occupied(mut entry) => {
                    assert_eq!(Some(entry.insert(value(v))), model.insert(key(k), value(v)));
                    assert_eq!(entry.get(), &value(v));
                }
                Entry::Vacant(entry) => {
                    assert_eq!(entry.insert(value(v)), &value(v));
                    assert_eq!(model.insert(key(k), value(v)), None);
                }
            },
            Op::EntryRemove(k) => match map.entry(key(k)) {
                Entry::Occupied(entry) => {
                    assert_eq!(Some(entry.get()), model.get(&key(k)));
                    assert_eq!(Some(entry.remove()), model.remove(&key(k)));
                }
                Entry::Vacant(entry) => assert!(!model.contains_key(&entry.key())),
            },
            Op::EntryLook(k) => {
                let before = map.clone();
                let occupied = matches!(map.entry(key(k)), Entry::Occupied(_));
                assert_eq!(occupied, model.contains_key(&key(k)));
                assert!(map.ptr_eq(&before), "an entry that is looked at copies nothing");
            }
            Op::Extend(k, n) => {
                let entries = || (0..n).map(|code| (key(spread(k, code)), value(code)));
                map.extend(entries());
                model.extend(entries());
            }
            Op::RemoveMany(k, n) => {
                for key in (0..n).map(|code| key(spread(k, code))) {
                    assert_eq!(map.remove(key), model.remove(&key));
                }
            }
            Op::Clear => {
                map.clear();
                model.clear();
            }
            Op::ShrinkToFit => map.shrink_to_fit(),
            Op::ShrinkTo(n) => {
                let floor = usize::from(n).min(map.capacity());
                map.shrink_to(n.into());
                assert!(map.capacity() >= floor.min(map.len()));
            }
            Op::Reserve(n) => {
                map.reserve(n.into());
                assert!(map.capacity() >= map.len() + usize::from(n));
            }
            Op::Snapshot => {
                if snapshots.len() < 12 {
                    snapshots.push((map.clone(), model.clone()));
                }
            }
            Op::CheckSnapshot(which) => {
                if !snapshots.is_empty() {
                    let (map, model) = &snapshots[usize::from(which) % snapshots.len()];
                    map.check_invariants();
                    same(map, model);
                }
            }
            Op::DropSnapshot(which) => {
                if !snapshots.is_empty() {
                    let at = usize::from(which) % snapshots.len();
                    let (map, model) = snapshots.swap_remove(at);
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
            Op::FromOwnIteration => {
                let again: Map<K, V, P, H> =
                    map.iter().map(|(key, value)| (key, value.clone())).collect();
                assert!(again == *map);
                *map = again;
            }
        }
    }
}

/// The code of the `n`th of many keys that begin with `code`.
fn spread(code: u8, n: u8) -> u8 {
    code.wrapping_add(n.wrapping_mul(7))
}

fn same<K, V, P, H>(map: &Map<K, V, P, H>, model: &HashMap<K, V>)
where
    K: SentinelKey + Eq + Hash + Debug,
    V: PartialEq + Debug,
    P: Paging,
    H: Hashing,
{
    assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
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

/// Tests sequences on every kind of map. Pages of a few entries find most, so they get most of the time.
fn on_every_map<K, V>()
where
    K: SentinelKey + FromCode + Eq + Hash + Debug + 'static,
    V: FromValueCode + Clone + PartialEq + Debug + 'static,
{
    let test = |times: u64, property: fn(Vec<Op>)| {
        QuickCheck::new().rng(Gen::new(150)).tests(times).quickcheck(property);
    };
    test(30, Pair::<K, V, Flat, Fixed>::run);
    test(30, Pair::<K, V, Paged, Fixed>::run);
    test(15, Pair::<K, V, Paged, Seeded>::run);
    test(80, Pair::<K, V, Tiny, Fixed>::run);
    test(40, Pair::<K, V, Tiny, Seeded>::run);
}

macro_rules! model_tests {
    ($($name:ident: $key:ty => $value:ty),* $(,)?) => {$(
        #[test]
        fn $name() {
            on_every_map::<$key, $value>();
        }
    )*};
}

model_tests! {
    i32_to_u64: i32 => u64,
    u32_to_u64: u32 => u64,
    i64_to_u64: i64 => u64,
    u64_to_u64: u64 => u64,
    isize_to_u64: isize => u64,
    usize_to_u64: usize => u64,
    non_zero_i32_to_u64: NonZeroI32 => u64,
    non_zero_u32_to_u64: NonZeroU32 => u64,
    non_zero_i64_to_u64: NonZeroI64 => u64,
    non_zero_u64_to_u64: NonZeroU64 => u64,
    non_zero_isize_to_u64: NonZeroIsize => u64,
    non_zero_usize_to_u64: NonZeroUsize => u64,
    i64_to_string: i64 => String,
    i64_to_unit: i64 => (),
    i64_to_arc_str: i64 => Arc<str>,
    i64_to_aligned: i64 => Aligned,
}

#[test]
fn codes_give_different_keys_none_of_them_reserved() {
    fn check<K: SentinelKey + FromCode + Eq + Hash>() {
        let keys: std::collections::HashSet<K> = (0..=255).map(K::from_code).collect();
        assert_eq!(keys.len(), 256);
        assert!(keys.into_iter().all(|key| key.into_repr() != K::SENTINEL));
    }
    check::<i32>();
    check::<u32>();
    check::<i64>();
    check::<u64>();
    check::<isize>();
    check::<usize>();
    check::<NonZeroI32>();
    check::<NonZeroU32>();
    check::<NonZeroI64>();
    check::<NonZeroU64>();
    check::<NonZeroIsize>();
    check::<NonZeroUsize>();
}
