//! Comparing maps, and making new ones of two. What both maps have is stepped over.

use super::Map;
use crate::entries::{Entries, EntriesApart, EntryApart};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries of this map, without those in pages that `other` has too.
    fn entries_apart<'a>(&'a self, other: &'a Self) -> EntriesApart<'a, WordOf<K>, V, P> {
        EntriesApart::of(&self.tree, &other.tree)
    }

    /// The value that this map has for the key of an entry of another map.
    #[inline]
    pub(super) fn facing<'a>(&'a self, entry: &EntryApart<'a, WordOf<K>, V>) -> Option<&'a V> {
        entry.facing.or_else(|| self.get_word(entry.word))
    }

    /// Whether `other` has every entry of this map. It takes the time of what this map has in pages of
    /// its own; values in pages that both have count as equal.
    ///
    /// # Examples
    ///
    /// ```
    /// let small = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// let mut large = small.clone();
    /// large.insert(2, 'b');
    /// assert!(small.is_submap(&large));
    /// assert!(!large.is_submap(&small));
    /// ```
    pub fn is_submap(&self, other: &Self) -> bool
    where
        V: PartialEq,
    {
        self.ptr_eq(other)
            || (self.len() <= other.len()
                && self.entries_apart(other).all(|entry| other.facing(&entry) == Some(entry.value)))
    }

    /// Whether `other` has every key of this map. It takes the time of what this map has in pages of its
    /// own.
    ///
    /// # Examples
    ///
    /// ```
    /// let old = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// let new = cowmap_core::CowMap::from([(1_i64, 'b'), (2, 'c')]);
    /// assert!(old.is_submap_of_keys(&new));
    /// assert!(!new.is_submap_of_keys(&old));
    /// ```
    pub fn is_submap_of_keys(&self, other: &Self) -> bool {
        self.ptr_eq(other)
            || (self.len() <= other.len()
                && self.entries_apart(other).all(|entry| other.facing(&entry).is_some()))
    }
}

/// Whether a value may stay where another one is to win, because there are no bytes to tell them
/// apart, as in sets. Then its page stays shared.
const fn all_alike<V>() -> bool {
    size_of::<V>() == 0
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries of both maps; the values of keys that both have are this map's.
    ///
    /// A clone of this map gets what the other one has in pages of its own. If that is more than this
    /// map has, it is the other way about. So it takes the time of what the two do not share, or of the
    /// smaller map, whichever is less. The result shares whatever was not changed with the map that
    /// was cloned, and has its secret, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// let a = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'a')]);
    /// let b = cowmap_core::CowMap::from([(2_i64, 'b'), (3, 'b')]);
    /// let both = a.union(&b);
    /// assert!(both.iter_sorted().eq([(1, &'a'), (2, &'a'), (3, &'b')]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn union(&self, other: &Self) -> Self
    where
        V: Clone,
    {
        let apart = other.entries_apart(self);
        if apart.are_more_than(self.len()) {
            let mut union = other.clone();
            for entry in self.entries_apart(other) {
                if !all_alike::<V>() || other.facing(&entry).is_none() {
                    union.insert_word(entry.word, entry.value.clone());
                }
            }
            return union;
        }
        let mut union = self.clone();
        for entry in apart {
            if self.facing(&entry).is_none() {
                union.insert_word(entry.word, entry.value.clone());
            }
        }
        union
    }

    /// The entries of this map whose keys `other` has too.
    ///
    /// A clone of this map loses what it has in pages of its own and the other one has not. If this map
    /// has more in such pages than the other map has in all, a clone of that one gets this map's
    /// values and loses its other keys. So it takes the time of what the two do not share, or of the
    /// smaller map, whichever is less. The result shares whatever was not changed with the map that
    /// was cloned, and has its secret, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// let a = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'a')]);
    /// let b = cowmap_core::CowMap::from([(2_i64, 'b'), (3, 'b')]);
    /// assert!(a.intersection(&b).iter().eq([(2, &'a')]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn intersection(&self, other: &Self) -> Self
    where
        V: Clone,
    {
        let apart = self.entries_apart(other);
        if apart.are_more_than(other.len()) {
            let mut intersection = other.clone();
            for entry in other.entries_apart(self) {
                match self.facing(&entry) {
                    Some(_) if all_alike::<V>() => {}
                    Some(value) => drop(intersection.insert_word(entry.word, value.clone())),
                    None => drop(intersection.remove_word(entry.word)),
                }
            }
            return intersection;
        }
        let mut intersection = self.clone();
        for entry in apart {
            if other.facing(&entry).is_none() {
                intersection.remove_word(entry.word);
            }
        }
        intersection
    }

    /// The entries of this map whose keys `other` has not.
    ///
    /// Begins with an empty map, and inserts what this map has in pages of its own and the other one
    /// has not; or with a clone of this one, and removes the keys of the other one. It does what takes
    /// fewer steps, so it takes the time of what the two do not share, or of the smaller map,
    /// whichever is less.
    ///
    /// # Examples
    ///
    /// ```
    /// let a = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'a')]);
    /// let b = cowmap_core::CowMap::from([(2_i64, 'b'), (3, 'b')]);
    /// assert!(a.difference(&b).iter().eq([(1, &'a')]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn difference(&self, other: &Self) -> Self
    where
        V: Clone,
    {
        let apart = self.entries_apart(other);
        if apart.are_more_than(other.len()) {
            let mut difference = self.clone();
            for (word, _) in Entries::of(&other.tree) {
                difference.remove_word(word);
            }
            return difference;
        }
        let mut difference = Self::with_hash(self.hash.clone());
        for entry in apart {
            if other.facing(&entry).is_none() {
                difference.insert_word(entry.word, entry.value.clone());
            }
        }
        difference
    }

    /// The entries whose keys are in one of the two maps, not in both.
    ///
    /// Begins with an empty map, and inserts what each map has in pages of its own and the other one
    /// has not; or with a clone of the larger map, and removes or inserts each entry of the smaller
    /// one. It does what takes fewer steps, so it takes the time of what the two do not share, or of
    /// the smaller map, whichever is less.
    ///
    /// # Examples
    ///
    /// ```
    /// let a = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'a')]);
    /// let b = cowmap_core::CowMap::from([(2_i64, 'b'), (3, 'b')]);
    /// assert!(a.symmetric_difference(&b).iter_sorted().eq([(1, &'a'), (3, &'b')]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn symmetric_difference(&self, other: &Self) -> Self
    where
        V: Clone,
    {
        let (small, large) = if self.len() < other.len() { (self, other) } else { (other, self) };
        if large.entries_apart(small).are_more_than(small.len()) {
            let mut difference = large.clone();
            for (word, value) in Entries::of(&small.tree) {
                if difference.remove_word(word).is_none() {
                    difference.insert_word(word, value.clone());
                }
            }
            return difference;
        }
        let mut difference = Self::with_hash(self.hash.clone());
        for entry in EntriesApart::of_both(&self.tree, &other.tree) {
            if [other, self][entry.side].facing(&entry).is_none() {
                difference.insert_word(entry.word, entry.value.clone());
            }
        }
        difference
    }
}
