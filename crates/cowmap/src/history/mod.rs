//! The past of a value, [`History`]: its last versions, each whole.
//!
//! | question | file |
//! |---|---|
//! | What do users see? | `mod.rs`, `iter.rs` |
//! | Which versions are kept? | `retention.rs` |
//! | Where are those that have been replaced? | `past.rs` |
//! | What is said of those that are not there? | `error.rs` |
//!
//! # Examples
//!
//! ```
//! use cowmap::history::{self, History, Retention};
//!
//! fn longest(values: history::Iter<'_, &str>) -> usize {
//!     values.map(|(_version, value)| value.len()).max().unwrap_or(0)
//! }
//!
//! let mut history = History::new(Retention::last(2));
//! history.record(1.into(), "one").unwrap();
//! assert_eq!(longest(history.iter()), 3);
//! ```

mod error;
mod iter;
mod past;
mod retention;

use core::fmt;
use std::time::Instant;

use cowmap_core::footprint::{Handles, Sealed};
use cowmap_core::{Diff, Footprint, Hashing, Map, Paging, SentinelKey};

use crate::{CowSet, Version, set};

pub use error::{Forgotten, NotNewer};
pub use iter::Iter;
pub(crate) use past::Past;
pub use retention::Retention;

/// The last versions of a value, each of which can be read at any time.
///
/// `T` is a map, or a tuple or struct of maps: something whose clone is cheap. Versions of one map
/// share all pages that did not change between them. So a hundred versions take the bytes of one,
/// and of the pages that were written meanwhile: [`MemoryUsage::of`](crate::MemoryUsage::of)
/// counts them.
///
/// A [`Retention`] says which versions are kept. The newest always is. The others are looked at
/// when one is recorded, and those that are no longer due are dropped then.
///
/// `CowCell::with_history` makes a cell that records each of its versions.
///
/// # Examples
///
/// ```
/// use cowmap::{CowMap, History, Retention, Version};
///
/// let mut history = History::new(Retention::last(3));
/// let mut stock = CowMap::from([(7_u64, 10)]);
/// for day in 1..=5 {
///     *stock.get_mut(7).unwrap() -= 1;
///     history.record(Version::from(day), stock.snapshot()).unwrap();
/// }
///
/// assert_eq!(history.at(Version::from(4)).unwrap()[7], 6);
/// let error = history.at(Version::from(2)).unwrap_err();
/// assert_eq!(error.to_string(), "version 2 has been forgotten: versions 3 to 5 are kept");
/// ```
#[derive(Clone)]
pub struct History<T> {
    past: Past<T>,
    latest: Option<(Version, T)>,
}

impl<T> History<T> {
    /// Makes a history without versions. Allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowMap, History, Retention};
    ///
    /// let history: History<CowMap<u64, u64>> = History::new(Retention::last(100));
    /// assert!(history.is_empty());
    /// ```
    pub const fn new(retention: Retention) -> Self {
        History { past: Past::new(retention), latest: None }
    }

    /// Puts together what a cell has in two places: `latest` is newer than all in the past.
    #[cfg(feature = "parking_lot")]
    pub(crate) fn of_parts(past: Past<T>, latest: (Version, T)) -> Self {
        History { past, latest: Some(latest) }
    }

    /// Records the value of a version that is newer than all before. Returns the values that the
    /// retention keeps no longer, the oldest first, so that they can be dropped when no lock is
    /// held.
    ///
    /// Versions may leave numbers out. O(1), amortised.
    ///
    /// # Errors
    ///
    /// [`NotNewer`], with the value in it, if `version` is not newer than the latest one. Then the
    /// history is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowMap, History, Retention};
    ///
    /// let mut history = History::new(Retention::last(10));
    /// history.record(3.into(), CowMap::from([(1_u64, "one")])).unwrap();
    /// let error = history.record(3.into(), CowMap::from([(2, "two")])).unwrap_err();
    /// assert_eq!(error.to_string(), "version 3 is not newer than version 3, the latest");
    /// assert_eq!(error.into_value()[2], "two");
    /// ```
    pub fn record(&mut self, version: Version, value: T) -> Result<Vec<T>, NotNewer<T>> {
        self.record_at(version, value, self.past.retention().now())
    }

