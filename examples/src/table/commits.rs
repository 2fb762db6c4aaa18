//! The order of commits: what the next one builds on, which are not durable yet, and what is
//! visible.
//!
//! ```text
//!  validated and numbered      written and synced         published
//!  ───────── head ──────────►──── the writer ─────────►──── visible
//!    one lock, no input           one thread at a time,     readers take
//!    or output under it           the others wait           snapshots, O(1)
//! ```
//!
//! A table in memory publishes each commit at once. So does a table with a log under
//! [`Durability::Buffered`]: its commits are written a little later. Under [`Durability::Sync`] a
//! commit waits until it is on the disk, and is published then: what is visible is durable. The
//! thread that finds nobody writing writes what all have queued, and syncs once (*group commit*).
//!
//! Every publication is made under the lock of the head, so what is visible follows the order of the
//! commits. A log that cannot be written ends all writing: which commits are on the disk is not
//! known then, before the table is opened again.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::SyncSender;

use cowmap::{CowCell, Forgotten, History, Paging, Retention, SentinelKey};
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::store::{Durability, LogFile, StoreError, Wake};
use super::transaction::Writes;
use super::{Commit, CommitError, Conflict, Snapshot};

/// A table's commits.
pub(super) struct Commits<K: SentinelKey, V, P: Paging> {
    visible: CowCell<Snapshot<K, V, P>>,
    /// What the table was after each visible commit.
    past: Mutex<History<Snapshot<K, V, P>>>,
    head: Mutex<Head<K, V, P>>,
    /// Somebody has stopped writing to the log.
    written: Condvar,
    durability: Durability,
}

/// What the next commit builds on.
struct Head<K: SentinelKey, V, P: Paging> {
    /// The table with all commits, also those that are not visible yet.
    newest: Snapshot<K, V, P>,
    /// The table after each commit that waits to be visible, the oldest first.
    waiting: VecDeque<Snapshot<K, V, P>>,
    log: Option<Log>,
    /// Why nothing is written any more.
    failed: Option<StoreError>,
}

/// The log of a table.
struct Log {
    /// `None` while somebody writes.
    file: Option<LogFile>,
    /// Commits that are not in the file yet.
    queue: Vec<(Commit, Vec<u8>)>,
    queued_bytes: usize,
    /// The last commit that is on the disk.
    durable: Commit,
    /// From how many bytes on the file is to be replaced by a checkpoint, and when the keeper is told
    /// so: again when there are as many bytes more, if it could not.
    limit: u64,
    next_wake: u64,
    keeper: Option<SyncSender<Wake>>,
}

/// More than this is not queued: a thread that adds to it writes it.
const MOST_QUEUED_BYTES: usize = 8 << 20;

impl<K: SentinelKey, V: Clone, P: Paging> Commits<K, V, P> {
    /// Those of a table that has this, in memory.
    pub(super) fn new(first: Snapshot<K, V, P>, retention: Retention) -> Self {
        let mut past = History::new(retention);
        let recorded = past.record(first.commit(), first.clone());
        assert!(recorded.is_ok(), "nothing was recorded before");
        let head =
            Head { newest: first.clone(), waiting: VecDeque::new(), log: None, failed: None };
        Commits {
            visible: CowCell::new(first),
            past: Mutex::new(past),
            head: Mutex::new(head),
            written: Condvar::new(),
            durability: Durability::Buffered,
        }
    }

    /// Those of a table that has this, all of it durable, and writes what comes to a log.
    pub(super) fn logged(
        first: Snapshot<K, V, P>,
        retention: Retention,
        durability: Durability,
        file: LogFile,
        limit: u64,
        keeper: Option<SyncSender<Wake>>,
    ) -> Self {
        let durable = first.commit();
        let mut commits = Commits { durability, ..Commits::new(first, retention) };
        let (file, queue) = (Some(file), Vec::new());
        commits.head.get_mut().log =
            Some(Log { file, queue, queued_bytes: 0, durable, limit, next_wake: limit, keeper });
        commits
    }

    /// What is visible, to be waited for.
    pub(super) fn cell(&self) -> &CowCell<Snapshot<K, V, P>> {
        &self.visible
    }

    /// What is visible.
    pub(super) fn visible(&self) -> Snapshot<K, V, P> {
        self.visible.snapshot()
    }

    pub(super) fn at(&self, commit: Commit) -> Result<Snapshot<K, V, P>, Forgotten> {
        self.past.lock().at(commit).cloned()
    }

