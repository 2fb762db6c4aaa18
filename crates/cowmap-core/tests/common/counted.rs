//! Values that count how often they are cloned and dropped.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counters that a family of values shares.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<[AtomicUsize; 3]>);

impl Counts {
    pub fn new() -> Self {
        Self::default()
    }

    /// A new value that is counted here.
    pub fn value(&self, id: i64) -> Counted {
        self.0[0].fetch_add(1, Ordering::Relaxed);
        Counted { id, counts: self.clone() }
    }

    pub fn clones(&self) -> usize {
        self.0[1].load(Ordering::Relaxed)
    }

    pub fn drops(&self) -> usize {
        self.0[2].load(Ordering::Relaxed)
    }

    /// Values that were made or cloned and not dropped yet. Wraps around if one was dropped twice.
    pub fn alive(&self) -> usize {
        self.0[0].load(Ordering::Relaxed).wrapping_add(self.clones()).wrapping_sub(self.drops())
    }

    /// How many values `work` clones.
    pub fn clones_in<R>(&self, work: impl FnOnce() -> R) -> (usize, R) {
        let before = self.clones();
        let result = work();
        (self.clones() - before, result)
    }
}

/// A value that counts its clones and drops, and may be told to panic instead.
#[derive(Debug)]
pub struct Counted {
    pub id: i64,
    counts: Counts,
}

thread_local! {
    /// Clones until one panics; 0 for never.
    static CLONES_UNTIL_PANIC: Cell<usize> = const { Cell::new(0) };
    /// Drops until one panics; 0 for never.
    static DROPS_UNTIL_PANIC: Cell<usize> = const { Cell::new(0) };
}

/// The `nth` clone of a [`Counted`] on this thread from now on panics, once.
pub fn panic_at_clone(nth: usize) {
    CLONES_UNTIL_PANIC.set(nth);
}

/// The `nth` drop of a [`Counted`] on this thread from now on panics, once, after it was counted.
pub fn panic_at_drop(nth: usize) {
    DROPS_UNTIL_PANIC.set(nth);
}

/// Counts down, and says whether it just came to an end.
fn is_due(counter: &Cell<usize>) -> bool {
    let left = counter.get();
    counter.set(left.saturating_sub(1));
    left == 1
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        assert!(!CLONES_UNTIL_PANIC.with(is_due), "a clone that was told to panic");
        self.counts.0[1].fetch_add(1, Ordering::Relaxed);
        Counted { id: self.id, counts: self.counts.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counts.0[2].fetch_add(1, Ordering::Relaxed);
        let due = DROPS_UNTIL_PANIC.with(is_due);
        assert!(!due || std::thread::panicking(), "a drop that was told to panic");
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
