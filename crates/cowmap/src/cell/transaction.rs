//! An update that has begun.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::CowCell;
use super::turn::Taken;
use crate::Version;

/// An update of a [`CowCell`] that has begun: `&mut T` to a clone of the value.
///
/// [`CowCell::begin`] makes it. [`commit`](Self::commit) publishes the clone, and dropping the
/// transaction discards it. Until then other writers wait, but readers do not.
///
/// A transaction stays on its thread (it is not `Send`).
///
/// # Examples
///
/// ```
/// use cowmap::{CowCell, CowMap};
///
/// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
/// let mut transaction = cell.begin();
/// transaction.insert(2, "two");
/// assert_eq!(transaction[2], "two");
/// assert_eq!(cell.snapshot().get(2), None);
/// transaction.commit();
/// assert_eq!(cell.snapshot()[2], "two");
/// ```
#[must_use = "a transaction that is dropped publishes nothing"]
pub struct Transaction<'a, T> {
    cell: &'a CowCell<T>,
    /// Before `value`: fields are dropped in this order, and values when the turn has ended.
    turn: Taken<'a>,
    value: T,
    /// The thread of the turn is remembered, also where the crate's user makes parking_lot's guards
    /// `Send`.
    _stays: PhantomData<std::sync::MutexGuard<'a, ()>>,
}

impl<'a, T> Transaction<'a, T> {
    pub(super) fn new(cell: &'a CowCell<T>, turn: Taken<'a>, value: T) -> Self {
        Transaction { cell, turn, value, _stays: PhantomData }
    }

    /// Returns the version that [`commit`](Self::commit) will give the clone, so that the clone can
    /// have it written in itself.
    ///
    /// # Panics
    ///
    /// If the cell has the highest [`Version`], which none reaches by counting.
    ///
    /// # Examples
    ///
    /// Rows that carry the version that wrote them:
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::new());
    /// let mut transaction = cell.begin();
    /// let version = transaction.version();
    /// transaction.insert(1_u64, (version, "one"));
    /// assert_eq!(transaction.commit(), version);
    /// assert_eq!(cell.snapshot()[1].0, cell.version());
    /// ```
    pub fn version(&self) -> Version {
        // Nobody else can publish during this turn.
        self.cell.version().next()
    }

    /// Publishes the clone whole, and returns its version.
    ///
    /// Costs a lock. It waits only while another thread clones the value. The old value is dropped
    /// when both locks are free.
    ///
    /// # Panics
    ///
    /// If the cell has the highest [`Version`], which none reaches by counting. Then nothing is
    /// published.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let mut transaction = cell.begin();
    /// transaction.remove(1);
    /// let version = transaction.commit();
    /// assert_eq!(cell.versioned(), (version, CowMap::new()));
    /// ```
    pub fn commit(self) -> Version {
        let Transaction { cell, turn, value, .. } = self;
        cell.replace(value, turn)
    }
}

impl<T> Deref for Transaction<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Transaction<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Transaction<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("value", &self.value).finish_non_exhaustive()
    }
}
