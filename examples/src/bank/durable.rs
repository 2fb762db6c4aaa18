//! Accounts that survive: in a table with a log, in a folder.

use std::fmt;
use std::path::Path;

use indicatif::{BinaryBytes, HumanCount};

use super::{Settings, first_accounts, run_on};
use crate::bank::Report;
use crate::ending::Ending;
use crate::ids::RowId;
use crate::progress::Progress;
use crate::table::store::{Options, Recovery, StoreError};
use crate::table::{Commit, CommitError, Durability, VersionTable};

/// The log is replaced by a checkpoint when it has so many bytes: few, so that a short run has
/// some.
const CHECKPOINT_FROM: u64 = 1 << 20;

/// A bank in a folder.
pub struct Durable {
    table: VersionTable<RowId, i64>,
    durability: Durability,
}

/// Why there is no bank.
#[derive(Debug, thiserror::Error)]
pub enum NoBank {
    /// The folder cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The accounts could not be made.
    #[error("the accounts could not be made: {0}")]
    New(CommitError<RowId>),
    /// It has another number of accounts.
    #[error(
        "the bank in this folder has {found} accounts, and not {expected}: say --accounts {found}"
    )]
    OtherNumber {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: u64,
    },
}

impl NoBank {
    /// Whether there was a bank, and commits are lost.
    pub fn is_loss(&self) -> bool {
        matches!(self, NoBank::Store(StoreError::Damaged { .. } | StoreError::Missing { .. }))
    }
}

impl Durable {
    /// Opens the bank in a folder. An empty folder, or none, becomes a bank in which all accounts
    /// hold the same.
    ///
    /// # Errors
    ///
    /// If the folder has something else, or a bank with another number of accounts.
    pub fn open(folder: &Path, accounts: u64, durability: Durability) -> Result<Self, NoBank> {
        let options = Options::new().named("bank/1").durability(durability);
        let table: VersionTable<RowId, i64> =
            options.checkpoint_from(Some(CHECKPOINT_FROM)).open(folder)?;
        if table.newest() == Commit::from(0) {
            // All in one commit, so that there is no moment with some of them.
            let mut transaction = table.begin();
            for (row, balance) in first_accounts(accounts) {
                transaction.put(row, balance);
            }
            transaction.commit().map_err(NoBank::New)?;
        }
        let found = table.snapshot().len();
        if found as u64 != accounts {
            return Err(NoBank::OtherNumber { found, expected: accounts });
        }
        Ok(Durable { table, durability })
    }

    /// Runs the workload on it.
    ///
    /// # Panics
    ///
    /// Panics if there are fewer than two accounts.
    pub fn run(&self, settings: Settings, ending: &Ending, progress: &Progress) -> Report {
        run_on(&self.table, settings, ending, progress)
    }

    /// What was there, and when commits are on the disk: two lines.
    pub fn found(&self) -> impl fmt::Display {
        let recovery = self.table.recovery().expect("the table has a log");
        let synced = match self.durability {
            Durability::Sync => "each commit is synced before it is acknowledged",
            Durability::Buffered => "commits are acknowledged at once, and synced every 20 ms",
        };
        format!("{}\n{synced}", Found(recovery))
    }

    /// Syncs what is buffered, and says what is on the disk.
    ///
    /// # Errors
    ///
    /// If the log cannot be written.
    pub fn sync(&self) -> Result<String, StoreError> {
        let commit = self.table.sync()?;
        let status = self.table.status().expect("the table has a log");
        if let Some(error) = status.checkpoint_failed {
            return Err(error);
        }
        let checkpoint = match status.checkpoint {
            none if none == Commit::from(0) => "there is no checkpoint yet".to_owned(),
            commit => format!("those up to {commit} are in checkpoints"),
        };
        Ok(format!("all commits up to {commit} are on the disk, {checkpoint}"))
    }
}

/// What was found in a folder.
struct Found<'a>(&'a Recovery);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Recovery { commit, checkpoint, replayed, cut } = self.0;
        let none = Commit::from(0);
        if *commit == none {
            write!(f, "nothing was there")?;
        } else {
            write!(f, "recovered all commits up to {commit}: ")?;
            if *checkpoint > none {
                write!(f, "those up to {checkpoint} from checkpoints, then ")?;
            }
            write!(f, "{} from the log", HumanCount(*replayed))?;
        }
        if let Some(cut) = cut {
            let (path, bytes) = (cut.path.display(), BinaryBytes(cut.bytes));
            write!(f, "\ncut {bytes} from byte {} of {path} on: {}", cut.offset, cut.why)?;
        }
        Ok(())
    }
}
