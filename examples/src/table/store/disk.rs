//! The files of a table: what is asked of a disk, and a folder that does it.
//!
//! What was written lasts once the file was synced, and a file's name once the disk was. Everything
//! else may be lost when the machine stops, or be there in part: some writes and not those before
//! them, a new name and not the old one. Tests have a disk that fails and forgets in all these ways.

use std::any::Any;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where the files of one table are.
pub trait Disk: Send + Sync {
    /// Takes the disk for one table. It is free again when the value is dropped, or its process ends.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if somebody has taken it.
    fn lock(&self) -> io::Result<Box<dyn Any + Send + Sync>>;
    /// The names of all files.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Reads a file from its beginning.
    ///
    /// # Errors
    ///
    /// If there is none, or the disk fails.
    fn read(&self, name: &str) -> io::Result<Box<dyn Read>>;
    /// Opens a file to be written.
    ///
    /// # Errors
    ///
    /// If there is none, or the disk fails.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Makes an empty file. One with this name is emptied.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name. One with that name is gone.
    ///
    /// # Errors
    ///
    /// If there is none, or the disk fails.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    ///
    /// If there is none, or the disk fails.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Returns when the names of all files last.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn sync(&self) -> io::Result<()>;
    /// Where a file is, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// A file that is written.
pub trait DiskFile: Send {
    /// Writes all bytes at this place.
    ///
    /// # Errors
    ///
    /// If the disk fails. Some of the bytes may be there.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts what is behind this place.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Returns when all that was written lasts.
    ///
    /// # Errors
    ///
    /// If the disk fails. Then it is not known what lasts, also if a later call succeeds.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file that is locked.
const LOCK: &str = "lock";

/// A folder of the file system.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at this path, which is made if there is none.
    ///
    /// # Errors
    ///
    /// If there is something else, or it cannot be made.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let missing = path.ancestors().take_while(|path| !path.exists()).count();
        fs::create_dir_all(&path)?;
        // The names of the folders last, too: of those that were made, and of this one in any case,
        // because it may have been made a moment ago.
        for parent in path.canonicalize()?.ancestors().skip(1).take(missing.max(1)) {
            sync_folder(parent)?;
        }
        Ok(Folder { path })
    }

    /// The folder at this path, which is there.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn existing(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::read_dir(&path)?;
        Ok(Folder { path })
    }

    /// Whether somebody has the table open at this moment. For that moment nobody else can open it.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn is_in_use(&self) -> io::Result<bool> {
        let file = match File::open(self.path(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Disk for Folder {
    fn lock(&self) -> io::Result<Box<dyn Any + Send + Sync>> {
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(self.path(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != LOCK {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(self.path(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().write(true).open(self.path(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(self.path(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Makes the names in a folder last.
fn sync_folder(path: &Path) -> io::Result<()> {
    // Where a folder cannot be opened as a file, the system sees to its names.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

impl DiskFile for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};

        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
