//! The process that writes, and is killed.

use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rand::RngExt;

use crate::difference::Difference;
use crate::ids::RowId;
use crate::table::{Commit, CommitError, Durability};

use super::model;
use super::said::{Opened, Said};
pub use super::work::Plan;
use super::work::{ACCOUNTS, Value, done_row};
use super::{Table, open};

/// How many milliseconds the thread rests that makes checkpoints.
const RESTS: std::ops::Range<u64> = 1..20;
/// How many rows a step of a vacuum visits.
const VACUUM_BUDGET: usize = 1000;

/// Opens the table in a folder and commits, until the process is killed. It ends by itself only if
/// something is wrong, and says so.
pub fn write(folder: &Path, plan: Plan, durability: Durability) {
    if let Err(why) = write_until_killed(folder, plan, durability) {
        // Nobody listens if that fails.
        let _ = say(&Said::Failed(why));
    }
}

fn write_until_killed(folder: &Path, plan: Plan, durability: Durability) -> Result<(), String> {
    let table = &open(folder, durability).map_err(|error| error.to_string())?;
    let opened = found(table, plan).map_err(|difference| difference.to_string())?;
    let is_new = opened.done.is_empty();
    let done = if is_new { vec![0; plan.threads as usize] } else { opened.done.clone() };
    say(&Said::Opened(opened))?;
    if is_new {
        begin(table, plan)?;
        say(&Said::Durable(table.sync().map_err(|error| error.to_string())?))?;
    }
    thread::scope(|scope| {
        let mut threads: Vec<_> = (0..)
            .zip(done)
            .map(|(thread, done)| scope.spawn(move || commit(table, plan, thread, done)))
            .collect();
        threads.push(scope.spawn(|| keep(table, durability)));
        for thread in threads {
            thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned()))?;
        }
        Ok(())
    })
}

/// What is in the table.
pub(super) fn found(table: &Table, plan: Plan) -> Result<Opened, Difference> {
    let snapshot = table.snapshot();
    let recovery = table.recovery().expect("it has a log");
    Ok(Opened {
        commit: snapshot.commit(),
        cut: recovery.cut.as_ref().map_or(0, |cut| cut.bytes),
        done: model::done(&snapshot, plan)?.unwrap_or_default(),
    })
}

/// Makes the accounts, in one commit.
pub(super) fn begin(table: &Table, plan: Plan) -> Result<(), String> {
    let mut transaction = table.begin();
    for id in 0..ACCOUNTS {
        transaction.put(RowId(id), Value::Balance(0));
    }
    for thread in 0..plan.threads {
        transaction.put(done_row(thread), Value::Done(0));
    }
    transaction.commit().map(drop).map_err(|error| error.to_string())
}

/// Commits one transaction after the other.
fn commit(table: &Table, plan: Plan, thread: u64, done: u64) -> Result<(), String> {
    for number in done + 1.. {
        let commit = transact(table, plan, thread, number)?;
        say(&Said::Acknowledged { thread, number, commit })?;
    }
    Ok(())
}

/// Does a transaction, again until there is no conflict.
pub(super) fn transact(
    table: &Table,
    plan: Plan,
    thread: u64,
    number: u64,
) -> Result<Commit, String> {
    let work = plan.work(thread, number);
    loop {
        let mut transaction = table.begin();
        for (account, change) in [(work.from, -work.amount), (work.to, work.amount)] {
            let Some(Value::Balance(held)) = transaction.get(account) else {
                return Err(format!("account {} is not there", account.0));
            };
            let held = held + change;
            transaction.put(account, Value::Balance(held));
        }
        for (row, bytes) in &work.notes {
            let inserted = transaction.insert(*row, Value::Note(bytes.clone()));
            inserted.map_err(|present| present.to_string())?;
        }
        for row in plan.deleted(thread, number) {
            if !transaction.delete(row) {
                return Err(format!("note {} is not there", row.0));
            }
        }
        transaction.put(done_row(thread), Value::Done(number));
        match transaction.commit() {
            Ok(commit) => return Ok(commit),
            Err(CommitError::Conflict(_)) => thread::yield_now(),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Makes checkpoints now and then, and cleans.
fn keep(table: &Table, durability: Durability) -> Result<(), String> {
    let mut rng = rand::rng();
    let mut last = Commit::from(0);
    loop {
        thread::sleep(Duration::from_millis(rng.random_range(RESTS)));
        let status = table.status().expect("it has a log");
        if let Some(error) = status.stopped.or(status.checkpoint_failed) {
            return Err(error.to_string());
        }
        if status.checkpoint > last {
            last = status.checkpoint;
            say(&Said::Background)?;
        }
        let made = match rng.random_range(0..20) {
            0 => table.checkpoint_full(),
            1..4 => table.checkpoint(),
            _ => Ok(None),
        };
        if let Some(made) = made.map_err(|error| error.to_string())? {
            last = made.commit;
            say(&Said::Checkpoint { full: made.full, bytes: made.bytes })?;
            say(&Said::Durable(made.commit))?;
        }
        if durability == Durability::Sync {
            // What can be seen is on the disk.
            say(&Said::Durable(table.newest()))?;
        } else if rng.random_ratio(1, 8) {
            say(&Said::Durable(table.sync().map_err(|error| error.to_string())?))?;
        }
        table.vacuum(VACUUM_BUDGET);
    }
}

/// Says a line, all of it at once.
fn say(said: &Said) -> Result<(), String> {
    let line = format!("{said}\n");
    io::stdout().write_all(line.as_bytes()).map_err(|error| error.to_string())
}
