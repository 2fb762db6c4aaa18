//! The workload: writers move money between accounts while readers check that every snapshot has
//! the same total.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cowmap::Paging;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::ids::RowId;
use crate::pauses::Pauses;
use crate::progress::{grouped, watch};
use crate::table::{CommitError, Snapshot, VersionTable};

/// What every account holds at first.
const FIRST_BALANCE: i64 = 1000;
/// The largest amount that is moved at once.
const LARGEST_AMOUNT: i64 = 100;
/// How many accounts take part in a quarter of all transfers, so that writers do get into conflict.
const BUSY_ACCOUNTS: u64 = 8;
/// How many rows a step of a vacuum visits.
const VACUUM_BUDGET: usize = 1000;
/// How often marks of deleted rows that nobody needs are cleaned away.
const VACUUM_EVERY: Duration = Duration::from_millis(250);

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For how long.
    pub duration: Duration,
    /// How many accounts there are, at least two.
    pub accounts: u64,
    /// How many threads move money.
    pub writers: u64,
    /// How many threads take snapshots and check them.
    pub readers: u64,
    /// Whether to show the progress.
    pub progress: bool,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct Report {
    /// Transactions that committed.
    pub committed: u64,
    /// Transactions that met a conflict, rolled back and began anew.
    pub retried: u64,
    /// Snapshots that were scanned and had the right total.
    pub checked: u64,
    /// How long the steps of writers took: beginning, writing a row, committing; waiting for the
    /// lock included.
    pub pauses: Pauses,
    /// What was wrong with a snapshot, if one was wrong.
    pub wrong: Option<WrongTotal>,
}

/// A snapshot that is not what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongTotal {
    /// The accounts and the total that there should be.
    pub expected: (u64, i64),
    /// The accounts and the total that there were.
    pub found: (u64, i64),
}

impl fmt::Display for WrongTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((accounts, total), (found_accounts, found_total)) = (self.expected, self.found);
        write!(
            f,
            "a snapshot has {found_total} in {found_accounts} accounts, not {total} in {accounts}"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32}{:>16}", "transactions committed", grouped(self.committed))?;
        writeln!(f, "{:<32}{:>16}", "conflicts retried", grouped(self.retried))?;
        writeln!(f, "{:<32}{:>16}", "snapshots checked", grouped(self.checked))?;
        let pauses = [
            ("pause of a writer, median", self.pauses.quantile(500)),
            ("                   99 %", self.pauses.quantile(990)),
            ("                   99.9 %", self.pauses.quantile(999)),
            ("                   largest", self.pauses.largest()),
        ];
        for (name, pause) in pauses {
            writeln!(f, "{name:<32}{:>13.1} µs", pause.as_secs_f64() * 1e6)?;
        }
        Ok(())
    }
}

/// What the threads share.
struct Bank<P: Paging> {
    table: VersionTable<RowId, i64, P>,
    accounts: u64,
    ended: AtomicBool,
    committed: AtomicU64,
    retried: AtomicU64,
    checked: AtomicU64,
}

/// Runs the workload on maps of the policy `P`.
///
/// # Panics
///
/// Panics if there are fewer than two accounts.
pub fn run<P: Paging>(settings: Settings) -> Report {
    assert!(settings.accounts >= 2, "a transfer needs two accounts");
    let bank = &Bank::<P> {
        table: VersionTable::new((0..settings.accounts).map(|id| (RowId(id), FIRST_BALANCE))),
        accounts: settings.accounts,
        ended: AtomicBool::new(false),
        committed: AtomicU64::new(0),
        retried: AtomicU64::new(0),
        checked: AtomicU64::new(0),
    };
    let (pauses, wrong) = thread::scope(|scope| {
        let writers: Vec<_> =
            (0..settings.writers).map(|seed| scope.spawn(move || bank.write(seed))).collect();
        let readers: Vec<_> = (0..settings.readers).map(|_| scope.spawn(|| bank.read())).collect();
        scope.spawn(|| bank.clean());
        let ended = || bank.ended.load(Relaxed);
        if settings.progress {
            watch(settings.duration, ended, || bank.progress());
        } else {
            thread::sleep(settings.duration);
        }
        bank.ended.store(true, Relaxed);

        let mut pauses = Pauses::default();
        for writer in writers {
            pauses.merge(&writer.join().expect("a writer panicked"));
        }
        let wrong = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader panicked"))
            .fold(None, Option::or);
        (pauses, wrong)
    });
    Report {
        committed: bank.committed.load(Relaxed),
        retried: bank.retried.load(Relaxed),
        checked: bank.checked.load(Relaxed),
        pauses,
        wrong: wrong.or(bank.check(&bank.table.snapshot()).err()),
    }
}

impl<P: Paging> Bank<P> {
    fn progress(&self) -> String {
        format!(
            "{} committed, {} retried, {} snapshots checked",
            grouped(self.committed.load(Relaxed)),
            grouped(self.retried.load(Relaxed)),
            grouped(self.checked.load(Relaxed)),
        )
    }

