//! A value that many threads read and some write, each as a whole.
//!
//! | question | file |
//! |---|---|
//! | How is the value read? | `mod.rs` |
//! | How is it written? | `write.rs`, `transaction.rs` |
//! | Whose turn is it to write? | `turn.rs` |
//! | How is the next value awaited? | `wait.rs`, `newer.rs` |
//! | How are earlier values kept? | `past.rs`, and `history/` beside this folder |
//! | Where do locks come from? | `sync.rs` |
//!
//! There are two locks. A writer holds its *turn* while it works on a clone. The *publishing lock*
//! guards what is published. It is held for a few steps: to clone the value, to replace it, to
//! enter or remove a waker. A cell with a history has a third one between them, the *lock of the
//! past*, which guards the values that were replaced. A publication holds it while it moves a value
//! from one to the other; who looks for a version holds it, too, and so finds each version that was
//! published in one of the two. Reading the newest value does not take it.
//!
//! The order is turn, past, publishing lock: a thread takes none of them while it has a later one.
//! The only foreign code that runs under the last two is `T::clone`. Values, wakers and clones of
//! them are dropped when the locks are free, because their `drop` may use the cell.

mod newer;
mod past;
mod sync;
mod transaction;
mod turn;
mod wait;
mod write;

use core::fmt;
use core::panic::RefUnwindSafe;

#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
use sync::{AtomicU64, Ordering};
use sync::{Condvar, Mutex, const_fn};
use turn::Turn;
use wait::Wakers;

use crate::Version;
use crate::history::Past;

pub use newer::Newer;
pub use transaction::Transaction;

/// A shared value, of which readers take snapshots while writers publish new ones.
///
/// `T` is a map, or a tuple or struct of maps: something whose clone is cheap. Readers get a clone
/// and keep it for as long as they like. Writers change a clone and publish it whole, so no reader
/// sees half of an update, also where it changes several maps.
///
/// # What waits for what
///
/// * A reader waits only for the short moment in which another thread clones or replaces the value.
///   It never waits for a running update, for another reader's scan, or for old pages to be freed.
/// * A writer waits for the writers before it, never for readers.
/// * [`version`](Self::version) waits for nothing.
///
/// In a cell with a history ([`with_history`](Self::with_history)), publishing and reading an
/// earlier version also wait for each other: for one clone, or for those of the whole
/// [`history`](Self::history). Snapshots of the newest value do not wait for that.
///
/// Two locks do this, so a `CowCell` is not lock-free. A thread that the system stops in that short
/// moment delays the others. What runs without a lock is what readers do with their snapshots.
///
/// Without a cell, put the map in a `Mutex`, lock it to clone it and lock it to write. Then a
/// reader waits for each running write, as it does with an `RwLock`.
///
/// Measured with a million entries on two cores, while one thread writes (docs/benchmarks.md has
/// the table): to take a snapshot and drop it takes 9 to 12 ns, with a `Mutex<CowMap>` as with a
/// cell, whether 1, 2, 4 or 8 threads do that without pause. With `RwLock<CowMap>` or
/// `RwLock<Arc<CowMap>>` it is as fast for 1 and 2 threads, and takes 50 to 130 ns for 4 and 8.
///
/// # Costs
///
/// A snapshot costs a lock and a clone: one atomic increment per map. An update costs two locks, a
/// clone and its own writes. The published value shares all its pages with the clone. Therefore the
/// first write to a page in each update copies that page. Put many small writes into one update.
///
/// # Panics
///
/// A panic in an update publishes nothing and poisons nothing: readers and writers go on with the
/// value before it. If `T::clone` panics, the caller panics and the cell stays as it was.
///
/// A publication wakes tasks and drops old values when all else is done. If a waker or a drop
/// panics there, the caller panics, but the new value is published.
///
/// Writing to a cell while the same thread is already writing to it panics. Reading is allowed
/// there, and returns what is published.
///
/// `T::clone` must not use the cell, because it runs under a lock of it: the thread would wait for
/// itself. `T::drop` may.
///
/// # Examples
///
/// ```
/// use std::thread;
/// use cowmap::{CowCell, CowMap};
///
/// #[derive(Clone, Default)]
/// struct Bank {
///     balances: CowMap<u64, i64>,
///     transfers: CowMap<u64, (u64, u64, i64)>,
/// }
///
/// let bank = CowCell::new(Bank::default());
/// bank.update(|bank| bank.balances.extend([(1, 100), (2, 50)]));
///
/// thread::scope(|scope| {
///     scope.spawn(|| {
///         bank.update(|bank| {
///             *bank.balances.get_mut(1).unwrap() -= 30;
///             *bank.balances.get_mut(2).unwrap() += 30;
///             bank.transfers.insert(7, (1, 2, 30));
///         });
///     });
///     scope.spawn(|| {
///         let snapshot = bank.snapshot(); // before the transfer or after it
///         assert_eq!(snapshot.balances.values().sum::<i64>(), 150);
///         assert_eq!(snapshot.transfers.len() == 1, snapshot.balances[1] == 70);
///     });
/// });
/// ```
///
/// A cell can be a static:
///
/// ```
/// use cowmap::{CowCell, CowMap};
///
/// static ROUTES: CowCell<CowMap<u32, &str>> = CowCell::new(CowMap::new());
///
/// ROUTES.update(|routes| routes.insert(10, "eth0"));
/// assert_eq!(ROUTES.snapshot()[10], "eth0");
/// ```
pub struct CowCell<T> {
    /// Held by the thread that writes.
    turn: Turn,
    /// The version in `current`, which is written under its lock.
    #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
    published: AtomicU64,
    /// Behind the publishing lock.
    current: Mutex<Current<T>>,
    /// The versions before `current`, if they are kept; behind the lock of the past.
    past: Option<Mutex<Past<T>>>,
    /// Where threads wait for a newer version.
    newer: Condvar,
}

