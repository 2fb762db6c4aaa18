//! What is committed at the leader, and what each commit should add up to.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::sums::Sums;
use crate::difference::Difference;
use crate::ending::Ending;
use crate::ids::RowId;
use crate::table::{Commit, VersionTable};

/// What every account holds at first.
const FIRST_BALANCE: i64 = 1000;
/// How long the writer rests after a commit.
const REST: Duration = Duration::from_millis(1);
/// Of so many commits, one changes a good part of all rows.
const LARGE_ONCE_IN: u32 = 50;
/// How many sums are remembered.
const REMEMBERED: usize = 1_000_000;

/// What the rows add up to after each commit, the oldest first.
pub(super) struct Log(Mutex<VecDeque<(Commit, Sums)>>);

impl Log {
    pub(super) fn new(first: Commit, sums: Sums) -> Self {
        Log(Mutex::new(VecDeque::from([(first, sums)])))
    }

    /// What the rows should add up to after a commit, if there was one and it is remembered.
    pub(super) fn at(&self, commit: Commit) -> Option<Sums> {
        let log = self.0.lock();
        let index = log.binary_search_by_key(&commit, |&(commit, _)| commit).ok()?;
        Some(log[index].1)
    }

    /// The newest commit.
    pub(super) fn newest(&self) -> Commit {
        self.0.lock().back().expect("it is never empty").0
    }
}

/// Writes to a table, and keeps the model of it.
pub(super) struct Writer {
    accounts: Vec<(RowId, i64)>,
    sums: Sums,
    next: u64,
    rng: StdRng,
}

impl Writer {
    pub(super) fn new(rows: u64, seed: u64) -> Self {
        let accounts: Vec<_> = (0..rows).map(|id| (RowId(id), FIRST_BALANCE)).collect();
        let sums = Sums::of(accounts.iter().copied());
        Writer { accounts, sums, next: rows, rng: StdRng::seed_from_u64(seed) }
    }

    /// The rows that there are.
    pub(super) fn rows(&self) -> impl Iterator<Item = (RowId, i64)> {
        self.accounts.iter().copied()
    }

    /// What they add up to.
    pub(super) fn sums(&self) -> Sums {
        self.sums
    }

    /// Commits until the end.
    pub(super) fn write(
        mut self,
        table: &VersionTable<RowId, i64>,
        log: &Log,
        ending: &Ending,
    ) -> Result<(), Difference> {
        while !ending.has_come() {
            self.commit(table, log)?;
            thread::sleep(REST);
        }
        Ok(())
    }

    /// Commits one transaction: a few changes, or many.
    fn commit(&mut self, table: &VersionTable<RowId, i64>, log: &Log) -> Result<(), Difference> {
        let steps = if self.rng.random_ratio(1, LARGE_ONCE_IN) {
            1 + self.accounts.len() / 4
        } else {
            self.rng.random_range(1..=20)
        };
        let mut transaction = table.begin();
        for _ in 0..steps {
            let index = self.rng.random_range(0..self.accounts.len());
            let (key, value) = self.accounts[index];
            match self.rng.random_range(0..10) {
                0 => {
                    let key = RowId(self.next);
                    self.next += 1;
                    self.accounts.push((key, FIRST_BALANCE));
                    self.sums.add(key, FIRST_BALANCE);
                    transaction.put(key, FIRST_BALANCE);
                }
                1 if self.accounts.len() > 2 => {
                    self.accounts.swap_remove(index);
                    self.sums.remove(key, value);
                    transaction.delete(key);
                }
                _ => {
                    let new = value + self.rng.random_range(-100..=100);
                    self.accounts[index].1 = new;
                    self.sums.remove(key, value);
                    self.sums.add(key, new);
                    transaction.put(key, new);
                }
            }
        }
        // Nobody can ask for the commit's sums before they are there.
        let mut log = log.0.lock();
        let commit = transaction.commit().map_err(|error| Difference(error.to_string()))?;
        log.push_back((commit, self.sums));
        if log.len() > REMEMBERED {
            log.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_table_after_each_commit() {
        let mut writer = Writer::new(50, 1);
        let table = VersionTable::new(writer.rows());
        let log = Log::new(table.newest(), writer.sums());
        for _ in 0..300 {
            writer.commit(&table, &log).unwrap();
            let snapshot = table.snapshot();
            let sums = Sums::of(snapshot.iter().map(|(key, &value)| (key, value)));
            assert_eq!(log.at(snapshot.commit()), Some(sums));
            assert_eq!(log.newest(), snapshot.commit());
        }
    }
}
