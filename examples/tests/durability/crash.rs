//! The machine stops: at every operation of the disk, in recovery, and again after that.

use cowmap_examples::table::store::Durability;

use super::disk::{Fault, SimDisk};
use super::script::{Script, check, nothing, open};

/// How many ways to forget what was not synced are tried at each moment.
const WAYS: u64 = if cfg!(debug_assertions) { 4 } else { 12 };

/// Opens the table on what a stopped machine has left, again and again while it stops, and checks it.
/// Goes on with some commits, stops in them, and checks what is there then.
fn recover(
    disk: &SimDisk,
    script: &Script,
    commits: (u64, u64),
    durability: Durability,
    seed: u64,
) {
    let mut disk = disk.after_stop(seed);
    // A crash in recovery, after the first operation, the second one, and so on.
    for at in 0.. {
        assert!(at < 100, "recovery does not end");
        disk.set_fault(Some(Fault::StopAt(at)));
        let opened = open(&disk, durability);
        let operations = disk.operations();
        match opened {
            // It is there also if the machine stops right now.
            Ok(table) => {
                let found = check(&table, &script.states, commits.0..=commits.1);
                drop(table);
                disk = disk.after_stop(seed ^ at);
                let table = open(&disk, durability).unwrap();
                assert_eq!(check(&table, &script.states, found..=found), found);
                drop(table);
                go_on(&disk, script, found, seed);
                return;
            }
            Err(error) => {
                assert!(error.to_string().contains("has stopped"), "{error}");
                assert!(operations > at, "{error}");
                disk = disk.after_stop(seed ^ at);
            }
        }
    }
}

/// Commits more, stops in it, and opens the table once more.
fn go_on(disk: &SimDisk, script: &Script, found: u64, seed: u64) {
    let table = open(disk, Durability::Sync).unwrap();
    let more = Script::random(seed, 4, &script.states[..=found as usize]);
    disk.set_fault(Some(Fault::StopAt(seed % 17)));
    let (certain, possible) = more.run(&table, Durability::Sync);
    drop(table);
    let table = open(&disk.after_stop(!seed), Durability::Sync).unwrap();
    check(&table, &more.states, certain..=possible);
}

/// Stops at every operation of a script.
fn stops_everywhere(seed: u64, durability: Durability) {
    let script = Script::random(seed, 25, &nothing());
    let disk = SimDisk::default();
    disk.set_fault(None);
    let (certain, possible) = script.run(&open(&disk, durability).unwrap(), durability);
    assert_eq!(possible, 25);
    assert!(durability == Durability::Buffered || certain == 25);
    let operations = disk.operations();
    assert!(operations > 50, "{operations}");
    for at in 0..=operations {
        let disk = SimDisk::default();
        disk.set_fault(Some(Fault::StopAt(at)));
        let commits = match open(&disk, durability) {
            Ok(table) => script.run(&table, durability),
            Err(_) => (0, 0),
        };
        for way in 0..WAYS {
            recover(&disk, &script, commits, durability, seed ^ at << 8 ^ way << 32);
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_stop_at_any_operation() {
    for seed in 0..4 {
        stops_everywhere(seed, Durability::Sync);
    }
}

#[test]
fn a_prefix_of_buffered_commits_survives_a_stop_at_any_operation() {
    for seed in 0..4 {
        stops_everywhere(100 + seed, Durability::Buffered);
    }
}
