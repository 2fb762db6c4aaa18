//! The workload: writers move money between accounts while readers check that every snapshot has
//! the same total.

mod durable;
mod report;
mod store;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cowmap::Paging;
use indicatif::HumanCount;
use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::ending::{Ending, EndsRun};
use crate::ids::RowId;
use crate::progress::Progress;
use crate::table::VersionTable;

pub use durable::{Durable, NoBank};
pub use report::{Pauses, Report, Reports, Table, WrongTotal};
pub use store::Totals;

use report::no_pauses;
use store::{NotMoved, Store};

/// What every account holds at first.
const FIRST_BALANCE: i64 = 1000;
/// The largest amount that is moved at once.
const LARGEST_AMOUNT: i64 = 100;
/// How many accounts take part in a quarter of all transfers, so that writers do get into conflict.
const BUSY_ACCOUNTS: u64 = 8;
/// How long the cleaner rests after a step, which writers wait for.
const CLEANER_RESTS: Duration = Duration::from_millis(5);

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many accounts there are, at least two.
    pub accounts: u64,
    /// How many threads move money.
    pub writers: u64,
    /// How many threads scan all accounts.
    pub readers: u64,
    /// How long a writer rests after each transfer.
    pub rest: Duration,
}

/// Runs the workload on a version table whose map has the policy `P`.
///
/// # Panics
///
/// Panics if there are fewer than two accounts.
pub fn run<P: Paging>(settings: Settings, ending: &Ending, progress: &Progress) -> Report {
    let table = VersionTable::<RowId, i64, P>::new(first_accounts(settings.accounts));
    run_on(&table, settings, ending, progress)
}

/// Runs the workload on the twin, a `HashMap` behind a read-write lock.
///
/// # Panics
///
/// Panics if there are fewer than two accounts.
pub fn run_locked(settings: Settings, ending: &Ending, progress: &Progress) -> Report {
    let map: HashMap<_, _> = first_accounts(settings.accounts).collect();
    run_on(&RwLock::new(map), settings, ending, progress)
}

/// All accounts, as they are at first.
fn first_accounts(accounts: u64) -> impl Iterator<Item = (RowId, i64)> {
    (0..accounts).map(|id| (RowId(id), FIRST_BALANCE))
}

/// What the threads share.
struct Bank<'a, S> {
    store: &'a S,
    accounts: u64,
    rest: Duration,
    ending: &'a Ending,
    committed: AtomicU64,
    retried: AtomicU64,
    checked: AtomicU64,
    /// Why there are no more transfers.
    stopped: Mutex<Option<String>>,
}

fn run_on<S: Store>(store: &S, settings: Settings, ending: &Ending, progress: &Progress) -> Report {
    assert!(settings.accounts >= 2, "a transfer needs two accounts");
    let bank = &Bank::new(store, settings, ending);
    let began = Instant::now();
    let (pauses, wrong) = thread::scope(|scope| {
        let writers: Vec<_> =
            (0..settings.writers).map(|seed| scope.spawn(move || bank.write(seed))).collect();
        let readers: Vec<_> = (0..settings.readers).map(|_| scope.spawn(|| bank.read())).collect();
        scope.spawn(|| bank.clean());
        progress.watch(ending, || bank.progress());

        let mut pauses = no_pauses();
        for writer in writers {
            let more = writer.join().expect("a writer panicked");
            pauses.add(more).expect("they have the same bounds");
        }
        let wrong = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader panicked"))
            .fold(None, Option::or);
        (pauses, wrong)
    });
    Report {
        took: began.elapsed(),
        committed: bank.committed.load(Relaxed),
        retried: bank.retried.load(Relaxed),
        checked: bank.checked.load(Relaxed),
        pauses,
        wrong: wrong.or_else(|| bank.check(bank.store.scan().0).err()),
        stopped: bank.stopped.lock().take(),
    }
}

impl<'a, S: Store> Bank<'a, S> {
    fn new(store: &'a S, settings: Settings, ending: &'a Ending) -> Self {
        let Settings { accounts, rest, .. } = settings;
        Bank {
            store,
            accounts,
            rest,
            ending,
            committed: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            checked: AtomicU64::new(0),
            stopped: Mutex::new(None),
        }
    }

    fn progress(&self) -> String {
        format!(
            "{} committed, {} retried, {} scans checked",
            HumanCount(self.committed.load(Relaxed)),
            HumanCount(self.retried.load(Relaxed)),
            HumanCount(self.checked.load(Relaxed)),
        )
    }

