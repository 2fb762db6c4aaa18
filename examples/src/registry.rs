//! The workload of `txn_registry`: the transactions that run in a database. Ids ascend, a fixed
//! number is live, and any of the live ones may end next.
//!
//! Keys that come in order and go at random leave gaps everywhere. A hash table whose deletion
//! stops at the wrong entry loses keys to that: a lookup does not find what an iteration still
//! shows.
//!
//! One thread registers and removes ids, a transaction of the table for each pair. It notes what
//! each commit did. A scanner takes snapshots, follows those notes up to the snapshot's commit in a
//! model, and compares: every lookup, and the whole scan.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use indicatif::HumanCount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::difference::{Difference, same};
use crate::ending::{Ending, EndsRun};
use crate::ids::RowId;
use crate::progress::Progress;
use crate::table::{Commit, Snapshot, VersionTable};

/// How many notes may wait for the scanner.
const NOTES: usize = 10_000;
/// After how many commits the marks of removed ids are cleaned away.
const VACUUM_EVERY: u64 = 256;
/// How many rows a step of a vacuum visits.
const VACUUM_BUDGET: usize = 256;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many transactions are live.
    pub live: u64,
    /// Where the random numbers start.
    pub seed: u64,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Counts {
    finished: AtomicU64,
    scans: AtomicU64,
    lookups: AtomicU64,
    marks_removed: AtomicU64,
}

impl Counts {
    /// Transactions that began and ended.
    pub fn finished(&self) -> u64 {
        self.finished.load(Relaxed)
    }

    /// Snapshots that were compared with the model.
    pub fn scans(&self) -> u64 {
        self.scans.load(Relaxed)
    }

    /// Ids that were looked up in these snapshots.
    pub fn lookups(&self) -> u64 {
        self.lookups.load(Relaxed)
    }

    /// Marks of removed ids that were cleaned away.
    pub fn marks_removed(&self) -> u64 {
        self.marks_removed.load(Relaxed)
    }
}

/// What the registry has of a live transaction: its id once more, and the one that ended when it
/// began.
type Entry = (u64, u64);

/// What a commit did.
struct Note {
    commit: Commit,
    began: (RowId, Entry),
    ended: RowId,
}

/// Runs until the end, or until something differs.
///
/// # Errors
///
/// The first difference.
pub fn run(
    settings: Settings,
    counts: &Counts,
    ending: &Ending,
    progress: &Progress,
) -> Result<(), Difference> {
    let first: BTreeMap<RowId, Entry> = (0..settings.live).map(|id| (RowId(id), (id, 0))).collect();
    let table = VersionTable::new(first.iter().map(|(&id, &entry)| (id, entry)));
    let table = &table;
    let (notes, noted) = sync_channel(NOTES);
    thread::scope(|scope| {
        let registrar = scope.spawn(move || {
            let _ends = EndsRun(ending);
            register(table, settings, counts, ending, &notes)
        });
        let scanner = scope.spawn(move || {
            let _ends = EndsRun(ending);
            scan(table, Model { live: first, noted, commit: Commit::from(0) }, counts, ending)
        });
        progress.watch(ending, || {
            format!(
                "{} transactions, {} scans",
                HumanCount(counts.finished()),
                HumanCount(counts.scans())
            )
        });
        [registrar, scanner].into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Difference("a thread panicked".to_owned())))
        })
    })
}

/// Begins a transaction and ends one of those that are live, again and again.
fn register(
    table: &VersionTable<RowId, Entry>,
    settings: Settings,
    counts: &Counts,
    ending: &Ending,
    notes: &SyncSender<Note>,
) -> Result<(), Difference> {
    let mut rng = StdRng::seed_from_u64(settings.seed);
    let mut live: Vec<u64> = (0..settings.live).collect();
    let mut next = settings.live;
    while !ending.has_come() {
        let index = rng.random_range(0..live.len());
        let ended = std::mem::replace(&mut live[index], next);
        let began = (RowId(next), (next, ended));
        next += 1;

        let mut transaction = table.begin();
        same!(transaction.delete(RowId(ended)), true, "whether live id {ended} is found");
        let inserted = transaction.insert(began.0, began.1);
        same!(inserted.is_ok(), true, "whether id {} is new", began.0.0);
        let commit = transaction.commit().map_err(|error| Difference(error.to_string()))?;
        if notes.send(Note { commit, began, ended: RowId(ended) }).is_err() {
            break; // The scanner has ended.
        }
        if (counts.finished.fetch_add(1, Relaxed) + 1).is_multiple_of(VACUUM_EVERY) {
            let removed = table.vacuum(VACUUM_BUDGET).removed as u64;
            counts.marks_removed.fetch_add(removed, Relaxed);
        }
    }
    Ok(())
}

