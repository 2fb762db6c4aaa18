//! Files that are not what was written to them: cut at every byte, with every bit flipped, or with
//! parts of other files.

use std::collections::BTreeMap;

use cowmap::Paged;
use cowmap_examples::table::store::{Durability, Salvaged, StoreError};

use super::disk::SimDisk;
use super::script::{Rows, Script, Step, Table, check, nothing, open, options, rows};

type Files = BTreeMap<String, Vec<u8>>;

/// Some commits, none of them in a checkpoint, in a log whose frames begin at these bytes; the last
/// number is where the log ends.
struct Log {
    script: Script,
    files: Files,
    frames: Vec<usize>,
}

const LOG: &str = "log-00000000000000000000";

impl Log {
    /// Commits in groups of this size.
    fn new(seed: u64, commits: usize, group: usize) -> Self {
        let mut script = Script::random(seed, commits, &nothing());
        script.steps.retain(|step| matches!(step, Step::Commit(_)));
        let steps = std::mem::take(&mut script.steps);
        let disk = SimDisk::default();
        let table = open(&disk, Durability::Buffered).unwrap();
        for steps in steps.chunks(group) {
            script.steps = steps.to_vec();
            script.run(&table, Durability::Buffered);
            table.sync().unwrap();
        }
        drop(table);
        let files = disk.contents();
        let log = &files[LOG];
        // As frame.rs says.
        let mut frames = vec![20 + usize::from(log[12])];
        while *frames.last().unwrap() < log.len() {
            let at = *frames.last().unwrap();
            let length = u32::from_le_bytes(log[at..at + 4].try_into().unwrap()) as usize;
            frames.push(at + 28 + length + 4);
        }
        assert_eq!((frames.len(), frames[commits]), (commits + 1, log.len()));
        Log { script, files, frames }
    }

    fn with(&self, change: impl FnOnce(&mut Vec<u8>)) -> SimDisk {
        let mut files = self.files.clone();
        change(files.get_mut(LOG).unwrap());
        SimDisk::of(&files)
    }
}

fn salvage(disk: &SimDisk) -> (Table, Option<StoreError>) {
    let salvaged = options(Durability::Sync).salvage_on(disk.clone()).unwrap();
    let Salvaged { table, error, recovery } = salvaged;
    assert_eq!(recovery.commit, table.newest());
    (table, error)
}

/// Opens a table, which must be damaged in this file at this byte. Nothing has changed then, and what
/// came before can be had.
#[track_caller]
fn damaged(disk: &SimDisk, file: &str, at: usize, states: &[Rows]) -> u64 {
    let before = disk.contents();
    let error = open(disk, Durability::Sync).err().expect("it is damaged");
    let StoreError::Damaged { path, offset, readable, .. } = &error else { panic!("{error}") };
    assert!(path.ends_with(file), "{error}");
    assert_eq!(*offset, at as u64, "{error}");
    assert_eq!(disk.contents(), before);
    let readable = u64::from(*readable);
    let (table, said) = salvage(disk);
    assert_eq!((said.as_ref(), u64::from(table.newest())), (Some(&error), readable));
    assert_eq!(rows(&table), states[readable as usize]);
    assert_eq!(disk.contents(), before);
    readable
}

/// Opens a table whose last commits were cut, and goes on.
#[track_caller]
fn torn(disk: &SimDisk, states: &[Rows], commit: u64, cut: Option<(usize, usize)>) {
    let salvaged = options(Durability::Sync).salvage_on::<u64, String, Paged>(disk.clone());
    let salvaged = salvaged.unwrap();
    assert_eq!((u64::from(salvaged.table.newest()), salvaged.error), (commit, None));
    let table = open(disk, Durability::Sync).unwrap();
    check(&table, states, commit..=commit);
    assert_eq!(Some(&salvaged.recovery), table.recovery());
    let found = table.recovery().unwrap().cut.as_ref();
    assert_eq!(found.map(|cut| (cut.offset as usize, cut.bytes as usize)), cut);
    let more = Script::random(commit, 3, &states[..=commit as usize]);
    assert_eq!(more.run(&table, Durability::Sync), (commit + 3, commit + 3));
    drop(table);
    let table = open(&disk.after_stop(commit), Durability::Sync).unwrap();
    check(&table, &more.states, commit + 3..=commit + 3);
    assert_eq!(table.recovery().unwrap().cut, None);
}

#[test]
fn a_log_that_is_cut_at_any_byte_ends_at_the_last_whole_commit() {
    for group in [1, 3] {
        let log = Log::new(1, 7, group);
        let (begin, end) = (log.frames[0], *log.frames.last().unwrap());
        for length in 0..end {
            let disk = log.with(|bytes| bytes.truncate(length));
            if length < begin {
                assert_eq!(damaged(&disk, LOG, 0, &log.script.states), 0);
                continue;
            }
            let whole = log.frames.iter().filter(|&&at| at <= length).count() - 1;
            let at = log.frames[whole];
            let cut = (length > at).then_some((at, length - at));
            torn(&disk, &log.script.states, whole as u64, cut);
        }
    }
}

