//! A table that survives its process and its machine: a log of commits, and checkpoints.
//!
//! | question | file |
//! |---|---|
//! | How is a table opened, and kept? | `mod.rs` |
//! | Which files are there, and what are their names? | `names.rs` |
//! | What does each file begin with? What are its parts? | `header.rs`, `frame.rs` |
//! | How are rows written? | `entry.rs` |
//! | How do commits get into the log? | `log.rs` |
//! | What is in a checkpoint? When is one made, and of what? | `checkpoint.rs`, `kept.rs` |
//! | Which files are read when a table is opened? | `plan.rs` |
//! | What is in them, what is an error, and what is a tear? | `recovery.rs` |
//! | Which threads sync, and make checkpoints? | `keeper.rs` |
//! | What is asked of a disk? | `disk.rs` |
//! | What can go wrong? | `error.rs` |
//! | What is in the files, whatever their rows are? | `inspect.rs` |
//!
//! ```text
//!   full-00…100     changes-00…100-00…250     changes-00…250-00…400     log-00…400
//!   ───────────     ─────────────────────     ─────────────────────     ──────────
//!   all rows after  what differs after 250    what differs after 400    the commits
//!   commit 100                                                          401, 402, …
//! ```
//!
//! A checkpoint is made in these steps: sync the log, and go on in a new file; take a snapshot; write
//! what differs from the last checkpoint's snapshot to a new file, sync it, give it its name, sync the
//! folder; remove what it replaces. A crash between any two of them leaves what recovery can read.

mod checkpoint;
mod disk;
mod entry;
mod error;
mod frame;
mod header;
pub mod inspect;
mod keeper;
mod kept;
mod log;
mod names;
mod plan;
mod recovery;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cowmap::{Paging, Retention, SentinelKey};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use disk::{Disk, DiskFile, Folder};
pub use error::{EncodeError, StoreError};
pub use kept::Checkpoint;
pub use recovery::{Cut, Recovery};

pub(super) use keeper::Wake;
pub(super) use log::LogFile;

use header::LONGEST_NAME;
use keeper::Keeper;
use recovery::Reading;

use super::commits::Commits;
use super::transaction::Writes;
use super::{Commit, VersionTable};

/// When a commit is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// Before it is visible, and acknowledged. Commits that wait at the same time are synced together.
    #[default]
    Sync,
    /// A little later ([`Options::sync_every`]), also while a checkpoint is made. A crash loses the last
    /// commits; those before are there, and none is there in part.
    Buffered,
}

/// How a table is opened.
///
/// # Examples
///
/// ```
/// use cowmap_examples::table::VersionTable;
/// use cowmap_examples::table::store::{Durability, Options};
///
/// let dir = std::env::temp_dir().join(format!("cowmap-doc-{}", std::process::id()));
/// let table: VersionTable<u64, String> =
///     Options::new().named("people/1").durability(Durability::Buffered).open(&dir)?;
/// let mut transaction = table.begin();
/// transaction.put(1, "Ada".to_owned());
/// let commit = transaction.commit()?;
/// drop(table);
///
/// let table: VersionTable<u64, String> = Options::new().named("people/1").open(&dir)?;
/// assert_eq!((table.newest(), table.snapshot().get(1).cloned()), (commit, Some("Ada".to_owned())));
/// # drop(table);
/// # std::fs::remove_dir_all(dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    durability: Durability,
    retention: Retention,
    name: String,
    checkpoint_from: Option<u64>,
    sync_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            durability: Durability::Sync,
            retention: Retention::last(1),
            name: String::new(),
            checkpoint_from: Some(64 << 20),
            sync_every: Duration::from_millis(20),
        }
    }
}

impl Options {
    /// Every commit is synced; a checkpoint is made when the log has 64 MiB; no past is kept in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// When a commit is on the disk.
    #[must_use]
    pub fn durability(self, durability: Durability) -> Self {
        Options { durability, ..self }
    }

