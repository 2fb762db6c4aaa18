//! Two sets together: the iterators, the comparisons and the operators.
//!
//! The comparisons, and the operators but `&`, skip pages that both sets own by their address.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Sub, SubAssign};

use super::{CowSet, Iter};
use cowmap_core::SentinelKey;

impl<K: SentinelKey> CowSet<K> {
    /// The keys of both sets, each once. O(n) to visit all.
    ///
    /// The operator `|` makes a set of them, which shares pages with the first.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
    /// assert_eq!(a.union(&b).count(), 3);
    /// assert_eq!(&a | &b, cowmap::CowSet::from([1, 2, 3]));
    /// ```
    pub fn union<'a>(&'a self, other: &'a Self) -> Union<'a, K> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        Union { first: large.iter(), second: small.difference(large) }
    }

    /// The keys that are in both sets. O(n of the smaller) to visit all.
    ///
    /// The operator `&` makes a set of them, which shares pages with the first.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
    /// assert!(a.intersection(&b).eq([2]));
    /// assert_eq!(&a & &b, cowmap::CowSet::from([2]));
    /// ```
    pub fn intersection<'a>(&'a self, other: &'a Self) -> Intersection<'a, K> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        Intersection { keys: small.iter(), other: large }
    }

    /// The keys of this set that are not in `other`. O(n) to visit all.
    ///
    /// The operator `-` makes a set of them.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
    /// assert!(a.difference(&b).eq([1]));
    /// assert_eq!(&a - &b, cowmap::CowSet::from([1]));
    /// ```
    pub fn difference<'a>(&'a self, other: &'a Self) -> Difference<'a, K> {
        Difference { keys: self.iter(), other }
    }

    /// The keys that are in one of the sets, not in both. O(n) to visit all.
    ///
    /// The operator `^` makes a set of them.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
    /// assert_eq!(a.symmetric_difference(&b).count(), 2);
    /// assert_eq!(&a ^ &b, cowmap::CowSet::from([1, 3]));
    /// ```
    pub fn symmetric_difference<'a>(&'a self, other: &'a Self) -> SymmetricDifference<'a, K> {
        SymmetricDifference { first: self.difference(other), second: other.difference(self) }
    }

    /// Whether no key is in both sets. O(n of the smaller).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
    /// assert!(!a.is_disjoint(&b));
    /// ```
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether `other` has every key of this set. O(n); skips pages that both have.
    ///
    /// # Examples
    ///
    /// ```
    /// let small = cowmap::CowSet::from([1_u64]);
    /// assert!(small.is_subset(&cowmap::CowSet::from([1, 2])));
    /// ```
    pub fn is_subset(&self, other: &Self) -> bool {
        self.map.is_submap_of_keys(&other.map)
    }

    /// Whether this set has every key of `other`. O(n of `other`); skips pages that both have.
    ///
    /// # Examples
    ///
    /// ```
    /// let large = cowmap::CowSet::from([1_u64, 2]);
    /// assert!(large.is_superset(&cowmap::CowSet::from([1])));
    /// ```
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }
}

/// The keys of two sets, from [`CowSet::union`].
///
/// # Examples
///
/// ```
/// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
/// let union = a.union(&b);
/// assert_eq!(union.clone().count(), 3);
/// assert_eq!(union.sum::<u64>(), 6);
/// ```
pub struct Union<'a, K: SentinelKey> {
    first: Iter<'a, K>,
    second: Difference<'a, K>,
}

/// The keys that two sets have both, from [`CowSet::intersection`].
///
/// # Examples
///
/// ```
/// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
/// let mut both = a.intersection(&b);
/// assert_eq!((both.next(), both.next()), (Some(2), None));
/// ```
pub struct Intersection<'a, K: SentinelKey> {
    keys: Iter<'a, K>,
    other: &'a CowSet<K>,
}

/// The keys of one set that another has not, from [`CowSet::difference`].
///
/// # Examples
///
/// ```
/// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
/// let mut only = a.difference(&b);
/// assert_eq!((only.next(), only.next()), (Some(1), None));
/// ```
pub struct Difference<'a, K: SentinelKey> {
    keys: Iter<'a, K>,
    other: &'a CowSet<K>,
}

/// The keys that one of two sets has, from [`CowSet::symmetric_difference`].
///
/// # Examples
///
/// ```
/// let (a, b) = (cowmap::CowSet::from([1_u64, 2]), cowmap::CowSet::from([2, 3]));
/// let either = a.symmetric_difference(&b);
/// assert_eq!(either.sum::<u64>(), 4);
/// ```
pub struct SymmetricDifference<'a, K: SentinelKey> {
    first: Difference<'a, K>,
    second: Difference<'a, K>,
}

