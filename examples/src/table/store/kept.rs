//! Which checkpoints there are, and how the next one is made.
//!
//! The table as it was at the last checkpoint is kept in memory, as a snapshot. The next checkpoint is
//! the difference to it, which is found and written while transactions go on. When the differences
//! together are larger than the full checkpoint that they follow, all rows are written again.

use cowmap::{Paging, SentinelKey};
use parking_lot::Mutex;
use serde::Serialize;

use crate::table::Commit;
use crate::table::commits::Commits;
use crate::table::snapshot::Snapshot;

use super::checkpoint::{Written, write};
use super::disk::Disk;
use super::error::StoreError;
use super::header::Kind;
use super::names::Name;

/// More files with changes than this are not read one after the other.
const MOST_CHANGES: usize = 100;

/// A checkpoint that was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The table is in it as it was after this commit.
    pub commit: Commit,
    /// Whether it has all rows, and not those that changed since the last one.
    pub full: bool,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The checkpoints of a table.
pub(super) struct Kept<K: SentinelKey, V, P: Paging> {
    /// The table as it was at the last one.
    base: Snapshot<K, V, P>,
    /// The checksum of the last one.
    sum: u32,
    /// Bytes of the full one, if there is one, and of the changes after it.
    full_bytes: Option<u64>,
    changes_bytes: u64,
    changes: usize,
}

impl<K: SentinelKey, V, P: Paging> Kept<K, V, P> {
    /// There is none, and the table was this.
    pub(super) fn new(base: Snapshot<K, V, P>) -> Self {
        Kept { base, sum: 0, full_bytes: None, changes_bytes: 0, changes: 0 }
    }

    pub(super) fn sum(&self) -> u32 {
        self.sum
    }

    /// The last commit that is in one.
    pub(super) fn commit(&self) -> Commit {
        self.base.commit()
    }

    /// There is one more.
    pub(super) fn add(&mut self, name: Name, written: Written, base: Snapshot<K, V, P>) {
        if name.kind() == Kind::Full {
            (self.full_bytes, self.changes_bytes, self.changes) = (Some(written.bytes), 0, 0);
        } else {
            self.changes_bytes += written.bytes;
            self.changes += 1;
        }
        (self.base, self.sum) = (base, written.sum);
    }

    /// What the next one is.
    fn next(&self, to: Commit, full: bool) -> Name {
        let goes_on = self.full_bytes.is_some_and(|full| self.changes_bytes <= full)
            && self.changes < MOST_CHANGES;
        if full || !goes_on {
            Name::Full { at: to }
        } else {
            Name::Changes { from: self.commit(), to }
        }
    }
}

/// Writes a checkpoint of what is committed; none if nothing was since the last one. Then removes the
/// files that it replaces.
pub(super) fn checkpoint<K, V, P>(
    commits: &Commits<K, V, P>,
    kept: &Mutex<Kept<K, V, P>>,
    (disk, table): (&dyn Disk, &str),
    full: bool,
) -> Result<Option<Checkpoint>, StoreError>
where
    K: SentinelKey + Serialize,
    V: Clone + Serialize,
    P: Paging,
{
    // One is made after the other.
    let mut kept = kept.lock();
    let (snapshot, log) = commits.rotate()?;
    let to = snapshot.commit();
    if to == kept.commit() && (!full || kept.full_bytes.is_none() || kept.changes == 0) {
        return Ok(None);
    }
    let name = kept.next(to, full);
    let written = match name {
        Name::Changes { .. } => {
            write(disk, (table, name), (kept.sum, log), snapshot.rows_since(&kept.base))
        }
        _ => write(disk, (table, name), (0, log), snapshot.rows_since_ever()),
    };
    // One that failed may have its name all the same, and be read instead of those that there were. So
    // the next one must not continue those: one with all rows is read in place of any.
    let written = written.inspect_err(|_| kept.full_bytes = None)?;
    kept.add(name, written, snapshot);
    remove_replaced(disk, name);
    Ok(Some(Checkpoint {
        commit: to,
        full: name.kind() == Kind::Full,
        rows: written.rows,
        bytes: written.bytes,
    }))
}

/// Removes files that nobody needs beside a checkpoint. One that stays does no harm: the next
/// checkpoint or opening tries again.
fn remove_replaced(disk: &dyn Disk, by: Name) {
    let (_, to) = by.commits();
    for file in disk.names().unwrap_or_default() {
        let replaced = match Name::parse(&file) {
            Some(Name::Log { after }) => after < to,
            Some(name) => by.kind() == Kind::Full && name != by,
            None => false,
        };
        if replaced {
            let _ = disk.remove(&file);
        }
    }
}