    /// What the table keeps of its past. What was before it is opened is not kept.
    #[must_use]
    pub fn retention(self, retention: Retention) -> Self {
        Options { retention, ..self }
    }

    /// A name that says what the rows are, with a version perhaps. The files have it, and files with
    /// another one are refused: their rows could be taken for something that they are not.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Options { name: name.into(), ..self }
    }

    /// A checkpoint is made in the background when the log has this many bytes; `None`: only by
    /// [`VersionTable::checkpoint`].
    #[must_use]
    pub fn checkpoint_from(self, bytes: Option<u64>) -> Self {
        Options { checkpoint_from: bytes, ..self }
    }

    /// How long a commit may be buffered, with [`Durability::Buffered`]: a millisecond or more, and the
    /// time that the disk takes.
    #[must_use]
    pub fn sync_every(self, time: Duration) -> Self {
        Options { sync_every: time.max(Duration::from_millis(1)), ..self }
    }

    /// Opens the table in a folder. An empty folder, or none, becomes a table without rows.
    ///
    /// It reads all rows into memory: O(rows + commits since the last checkpoint). Keys and values must
    /// be read again from what they serialise to in postcard, which has no names of fields:
    /// `#[serde(untagged)]`, `flatten` and `skip_serializing_if` do not. Where debug assertions are on,
    /// a commit of such a row is an error.
    ///
    /// # Errors
    ///
    /// If the table is open already, the files are damaged or not those of such a table, or the disk
    /// fails. No commit is lost then. A tail of the log that is not whole may have been cut.
    pub fn open<K, V, P>(
        self,
        folder: impl Into<PathBuf>,
    ) -> Result<VersionTable<K, V, P>, StoreError>
    where
        K: SentinelKey + Serialize + DeserializeOwned + Send + Sync + 'static,
        V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        P: Paging + 'static,
    {
        let path = folder.into();
        let folder = Folder::new(&path).map_err(StoreError::io("making the folder", path))?;
        self.open_on(folder)
    }

    /// Opens the table on a disk.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on<K, V, P>(
        self,
        disk: impl Disk + 'static,
    ) -> Result<VersionTable<K, V, P>, StoreError>
    where
        K: SentinelKey + Serialize + DeserializeOwned + Send + Sync + 'static,
        V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        P: Paging + 'static,
    {
        let disk: Arc<dyn Disk> = Arc::new(disk);
        if self.name.len() > LONGEST_NAME {
            let why = format!(
                "a name of {} bytes does not go into the files: at most {LONGEST_NAME}",
                self.name.len()
            );
            return Err(StoreError::Foreign { path: disk.path(""), why });
        }
        let mut reading = Reading::<K, V, P>::new(&disk, &self.name);
        reading.refuse_foreign()?;
        let lock = lock(&*disk)?;
        reading.read()?;
        let log = reading.settle()?;
        let Reading { table, kept, recovery, .. } = reading;

        let Options { durability, retention, name, checkpoint_from, sync_every } = self;
        let (wake, woken) = keeper::channel();
        let teller = checkpoint_from.map(|_| wake.clone());
        let limit = checkpoint_from.unwrap_or(u64::MAX);
        let commits = Commits::logged(table, retention, durability, log, limit, teller);
        let commits = Arc::new(commits);

        let kept = Arc::new(Mutex::new(kept));
        let checkpoints = {
            let (commits, kept) = (Arc::clone(&commits), Arc::clone(&kept));
            move |full| kept::checkpoint(&commits, &kept, (&*disk, &name), full)
        };
        let checkpoints: Arc<Checkpoints> = Arc::new(checkpoints);
        let failed = Arc::new(Mutex::new(None));
        let mut keepers = Vec::new();
        if checkpoint_from.is_some() {
            let (checkpoints, failed) = (Arc::clone(&checkpoints), Arc::clone(&failed));
            let panicked = StoreError::Panicked { doing: "making a checkpoint" };
            let task = move || {
                let made = catch_unwind(AssertUnwindSafe(|| checkpoints(false)));
                *failed.lock() = made.map_or_else(|_| Some(panicked.clone()), Result::err);
            };
            keepers.push(Keeper::start((wake, woken), None, task)?);
        }
        if durability == Durability::Buffered {
            let commits = Arc::clone(&commits);
            // If it fails, commits say so.
            let task = move || drop(commits.sync());
            keepers.push(Keeper::start(keeper::channel(), Some(sync_every), task)?);
        }
        let store = Store {
            keepers,
            sync: {
                let commits = Arc::clone(&commits);
                Box::new(move || commits.sync())
            },
            encode: entry::writes,
            checkpoints,
            checkpointed: Box::new(move || kept.lock().commit()),
            failed,
            recovery,
            _lock: lock,
        };
        Ok(VersionTable::of_parts(commits, Some(store)))
    }

    /// Reads what can be read of a table whose files are damaged, up to the last commit before the
    /// damage, and changes none of them.
    ///
    /// # Errors
    ///
    /// If there is no such folder, or the table is open.
    pub fn salvage<K, V, P>(
        self,
        folder: impl Into<PathBuf>,
    ) -> Result<Salvaged<K, V, P>, StoreError>
    where
        K: SentinelKey + DeserializeOwned,
        V: Clone + DeserializeOwned,
        P: Paging,
    {
        let path = folder.into();
        let folder = Folder::existing(&path).map_err(StoreError::io("reading the folder", path))?;
        self.salvage_on(folder)
    }

    /// Reads what can be read on a disk.
    ///
    /// # Errors
    ///
    /// As [`salvage`](Self::salvage).
    pub fn salvage_on<K, V, P>(
        self,
        disk: impl Disk + 'static,
    ) -> Result<Salvaged<K, V, P>, StoreError>
    where
        K: SentinelKey + DeserializeOwned,
        V: Clone + DeserializeOwned,
        P: Paging,
    {
        let disk: Arc<dyn Disk> = Arc::new(disk);
        // A disk that cannot be written need not be locked.
        let _lock = match lock(&*disk) {
            Err(error @ StoreError::InUse { .. }) => return Err(error),
            lock => lock.ok(),
        };
        let mut reading = Reading::<K, V, P>::new(&disk, &self.name);
        let error = reading.refuse_foreign().and_then(|()| reading.read()).err();
        let Reading { table, recovery, .. } = reading;
        let commits = Commits::new(table, self.retention);
        let table = VersionTable::of_parts(Arc::new(commits), None);
        Ok(Salvaged { table, error, recovery })
    }
}

