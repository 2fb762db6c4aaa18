//! Several threads commit: what is visible is durable, groups are synced at once, and the machine stops
//! meanwhile.

use std::thread;
use std::time::Duration;

use cowmap_examples::table::store::Durability;
use cowmap_examples::table::{CommitError, VersionTable};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::disk::{Fault, SimDisk};
use super::script::options;

type Table = VersionTable<u64, u64>;

fn open(disk: &SimDisk) -> Table {
    options(Durability::Sync).open_on(disk.clone()).unwrap()
}

fn put(table: &Table, key: u64, value: u64) -> Result<u64, CommitError<u64>> {
    let mut txn = table.begin();
    txn.put(key, value);
    txn.commit().map(u64::from)
}

/// Waits until others have come so far; does not wait for ever.
fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("it did not come");
}

#[test]
fn commits_that_wait_at_the_same_time_are_synced_together() {
    let disk = SimDisk::default();
    let table = &open(&disk);
    put(table, 0, 0).unwrap();
    let gate = disk.close_gate();
    let before = disk.syncs();
    thread::scope(|scope| {
        let first = scope.spawn(|| put(table, 1, 1).unwrap());
        disk.wait_at_gate();
        // While it is synced, nobody sees it, and others queue.
        let others: Vec<_> =
            (2..=9).map(|key| scope.spawn(move || put(table, key, key).unwrap())).collect();
        wait_until(|| table.queued() == 9);
        assert_eq!((u64::from(table.newest()), table.snapshot().get(1)), (1, None));
        assert_eq!(table.begin().get(1), None);
        assert!(!first.is_finished() && others.iter().all(|other| !other.is_finished()));
        drop(gate);
        assert_eq!(first.join().unwrap(), 2);
        let mut commits: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).collect();
        commits.sort_unstable();
        assert_eq!(commits, (3..=10).collect::<Vec<_>>());
    });
    assert_eq!(disk.syncs() - before, 2);
    assert_eq!((u64::from(table.newest()), table.queued()), (10, 0));
}

/// A conflict with a commit that is not visible is said when it is, so that trying again makes sense.
#[test]
fn a_conflict_waits_for_the_commit_that_came_first() {
    let disk = SimDisk::default();
    let table = &open(&disk);
    put(table, 1, 1).unwrap();
    let gate = disk.close_gate();
    thread::scope(|scope| {
        let first = scope.spawn(|| put(table, 1, 2).unwrap());
        disk.wait_at_gate();
        let second = scope.spawn(|| {
            let conflict = put(table, 1, 3).unwrap_err();
            (conflict, u64::from(table.newest()))
        });
        thread::sleep(Duration::from_millis(20));
        assert!(!second.is_finished());
        drop(gate);
        let commit = first.join().unwrap();
        let (CommitError::Conflict(conflict), newest) = second.join().unwrap() else {
            panic!("it came second")
        };
        assert_eq!((u64::from(conflict.committed()), newest), (commit, commit));
    });
    assert_eq!(put(table, 1, 3).unwrap(), 3);
}

/// Vacuums and checkpoints beside commits that wait.
#[test]
fn vacuums_and_checkpoints_lose_nothing_that_waits() {
    let disk = SimDisk::default();
    let table = &open(&disk);
    for key in 0..100 {
        put(table, key, key).unwrap();
    }
    for key in 0..50 {
        let mut txn = table.begin();
        assert!(txn.delete(key));
        txn.commit().unwrap();
    }
    let gate = disk.close_gate();
    thread::scope(|scope| {
        let first = scope.spawn(|| put(table, 100, 100).unwrap());
        disk.wait_at_gate();
        while !table.vacuum(10).ended {}
        // The marks are gone when the commit is visible.
        assert_eq!(table.marks(), 50);
        let checkpoint = scope.spawn(|| table.checkpoint().unwrap().unwrap());
        drop(gate);
        first.join().unwrap();
        assert_eq!(checkpoint.join().unwrap().rows, 51);
    });
    assert_eq!((table.marks(), table.snapshot().len()), (0, 51));
    let table = open(&disk.after_stop(1));
    assert_eq!(table.snapshot().len(), 51);
}

/// A log that fails wakes all who wait, and ends watches.
#[test]
fn a_log_that_fails_tells_all_who_wait() {
    let disk = SimDisk::default();
    let table = &open(&disk);
    put(table, 0, 0).unwrap();
    let gate = disk.close_gate();
    thread::scope(|scope| {
        let first = scope.spawn(|| put(table, 1, 1));
        disk.wait_at_gate();
        let others: Vec<_> = (2..=5).map(|key| scope.spawn(move || put(table, key, key))).collect();
        let watch = scope.spawn(|| table.watch_newest().count());
        wait_until(|| table.queued() == 5);
        disk.set_fault(Some(Fault::FailFrom(0)));
        drop(gate);
        for result in others.into_iter().chain([first]).map(|thread| thread.join().unwrap()) {
            assert!(matches!(result, Err(CommitError::Unknown { .. })), "{result:?}");
        }
        assert_eq!(watch.join().unwrap(), 0);
    });
    // Readers go on with what was visible.
    assert_eq!((u64::from(table.newest()), table.snapshot().len()), (1, 1));
    assert!(matches!(put(table, 6, 6), Err(CommitError::Stopped(_))));
    assert!(table.is_closed() && table.status().unwrap().stopped.is_some());
}