    /// Records at a time that the retention goes by, if it goes by time.
    fn record_at(
        &mut self,
        version: Version,
        value: T,
        now: Option<Instant>,
    ) -> Result<Vec<T>, NotNewer<T>> {
        if let Some(&(latest, _)) = self.latest.as_ref()
            && version <= latest
        {
            return Err(NotNewer::new(version, latest, value));
        }
        if let Some((replaced, old)) = self.latest.replace((version, value)) {
            self.past.push(replaced, old, now);
        }
        Ok(self.past.take_expired(now))
    }

    /// Returns the value of a version. O(log n) for n versions.
    ///
    /// It has to be a version that was recorded. One between two of them has no value here, because
    /// nobody knows what it was.
    ///
    /// # Errors
    ///
    /// [`Forgotten`], which says whether the version was forgotten, never recorded or has yet to
    /// come, and which versions are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// for (version, value) in [(10, "a"), (20, "b"), (30, "c")] {
    ///     history.record(version.into(), value).unwrap();
    /// }
    /// assert_eq!(history.at(20.into()), Ok(&"b"));
    /// let says = |version: u64| history.at(version.into()).unwrap_err().to_string();
    /// assert_eq!(says(10), "version 10 has been forgotten: versions 20 to 30 are kept");
    /// assert_eq!(says(25), "version 25 was never recorded: versions 20 to 30 are kept");
    /// assert_eq!(says(40), "there is no version 40 yet: versions 20 to 30 are kept");
    /// ```
    pub fn at(&self, version: Version) -> Result<&T, Forgotten> {
        if let Some((latest, value)) = &self.latest
            && *latest == version
        {
            return Ok(value);
        }
        self.past.get(version).ok_or_else(|| {
            self.past.forgotten(version, self.latest.as_ref().map(|&(latest, _)| latest))
        })
    }

    /// Returns the newest version and its value, or `None` if nothing was recorded. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// assert_eq!(history.latest(), None);
    /// history.record(1.into(), "one").unwrap();
    /// history.record(2.into(), "two").unwrap();
    /// assert_eq!(history.latest(), Some((2.into(), &"two")));
    /// ```
    pub fn latest(&self) -> Option<(Version, &T)> {
        self.latest.as_ref().map(|(version, value)| (*version, value))
    }

    /// Returns the oldest version that is kept and its value, or `None` if nothing was recorded.
    /// O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// for version in 1..=5 {
    ///     history.record(version.into(), version * 100).unwrap();
    /// }
    /// assert_eq!(history.oldest(), Some((4.into(), &400)));
    /// ```
    pub fn oldest(&self) -> Option<(Version, &T)> {
        self.iter().next()
    }

