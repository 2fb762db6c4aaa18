//! Maps for quickcheck.
//!
//! The feature stands again at each public `impl`: the pages of `cowmap` show what is written
//! there.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;

use quickcheck::{Arbitrary, Gen};

use super::shrink::History;
use super::{Map, Step, WithSnapshots};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// Never has the reserved key. Shrinks to fewer entries, and simpler ones, until each is needed.
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
        let simpler = History::of(iter::once(self)).shrink();
        Box::new(simpler.map(|history| history.build().map))
    }
}

/// Shrinks to fewer snapshots, then to fewer entries, in all states at once and in single ones,
/// then to simpler ones, until each snapshot and each entry is needed.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Fixed, Paged, WithSnapshots};
/// use quickcheck::{QuickCheck, TestResult};
///
/// type Any = WithSnapshots<u64, u8, Paged, Fixed>;
///
/// /// The property: what a snapshot has, the map has too. It does not hold.
/// fn snapshots_are_submaps(any: Any) -> bool {
///     any.snapshots.iter().all(|old| old.is_submap(&any.map))
/// }
/// let failure = QuickCheck::new()
///     .max_tests(10_000)
///     .quicktest(snapshots_are_submaps as fn(Any) -> bool)
///     .unwrap_err();
/// let shown = format!("{failure:?}");
/// assert!(shown.contains("map: {}, snapshots: [{0: 0}]"), "{shown}");
/// ```
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
        let simpler = History::of(self.snapshots.iter().chain(iter::once(&self.map))).shrink();
        Box::new(simpler.map(|history| history.build()))
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