/// What is committed and visible is not called unknown because a later group fails.
#[test]
fn a_failure_concerns_the_commits_of_its_group_alone() {
    let disk = SimDisk::default();
    let table = &open(&disk);
    for turn in 0..200 {
        if table.is_closed() {
            return;
        }
        if turn == 100 {
            disk.set_fault(Some(Fault::FailAt(60)));
        }
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..3).map(|key| scope.spawn(move || (key, put(table, key, turn)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let newest = u64::from(table.newest());
        for (key, result) in results {
            match result {
                Ok(commit) => assert!(commit <= newest),
                Err(CommitError::Unknown { commit, .. }) => {
                    assert!(u64::from(commit) > newest);
                    assert_ne!(table.snapshot().get(key), Some(&turn));
                }
                Err(CommitError::Stopped(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    panic!("the fault did not come");
}

/// A value that is dropped with the last snapshot that has it is dropped without a lock: it may use the
/// table, and panic, and nobody waits for ever.
#[test]
fn values_are_dropped_without_a_lock() {
    use serde::{Deserialize, Serialize};
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::sync::mpsc;

    static ARMED: AtomicBool = AtomicBool::new(false);

    #[derive(Clone, Serialize, Deserialize)]
    struct Value(u64);

    impl Drop for Value {
        fn drop(&mut self) {
            let named = thread::current().name() == Some("drops");
            if self.0 == 7 && named && !thread::panicking() && ARMED.swap(false, SeqCst) {
                panic!("as it was told to");
            }
        }
    }

    let disk = SimDisk::default();
    let table: VersionTable<u64, Value> = options(Durability::Sync)
        .retention(cowmap::Retention::last(1))
        .open_on(disk.clone())
        .unwrap();
    let put = |key, value| {
        let mut txn = table.begin();
        txn.put(key, Value(value));
        txn.commit()
    };
    put(1, 7).unwrap();
    put(2, 3).unwrap();
    let mut txn = table.begin();
    txn.delete(2);
    txn.commit().unwrap();
    let gate = disk.close_gate();
    let (says, said) = mpsc::channel();
    thread::scope(|scope| {
        let drops = thread::Builder::new().name("drops".to_owned());
        let drops = drops.spawn_scoped(scope, || {
            let mut txn = table.begin();
            // What is visible is not what the past has, then.
            while !table.vacuum(100).ended {}
            txn.put(1, Value(8));
            txn.commit().map(u64::from)
        });
        disk.wait_at_gate();
        let table = &table;
        scope.spawn(move || says.send(table.sync().map(u64::from)));
        ARMED.store(true, SeqCst);
        drop(gate);
        assert_eq!(said.recv_timeout(Duration::from_secs(60)).unwrap(), Ok(4));
        let _ = drops.unwrap().join();
    });
    assert_eq!(u64::from(table.newest()), 4);
    ARMED.store(false, SeqCst);
    assert_eq!(put(1, 9).map(u64::from), Ok(5));
}

/// A checkpoint that takes long does not keep buffered commits from the disk.
#[test]
fn buffered_commits_are_synced_while_a_checkpoint_is_made() {
    use serde::{Deserialize, Serialize, Serializer};
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    static HELD: AtomicBool = AtomicBool::new(false);
    static FREE: AtomicBool = AtomicBool::new(false);

    #[derive(Clone, Deserialize)]
    struct Slow(u64);

    impl Serialize for Slow {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if thread::current().name() == Some("cowmap table") {
                HELD.store(true, SeqCst);
                wait_until(|| FREE.load(SeqCst));
            }
            serializer.serialize_u64(self.0)
        }
    }

    let disk = SimDisk::default();
    let table: VersionTable<u64, Slow> = options(Durability::Buffered)
        .sync_every(Duration::from_millis(1))
        .checkpoint_from(Some(500))
        .open_on(disk.clone())
        .unwrap();
    let put = |key| {
        let mut txn = table.begin();
        txn.put(key, Slow(key));
        txn.commit().unwrap();
    };
    let mut keys = 0..;
    wait_until(|| {
        put(keys.clone().next().unwrap());
        HELD.load(SeqCst)
    });
    keys.by_ref().take(100).for_each(put);
    wait_until(|| table.queued() == 0);
    FREE.store(true, SeqCst);
}

/// Threads write rows of their own, three a commit, until the machine stops. What was acknowledged is
/// there, and no commit is there in part.
fn stops_among_threads(seed: u64) {
    let disk = SimDisk::default();
    let table = &open(&disk);
    let at = StdRng::seed_from_u64(seed).random_range(1..150);
    disk.set_fault(Some(Fault::StopAt(at)));
    let write = |thread: u64| {
        let mut acknowledged = 0;
        for turn in 1..200 {
            let mut txn = table.begin();
            (0..3).for_each(|row| txn.put(thread * 10 + row, turn));
            if txn.commit().is_err() {
                break;
            }
            acknowledged = turn;
            if thread == 0 && turn % 8 == 0 {
                let _ = table.checkpoint();
            }
        }
        acknowledged
    };
    let acknowledged: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || write(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for way in 0..8 {
        let table = open(&disk.after_stop(seed ^ way << 20));
        let rows = table.snapshot();
        let mut commits = 0;
        for (thread, &acknowledged) in acknowledged.iter().enumerate() {
            let value = |row| rows.get(thread as u64 * 10 + row).copied().unwrap_or(0);
            let turn = value(0);
            assert_eq!((value(1), value(2)), (turn, turn), "a commit of {thread} is half there");
            // One may have been under way.
            assert!((acknowledged..=acknowledged + 1).contains(&turn), "{turn}, {acknowledged}");
            commits += turn;
        }
        assert_eq!(u64::from(table.newest()), commits);
    }
}

#[test]
fn what_threads_were_told_survives() {
    for seed in 0..60 {
        stops_among_threads(seed);
    }
}