/// What could be read of a table, from [`Options::salvage`].
pub struct Salvaged<K: SentinelKey, V, P: Paging> {
    /// The table as it was before the damage, in memory.
    pub table: VersionTable<K, V, P>,
    /// What [`Options::open`] says, if it fails.
    pub error: Option<StoreError>,
    /// What was read, and what was not whole behind it.
    pub recovery: Recovery,
}

/// Takes a disk for one table.
fn lock(disk: &dyn Disk) -> Result<Box<dyn Any + Send + Sync>, StoreError> {
    disk.lock().map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => StoreError::InUse { path: disk.path("") },
        _ => StoreError::io("locking", disk.path(""))(error),
    })
}

type Encode<K, V> = fn(&Writes<K, V>) -> Result<Vec<u8>, EncodeError>;
type Checkpoints = dyn Fn(bool) -> Result<Option<Checkpoint>, StoreError> + Send + Sync;

/// How a table survives.
pub(super) struct Store<K: SentinelKey, V> {
    /// They end before anything else does.
    keepers: Vec<Keeper>,
    encode: Encode<K, V>,
    sync: Box<dyn Fn() -> Result<Commit, StoreError> + Send + Sync>,
    checkpoints: Arc<Checkpoints>,
    /// The commit of the last checkpoint.
    checkpointed: Box<dyn Fn() -> Commit + Send + Sync>,
    /// Why the last checkpoint in the background was not made.
    failed: Arc<Mutex<Option<StoreError>>>,
    recovery: Recovery,
    /// Dropped last.
    _lock: Box<dyn Any + Send + Sync>,
}

