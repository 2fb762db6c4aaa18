//! Every interleaving of threads that read, write and wait at a `CowCell` (run by `ci/loom.sh`).
//!
//! The cell is the real one; loom stands in for the locks and atomics of `cell/sync.rs`. A wake-up
//! that is lost is a thread that waits for ever, which loom reports as a deadlock. The last model
//! has too many interleavings, and is bounded to those with so many preemptions.

#![cfg(all(loom, feature = "parking_lot"))]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use cowmap::{CowCell, Retention, Version};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// A cell of a pair whose halves are always equal.
fn pair() -> Arc<CowCell<(u64, u64)>> {
    Arc::new(CowCell::new((0, 0)))
}

fn add(pair: &mut (u64, u64)) {
    pair.0 += 1;
    pair.1 += 1;
}

/// A waker that a thread sleeps by.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

struct Ringer(Arc<Bell>);

impl Wake for Ringer {
    fn wake(self: StdArc<Self>) {
        *self.0.rung.lock().unwrap() = true;
        self.0.rings.notify_one();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(StdArc::new(Ringer(bell.clone())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let mut rung = bell.rung.lock().unwrap();
        while !*rung {
            rung = bell.rings.wait(rung).unwrap();
        }
        *rung = false;
    }
}

#[test]
fn no_update_is_lost() {
    loom::model(|| {
        let cell = pair();
        let other = thread::spawn({
            let cell = cell.clone();
            move || cell.update(add)
        });
        cell.update(add);
        other.join().unwrap();
        assert_eq!(cell.versioned(), (Version::from(2), (2, 2)));
    });
}

#[test]
fn no_publication_is_lost_to_a_value_made_from_a_snapshot() {
    loom::model(|| {
        let cell = pair();
        let other = thread::spawn({
            let cell = cell.clone();
            move || {
                let mut transaction = cell.begin();
                add(&mut transaction);
                transaction.commit();
            }
        });
        let (version, mut value) = cell.versioned();
        add(&mut value);
        let published = cell.publish_if(version, value).is_ok();
        other.join().unwrap();
        let sum = 1 + u64::from(published);
        assert_eq!(cell.versioned(), (Version::from(sum), (sum, sum)));
    });
}

#[test]
fn a_reader_sees_whole_values_that_never_go_back() {
    loom::model(|| {
        let cell = pair();
        let writer = thread::spawn({
            let cell = cell.clone();
            move || cell.update(add)
        });
        let before = cell.version();
        let (version, (left, right)) = cell.versioned();
        let after = cell.version();
        assert!(before <= version && version <= after);
        assert_eq!((left, right), (u64::from(version), u64::from(version)));
        writer.join().unwrap();
    });
}

#[test]
fn what_came_before_a_version_is_seen_with_it() {
    use loom::sync::atomic::{AtomicUsize, Ordering};
    let seen = StdArc::new(StdAtomicUsize::new(0));
    let count = seen.clone();
    loom::model(move || {
        let cell = pair();
        let flag = Arc::new(AtomicUsize::new(0));
        let reader = thread::spawn({
            let (cell, flag, count) = (cell.clone(), flag.clone(), count.clone());
            move || {
                if cell.version() == Version::from(1) {
                    assert_eq!(flag.load(Ordering::Relaxed), 1);
                    assert_eq!(cell.snapshot(), (1, 1));
                    count.fetch_add(1, SeqCst);
                }
            }
        });
        flag.store(1, Ordering::Relaxed);
        cell.publish((1, 1));
        reader.join().unwrap();
    });
    assert_ne!(seen.load(SeqCst), 0, "no interleaving in which the version is seen");
}

#[test]
fn a_waiting_thread_is_woken() {
    for timeout in [Duration::MAX, Duration::from_secs(3600)] {
        loom::model(move || {
            let cell = pair();
            let writer = thread::spawn({
                let cell = cell.clone();
                move || cell.update(add)
            });
            let newer = cell.wait_newer(Version::from(0), timeout);
            assert_eq!(newer, Some((Version::from(1), (1, 1))));
            writer.join().unwrap();
        });
    }
}

#[test]
fn a_waiting_task_is_woken() {
    loom::model(|| {
        let cell = pair();
        let writer = thread::spawn({
            let cell = cell.clone();
            move || cell.update(add)
        });
        assert_eq!(block_on(cell.newer(Version::from(0))), (Version::from(1), (1, 1)));
        writer.join().unwrap();
    });
}

#[test]
fn a_task_that_gives_up_leaves_no_waker_behind() {
    struct Count(StdAtomicUsize);
    impl Wake for Count {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    loom::model(|| {
        let cell = pair();
        let count = StdArc::new(Count(StdAtomicUsize::new(0)));
        let writer = thread::spawn({
            let cell = cell.clone();
            move || cell.publish((1, 1))
        });
        let waker = Waker::from(count.clone());
        let mut newer = cell.newer(Version::from(0));
        let polled = pin!(&mut newer).poll(&mut Context::from_waker(&waker));
        drop(newer);
        writer.join().unwrap();
        let woken = count.0.load(SeqCst);
        assert!(woken == 0 || polled.is_pending());
        drop(waker);
        assert_eq!(StdArc::strong_count(&count), 1);
    });
}

#[test]
fn an_update_that_publishes_nothing_is_no_wake_up() {
    loom::model(|| {
        let cell = pair();
        let writer = thread::spawn({
            let cell = cell.clone();
            move || {
                cell.update_if(|pair| {
                    add(pair);
                    false
                });
                drop(cell.begin());
                cell.update(add);
            }
        });
        let newer = cell.wait_newer(Version::from(0), Duration::MAX);
        assert_eq!(newer, Some((Version::from(1), (1, 1))));
        writer.join().unwrap();
    });
}

/// A cell of a pair that keeps so many versions.
fn pair_with_history(versions: usize) -> Arc<CowCell<(u64, u64)>> {
    Arc::new(CowCell::with_history((0, 0), Retention::last(versions)))
}

#[test]
fn a_version_that_was_seen_is_in_the_past_or_the_present() {
    let seen = StdArc::new(StdAtomicUsize::new(0));
    let count = seen.clone();
    loom::model(move || {
        let cell = pair_with_history(2);
        let reader = thread::spawn({
            let (cell, count) = (cell.clone(), count.clone());
            move || {
                let version = cell.version();
                let number = u64::from(version);
                assert_eq!(cell.at(version), Ok((number, number)));
                assert_eq!(cell.at(Version::from(0)), Ok((0, 0)));
                count.fetch_or(1 << number, SeqCst);
            }
        });
        cell.update(add);
        reader.join().unwrap();
    });
    assert_eq!(seen.load(SeqCst), 0b11, "no interleaving in which it is the old one, or the new");
}

#[test]
fn a_version_that_was_seen_is_there_until_it_is_forgotten() {
    loom::model(|| {
        let cell = pair_with_history(1);
        let writer = thread::spawn({
            let cell = cell.clone();
            move || cell.publish((1, 1))
        });
        let (version, value) = cell.versioned();
        match cell.at(version) {
            Ok(found) => assert_eq!(found, value),
            Err(error) => {
                let next = Version::from(1);
                assert_eq!((version, error.kept()), (Version::from(0), Some(next..=next)));
            }
        }
        let published = writer.join().unwrap();
        assert_eq!(cell.at(published), Ok((1, 1)));
        assert!(cell.at(Version::from(0)).is_err());
    });
}

#[test]
fn a_history_has_each_version_once_whoever_publishes_meanwhile() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let cell = pair_with_history(3);
        let writers = [0, 1].map(|_| {
            let cell = cell.clone();
            thread::spawn(move || cell.update(add))
        });
        let history = cell.history().unwrap();
        let latest = u64::from(history.latest().unwrap().0);
        let values = history.iter().map(|(version, &value)| (u64::from(version), value));
        assert!(values.eq((0..=latest).map(|number| (number, (number, number)))));
        assert!(u64::from(cell.version()) >= latest);
        cell.forget_before(Version::from(1));
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(cell.at(Version::from(2)), Ok((2, 2)));
        assert_eq!(cell.at(Version::from(1)), Ok((1, 1)));
    });
}

#[test]
fn two_writers_and_two_that_wait() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let cell = pair();
        let threads = [
            thread::spawn({
                let cell = cell.clone();
                move || cell.update(add)
            }),
            thread::spawn({
                let cell = cell.clone();
                move || {
                    let (version, value) = block_on(cell.newer(Version::from(1)));
                    assert_eq!((version, value), (Version::from(2), (2, 2)));
                }
            }),
            thread::spawn({
                let cell = cell.clone();
                move || {
                    let newer = cell.wait_newer(Version::from(1), Duration::MAX);
                    assert_eq!(newer, Some((Version::from(2), (2, 2))));
                }
            }),
        ];
        cell.update(add);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
