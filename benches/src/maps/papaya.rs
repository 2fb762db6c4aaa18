//! papaya: a lock-free table whose readers hold a guard.

use papaya::{HashMap, HashMapRef, LocalGuard};

use super::{Hasher, Lookup, Map};
use crate::values::Value;

/// papaya's map with foldhash.
pub struct Papaya<V>(HashMap<i64, V, Hasher>);

/// Pinned once for a run of lookups, as papaya's documentation advises.
pub struct Pinned<'a, V>(HashMapRef<'a, i64, V, Hasher, LocalGuard<'a>>);

impl<V> Lookup<V> for Pinned<'_, V> {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.0.get(&key).map(read)
    }
}

impl<V: Value> Map<V> for Papaya<V> {
    type Reader<'a> = Pinned<'a, V>;

    fn with_capacity(capacity: usize) -> Self {
        Papaya(HashMap::with_capacity_and_hasher(capacity, Hasher::default()))
    }

    #[inline]
    fn reader(&self) -> Pinned<'_, V> {
        Pinned(self.0.pin())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn insert(&mut self, key: i64, value: V) {
        self.0.pin().insert(key, value);
    }

    #[inline]
    fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool {
        let changed = |value: &V| {
            let mut value = value.clone();
            change(&mut value);
            value
        };
        self.0.pin().update(key, changed).is_some()
    }

    #[inline]
    fn remove(&mut self, key: i64) -> bool {
        self.0.pin().remove(&key).is_some()
    }

    #[inline]
    fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
        self.0.pin().iter().for_each(|(&key, value)| visit(key, value));
    }

    fn snapshot(&self) -> Option<Self> {
        None
    }
}