impl<K: SentinelKey, V> Drop for Store<K, V> {
    fn drop(&mut self) {
        self.keepers.clear();
        // What is buffered lasts, if it can.
        let _ = (self.sync)();
    }
}

/// What is on the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// The last commit that is on the disk.
    pub durable: Commit,
    /// The last commit that is in a checkpoint.
    pub checkpoint: Commit,
    /// Why nothing is written any more, until the table is opened again.
    pub stopped: Option<StoreError>,
    /// Why the last checkpoint in the background was not made. The next one is tried when the log is
    /// long again.
    pub checkpoint_failed: Option<StoreError>,
}

/// Surviving. Tables that were made in memory do not.
impl<K: SentinelKey, V: Clone, P: Paging> VersionTable<K, V, P> {
    /// Opens the table in a folder, as [`Options::open`] does: each commit is on the disk before it is
    /// acknowledged.
    ///
    /// # Errors
    ///
    /// As [`Options::open`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError>
    where
        K: Serialize + DeserializeOwned + Send + Sync + 'static,
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        P: 'static,
    {
        Options::new().open(folder)
    }

    /// What was found when the table was opened; `None` for a table in memory.
    pub fn recovery(&self) -> Option<&Recovery> {
        Some(&self.store.as_ref()?.recovery)
    }

    /// What is on the disk; `None` for a table in memory. It waits for a checkpoint that is being made.
    pub fn status(&self) -> Option<Status> {
        let store = self.store.as_ref()?;
        let (durable, stopped) = self.commits.durable();
        Some(Status {
            durable: durable?,
            checkpoint: (store.checkpointed)(),
            stopped,
            checkpoint_failed: store.failed.lock().clone(),
        })
    }

    /// How many commits are not on the disk yet; 0 for a table in memory.
    pub fn queued(&self) -> usize {
        self.commits.queued()
    }

    /// Returns when all that was committed is on the disk, and its last commit. A table in memory does
    /// nothing.
    ///
    /// # Errors
    ///
    /// If the log cannot be written.
    pub fn sync(&self) -> Result<Commit, StoreError> {
        match &self.store {
            Some(store) => (store.sync)(),
            None => Ok(self.newest()),
        }
    }

    /// Writes what changed since the last checkpoint, or all rows now and then, so that the log is
    /// short again. Transactions go on meanwhile. Returns `None` if nothing was committed since, or the
    /// table is in memory.
    ///
    /// O(changes), and O(rows) when the changes together are larger than the rows.
    ///
    /// # Errors
    ///
    /// If the disk fails. What was there is there still, and the log goes on, unless it fails, too.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        self.store.as_ref().map_or(Ok(None), |store| (store.checkpoints)(false))
    }

    /// Writes a checkpoint with all rows, after which others are of no use. Otherwise as
    /// [`checkpoint`](Self::checkpoint).
    ///
    /// # Errors
    ///
    /// As [`checkpoint`](Self::checkpoint).
    pub fn checkpoint_full(&self) -> Result<Option<Checkpoint>, StoreError> {
        self.store.as_ref().map_or(Ok(None), |store| (store.checkpoints)(true))
    }

    /// What a transaction wrote, for the log, if there is one.
    pub(super) fn encode(&self, writes: &Writes<K, V>) -> Result<Option<Vec<u8>>, EncodeError> {
        self.store.as_ref().map(|store| (store.encode)(writes)).transpose()
    }
}
