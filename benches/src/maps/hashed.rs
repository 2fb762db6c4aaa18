//! The flat maps of hashbrown and of std: same table, three hashers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use rustc_hash::FxBuildHasher;

use super::{Hasher, Lookup, Map};
use crate::values::Value;

/// hashbrown with foldhash.
pub struct Hashbrown<V>(hashbrown::HashMap<i64, V, Hasher>);

/// hashbrown with rustc-hash.
pub struct HashbrownFx<V>(hashbrown::HashMap<i64, V, FxBuildHasher>);

/// `std::collections::HashMap` with its own hasher: what a user has who has chosen nothing.
pub struct Std<V>(HashMap<i64, V, RandomState>);

macro_rules! hashed {
    ($adapter:ident, $map:ty, $hasher:ty) => {
        impl<V> Lookup<V> for $adapter<V> {
            #[inline]
            fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
                self.0.get(&key).map(read)
            }
        }

        impl<V: Value> Map<V> for $adapter<V> {
            type Reader<'a> = &'a Self;

            fn with_capacity(capacity: usize) -> Self {
                $adapter(<$map>::with_capacity_and_hasher(capacity, fresh::<$hasher>()))
            }

            #[inline]
            fn reader(&self) -> &Self {
                self
            }

            fn len(&self) -> usize {
                self.0.len()
            }

            #[inline]
            fn insert(&mut self, key: i64, value: V) {
                self.0.insert(key, value);
            }

            #[inline]
            fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool {
                self.0.get_mut(&key).map(change).is_some()
            }

            #[inline]
            fn remove(&mut self, key: i64) -> bool {
                self.0.remove(&key).is_some()
            }

            #[inline]
            fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
                self.0.iter().for_each(|(&key, value)| visit(key, value));
            }

            fn snapshot(&self) -> Option<Self> {
                None
            }
        }
    };
}

fn fresh<S: BuildHasher + Default>() -> S {
    S::default()
}

hashed!(Hashbrown, hashbrown::HashMap<i64, V, Hasher>, Hasher);
hashed!(HashbrownFx, hashbrown::HashMap<i64, V, FxBuildHasher>, FxBuildHasher);
hashed!(Std, HashMap<i64, V, RandomState>, RandomState);
