//! Steps with what changed between the map and an old one, and walks that other steps interrupt.

use std::collections::{BTreeMap, BTreeSet};

use cowmap_core::{Change, Hashing, Paging, RetainCursor};

use crate::codes::{Key, Value};
use crate::op::{Method, Op};
use crate::pair::{Floor, Pair, spread};

/// The changes by a comparison entry by entry.
fn between<K: Key, V: Value>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Vec<Change<K, V>> {
    let keys: BTreeSet<K> = old.keys().chain(new.keys()).copied().collect();
    let change = |key| match (old.get(&key).cloned(), new.get(&key).cloned()) {
        (None, Some(value)) => Some(Change::Added { key, value }),
        (Some(value), None) => Some(Change::Removed { key, value }),
        (Some(old), Some(new)) if old != new => Some(Change::Updated { key, old, new }),
        _ => None,
    };
    keys.into_iter().filter_map(change).collect()
}

impl<K: Key, V: Value, P: Paging, H: Hashing + Default> Pair<K, V, P, H> {
    /// The map and an old one, or itself.
    pub(crate) fn changes(&mut self, op: Op) {
        let Self { map, model, floor, snapshots, .. } = self;
        let chosen = |code: u8| usize::from(code).checked_rem(snapshots.len());
        let itself = (map.clone(), model.clone(), *floor);
        let snapshot = |code| chosen(code).map_or(&itself, |old| &snapshots[old]);
        let (old, old_model, _) = snapshot(op.key);
        let mut keys = (0..op.value).map(|n| K::from_code(spread(op.key, n)));
        match op.method {
            Method::Diff => {
                for (from, from_model, to, to_model) in
                    [(old, old_model, &*map, &*model), (&*map, &*model, old, old_model)]
                {
                    let changes = between(from_model, to_model);
                    assert!(from.diff_sorted(to).map(Change::cloned).eq(changes.iter().cloned()));
                    let mut found: Vec<_> = from.diff(to).map(Change::cloned).collect();
                    found.sort_by_key(Change::key);
                    assert_eq!(found, changes);
                    assert!(
                        from.diff_by(to, |_, _| true).all(|change| change.invert().old().is_none()
                            != change.invert().new().is_none())
                    );
                }
            }
            Method::Apply => {
                // The map becomes the old one, and goes part of the way back.
                let forth: Vec<_> = map.diff(old).map(Change::cloned).collect();
                map.apply(forth.iter().cloned());
                assert!(map == old);
                let back = forth.iter().map(|change| change.clone().invert());
                map.apply(back.clone().take(op.many.into()));
                *model = old_model.clone();
                for change in back.take(op.many.into()) {
                    match change.new() {
                        Some(value) => drop(model.insert(change.key(), value.clone())),
                        None => drop(model.remove(&change.key())),
                    }
                }
            }
            Method::TryApply => {
                let forth: Vec<_> = map.diff(old).map(Change::cloned).collect();
                let wrong = match model.get(&K::from_code(op.value)) {
                    Some(value) => {
                        Change::Added { key: K::from_code(op.value), value: value.clone() }
                    }
                    None => Change::Removed { key: K::from_code(op.value), value: V::from_code(0) },
                };
                // The wrong one is wrong at the beginning, so nothing of the others stays.
                let before = map.clone();
                let refused = [wrong].into_iter().chain(forth.iter().cloned());
                assert!(map.try_apply(refused).is_err() && map.ptr_eq(&before));
                map.try_apply(forth).expect("they match");
                *model = old_model.clone();
            }
            Method::Merge => {
                let (theirs, their_model, their_floor) = snapshot(op.value);
                // Of a conflict nothing is kept, or ours.
                let keeps = op.many.is_multiple_of(2);
                let merged = old.merge(map, theirs, |key, conflict| {
                    assert_eq!(conflict.base, old_model.get(&key));
                    assert_eq!(conflict.ours, model.get(&key));
                    assert_eq!(conflict.theirs, their_model.get(&key));
                    conflict.ours.filter(|_| keeps).cloned()
                });
                let mirrored = old
                    .merge(theirs, map, |_, conflict| conflict.theirs.filter(|_| keeps).cloned());
                assert!(merged == mirrored);
                mirrored.check_invariants();
                for change in between(old_model, their_model) {
                    let (key, base, new) = (change.key(), change.old(), change.new());
                    let ours = model.get(&key);
                    let kept = if ours == base {
                        new
                    } else {
                        ours.filter(|&ours| keeps || Some(ours) == new)
                    };
                    match kept.cloned() {
                        Some(value) => drop(model.insert(key, value)),
                        None => drop(model.remove(&key)),
                    }
                }
                *map = merged;
                *floor = Floor { least: 0, most: floor.most.max(their_floor.most) };
            }
            Method::RemoveUnchanged => {
                let now = model.clone();
                let changed = |key: &K| now.get(key) != old_model.get(key);
                let skipped = map.remove_unchanged(old, keys.clone());
                assert!(skipped.into_iter().eq(keys.clone().filter(changed)));
                keys.filter(|key| !changed(key)).for_each(|key| drop(model.remove(&key)));
            }
            _ => {
                let now = model.clone();
                let changed = |(key, _): &(K, V)| now.get(key) != old_model.get(key);
                let entries: Vec<(K, V)> =
                    keys.by_ref().zip((0..=u8::MAX).map(V::from_code)).collect();
                let skipped = map.replace_unchanged(old, entries.iter().cloned());
                assert!(skipped.iter().eq(entries.iter().filter(|entry| changed(entry))));
                model.extend(entries.into_iter().filter(|entry| !changed(entry)));
            }
        }
    }

    /// A step of a walk that began before, or a walk of its own.
    pub(crate) fn retain_in_steps(&mut self, op: Op) {
        let Self { map, model, cursor, .. } = self;
        let chosen =
            |key: K| (0..=u8::MAX).any(|code| code % 8 < op.key % 9 && K::from_code(code) == key);
        let whole = op.method == Method::RetainInSteps;
        if whole || cursor.is_done() {
            *cursor = RetainCursor::new();
        }
        let (before, mut visited) = (model.clone(), BTreeSet::new());
        loop {
            let more = map.retain_step(cursor, op.value.into(), |key, value| {
                assert_eq!(before.get(&key), Some(value));
                assert!(visited.insert(key), "{key:?} was visited twice");
                chosen(key)
            });
            map.check_invariants();
            assert_eq!(more, !cursor.is_done());
            if !whole || !more {
                break;
            }
        }
        assert!(!whole || visited.len() == before.len(), "one was missed");
        model.retain(|key, _| chosen(*key) || !visited.contains(key));
    }
}
