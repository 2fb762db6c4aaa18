//! `CowCell`: who waits for whom, what is published, who is woken, and when values are dropped.
//!
//! Nothing here depends on time. A test whose promise is broken fails, or waits for ever.

#![cfg(feature = "parking_lot")]

use std::collections::HashSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, OnceLock, Weak, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use cowmap::{
    Change, CowCell, CowMap, Forgotten, MemoryUsage, Newer, Retention, Transaction, Version,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

type Map = CowMap<u64, u64>;

assert_impl_all!(CowCell<Map>: Send, Sync, UnwindSafe, RefUnwindSafe, Unpin);
assert_impl_all!(CowCell<(Map, CowMap<i32, String>)>: Send, Sync);
assert_impl_all!(Newer<'static, Map>: Send, Sync, Unpin);
assert_impl_all!(Transaction<'static, Map>: Sync);
assert_not_impl_any!(Transaction<'static, Map>: Send);
assert_not_impl_any!(CowCell<std::rc::Rc<u8>>: Send, Sync);
assert_impl_all!(Version: Copy, Ord, std::hash::Hash, std::fmt::Debug, Send, Sync);

const ROUNDS: u64 = if cfg!(miri) { 20 } else { 2_000 };

/// What a panic said.
fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => {
            panic.downcast::<&str>().map(|message| message.to_string()).unwrap_or_default()
        }
    }
}

fn panics<R>(call: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("this should panic"),
        Err(panic) => message(panic),
    }
}

/// A waker that counts its calls.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Bell {
    fn new() -> (Arc<Bell>, Waker) {
        let bell = Arc::new(Bell::default());
        (bell.clone(), bell.into())
    }

    fn rings(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// The least of runtimes.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Drops what a call returned, also where that does nothing.
fn ignore<R>(_returned: R) {}

fn add(map: &mut Map, key: u64) {
    *map.get_mut(key).unwrap() += 1;
}

// Reading.

#[test]
fn readers_do_not_wait_for_an_update_that_runs() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    cell.update(|map| {
        map.insert(2, 20);
        thread::scope(|scope| {
            let reader = scope.spawn(|| (cell.snapshot(), cell.versioned(), cell.version()));
            let (snapshot, (version, versioned), now) = reader.join().unwrap();
            assert_eq!((snapshot.len(), versioned.len()), (1, 1));
            assert_eq!((version, now), (Version::from(0), Version::from(0)));
            let debug = scope.spawn(|| format!("{cell:?}")).join().unwrap();
            assert_eq!(debug, "CowCell { version: Version(0), value: {1: 10}, .. }");
        });
    });
    assert_eq!(cell.snapshot().len(), 2);
}

#[test]
fn writers_do_not_wait_for_readers_with_snapshots() {
    let cell = CowCell::new((0..1_000).map(|id| (id, 0)).collect::<Map>());
    let (seen, go_on) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let snapshot = cell.snapshot();
            let mut entries = snapshot.iter();
            entries.next();
            seen.wait();
            go_on.wait(); // in the middle of a scan
            entries.map(|(_, value)| value).sum::<u64>()
        });
        seen.wait();
        for round in 1..=10 {
            cell.update(|map| map.values_mut().for_each(|value| *value = round));
        }
        assert_eq!(cell.version(), Version::from(10));
        go_on.wait();
        assert_eq!(reader.join().unwrap(), 0);
    });
}

#[test]
fn several_maps_are_published_together() {
    let cell: CowCell<(Map, CowMap<u64, u64>)> = CowCell::default();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for id in 0..ROUNDS {
                cell.update(|(left, right)| {
                    left.insert(id, id);
                    right.insert(id, id);
                });
            }
        });
        let mut last = 0;
        while last < ROUNDS as usize {
            let (version, (left, right)) = cell.versioned();
            assert_eq!((left.len(), u64::from(version)), (right.len(), left.len() as u64));
            assert!(left.len() >= last);
            last = left.len();
        }
        writer.join().unwrap();
    });
}

#[test]
fn an_update_copies_the_pages_that_it_writes_and_no_others() {
    let cell = CowCell::new((0..100_000).map(|id| (id, 0)).collect::<Map>());
    let before = cell.snapshot();
    cell.update(|map| *map.get_mut(7).unwrap() = 1);
    let after = cell.into_inner();
    let usage = after.memory_usage();
    assert_eq!(usage.pages - usage.shared_pages, 1);
    assert_eq!((before[7], after[7]), (0, 1));
    drop(before);
    assert!(!after.is_shared());
}

/// A value that counts its clones.
#[derive(Debug, Default)]
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Counted(self.0.clone())
    }
}

