//! `retain` in short steps, between which the map may be written.

use super::{Map, key_of};
use crate::entries::sieve_pages;
use crate::hash::{Hashing, PageHash};
use crate::key::SentinelKey;
use crate::policy::Paging;

/// How far a walk by [`Map::retain_step`] has come.
///
/// It belongs to no map, and borrows none: it is a position in the order of the hash, a few bytes. A
/// cursor that is used with a map of other origin, or with another secret, is harmless. Such a walk
/// visits some of the entries and ends.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, RetainCursor};
///
/// let mut map: CowMap<u64, u64> = (0..1_000).map(|id| (id, id)).collect();
/// let mut cursor = RetainCursor::new();
/// assert!(!cursor.is_done());
/// while map.retain_step(&mut cursor, 100, |_, value| value % 2 == 0) {}
/// assert!(cursor.is_done());
/// assert_eq!(map.len(), 500);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetainCursor {
    /// The least page hash whose entries were not visited; `None` if all were.
    next: Option<PageHash>,
}

impl RetainCursor {
    /// At the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!cowmap_core::RetainCursor::new().is_done());
    /// ```
    pub const fn new() -> Self {
        RetainCursor { next: Some(PageHash(0)) }
    }

    /// Whether the walk is over: all entries that were there from its beginning to its end were
    /// visited. Further steps do nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cursor = cowmap_core::RetainCursor::new();
    /// let mut map = cowmap_core::CowMap::from([(1_u64, 'a')]);
    /// map.retain_step(&mut cursor, 10, |_, _| true);
    /// assert!(cursor.is_done());
    /// ```
    pub const fn is_done(&self) -> bool {
        self.next.is_none()
    }
}

impl Default for RetainCursor {
    /// At the beginning.
    fn default() -> Self {
        Self::new()
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// A step of [`retain`](Self::retain): visits about `budget` entries from the cursor on, and removes
    /// those for which `keep` returns `false`. Returns whether entries are left to be visited, as a
    /// loop needs it.
    ///
    /// This is for maps behind a lock that must not be held for long. Between two steps the map may be
    /// written in any way. It may grow, shrink, be cleared, or be replaced by a snapshot of it. A
    /// walk visits each entry that is there from its first step to its last one. An entry that came
    /// meanwhile may be visited or not. One that was visited comes again only if it was removed and
    /// inserted again, or if `keep`, or the drop of a value, panicked in its page.
    ///
    /// A step visits whole pages: one at least, and none once it has met `budget` entries, so it
    /// exceeds the budget by less than a page. Pages without entries count as one entry. A
    /// `FlatCowMap`, a map of one page, and a page that grew as a table are visited in one step.
    ///
    /// A shared page is copied at the first entry of it that goes, so a page that loses nothing is not
    /// copied, unless the page beside it lost so many entries that the two become one. Pages merge and
    /// shrink as removals make them, not below what was reserved. Without writes between, all steps
    /// together take O(capacity).
    ///
    /// If `keep` panics, what was removed before is gone and all else is there. The cursor stays at the
    /// page where that was, so that the next step visits this page again.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use cowmap_core::{CowMap, RetainCursor};
    ///
    /// let sessions: Mutex<CowMap<u64, u64>> = Mutex::new((0..10_000).map(|id| (id, id % 60)).collect());
    /// let mut cursor = RetainCursor::new();
    /// // Each step takes the lock anew, and others write between.
    /// while sessions.lock().unwrap().retain_step(&mut cursor, 500, |_, &minutes| minutes < 30) {
    ///     sessions.lock().unwrap().insert(1, 0);
    /// }
    /// assert_eq!(sessions.lock().unwrap().len(), 5_010);
    /// ```
    pub fn retain_step<F: FnMut(K, &V) -> bool>(
        &mut self,
        cursor: &mut RetainCursor,
        budget: usize,
        mut keep: F,
    ) -> bool
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        let keep = |word, value: &V| keep(key_of::<K>(word), value);
        sieve_pages(tree, &rules, &mut cursor.next, budget, keep);
        !cursor.is_done()
    }
}