    /// Returns how many versions are kept. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// for version in 1..=5 {
    ///     history.record(version.into(), ()).unwrap();
    /// }
    /// assert_eq!(history.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Returns whether nothing was recorded. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// assert!(history.is_empty());
    /// history.record(1.into(), "one").unwrap();
    /// assert!(!history.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.latest.is_none()
    }

    /// Returns the versions that are kept and their values, the oldest first.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(3));
    /// for version in 1..=5 {
    ///     history.record(version.into(), version * 100).unwrap();
    /// }
    /// assert!(history.iter().map(|(_, &value)| value).eq([300, 400, 500]));
    /// assert_eq!(history.iter().next_back(), history.latest());
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(&self.past, self.latest())
    }

    /// Returns which versions are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let history: History<u8> = History::new(Retention::last(3));
    /// assert_eq!(history.retention(), Retention::last(3));
    /// ```
    pub fn retention(&self) -> Retention {
        self.past.retention()
    }

    /// Forgets the versions before `version`, except the latest. Returns their values, the oldest
    /// first.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(10));
    /// for version in 1..=5 {
    ///     history.record(version.into(), version * 100).unwrap();
    /// }
    /// let forgotten = history.forget_before(4.into()); // to be written to disk, say
    /// assert_eq!(forgotten, [100, 200, 300]);
    /// assert_eq!(history.oldest(), Some((4.into(), &400)));
    /// ```
    pub fn forget_before(&mut self, version: Version) -> Vec<T> {
        self.past.take_before(version)
    }

    /// Forgets the versions that the retention keeps no longer because of their age, which
    /// recording one does, too. Returns their values, the oldest first.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::for_at_least(Duration::from_secs(60)));
    /// history.record(1.into(), "one").unwrap();
    /// history.record(2.into(), "two").unwrap();
    /// history.forget_expired(); // a minute has not passed yet
    /// assert_eq!(history.len(), 2);
    /// ```
    pub fn forget_expired(&mut self) -> Vec<T> {
        self.past.take_expired(self.past.retention().now())
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> History<Map<K, V, P, H>> {
    /// Returns the changes that turn the map of version `from` into that of version `to`, which
    /// may be the older one.
    ///
    /// Costs what [`Map::diff`](crate::Map::diff) costs: it reads the pages that the two versions
    /// do not share.
    ///
    /// # Errors
    ///
    /// [`Forgotten`], as [`at`](Self::at), of the version that is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{Change, CowMap, History, Retention};
    ///
    /// let mut history = History::new(Retention::last(100));
    /// let mut map: CowMap<u64, u64> = (0..10_000).map(|id| (id, 0)).collect();
    /// for version in 0..50 {
    ///     history.record(version.into(), map.snapshot()).unwrap();
    ///     map.insert(version, 1);
    /// }
    /// let changes: Vec<_> = history.diff(7.into(), 8.into()).unwrap().collect();
    /// assert_eq!(changes, [Change::Updated { key: 7, old: &0, new: &1 }]);
    /// assert!(history.diff(7.into(), 50.into()).is_err());
    /// ```
    pub fn diff(&self, from: Version, to: Version) -> Result<Diff<'_, K, V, P, H>, Forgotten>
    where
        V: PartialEq,
    {
        Ok(self.at(from)?.diff(self.at(to)?))
    }
}

impl<K: SentinelKey> History<CowSet<K>> {
    /// Returns the changes that turn the set of version `from` into that of version `to`, which
    /// may be the older one.
    ///
    /// Costs what [`CowSet::diff`] costs: it reads the pages that the two versions do not share.
    ///
    /// # Errors
    ///
    /// [`Forgotten`], as [`at`](Self::at), of the version that is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{Change, CowSet, History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// let mut online = CowSet::from([1_u64, 2]);
    /// history.record(1.into(), online.snapshot()).unwrap();
    /// online.remove(2);
    /// history.record(2.into(), online.snapshot()).unwrap();
    /// let changes: Vec<_> = history.diff(1.into(), 2.into()).unwrap().collect();
    /// assert_eq!(changes, [Change::Removed { key: 2, value: () }]);
    /// ```
    pub fn diff(&self, from: Version, to: Version) -> Result<set::Diff<'_, K>, Forgotten> {
        Ok(self.at(from)?.diff(self.at(to)?))
    }
}

impl<'a, T> IntoIterator for &'a History<T> {
    type Item = (Version, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Shows a map from versions to values.
impl<T: fmt::Debug> fmt::Debug for History<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<T: Footprint> Footprint for History<T> {}

impl<T: Footprint> Sealed for History<T> {
    fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
        self.iter().for_each(|(_, value)| value.add_handles(handles));
    }
}

#[cfg(test)]
mod tests;
