//! A map and its model, which do the same, and what the map must have room for.

use std::collections::BTreeMap;

use cowmap_core::{Hashing, Map, Paging, RetainCursor, SentinelKey};

use crate::codes::{Key, Value};
use crate::op::{Method, Op};

/// A map, its model and its floor at some time.
pub(crate) type Snapshot<K, V, P, H> = (Map<K, V, P, H>, BTreeMap<K, V>, Floor);

/// For how many entries a user has reserved room: at least, and at most, where it depends on which of
/// two maps another was made of.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Floor {
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Floor {
    fn raise(&mut self, entries: usize) {
        // Floors are kept to within a five-hundredth.
        *self = Floor {
            least: self.least.max(entries),
            most: self.most.max(entries + entries / 500 + 1),
        };
    }

    fn lower(&mut self, entries: usize) {
        *self = Floor {
            least: self.least.min(entries),
            most: self.most.min(entries + entries / 500 + 1),
        };
    }
}

/// A map, its model, and snapshots of both.
pub(crate) struct Pair<K: SentinelKey, V, P: Paging, H: Hashing> {
    pub(crate) map: Map<K, V, P, H>,
    pub(crate) model: BTreeMap<K, V>,
    pub(crate) floor: Floor,
    pub(crate) snapshots: Vec<Snapshot<K, V, P, H>>,
    /// How far a walk in steps has come, between which anything is done to the map.
    pub(crate) cursor: RetainCursor,
}

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> Pair<K, V, P, H> {
    pub(crate) fn new() -> Self {
        Pair {
            map: Map::default(),
            model: BTreeMap::new(),
            floor: Floor::default(),
            snapshots: Vec::new(),
            cursor: RetainCursor::new(),
        }
    }

    /// The property: after each step map and model are the same, and so are old snapshots at the
    /// end.
    pub(crate) fn run(ops: Vec<Op>) {
        let mut pair = Self::new();
        for op in ops {
            let (len, bytes) = (pair.map.len(), pair.map.memory_usage().total);
            pair.step(op);
            same(&pair.map, &pair.model);
            pair.check_room(op, len, bytes);
        }
        for (map, model, _) in &pair.snapshots {
            same(map, model);
        }
        for key in (0..=255).map(K::from_code) {
            assert_eq!(pair.map.get(key), pair.model.get(&key));
        }
    }

    /// Calls a method of the map, does the same to the model, and compares what they answer.
    pub(crate) fn step(&mut self, op: Op) {
        use Method::*;
        match op.method {
            Get | GetMany | GetEach | Index | Iterate | IterSorted | MemoryUsage => self.look(op),
            Insert | CheckedInsert | Remove | RemoveEntry | GetMut | GetDisjointMut | Alter => {
                self.change_one(op);
            }
            EntryLook | OrInsert | OrInsertWith | OrInsertWithKey | OrDefault | AndModify
            | InsertEntry => self.entry(op),
            OccupiedGetMut | OccupiedIntoMut | OccupiedInsert | OccupiedRemove
            | OccupiedRemoveEntry => self.occupied(op),
            VacantInsert | VacantInsertEntry | VacantIntoKey => self.vacant(op),
            Extend | RemoveMany | Retain | RetainMut | ExtractIf | IterMut | ValuesMut | Drain => {
                self.change_many(op);
            }
            IntoIter | IntoKeys | IntoValues | SnapshotIntoIter | Collect | FromArray => {
                self.take_apart(op);
            }
            Union | Intersection | Difference | SymmetricDifference | Compare | UnionWith
            | IntersectionWith => self.combine(op),
            Diff | Apply | TryApply | Merge | RemoveUnchanged | ReplaceUnchanged => {
                self.changes(op);
            }
            RetainStep | RetainInSteps => self.retain_in_steps(op),
            Clear | ShrinkToFit | ShrinkTo | Reserve | TryReserve => self.make_room(op),
            Snapshot | CheckSnapshot | DropSnapshot | SwapWithSnapshot | Unshared => {
                self.handles(op);
            }
        }
    }

    /// The room that a map has, and the entries that it loses.
    fn make_room(&mut self, op: Op) {
        let Self { map, model, floor, .. } = self;
        let many = usize::from(op.many);
        match op.method {
            Method::Clear => {
                map.clear();
                model.clear();
            }
            Method::ShrinkToFit => {
                let before = map.capacity();
                map.shrink_to_fit();
                floor.lower(0);
                assert!(map.capacity() <= before, "{} > {before}", map.capacity());
            }
            Method::ShrinkTo => {
                let before = map.capacity();
                map.shrink_to(many);
                floor.lower(many);
                assert!(map.capacity() <= before, "{} > {before}", map.capacity());
            }
            Method::Reserve => {
                map.reserve(many);
                assert!(map.capacity() >= map.len() + many);
                floor.raise(if many > 0 { map.len() + many } else { 0 });
            }
            _ => {
                map.try_reserve(many).expect("there is memory");
                assert!(map.capacity() >= map.len() + many);
                assert!(map.try_reserve(usize::MAX).is_err());
                floor.raise(if many > 0 { map.len() + many } else { 0 });
            }
        }
    }

    /// That the map has the room that it says, and that it must have, and what some methods may leave
    /// of the memory of before, when it had `len` entries in so many bytes.
    fn check_room(&self, op: Op, len: usize, bytes: usize) {
        let Self { map, floor, .. } = self;
        let (capacity, total) = (map.capacity(), map.memory_usage().total);
        let name = format!("{op:?}: {capacity} in {total} bytes, {} entries, {floor:?}", map.len());
        assert!(capacity >= map.len(), "{name}");
        // What is shared is left to the others, and what was reserved comes with the next entry.
        assert!(capacity >= floor.least || total == 0, "{name}");
        assert!(capacity == 0 || total > 0, "{name}");
        if !P::PAGED {
            let slots = total / (size_of::<K::Repr>() + size_of::<V>());
            assert!(capacity <= slots, "{name}");
        }
        // One ordinary page, and what is reserved, with pages that are half full.
        let reserved = |entries: usize| Map::<K, V, P, H>::reserved_bytes(entries);
        match op.method {
            Method::Clear | Method::Drain if len > 0 => {
                let in_use = if P::PAGED { 0 } else { bytes };
                assert!(
                    total <= reserved(floor.most).max(in_use),
                    "{name}, before {len} in {bytes}"
                );
            }
            Method::Collect | Method::FromArray | Method::IntoIter => {
                assert!(total <= reserved(4 * map.len()), "{name}");
            }
            Method::ShrinkToFit => assert!(total <= reserved(4 * map.len()), "{name}"),
            _ => {}
        }
    }

    /// Snapshots, old and new.
    fn handles(&mut self, op: Op) {
        let Self { map, model, floor, snapshots, .. } = self;
        let old = usize::from(op.key).checked_rem(snapshots.len());
        match (op.method, old) {
            (Method::Unshared, _) => {
                let copy = map.unshared();
                assert_eq!(copy.memory_usage().shared, 0);
                *map = copy;
            }
            (Method::Snapshot, _) if snapshots.len() < 12 => {
                let snapshot =
                    if op.value.is_multiple_of(2) { map.clone() } else { map.snapshot() };
                assert!(snapshot.ptr_eq(map) && snapshot == *map);
                assert_eq!(snapshot.is_shared(), map.memory_usage().total > 0);
                snapshots.push((snapshot, model.clone(), *floor));
            }
            (Method::CheckSnapshot, Some(old)) => same(&snapshots[old].0, &snapshots[old].1),
            (Method::DropSnapshot, Some(old)) => {
                let (map, model, _) = snapshots.swap_remove(old);
                same(&map, &model);
            }
            (Method::SwapWithSnapshot, Some(old)) => {
                std::mem::swap(map, &mut snapshots[old].0);
                std::mem::swap(model, &mut snapshots[old].1);
                std::mem::swap(floor, &mut snapshots[old].2);
            }
            _ => {}
        }
    }

    /// A key that is in the map if any is not less than the one of this number.
    pub(crate) fn near(&self, code: u8) -> K {
        let key = K::from_code(code);
        self.model.range(key..).next().map_or(key, |(&key, _)| key)
    }
}

