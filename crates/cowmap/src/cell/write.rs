//! How a value is written: a clone of it is changed and published whole.

use core::mem;

use super::sync::Mutex;
#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
use super::sync::Ordering;
use super::turn::Taken;
use super::{CowCell, Transaction};
use crate::Version;

impl<T: Clone> CowCell<T> {
    /// Changes the value, and returns what the closure returns.
    ///
    /// The closure works on a clone. When it returns, the clone is published whole.
    ///
    /// Costs two locks, a clone and what the closure does; the first write to each page copies the
    /// page. It waits for the writers before it. Readers do not wait for the closure. It may take
    /// snapshots of this cell, and write to other cells.
    ///
    /// # Panics
    ///
    /// * If this thread is already writing to the cell.
    /// * If the closure panics; then nothing is published, and the cell can be used as before.
    /// * If the cell has the highest [`Version`], which none reaches by counting.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let old = cell.update(|map| map.insert(1, "uno"));
    /// assert_eq!(old, Some("one"));
    /// assert_eq!(cell.snapshot()[1], "uno");
    /// ```
    #[track_caller]
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut transaction = self.begin();
        let result = change(&mut transaction);
        transaction.commit();
        result
    }

    /// Changes the value, unless the closure returns an error.
    ///
    /// After an error nothing is published, nobody is woken, and the clone is dropped. Otherwise it
    /// is as [`update`](Self::update).
    ///
    /// # Errors
    ///
    /// The closure's.
    ///
    /// # Panics
    ///
    /// As [`update`](Self::update).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let balances = CowCell::new(CowMap::from([(1_u64, 100), (2, 50)]));
    /// let withdraw = |amount: i32| {
    ///     balances.try_update(|map| {
    ///         *map.get_mut(1).ok_or("no account")? -= amount;
    ///         if map[1] < 0 { Err("not enough") } else { Ok(map[1]) }
    ///     })
    /// };
    /// assert_eq!(withdraw(30), Ok(70));
    /// assert_eq!(withdraw(80), Err("not enough"));
    /// assert_eq!(balances.snapshot()[1], 70);
    /// ```
    #[track_caller]
    pub fn try_update<R, E>(&self, change: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let mut transaction = self.begin();
        let result = change(&mut transaction)?;
        transaction.commit();
        Ok(result)
    }

    /// Changes the value if the closure returns `true`, and returns what the closure returns.
    ///
    /// After `false` nothing is published, nobody is woken, and the clone is dropped. Otherwise it
    /// is as [`update`](Self::update).
    ///
    /// # Panics
    ///
    /// As [`update`](Self::update).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let before = cell.version();
    /// assert!(!cell.update_if(|map| map.remove(7).is_some()));
    /// assert_eq!(cell.version(), before);
    /// assert!(cell.update_if(|map| map.remove(1).is_some()));
    /// assert!(cell.version() > before);
    /// ```
    #[track_caller]
    pub fn update_if(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut transaction = self.begin();
        let changed = change(&mut transaction);
        if changed {
            transaction.commit();
        }
        changed
    }

    /// Begins an update that [`commit`](Transaction::commit) ends, and that dropping discards.
    ///
    /// Costs two locks and a clone. It waits for the writers before it, and all later ones wait for
    /// the end of the transaction. Readers wait for neither.
    ///
    /// If a transaction is forgotten (`mem::forget`), its turn never ends: other threads that write
    /// wait for ever.
    ///
    /// # Panics
    ///
    /// If this thread is already writing to the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let mut transaction = cell.begin();
    /// transaction.insert(2, "two");
    /// assert_eq!((transaction.len(), cell.snapshot().len()), (2, 1));
    /// let version = transaction.commit();
    /// assert_eq!((cell.version(), cell.snapshot().len()), (version, 2));
    ///
    /// let mut transaction = cell.begin();
    /// transaction.clear();
    /// drop(transaction); // discards
    /// assert_eq!(cell.snapshot().len(), 2);
    /// ```
    #[track_caller]
    pub fn begin(&self) -> Transaction<'_, T> {
        let turn = self.turn.take();
        Transaction::new(self, turn, self.snapshot())
    }
}

impl<T> CowCell<T> {
    /// Replaces the value, whatever it is, and returns the version of the new one.
    ///
    /// Costs two locks; clones nothing. It waits for the writers before it, never for readers. The
    /// old value is dropped when both locks are free.
    ///
    /// A value that was made from a snapshot may lack what others have published since. Use
    /// [`update`](Self::update) or [`publish_if`](Self::publish_if) for such a value.
    ///
    /// # Panics
    ///
    /// * If this thread is already writing to the cell.
    /// * If the cell has the highest [`Version`], which none reaches by counting.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let version = cell.publish(CowMap::from([(2, "two")]));
    /// assert_eq!(cell.versioned(), (version, CowMap::from([(2, "two")])));
    /// ```
    #[track_caller]
    pub fn publish(&self, value: T) -> Version {
        let turn = self.turn.take();
        self.replace(value, turn)
    }

    /// Replaces the value if it still has the given version, and returns the version of the new
    /// one.
    ///
    /// So a value can be made from a snapshot without a turn, however long that takes, and no other
    /// publication is lost.
    ///
    /// Costs two locks; clones nothing. It waits for the writers before it, never for readers.
    ///
    /// # Errors
    ///
    /// Returns the value if the cell has another version. Then nothing is published.
    ///
    /// # Panics
    ///
    /// As [`publish`](Self::publish).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, 10)]));
    /// let (version, mut map) = cell.versioned();
    /// map.insert(2, 20);
    ///
    /// cell.update(|map| map.insert(3, 30)); // somebody is faster
    ///
    /// let map = cell.publish_if(version, map).unwrap_err();
    /// assert_eq!(map[2], 20);
    /// cell.update(|newest| newest.insert(2, map[2]));
    /// assert_eq!(cell.snapshot().len(), 3);
    /// ```
    #[track_caller]
    pub fn publish_if(&self, version: Version, value: T) -> Result<Version, T> {
        let turn = self.turn.take();
        // Nobody else can publish during this turn.
        if self.version() != version {
            return Err(value);
        }
        Ok(self.replace(value, turn))
    }

    /// Publishes a value, ends the turn, wakes all who wait, drops old values, in this order. The
    /// old value is what is dropped, or what the history forgets for it.
    ///
    /// If there is no next version, this panics and publishes nothing. The turn ends before the
    /// value is dropped, because the last parameter is dropped first.
    pub(super) fn replace(&self, value: T, turn: Taken<'_>) -> Version {
        // During this turn it stays the next one.
        let version = self.version().next();
        let mut past = self.past.as_ref().map(Mutex::lock);
        if let Some(past) = &mut past {
            past.reserve_one();
            // Where there is no clock, this panics, and publishes nothing.
            let _ = past.retention().now();
        }
        let mut current = self.current.lock();
        let replaced = current.version;
        current.version = version;
        #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
        self.published.store(version.number(), Ordering::Release);
        let old = mem::replace(&mut current.value, value);
        let wakers = current.wakers.take();
        drop(current);
        let (old, forgotten) = match past {
            None => (Some(old), Vec::new()),
            Some(mut past) => {
                // Until here the old value was the newest. To publish may have taken a wait.
                let now = past.retention().now();
                past.push(replaced, old, now);
                (None, past.take_expired(now))
            }
        };
        drop(turn);

        // A thread that saw the version before it slept did so under the publishing lock. It sleeps
        // now, and hears this.
        self.newer.notify_all();
        wakers.wake();
        drop((old, forgotten));
        version
    }
}
