//! A table that survives, and a process that does not: it is killed at random moments, and what is
//! found then is compared with a model.
//!
//! | question | file |
//! |---|---|
//! | What does each transaction do? | `work.rs` |
//! | What must be in the table then? | `model.rs` |
//! | What does the process do that is killed? | `writer.rs` |
//! | What does it say, and what follows from that? | `said.rs`, `expected.rs` |
//! | When is it killed? When is the table compared? | `run.rs` |
//!
//! # How it works
//!
//! Several threads of one process commit. What transaction 17 of thread 2 does follows from a seed
//! and these two numbers: it moves money, inserts some notes and deletes others. It also writes 17
//! in a row of thread 2. So the table itself says which transactions are in it, and a model repeats
//! them. There is one commit for each, after a first one that makes the accounts: the number of the
//! last commit must be the number of transactions.
//!
//! The process says over its standard output what was acknowledged, and with which number. After a
//! kill these must hold:
//!
//! * a transaction is in the table if and only if its commit is not after the last one;
//! * with [`Durability::Sync`] every acknowledged one is, and with
//!   [`Durability::Buffered`] every one that was synced;
//! * all rows are those of the model, so that no commit is there in part.
//!
//! Now and then bytes are put behind the last log of the dead process: the beginning of that log
//! once more, as a disk may have old bytes where new ones should be. The next opening must cut them,
//! and say so.
//!
//! # What this does not test
//!
//! A process that is killed loses its memory. What it wrote to files stays with the system, synced
//! or not. So this finds commits that are acknowledged before they are *written*, and wrong order
//! between files. It cannot find a sync that is missing: only a power failure shows that. The tests
//! in `tests/durability` run on a simulated disk that forgets what was not synced.

mod expected;
mod model;
mod run;
mod said;
mod work;
pub mod writer;

pub use run::{CrashError, Durabilities, Settings, Summary, run};

use std::path::Path;

use crate::ids::RowId;
use crate::table::store::{Options, StoreError};
use crate::table::{Durability, VersionTable};

use work::Value;

/// A checkpoint is made when the log has so many bytes: few, so that there are many.
const CHECKPOINT_FROM: u64 = 1 << 18;

type Table = VersionTable<RowId, Value>;

/// Opens the table.
fn open(folder: &Path, durability: Durability) -> Result<Table, StoreError> {
    let options = Options::new().named("crashes/1").durability(durability);
    options.checkpoint_from(Some(CHECKPOINT_FROM)).open(folder)
}