#[test]
fn calls_clone_as_often_as_their_docs_say() {
    let clones = Arc::new(AtomicUsize::new(0));
    let cell = CowCell::new(Counted(clones.clone()));
    let counted = |call: &dyn Fn()| {
        let before = clones.load(SeqCst);
        call();
        clones.load(SeqCst) - before
    };
    assert_eq!(counted(&|| ignore(cell.version())), 0);
    assert_eq!(counted(&|| ignore(cell.snapshot())), 1);
    assert_eq!(counted(&|| ignore(cell.versioned())), 1);
    assert_eq!(counted(&|| cell.update(|_| ())), 1);
    assert_eq!(counted(&|| ignore(cell.update_if(|_| false))), 1);
    assert_eq!(counted(&|| ignore(cell.begin().commit())), 1);
    assert_eq!(counted(&|| ignore(cell.publish(Counted(clones.clone())))), 0);
    let value = || Counted(clones.clone());
    assert_eq!(counted(&|| ignore(cell.publish_if(cell.version(), value()).unwrap())), 0);
    assert_eq!(counted(&|| ignore(cell.publish_if(0.into(), value()).unwrap_err())), 0);
    assert_eq!(counted(&|| assert!(cell.wait_newer(0.into(), Duration::MAX).is_some())), 1);
    assert_eq!(counted(&|| assert!(cell.wait_newer(99.into(), Duration::ZERO).is_none())), 0);
    assert_eq!(counted(&|| ignore(block_on(cell.newer(0.into())))), 1);
    let before = clones.load(SeqCst);
    cell.into_inner();
    assert_eq!(clones.load(SeqCst), before);
}

// Writing.

#[test]
fn no_update_is_lost() {
    const THREADS: u64 = 4;
    let cell = CowCell::new(Map::from([(0, 0)]));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let cell = &cell;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Each way to write, in turn.
                    match (thread + round) % 5 {
                        0 => cell.update(|map| add(map, 0)),
                        1 => cell.try_update(|map| (add(map, 0), Ok::<_, ()>(())).1).unwrap(),
                        2 => assert!(cell.update_if(|map| {
                            add(map, 0);
                            true
                        })),
                        3 => {
                            let mut transaction = cell.begin();
                            add(&mut transaction, 0);
                            transaction.commit();
                        }
                        _ => loop {
                            let (version, mut map) = cell.versioned();
                            add(&mut map, 0);
                            if cell.publish_if(version, map).is_ok() {
                                break;
                            }
                        },
                    }
                }
            });
        }
    });
    assert_eq!(cell.version(), Version::from(THREADS * ROUNDS));
    assert_eq!(cell.into_inner()[0], THREADS * ROUNDS);
}

#[test]
fn errors_and_false_publish_nothing_and_wake_nobody() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    let (bell, waker) = Bell::new();
    let mut newer = cell.newer(cell.version());
    assert!(poll(&mut newer, &waker).is_pending());

    let refused: Result<(), &str> = cell.try_update(|map| {
        map.clear();
        Err("no")
    });
    assert_eq!(refused, Err("no"));
    assert!(!cell.update_if(|map| {
        map.clear();
        false
    }));
    let mut discarded = cell.begin();
    discarded.clear();
    drop(discarded);
    assert!(cell.publish_if(Version::from(7), Map::new()).is_err());
    panics(|| {
        cell.update(|map| {
            map.clear();
            panic!("no");
        })
    });
    assert_eq!(cell.versioned(), (Version::from(0), Map::from([(1, 10)])));
    assert_eq!(bell.rings(), 0);
    assert!(poll(&mut newer, &waker).is_pending());
    // The discarded clones are gone.
    drop(newer);
    assert!(!cell.into_inner().is_shared());
}

#[test]
fn a_panic_poisons_neither_readers_nor_writers() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            cell.update(|map| {
                map.clear();
                panic!("in the middle");
            })
        });
        assert_eq!(message(writer.join().unwrap_err()), "in the middle");
        let writer = scope.spawn(|| {
            let mut transaction = cell.begin();
            transaction.clear();
            panic!("in a transaction");
        });
        assert_eq!(message(writer.join().unwrap_err()), "in a transaction");
    });
    assert_eq!(cell.versioned(), (Version::from(0), Map::from([(1, 10)])));
    cell.update(|map| map.insert(2, 20));
    assert_eq!(cell.snapshot().len(), 2);
}

/// A value whose clone panics when it is told to.
struct Brittle(Arc<AtomicBool>);

impl Clone for Brittle {
    fn clone(&self) -> Self {
        assert!(!self.0.load(SeqCst), "cannot be cloned now");
        Brittle(self.0.clone())
    }
}

#[test]
fn a_clone_that_panics_leaves_the_locks_free() {
    let broken = Arc::new(AtomicBool::new(false));
    let cell = CowCell::new(Brittle(broken.clone()));
    let mut newer = cell.newer(cell.version());
    assert!(poll(&mut newer, Waker::noop()).is_pending());
    cell.publish(Brittle(broken.clone()));

    broken.store(true, SeqCst);
    let calls: [&mut dyn FnMut(); 6] = [
        &mut || ignore(cell.snapshot()),
        &mut || ignore(cell.versioned()),
        &mut || cell.update(|_| unreachable!("there is no clone to work on")),
        &mut || ignore(cell.begin()),
        &mut || ignore(cell.wait_newer(0.into(), Duration::MAX)),
        &mut || ignore(poll(&mut newer, Waker::noop())),
    ];
    for call in calls {
        assert_eq!(panics(call), "cannot be cloned now");
        assert_eq!(cell.version(), Version::from(1));
        // These take both locks and clone nothing.
        assert!(cell.publish_if(7.into(), Brittle(broken.clone())).is_err());
    }
    broken.store(false, SeqCst);
    cell.update(|_| ());
    assert!(poll(&mut newer, Waker::noop()).is_ready());
}

