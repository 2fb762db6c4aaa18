//! Where the accounts are: a version table, or its twin, a hash map behind a lock.

use std::collections::HashMap;

use cowmap::Paging;
use parking_lot::RwLock;

use crate::ids::RowId;
use crate::table::{CommitError, Snapshot, VersionTable};

/// How many rows a step of a vacuum visits.
const VACUUM_BUDGET: usize = 1000;

/// What a scan adds up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// How many accounts there are.
    pub accounts: u64,
    /// What they hold together.
    pub money: i64,
}

impl Totals {
    fn of<'a>(balances: impl Iterator<Item = &'a i64>) -> Self {
        balances.fold(Totals { accounts: 0, money: 0 }, |totals, balance| Totals {
            accounts: totals.accounts + 1,
            money: totals.money + balance,
        })
    }
}

/// Why nothing was moved.
pub(super) enum NotMoved {
    /// Another transfer came first.
    CameSecond,
    /// Nothing will be any more.
    Stopped(String),
}

/// Accounts that are written and scanned at the same time.
pub(super) trait Store: Sync {
    /// What a reader keeps of a moment, if it can.
    type Moment;

    /// Moves money, but not more than there is: all of it or, if another transfer came first,
    /// nothing.
    fn transfer(&self, from: RowId, to: RowId, amount: i64) -> Result<(), NotMoved>;
    /// Adds up all accounts of this moment.
    fn scan(&self) -> (Totals, Self::Moment);
    /// Adds up all accounts as they were at a moment.
    fn scan_again(moment: &Self::Moment) -> Option<Totals>;
    /// Cleans away what nobody needs: a step.
    fn clean(&self);
}

impl<P: Paging> Store for VersionTable<RowId, i64, P> {
    type Moment = Snapshot<RowId, i64, P>;

    fn transfer(&self, from: RowId, to: RowId, amount: i64) -> Result<(), NotMoved> {
        let mut transaction = self.begin();
        let balance = |row| *transaction.get(row).expect("no account is ever closed");
        let (has, gets) = (balance(from), balance(to));
        let amount = amount.min(has);
        transaction.put(from, has - amount);
        transaction.put(to, gets + amount);
        match transaction.commit() {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict(_)) => Err(NotMoved::CameSecond),
            Err(error) => Err(NotMoved::Stopped(error.to_string())),
        }
    }

    fn scan(&self) -> (Totals, Self::Moment) {
        let snapshot = self.snapshot();
        (Totals::of(snapshot.iter().map(|(_, balance)| balance)), snapshot)
    }

    fn scan_again(moment: &Self::Moment) -> Option<Totals> {
        Some(Totals::of(moment.iter().map(|(_, balance)| balance)))
    }

    fn clean(&self) {
        self.vacuum(VACUUM_BUDGET);
    }
}

/// Readers hold the lock for a whole scan, writers for a transfer. Nobody comes second, and nobody
/// can look at a moment again.
impl Store for RwLock<HashMap<RowId, i64>> {
    type Moment = ();

    fn transfer(&self, from: RowId, to: RowId, amount: i64) -> Result<(), NotMoved> {
        let mut accounts = self.write();
        let amount = amount.min(accounts[&from]);
        for (row, change) in [(from, -amount), (to, amount)] {
            *accounts.get_mut(&row).expect("no account is ever closed") += change;
        }
        Ok(())
    }

    fn scan(&self) -> (Totals, ()) {
        (Totals::of(self.read().values()), ())
    }

    fn scan_again((): &()) -> Option<Totals> {
        None
    }

    fn clean(&self) {}
}
