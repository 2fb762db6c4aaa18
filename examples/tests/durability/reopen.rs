//! Tables that are closed and opened again, without an accident.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cowmap::{Change, Flat};
use cowmap_examples::table::store::{Durability, EncodeError, Folder, Options, StoreError};
use cowmap_examples::table::{Commit, CommitError, VersionTable};
use serde::{Deserialize, Serialize, Serializer};

use super::disk::SimDisk;
use super::script::{Script, Step, Table, check, nothing, open, options, rows};

fn names(disk: &SimDisk) -> Vec<String> {
    disk.contents().into_keys().collect()
}

fn put(table: &Table, key: u64, value: &str) -> Commit {
    let mut txn = table.begin();
    txn.put(key, value.to_owned());
    txn.commit().unwrap()
}

/// A folder that is removed at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cowmap-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn all_commits_are_there_again_with_their_numbers() {
    for seed in 0..20 {
        let script = Script::random(seed, 60, &nothing());
        let durability = [Durability::Sync, Durability::Buffered][seed as usize % 2];
        let disk = SimDisk::default();
        let mut states = nothing();
        // In parts, each with an opening of its own.
        for part in script.steps.chunks(15) {
            let table = open(&disk, durability).unwrap();
            check(&table, &script.states, states.len() as u64 - 1..=states.len() as u64 - 1);
            let commits = part.iter().filter(|step| matches!(step, Step::Commit(_))).count();
            let all = states.len() + commits;
            states = script.states[..all].to_vec();
            Script { steps: part.to_vec(), states: states.clone() }.run(&table, durability);
            assert_eq!(rows(&table), states[all - 1]);
        }
    }
}

/// Rows carry the commits that wrote them through logs and checkpoints.
#[test]
fn rows_have_the_commits_that_wrote_them() {
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    let commits: Vec<_> = (0..6).map(|key| put(&table, key, "a")).collect();
    assert_eq!(table.checkpoint().unwrap().map(|made| (made.full, made.rows)), Some((true, 6)));
    let second = put(&table, 1, "b");
    assert_eq!(table.checkpoint().unwrap().map(|made| (made.full, made.rows)), Some((false, 1)));
    let third = put(&table, 2, "c");
    drop(table);
    let table = open(&disk, Durability::Sync).unwrap();
    let written = |key| table.history(key)[0].0;
    let expected = [commits[0], second, third, commits[3], commits[4], commits[5]];
    assert_eq!((0..6).map(written).collect::<Vec<_>>(), expected);
}

#[test]
fn transactions_and_the_past_go_on() {
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    let before = put(&table, 1, "a");
    drop(table);
    let table = open(&disk, Durability::Sync).unwrap();
    let (mut first, mut second) = (table.begin(), table.begin());
    first.put(1, "b".to_owned());
    second.put(1, "c".to_owned());
    let commit = first.commit().unwrap();
    assert_eq!(u64::from(commit), u64::from(before) + 1);
    let Err(CommitError::Conflict(conflict)) = second.commit() else { panic!("it came second") };
    assert_eq!((conflict.begun(), conflict.committed()), (before, commit));
    let changes = table.changes(before..commit).unwrap();
    let (key, old, new) = (1, "a".to_owned(), "b".to_owned());
    assert_eq!(changes, [Change::Updated { key, old, new }]);
    assert!(table.as_of(Commit::from(0)).is_err());
}

