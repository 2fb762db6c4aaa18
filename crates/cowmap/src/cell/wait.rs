//! How threads and tasks wait for the next value.

use core::mem;
use core::task::Waker;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use super::{CowCell, Newer};
use crate::Version;

impl<T: Clone> CowCell<T> {
    /// Waits until there is a value that is newer than `version`, and returns the newest one and
    /// its version, or `None` if there was none for so long.
    ///
    /// If there is one already, this returns at once. Values that were replaced in the meantime are
    /// skipped. `Duration::MAX` waits for as long as it takes, and `Duration::ZERO` not at all.
    ///
    /// Costs what [`snapshot`](Self::snapshot) costs, and the waiting, during which the thread
    /// sleeps. It wakes up for publications only, never for an update that published nothing.
    ///
    /// # Panics
    ///
    /// If it would have to wait, but the thread is itself writing to the cell, so that nobody can
    /// publish.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let seen = cell.version();
    /// assert!(cell.wait_newer(seen, Duration::ZERO).is_none());
    ///
    /// thread::scope(|scope| {
    ///     scope.spawn(|| cell.update(|map| map.insert(2, "two")));
    ///     let (version, map) = cell.wait_newer(seen, Duration::MAX).unwrap();
    ///     assert!(version > seen && map[2] == "two");
    /// });
    /// ```
    #[track_caller]
    pub fn wait_newer(&self, version: Version, timeout: Duration) -> Option<(Version, T)> {
        let waits = !timeout.is_zero() && self.version() <= version;
        assert!(
            !(waits && self.turn.is_mine()),
            "this thread is writing to this CowCell, so nothing newer can come while it waits"
        );
        // A moment that cannot be told is after all others.
        let deadline = if waits { Instant::now().checked_add(timeout) } else { None };
        let mut current = self.current.lock();
        while waits && current.version <= version {
            match deadline {
                None => self.newer.wait(&mut current),
                Some(deadline) => {
                    if self.newer.wait_until(&mut current, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        // Something may have been published while the time ran out.
        (current.version > version).then(|| current.versioned())
    }

    /// Returns a future of the newest value, and its version, as soon as there is one that is newer
    /// than `version`.
    ///
    /// It is [`wait_newer`](Self::wait_newer) for tasks. It requires no runtime and works with any.
    ///
    /// Polling costs a load and, as long as there is nothing newer, a lock and O(log n) for n tasks
    /// that wait. A future that is dropped leaves nothing behind.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use cowmap::{CowCell, CowMap};
    ///
    /// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
    /// let mut newer = pin!(cell.newer(cell.version()));
    /// let mut context = Context::from_waker(Waker::noop()); // a runtime does this
    /// assert!(newer.as_mut().poll(&mut context).is_pending());
    ///
    /// cell.update(|map| map.insert(2, "two"));
    /// let Poll::Ready((version, map)) = newer.as_mut().poll(&mut context) else { panic!() };
    /// assert!(version == cell.version() && map[2] == "two");
    /// ```
    ///
    /// A task that follows a cell:
    ///
    /// ```
    /// # use cowmap::{CowCell, CowMap};
    /// async fn follow(cell: &CowCell<CowMap<u64, String>>) {
    ///     let (mut version, mut map) = cell.versioned();
    ///     while !map.is_empty() {
    ///         (version, map) = cell.newer(version).await;
    ///     }
    /// }
    /// ```
    pub fn newer(&self, version: Version) -> Newer<'_, T> {
        Newer::new(self, version)
    }
}

impl<T> CowCell<T> {
    /// Enters the waker of a task that waits for something newer than `version`, in the place of
    /// the one under `ticket`. Returns whether it did: not if there is something newer.
    pub(super) fn enter(&self, version: Version, ticket: &mut Option<u64>, waker: Waker) -> bool {
        let mut current = self.current.lock();
        if current.version > version {
            return false; // and the waker, a parameter, is dropped after the lock
        }
        let replaced = current.wakers.enter(ticket, waker);
        drop(current);
        drop(replaced);
        true
    }

    /// Removes the waker under a ticket, if it is still there.
    pub(super) fn leave(&self, ticket: u64) {
        let mut current = self.current.lock();
        let removed = current.wakers.waiting.remove(&ticket);
        drop(current);
        drop(removed);
    }
}

/// The wakers of the tasks that wait for the next publication.
///
/// Their clones, calls and drops are foreign code, which does not run under the publishing lock.
pub(super) struct Wakers {
    waiting: BTreeMap<u64, Waker>,
    /// The next ticket. None is given twice.
    next: u64,
}

impl Wakers {
    pub(super) const fn new() -> Self {
        Wakers { waiting: BTreeMap::new(), next: 0 }
    }

    /// Enters a waker, and returns the one that it replaces.
    fn enter(&mut self, ticket: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let ticket = *ticket.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.waiting.insert(ticket, waker)
    }

    /// Takes out all wakers.
    pub(super) fn take(&mut self) -> Taken {
        Taken(mem::take(&mut self.waiting))
    }
}

/// Wakers that have been taken out, to be woken without a lock.
pub(super) struct Taken(BTreeMap<u64, Waker>);

impl Taken {
    /// Wakes all, also if one of them panics. That panic goes on afterwards.
    pub(super) fn wake(self) {
        let mut panic = None;
        for waker in self.0.into_values() {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panic.get_or_insert(payload);
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}