impl<K: SentinelKey> Iterator for Union<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.first.next().or_else(|| self.second.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let least = self.first.len();
        (least, self.second.size_hint().1.and_then(|more| least.checked_add(more)))
    }

    fn fold<B, F: FnMut(B, K) -> B>(self, init: B, mut f: F) -> B {
        let acc = self.first.fold(init, &mut f);
        self.second.fold(acc, f)
    }
}

impl<K: SentinelKey> Iterator for Intersection<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        let other = self.other;
        self.keys.find(|&key| other.contains(key))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.keys.len()))
    }

    fn fold<B, F: FnMut(B, K) -> B>(self, init: B, f: F) -> B {
        let other = self.other;
        self.keys.filter(|&key| other.contains(key)).fold(init, f)
    }
}

impl<K: SentinelKey> Iterator for Difference<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        let other = self.other;
        self.keys.find(|&key| !other.contains(key))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.keys.len();
        (left.saturating_sub(self.other.len()), Some(left))
    }

    fn fold<B, F: FnMut(B, K) -> B>(self, init: B, f: F) -> B {
        let other = self.other;
        self.keys.filter(|&key| !other.contains(key)).fold(init, f)
    }
}

impl<K: SentinelKey> Iterator for SymmetricDifference<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.first.next().or_else(|| self.second.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ((least, most), (more, at_most)) = (self.first.size_hint(), self.second.size_hint());
        (least + more, most.zip(at_most).and_then(|(a, b)| a.checked_add(b)))
    }

    fn fold<B, F: FnMut(B, K) -> B>(self, init: B, mut f: F) -> B {
        let acc = self.first.fold(init, &mut f);
        self.second.fold(acc, f)
    }
}

macro_rules! as_std {
    ($($name:ident { $($field:ident),* }),*) => {$(
        impl<K: SentinelKey> FusedIterator for $name<'_, K> {}

        impl<K: SentinelKey> Clone for $name<'_, K> {
            fn clone(&self) -> Self {
                $name { $($field: Clone::clone(&self.$field)),* }
            }
        }

        impl<K: SentinelKey + fmt::Debug> fmt::Debug for $name<'_, K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

as_std!(
    Union { first, second },
    Intersection { keys, other },
    Difference { keys, other },
    SymmetricDifference { first, second }
);

macro_rules! operator {
    ($($trait:ident $method:ident $of_map:ident $what:literal),*) => {$(
        impl<K: SentinelKey> $trait for &CowSet<K> {
            type Output = CowSet<K>;

            #[doc = $what]
            fn $method(self, other: Self) -> CowSet<K> {
                CowSet { map: self.map.$of_map(&other.map) }
            }
        }
    )*};
}

operator!(
    BitOr bitor union "The keys of both sets.",
    BitAnd bitand intersection "The keys that are in both sets.",
    Sub sub difference "The keys of the first set that are not in the second.",
    BitXor bitxor symmetric_difference "The keys that are in one of the sets, not in both."
);

/// How much smaller a set must be to be gone through key by key.
const FEW: usize = 16;

impl<K: SentinelKey> BitOrAssign<&CowSet<K>> for CowSet<K> {
    /// Adds the keys of `other`. Where that is the larger set, as `|`; else O(pages, and the keys of
    /// `other` in pages that this set has not), and copies the shared pages that get a key.
    fn bitor_assign(&mut self, other: &CowSet<K>) {
        if self.is_empty() {
            self.clone_from(other);
        } else if other.len() > self.len() {
            *self = &*self | other;
        } else {
            self.map.extend(other.map.difference(&self.map));
        }
    }
}

impl<K: SentinelKey> BitAndAssign<&CowSet<K>> for CowSet<K> {
    /// Keeps the keys that `other` has. Where `other` has few, as `&`; else O(n of this set), and
    /// copies the shared pages that lose a key.
    fn bitand_assign(&mut self, other: &CowSet<K>) {
        if other.len() < self.len() / FEW {
            *self = &*self & other;
        } else if !self.ptr_eq(other) {
            self.retain(|key| other.contains(key));
        }
    }
}

impl<K: SentinelKey> SubAssign<&CowSet<K>> for CowSet<K> {
    /// Removes the keys of `other`. O(n of `other`) where that is few, else as `-`; copies the shared
    /// pages that lose a key.
    fn sub_assign(&mut self, other: &CowSet<K>) {
        if other.len() < self.len() / FEW {
            for key in other {
                self.remove(key);
            }
        } else {
            *self = &*self - other;
        }
    }
}

impl<K: SentinelKey> BitXorAssign<&CowSet<K>> for CowSet<K> {
    /// Removes the keys that `other` has, too, and adds those that only `other` has. O(n of `other`)
    /// where that is few, else as `^`; copies the shared pages that change.
    fn bitxor_assign(&mut self, other: &CowSet<K>) {
        if other.len() < self.len() / FEW {
            for key in other {
                if !self.remove(key) {
                    self.insert(key);
                }
            }
        } else {
            *self = &*self ^ other;
        }
    }
}