#[test]
fn a_thread_that_writes_while_it_writes_panics_with_a_sentence() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    let other = CowCell::new(Map::new());
    let nested: [&dyn Fn(); 6] = [
        &|| cell.update(|_| ()),
        &|| cell.try_update(|_| Ok::<(), ()>(())).unwrap(),
        &|| ignore(cell.update_if(|_| true)),
        &|| ignore(cell.begin()),
        &|| ignore(cell.publish(Map::new())),
        &|| ignore(cell.publish_if(cell.version(), Map::new())),
    ];
    for write in nested {
        let before = cell.version();
        cell.update(|map| {
            assert!(panics(write).starts_with("this thread is already writing to this CowCell: "));
            add(map, 1); // goes on
        });
        let transaction = cell.begin();
        assert!(panics(write).starts_with("this thread is already writing to this CowCell: "));
        transaction.commit();
        assert_eq!(u64::from(cell.version()), u64::from(before) + 2);
        // Not caught, it is a panic of the outer update, too.
        assert!(panics(|| cell.update(|_| write())).starts_with("this thread is already writing"));
        assert_eq!(u64::from(cell.version()), u64::from(before) + 2);
    }
    assert_eq!(cell.snapshot()[1], 16);
    // Another cell is another matter, and so is this one afterwards.
    cell.update(|map| other.update(|copy| copy.clone_from(map)));
    assert_eq!(other.snapshot()[1], 16);
}

#[test]
fn waiting_while_writing_panics_unless_there_is_nothing_to_wait_for() {
    let cell = CowCell::new(Map::new());
    cell.publish(Map::new());
    cell.update(|_| {
        assert!(cell.wait_newer(Version::from(0), Duration::MAX).is_some());
        assert!(cell.wait_newer(cell.version(), Duration::ZERO).is_none());
        let waiting = panics(|| cell.wait_newer(cell.version(), Duration::MAX));
        assert!(waiting.starts_with("this thread is writing to this CowCell"), "{waiting}");
    });
    assert_eq!(cell.version(), Version::from(2));
}

#[test]
fn writers_take_turns() {
    let cell = CowCell::new(Vec::new());
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (cell, inside) = (&cell, &inside);
            scope.spawn(move || {
                for _ in 0..ROUNDS / 10 {
                    cell.update(|order| {
                        assert_eq!(inside.fetch_add(1, SeqCst), 0, "somebody else is writing");
                        order.push(thread);
                        inside.fetch_sub(1, SeqCst);
                    });
                }
            });
        }
    });
    assert_eq!(cell.into_inner().len() as u64, ROUNDS / 10 * 4);
}

#[test]
fn a_transaction_is_published_by_its_commit_alone() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    let mut transaction = cell.begin();
    transaction.insert(2, 20);
    assert_eq!(format!("{transaction:?}").matches("20").count(), 1);
    assert_eq!((transaction.len(), cell.snapshot().len()), (2, 1));
    thread::scope(|scope| {
        let (began, begins) = mpsc::channel();
        let waiting = scope.spawn({
            let cell = &cell;
            move || {
                began.send(()).unwrap();
                cell.update(|map| map.len()) // after the transaction
            }
        });
        begins.recv().unwrap();
        assert_eq!(cell.version(), Version::from(0));
        assert_eq!(transaction.commit(), Version::from(1));
        assert_eq!(waiting.join().unwrap(), 2);
    });
    drop(cell.begin());
    assert_eq!(cell.version(), Version::from(2));
}

#[test]
fn publish_if_gives_the_value_back_if_somebody_was_faster() {
    let cell = CowCell::new(Map::from([(1, 10)]));
    let (version, mut map) = cell.versioned();
    map.insert(2, 20);
    cell.update(|map| map.insert(3, 30));
    let map = cell.publish_if(version, map).unwrap_err();
    assert_eq!((map.len(), cell.snapshot().len()), (2, 2));
    assert_eq!(cell.publish_if(cell.version(), map), Ok(Version::from(2)));
    assert_eq!(cell.snapshot().get(3), None);
    // A version of another cell, ahead of this one.
    assert!(cell.publish_if(Version::from(3), Map::new()).is_err());
}

// Versions.