    pub(super) fn past(&self) -> History<Snapshot<K, V, P>> {
        self.past.lock().clone()
    }

    /// Commits writes, unless `validate` finds a conflict with what was committed before. A table with
    /// a log takes their bytes, too.
    pub(super) fn commit(
        &self,
        validate: impl FnOnce(&Writes<K, V>, &Snapshot<K, V, P>) -> Result<(), Conflict<K>>,
        writes: Writes<K, V>,
        bytes: Option<Vec<u8>>,
    ) -> Result<Commit, CommitError<K>> {
        let mut head = self.head.lock();
        if let Some(failed) = &head.failed {
            return Err(CommitError::Stopped(failed.clone()));
        }
        if head.newest.closed {
            return Err(CommitError::Closed);
        }
        if let Err(conflict) = validate(&writes, &head.newest) {
            drop(head);
            if self.durability == Durability::Sync {
                // It may not be visible yet: a transaction that begins anew would meet it again. If
                // it never will be, the next commit says so.
                let _ = self.make_durable(conflict.committed());
            }
            return Err(CommitError::Conflict(conflict));
        }
        let commit = Commit::from(u64::from(head.newest.commit()) + 1);
        // A copy, because a clone of a value may panic.
        let mut newest = head.newest.clone();
        newest.write(commit, writes.into_iter());
        let replaced = mem::replace(&mut head.newest, newest.clone());

        let mut crowded = false;
        if let Some(log) = &mut head.log {
            let bytes = bytes.expect("a table with a log has bytes for it");
            log.queued_bytes += bytes.len();
            log.queue.push((commit, bytes));
            crowded = log.queued_bytes > MOST_QUEUED_BYTES;
            if self.durability == Durability::Sync {
                head.waiting.push_back(newest);
                drop(head);
                drop(replaced);
                return match self.make_durable(commit) {
                    Ok(()) => Ok(commit),
                    Err(error) => Err(CommitError::Unknown { commit, error }),
                };
            }
        }
        let forgotten = self.publish(newest);
        drop(head);
        // Snapshots that are replaced or forgotten are dropped after all locks are free.
        drop((replaced, forgotten));
        if crowded {
            // It is committed all the same: a buffered commit may be lost.
            let _ = self.make_durable(commit);
        }
        Ok(commit)
    }

    /// Changes rows without a commit: `clean` returns whether it did. If it panics, nothing has changed.
    pub(super) fn clean(&self, clean: impl FnOnce(&mut Snapshot<K, V, P>) -> bool) {
        let mut head = self.head.lock();
        let mut newest = head.newest.clone();
        if !clean(&mut newest) {
            return;
        }
        let replaced = mem::replace(&mut head.newest, newest.clone());
        // The last commit may wait to be visible, and what was cleaned with it.
        let forgotten = match head.waiting.back_mut() {
            Some(last) => vec![mem::replace(last, newest)],
            None => self.publish(newest),
        };
        drop(head);
        drop((replaced, forgotten));
    }

    /// Ends all writing and all waiting for it.
    pub(super) fn close(&self) {
        self.clean(|table| !mem::replace(&mut table.closed, true));
    }

    /// Makes a snapshot visible, and a part of the past if it has a new commit. Returns what is not
    /// needed any more, to be dropped without locks. The head's lock is held.
    fn publish(&self, snapshot: Snapshot<K, V, P>) -> Vec<Snapshot<K, V, P>> {
        let mut past = self.past.lock();
        let is_commit = past.latest().is_none_or(|(latest, _)| snapshot.commit() > latest);
        // Recorded and published under one lock, so that the past is neither ahead nor behind.
        let mut forgotten = if is_commit {
            let recorded = past.record(snapshot.commit(), snapshot.clone());
            recorded.unwrap_or_else(|_| unreachable!("it is newer than the latest"))
        } else {
            Vec::new()
        };
        // The cell may have the last handle of it: after a vacuum it is not what the past has.
        forgotten.push(self.visible.snapshot());
        self.visible.publish(snapshot);
        forgotten
    }

