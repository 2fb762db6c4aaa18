//! Filling an empty map with all that an iterator gives: `collect`, `extend`, and what other crates
//! ask for in the same way.
//!
//! A size hint proves nothing. It decides whether entries are [gathered](super::gathered), and
//! makes room for [`AHEAD`] of them at most. No room outlives the call.

use core::mem::size_of;

use super::Map;
use super::gathered::{EntryOf, Gathered, MANY};
use super::presized::Presized;
use crate::hash::Hashing;
use crate::key::{SentinelKey, encode, reserved_key_panic};
use crate::policy::Paging;
use crate::word::Word;

/// Room for so many entries at most is made because of a size hint.
const AHEAD: usize = 64 * 1024;

/// Entries of more bytes are inserted as they come: moving them twice costs more than it saves.
const MOST_BYTES: usize = 64;

/// A key was the reserved one.
pub(super) struct Reserved;

/// How many entries an iterator says that it gives.
pub(super) type SizeHint = (usize, Option<usize>);

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Inserts all entries into this map, which is empty; the last of equal keys wins. If the
    /// iterator panics, what it gave before is in the map.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the entries before it are in the map.
    #[track_caller]
    pub(super) fn fill(&mut self, entries: impl IntoIterator<Item = (K, V)>) {
        let entries = entries.into_iter();
        let hint = entries.size_hint();
        self.fill_by_hint(entries, hint);
    }

    /// [`fill`](Self::fill) where the caller has a better hint than the iterator.
    #[track_caller]
    pub(super) fn fill_by_hint(&mut self, entries: impl Iterator<Item = (K, V)>, hint: SizeHint) {
        let entries = entries.map(|(key, value)| (encode(key), value));
        if self.fill_until_reserved(entries, hint).is_err() {
            reserved_key_panic::<K>();
        }
    }

    /// [`fill`](Self::fill) by words; the word of the reserved key ends it.
    pub(super) fn fill_until_reserved(
        &mut self,
        mut entries: impl Iterator<Item = EntryOf<K, V>>,
        (least, most): SizeHint,
    ) -> Result<(), Reserved> {
        debug_assert!(self.is_empty());
        let known = most == Some(least);
        if known && least < MANY || size_of::<EntryOf<K, V>>() > MOST_BYTES {
            return Presized::of(self, least.min(AHEAD)).map.insert_until_reserved(&mut entries);
        }
        let mut gathered = Gathered::into(self, least);
        for entry in &mut entries {
            if entry.0 == Word::FREE {
                gathered.insert_all();
                return Err(Reserved);
            }
            if let Err(entry) = gathered.push(entry) {
                gathered.insert_all();
                drop(gathered);
                return self.insert_until_reserved(&mut core::iter::once(entry).chain(entries));
            }
        }
        gathered.insert_all();
        Ok(())
    }

    /// Inserts entries as they come.
    fn insert_until_reserved(
        &mut self,
        entries: &mut impl Iterator<Item = EntryOf<K, V>>,
    ) -> Result<(), Reserved> {
        for (word, value) in entries {
            if word == Word::FREE {
                return Err(Reserved);
            }
            self.insert_word_unshared(word, value);
        }
        Ok(())
    }
}