/// Bytes that maps are measured by.
trait ReservedBytes {
    /// What a map for `entries` may take: one page at least, and pages that are half full.
    fn reserved_bytes(entries: usize) -> usize;
}

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> ReservedBytes for Map<K, V, P, H> {
    fn reserved_bytes(entries: usize) -> usize {
        let with_room = |entries| {
            let mut map = Self::default();
            map.reserve(entries);
            map.memory_usage().total
        };
        let mut full = Self::default().directory_size().1;
        if !P::PAGED {
            // A flat page has no ordinary size. One of 2 KiB, or of a group.
            full = 1;
            while with_room(full + 1) <= 2_500 {
                full += 1;
            }
        }
        let page = with_room(full);
        if !P::PAGED {
            return page.max(with_room(entries));
        }
        // A directory may be two bits deeper where pages have split, and each link may lead to a page.
        let directory = if entries > full { with_room(4 * entries) } else { 0 };
        directory + page * (1 + 4 * entries.div_ceil(full))
    }
}

/// The code of the `n`th of many keys that begin with `code`.
pub(crate) fn spread(code: u8, n: u8) -> u8 {
    code.wrapping_add(n.wrapping_mul(7))
}

/// Checks that a map has the entries of its model and no others.
fn same<K: Key, V: Value, P: Paging, H: Hashing>(map: &Map<K, V, P, H>, model: &BTreeMap<K, V>) {
    map.check_invariants();
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