/// What is published, and which tasks wait for the next publication.
struct Current<T> {
    version: Version,
    value: T,
    wakers: Wakers,
}

impl<T> CowCell<T> {
    const_fn! {
        /// Makes a cell with a first value.
        ///
        /// O(1); allocates nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// use cowmap::{CowCell, CowMap};
        ///
        /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
        /// assert_eq!(cell.snapshot()[1], "one");
        /// ```
        pub fn new(value: T) -> Self {
            Self::with_version(value, Version::FIRST)
        }
    }

    const_fn! {
        /// Makes a cell whose first value has a given version, to resume where another cell ended.
        ///
        /// O(1); allocates nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// use cowmap::{CowCell, CowMap};
        ///
        /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
        /// cell.update(|map| map.insert(2, "two"));
        /// let (version, saved) = cell.versioned();
        ///
        /// let resumed = CowCell::with_version(saved, version);
        /// assert_eq!(resumed.version(), version);
        /// assert!(resumed.publish(CowMap::new()) > version);
        /// ```
        pub fn with_version(value: T, version: Version) -> Self {
            Self::with_past(value, version, None)
        }
    }

    const_fn! {
        fn with_past(value: T, version: Version, past: Option<Mutex<Past<T>>>) -> Self {
            CowCell {
                turn: Turn::new(),
                #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
                published: AtomicU64::new(version.number()),
                current: Mutex::new(Current { version, value, wakers: Wakers::new() }),
                past,
                newer: Condvar::new(),
            }
        }
    }

    /// Returns the version of the newest value.
    ///
    /// O(1), without a lock: one load. Snapshots that are taken afterwards have this version or a
    /// higher one. On targets without atomics of 64 bits (some of 32 bits), it waits as
    /// [`snapshot`](Self::snapshot) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let seen = cell.version();
    /// assert_eq!(cell.version(), seen);
    /// cell.update(|map| map.insert(2, "two"));
    /// assert!(cell.version() > seen);
    /// ```
    pub fn version(&self) -> Version {
        #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
        return Version::from(self.published.load(Ordering::Acquire));
        #[cfg(not(all(target_has_atomic = "64", not(cowmap_narrow))))]
        return self.current.lock().version;
    }

    /// Returns the newest value; the cell is gone, and so is its history.
    ///
    /// O(1); clones nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let map = cell.into_inner();
    /// assert!(!map.is_shared());
    /// ```
    pub fn into_inner(self) -> T {
        self.current.into_inner().value
    }
}

impl<T: Clone> CowCell<T> {
    /// Returns a clone of the newest value.
    ///
    /// Costs a lock and a clone. It waits only while another thread clones or replaces the value,
    /// never for a running update, a scan or the freeing of old pages.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// cell.update(|map| {
    ///     map.insert(2, "two");
    ///     // The update is not published yet, and readers do not wait for it.
    ///     assert_eq!(cell.snapshot().len(), 1);
    /// });
    /// assert_eq!(cell.snapshot().len(), 2);
    /// ```
    pub fn snapshot(&self) -> T {
        self.current.lock().value.clone()
    }

    /// Returns a clone of the newest value, and its version.
    ///
    /// Costs what [`snapshot`](Self::snapshot) costs, and waits for the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let (version, map) = cell.versioned();
    /// assert_eq!((cell.version(), map[1]), (version, "one"));
    /// ```
    pub fn versioned(&self) -> (Version, T) {
        self.current.lock().versioned()
    }
}

impl<T: Clone> Current<T> {
    fn versioned(&self) -> (Version, T) {
        (self.version, self.value.clone())
    }
}

impl<T: Default> Default for CowCell<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for CowCell<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Shows a snapshot, so nobody waits for the formatting.
impl<T: Clone + fmt::Debug> fmt::Debug for CowCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, value) = self.versioned();
        f.debug_struct("CowCell")
            .field("version", &version)
            .field("value", &value)
            .finish_non_exhaustive()
    }
}

// A panic publishes nothing, so what is published is whole. Only `T::clone` sees it, by reference.
impl<T: RefUnwindSafe> RefUnwindSafe for CowCell<T> {}
