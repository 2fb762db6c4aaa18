//! Two maps that come from one, made one again.

use super::same;
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::map::Map;
use crate::policy::Paging;

/// What three maps have for a key that two of them changed in different ways: `None` where it is
/// absent.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
///
/// let base = CowMap::from([(1_u64, 10)]);
/// let (mut ours, mut theirs) = (base.clone(), base.clone());
/// ours.insert(1, 12);
/// theirs.insert(1, 15);
/// let merged = base.merge(&ours, &theirs, |key, conflict| {
///     assert_eq!((key, conflict.base), (1, Some(&10)));
///     assert_eq!((conflict.ours, conflict.theirs), (Some(&12), Some(&15)));
///     // Both added something.
///     Some(conflict.ours? + conflict.theirs? - conflict.base?)
/// });
/// assert_eq!(merged[1], 17);
/// ```
#[derive(Debug)]
pub struct Conflict<'a, V> {
    /// The value that both began with.
    pub base: Option<&'a V>,
    /// The value of one side.
    pub ours: Option<&'a V>,
    /// The value of the other side.
    pub theirs: Option<&'a V>,
}

impl<V> Clone for Conflict<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Conflict<'_, V> {}

impl<K: SentinelKey, V: Clone + PartialEq, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The map with the changes from this one to `ours` and to `theirs`. Where both changed a key, and
    /// not to the same, `resolve` returns the value to keep, or `None` to have none. That one side
    /// removed a key and the other changed it is such a conflict. Values are compared by `==`, but those
    /// in pages that two maps share count as equal.
    ///
    /// Mirrors: with the sides swapped, and a `resolve` that swaps them back, the result is the same.
    /// It takes the time of a [`diff`](Map::diff) from this map to `theirs`, and shares with `ours`
    /// what theirs did not change.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    ///
    /// let base = CowMap::from([(1_u64, 'a'), (2, 'b'), (3, 'c')]);
    /// let (mut ours, mut theirs) = (base.clone(), base.clone());
    /// ours.insert(1, 'x');
    /// ours.remove(3);
    /// theirs.insert(2, 'y');
    /// theirs.insert(3, 'z');
    /// // Changed wins over removed.
    /// let merged = base.merge(&ours, &theirs, |_, conflict| {
    ///     conflict.ours.or(conflict.theirs).copied()
    /// });
    /// assert_eq!(merged, CowMap::from([(1, 'x'), (2, 'y'), (3, 'z')]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn merge(
        &self,
        ours: &Self,
        theirs: &Self,
        mut resolve: impl FnMut(K, Conflict<'_, V>) -> Option<V>,
    ) -> Self {
        let mut merged = ours.clone();
        let mut diff = self.diff(theirs);
        while let Some((word, change)) = diff.next_change() {
            let (key, base, theirs) = (change.key(), change.old().copied(), change.new().copied());
            let ours = ours.get_word(word);
            if same(ours, theirs) {
                continue;
            }
            let kept = if same(ours, base) {
                theirs.cloned()
            } else {
                resolve(key, Conflict { base, ours, theirs })
            };
            match kept {
                Some(value) => drop(merged.insert_word(word, value)),
                None => drop(merged.remove_word(word)),
            }
        }
        merged
    }
}
