//! Maps made of others, of this crate and of std, and back.
//!
//! Between maps of different policies there is a `From` for each pair of aliases: one for all would
//! meet std's `From<T> for T`.

use alloc::collections::BTreeMap;
#[cfg(feature = "std")]
use core::hash::Hash;
#[cfg(feature = "std")]
use std::collections::HashMap;

#[cfg(feature = "std")]
use super::SeededCowMap;
use super::{CowMap, FlatCowMap, Map};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// Writes `From` for maps that differ in a policy, so that their entries have to be inserted anew.
macro_rules! from_each_other {
    ($($from:ident => $to:ident),* $(,)?) => {$(
        impl<K: SentinelKey, V: Clone> From<$from<K, V>> for $to<K, V> {
            /// The same entries in the other kind of map. O(n): they are inserted anew; values are
            /// moved out of pages that the map owned alone, and cloned out of shared ones.
            fn from(map: $from<K, V>) -> Self {
                map.into_iter().collect()
            }
        }
    )*};
}

from_each_other! {
    CowMap => FlatCowMap,
    FlatCowMap => CowMap,
}
#[cfg(feature = "std")]
from_each_other! {
    CowMap => SeededCowMap,
    SeededCowMap => CowMap,
    FlatCowMap => SeededCowMap,
    SeededCowMap => FlatCowMap,
}

impl<K, V, P, H> From<BTreeMap<K, V>> for Map<K, V, P, H>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing + Default,
{
    /// The same entries. O(n).
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from(map: BTreeMap<K, V>) -> Self {
        Self::from_iter(map)
    }
}

impl<K, V, P, H> From<Map<K, V, P, H>> for BTreeMap<K, V>
where
    K: SentinelKey + Ord,
    V: Clone,
    P: Paging,
    H: Hashing,
{
    /// The same entries. O(n log n); values are moved out of pages that the map owned alone, and
    /// cloned out of shared ones.
    fn from(map: Map<K, V, P, H>) -> Self {
        map.into_iter().collect()
    }
}

#[cfg(feature = "std")]
impl<K, V, S, P, H> From<HashMap<K, V, S>> for Map<K, V, P, H>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing + Default,
{
    /// The same entries. O(n).
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from(map: HashMap<K, V, S>) -> Self {
        Self::from_iter(map)
    }
}

#[cfg(feature = "std")]
impl<K, V, P, H> From<Map<K, V, P, H>> for HashMap<K, V>
where
    K: SentinelKey + Eq + Hash,
    V: Clone,
    P: Paging,
    H: Hashing,
{
    /// The same entries. O(n); values are moved out of pages that the map owned alone, and cloned out
    /// of shared ones. (For another hasher: `map.into_iter().collect()`.)
    fn from(map: Map<K, V, P, H>) -> Self {
        map.into_iter().collect()
    }
}