#[test]
fn versions_count_publications_from_where_they_resume() {
    let cell = CowCell::with_version(Map::new(), Version::from(41));
    assert_eq!(cell.version(), Version::from(41));
    assert_eq!(cell.publish(Map::new()), Version::from(42));
    assert_eq!(cell.versioned().0, Version::from(42));
    let seen: HashSet<Version> = (0..3).map(|_| cell.begin().commit()).collect();
    assert_eq!(seen, HashSet::from([43.into(), 44.into(), 45.into()]));
    assert_eq!(u64::from(cell.version()), 45);
    assert_eq!(CowCell::from(Map::new()).version(), CowCell::<Map>::default().version());
}

#[test]
fn after_the_highest_version_nothing_is_published() {
    let cell = CowCell::with_version(Map::from([(1, 10)]), Version::from(u64::MAX));
    let refused = panics(|| cell.update(Map::clear));
    assert!(refused.contains("highest version"), "{refused}");
    panics(|| cell.publish(Map::new()));
    panics(|| cell.publish_if(cell.version(), Map::new()));
    assert!(!cell.update_if(|_| false));
    assert_eq!(cell.versioned(), (Version::from(u64::MAX), Map::from([(1, 10)])));
    assert!(cell.wait_newer(cell.version(), Duration::ZERO).is_none());
}

#[cfg(feature = "serde")]
#[test]
fn a_version_is_a_number_to_serde() {
    let version = Version::from(u64::MAX - 1);
    let json = serde_json::to_string(&version).unwrap();
    assert_eq!(json, "18446744073709551614");
    assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), version);
    let bytes = postcard::to_stdvec(&version).unwrap();
    assert_eq!(postcard::from_bytes::<Version>(&bytes).unwrap(), version);
    assert!(serde_json::from_str::<Version>("-1").is_err());
}

// Waiting.

#[test]
fn wait_newer_returns_at_once_if_there_is_something_newer() {
    let cell = CowCell::new(Map::new());
    let seen = cell.version();
    for _ in 0..3 {
        cell.update(|_| ());
    }
    for timeout in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
        assert_eq!(cell.wait_newer(seen, timeout), Some((Version::from(3), Map::new())));
    }
}

#[test]
fn wait_newer_ends_if_nothing_comes() {
    let cell = CowCell::new(Map::new());
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(2)] {
        assert_eq!(cell.wait_newer(cell.version(), timeout), None);
    }
    assert_eq!(cell.wait_newer(Version::from(u64::MAX), Duration::from_millis(1)), None);
}

#[test]
fn no_wake_up_of_a_thread_is_lost() {
    let (ping, pong) = (CowCell::new(0), CowCell::new(0));
    let follow = |cell: &CowCell<u64>, version, timeout| loop {
        if let Some((newer, value)) = cell.wait_newer(version, timeout) {
            assert_eq!((u64::from(newer), value), (u64::from(version) + 1, value));
            return (newer, value);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut version = Version::from(0);
            for round in 1..=ROUNDS {
                let (newer, value) = follow(&ping, version, Duration::MAX);
                assert_eq!(value, round);
                version = newer;
                pong.update(|pong| *pong = round);
            }
        });
        let mut version = Version::from(0);
        for round in 1..=ROUNDS {
            ping.publish(round);
            let timeout = if round % 2 == 0 { Duration::MAX } else { Duration::from_secs(3600) };
            let (newer, value) = follow(&pong, version, timeout);
            assert_eq!(value, round);
            version = newer;
        }
    });
}

#[test]
fn a_publication_wakes_all_threads_that_wait() {
    let cell = CowCell::new(0);
    let ready = Barrier::new(5);
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let seen = cell.version();
                    ready.wait();
                    cell.wait_newer(seen, Duration::MAX)
                })
            })
            .collect();
        ready.wait();
        cell.publish(7);
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Some((Version::from(1), 7)));
        }
    });
}

#[test]
fn a_future_is_woken_once_by_a_publication() {
    let cell = CowCell::new(Map::new());
    let (bell, waker) = Bell::new();
    let mut newer = cell.newer(cell.version());
    for _ in 0..3 {
        assert!(poll(&mut newer, &waker).is_pending());
    }
    assert_eq!(bell.rings(), 0);
    cell.update(|map| map.insert(1, 10));
    cell.update(|map| map.insert(2, 20));
    assert_eq!(bell.rings(), 1);
    // It skips what was replaced meanwhile.
    let Poll::Ready((version, map)) = poll(&mut newer, &waker) else { panic!("not ready") };
    assert_eq!((version, map.len()), (Version::from(2), 2));
    // And leaves nothing behind.
    cell.update(|_| ());
    assert_eq!(bell.rings(), 1);
    drop(waker);
    assert_eq!(Arc::strong_count(&bell), 1);
    // Again, and with another.
    assert!(poll(&mut newer, Waker::noop()).is_ready());
    assert!(poll(&mut cell.newer(Version::from(0)), Waker::noop()).is_ready());
}