/// Compares snapshots with the model until the end.
fn scan(
    table: &VersionTable<RowId, Entry>,
    mut model: Model,
    counts: &Counts,
    ending: &Ending,
) -> Result<(), Difference> {
    loop {
        // The last comparison is after the end, so that there is one.
        let ended = ending.has_come();
        let snapshot = table.snapshot();
        model.follow(snapshot.commit());
        counts.lookups.fetch_add(model.compare(&snapshot)?, Relaxed);
        counts.scans.fetch_add(1, Relaxed);
        if ended {
            return Ok(());
        }
    }
}

/// What is live according to the notes.
struct Model {
    live: BTreeMap<RowId, Entry>,
    noted: Receiver<Note>,
    /// The last commit that it has.
    commit: Commit,
}

impl Model {
    /// Follows the notes up to a commit.
    fn follow(&mut self, commit: Commit) {
        while self.commit < commit {
            // Who commits sends a note at once. If nobody does any more, the comparison will fail.
            let Ok(Note { commit, began: (id, entry), ended }) = self.noted.recv() else { return };
            self.live.remove(&ended);
            self.live.insert(id, entry);
            self.commit = commit;
        }
    }

    /// Compares a snapshot with the model; returns how many ids it looked up.
    fn compare(&self, snapshot: &Snapshot<RowId, Entry>) -> Result<u64, Difference> {
        let commit = snapshot.commit();
        same!(snapshot.len(), self.live.len(), "live ids after commit {commit}");
        for (&id, entry) in &self.live {
            same!(snapshot.get(id), Some(entry), "{id:?} after commit {commit}");
        }
        // Each entry names an id that ended when it began, which must not be found.
        for &(_, ended) in self.live.values() {
            let found = snapshot.get(RowId(ended));
            same!(found, self.live.get(&RowId(ended)), "ended id {ended} after commit {commit}");
        }
        let scanned: BTreeMap<RowId, Entry> =
            snapshot.iter().map(|(id, &entry)| (id, entry)).collect();
        same!(&scanned, &self.live, "a scan after commit {commit}");
        Ok(2 * self.live.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn snapshots_and_model_agree() {
        let ending = Ending::after(Duration::from_millis(300));
        let counts = Counts::default();
        let settings = Settings { live: 100, seed: 1 };
        assert_eq!(run(settings, &counts, &ending, &Progress::hidden()), Ok(()));
        assert!(counts.finished() > 0 && counts.scans() > 0 && counts.lookups() > 0);
    }

    /// A snapshot with these entries, and a model of ids 0 to 9.
    fn compared(entries: impl IntoIterator<Item = (RowId, Entry)>) -> Result<u64, Difference> {
        let live = (0..10).map(|id| (RowId(id), (id, 0))).collect();
        let (_, noted) = sync_channel(1);
        let model = Model { live, noted, commit: Commit::from(0) };
        model.compare(&VersionTable::new(entries).snapshot())
    }

    #[test]
    fn lost_invented_and_wrong_entries_are_found() {
        let entries = |ids: std::ops::Range<u64>| ids.map(|id| (RowId(id), (id, 0)));
        assert_eq!(compared(entries(0..10)), Ok(20));
        assert!(compared(entries(0..9)).is_err());
        assert!(compared(entries(0..11)).is_err());
        assert!(compared(entries(1..11)).is_err());
        assert!(compared(entries(0..9).chain([(RowId(9), (8, 0))])).is_err());
    }
}
