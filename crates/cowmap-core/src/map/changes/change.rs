//! One change of a map.

/// What became of one key: a change from [`Map::diff`](crate::Map::diff), or to be
/// [applied](crate::Map::apply).
///
/// `T` is `&V` where the values are in a map, `V` where the change owns them.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Change, CowMap};
///
/// let old = CowMap::from([(1_u64, 'a'), (2, 'b')]);
/// let mut new = old.clone();
/// new.insert(2, 'c');
/// let change = old.diff(&new).next().unwrap();
/// assert_eq!(change, Change::Updated { key: 2, old: &'b', new: &'c' });
/// assert_eq!(change.cloned().invert(), Change::Updated { key: 2, old: 'c', new: 'b' });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Change<K, T> {
    /// The key came.
    Added {
        /// The key.
        key: K,
        /// The value that it has since.
        value: T,
    },
    /// The key went.
    Removed {
        /// The key.
        key: K,
        /// The value that it had.
        value: T,
    },
    /// The key got another value.
    Updated {
        /// The key.
        key: K,
        /// The value that it had.
        old: T,
        /// The value that it has since.
        new: T,
    },
}

impl<K: Copy, T> Change<K, T> {
    /// The key.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(cowmap_core::Change::Added { key: 1_u64, value: 'a' }.key(), 1);
    /// ```
    pub fn key(&self) -> K {
        match self {
            Change::Added { key, .. }
            | Change::Removed { key, .. }
            | Change::Updated { key, .. } => *key,
        }
    }
}

impl<K, T> Change<K, T> {
    /// The value before, if there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(cowmap_core::Change::Added { key: 1_u64, value: 'a' }.old(), None);
    /// ```
    pub fn old(&self) -> Option<&T> {
        match self {
            Change::Added { .. } => None,
            Change::Removed { value: old, .. } | Change::Updated { old, .. } => Some(old),
        }
    }

    /// The value afterwards, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(cowmap_core::Change::Added { key: 1_u64, value: 'a' }.new(), Some(&'a'));
    /// ```
    #[allow(clippy::new_ret_no_self, clippy::wrong_self_convention)]
    pub fn new(&self) -> Option<&T> {
        match self {
            Change::Removed { .. } => None,
            Change::Added { value: new, .. } | Change::Updated { new, .. } => Some(new),
        }
    }

    /// The change that undoes this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::Change;
    ///
    /// let added = Change::Added { key: 1_u64, value: 'a' };
    /// assert_eq!(added.invert(), Change::Removed { key: 1, value: 'a' });
    /// ```
    #[must_use]
    pub fn invert(self) -> Self {
        match self {
            Change::Added { key, value } => Change::Removed { key, value },
            Change::Removed { key, value } => Change::Added { key, value },
            Change::Updated { key, old, new } => Change::Updated { key, old: new, new: old },
        }
    }
}

impl<K, V: Clone> Change<K, &V> {
    /// The same change with values of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{Change, CowMap};
    ///
    /// let (old, new) = (CowMap::new(), CowMap::from([(1_u64, "a".to_owned())]));
    /// let changes: Vec<Change<u64, String>> = old.diff(&new).map(Change::cloned).collect();
    /// drop(new);
    /// assert_eq!(changes[0].new().map(String::as_str), Some("a"));
    /// ```
    pub fn cloned(self) -> Change<K, V> {
        match self {
            Change::Added { key, value } => Change::Added { key, value: value.clone() },
            Change::Removed { key, value } => Change::Removed { key, value: value.clone() },
            Change::Updated { key, old, new } => {
                Change::Updated { key, old: old.clone(), new: new.clone() }
            }
        }
    }
}