#[test]
fn a_future_keeps_the_last_waker_only() {
    let cell = CowCell::new(Map::new());
    let ((first, first_waker), (last, last_waker)) = (Bell::new(), Bell::new());
    let mut newer = cell.newer(cell.version());
    assert!(poll(&mut newer, &first_waker).is_pending());
    assert!(poll(&mut newer, &last_waker).is_pending());
    drop(first_waker);
    assert_eq!(Arc::strong_count(&first), 1);
    cell.update(|_| ());
    assert_eq!((first.rings(), last.rings()), (0, 1));
}

#[test]
fn futures_that_are_dropped_leave_no_waker_behind() {
    let cell = CowCell::new(Map::new());
    let (bell, waker) = Bell::new();
    let (kept_bell, kept_waker) = Bell::new();
    let mut kept = cell.newer(cell.version());
    assert!(poll(&mut kept, &kept_waker).is_pending());
    for _ in 0..100 {
        let mut futures = [cell.newer(cell.version()), cell.newer(cell.version())];
        assert!(futures.iter_mut().all(|future| poll(future, &waker).is_pending()));
        assert_eq!(Arc::strong_count(&bell), 4);
        drop(futures);
        assert_eq!(Arc::strong_count(&bell), 2);
    }
    cell.update(|_| ());
    assert_eq!((bell.rings(), kept_bell.rings()), (0, 1));
    // One whose waker was taken out removes nobody else's.
    let mut next = cell.newer(cell.version());
    assert!(poll(&mut next, &waker).is_pending());
    drop(kept);
    cell.update(|_| ());
    assert_eq!(bell.rings(), 1);
}

#[test]
fn a_future_of_a_version_that_is_far_ahead_goes_on_waiting() {
    let cell = CowCell::new(Map::new());
    let (bell, waker) = Bell::new();
    let mut newer = cell.newer(Version::from(1));
    assert!(poll(&mut newer, &waker).is_pending());
    cell.update(|_| ()); // version 1
    assert!(poll(&mut newer, &waker).is_pending());
    cell.update(|_| ());
    assert!(bell.rings() >= 1);
    assert!(poll(&mut newer, &waker).is_ready());
}

#[test]
fn no_wake_up_of_a_task_is_lost() {
    let (ping, pong) = (CowCell::new(0), CowCell::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            block_on(async {
                let (mut version, mut value) = (Version::from(0), 0);
                while value < ROUNDS {
                    (version, value) = ping.newer(version).await;
                    pong.update(|pong| *pong = value);
                }
            });
        });
        let mut version = Version::from(0);
        for round in 1..=ROUNDS {
            ping.publish(round);
            let (newer, value) = block_on(pong.newer(version));
            assert_eq!(value, round);
            version = newer;
        }
    });
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    struct Faulty;
    impl Wake for Faulty {
        fn wake(self: Arc<Self>) {
            panic!("cannot wake");
        }
    }
    let cell = CowCell::new(Map::new());
    let (bell, waker) = Bell::new();
    let wakers = [waker.clone(), Arc::new(Faulty).into(), waker.clone(), waker];
    let mut futures: Vec<_> = wakers.iter().map(|_| cell.newer(cell.version())).collect();
    for (future, waker) in futures.iter_mut().zip(&wakers) {
        assert!(poll(future, waker).is_pending());
    }
    assert_eq!(panics(|| cell.update(|map| map.insert(1, 10))), "cannot wake");
    assert_eq!(bell.rings(), 3);
    assert_eq!(cell.snapshot().len(), 1);
    cell.update(|_| ());
}

// The past.

#[test]
fn each_version_is_kept_from_the_first_on() {
    let cell = CowCell::with_history(Map::from([(0, 0)]), Retention::last(usize::MAX));
    let mut models = vec![cell.snapshot()];
    for round in 1..20_u64 {
        // Each way to write, and one that publishes nothing.
        match round % 5 {
            0 => cell.update(|map| ignore(map.insert(round, 0))),
            1 => assert!(cell.update_if(|map| map.insert(round, 0).is_none())),
            2 => ignore(cell.try_update(|map| Ok::<_, ()>(map.insert(0, round))).unwrap()),
            3 => {
                let mut transaction = cell.begin();
                transaction.insert(round, 0);
                transaction.commit();
            }
            _ => ignore(cell.publish_if(cell.version(), Map::from([(round, 0)])).unwrap()),
        }
        cell.update_if(|map| {
            map.clear();
            false
        });
        assert_eq!(cell.version(), Version::from(round));
        models.push(cell.snapshot());
    }
    for (number, model) in models.iter().enumerate() {
        let found = cell.at(Version::from(number as u64)).unwrap();
        assert!(found.ptr_eq(model), "the value itself, version {number}");
    }
    let history = cell.history().unwrap();
    assert!(history.iter().map(|(_, map)| map).eq(&models));
    assert_eq!(history.latest().unwrap().0, cell.version());
    assert!(cell.at(Version::from(20)).unwrap_err().is_yet_to_come());
}

