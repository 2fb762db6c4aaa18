//! Why a table cannot be read from its disk, or written to it.

use std::io;
use std::path::PathBuf;

use crate::table::Commit;

use super::entry::LARGEST_COMMIT;

/// Something is wrong with the files of a table.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk failed.
    #[error("{}: {doing} failed: {message}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// What the system says.
        message: String,
    },
    /// A file is not what was written to it, though that was synced.
    #[error(
        "{}, byte {offset}: {what}. Nothing was changed. What was committed before, up to commit \
         {readable}, can be had by `Options::salvage`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file it begins.
        offset: u64,
        /// What is wrong.
        what: String,
        /// The last commit before it.
        readable: Commit,
    },
    /// A file that must be there is not.
    #[error(
        "{}: commits after {readable} are missing: {what}. Nothing was changed. What was committed \
         before can be had by `Options::salvage`",
        path.display()
    )]
    Missing {
        /// The folder.
        path: PathBuf,
        /// What is missing, and how that is known.
        what: String,
        /// The last commit that is there.
        readable: Commit,
    },
    /// A task panicked: a disk's method, or the serialisation of a row.
    #[error("{doing}: a panic, which was printed")]
    Panicked {
        /// What was tried.
        doing: &'static str,
    },
    /// A row could be committed, and cannot be written to a checkpoint.
    #[error("{}: {error}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        error: EncodeError,
    },
    /// A file or folder is something else than a table of this kind.
    #[error("{}: {why}", path.display())]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// The folder is open already.
    #[error("{}: the table is open already, here or in another process: close it first", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

impl StoreError {
    /// A folder has files, and none of them is a table's.
    pub(super) fn foreign_folder(path: PathBuf) -> Self {
        let why = "this folder has files, and none of a version table: choose an empty one";
        StoreError::Foreign { path, why: why.to_owned() }
    }

    /// What the system said when something was tried with a path.
    pub(super) fn io(doing: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Self {
        move |error| StoreError::Io { doing, path, kind: error.kind(), message: error.to_string() }
    }
}

/// Why rows cannot be written to a file: nothing of them was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// serde or postcard refused a key or a value.
    #[error("a row cannot be written to the log: {0}")]
    Refused(String),
    /// It is more than goes into a frame.
    #[error("a commit of {0} bytes cannot be written to the log: at most {LARGEST_COMMIT}")]
    TooLarge(usize),
}
