//! A disk in memory, which forgets what was not synced when its machine stops, and fails when it is
//! told to.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cowmap_examples::table::store::{Disk, DiskFile};
use parking_lot::{Condvar, Mutex};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The machine stops at this operation, counted from now; a write may be done in part.
    StopAt(u64),
    /// This operation fails, those after it do not. A sync that fails takes what was to be synced for
    /// synced, as systems do; it is in memory only from then on.
    FailAt(u64),
    /// All operations fail from this one on, as on a disk that is full; nothing is lost.
    FailFrom(u64),
    /// This operation panics.
    PanicAt(u64),
    /// What is behind this byte of any file cannot be read.
    ReadsUpTo(u64),
}

/// The disk. Clones are handles of one disk.
#[derive(Clone, Default)]
pub(crate) struct SimDisk {
    state: Arc<Mutex<State>>,
    opened: Arc<Condvar>,
}

#[derive(Clone, Default)]
struct State {
    files: Vec<Content>,
    /// What the system has in memory.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    renamed: Vec<Renaming>,
    operations: u64,
    syncs: u64,
    fault: Option<Fault>,
    locked: bool,
    /// Syncs wait while this is set.
    gate_closed: bool,
    /// How many wait.
    at_gate: usize,
}

/// Syncs wait as long as it is there. It opens also when a test fails, whose threads would wait for
/// ever.
pub(crate) struct Gate(SimDisk);

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.state.lock().gate_closed = false;
        self.0.opened.notify_all();
    }
}

/// What is in a file.
#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    written: Vec<Writing>,
}

#[derive(Clone)]
enum Writing {
    Bytes(usize, Vec<u8>),
    Cut(usize),
}

impl Writing {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Writing::Bytes(at, bytes) => {
                let end = at + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*at..end].copy_from_slice(bytes);
            }
            Writing::Cut(length) => to.resize(*length, 0),
        }
    }
}

/// A change of the names.
#[derive(Clone)]
struct Renaming {
    gone: Option<String>,
    new: Option<(String, usize)>,
}

impl Renaming {
    fn apply(&self, to: &mut BTreeMap<String, usize>) {
        if let Some(gone) = &self.gone {
            to.remove(gone);
        }
        if let Some((name, file)) = &self.new {
            to.insert(name.clone(), *file);
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the machine has stopped")
}

impl State {
    /// Counts an operation; returns what is wrong with it.
    fn operate(&mut self) -> io::Result<()> {
        let now = self.operations;
        self.operations += 1;
        match self.fault {
            Some(Fault::StopAt(at)) if now >= at => Err(stopped()),
            Some(Fault::FailAt(at)) if now == at => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::FailFrom(at)) if now >= at => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::PanicAt(at)) if now == at => {
                panic!("operation {at} panics, as it was told to")
            }
            _ => Ok(()),
        }
    }

    fn file(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&mut self, renaming: Renaming) {
        renaming.apply(&mut self.names);
        self.renamed.push(renaming);
    }
}