#[test]
fn a_cell_keeps_what_its_retention_says() {
    let cell = CowCell::with_history(0, Retention::last(3));
    for value in 1..=9 {
        cell.publish(value);
        let kept: Vec<u64> = (0..=value).filter(|&at| cell.at(at.into()).is_ok()).collect();
        let model: Vec<u64> = (value.saturating_sub(2)..=value).collect();
        assert_eq!(kept, model);
    }
    let error: Forgotten = cell.at(6.into()).unwrap_err();
    assert_eq!(error.to_string(), "version 6 has been forgotten: versions 7 to 9 are kept");
    assert_eq!(error.kept(), Some(Version::from(7)..=Version::from(9)));
    let history = cell.history().unwrap();
    assert_eq!((history.at(6.into()), history.len()), (Err(error), 3));

    cell.forget_before(8.into());
    assert_eq!(cell.history().unwrap().oldest(), Some((8.into(), &8)));
    cell.forget_before(Version::from(u64::MAX));
    cell.forget_expired();
    assert_eq!((cell.history().unwrap().len(), cell.at(9.into())), (1, Ok(9)));

    let cell = CowCell::with_history(0, Retention::for_at_least(Duration::from_secs(3600)));
    (1..50).for_each(|value| ignore(cell.publish(value)));
    cell.forget_expired();
    assert_eq!(cell.history().unwrap().len(), 50);
    let cell = CowCell::with_history(0, Retention::for_at_least(Duration::ZERO));
    cell.publish(1);
    assert_eq!(cell.history().unwrap().len(), 1);
}

#[test]
fn a_cell_without_a_history_has_the_newest_version_only() {
    let cell = CowCell::with_version("old", Version::from(41));
    cell.publish("new");
    assert!(cell.history().is_none());
    assert_eq!(cell.at(42.into()), Ok("new"));
    let says = |version: u64| cell.at(version.into()).unwrap_err().to_string();
    let none = "version 41 is not kept, for this CowCell has no history: version 42 is kept";
    assert_eq!(says(41), none);
    assert_eq!(says(43), "there is no version 43 yet: version 42 is kept");
    cell.forget_before(99.into());
    cell.forget_expired();
    assert_eq!(cell.at(42.into()), Ok("new"));
}

#[test]
fn versions_of_a_cell_are_compared() {
    let cell = CowCell::with_history(Map::new(), Retention::last(3));
    for id in 1..=5 {
        cell.update(|map| map.insert(id, id));
    }
    let change = |key| Change::Added { key, value: key };
    assert_eq!(cell.diff(4.into(), 5.into()), Ok(vec![change(5)]));
    assert_eq!(cell.diff(5.into(), 4.into()), Ok(vec![change(5).invert()]));
    assert_eq!(cell.diff(5.into(), 5.into()), Ok(vec![]));
    assert_eq!(cell.diff(2.into(), 5.into()).unwrap_err().version(), Version::from(2));
    assert_eq!(cell.diff(5.into(), 6.into()).unwrap_err().version(), Version::from(6));
}

#[test]
fn a_past_clones_nothing_when_it_is_written() {
    let clones = Arc::new(AtomicUsize::new(0));
    let cell = CowCell::with_history(Counted(clones.clone()), Retention::last(4));
    let counted = |call: &dyn Fn()| {
        let before = clones.load(SeqCst);
        call();
        clones.load(SeqCst) - before
    };
    for _ in 0..9 {
        assert_eq!(counted(&|| cell.update(|_| ())), 1);
        assert_eq!(counted(&|| ignore(cell.publish(Counted(clones.clone())))), 0);
    }
    for version in 15..=18 {
        assert_eq!(counted(&|| ignore(cell.at(version.into()).unwrap())), 1);
    }
    assert_eq!(counted(&|| assert!(cell.at(14.into()).is_err())), 0);
    assert_eq!(counted(&|| assert_eq!(cell.history().unwrap().len(), 4)), 4);
    assert_eq!(counted(&|| cell.forget_before(17.into())), 0);
}

#[test]
fn a_past_shares_pages_as_snapshots_do() {
    let map: Map = (0..100_000).map(|id| (id, 0)).collect();
    let whole = map.memory_usage().total;
    let cell = CowCell::with_history(map, Retention::last(10));
    for round in 0..30 {
        cell.update(|map| *map.get_mut(round * 3_000).unwrap() = 1);
    }
    let history = cell.history().unwrap();
    assert_eq!(history.len(), 10);
    // Each version has a page of its own, and the path to it.
    let usage = MemoryUsage::of(&[&history]);
    assert!(usage.total < whole + 10 * 8192, "{usage:?}");
    drop(history);
    assert!(!cell.into_inner().is_shared());
}