#[test]
fn checkpoints_follow_each_other_and_old_files_go() {
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    assert_eq!(names(&disk), ["log-00000000000000000000"]);
    assert_eq!(table.checkpoint().unwrap(), None, "there is nothing yet");
    for key in 0..100 {
        put(&table, key, "first");
    }
    let full = table.checkpoint().unwrap().unwrap();
    assert_eq!((full.full, full.rows, full.commit), (true, 100, Commit::from(100)));
    assert_eq!(table.checkpoint().unwrap(), None, "nothing was committed");
    assert_eq!(names(&disk), ["full-00000000000000000100", "log-00000000000000000100"]);
    put(&table, 7, "second");
    let mut txn = table.begin();
    assert!(txn.delete(8));
    txn.commit().unwrap();
    while !table.vacuum(10).ended {}
    let changes = table.checkpoint().unwrap().unwrap();
    assert_eq!((changes.full, changes.rows), (false, 2));
    let chain = [
        "changes-00000000000000000100-00000000000000000102",
        "full-00000000000000000100",
        "log-00000000000000000102",
    ];
    assert_eq!(names(&disk), chain);
    let status = table.status().unwrap();
    assert_eq!((status.durable, status.checkpoint), (102.into(), 102.into()));
    let before = rows(&table);
    drop(table);
    let table = open(&disk, Durability::Sync).unwrap();
    assert_eq!((rows(&table), table.recovery().unwrap().replayed), (before, 0));
    // Changes that together are larger than the full one are followed by another full one.
    let mut made = Vec::new();
    for turn in 0..8 {
        for key in 0..40 {
            put(&table, key, &format!("turn {turn}"));
        }
        made.push(table.checkpoint().unwrap().unwrap().full);
    }
    assert!(made.contains(&true) && made.contains(&false), "{made:?}");
    assert_eq!(table.checkpoint_full().unwrap().map(|made| made.full), Some(true));
    assert_eq!(table.checkpoint_full().unwrap(), None, "that is what there is");
    assert_eq!(names(&disk).len(), 2);
}

/// Bytes of a checkpoint are in proportion to what changed, and not to the rows.
#[test]
fn a_checkpoint_costs_what_changed() {
    let disk = SimDisk::default();
    let table: VersionTable<u64, u64> = options(Durability::Sync).open_on(disk.clone()).unwrap();
    let mut txn = table.begin();
    (0..100_000).for_each(|key| txn.put(key, key));
    txn.commit().unwrap();
    let full = table.checkpoint().unwrap().unwrap();
    let mut txn = table.begin();
    (0..100).for_each(|key| txn.put(key * 997, 0));
    txn.commit().unwrap();
    let changes = table.checkpoint().unwrap().unwrap();
    assert_eq!((full.rows, changes.rows, changes.full), (100_000, 100, false));
    assert!(changes.bytes * 500 < full.bytes, "{changes:?} {full:?}");
}

/// A log that is long is replaced in the background.
#[test]
fn a_long_log_makes_a_checkpoint() {
    let disk = SimDisk::default();
    let options = options(Durability::Sync).checkpoint_from(Some(2_000));
    let table: Table = options.open_on(disk.clone()).unwrap();
    for key in 0.. {
        assert!(key < 1_000_000, "no checkpoint is made");
        put(&table, key % 100, "some text");
        if u64::from(table.status().unwrap().checkpoint) > 0 {
            break;
        }
    }
    drop(table);
    let table = open(&disk, Durability::Sync).unwrap();
    assert!(u64::from(table.recovery().unwrap().checkpoint) > 0);
}

#[test]
fn flat_tables_survive_likewise() {
    let disk = SimDisk::default();
    let table: VersionTable<u64, u64, Flat> =
        options(Durability::Buffered).open_on(disk.clone()).unwrap();
    let mut txn = table.begin();
    (0..1_000).for_each(|key| txn.put(key, key * 2));
    txn.commit().unwrap();
    table.checkpoint().unwrap();
    drop(table);
    let table: VersionTable<u64, u64, Flat> =
        options(Durability::Sync).open_on(disk.clone()).unwrap();
    assert!((0..1_000).all(|key| table.snapshot().get(key) == Some(&(key * 2))));
}

#[test]
fn a_table_is_open_once() {
    let folder = Temporary::new("once");
    let table: Table = VersionTable::open(&folder.0).unwrap();
    let commit = put(&table, 1, "a");
    let second = VersionTable::<u64, String>::open(&folder.0).err().unwrap();
    assert_eq!(second, StoreError::InUse { path: folder.0.join("") });
    assert!(second.to_string().contains("open already"));
    let salvaged = options(Durability::Sync).salvage::<u64, String, Flat>(&folder.0);
    assert!(matches!(salvaged.err(), Some(StoreError::InUse { .. })));
    drop(table);
    let table: Table = VersionTable::open(&folder.0).unwrap();
    assert_eq!((table.newest(), rows(&table)), (commit, BTreeMap::from([(1, "a".to_owned())])));
}

