//! Disks that fail and go on: one operation fails, or all do from some moment on.

use cowmap::Paged;
use cowmap_examples::table::store::{Durability, StoreError};
use cowmap_examples::table::{CommitError, VersionTable};

use super::disk::{Fault, SimDisk};
use super::script::{Script, Table, check, nothing, open, options, rows};

/// Runs a script on a disk with this fault; then opens the table in another process, and after the
/// machine has stopped.
fn survives(script: &Script, fault: Fault, durability: Durability) -> bool {
    let disk = SimDisk::default();
    let Ok(table) = open(&disk, durability) else { panic!("no fault is set yet") };
    disk.set_fault(Some(fault));
    let (certain, possible) = script.run(&table, durability);
    let stopped = table.status().unwrap().stopped;
    // Readers have what was visible.
    let newest = u64::from(table.newest());
    assert!((certain..=possible).contains(&newest));
    assert_eq!(rows(&table), script.states[newest as usize]);
    if let Some(stopped) = &stopped {
        assert!(table.is_closed());
        let mut txn = table.begin();
        txn.put(1, String::new());
        assert_eq!(txn.commit(), Err(CommitError::Stopped(stopped.clone())));
        assert_eq!(table.checkpoint(), Err(stopped.clone()));
        assert!(stopped.to_string().contains("failed: "), "{stopped}");
        assert!(stopped.to_string().contains("/disk/log-"), "{stopped}");
    }
    drop(table);

    // In the same machine: what was written is in the system's memory, be it on the disk or not.
    let disk = disk.after_exit();
    let table = open(&disk, durability).unwrap();
    let found = check(&table, &script.states, certain..=possible);
    // What is visible now must last, and what is committed after it.
    let more = Script::random(found, 5, &script.states[..=found as usize]);
    let (certain, possible) = more.run(&table, durability);
    assert_eq!(possible, found + 5);
    drop(table);
    for way in 0..6 {
        let table = open(&disk.after_stop(way), durability).unwrap();
        check(&table, &more.states, certain.max(found)..=possible);
    }
    stopped.is_some()
}

fn fails_everywhere(fault: impl Fn(u64) -> Fault, durability: Durability) {
    for seed in 0..4 {
        let script = Script::random(seed, 25, &nothing());
        let disk = SimDisk::default();
        let table = open(&disk, durability).unwrap();
        disk.set_fault(None);
        script.run(&table, durability);
        let operations = disk.operations();
        let stopped =
            (0..operations).filter(|&at| survives(&script, fault(at), durability)).count();
        assert!(stopped > 10, "{stopped} of {operations}");
        // One that concerns a checkpoint alone ends nothing.
        let goes_on = matches!(fault(0), Fault::FailAt(_));
        assert_eq!(stopped < operations as usize, goes_on, "{stopped} of {operations}");
    }
}

#[test]
fn one_operation_that_fails_loses_nothing() {
    fails_everywhere(Fault::FailAt, Durability::Sync);
    fails_everywhere(Fault::FailAt, Durability::Buffered);
}

#[test]
fn a_disk_that_is_full_loses_nothing() {
    fails_everywhere(Fault::FailFrom, Durability::Sync);
}

/// A disk that is full, or must not be written, is an error when the table is opened, and all stays
/// as it is.
#[test]
fn a_disk_that_cannot_be_written_is_not_opened() {
    let script = Script::random(7, 12, &nothing());
    let disk = SimDisk::default();
    script.run(&open(&disk, Durability::Sync).unwrap(), Durability::Sync);
    let before = disk.contents();
    let last = before.keys().filter(|name| name.starts_with("log-")).max().unwrap();
    for fault in [Fault::FailFrom(0), Fault::FailFrom(1), Fault::FailFrom(2)] {
        disk.set_fault(Some(fault));
        let error = open(&disk, Durability::Sync).err().unwrap();
        assert!(matches!(&error, StoreError::Io { path, .. } if path.ends_with(last)), "{error}");
        assert_eq!(disk.contents(), before);
    }
    disk.set_fault(None);
    check(&open(&disk, Durability::Sync).unwrap(), &script.states, 12..=12);
    // And an empty one.
    for at in 0..5 {
        let disk = SimDisk::default();
        disk.set_fault(Some(Fault::FailFrom(at)));
        assert!(open(&disk, Durability::Sync).is_err());
        disk.set_fault(None);
        assert_eq!(u64::from(open(&disk, Durability::Sync).unwrap().newest()), 0);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_must_not_be_written_is_named() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let path = std::env::temp_dir().join(format!("cowmap-readonly-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may all the same.
    let may = fs::write(path.join("probe"), "").is_ok();
    let _ = fs::remove_file(path.join("probe"));
    let opened = VersionTable::<u64, String>::open(&path);
    if !may {
        let error = opened.err().unwrap();
        assert!(
            matches!(&error, StoreError::Io { path: at, .. } if at.starts_with(&path)),
            "{error}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_dir_all(&path).unwrap();
}

/// A checkpoint that cannot be written leaves the table as it was, and the next one is right.
#[test]
fn a_checkpoint_that_fails_is_made_later() {
    let script = Script::random(3, 10, &nothing());
    for at in 0..20 {
        let disk = SimDisk::default();
        let table: Table = options(Durability::Sync).open_on(disk.clone()).unwrap();
        script.run(&table, Durability::Sync);
        let mut txn = table.begin();
        txn.put(1, "last".to_owned());
        txn.commit().unwrap();
        disk.set_fault(Some(Fault::FailAt(at)));
        let failed = table.checkpoint().is_err();
        disk.set_fault(None);
        let before = rows(&table);
        // After the new log was renamed it is not known which one there is: nothing else is fatal.
        let stopped = table.status().unwrap().stopped.is_some();
        assert_eq!(stopped, [3, 4].contains(&at), "{at}");
        if !stopped {
            let commit = table.newest();
            if failed {
                assert_eq!(table.checkpoint().unwrap().unwrap().commit, commit);
            }
            let mut txn = table.begin();
            txn.put(2, "after".to_owned());
            txn.commit().unwrap();
            let after = rows(&table);
            drop(table);
            let table = open(&disk.after_stop(at), Durability::Sync).unwrap();
            assert_eq!(table.recovery().unwrap().checkpoint, commit);
            assert_eq!(rows(&table), after);
        } else {
            assert!(failed);
            drop(table);
            assert_eq!(rows(&open(&disk.after_exit(), Durability::Sync).unwrap()), before);
            assert_eq!(rows(&open(&disk.after_stop(at), Durability::Sync).unwrap()), before);
        }
    }
}

/// A serialisation that panics in a checkpoint in the background does not end the thread.
#[test]
fn a_row_whose_serialisation_panics_ends_nothing() {
    use serde::{Deserialize, Serialize, Serializer};
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static PANICS: AtomicBool = AtomicBool::new(false);

    #[derive(Clone, Deserialize)]
    struct Value(u64);

    impl Serialize for Value {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            assert!(!PANICS.load(Relaxed), "as it was told to");
            serializer.serialize_u64(self.0)
        }
    }

    let disk = SimDisk::default();
    let table: VersionTable<u64, Value, Paged> =
        options(Durability::Sync).open_on(disk.clone()).unwrap();
    let put = |key| {
        let mut txn = table.begin();
        txn.put(key, Value(key));
        txn.commit()
    };
    put(1).unwrap();
    PANICS.store(true, Relaxed);
    let attempt = || table.checkpoint();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).is_err());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| put(2))).is_err());
    PANICS.store(false, Relaxed);
    put(3).unwrap();
    assert_eq!(table.checkpoint().unwrap().unwrap().rows, 2);
    drop(table);
    let table: VersionTable<u64, Value> = options(Durability::Sync).open_on(disk).unwrap();
    assert_eq!(table.snapshot().len(), 2);
}

