//! Changes made to a map.

use core::fmt;

use super::Change;
use crate::hash::Hashing;
use crate::key::{KeyName, SentinelKey, WordOf, encode, reserved_key_panic};
use crate::map::Map;
use crate::policy::Paging;
use crate::word::Word;

/// A change and the word of its key.
type Coded<K, V> = (WordOf<K>, Change<K, V>);

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Makes these changes, whatever the map has: a key that was added or updated has the new value, one
    /// that was removed is absent. Of several changes of one key the last wins. O(1) a change, and
    /// copies the key's page if it is shared.
    ///
    /// `old.apply(old.diff(&new))`, with the changes [cloned](Change::cloned), makes of `old` what
    /// `new` is. [`try_apply`](Self::try_apply) compares what the map has with what it should.
    ///
    /// # Panics
    ///
    /// Panics if a key is the reserved one. The changes before it stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{Change, CowMap};
    ///
    /// let mut map = CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// map.apply([Change::Added { key: 3, value: 'c' }, Change::Removed { key: 1, value: 'a' }]);
    /// assert_eq!(map, CowMap::from([(2, 'b'), (3, 'c')]));
    /// ```
    #[track_caller]
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change<K, V>>) {
        for change in changes {
            let word = encode(change.key());
            if word == Word::FREE {
                reserved_key_panic::<K>();
            }
            self.apply_one((word, change));
        }
    }

    /// Makes one change of a key that is not the reserved one.
    fn apply_one(&mut self, (word, change): Coded<K, V>) {
        match change {
            Change::Added { value, .. } | Change::Updated { new: value, .. } => {
                drop(self.insert_word(word, value));
            }
            Change::Removed { .. } => drop(self.remove_word(word)),
        }
    }

    /// Makes these changes if the map has what they say it has, one after the other, so that a key may
    /// come several times; else none of them. O(1) a change, and copies the key's page.
    ///
    /// # Errors
    ///
    /// The first change whose old value is not what the map has by then, or whose key is the reserved
    /// one. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{ApplyError, Change, CowMap};
    ///
    /// let mut map = CowMap::from([(1_u64, 'a')]);
    /// let changes = [
    ///     Change::Updated { key: 1, old: 'a', new: 'b' },
    ///     Change::Removed { key: 1, value: 'x' },
    /// ];
    /// let error = map.try_apply(changes).unwrap_err();
    /// assert_eq!(error, ApplyError::Mismatch { key: 1, found: Some('b') });
    /// assert_eq!(map[1], 'a');
    /// ```
    pub fn try_apply(
        &mut self,
        changes: impl IntoIterator<Item = Change<K, V>>,
    ) -> Result<(), ApplyError<K, V>>
    where
        V: PartialEq,
    {
        // An error is kept in a variable until all else is dropped: what is being returned would leak
        // if dropping a change panicked.
        let (mut changed, mut failed) = (self.clone(), None);
        for change in changes {
            let key = change.key();
            let word = encode(key);
            if word == Word::FREE {
                failed = Some(ApplyError::Reserved { key });
                break;
            }
            let found = changed.get_word(word);
            if found != change.old() {
                failed = Some(ApplyError::Mismatch { key, found: found.cloned() });
                break;
            }
            changed.apply_one((word, change));
        }
        match failed {
            None => {
                *self = changed;
                Ok(())
            }
            Some(error) => {
                drop(changed);
                Err(error)
            }
        }
    }
}

/// Why changes were not [applied](Map::try_apply).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApplyError<K, V> {
    /// The map has not what a change says it had.
    Mismatch {
        /// The key of the change.
        key: K,
        /// What the map has instead, with the changes before this one.
        found: Option<V>,
    },
    /// The key of a change is the one that no map can have.
    Reserved {
        /// That key.
        key: K,
    },
}

impl<K: SentinelKey, V> fmt::Display for ApplyError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ApplyError::Mismatch { key, found: None } => {
                write!(f, "a change of key {}, which is absent", KeyName::<K>(encode(key)))
            }
            ApplyError::Mismatch { key, found: Some(_) } => {
                let key = KeyName::<K>(encode(key));
                write!(f, "a change of key {key}, which has another value than the change says")
            }
            ApplyError::Reserved { key } => {
                let key = KeyName::<K>(encode(key));
                write!(f, "a change of key {key}, which is reserved and cannot be in a map")
            }
        }
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug> core::error::Error for ApplyError<K, V> {}
