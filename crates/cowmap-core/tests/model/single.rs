//! Steps that look at a map, or change the entry of one key.

use cowmap_core::{Entry, Hashing, OccupiedEntry, Paging, VacantEntry};

use crate::codes::{Key, Value};
use crate::op::{Method, Op};
use crate::pair::{Pair, spread};

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> Pair<K, V, P, H> {
    /// What changes nothing, and copies nothing.
    pub(crate) fn look(&mut self, op: Op) {
        let key = self.near(op.key);
        let Self { map, model, .. } = self;
        let keys = [op.key, op.value, op.key ^ 1].map(K::from_code);
        match op.method {
            Method::Get => {
                assert_eq!(map.get(key), model.get(&key));
                assert_eq!(map.contains_key(key), model.contains_key(&key));
                let stored = model.get_key_value(&key).map(|(&key, value)| (key, value));
                assert_eq!(map.get_key_value(key), stored);
            }
            Method::GetMany => assert_eq!(map.get_many(keys), keys.map(|key| model.get(&key))),
            Method::GetEach => {
                let keys: Vec<K> = (0..op.value).map(|n| K::from_code(spread(op.key, n))).collect();
                assert_eq!(map.get_each(&keys).len(), keys.len());
                assert!(map.get_each(&keys).eq(keys.iter().map(|key| model.get(key))));
            }
            Method::Index => {
                if let Some(value) = model.get(&key) {
                    assert_eq!(&map[key], value);
                }
            }
            Method::Iterate => {
                assert!(map.keys().eq(map.iter().map(|(key, _)| key)));
                assert!(map.values().eq(map.iter().map(|(_, value)| value)));
                let folded = map.iter().fold(Vec::new(), |mut list, entry| {
                    list.push(entry);
                    list
                });
                assert!(map.iter().eq(folded));
                let mut rest = map.iter();
                let first = rest.by_ref().take(op.many.into()).count();
                assert_eq!((rest.clone().count(), rest.len()), (rest.len(), map.len() - first));
            }
            Method::IterSorted => {
                assert!(map.iter_sorted().eq(model.iter().map(|(&key, value)| (key, value))));
                assert!(
                    map.iter_sorted().rev().map(|(key, _)| key).eq(model.keys().rev().copied())
                );
            }
            _ => {
                let usage = map.memory_usage();
                assert!(usage.shared <= usage.total && usage.shared_pages <= usage.pages);
                assert!(map.capacity() >= map.len());
            }
        }
    }

    /// The entry of one key, or of a few.
    pub(crate) fn change_one(&mut self, op: Op) {
        let near = self.near(op.key);
        let Self { map, model, .. } = self;
        let (key, value) = (K::from_code(op.key), V::from_code(op.value));
        match op.method {
            Method::Insert => assert_eq!(map.insert(key, value.clone()), model.insert(key, value)),
            Method::CheckedInsert => {
                let before = map.checked_insert(key, value.clone()).expect("not reserved");
                assert_eq!(before, model.insert(key, value));
            }
            Method::Remove => {
                let key = if op.value.is_multiple_of(2) { key } else { near };
                assert_eq!(map.remove(key), model.remove(&key));
            }
            Method::RemoveEntry => assert_eq!(map.remove_entry(near), model.remove_entry(&near)),
            Method::GetMut => {
                let (got, want) = (map.get_mut(near), model.get_mut(&near));
                assert_eq!(got, want);
                if let (Some(got), Some(want)) = (got, want) {
                    (*got, *want) = (value.clone(), value);
                }
            }
            Method::GetDisjointMut => {
                let keys: [K; 5] = std::array::from_fn(|n| K::from_code(spread(op.key, n as u8)));
                for (got, key) in map.get_disjoint_mut(keys).into_iter().zip(keys) {
                    let want = model.get_mut(&key);
                    assert_eq!(got, want);
                    if let (Some(got), Some(want)) = (got, want) {
                        (*got, *want) = (value.clone(), value.clone());
                    }
                }
            }
            _ => {
                let key = if op.value.is_multiple_of(2) { key } else { near };
                // To another value, or away, as the number says.
                let change = |old: Option<V>| match (old, op.many % 3) {
                    (old, 0) => old,
                    (Some(_), 1) => None,
                    _ => Some(value),
                };
                let want = change.clone()(model.remove(&key));
                map.alter(key, change);
                model.extend(want.map(|value| (key, value)));
            }
        }
    }

    /// An entry, whichever it is.
    pub(crate) fn entry(&mut self, op: Op) {
        let Self { map, model, .. } = self;
        let (key, value) = (K::from_code(op.key), V::from_code(op.value));
        match op.method {
            Method::EntryLook => {
                let before = map.clone();
                let entry = map.entry(key);
                assert_eq!(entry.key(), key);
                match entry {
                    Entry::Occupied(entry) => {
                        assert_eq!((entry.key(), Some(entry.get())), (key, model.get(&key)));
                    }
                    Entry::Vacant(entry) => {
                        assert_eq!((entry.key(), None), (key, model.get(&key)));
                    }
                }
                assert!(map.ptr_eq(&before), "an entry that is looked at copies nothing");
            }
            Method::OrInsert => {
                let got = map.entry(key).or_insert(value.clone());
                assert_eq!(got, model.entry(key).or_insert(value));
            }
            Method::OrInsertWith => {
                let got = map.entry(key).or_insert_with(|| value.clone());
                assert_eq!(got, model.entry(key).or_insert(value));
            }
            Method::OrInsertWithKey => {
                let got = map.entry(key).or_insert_with_key(|given| {
                    assert_eq!(given, key);
                    value.clone()
                });
                assert_eq!(got, model.entry(key).or_insert(value));
            }
            Method::OrDefault => {
                assert_eq!(map.entry(key).or_default(), model.entry(key).or_default());
            }
            Method::AndModify => {
                let got = map.entry(key).and_modify(|old| *old = value.clone());
                assert!(matches!(got, Entry::Occupied(_)) == model.contains_key(&key));
                model.entry(key).and_modify(|old| *old = value);
            }
            _ => {
                let entry = map.entry(key).insert_entry(value.clone());
                assert_eq!((entry.key(), entry.get()), (key, &value));
                model.insert(key, value);
            }
        }
    }

    /// The entry of a key that is there, if any is.
    pub(crate) fn occupied(&mut self, op: Op) {
        let (key, value) = (self.near(op.key), V::from_code(op.value));
        let Self { map, model, .. } = self;
        let Entry::Occupied(mut entry): Entry<'_, K, V, P, H> = map.entry(key) else {
            assert!(!model.contains_key(&key));
            return;
        };
        let old = model.insert(key, value.clone());
        match op.method {
            Method::OccupiedGetMut => {
                assert_eq!(old, Some(std::mem::replace(entry.get_mut(), value.clone())));
                assert_eq!(entry.get(), &value);
            }
            Method::OccupiedIntoMut => {
                assert_eq!(old, Some(std::mem::replace(entry.into_mut(), value)));
            }
            Method::OccupiedInsert => {
                assert_eq!(old, Some(entry.insert(value.clone())));
                assert_eq!(entry.get(), &value);
            }
            method => {
                let removed = if method == Method::OccupiedRemove {
                    (key, OccupiedEntry::remove(entry))
                } else {
                    entry.remove_entry()
                };
                assert_eq!((Some(removed.1), removed.0), (old, key));
                model.remove(&key);
            }
        }
    }

    /// The entry of a key that is not there, or is not there any more.
    pub(crate) fn vacant(&mut self, op: Op) {
        let Self { map, model, .. } = self;
        let (key, value) = (K::from_code(op.key), V::from_code(op.value));
        if op.many.is_multiple_of(4) {
            assert_eq!(map.remove(key), model.remove(&key));
        }
        let Entry::Vacant(entry) = map.entry(key) else {
            assert!(model.contains_key(&key));
            return;
        };
        match op.method {
            Method::VacantIntoKey => {
                assert_eq!(VacantEntry::into_key(entry), key);
                return;
            }
            Method::VacantInsert => assert_eq!(entry.insert(value.clone()), &value),
            _ => {
                let entry = entry.insert_entry(value.clone());
                assert_eq!((entry.key(), entry.get()), (key, &value));
            }
        }
        assert_eq!(model.insert(key, value), None);
    }
}