fn put(table: &Table, key: u64) {
    let mut txn = table.begin();
    txn.put(key, "a text that is long enough".to_owned());
    txn.commit().unwrap();
}

/// A full checkpoint that fails at its last step may be there all the same, and is read then. So
/// changes must not go on from the one before it.
#[test]
fn a_full_checkpoint_that_fails_is_not_forgotten() {
    let mut failures = 0;
    for at in 0..14 {
        for between in [0, 1] {
            let disk = SimDisk::default();
            let table = open(&disk, Durability::Sync).unwrap();
            (0..50).for_each(|key| put(&table, key));
            table.checkpoint().unwrap();
            put(&table, 50);
            disk.set_fault(Some(Fault::FailAt(at)));
            let failed = table.checkpoint_full().is_err();
            disk.set_fault(None);
            if !failed || table.status().unwrap().stopped.is_some() {
                continue;
            }
            failures += 1;
            (0..between).for_each(|key| put(&table, 51 + key));
            table.checkpoint().unwrap();
            put(&table, 60);
            table.checkpoint().unwrap();
            put(&table, 61);
            let all = rows(&table);
            drop(table);
            for disk in [disk.after_exit(), disk.after_stop(at), disk.after_stop(!at)] {
                assert_eq!(rows(&open(&disk, Durability::Sync).unwrap()), all);
            }
        }
    }
    assert!(failures > 8, "{failures}");
}

/// A disk that panics has failed: nobody waits for it for ever.
#[test]
fn a_disk_that_panics_ends_writing() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    for at in 0..2 {
        let disk = SimDisk::default();
        let table = open(&disk, Durability::Sync).unwrap();
        put(&table, 1);
        disk.set_fault(Some(Fault::PanicAt(at)));
        assert!(catch_unwind(AssertUnwindSafe(|| put(&table, 2))).is_err());
        disk.set_fault(None);
        let stopped = StoreError::Panicked { doing: "writing the log" };
        assert_eq!(table.status().unwrap().stopped, Some(stopped.clone()));
        // What is visible is on the disk, and nothing is written.
        assert_eq!((table.sync().map(u64::from), table.checkpoint()), (Ok(1), Err(stopped)));
        assert_eq!(rows(&table).len(), 1);
        drop(table);
        let found = rows(&open(&disk.after_exit(), Durability::Sync).unwrap()).len();
        assert!((1..=2).contains(&found));
    }
}

/// What cannot be read is an error, and never a tear; what is before it can be had.
#[test]
fn a_bad_sector_loses_what_is_behind_it_alone() {
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    (0..100).for_each(|key| put(&table, key));
    drop(table);
    let before = disk.contents();
    for at in [0, 10, 500, 2_000] {
        disk.set_fault(Some(Fault::ReadsUpTo(at)));
        let error = open(&disk, Durability::Sync).err().expect("it cannot be read");
        assert!(error.to_string().contains("a bad sector"), "{error}");
        assert_eq!(disk.contents(), before);
        let salvaged = options(Durability::Sync).salvage_on::<u64, String, Paged>(disk.clone());
        let salvaged = salvaged.unwrap();
        assert_eq!(salvaged.error, Some(error));
        // A frame has less than 100 bytes.
        let found = rows(&salvaged.table).len();
        assert!(found >= (at as usize / 100).saturating_sub(1), "{found} rows before byte {at}");
        assert!(at < 500 || found < 100);
    }
    disk.set_fault(None);
    assert_eq!(rows(&open(&disk, Durability::Sync).unwrap()).len(), 100);
}