    /// A writer: transfers until the end, each retried until it commits.
    fn write(&self, seed: u64) -> Pauses {
        let _ends = EndsRun(self.ending);
        let mut rng = StdRng::seed_from_u64(seed);
        let mut pauses = no_pauses();
        while !self.ending.has_come() {
            let (from, to) = self.two_accounts(&mut rng);
            let amount = rng.random_range(1..=LARGEST_AMOUNT);
            loop {
                let start = Instant::now();
                let result = self.store.transfer(from, to, amount);
                let nanos = start.elapsed().as_nanos();
                pauses.saturating_record(u64::try_from(nanos).unwrap_or(u64::MAX));
                match result {
                    Ok(()) => break,
                    Err(NotMoved::CameSecond) => {}
                    Err(NotMoved::Stopped(why)) => {
                        *self.stopped.lock() = Some(why);
                        return pauses;
                    }
                }
                self.retried.fetch_add(1, Relaxed);
                // The other transfer may be waiting for this thread's processor.
                thread::yield_now();
            }
            self.committed.fetch_add(1, Relaxed);
            if !self.rest.is_zero() {
                thread::sleep(self.rest);
            }
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

    /// A reader: scans until the end. What it kept of the moment before is scanned once more after
    /// the next one, because what happens later must not change it.
    fn read(&self) -> Option<WrongTotal> {
        let _ends = EndsRun(self.ending);
        let mut before = None;
        while !self.ending.has_come() {
            let (totals, moment) = self.store.scan();
            let again = before.as_ref().and_then(S::scan_again);
            for totals in again.into_iter().chain([totals]) {
                if let Err(wrong) = self.check(totals) {
                    return Some(wrong);
                }
            }
            self.checked.fetch_add(1, Relaxed);
            before = Some(moment);
        }
        None
    }

    fn check(&self, found: Totals) -> Result<(), WrongTotal> {
        let money = self.accounts.cast_signed() * FIRST_BALANCE;
        let expected = Totals { accounts: self.accounts, money };
        if found == expected { Ok(()) } else { Err(WrongTotal { expected, found }) }
    }

    /// The cleaner: a short step now and then until the end. Steps without a rest between them
    /// would hold up writers for as long as a whole round takes.
    fn clean(&self) {
        while !self.ending.has_come() {
            self.store.clean();
            thread::sleep(CLEANER_RESTS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowmap::{Flat, Paged};

    fn keeps_the_total(accounts: u64, run: impl Fn(Settings, &Ending, &Progress) -> Report) {
        let settings = Settings { accounts, writers: 3, readers: 2, rest: Duration::ZERO };
        let ending = Ending::after(Duration::from_millis(300));
        let report = run(settings, &ending, &Progress::hidden());
        assert_eq!(report.wrong, None);
        assert!(report.committed > 0 && report.checked > 0);
        assert_eq!(report.pauses.len(), report.committed + report.retried);
    }

    #[test]
    fn the_total_stays_the_same_in_paged_maps() {
        keeps_the_total(3000, run::<Paged>);
        keeps_the_total(2, run::<Paged>);
    }

    #[test]
    fn the_total_stays_the_same_in_flat_maps() {
        keeps_the_total(50, run::<Flat>);
    }

    #[test]
    fn the_total_stays_the_same_behind_a_lock() {
        keeps_the_total(50, run_locked);
    }

    /// A log that cannot be written ends transfers, and the run says why.
    #[test]
    fn a_closed_table_ends_the_run() {
        let table = VersionTable::<RowId, i64>::new(first_accounts(5));
        table.close();
        let ending = Ending::after(Duration::from_secs(3600));
        let report = run_on(&table, few(5), &ending, &Progress::hidden());
        assert!(report.stopped.expect("it says why").contains("closed"));
        assert_eq!((report.committed, report.wrong), (0, None));
    }

    fn few(accounts: u64) -> Settings {
        Settings { accounts, writers: 1, readers: 1, rest: Duration::ZERO }
    }

    #[test]
    fn a_wrong_total_is_found() {
        let ending = Ending::after(Duration::from_secs(3600));
        let table = VersionTable::<RowId, i64>::new(first_accounts(5));
        let bank = Bank::new(&table, few(5), &ending);
        assert_eq!(bank.check(bank.store.scan().0), Ok(()));
        let mut transaction = table.begin();
        transaction.put(RowId(3), FIRST_BALANCE - 1);
        transaction.commit().unwrap();
        let wrong = bank.check(bank.store.scan().0).unwrap_err();
        assert_eq!(wrong.found, Totals { accounts: 5, money: 5 * FIRST_BALANCE - 1 });
        assert_eq!(bank.read(), Some(wrong));
        assert!(ending.has_come());
    }

    #[test]
    fn a_transfer_has_two_different_accounts() {
        let ending = Ending::after(Duration::ZERO);
        for accounts in [2, 3, 8, 9, 100] {
            let table = VersionTable::<RowId, i64>::new(first_accounts(accounts));
            let bank = Bank::new(&table, few(accounts), &ending);
            let mut rng = StdRng::seed_from_u64(1);
            for _ in 0..1000 {
                let (from, to) = bank.two_accounts(&mut rng);
                assert!(from != to && from.0 < accounts && to.0 < accounts);
            }
        }
    }
}
