//! Who shares what: weighted reference counts.
//!
//! A plain reference count makes copying a segment of the directory expensive: every child, each a
//! cold cache line elsewhere, must be told of its new parent. Here each holder of an object holds
//! it with a **weight**, and the object's count is the sum of the weights (weighted reference
//! counting: Bevan 1987, Watson and Watson 1987). A holder is the only one exactly if the count
//! equals its own weight.
//!
//! Weights alone make copies cheap and drops expensive: a segment that goes has to take its weight
//! from every child. So a segment holds its children by groups, through a **holder** for each
//! group, which copies of the segment share:
//!
//! ```text
//!  handle --1--> segment --weight--> holder --weight--> up to 8 or 16 children
//!                                 ^
//!                copy   --weight--'
//! ```
//!
//! * A handle holds its root with [`HANDLE`].
//! * A segment holds its holders with one weight. Copying it splits that number, and touches
//!   neither holders nor children.
//! * A holder holds the children of its group with one weight. It is divided, and that number
//!   split, before a segment changes a link of a group whose holder it shares.
//!
//! Only when a weight can no longer be split are those that it holds told.
//!
//! # Orderings
//!
//! * [`Count::add`] and [`Shares::add`] are relaxed: a thread that adds holds a weight already, so the
//!   object cannot vanish, and the new holder hears of the object through whatever hands it the
//!   reference.
//! * [`Count::release`] and [`Shares::release`] subtract with release, so that all the holder did
//!   with the object happens before it is freed or written; the last one then loads with acquire
//!   and sees it all. (A load, not a fence: thread sanitizer does not understand fences.) Where the
//!   first look, with acquire, finds nobody else, nobody can come, and nothing is subtracted.
//! * [`Count::is_sole`] and [`Shares::is_sole`] load with acquire for the same reason: they pair
//!   with the release of every holder that let go, so writing after it cannot race with their
//!   reads.
//! * [`Weight::replenish`] adds with release and [`Weight::split`] subtracts with acquire, so that
//!   the counts have been raised before a part of the new weight is taken away and lowers them.
//!   Otherwise `split` might be relaxed: the splitter holds a weight on the segment throughout, and
//!   lets go of it later with release, which the one that reads the weight at the end acquires.
//! * [`Shares::divide`] is a release, because it lets go of the holder; it is also what `replenish`
//!   is to a weight (release) and what `split` is (acquire).

use crate::sync::{AtomicUsize, Ordering, Wide, WideNumber};

/// The weight with which a handle holds its root.
pub(crate) const HANDLE: usize = 1;

/// The weight with which a new segment holds its holders. It can be split ten times (as a power of
/// two; once on targets without atomics of 64 bits) before they have to be told. Small enough that
/// the sum over as many copies of a segment as fit into memory stays below [`Shares::MOST`] where
/// there are 64 bits; it is checked all the same. (In the models of tests/loom.rs it is 2, and soon
/// used up.)
pub(crate) const SEGMENT: usize = match () {
    () if cfg!(loom) => 2,
    () if WideNumber::BITS == 64 => 1 << 10,
    () => 2,
};

