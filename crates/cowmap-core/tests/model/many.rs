//! Steps that visit many entries, and that make one map of another or of two.

use std::collections::BTreeMap;

use cowmap_core::{Hashing, Map, Paging};

use crate::codes::{Key, Value};
use crate::op::{Method, Op};
use crate::pair::{Floor, Pair, spread};

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> Pair<K, V, P, H> {
    /// Many entries of the map.
    pub(crate) fn change_many(&mut self, op: Op) {
        let Self { map, model, .. } = self;
        let (value, many) = (V::from_code(op.value), usize::from(op.many));
        let keys = || (0..op.value).map(|n| K::from_code(spread(op.key, n)));
        // Half of the entries, or few, or most.
        let chosen =
            |key: K| (0..=u8::MAX).any(|code| code % 8 < op.key % 9 && K::from_code(code) == key);
        match op.method {
            Method::Extend => {
                let entries = || keys().zip((0..=u8::MAX).map(V::from_code));
                map.extend(entries());
                model.extend(entries());
            }
            Method::RemoveMany => {
                keys().for_each(|key| assert_eq!(map.remove(key), model.remove(&key)));
            }
            Method::Retain => {
                map.retain(|key, value| {
                    assert_eq!(model.get(&key), Some(value));
                    chosen(key)
                });
                model.retain(|&key, _| chosen(key));
            }
            Method::RetainMut => {
                let change = |key: K, old: &mut V| {
                    *old = value.clone();
                    chosen(key)
                };
                map.retain_mut(change);
                model.retain(|&key, old| change(key, old));
            }
            Method::ExtractIf => {
                let extracted = map.extract_if(|key, _| chosen(key)).take(many);
                for (key, value) in extracted {
                    assert!(chosen(key));
                    assert_eq!(model.remove(&key), Some(value));
                }
                if many > u8::MAX.into() {
                    assert!(!model.keys().any(|&key| chosen(key)), "all that was chosen is gone");
                }
            }
            Method::IterMut => {
                assert_eq!(map.iter_mut().len(), model.len());
                for (key, old) in map.iter_mut().take(many) {
                    assert_eq!(model.insert(key, value.clone()).as_ref(), Some(&*old));
                    *old = value.clone();
                }
            }
            Method::ValuesMut => {
                let keys: Vec<K> = map.keys().take(many).collect();
                map.values_mut().take(many).for_each(|old| *old = value.clone());
                model.extend(keys.into_iter().map(|key| (key, value.clone())));
            }
            _ => {
                let mut drain = map.drain();
                for (key, value) in drain.by_ref().take(many) {
                    assert_eq!(model.remove(&key), Some(value));
                }
                assert!(model.is_empty() || many <= u8::MAX.into());
                model.clear();
                // Forgotten only where nothing but room is lost, and not where leaks are reported.
                let leaks = cfg!(miri) || std::env::var_os("COWMAP_TEST_REDUCED").is_some();
                if op.value.is_multiple_of(4) && drain.len() == 0 && !leaks {
                    std::mem::forget(drain);
                    assert_eq!((map.capacity(), map.memory_usage().total), (0, 0));
                }
            }
        }
    }

    /// The map by value, or a snapshot of it.
    pub(crate) fn take_apart(&mut self, op: Op) {
        let Self { map, model, floor, .. } = self;
        let many = usize::from(op.many);
        if op.method != Method::SnapshotIntoIter {
            *floor = Floor::default();
        }
        match op.method {
            Method::IntoIter => {
                *map = collected(std::mem::take(map), model).into_iter().collect();
            }
            Method::SnapshotIntoIter => {
                let taken = map.snapshot();
                assert_eq!(taken.snapshot().into_iter().take(many).count(), many.min(model.len()));
                collected(taken, model);
            }
            Method::IntoKeys => {
                let mut keys: Vec<K> = std::mem::take(map).into_keys().collect();
                keys.sort();
                assert!(keys.iter().eq(model.keys()));
                *map = model.iter().map(|(&key, value)| (key, value.clone())).collect();
            }
            Method::IntoValues => {
                let keys: Vec<K> = map.keys().collect();
                let values = std::mem::take(map).into_values();
                assert_eq!(values.len(), keys.len());
                *map = keys.into_iter().zip(values).collect();
            }
            Method::Collect => {
                let again: Map<K, V, P, H> =
                    map.iter().map(|(key, value)| (key, value.clone())).collect();
                assert!(again == *map);
                *map = again;
            }
            _ => {
                let entries = [op.key, op.value, op.key].map(K::from_code);
                let entries = entries.map(|key| (key, V::from_code(op.value)));
                *map = Map::from(entries.clone());
                *model = BTreeMap::from(entries);
            }
        }
    }

    /// The map and an old one, or itself.
    pub(crate) fn combine(&mut self, op: Op) {
        let Self { map, model, floor, snapshots, .. } = self;
        let old = usize::from(op.key).checked_rem(snapshots.len());
        let (other, other_model, other_floor) = match old {
            Some(old) => snapshots[old].clone(),
            None => (map.clone(), model.clone(), *floor),
        };
        if op.method != Method::Compare {
            *floor = Floor { least: 0, most: floor.most.max(other_floor.most) };
        }
        let has = |key: &K| other_model.contains_key(key);
        match op.method {
            Method::Union => {
                *map = map.union(&other);
                for (key, value) in other_model {
                    model.entry(key).or_insert(value);
                }
            }
            Method::Intersection => {
                *map = map.intersection(&other);
                model.retain(|key, _| has(key));
            }
            Method::Difference => {
                *map = map.difference(&other);
                model.retain(|key, _| !has(key));
            }
            Method::SymmetricDifference => {
                *map = map.symmetric_difference(&other);
                let before = model.clone();
                model.retain(|key, _| !has(key));
                model.extend(other_model.into_iter().filter(|(key, _)| !before.contains_key(key)));
            }
            Method::UnionWith => {
                let mut combined = BTreeMap::new();
                *map = map.union_with(&other, |key, ours, theirs| {
                    assert_eq!(
                        (model.get(&key), other_model.get(&key)),
                        (Some(ours), Some(theirs))
                    );
                    // Of either side, or of neither.
                    let kept = [ours.clone(), theirs.clone(), V::from_code(op.value)];
                    let kept = &kept[usize::from(op.many) % 3];
                    assert_eq!(combined.insert(key, kept.clone()), None, "{key:?} came twice");
                    kept.clone()
                });
                assert_eq!(combined.len(), model.keys().filter(|&key| has(key)).count());
                for (key, value) in &other_model {
                    model.entry(*key).or_insert_with(|| value.clone());
                }
                model.extend(combined);
            }
            Method::IntersectionWith => {
                // Into values of another type.
                let both = map.intersection_with(&other, |key, ours, theirs| {
                    assert_eq!(
                        (model.get(&key), other_model.get(&key)),
                        (Some(ours), Some(theirs))
                    );
                    Some((key, op.value))
                });
                both.check_invariants();
                assert!(both.iter().all(|(key, value)| *value == Some((key, op.value))));
                *map = map.intersection_with(&other, |_, _, theirs| theirs.clone());
                model.retain(|key, _| has(key));
                assert_eq!(both.len(), model.len());
                model.iter_mut().for_each(|(key, value)| *value = other_model[key].clone());
            }
            _ => {
                assert_eq!(*map == other, *model == other_model);
                let contained = |(key, value)| other_model.get(key) == Some(value);
                assert_eq!(map.is_submap(&other), model.iter().all(contained));
                assert_eq!(map.is_submap_of_keys(&other), model.keys().all(has));
            }
        }
    }
}

/// The entries of a map, which are its model's.
fn collected<K: Key, V: Value, P: Paging, H: Hashing>(
    map: Map<K, V, P, H>,
    model: &BTreeMap<K, V>,
) -> BTreeMap<K, V> {
    let mut taken = BTreeMap::new();
    for (key, value) in map {
        assert_eq!(taken.insert(key, value), None, "a key came twice");
    }
    assert_eq!(&taken, model);
    taken
}