/// A tail of zeros, or of anything, is cut.
#[test]
fn what_is_behind_the_last_commit_is_cut() {
    let log = Log::new(2, 5, 1);
    // A file system may have given the log the space of an old one, whose frames say that more commits
    // were on the disk.
    let old = Log::new(2, 20, 1).files[LOG].clone();
    let tails = [vec![0; 1], vec![0; 4_096], vec![0xff; 100], (0..=255).collect(), LOG.into(), old];
    for tail in tails {
        let disk = log.with(|bytes| bytes.extend(&tail));
        let end = *log.frames.last().unwrap();
        torn(&disk, &log.script.states, 5, Some((end, tail.len())));
    }
}

/// A flipped bit in a commit that was on the disk is damage, for a later frame says that it was.
/// In the last group it cannot be told from a tear: it is cut, and reported.
#[test]
fn every_flipped_bit_of_a_log_is_noticed() {
    for group in [1, 2] {
        let log = Log::new(3, 6, group);
        let end = *log.frames.last().unwrap();
        for bit in 0..end * 8 {
            let disk = log.with(|bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            let frame = log.frames.iter().filter(|&&at| at <= bit / 8).count();
            if frame == 0 {
                // In the header: what is there cannot be read, or is another format's.
                let error = open(&disk, Durability::Sync).err().unwrap();
                assert!(error.to_string().contains(LOG), "{error}");
                continue;
            }
            let at = log.frames[frame - 1];
            if frame <= 6 - group {
                let readable = damaged(&disk, LOG, at, &log.script.states);
                assert_eq!(readable, frame as u64 - 1);
            } else {
                torn(&disk, &log.script.states, frame as u64 - 1, Some((at, end - at)));
            }
        }
    }
}

/// The header of a frame says which commits were on the disk, also if the frame is torn.
#[test]
fn damage_before_a_frame_that_is_torn_is_damage() {
    let log = Log::new(3, 6, 1);
    let disk = log.with(|bytes| {
        bytes[log.frames[4] + 30] ^= 1;
        bytes.pop();
    });
    assert_eq!(damaged(&disk, LOG, log.frames[4], &log.script.states), 4);
}

/// Tables with a full checkpoint, changes, and a log.
fn with_checkpoints() -> (Script, Files) {
    let mut script = Script::random(4, 14, &nothing());
    script.steps.retain(|step| matches!(step, Step::Commit(_)));
    script.steps.insert(12, Step::Checkpoint);
    script.steps.insert(8, Step::Checkpoint);
    script.steps.insert(5, Step::Checkpoint);
    let disk = SimDisk::default();
    script.run(&open(&disk, Durability::Sync).unwrap(), Durability::Sync);
    let files = disk.contents();
    let kinds: Vec<_> = files.keys().map(|name| name.split('-').next().unwrap()).collect();
    assert_eq!(kinds, ["changes", "changes", "full", "log"]);
    (script, files)
}

/// What is readable without a file and those after it.
fn readable_without(file: &str) -> u64 {
    match &file[..file.len() - 20] {
        "full-" => 0,
        "log-" => 12,
        changes => changes[8..28].parse().unwrap(),
    }
}

#[test]
fn every_flipped_bit_of_a_checkpoint_is_noticed() {
    let (script, files) = with_checkpoints();
    for (file, bytes) in &files {
        if file.starts_with("log-") {
            continue;
        }
        for bit in 0..bytes.len() * 8 {
            let mut files = files.clone();
            files.get_mut(file).unwrap()[bit / 8] ^= 1 << (bit % 8);
            let disk = SimDisk::of(&files);
            let error = open(&disk, Durability::Sync).err().expect("a bit was flipped");
            assert!(error.to_string().contains(file.as_str()), "{error}");
            assert_eq!(disk.contents(), files);
            let (table, said) = salvage(&disk);
            assert_eq!(said, Some(error));
            let readable = u64::from(table.newest());
            assert_eq!(readable, readable_without(file));
            assert_eq!(rows(&table), script.states[readable as usize]);
        }
    }
}

#[test]
fn a_checkpoint_that_is_cut_at_any_byte_is_damaged() {
    let (script, files) = with_checkpoints();
    for (file, bytes) in &files {
        for length in 0..bytes.len() {
            if file.starts_with("log-") {
                continue;
            }
            let mut files = files.clone();
            files.get_mut(file).unwrap().truncate(length);
            let disk = SimDisk::of(&files);
            let error = open(&disk, Durability::Sync).err().expect("it was cut");
            let StoreError::Damaged { readable, .. } = &error else { panic!("{error}") };
            assert_eq!(u64::from(*readable), readable_without(file));
            assert!(error.to_string().contains(file.as_str()), "{error}");
            let (table, _) = salvage(&disk);
            assert_eq!(rows(&table), script.states[readable_without(file) as usize]);
        }
    }
}

#[test]
fn a_file_that_is_gone_is_missed() {
    let (script, files) = with_checkpoints();
    for file in files.keys() {
        let mut files = files.clone();
        files.remove(file);
        let disk = SimDisk::of(&files);
        let error = open(&disk, Durability::Sync).err().expect("a file is gone");
        let StoreError::Missing { readable, .. } = &error else { panic!("{error}") };
        let readable = u64::from(*readable);
        assert_eq!(readable, readable_without(file));
        assert_eq!(disk.contents(), files);
        let (table, _) = salvage(&disk);
        assert_eq!(rows(&table), script.states[readable as usize]);
    }
}

/// Two logs that follow each other, with four commits each: the second was new when a checkpoint
/// failed.
fn two_logs() -> (Script, Files) {
    use super::disk::Fault;

    let mut script = Script::random(5, 8, &nothing());
    script.steps.retain(|step| matches!(step, Step::Commit(_)));
    let states = script.states.clone();
    let disk = SimDisk::default();
    let table = open(&disk, Durability::Sync).unwrap();
    let steps = script.steps[..4].to_vec();
    Script { steps, states: states.clone() }.run(&table, Durability::Sync);
    disk.set_fault(Some(Fault::FailAt(5)));
    assert!(table.checkpoint().is_err() && table.status().unwrap().stopped.is_none());
    disk.set_fault(None);
    let steps = script.steps[4..].to_vec();
    Script { steps, states }.run(&table, Durability::Sync);
    drop(table);
    let files = disk.contents();
    assert_eq!(files.len(), 2, "{:?}", files.keys());
    (script, files)
}

/// Damage in a log that is not the last one is never a tear.
#[test]
fn a_log_before_the_last_one_is_whole_or_damaged() {
    let (script, files) = two_logs();
    check(&open(&SimDisk::of(&files), Durability::Sync).unwrap(), &script.states, 8..=8);
    let mut missing = 0;
    for length in 0..files[LOG].len() {
        let mut files = files.clone();
        files.get_mut(LOG).unwrap().truncate(length);
        let disk = SimDisk::of(&files);
        match open(&disk, Durability::Sync).err().expect("it was cut") {
            StoreError::Damaged { .. } => {}
            // It was cut between two commits.
            StoreError::Missing { .. } => missing += 1,
            error => panic!("{error}"),
        }
        let (table, _) = salvage(&disk);
        let readable = u64::from(table.newest());
        assert!(readable < 5);
        assert_eq!(rows(&table), script.states[readable as usize]);
    }
    assert_eq!(missing, 4);
    // One that has the same commits, and is another table's.
    let (_, others) = two_logs();
    for file in files.keys() {
        let mut files = files.clone();
        files.insert(file.clone(), others[file].clone());
        let error = open(&SimDisk::of(&files), Durability::Sync).err().expect("it does not fit");
        assert!(error.to_string().contains("continues another log"), "{error}");
    }
}

/// Frames of another log, and of the same one at another place, are none.
#[test]
fn frames_that_were_moved_are_never_applied() {
    // The same commits, with other salts. (A header is a byte longer for some salts.)
    let log = Log::new(6, 6, 1);
    let mut logs = (0..100).map(|_| Log::new(6, 6, 1));
    let other = logs.find(|other| other.frames == log.frames).expect("most have the same length");
    let states = &log.script.states;
    let frame =
        |of: &Log, index: usize| of.files[LOG][of.frames[index]..of.frames[index + 1]].to_vec();
    for index in 0..6 {
        // The same commit, with the same length, of a log with the same history.
        let (begin, end) = (log.frames[index], log.frames[index + 1]);
        let foreign = frame(&other, index);
        let disk = log.with(|bytes| bytes[begin..end].copy_from_slice(&foreign));
        if index < 5 {
            damaged(&disk, LOG, begin, states);
        } else {
            torn(&disk, states, 5, Some((begin, end - begin)));
        }
        // One of this log once more, at the end.
        let again = frame(&log, index);
        let disk = log.with(|bytes| bytes.extend(&again));
        let end = *log.frames.last().unwrap();
        torn(&disk, states, 6, Some((end, again.len())));
        // One that is left out.
        let disk = log.with(|bytes| drop(bytes.drain(begin..log.frames[index + 1])));
        if index == 5 {
            torn(&disk, states, 5, None);
        } else {
            damaged(&disk, LOG, begin, states);
        }
    }
}

/// The log of another table, and a checkpoint of one, do not fit.
#[test]
fn files_of_another_table_do_not_fit() {
    let (_, files) = with_checkpoints();
    let (_, others) = with_checkpoints();
    for file in files.keys() {
        let mut files = files.clone();
        files.insert(file.clone(), others[file].clone());
        let error = open(&SimDisk::of(&files), Durability::Sync).err().expect("it is another's");
        let what = if file.starts_with("log-") { "another log" } else { "another" };
        assert!(error.to_string().contains(what), "{error}");
    }
    // A file under another's name.
    let mut files = files.clone();
    let full = files.keys().find(|name| name.starts_with("full-")).unwrap().clone();
    let bytes = files.remove(&full).unwrap();
    files.insert("full-00000000000000000012".to_owned(), bytes);
    let error = open(&SimDisk::of(&files), Durability::Sync).err().unwrap();
    assert!(error.to_string().contains("was renamed"), "{error}");
}
