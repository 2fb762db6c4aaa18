//! A map and its model, which do the same.

use std::collections::BTreeMap;

use cowmap_core::{Hashing, Map, Paging, SentinelKey};

use crate::codes::{Key, Value};
use crate::op::{Method, Op};

/// A map and its model at some time.
pub(crate) type Snapshot<K, V, P, H> = (Map<K, V, P, H>, BTreeMap<K, V>);

/// A map, its model, and snapshots of both.
pub(crate) struct Pair<K: SentinelKey, V, P: Paging, H: Hashing> {
    pub(crate) map: Map<K, V, P, H>,
    pub(crate) model: BTreeMap<K, V>,
    pub(crate) snapshots: Vec<Snapshot<K, V, P, H>>,
}

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> Pair<K, V, P, H> {
    pub(crate) fn new() -> Self {
        Pair { map: Map::default(), model: BTreeMap::new(), snapshots: Vec::new() }
    }

    /// The property: after each step map and model are the same, and so are old snapshots at the
    /// end.
    pub(crate) fn run(ops: Vec<Op>) {
        let mut pair = Self::new();
        for op in ops {
            pair.step(op);
            same(&pair.map, &pair.model);
        }
        for (map, model) in &pair.snapshots {
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
            Union | Intersection | Difference | SymmetricDifference | Compare => self.combine(op),
            Clear | ShrinkToFit | ShrinkTo | Reserve | TryReserve => self.make_room(op),
            Snapshot | CheckSnapshot | DropSnapshot | SwapWithSnapshot | Unshared => {
                self.handles(op);
            }
        }
    }

    /// The room that a map has, and the entries that it loses.
    fn make_room(&mut self, op: Op) {
        let Self { map, model, .. } = self;
        let many = usize::from(op.many);
        match op.method {
            Method::Clear => {
                map.clear();
                model.clear();
            }
            Method::ShrinkToFit => map.shrink_to_fit(),
            Method::ShrinkTo => {
                let floor = many.min(map.capacity());
                map.shrink_to(many);
                assert!(map.capacity() >= floor.min(map.len()));
            }
            Method::Reserve => {
                map.reserve(many);
                assert!(map.capacity() >= map.len() + many);
            }
            _ => {
                map.try_reserve(many).expect("there is memory");
                assert!(map.capacity() >= map.len() + many);
                assert!(map.try_reserve(usize::MAX).is_err());
            }
        }
    }

    /// Snapshots, old and new.
    fn handles(&mut self, op: Op) {
        let Self { map, model, snapshots } = self;
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
                snapshots.push((snapshot, model.clone()));
            }
            (Method::CheckSnapshot, Some(old)) => same(&snapshots[old].0, &snapshots[old].1),
            (Method::DropSnapshot, Some(old)) => {
                let (map, model) = snapshots.swap_remove(old);
                same(&map, &model);
            }
            (Method::SwapWithSnapshot, Some(old)) => {
                std::mem::swap(map, &mut snapshots[old].0);
                std::mem::swap(model, &mut snapshots[old].1);
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