#[test]
fn a_folder_with_other_files_is_refused() {
    let folder = Temporary::new("foreign");
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("letter.txt"), "Dear all").unwrap();
    let error = VersionTable::<u64, String>::open(&folder.0).err().unwrap();
    assert!(error.to_string().contains("choose an empty one"), "{error}");
    assert_eq!(fs::read(folder.0.join("letter.txt")).unwrap(), b"Dear all");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    // A file that is none of a table's does no harm beside one.
    fs::remove_file(folder.0.join("letter.txt")).unwrap();
    drop(VersionTable::<u64, String>::open(&folder.0).unwrap());
    fs::write(folder.0.join("letter.txt"), "Dear all").unwrap();
    drop(VersionTable::<u64, String>::open(&folder.0).unwrap());
    assert!(Folder::new(folder.0.join("letter.txt")).is_err());
}

#[test]
fn a_table_with_another_name_or_format_is_refused() {
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    put(&table, 1, "a");
    table.checkpoint().unwrap();
    drop(table);
    let files = disk.contents();
    let named = Options::new().named("another").checkpoint_from(None);
    let error = named.open_on::<u64, String, Flat>(disk.clone()).err().unwrap();
    assert!(error.to_string().contains("is of the table \"script\""), "{error}");
    for name in files.keys() {
        let mut files = files.clone();
        let bytes = files.get_mut(name).unwrap();
        bytes[8] = 2;
        // Its checksum is right, for that format.
        let length = 16 + usize::from(bytes[12]);
        let sum = crc32fast::hash(&bytes[..length]).to_le_bytes();
        bytes[length..length + 4].copy_from_slice(&sum);
        let error = open(&SimDisk::of(&files), Durability::Sync).err().unwrap();
        assert!(error.to_string().contains("format 2"), "{error}");
        assert!(error.to_string().contains(name.as_str()), "{error}");
    }
    assert_eq!(disk.contents(), files);
}

#[test]
fn a_name_that_does_not_go_into_the_files_is_refused() {
    let named = |bytes| Options::new().named("x".repeat(bytes)).checkpoint_from(None);
    let disk = SimDisk::default();
    let error = named(1_001).open_on::<u64, String, Flat>(disk.clone()).err().unwrap();
    assert!(error.to_string().contains("1001 bytes"), "{error}");
    assert!(disk.contents().is_empty());
    for _ in 0..2 {
        drop(named(1_000).open_on::<u64, String, Flat>(disk.clone()).unwrap());
    }
}

/// Some forms of serde's can be written, and not read.
#[cfg(debug_assertions)]
#[test]
fn a_value_that_cannot_be_read_again_is_not_committed() {
    #[derive(Clone, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
    }

    let table: VersionTable<u64, Either> =
        options(Durability::Sync).open_on(SimDisk::default()).unwrap();
    let mut txn = table.begin();
    txn.put(1, Either::Number(1));
    let error = txn.commit().unwrap_err();
    assert!(matches!(error, CommitError::Encode(EncodeError::Refused(_))), "{error}");
}

/// A value that cannot be serialised while it has this number.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Picky(u64);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == 13 {
            return Err(serde::ser::Error::custom("not this one"));
        }
        serializer.serialize_u64(self.0)
    }
}

#[test]
fn a_value_that_cannot_be_written_is_not_committed() {
    let disk = SimDisk::default();
    let table: VersionTable<u64, Picky> = options(Durability::Sync).open_on(disk.clone()).unwrap();
    let mut txn = table.begin();
    txn.put(1, Picky(1));
    txn.put(2, Picky(13));
    let error = txn.commit().unwrap_err();
    assert!(matches!(error, CommitError::Encode(EncodeError::Refused(_))), "{error}");
    assert_eq!(u64::from(table.newest()), 0);
    let mut txn = table.begin();
    txn.put(1, Picky(2));
    txn.commit().unwrap();
    drop(table);
    let table: VersionTable<u64, Picky> = options(Durability::Sync).open_on(disk).unwrap();
    assert_eq!((table.snapshot().get(1), table.snapshot().len()), (Some(&Picky(2)), 1));
}

#[test]
fn tables_in_memory_have_nothing_to_sync() {
    let table: Table = VersionTable::new([(1, "a".to_owned())]);
    assert_eq!((table.recovery(), table.status()), (None, None));
    assert_eq!((table.checkpoint(), table.sync()), (Ok(None), Ok(table.newest())));
}
