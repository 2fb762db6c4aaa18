//! Whose turn it is to write: one thread's at a time, which is remembered.

use super::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, const_fn, this_thread};

/// The lock that a writer holds from its clone to its publication.
pub(super) struct Turn {
    lock: Mutex<()>,
    /// The thread that holds the lock, or 0. A thread finds its own number here exactly if it wrote
    /// it itself, so no ordering is needed.
    owner: AtomicUsize,
}

/// A turn that was taken. It ends when this is dropped.
pub(super) struct Taken<'a> {
    turn: &'a Turn,
    _lock: MutexGuard<'a, ()>,
}

impl Turn {
    const_fn! {
        pub(super) fn new() -> Self {
            Turn { lock: Mutex::new(()), owner: AtomicUsize::new(0) }
        }
    }

    /// Waits until no other writer has the turn.
    #[track_caller]
    pub(super) fn take(&self) -> Taken<'_> {
        assert!(
            !self.is_mine(),
            "this thread is already writing to this CowCell: use the `&mut T` or the transaction \
             that it has, or end that first"
        );
        let lock = self.lock.lock();
        self.owner.store(this_thread(), Ordering::Relaxed);
        Taken { turn: self, _lock: lock }
    }

    /// Whether the calling thread has the turn.
    pub(super) fn is_mine(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == this_thread()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.turn.owner.store(0, Ordering::Relaxed);
    }
}
