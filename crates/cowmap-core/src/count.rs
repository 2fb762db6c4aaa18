//! Who shares what: weighted reference counts.
//!
//! A plain reference count makes copying a directory node expensive: every child, each a cold
//! cache line elsewhere, must be told of its new parent. Here each holder of a page or node
//! holds it with a **weight**, and the count is the sum of the weights (weighted reference
//! counting: Bevan 1987, Watson and Watson 1987). A handle weighs 1. A directory node has one
//! weight that it holds every child with; copying the node splits that number in two and touches no
//! child. Only when a weight can no longer be split are the children told.
//!
//! A holder is the only one exactly if the count equals its own weight.
//!
//! # Orderings
//!
//! * [`Count::add`] is relaxed: whoever adds holds a weight already, so the object cannot vanish,
//!   and the new holder hears of the object through whatever hands it the reference.
//! * [`Count::release`] subtracts with release, so that all the holder did with the object happens
//!   before it is freed or written; the last one then loads with acquire and sees it all. (A load,
//!   not a fence: thread sanitizer does not understand fences.)
//! * [`Count::is_sole`] loads with acquire for the same reason: it pairs with the release of every
//!   holder that let go, so writing after it cannot race with their reads.
//! * [`Weight::replenish`] adds with release and [`Weight::split`] subtracts with acquire, so that
//!   the children's counts have been raised before whoever takes a part of the new weight lowers
//!   them by it. Otherwise `split` might be relaxed: the splitter holds a weight on the node
//!   throughout, and lets go of it later with release, which whoever reads the weight at the end
//!   acquires.

use crate::sync::{AtomicUsize, Ordering};

/// The weight with which a handle holds its root.
pub(crate) const HANDLE: usize = 1;

/// The weight of a fresh node: 2^24, or 2^8 where addresses have 32 bits. It can be split this many
/// times (as a power of two) before the children have to be told. Small enough that the sum over as
/// many nodes as fit into memory stays below [`LIMIT`], which is checked all the same. (In the
/// models of tests/loom.rs it is 2, and soon used up.)
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

    /// Takes a holder's weight away; `true` says that it was the last one, and that the object is
    /// now the caller's to destroy.
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
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(half),
                Err(now) => whole = now,
            }
        }
    }

    /// Adds what every child's count has been raised by before.
    pub(crate) fn replenish(&self, weight: usize) {
        self.0.fetch_add(weight, Ordering::Release);
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

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use std::env;
    use std::process::{Command, Output};

    use super::*;

    /// Runs one test of this file again, in a process that knows by this variable that it is the
    /// child.
    const CHILD: &str = "COWMAP_TEST_CHILD";

    fn in_child(test: &str) -> Output {
        Command::new(env::current_exe().expect("a test is a file"))
            .args(["--exact", &format!("count::tests::{test}"), "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("the test can be started again")
    }

    fn ended_by_abort(output: &Output) -> bool {
        let said = String::from_utf8_lossy(&output.stdout);
        #[cfg(unix)]
        let aborted = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(6);
        #[cfg(not(unix))]
        let aborted = !output.status.success();
        aborted && said.contains("about to overflow") && !said.contains("went on")
    }

    #[test]
    fn one_holder_too_many_ends_the_process() {
        if env::var_os(CHILD).is_none() {
            let output = in_child("one_holder_too_many_ends_the_process");
            assert!(ended_by_abort(&output), "{output:?}");
            return;
        }
        let count = Count::new(HANDLE);
        count.set(LIMIT);
        count.add(HANDLE);
        println!("about to overflow");
        count.add(HANDLE);
        println!("went on");
    }

    #[test]
    fn weights_beyond_the_limit_end_the_process() {
        if env::var_os(CHILD).is_none() {
            let output = in_child("weights_beyond_the_limit_end_the_process");
            assert!(ended_by_abort(&output), "{output:?}");
            return;
        }
        let count = Count::new(FRESH);
        count.set(LIMIT - FRESH);
        count.add(2 * FRESH);
        println!("about to overflow");
        count.add(2 * FRESH);
        println!("went on");
    }

    #[test]
    fn a_weight_is_split_until_nothing_is_left() {
        let weight = Weight::new(FRESH);
        let mut given = 0;
        let mut splits = 0;
        while let Some(half) = weight.split() {
            given += half;
            splits += 1;
        }
        assert_eq!((splits, weight.get(), given), (FRESH.trailing_zeros(), 1, FRESH - 1));
        weight.replenish(FRESH);
        assert_eq!(weight.split(), Some(FRESH / 2));
    }

    #[test]
    fn the_last_of_several_holders_is_told() {
        let count = Count::new(HANDLE);
        count.add(FRESH);
        assert!(count.is_shared(HANDLE) && !count.is_sole(FRESH));
        assert!(!count.release(HANDLE));
        assert!(count.is_sole(FRESH));
        assert!(count.release(FRESH));
    }
}
