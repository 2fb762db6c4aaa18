//! Many lives of one table: random steps, single faults, exits and stops, again and again.

use cowmap_examples::table::CommitError;
use cowmap_examples::table::store::Durability;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::disk::{Fault, SimDisk};
use super::script::{Rows, Script, Step, Table, check, nothing, open};

/// One life: opens the table, and does random steps, half of whose checkpoints fail. Returns the last
/// commit that must survive.
fn live(disk: &SimDisk, states: &mut Vec<Rows>, certain: u64, rng: &mut StdRng) -> u64 {
    let durability = [Durability::Sync, Durability::Buffered][rng.random_range(0..2)];
    let table = open(disk, durability).unwrap();
    let found = check(&table, states, certain..=states.len() as u64 - 1);
    states.truncate(found as usize + 1);
    let mut certain = found;
    for _ in 0..rng.random_range(5..40) {
        let step = rng.random_range(0..10);
        let is_checkpoint = [6, 7].contains(&step);
        if rng.random_bool(if is_checkpoint { 0.5 } else { 0.02 }) {
            disk.set_fault(Some(Fault::FailAt(rng.random_range(0..14))));
        }
        match step {
            // One that fails leaves all as it was, unless the log fails, too.
            6 => drop(table.checkpoint()),
            7 => drop(table.checkpoint_full()),
            8 => drop(table.vacuum(100)),
            9 => {
                if let Ok(commit) = table.sync() {
                    certain = commit.into();
                }
            }
            _ => {
                if !commit(&table, states, rng) {
                    break;
                }
                if durability == Durability::Sync {
                    certain = states.len() as u64 - 1;
                }
            }
        }
        disk.set_fault(None);
    }
    if rng.random_bool(0.3) {
        // Not even what is buffered is written at the end.
        disk.set_fault(Some(Fault::StopAt(0)));
    }
    certain
}

/// A random transaction; returns whether it was committed. What it leads to is added to the states,
/// unless it is certain that it will not be there.
fn commit(table: &Table, states: &mut Vec<Rows>, rng: &mut StdRng) -> bool {
    let script = Script::random(rng.random(), 1, states);
    let Step::Commit(writes) = &script.steps[0] else { panic!("it begins with one") };
    let mut txn = table.begin();
    for (key, value) in writes {
        match value {
            Some(value) => txn.put(*key, value.clone()),
            None => assert!(txn.delete(*key)),
        }
    }
    let committed = txn.commit();
    match &committed {
        Ok(_) | Err(CommitError::Unknown { .. }) => *states = script.states,
        Err(_) => {}
    }
    committed.is_ok()
}

#[test]
fn a_table_lives_on_after_any_faults() {
    for seed in 0..if cfg!(debug_assertions) { 150 } else { 600 } {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut disk, mut states, mut certain) = (SimDisk::default(), nothing(), 0);
        for _ in 0..6 {
            certain = live(&disk, &mut states, certain, &mut rng);
            let exits = rng.random_bool(0.4);
            disk = if exits { disk.after_exit() } else { disk.after_stop(rng.random()) };
        }
    }
}
