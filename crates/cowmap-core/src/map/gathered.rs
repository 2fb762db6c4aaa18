//! Many entries on their way into an empty map, in an order that is good for the caches.
//!
//! Inserted as they come, entries go to a random page each, and in a map larger than the caches
//! each one waits for its lines. So they are gathered first, in lists by the highest bits of the
//! hash that chooses the page, or in a flat map the group. One list after the other is then
//! inserted: the part of the map that it goes to is in the caches meanwhile. Entries of one key are
//! in one list, in the order in which they came, so the last of them wins.
//!
//! By then it is known how many there are, so that room is made at once.

use alloc::vec::Vec;
use core::mem::{needs_drop, take};

use super::Map;
use super::presized::Presized;
use crate::hash::{Hashing, WordHash};
use crate::key::{SentinelKey, WordOf};
use crate::order::reversed;
use crate::policy::{Limits, Paging};
use crate::rules::Building;
use crate::word::Word;

/// A word and its value.
pub(super) type EntryOf<K, V> = (WordOf<K>, V);

/// From so many entries on they are divided by their hash.
///
/// Measured: at 30,000 and 60,000 entries a paged map gains a tenth of the time, a flat one
/// nothing.
pub(super) const MANY: usize = 32 * 1024;

/// How many bits of the hash choose the list.
///
/// Measured: a million entries take the same time with 6 to 10 bits. With 9, the part of a map of
/// ten million that a list goes to fits into the second cache.
const PART_BITS: u32 = 9;
const PARTS: usize = 1 << PART_BITS;

/// Once a list has entries, a claim makes room for this many times as many more.
const TIMES: usize = 15;

/// So many entries of a list say how many keys are equal.
const SAMPLED: usize = 1024;

/// One, as [`distinct`] counts.
const SCALE: usize = 256;

/// Entries that are to be inserted into a map that is empty; also if a panic ends the call.
pub(super) struct Gathered<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    map: &'a mut Map<K, V, P, H>,
    /// None, one, or one for each prefix of [`PART_BITS`] bits.
    lists: Vec<Vec<EntryOf<K, V>>>,
    /// Which bits of the prefix choose the list: all or none.
    mask: usize,
    /// How many entries are said to come.
    claimed: usize,
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> Gathered<'a, K, V, P, H> {
    /// No entries yet, of which so many are said to come.
    pub(super) fn into(map: &'a mut Map<K, V, P, H>, claimed: usize) -> Self {
        Gathered { map, lists: Vec::new(), mask: 0, claimed }
    }

    /// The number of the list for a word.
    #[inline(always)]
    fn part(&self, word: WordOf<K>) -> usize {
        let rules = Building::<Limits<WordOf<K>, V, P>, H>::by(&self.map.hash);
        let word = word.widen();
        let hash = if P::PAGED { rules.page(word).0 } else { rules.place(word).0 };
        (hash >> (64 - PART_BITS)) as usize & self.mask
    }

    /// Adds an entry behind those that came before.
    ///
    /// # Errors
    ///
    /// The entry, where there is no memory.
    #[inline(always)]
    pub(super) fn push(&mut self, entry: EntryOf<K, V>) -> Result<(), EntryOf<K, V>> {
        let part = self.part(entry.0);
        match self.lists.get_mut(part) {
            Some(list) if list.len() < list.capacity() => {
                list.push(entry);
                Ok(())
            }
            _ => self.push_making_room(entry),
        }
    }

    /// [`push`](Self::push) where the list is full.
    #[cold]
    #[inline(never)]
    fn push_making_room(&mut self, entry: EntryOf<K, V>) -> Result<(), EntryOf<K, V>> {
        if self.lists.is_empty() && self.lists.try_reserve_exact(1).is_ok() {
            self.lists.push(Vec::new());
        }
        if self.mask == 0 && self.lists.first().is_some_and(|list| list.len() >= MANY) {
            let divided = self.divide();
            if !divided || distinct(&self.lists) < SCALE / 2 {
                return Err(entry);
            }
        }
        let part = self.part(entry.0);
        let Some(list) = self.lists.get_mut(part) else { return Err(entry) };
        let len = list.len();
        let more = if self.mask == 0 {
            self.claimed.max(2 * len).clamp(4, MANY) - len
        } else {
            // Of random keys, some lists get a little more than others.
            let claimed = self.claimed / PARTS + self.claimed / PARTS / 8;
            claimed.saturating_sub(len).min(TIMES * len).max(len).max(4)
        };
        if list.try_reserve_exact(more).is_err() && list.try_reserve_exact(1).is_err() {
            return Err(entry);
        }
        list.push(entry);
        Ok(())
    }

    /// Divides what is in one list; `false` where there is no memory for that.
    fn divide(&mut self) -> bool {
        let mut lists = Vec::new();
        if lists.try_reserve_exact(PARTS).is_err() {
            return false;
        }
        lists.resize_with(PARTS, Vec::new);
        self.mask = PARTS - 1;
        let mut lens = [0_usize; PARTS];
        self.lists.iter().flatten().for_each(|entry| lens[self.part(entry.0)] += 1);
        // A list is to be twice as long without another request.
        let room = |(list, len): (&mut Vec<_>, usize)| list.try_reserve_exact(2 * len);
        if lists.iter_mut().zip(lens).map(room).any(|result| result.is_err()) {
            self.mask = 0;
            return false;
        }
        for entry in take(&mut self.lists).into_iter().flatten() {
            lists[self.part(entry.0)].push(entry);
        }
        self.lists = lists;
        true
    }

    /// Inserts all entries. Values that are replaced are dropped in the end, so that a panic of one
    /// loses no entry.
    #[inline(never)]
    pub(super) fn insert_all(&mut self) {
        let mut lists = take(&mut self.lists);
        let mut replaced = Vec::new();
        let entries: usize = lists.iter().map(Vec::len).sum();
        let equal = if self.mask == 0 { 0 } else { SCALE - distinct(&lists) };
        let filled = Presized::of(self.map, entries - entries / SCALE * equal);
        // In an order that does not pile entries up if the room is not enough.
        let bits = lists.len().checked_ilog2().unwrap_or(0);
        for number in 0..lists.len() {
            for (word, value) in take(&mut lists[reversed(number as u64, bits) as usize]) {
                let old = filled.map.insert_word_unshared(word, value);
                if needs_drop::<V>()
                    && let Some(old) = old
                    && replaced.try_reserve(1).is_ok()
                {
                    replaced.push(old);
                }
            }
        }
    }
}

/// How many of [`SCALE`] entries have another key than those before them, at most: as it is in the
/// one of a few lists where it is most, so that a key that comes very often does not count.
fn distinct<W: Word, V>(lists: &[Vec<(W, V)>]) -> usize {
    let mut words = Vec::new();
    if words.try_reserve_exact(SAMPLED).is_err() {
        return SCALE;
    }
    let mut most = 0;
    for list in lists.iter().filter(|list| list.len() >= SAMPLED / 32).take(8) {
        let sample = list.len().min(SAMPLED);
        let spread = list.iter().step_by(list.len() / sample).take(sample);
        words.extend(spread.map(|entry| entry.0.widen()));
        words.sort_unstable();
        words.dedup();
        most = most.max(SCALE * words.len() / sample);
        words.clear();
    }
    if most == 0 { SCALE } else { most }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Drop for Gathered<'_, K, V, P, H> {
    fn drop(&mut self) {
        if !self.lists.is_empty() {
            self.insert_all();
        }
    }
}