    /// A writer: transfers until the end, each retried until it commits.
    fn write(&self, seed: u64) -> Pauses {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut pauses = Pauses::default();
        while !self.ended.load(Relaxed) {
            let (from, to) = self.two_accounts(&mut rng);
            let amount = rng.random_range(1..=LARGEST_AMOUNT);
            while self.transfer(from, to, amount, &mut pauses).is_err() {
                self.retried.fetch_add(1, Relaxed);
                // The other transaction may be waiting for this thread's processor.
                thread::yield_now();
            }
            self.committed.fetch_add(1, Relaxed);
        }
        pauses
    }

    fn two_accounts(&self, rng: &mut StdRng) -> (RowId, RowId) {
        let from = rng.random_range(0..self.accounts);
        let others = self.accounts - 1;
        let distance = if rng.random_ratio(1, 4) {
            // Goes to one of the busy accounts, unless that is where it comes from.
            let busy = rng.random_range(0..BUSY_ACCOUNTS.min(self.accounts));
            (busy + others - from) % self.accounts % others
        } else {
            rng.random_range(0..others)
        };
        (RowId(from), RowId((from + 1 + distance) % self.accounts))
    }

    fn transfer(
        &self,
        from: RowId,
        to: RowId,
        amount: i64,
        pauses: &mut Pauses,
    ) -> Result<(), CommitError<RowId>> {
        let mut timed = Timed(pauses);
        let mut transaction = timed.step(|| self.table.begin());
        let balance = |row| *transaction.get(row).expect("no account is ever closed");
        let (has, gets) = (balance(from), balance(to));
        let amount = amount.min(has);
        timed.step(|| transaction.put(from, has - amount));
        timed.step(|| transaction.put(to, gets + amount));
        timed.step(|| transaction.commit()).map(|_| ())
    }

    /// A reader: checks snapshots until the end. Each is checked once more after the next one was
    /// taken, for what happens later must not change it.
    fn read(&self) -> Option<WrongTotal> {
        let mut previous = self.table.snapshot();
        while !self.ended.load(Relaxed) {
            let snapshot = self.table.snapshot();
            for snapshot in [&snapshot, &previous] {
                if let Err(wrong) = self.check(snapshot) {
                    self.ended.store(true, Relaxed);
                    return Some(wrong);
                }
            }
            self.checked.fetch_add(1, Relaxed);
            previous = snapshot;
        }
        None
    }

    fn check(&self, snapshot: &Snapshot<RowId, i64, P>) -> Result<(), WrongTotal> {
        let found = snapshot
            .iter()
            .fold((0, 0), |(accounts, total), (_, balance)| (accounts + 1, total + balance));
        let expected = (self.accounts, self.accounts.cast_signed() * FIRST_BALANCE);
        if found == expected { Ok(()) } else { Err(WrongTotal { expected, found }) }
    }

    /// The cleaner: vacuums now and then until the end.
    fn clean(&self) {
        let mut last = Instant::now();
        while !self.ended.load(Relaxed) {
            thread::sleep(Duration::from_millis(10));
            if last.elapsed() >= VACUUM_EVERY {
                self.table.vacuum_all(VACUUM_BUDGET);
                last = Instant::now();
            }
        }
    }
}

/// Times the steps of a transaction.
struct Timed<'a>(&'a mut Pauses);

impl Timed<'_> {
    fn step<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = step();
        self.0.add(start.elapsed());
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowmap::{Flat, Paged};

    const SETTINGS: Settings = Settings {
        duration: Duration::from_millis(300),
        accounts: 50,
        writers: 3,
        readers: 2,
        progress: false,
    };

    fn keeps_the_total<P: Paging>(accounts: u64) {
        let report = run::<P>(Settings { accounts, ..SETTINGS });
        assert_eq!(report.wrong, None);
        assert!(report.committed > 0 && report.checked > 0);
    }

    #[test]
    fn the_total_stays_the_same_in_paged_maps() {
        keeps_the_total::<Paged>(3000);
        keeps_the_total::<Paged>(2);
    }

    #[test]
    fn the_total_stays_the_same_in_flat_maps() {
        keeps_the_total::<Flat>(50);
    }

    #[test]
    fn a_wrong_total_is_found() {
        let bank = Bank::<Paged> {
            table: VersionTable::new((0..5).map(|id| (RowId(id), FIRST_BALANCE))),
            accounts: 5,
            ended: AtomicBool::new(false),
            committed: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            checked: AtomicU64::new(0),
        };
        assert_eq!(bank.check(&bank.table.snapshot()), Ok(()));
        let mut transaction = bank.table.begin();
        transaction.put(RowId(3), FIRST_BALANCE - 1);
        transaction.commit().unwrap();
        let wrong = bank.check(&bank.table.snapshot()).unwrap_err();
        assert_eq!(wrong.found, (5, 5 * FIRST_BALANCE - 1));
        assert_eq!(bank.read(), Some(wrong));
    }

    #[test]
    fn a_transfer_has_two_different_accounts() {
        for accounts in [2, 3, 8, 9, 100] {
            let bank = Bank::<Paged> {
                table: VersionTable::new([]),
                accounts,
                ended: AtomicBool::new(false),
                committed: AtomicU64::new(0),
                retried: AtomicU64::new(0),
                checked: AtomicU64::new(0),
            };
            let mut rng = StdRng::seed_from_u64(1);
            for _ in 0..1000 {
                let (from, to) = bank.two_accounts(&mut rng);
                assert!(from != to && from.0 < accounts && to.0 < accounts);
            }
        }
    }
}