/// A reader of versions finds each that it has seen, until it is forgotten.
#[test]
fn a_version_that_was_seen_is_there() {
    let cell = CowCell::with_history((0_u64, 0_u64), Retention::last(8));
    thread::scope(|scope| {
        let writers = [0, 1].map(|_| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    cell.update(|(left, right)| {
                        *left += 1;
                        *right += 1;
                    });
                }
            })
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < 2 * ROUNDS {
                    let version = cell.version();
                    seen = version.into();
                    match cell.at(version) {
                        Ok(value) => assert_eq!(value, (seen, seen)),
                        Err(error) => {
                            let oldest = u64::from(*error.kept().unwrap().start());
                            assert!(oldest > seen && !error.is_yet_to_come(), "{error}");
                        }
                    }
                    let history = cell.history().unwrap();
                    let (latest, value) = history.latest().unwrap();
                    assert!(latest >= version && value.0 == u64::from(latest));
                    let numbers = history.iter().map(|(version, _)| u64::from(version));
                    let latest = u64::from(latest);
                    assert!(numbers.eq((latest + 1).saturating_sub(8)..=latest));
                }
            });
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
}

#[test]
fn readers_of_the_past_do_not_wait_for_an_update_that_runs() {
    let cell = CowCell::with_history(Map::from([(1, 10)]), Retention::last(3));
    cell.update(|map| {
        map.insert(2, 20);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                cell.forget_before(7.into());
                (cell.at(0.into()).unwrap(), cell.at(1.into()), cell.history().unwrap().len())
            });
            let (first, next, versions) = reader.join().unwrap();
            assert!(next.unwrap_err().is_yet_to_come());
            assert_eq!((first.len(), versions), (1, 1));
        });
        // Reading on the thread that writes is allowed, too.
        assert_eq!(cell.at(0.into()).unwrap().len(), 1);
    });
    assert_eq!(cell.at(1.into()).unwrap().len(), 2);
}

/// A value whose clone waits until it may go on, if it is told to.
struct Slow(Arc<(AtomicBool, Barrier)>);

impl Clone for Slow {
    fn clone(&self) -> Self {
        let (slow, barrier) = &*self.0;
        if slow.swap(false, SeqCst) {
            barrier.wait(); // has begun
            barrier.wait(); // may end
        }
        Slow(self.0.clone())
    }
}

/// Neither `snapshot` nor a publication's own moment has to do with the lock of the past.
#[test]
fn snapshots_do_not_wait_for_readers_of_the_past() {
    let shared = Arc::new((AtomicBool::new(false), Barrier::new(2)));
    let cell = CowCell::with_history(Slow(shared.clone()), Retention::last(3));
    let first = cell.version();
    cell.publish(Slow(shared.clone()));
    shared.0.store(true, SeqCst);
    thread::scope(|scope| {
        let reader = scope.spawn(|| cell.at(first).is_ok());
        shared.1.wait();
        // It is in the middle of a clone.
        ignore(cell.snapshot());
        ignore(cell.versioned());
        assert_eq!(cell.version(), Version::from(1));
        ignore(cell.begin());
        shared.1.wait();
        assert!(reader.join().unwrap());
    });
}

#[test]
fn a_clone_that_panics_leaves_the_past_free_and_whole() {
    let broken = Arc::new(AtomicBool::new(false));
    let cell = CowCell::with_history(Brittle(broken.clone()), Retention::last(3));
    (0..5).for_each(|_| ignore(cell.publish(Brittle(broken.clone()))));
    broken.store(true, SeqCst);
    let calls: [&dyn Fn(); 4] = [
        &|| ignore(cell.at(4.into())),
        &|| ignore(cell.at(5.into())),
        &|| ignore(cell.history()),
        &|| cell.update(|_| ()),
    ];
    for call in calls {
        assert_eq!(panics(call), "cannot be cloned now");
    }
    // This takes all locks and clones nothing.
    assert_eq!(cell.publish(Brittle(broken.clone())), Version::from(6));
    broken.store(false, SeqCst);
    let history = cell.history().unwrap();
    let versions: Vec<u64> = history.iter().map(|(version, _)| version.into()).collect();
    assert_eq!(versions, [4, 5, 6]);
}

// Which code runs while which locks are free.

/// A value whose drop, and a waker whose calls, use the cell in every way.
#[derive(Default)]
struct Nosy {
    cell: Arc<OnceLock<Weak<CowCell<Nosy>>>>,
    uses: Arc<AtomicUsize>,
    /// Which clone from now on panics, once; 0 for none.
    panicking_clone: Arc<AtomicUsize>,
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        let count_down = |clones: usize| clones.checked_sub(1);
        let before = self.panicking_clone.fetch_update(SeqCst, SeqCst, count_down);
        assert!(before != Ok(1), "cannot be cloned now");
        let (cell, uses) = (self.cell.clone(), self.uses.clone());
        Nosy { cell, uses, panicking_clone: self.panicking_clone.clone() }
    }
}

