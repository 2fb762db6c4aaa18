//! How earlier values are kept and read.

use cowmap_core::{Change, Hashing, Map, Paging, SentinelKey};

use super::CowCell;
use super::sync::{Mutex, const_fn};
use crate::history::Past;
use crate::{Forgotten, History, Retention, Version};

impl<T> CowCell<T> {
    const_fn! {
        /// Makes a cell that keeps earlier values: each version is recorded when it is published,
        /// the first one included.
        ///
        /// A publication that replaces a value keeps it, where a cell without a history drops it.
        /// That clones nothing. What the [`Retention`] keeps no longer is dropped instead, when the
        /// locks are free.
        ///
        /// O(1); allocates nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// use cowmap::{CowCell, CowMap, Retention};
        ///
        /// let cell = CowCell::with_history(CowMap::from([(1_u64, "one")]), Retention::last(100));
        /// let before = cell.version();
        /// cell.update(|map| map.insert(1, "uno"));
        /// assert_eq!(cell.at(before).unwrap()[1], "one");
        /// assert_eq!(cell.snapshot()[1], "uno");
        /// ```
        pub fn with_history(value: T, retention: Retention) -> Self {
            let past = Mutex::new(Past::new(retention));
            Self::with_past(value, Version::FIRST, Some(past))
        }
    }

    /// Forgets the versions before `version`, except the newest.
    ///
    /// Costs a lock, and the drop of the values when it is free. It waits while other threads
    /// publish, or read earlier versions. Does nothing in a cell without a history.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, Retention};
    ///
    /// let cell = CowCell::with_history("one", Retention::last(100));
    /// let first = cell.version();
    /// let second = cell.publish("two");
    /// cell.forget_before(second);
    /// assert!(cell.at(first).is_err() && cell.at(second).is_ok());
    /// ```
    pub fn forget_before(&self, version: Version) {
        self.forget(|past| past.take_before(version));
    }

    /// Forgets the versions that the retention keeps no longer because of their age, which each
    /// publication does, too.
    ///
    /// It costs and waits as [`forget_before`](Self::forget_before).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{CowCell, Retention};
    ///
    /// let retention = Retention::for_at_least(Duration::from_secs(3600));
    /// let cell = CowCell::with_history("one", retention);
    /// let first = cell.version();
    /// cell.publish("two");
    /// cell.forget_expired(); // an hour has not passed yet
    /// assert!(cell.at(first).is_ok());
    /// ```
    pub fn forget_expired(&self) {
        self.forget(|past| past.take_expired(past.retention().now()));
    }

    /// Takes values out of the past, and drops them when its lock is free.
    fn forget(&self, take: impl FnOnce(&mut Past<T>) -> Vec<T>) {
        if let Some(past) = &self.past {
            let forgotten = take(&mut past.lock());
            drop(forgotten);
        }
    }
}

impl<T: Clone> CowCell<T> {
    /// Returns a clone of the value of a version.
    ///
    /// Each version that [`version`](Self::version), [`versioned`](Self::versioned) or a
    /// publication returned is there until it is forgotten. A cell without a history has the newest
    /// version only.
    ///
    /// Costs two locks, O(log n) steps for n versions, and a clone. It waits while other threads
    /// publish, or read earlier versions.
    ///
    /// # Errors
    ///
    /// [`Forgotten`], which says whether the version was forgotten, has yet to come, or is not kept
    /// because the cell has no history; and which versions are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap, Retention};
    ///
    /// let cell = CowCell::with_history(CowMap::new(), Retention::last(3));
    /// for id in 1_u64..=5 {
    ///     cell.update(|map| map.insert(id, id));
    /// }
    /// assert_eq!(cell.at(4.into()).unwrap().len(), 4);
    /// let says = |version: u64| cell.at(version.into()).unwrap_err().to_string();
    /// assert_eq!(says(2), "version 2 has been forgotten: versions 3 to 5 are kept");
    /// assert_eq!(says(6), "there is no version 6 yet: versions 3 to 5 are kept");
    ///
    /// let cell = CowCell::with_version("new", 7.into());
    /// assert_eq!(cell.at(7.into()), Ok("new"));
    /// let error = cell.at(6.into()).unwrap_err();
    /// assert!(error.to_string().ends_with("this CowCell has no history: version 7 is kept"));
    /// ```
    pub fn at(&self, version: Version) -> Result<T, Forgotten> {
        // With this lock, no version is on its way from the present to the past.
        let past = self.past.as_ref().map(Mutex::lock);
        if let Some(value) = past.as_ref().and_then(|past| past.get(version)) {
            return Ok(value.clone());
        }
        let current = self.current.lock();
        if current.version == version {
            return Ok(current.value.clone());
        }
        Err(match past {
            Some(past) => past.forgotten(version, Some(current.version)),
            None => Forgotten::without_history(version, current.version),
        })
    }

    /// Returns a copy of all versions that are kept, or `None` if the cell has no history.
    ///
    /// Costs two locks and a clone for each version. Publications wait meanwhile; snapshots do not.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap, MemoryUsage, Retention};
    ///
    /// let cell = CowCell::with_history(CowMap::new(), Retention::last(3));
    /// for id in 1_u64..=5 {
    ///     cell.update(|map| map.insert(id, id));
    /// }
    /// let history = cell.history().unwrap();
    /// assert!(history.iter().map(|(_, map)| map.len()).eq([3, 4, 5]));
    /// assert!(MemoryUsage::of(&[&history]).pages <= 3);
    ///
    /// assert!(CowCell::new(CowMap::from([(1_u64, "one")])).history().is_none());
    /// ```
    pub fn history(&self) -> Option<History<T>> {
        // Declared before the guard: if a clone panics, the lock is free when the others are
        // dropped.
        let mut copy = Past::new(Retention::last(1));
        let past = self.past.as_ref()?.lock();
        past.copy_to(&mut copy);
        let latest = self.versioned();
        drop(past);
        Some(History::of_parts(copy, latest))
    }
}

impl<K, V, P, H> CowCell<Map<K, V, P, H>>
where
    K: SentinelKey,
    V: Clone + PartialEq,
    P: Paging,
    H: Hashing,
{
    /// Returns the changes that turn the map of version `from` into that of version `to`, which may
    /// be the older one.
    ///
    /// Costs twice what [`at`](Self::at) costs, and without a lock what
    /// [`Map::diff`](crate::Map::diff) costs. The values in the changes are clones.
    ///
    /// # Errors
    ///
    /// [`Forgotten`], as [`at`](Self::at), of the version that is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{Change, CowCell, CowMap, Retention};
    ///
    /// let cell = CowCell::with_history(CowMap::from([(1_u64, 10)]), Retention::last(100));
    /// let seen = cell.version();
    /// cell.update(|map| map.insert(2, 20));
    /// cell.update(|map| map.insert(2, 21));
    /// let changes = cell.diff(seen, cell.version()).unwrap();
    /// assert_eq!(changes, [Change::Added { key: 2, value: 21 }]);
    /// ```
    pub fn diff(&self, from: Version, to: Version) -> Result<Vec<Change<K, V>>, Forgotten> {
        let (old, new) = (self.at(from)?, self.at(to)?);
        Ok(old.diff(&new).map(Change::cloned).collect())
    }
}