impl SimDisk {
    /// Lets something go wrong, counted from now.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state.lock();
        state.operations = 0;
        state.fault = fault;
    }

    /// How many operations there were since the last call of `set_fault`.
    pub(crate) fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// How many files were synced, ever.
    pub(crate) fn syncs(&self) -> u64 {
        self.state.lock().syncs
    }

    /// Lets syncs wait until the gate is dropped.
    pub(crate) fn close_gate(&self) -> Gate {
        self.state.lock().gate_closed = true;
        Gate(self.clone())
    }

    /// Waits until a sync waits; does not wait for ever.
    pub(crate) fn wait_at_gate(&self) {
        let mut state = self.state.lock();
        let came = |state: &mut State| state.at_gate == 0;
        let waited = self.opened.wait_while_for(&mut state, came, Duration::from_secs(60));
        assert!(!waited.timed_out(), "no sync came");
    }

    /// The disk as another machine finds it after this one has stopped: with all that was synced, and
    /// some of the rest.
    pub(crate) fn after_stop(&self, seed: u64) -> SimDisk {
        let mut rng = StdRng::seed_from_u64(seed);
        let old = self.state.lock().clone();
        // All, nothing, or something: each with its own chance, for what is in files and for names.
        let mut chance = || [0.0, 1.0, 0.5, 0.9, 0.1][rng.random_range(0..5)];
        let (chance, chance_of_names) = (chance(), chance());
        let mut state = State { files: old.files, ..State::default() };
        for file in &mut state.files {
            for writing in std::mem::take(&mut file.written) {
                // In pieces, as a file system writes blocks, in any order.
                match writing {
                    Writing::Bytes(at, bytes) => {
                        let piece = rng.random_range(1..=bytes.len().clamp(1, 40));
                        for (index, part) in bytes.chunks(piece).enumerate() {
                            if rng.random_bool(chance) {
                                let part = Writing::Bytes(at + index * piece, part.to_vec());
                                part.apply(&mut file.durable);
                            }
                        }
                    }
                    cut if rng.random_bool(chance) => cut.apply(&mut file.durable),
                    _ => {}
                }
            }
            file.now.clone_from(&file.durable);
        }
        state.durable_names = old.durable_names;
        for renaming in old.renamed {
            if rng.random_bool(chance_of_names) {
                renaming.apply(&mut state.durable_names);
            }
        }
        state.names = state.durable_names.clone();
        SimDisk { state: Arc::new(Mutex::new(state)), opened: Arc::default() }
    }

    /// The same disk after its process has ended: nothing is lost.
    pub(crate) fn after_exit(&self) -> SimDisk {
        let mut state = self.state.lock().clone();
        (state.fault, state.locked, state.operations) = (None, false, 0);
        SimDisk { state: Arc::new(Mutex::new(state)), opened: Arc::default() }
    }

    /// All files and what is in them.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state.lock();
        state.names.iter().map(|(name, &at)| (name.clone(), state.files[at].now.clone())).collect()
    }

    /// A disk with these files.
    pub(crate) fn of(files: &BTreeMap<String, Vec<u8>>) -> SimDisk {
        let mut state = State::default();
        for (name, bytes) in files {
            state.names.insert(name.clone(), state.files.len());
            let (now, durable) = (bytes.clone(), bytes.clone());
            state.files.push(Content { now, durable, written: Vec::new() });
        }
        state.durable_names = state.names.clone();
        SimDisk { state: Arc::new(Mutex::new(state)), opened: Arc::default() }
    }
}

/// Frees the disk.
struct Locked(Arc<Mutex<State>>);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.lock().locked = false;
    }
}

impl Disk for SimDisk {
    fn lock(&self) -> io::Result<Box<dyn Any + Send + Sync>> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Locked(Arc::clone(&self.state))))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state.lock().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read>> {
        let state = self.state.lock();
        let bytes = Cursor::new(state.files[state.file(name)?].now.clone());
        match state.fault {
            Some(Fault::ReadsUpTo(at)) => Ok(Box::new(bytes.take(at).chain(Unreadable))),
            _ => Ok(Box::new(bytes)),
        }
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = self.state.lock().file(name)?;
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.operate()?;
        let file = state.files.len();
        state.files.push(Content::default());
        state.rename(Renaming { gone: None, new: Some((name.to_owned(), file)) });
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.operate()?;
        let new = Some((to.to_owned(), state.file(from)?));
        state.rename(Renaming { gone: Some(from.to_owned()), new });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.operate()?;
        state.file(name)?;
        state.rename(Renaming { gone: Some(name.to_owned()), new: None });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.operate()?;
        state.renamed.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/disk").join(name)
    }
}

/// What cannot be read.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("a bad sector"))
    }
}

/// A file that is written.
struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for SimFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        let operated = state.operate();
        // Half of it may be there when it fails.
        let written = if operated.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        let now = state.operations - 1;
        let happens = match state.fault {
            Some(Fault::StopAt(at)) => now <= at,
            _ => true,
        };
        if happens {
            let writing = Writing::Bytes(at as usize, written.to_vec());
            let content = &mut state.files[self.file];
            writing.apply(&mut content.now);
            content.written.push(writing);
        }
        operated
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        state.operate()?;
        let content = &mut state.files[self.file];
        let writing = Writing::Cut(length as usize);
        writing.apply(&mut content.now);
        content.written.push(writing);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        while state.gate_closed {
            state.at_gate += 1;
            self.disk.opened.notify_all();
            self.disk.opened.wait(&mut state);
            state.at_gate -= 1;
        }
        let operated = state.operate();
        if operated.is_err() && matches!(state.fault, Some(Fault::StopAt(_))) {
            return operated;
        }
        state.syncs += 1;
        let content = &mut state.files[self.file];
        let written = std::mem::take(&mut content.written);
        // Where it fails, half of them are on the disk never, unless they are written again.
        for (number, writing) in written.iter().enumerate() {
            match writing {
                _ if operated.is_ok() => writing.apply(&mut content.durable),
                Writing::Bytes(at, bytes) => {
                    for (index, part) in bytes.chunks(7).enumerate() {
                        if (index + number) % 2 == 1 {
                            let part = Writing::Bytes(at + index * 7, part.to_vec());
                            part.apply(&mut content.durable);
                        }
                    }
                }
                Writing::Cut(_) => {}
            }
        }
        operated
    }
}