    /// Returns when a commit is durable.
    pub(super) fn make_durable(&self, commit: Commit) -> Result<(), StoreError> {
        let mut head = self.head.lock();
        while head.log.as_ref().is_some_and(|log| log.durable < commit) {
            head = self.write(head, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Makes all commits so far durable, and returns the last one.
    pub(super) fn sync(&self) -> Result<Commit, StoreError> {
        let commit = self.head.lock().newest.commit();
        self.make_durable(commit)?;
        Ok(commit)
    }

    /// Makes all commits so far durable, and begins a new file for those that come, unless the file
    /// is new. Returns the table after the last commit in the old file, and the checksum of the new
    /// one's header.
    pub(super) fn rotate(&self) -> Result<(Snapshot<K, V, P>, u32), StoreError> {
        let mut rotated = None;
        let mut head = self.head.lock();
        while rotated.is_none() {
            head = self.write(head, |file, newest| {
                if !file.begins_after(newest.commit()) {
                    match file.prepare_next(newest.commit()) {
                        Ok(next) => file.go_on_in(next)?,
                        // The file is as it was, and goes on.
                        Err(error) => {
                            rotated = Some(Err(error));
                            return Ok(());
                        }
                    }
                }
                rotated = Some(Ok((newest.clone(), file.header_sum())));
                Ok(())
            })?;
        }
        drop(head);
        rotated.expect("the loop ends then")
    }

    /// How many commits are not on the disk.
    pub(super) fn queued(&self) -> usize {
        let head = self.head.lock();
        let behind = |log: &Log| u64::from(head.newest.commit()) - u64::from(log.durable);
        head.log.as_ref().map_or(0, behind) as usize
    }

    /// The last commit that is on the disk, and why nothing is written any more.
    pub(super) fn durable(&self) -> (Option<Commit>, Option<StoreError>) {
        let head = self.head.lock();
        (head.log.as_ref().map(|log| log.durable), head.failed.clone())
    }

    /// Writes what is queued, and syncs it; then does something with the file and the table as it was
    /// before. Or waits once, if somebody else writes.
    fn write<'a>(
        &'a self,
        mut head: MutexGuard<'a, Head<K, V, P>>,
        then: impl FnOnce(&mut LogFile, &Snapshot<K, V, P>) -> Result<(), StoreError>,
    ) -> Result<MutexGuard<'a, Head<K, V, P>>, StoreError> {
        if let Some(failed) = &head.failed {
            return Err(failed.clone());
        }
        let newest = head.newest.clone();
        let log = head.log.as_mut().expect("the table has a log");
        let Some(mut file) = log.file.take() else {
            self.written.wait(&mut head);
            return Ok(head);
        };
        let queue = mem::take(&mut log.queue);
        let durable = log.durable;
        log.queued_bytes = 0;
        let attempt = AssertUnwindSafe(|| {
            file.append(&queue, durable)?;
            then(&mut file, &newest)
        });
        // Others wait for the file: a disk that panics has failed.
        let result = MutexGuard::unlocked(&mut head, || catch_unwind(attempt));
        let done = match &result {
            Ok(Ok(())) => self.succeed(&mut head, file, newest.commit()),
            Ok(Err(error)) => self.fail(&mut head, error.clone()),
            Err(_) => self.fail(&mut head, StoreError::Panicked { doing: "writing the log" }),
        };
        self.written.notify_all();
        MutexGuard::unlocked(&mut head, || drop((done, newest, queue)));
        // What others do meanwhile does not change what came of this.
        result.unwrap_or_else(|panic| resume_unwind(panic)).map(|()| head)
    }

    /// Notes that all commits up to one are durable, and makes them visible. Returns what is to be
    /// dropped without the lock.
    fn succeed(
        &self,
        head: &mut Head<K, V, P>,
        file: LogFile,
        durable: Commit,
    ) -> Vec<Snapshot<K, V, P>> {
        let log = head.log.as_mut().expect("it was written");
        if file.length() < log.limit {
            log.next_wake = log.limit;
        } else if file.length() >= log.next_wake {
            log.next_wake = file.length().saturating_add(log.limit);
            if let Some(keeper) = &log.keeper {
                // It is full if the keeper knows already.
                let _ = keeper.try_send(Wake::Now);
            }
        }
        log.file = Some(file);
        log.durable = durable;
        let mut done = Vec::new();
        while head.waiting.front().is_some_and(|first| first.commit() <= durable) {
            let first = head.waiting.pop_front().expect("it is there");
            done.extend(self.publish(first));
        }
        done
    }

    /// Notes that the log cannot be written, and ends all writing. Returns what is to be dropped without
    /// the lock.
    fn fail(&self, head: &mut Head<K, V, P>, error: StoreError) -> Vec<Snapshot<K, V, P>> {
        head.failed = Some(error);
        let mut done = Vec::from(mem::take(&mut head.waiting));
        let mut last = self.visible.snapshot();
        last.closed = true;
        done.push(mem::replace(&mut head.newest, last.clone()));
        done.extend(self.publish(last));
        done
    }
}
