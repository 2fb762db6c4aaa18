//! Who shares what: weighted reference counts.
//!
//! A plain reference count makes copying a directory node expensive: every child, each a cold
//! cache line elsewhere, must be told of its new parent. Here each holder of a page or node
//! holds it with a **weight**, and the count is the sum of the weights (weighted reference
//! counting: Bevan 1987, Watson and Watson 1987). A handle weighs 1. A directory node has one weight
//! that it holds every child with; copying the node splits that number in two and touches no
//! child. Only when a weight can no longer be split are the children told.
//!
//! A holder is the only one exactly if the count equals its own weight.
//!
//! # Orderings
//!
//! * [`Count::add`] is relaxed: whoever adds holds a weight already, so the object cannot
//!   vanish, and the new holder hears of the object through whatever hands it the reference.
//! * [`Count::release`] subtracts with release, so that all the holder did with the object happens
//!   before it is freed or written; the last one then loads with acquire and sees it all. (A load, not a
//!   fence: thread sanitizer does not understand fences.)
//! * [`Count::is_sole`] loads with acquire for the same reason: it pairs with the release of every
//!   holder that let go, so writing after it cannot race with their reads.
//! * [`Weight::split`] is relaxed: the splitter holds a weight on the node throughout, and lets go
//!   of it later with release, which whoever reads the weight at the end acquires.

use crate::sync::{AtomicUsize, Ordering};

/// The weight with which a handle holds its root.
pub(crate) const HANDLE: usize = 1;

/// The weight of a fresh node: 2^24, or 2^8 where addresses have 32 bits. It can be split this many times (as a power of
/// two) before the children have to be told. Small enough that the sum over as many nodes as fit into memory
/// stays below [`LIMIT`], which is checked all the same. (In the models of tests/loom.rs it is 2, and soon used up.)
pub(crate) const FRESH: usize = if cfg!(loom) { 2 } else { 1 << (usize::BITS / 2 - 8) };

/// A count above this ends the process, as `Arc`'s does.
const LIMIT: usize = usize::MAX / 2;

/// The sum of the weights with which an object is held.
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new(weight: usize) -> Self {
        Count(AtomicUsize::new(weight))
    }

    /// Makes room for one more holder of this weight. The caller holds the object.
    #[inline]
    pub(crate) fn add(&self, weight: usize) {
        let before = self.0.fetch_add(weight, Ordering::Relaxed);
        if before > LIMIT {
            abort();
        }
    }

    /// Takes a holder's weight away; `true` says that it was the last one, and that the object is now the
    /// caller's to destroy.
    #[inline]
    #[must_use]
    pub(crate) fn release(&self, weight: usize) -> bool {
        if self.0.fetch_sub(weight, Ordering::Release) != weight {
            return false;
        }
        self.0.load(Ordering::Acquire);
        true
    }

    /// Whether the holder with this weight is the only one. A property of the path: it says
    /// nothing unless everything above the object, up to a handle that is borrowed
    /// mutably, is held by one holder too.
    #[inline]
    pub(crate) fn is_sole(&self, weight: usize) -> bool {
        self.0.load(Ordering::Acquire) == weight
    }

    /// Whether the weights of all holders are at least this one.
    pub(crate) fn is_at_least(&self, weight: usize) -> bool {
        self.0.load(Ordering::Relaxed) >= weight
    }

    /// Whether somebody else seems to hold it too, for reports.
    pub(crate) fn is_shared(&self, weight: usize) -> bool {
        self.0.load(Ordering::Relaxed) != weight
    }

    #[cfg(test)]
    pub(crate) fn set(&self, count: usize) {
        self.0.store(count, Ordering::Relaxed);
    }
}

/// The weight with which a node holds each of its children.
pub(crate) struct Weight(AtomicUsize);

impl Weight {
    pub(crate) fn new(weight: usize) -> Self {
        Weight(AtomicUsize::new(weight))
    }

    #[inline]
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Gives half of the weight to a copy of the node; `None` where there is nothing left to split.
    #[inline]
    pub(crate) fn split(&self) -> Option<usize> {
        let mut whole = self.0.load(Ordering::Relaxed);
        loop {
            let half = whole / 2;
            if half == 0 {
                return None;
            }
            match self.0.compare_exchange_weak(
                whole,
                whole - half,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(half),
                Err(now) => whole = now,
            }
        }
    }

    /// Adds what every child's count has been raised by before.
    pub(crate) fn replenish(&self, weight: usize) {
        self.0.fetch_add(weight, Ordering::Relaxed);
    }
}

/// Ends the process: going on could free what is still in use.
#[cold]
#[inline(never)]
fn abort() -> ! {
    #[cfg(feature = "std")]
    std::process::abort();
    #[cfg(not(feature = "std"))]
    {
        /// Panics while a panic unwinds, which aborts.
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("too many snapshots of one map");
            }
        }
        let _bomb = Bomb;
        panic!("too many snapshots of one map");
    }
}
