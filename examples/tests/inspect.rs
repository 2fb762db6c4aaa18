//! An inspection says of each state of the files what an opening finds there, and changes nothing.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use cowmap_examples::table::VersionTable;
use cowmap_examples::table::store::inspect::{Flaw, Found, Inspection, Kind, Part};
use cowmap_examples::table::store::{Disk, DiskFile, Folder, Options, Recovery, StoreError};
use parking_lot::Mutex;

type Files = BTreeMap<String, Vec<u8>>;

/// Files in memory. A file that is open keeps its bytes under another name.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, MemoryFile>>>);

#[derive(Clone, Default)]
struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn of(files: &Files) -> Self {
        let file = |bytes: &Vec<u8>| MemoryFile(Arc::new(Mutex::new(bytes.clone())));
        let files = files.iter().map(|(name, bytes)| (name.clone(), file(bytes)));
        Memory(Arc::new(Mutex::new(files.collect())))
    }

    fn files(&self) -> Files {
        let files = self.0.lock();
        files.iter().map(|(name, file)| (name.clone(), file.0.lock().clone())).collect()
    }

    fn file(&self, name: &str) -> io::Result<MemoryFile> {
        self.0.lock().get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for Memory {
    fn lock(&self) -> io::Result<Box<dyn Any + Send + Sync>> {
        Ok(Box::new(()))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read>> {
        let bytes = self.file(name)?.0.lock().clone();
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(self.file(name)?))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.lock().insert(name.to_owned(), MemoryFile::default());
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let file = self.file(from)?;
        let mut files = self.0.lock();
        files.remove(from);
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.file(name)?;
        self.0.lock().remove(name);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        name.into()
    }
}

impl DiskFile for MemoryFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut file, at) = (self.0.lock(), at as usize);
        let length = file.len().max(at + bytes.len());
        file.resize(length, 0);
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.lock().truncate(length as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options() -> Options {
    Options::new().named("rows/1").checkpoint_from(None)
}

fn commit(table: &VersionTable<u64, u64>, key: u64) {
    let mut transaction = table.begin();
    transaction.put(key, 10 * key);
    transaction.commit().expect("nobody else writes");
}

/// Files of a table with a full checkpoint of commit 2, changes up to 4, and a log with two
/// commits. Returns all files that there were on the way, too.
fn sound() -> (Files, Files) {
    let disk = Memory::default();
    let mut all = Files::new();
    let table: VersionTable<u64, u64> = options().open_on(disk.clone()).expect("it is empty");
    for key in 1..=6 {
        commit(&table, key);
        all.extend(disk.files());
        if key == 2 || key == 4 {
            table.checkpoint().expect("memory does not fail");
        }
    }
    drop(table);
    all.extend(disk.files());
    (disk.files(), all)
}

fn inspect(files: &Files) -> Inspection {
    let disk = Memory::of(files);
    let inspection = Inspection::of(&disk).expect("files can be listed");
    assert!(inspection.steady);
    assert_eq!(disk.files(), *files, "nothing is changed");
    inspection
}

/// What opening gives, and which files are removed.
fn open(files: &Files) -> (Result<Recovery, StoreError>, Vec<String>) {
    let disk = Memory::of(files);
    let opened = options().open_on::<u64, u64, cowmap::Paged>(disk.clone());
    let opened = opened.map(|table| table.recovery().expect("it has a log").clone());
    let now = disk.files();
    (opened, files.keys().filter(|file| !now.contains_key(*file)).cloned().collect())
}

/// An inspection says what an opening does.
#[track_caller]
fn agrees(files: &Files) -> Inspection {
    let inspection = inspect(files);
    let (opened, removed) = open(files);
    let mut opening = inspection.opening.clone();
    opening.removed.sort();
    match opened {
        Ok(recovery) => {
            assert_eq!(opening.error, None);
            assert_eq!((opening.recovery, opening.removed), (recovery, removed));
        }
        Err(error) => {
            assert_eq!(opening.error.as_ref(), Some(&error));
            let (StoreError::Damaged { readable, .. } | StoreError::Missing { readable, .. }) =
                error
            else {
                return inspection;
            };
            assert_eq!(opening.recovery.commit, readable);
        }
    }
    inspection
}

/// What is known of a file of this kind.
fn contents(inspection: &Inspection, kind: Kind) -> String {
    let mut found = inspection.files.iter().filter_map(|Found { part, .. }| match part {
        Part::Known(contents) if contents.kind == kind => Some(contents),
        _ => None,
    });
    let contents = found.next().expect("there is one");
    assert!(found.next().is_none() && contents.flaw.is_none() && contents.is_read);
    let (from, to) = (contents.from, contents.to);
    format!(
        "{from} to {to}, {} frames, {:?} rows, {:?} synced",
        contents.frames, contents.rows, contents.synced
    )
}

#[test]
fn sound_files_are_described() {
    let inspection = agrees(&sound().0);
    assert_eq!(contents(&inspection, Kind::Full), "2 to 2, 2 frames, Some(2) rows, None synced");
    assert_eq!(contents(&inspection, Kind::Changes), "2 to 4, 2 frames, Some(2) rows, None synced");
    let log = contents(&inspection, Kind::Log);
    assert_eq!(log, "4 to 6, 2 frames, None rows, Some(Version(5)) synced");
    assert_eq!(inspection.opening.read.len(), 3);
    assert_eq!(agrees(&Files::new()).files.len(), 0);
}

/// Each flipped bit and each cut of each file, and each file that is missing: what an inspection
/// says of the opening is what the opening says, and it names the same place.
#[test]
fn an_inspection_finds_what_an_opening_finds() {
    let (sound, all) = sound();
    // Leftovers are in it, too, and two logs that follow each other.
    let crowded: Files = {
        let mut files = sound.clone();
        let older = all.iter().filter(|(name, _)| !sound.contains_key(*name));
        files.extend(older.map(|(name, bytes)| (name.clone(), bytes.clone())));
        files.insert("full-00000000000000000009.new".to_owned(), vec![1]);
        files.insert("notes".to_owned(), vec![2]);
        files
    };
    let logs: Files = all
        .iter()
        .filter(|(name, _)| name.starts_with("log"))
        .map(|(n, b)| (n.clone(), b.clone()))
        .collect();
    let (mut torn, mut refused) = (0, 0);
    for files in [&sound, &crowded, &logs] {
        agrees(files);
        for name in files.keys() {
            let mut missing = files.clone();
            let bytes = missing.remove(name).expect("it is there");
            agrees(&missing);
            let mut look = |changed: Vec<u8>| {
                let mut files = files.clone();
                files.insert(name.clone(), changed);
                let opening = agrees(&files).opening;
                torn += u32::from(opening.recovery.cut.is_some());
                refused += u32::from(opening.error.is_some());
            };
            for at in 0..bytes.len() {
                look(bytes[..at].to_vec());
                for bit in 0..8 {
                    let mut flipped = bytes.clone();
                    flipped[at] ^= 1 << bit;
                    look(flipped);
                }
            }
            look([&bytes[..], b"behind"].concat());
        }
    }
    assert!(torn > 100 && refused > 1000, "{torn} torn, {refused} refused");
}

/// An opening stops at the first fault. An inspection finds those behind it, too.
#[test]
fn all_faults_are_found_at_once() {
    let mut files = sound().0;
    for bytes in files.values_mut() {
        let middle = bytes.len() - 10;
        bytes[middle] ^= 1;
    }
    let faulty = |found: &Found| match &found.part {
        Part::Known(contents) => contents.flaw.clone(),
        _ => None,
    };
    let flaws: Vec<Flaw> = agrees(&files).files.iter().filter_map(faulty).collect();
    assert!(matches!(flaws[..], [Flaw::Damaged { .. }, Flaw::Damaged { .. }, Flaw::Torn { .. }]));
}

/// A table with another name has files of the same kind, and a copied one is not taken for its own.
#[test]
fn files_of_two_tables_do_not_go_together() {
    let (mut files, _) = sound();
    let disk = Memory::default();
    let table = Options::new().named("other").open_on::<u64, u64, cowmap::Paged>(disk.clone());
    let table = table.expect("it is empty");
    for key in 1..=4 {
        commit(&table, key);
    }
    table.checkpoint().expect("memory does not fail");
    let log = "log-00000000000000000004";
    files.insert(log.to_owned(), disk.files()[log].clone());
    let error = agrees(&files).opening.error.expect("it is another table's").to_string();
    assert!(error.contains("is of the table \"other\", and not of \"rows/1\""), "{error}");
}

/// A table with the same name and the same commits has other files all the same.
#[test]
fn files_of_equal_tables_do_not_go_together() {
    let ((sound, all), (_, others)) = (sound(), sound());
    let logs: Files = all.into_iter().filter(|(name, _)| name.starts_with("log")).collect();
    for (mut files, kind, what) in
        [(sound, "changes", "another checkpoint"), (logs, "log", "another log")]
    {
        let name = files.keys().rfind(|name| name.starts_with(kind));
        let name = name.expect("there is one").clone();
        files.insert(name.clone(), others[&name].clone());
        let error = agrees(&files).opening.error.expect("it is another table's").to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// Whether somebody has the table open is found without a lock that lasts.
#[test]
fn a_table_is_inspected_while_it_is_open() {
    let path = std::env::temp_dir().join(format!("cowmap-inspect-{}", std::process::id()));
    let table: VersionTable<u64, u64> = options().open(&path).expect("the folder is new");
    let folder = Folder::new(&path).expect("it is there");
    for key in 1..10 {
        commit(&table, key);
        assert!(folder.is_in_use().expect("the system tells"));
        let inspection = Inspection::of(&folder).expect("it can be read");
        assert_eq!(inspection.opening.recovery.commit, key.into());
        assert_eq!(inspection.opening.error, None);
    }
    drop(table);
    assert!(!folder.is_in_use().expect("the system tells"));
    let table: VersionTable<u64, u64> = options().open(&path).expect("nobody has it open");
    drop(table);
    std::fs::remove_dir_all(&path).expect("it is ours");
}
