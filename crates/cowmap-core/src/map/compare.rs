//! Comparing maps, and making new ones of two. Pages that both maps own are skipped by their
//! address.

use super::Map;
use crate::entries::Walked;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The words and values of this map, without those in pages that `other` has too.
    fn entries_apart<'a>(&'a self, other: &'a Self) -> Walked<'a, WordOf<K>, V, P> {
        Walked::apart(&self.tree, &other.tree)
    }

    /// Whether `other` has every entry of this map. O(n); skips pages that both have, whose values
    /// count as equal.
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
                && self
                    .entries_apart(other)
                    .all(|(word, value)| other.get_word(word) == Some(value)))
    }

    /// Whether `other` has every key of this map. O(n); skips pages that both have.
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
                && self.entries_apart(other).all(|(word, _)| other.get_word(word).is_some()))
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries of both maps; the values of keys that both have are this map's. O(pages, and
    /// entries of `other` in pages that this map has not); the result shares with this map
    /// whatever it does not add to.
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
        if self.is_empty() {
            return other.clone();
        }
        let mut union = self.clone();
        if !self.ptr_eq(other) {
            for (word, value) in other.entries_apart(self) {
                if self.get_word(word).is_none() {
                    union.insert_word(word, value.clone());
                }
            }
        }
        union
    }

    /// The entries of this map whose keys `other` has too. O(n); the result shares with this map
    /// the pages that lose nothing.
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
        let mut intersection = self.clone();
        if !self.ptr_eq(other) {
            intersection.retain_words(|word, _| other.get_word(word).is_some());
        }
        intersection
    }

    /// The entries of this map whose keys `other` has not. O(n); skips pages that both have, and
    /// begins with an empty map or with this one, whichever is nearer to the result.
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
        let apart =
            || self.entries_apart(other).filter(|&(word, _)| other.get_word(word).is_none());
        let left = if self.ptr_eq(other) { 0 } else { apart().count() };
        if left > self.len() / 2 {
            let mut difference = self.clone();
            difference.retain_words(|word, _| other.get_word(word).is_none());
            return difference;
        }
        let mut difference = Self::with_hash(self.hash.clone());
        if left > 0 {
            for (word, value) in apart() {
                difference.insert_word(word, value.clone());
            }
        }
        difference
    }

    /// The entries whose keys are in one of the two maps, not in both. O(n).
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
        let mut difference = self.difference(other);
        if !self.ptr_eq(other) {
            for (word, value) in other.entries_apart(self) {
                if self.get_word(word).is_none() {
                    difference.insert_word(word, value.clone());
                }
            }
        }
        difference
    }
}