thread_local! {
    /// Whether a `Nosy` uses the cell, which makes more of them.
    static USING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Nosy {
    fn cell() -> (Arc<CowCell<Nosy>>, Nosy) {
        let nosy = Nosy::default();
        let cell = Arc::new(CowCell::new(nosy.clone()));
        nosy.cell.set(Arc::downgrade(&cell)).unwrap();
        (cell, nosy)
    }

    /// Panics if this thread has the turn, and never ends if it has the publishing lock.
    fn use_cell(&self) {
        let Some(cell) = self.cell.get().and_then(Weak::upgrade) else { return };
        if !USING.replace(true) {
            drop(cell.snapshot());
            drop(cell.begin());
            cell.forget_before(Version::from(0));
            USING.set(false);
            self.uses.fetch_add(1, SeqCst);
        }
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.use_cell();
    }
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.use_cell();
    }
}

#[test]
fn values_are_dropped_when_the_locks_are_free() {
    let (cell, nosy) = Nosy::cell();
    // A call during which so many values are dropped.
    let drops = |expected: usize, call: &dyn Fn()| {
        let before = nosy.uses.load(SeqCst);
        call();
        assert_eq!(nosy.uses.load(SeqCst) - before, expected);
    };
    drops(1, &|| cell.update(|_| ()));
    drops(1, &|| ignore(cell.update_if(|_| true)));
    drops(1, &|| ignore(cell.update_if(|_| false)));
    drops(1, &|| cell.try_update(|_| Ok::<(), ()>(())).unwrap());
    drops(1, &|| cell.try_update(|_| Err::<(), ()>(())).unwrap_err());
    drops(1, &|| ignore(panics(|| cell.update(|_| panic!("no")))));
    drops(1, &|| ignore(cell.begin()));
    drops(1, &|| ignore(cell.begin().commit()));
    drops(1, &|| ignore(cell.publish(nosy.clone())));
    drops(1, &|| ignore(cell.publish_if(cell.version(), nosy.clone())));
    drops(1, &|| ignore(cell.publish_if(0.into(), nosy.clone()).map_err(drop)));
}

#[test]
fn values_are_forgotten_when_the_locks_are_free() {
    let nosy = Nosy::default();
    let cell = Arc::new(CowCell::with_history(nosy.clone(), Retention::last(3)));
    nosy.cell.set(Arc::downgrade(&cell)).unwrap();
    let drops = |expected: usize, call: &dyn Fn()| {
        let before = nosy.uses.load(SeqCst);
        call();
        assert_eq!(nosy.uses.load(SeqCst) - before, expected);
    };
    drops(0, &|| cell.update(|_| ()));
    drops(0, &|| cell.update(|_| ()));
    drops(1, &|| cell.update(|_| ()));
    drops(1, &|| ignore(cell.publish(nosy.clone())));
    drops(1, &|| ignore(cell.publish_if(cell.version(), nosy.clone())));
    drops(1, &|| ignore(cell.begin()));
    drops(1, &|| ignore(cell.at(cell.version())));
    drops(3, &|| ignore(cell.history()));
    drops(2, &|| cell.forget_before(Version::from(99)));
    drops(0, &|| cell.forget_expired());
}

#[test]
fn clones_before_one_that_panics_are_dropped_when_the_locks_are_free() {
    let nosy = Nosy::default();
    let cell = Arc::new(CowCell::with_history(nosy.clone(), Retention::last(9)));
    (0..4).for_each(|_| ignore(cell.publish(nosy.clone())));
    nosy.cell.set(Arc::downgrade(&cell)).unwrap();
    for (clones, panicking) in [(0, 1), (3, 4), (4, 5)] {
        let before = nosy.uses.load(SeqCst);
        nosy.panicking_clone.store(panicking, SeqCst);
        assert_eq!(panics(|| cell.history()), "cannot be cloned now");
        assert_eq!(nosy.uses.load(SeqCst) - before, clones);
    }
    assert_eq!(cell.history().unwrap().len(), 5);
}

#[test]
fn values_are_dropped_when_the_locks_are_free_also_after_the_highest_version() {
    let nosy = Nosy::default();
    let cell = Arc::new(CowCell::with_version(nosy.clone(), Version::from(u64::MAX)));
    nosy.cell.set(Arc::downgrade(&cell)).unwrap();
    panics(|| cell.update(|_| ()));
    panics(|| cell.publish(nosy.clone()));
    panics(|| cell.publish_if(cell.version(), nosy.clone()));
    assert_eq!(nosy.uses.load(SeqCst), 3);
}

#[test]
fn wakers_are_called_and_dropped_when_the_locks_are_free() {
    let (cell, nosy) = Nosy::cell();
    let waker = || Waker::from(Arc::new(nosy.clone()));
    let uses = || nosy.uses.load(SeqCst);

    let mut newer = cell.newer(cell.version());
    assert!(poll(&mut newer, &waker()).is_pending());
    assert_eq!(uses(), 0);
    assert!(poll(&mut newer, &waker()).is_pending()); // drops the first
    assert_eq!(uses(), 1);
    drop(newer); // drops the second
    assert_eq!(uses(), 2);

    let mut newer = cell.newer(cell.version());
    assert!(poll(&mut newer, &waker()).is_pending());
    cell.publish(nosy.clone()); // wakes it, drops it, and drops the old value
    assert_eq!(uses(), 5);
}
