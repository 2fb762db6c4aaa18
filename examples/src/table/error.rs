//! Why a transaction does not write what it should.

use std::error::Error;
use std::fmt;

use super::Commit;
use super::store::{EncodeError, StoreError};

/// A row that was to be inserted is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Present<K> {
    /// The row's key.
    pub key: K,
}

impl<K: fmt::Debug> fmt::Display for Present<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {:?} is there already: `put` replaces it", self.key)
    }
}

impl<K: fmt::Debug> Error for Present<K> {}

/// A transaction met another one's commit, which came first: nothing of it was written. It can
/// be begun anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conflict<K> {
    /// Both wrote a row.
    Written {
        /// The row's key.
        key: K,
        /// The newest commit that the transaction knew.
        begun: Commit,
        /// The commit that wrote the row since.
        committed: Commit,
    },
    /// A serializable transaction read a row that the other one wrote.
    Read {
        /// The row's key.
        key: K,
        /// The newest commit that the transaction knew.
        begun: Commit,
        /// The commit that wrote the row since.
        committed: Commit,
    },
    /// A serializable transaction scanned the table, and the other one wrote some row.
    Scanned {
        /// The newest commit that the transaction knew.
        begun: Commit,
        /// The newest commit since.
        committed: Commit,
    },
}

impl<K: Copy> Conflict<K> {
    /// The key of the row, unless the transaction scanned the table.
    pub fn key(&self) -> Option<K> {
        match *self {
            Conflict::Written { key, .. } | Conflict::Read { key, .. } => Some(key),
            Conflict::Scanned { .. } => None,
        }
    }

    /// The newest commit that the transaction knew.
    pub fn begun(&self) -> Commit {
        match *self {
            Conflict::Written { begun, .. }
            | Conflict::Read { begun, .. }
            | Conflict::Scanned { begun, .. } => begun,
        }
    }

    /// The commit that came first.
    pub fn committed(&self) -> Commit {
        match *self {
            Conflict::Written { committed, .. }
            | Conflict::Read { committed, .. }
            | Conflict::Scanned { committed, .. } => committed,
        }
    }
}

impl<K: Copy + fmt::Debug> fmt::Display for Conflict<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begun, committed) = (u64::from(self.begun()), u64::from(self.committed()));
        match self {
            Conflict::Written { key, .. } => {
                write!(f, "row {key:?} was written by commit {committed}")?;
            }
            Conflict::Read { key, .. } => {
                write!(f, "row {key:?}, which was read, was written by commit {committed}")?;
            }
            Conflict::Scanned { .. } => {
                write!(f, "the table, which was scanned, was changed by commit {committed}")?;
            }
        }
        write!(f, "; the transaction began after commit {begun}: begin it anew")
    }
}

impl<K: Copy + fmt::Debug> Error for Conflict<K> {}

/// Why a transaction did not commit. Nothing of it is visible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommitError<K> {
    /// Another transaction came first.
    Conflict(Conflict<K>),
    /// The table is closed.
    Closed,
    /// What it wrote cannot be written to the log.
    Encode(EncodeError),
    /// The log of the table could not be written before: nothing is, until the table is opened again.
    Stopped(StoreError),
    /// The log of the table could not be written, or not synced. The commit may be there when the table
    /// is opened again, or not; until then nothing is written any more.
    Unknown {
        /// The number that the commit has, if it is there.
        commit: Commit,
        /// What happened.
        error: StoreError,
    },
}

impl<K: Copy + fmt::Debug> fmt::Display for CommitError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommitError::Conflict(conflict) => conflict.fmt(f),
            CommitError::Closed => f.write_str("the table is closed, and takes no more commits"),
            CommitError::Encode(error) => error.fmt(f),
            CommitError::Stopped(error) => write!(
                f,
                "the table takes no more commits until it is opened again, because of this: {error}"
            ),
            CommitError::Unknown { commit, error } => write!(
                f,
                "whether commit {commit} lasts is known when the table is opened again: {error}"
            ),
        }
    }
}

impl<K: Copy + fmt::Debug> Error for CommitError<K> {}

impl<K> From<Conflict<K>> for CommitError<K> {
    fn from(conflict: Conflict<K>) -> Self {
        CommitError::Conflict(conflict)
    }
}