/// The weight with which a new holder holds its children, whose counts have fewer bits where
/// addresses have.
pub(crate) const HOLDER: usize = match () {
    () if cfg!(loom) => 2,
    () if WideNumber::BITS == 64 && usize::BITS == 64 => 1 << 16,
    () if WideNumber::BITS == 64 => 1 << 8,
    () => 1 << 5,
};

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
        if self.is_sole(weight) {
            return true;
        }
        if self.0.fetch_sub(weight, Ordering::Release) != weight {
            return false;
        }
        self.0.load(Ordering::Acquire);
        true
    }

    /// Notes the weight of an object's one holder, who is the caller: it may be held with another
    /// weight now, or had no holder before.
    #[inline]
    pub(crate) fn hold_alone(&self, weight: usize) {
        self.0.store(weight, Ordering::Relaxed);
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

    /// The sum itself, for checks.
    pub(crate) fn sum(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn set(&self, count: usize) {
        self.0.store(count, Ordering::Relaxed);
    }
}

/// The weight with which a segment holds each of its holders.
pub(crate) struct Weight(AtomicUsize);

impl Weight {
    pub(crate) fn new(weight: usize) -> Self {
        Weight(AtomicUsize::new(weight))
    }

    #[inline]
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Gives half of the weight to a copy of the segment; `None` where there is nothing left to split.
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

    /// Adds what every holder's count has been raised by before.
    pub(crate) fn replenish(&self, weight: usize) {
        self.0.fetch_add(weight, Ordering::Release);
    }
}

/// The count of a holder, and the weight with which it holds its children, in one word: dividing a
/// holder changes both at once, so that nobody sees one without the other.
pub(crate) struct Shares(Wide);

impl Shares {
    /// The lower bits are the weight, the others the count.
    const WEIGHT_BITS: u32 = if WideNumber::BITS == 64 { 24 } else { 8 };
    const MOST_WEIGHT: WideNumber = (1 << Self::WEIGHT_BITS) - 1;
    /// A count above this ends the process: half of what there is room for.
    const MOST: WideNumber = WideNumber::MAX >> Self::WEIGHT_BITS >> 1;

    pub(crate) fn new(count: usize, weight: usize) -> Self {
        Shares(Wide::new(Self::word(count as WideNumber, weight as WideNumber)))
    }

    fn word(count: WideNumber, weight: WideNumber) -> WideNumber {
        debug_assert!(weight <= Self::MOST_WEIGHT);
        count << Self::WEIGHT_BITS | weight
    }

    #[inline(always)]
    fn count_of(word: WideNumber) -> WideNumber {
        word >> Self::WEIGHT_BITS
    }

    #[inline(always)]
    fn weight_of(word: WideNumber) -> usize {
        (word & Self::MOST_WEIGHT) as usize
    }

    /// Whether the segment that holds with `held` is the only one; see [`Count::is_sole`].
    #[inline(always)]
    pub(crate) fn is_sole(&self, held: usize) -> bool {
        Self::count_of(self.0.load(Ordering::Acquire)) == held as WideNumber
    }

    /// The weight with which the children are held; somebody else may split it meanwhile unless the
    /// caller is the only one to hold the holder.
    #[inline(always)]
    pub(crate) fn weight(&self) -> usize {
        Self::weight_of(self.0.load(Ordering::Relaxed))
    }

    /// Notes the weight of a new holder, which nobody else knows.
    pub(crate) fn set_weight(&self, weight: usize) {
        let count = Self::count_of(self.0.load(Ordering::Relaxed));
        self.0.store(Self::word(count, weight as WideNumber), Ordering::Relaxed);
    }

    /// The sum of the weights with which it is held, for reports and checks.
    pub(crate) fn sum(&self) -> usize {
        Self::count_of(self.0.load(Ordering::Relaxed)) as usize
    }

    /// Makes room for one more segment that holds with this weight. The caller holds it already.
    pub(crate) fn add(&self, held: usize) {
        let before = self.0.fetch_add(Self::word(held as WideNumber, 0), Ordering::Relaxed);
        if Self::count_of(before) > Self::MOST {
            abort();
        }
    }

    /// Takes a segment's weight away. Where it was the last one, the holder is the caller's to
    /// destroy, and the weight with which the children are held comes back.
    #[inline]
    #[must_use]
    pub(crate) fn release(&self, held: usize) -> Option<usize> {
        let now = self.0.load(Ordering::Acquire);
        if Self::count_of(now) == held as WideNumber {
            return Some(Self::weight_of(now));
        }
        let before = self.0.fetch_sub(Self::word(held as WideNumber, 0), Ordering::Release);
        if Self::count_of(before) != held as WideNumber {
            return None;
        }
        Some(Self::weight_of(self.0.load(Ordering::Acquire)))
    }

    /// Lets go of a holder that is held with `held`, and gives part of its weight to another one for
    /// the same children; `None`, and no change, if nobody else holds it. Where the weight cannot
    /// be split, `raise` is called first, to raise every child's count by the number it is given.
    pub(crate) fn divide(&self, held: usize, raise: impl FnOnce(usize)) -> Option<usize> {
        let (mut raise, mut raised) = (Some(raise), 0);
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            let (count, weight) = (Self::count_of(now), Self::weight_of(now));
            let sole = count == held as WideNumber;
            if sole && raised == 0 {
                return None;
            }
            if !sole
                && weight < 2
                && let Some(raise) = raise.take()
            {
                raised = 2 * HOLDER;
                raise(raised);
            }
            let given = if sole { 0 } else { (weight + raised) / 2 };
            let left = (weight + raised - given) as WideNumber;
            // However many threads find the weight used up at once, what is left of it is four times a
            // fresh one at most: each of them but the last gives half away.
            if left > Self::MOST_WEIGHT {
                abort();
            }
            let count = if sole { count } else { count - held as WideNumber };
            let next = Self::word(count, left);
            match self.0.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return (!sole).then_some(given),
                Err(other) => now = other,
            }
        }
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
        let count = Count::new(HOLDER);
        count.set(LIMIT - HOLDER);
        count.add(2 * HOLDER);
        println!("about to overflow");
        count.add(2 * HOLDER);
        println!("went on");
    }

    #[test]
    fn a_weight_is_split_until_nothing_is_left() {
        let weight = Weight::new(SEGMENT);
        let mut given = 0;
        let mut splits = 0;
        while let Some(half) = weight.split() {
            given += half;
            splits += 1;
        }
        assert_eq!((splits, weight.get(), given), (SEGMENT.trailing_zeros(), 1, SEGMENT - 1));
        weight.replenish(SEGMENT);
        assert_eq!(weight.split(), Some(SEGMENT / 2));
    }

    #[test]
    fn the_last_of_several_holders_is_told() {
        let count = Count::new(HANDLE);
        count.add(HOLDER);
        assert!(count.is_shared(HANDLE) && !count.is_sole(HOLDER));
        assert!(!count.release(HANDLE));
        assert!(count.is_sole(HOLDER));
        assert!(count.release(HOLDER));
    }

    #[test]
    fn a_holder_is_divided_until_its_weight_is_used_up_and_then_raised() {
        let shares = Shares::new(64, HOLDER);
        let (mut given, mut raised) = (0, 0);
        for _ in 0..63 {
            given += shares.divide(1, |more| raised += more).expect("it is shared");
        }
        assert_eq!(given + shares.weight(), HOLDER + raised);
        assert!(raised > 0 && shares.is_sole(1));
        assert_eq!(shares.divide(1, |_| unreachable!()), None);
        assert_eq!(shares.release(1), Some(HOLDER + raised - given));
    }

    /// Threads that all found the weight used up, and raised it one after the other, as the worst of
    /// interleavings has it.
    #[test]
    fn what_is_left_of_a_weight_that_many_raise_stays_small() {
        for raisers in [1, 10, 1_000] {
            let mut weight = 1;
            for _ in 0..raisers {
                weight += 2 * HOLDER;
                weight -= weight / 2;
            }
            assert!(weight <= 2 * HOLDER + 1);
        }
        assert!(4 * HOLDER < Shares::MOST_WEIGHT as usize);
    }

    #[test]
    fn the_last_segment_that_lets_go_gets_the_weight() {
        let shares = Shares::new(SEGMENT, HOLDER);
        shares.add(2 * SEGMENT);
        assert_eq!(shares.release(SEGMENT), None);
        assert_eq!(shares.release(SEGMENT), None);
        assert!(shares.is_sole(SEGMENT));
        assert_eq!(shares.release(SEGMENT), Some(HOLDER));
    }

    #[test]
    fn more_segments_than_there_is_room_for_end_the_process() {
        if env::var_os(CHILD).is_none() {
            let output = in_child("more_segments_than_there_is_room_for_end_the_process");
            assert!(ended_by_abort(&output), "{output:?}");
            return;
        }
        let shares = Shares::new(Shares::MOST as usize, HOLDER);
        shares.add(1);
        println!("about to overflow");
        shares.add(1);
        println!("went on");
    }
}
