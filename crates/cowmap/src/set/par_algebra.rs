//! Two sets together, in parallel.

use core::fmt;

use rayon::iter::plumbing::UnindexedConsumer;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::CowSet;
use cowmap_core::SentinelKey;

/// Writes a parallel iterator over keys of two sets.
macro_rules! parallel_of_two {
    ($(#[$doc:meta])* $name:ident, |$a:ident, $b:ident| $keys:expr) => {
        $(#[$doc])*
        pub struct $name<'a, K: SentinelKey> {
            first: &'a CowSet<K>,
            second: &'a CowSet<K>,
        }

        impl<K: SentinelKey + Send + Sync> ParallelIterator for $name<'_, K> {
            type Item = K;

            fn drive_unindexed<C: UnindexedConsumer<K>>(self, consumer: C) -> C::Result {
                let ($a, $b) = (self.first, self.second);
                $keys.drive_unindexed(consumer)
            }
        }

        impl<K: SentinelKey> fmt::Debug for $name<'_, K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("lens", &[self.first.len(), self.second.len()])
                    .finish_non_exhaustive()
            }
        }
    };
}

parallel_of_two! {
    /// The keys of two sets in parallel, each once, from [`CowSet::par_union`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_union(&b).sum::<u64>(), 6);
    /// ```
    ParUnion,
    |a, b| a.into_par_iter().chain(b.into_par_iter().filter(move |&key| !a.contains(key)))
}

parallel_of_two! {
    /// The keys that are in both sets in parallel, from [`CowSet::par_intersection`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_intersection(&b).sum::<u64>(), 2);
    /// ```
    ParIntersection,
    |a, b| a.into_par_iter().filter(move |&key| b.contains(key))
}

parallel_of_two! {
    /// The keys of the first set that the second has not, in parallel, from
    /// [`CowSet::par_difference`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_difference(&b).sum::<u64>(), 1);
    /// ```
    ParDifference,
    |a, b| a.into_par_iter().filter(move |&key| !b.contains(key))
}

parallel_of_two! {
    /// The keys that are in one of the sets, not in both, in parallel, from
    /// [`CowSet::par_symmetric_difference`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_symmetric_difference(&b).sum::<u64>(), 4);
    /// ```
    ParSymmetricDifference,
    |a, b| a
        .into_par_iter()
        .filter(move |&key| !b.contains(key))
        .chain(b.into_par_iter().filter(move |&key| !a.contains(key)))
}

#[cfg(feature = "rayon")]
impl<K: SentinelKey + Send + Sync> CowSet<K> {
    /// The keys of both sets in parallel, each once. O(n).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_union(&b).count(), 3);
    /// ```
    pub fn par_union<'a>(&'a self, other: &'a Self) -> ParUnion<'a, K> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        ParUnion { first: large, second: small }
    }

    /// The keys that are in both sets, in parallel. O(n of the smaller).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_intersection(&b).count(), 1);
    /// ```
    pub fn par_intersection<'a>(&'a self, other: &'a Self) -> ParIntersection<'a, K> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        ParIntersection { first: small, second: large }
    }

    /// The keys of this set that are not in `other`, in parallel. O(n).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_difference(&b).count(), 1);
    /// ```
    pub fn par_difference<'a>(&'a self, other: &'a Self) -> ParDifference<'a, K> {
        ParDifference { first: self, second: other }
    }

    /// The keys that are in one of the sets, not in both, in parallel. O(n of both).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// assert_eq!(a.par_symmetric_difference(&b).count(), 2);
    /// ```
    pub fn par_symmetric_difference<'a>(
        &'a self,
        other: &'a Self,
    ) -> ParSymmetricDifference<'a, K> {
        ParSymmetricDifference { first: self, second: other }
    }

    /// Whether `other` has every key of this set, looked up in parallel. O(n).
    ///
    /// # Examples
    ///
    /// ```
    /// let small = cowmap::CowSet::from([1_u64]);
    /// assert!(small.par_is_subset(&cowmap::CowSet::from([1, 2])));
    /// ```
    pub fn par_is_subset(&self, other: &Self) -> bool {
        self.ptr_eq(other)
            || (self.len() <= other.len() && self.into_par_iter().all(|key| other.contains(key)))
    }

    /// Whether no key is in both sets, looked up in parallel. O(n of the smaller).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64]), cowmap::CowSet::from([2]));
    /// assert!(a.par_is_disjoint(&b));
    /// ```
    pub fn par_is_disjoint(&self, other: &Self) -> bool {
        self.par_intersection(other).find_any(|_| true).is_none()
    }
}
