//! Maps for quickcheck.
//!
//! The feature stands again at each public `impl`: the pages of `cowmap` show what is written
//! there.

use alloc::boxed::Box;
use alloc::vec::Vec;

use quickcheck::{Arbitrary, Gen};

use super::{Map, Step, WithSnapshots};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// Never has the reserved key. Shrinks to fewer entries, and simpler ones.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
///
/// /// The property: a copy is equal.
/// fn copies_are_equal(map: CowMap<u64, u8>) -> bool {
///     map.unshared() == map
/// }
/// quickcheck::quickcheck(copies_are_equal as fn(CowMap<u64, u8>) -> bool);
/// ```
#[cfg(feature = "quickcheck")]
impl<K, V, P, H> Arbitrary for Map<K, V, P, H>
where
    K: SentinelKey + Arbitrary,
    V: Arbitrary,
    P: Paging + 'static,
    H: Hashing + Default + 'static,
{
    fn arbitrary(g: &mut Gen) -> Self {
        Self::of_unreserved(Vec::<(K, V)>::arbitrary(g))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let entries: Vec<(K, V)> = self.clone().into_iter().collect();
        Box::new(entries.shrink().map(Self::of_unreserved))
    }
}

/// Shrinks to fewer snapshots, then to a smaller map without any.
#[cfg(feature = "quickcheck")]
impl<K, V, P, H> Arbitrary for WithSnapshots<K, V, P, H>
where
    K: SentinelKey + Arbitrary,
    V: Arbitrary,
    P: Paging + 'static,
    H: Hashing + Default + 'static,
{
    fn arbitrary(g: &mut Gen) -> Self {
        Self::after(Vec::<Step<K, V>>::arbitrary(g))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let whole = self.clone();
        let fewer = (0..self.snapshots.len()).map(move |without| {
            let mut fewer = whole.clone();
            fewer.snapshots.remove(without);
            fewer
        });
        let alone = self.map.shrink().map(|map| WithSnapshots { map, snapshots: Vec::new() });
        Box::new(fewer.chain(alone))
    }
}

impl<K: Arbitrary, V: Arbitrary> Arbitrary for Step<K, V> {
    fn arbitrary(g: &mut Gen) -> Self {
        match u8::arbitrary(g) % 8 {
            0 => Step::Snapshot,
            1 | 2 => Step::Remove(K::arbitrary(g)),
            _ => Step::Insert(K::arbitrary(g), V::arbitrary(g)),
        }
    }
}
