//! Why a transaction does not write what it should.

use std::error::Error;
use std::fmt;

use super::Commit;

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

/// Why a transaction did not commit. Nothing of it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitError<K> {
    /// Another transaction came first.
    Conflict(Conflict<K>),
    /// The table is closed.
    Closed,
}

impl<K: Copy + fmt::Debug> fmt::Display for CommitError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommitError::Conflict(conflict) => conflict.fmt(f),
            CommitError::Closed => f.write_str("the table is closed, and takes no more commits"),
        }
    }
}

impl<K: Copy + fmt::Debug> Error for CommitError<K> {}

impl<K> From<Conflict<K>> for CommitError<K> {
    fn from(conflict: Conflict<K>) -> Self {
        CommitError::Conflict(conflict)
    }
}
