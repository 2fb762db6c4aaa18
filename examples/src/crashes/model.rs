//! What must be in the table, found without it.

use std::collections::BTreeMap;

use crate::difference::{Difference, same};
use crate::ids::RowId;
use crate::table::{Commit, Snapshot};

use super::work::{ACCOUNTS, NOTES_KEPT, Plan, Value, done_row};

/// The table after some transactions of each thread.
pub(super) struct Model {
    plan: Plan,
    balances: Vec<i64>,
    /// How many transactions of each thread are in it.
    done: Vec<u64>,
}

impl Model {
    pub(super) fn new(plan: Plan) -> Self {
        let (balances, done) = (vec![0; ACCOUNTS as usize], vec![0; plan.threads as usize]);
        Model { plan, balances, done }
    }

    /// Does what the transactions do up to these numbers. Transfers may be done in any order.
    pub(super) fn advance(&mut self, done: &[u64]) {
        for (thread, (have, &done)) in self.done.iter_mut().zip(done).enumerate() {
            while *have < done {
                *have += 1;
                let work = self.plan.work(thread as u64, *have);
                self.balances[work.from.0 as usize] -= work.amount;
                self.balances[work.to.0 as usize] += work.amount;
            }
        }
    }

    /// All rows.
    fn rows(&self) -> BTreeMap<RowId, Value> {
        let mut rows = BTreeMap::new();
        let balances = self.balances.iter().enumerate();
        rows.extend(balances.map(|(id, &held)| (RowId(id as u64), Value::Balance(held))));
        for (thread, &done) in (0..).zip(&self.done) {
            rows.insert(done_row(thread), Value::Done(done));
            for number in done.saturating_sub(NOTES_KEPT) + 1..=done {
                let notes = self.plan.work(thread, number).notes;
                rows.extend(notes.into_iter().map(|(row, bytes)| (row, Value::Note(bytes))));
            }
        }
        rows
    }

    /// Compares all rows of a table that has something.
    pub(super) fn compare(&self, table: &Snapshot<RowId, Value>) -> Result<(), Difference> {
        let commit = table.commit();
        let total = |sum, (_, value): (_, &Value)| match value {
            Value::Balance(held) => sum + held,
            _ => sum,
        };
        same!(table.iter().fold(0, total), 0, "what all accounts hold after commit {commit}");
        let mut rows = self.rows();
        for (row, value) in table.iter() {
            let expected = rows.remove(&row);
            same!(Some(value), expected.as_ref(), "row {} after commit {commit}", row.0);
        }
        same!(None, rows.first_key_value(), "a row that is missing after commit {commit}");
        Ok(())
    }
}

/// Which transactions are in a table: their numbers, by thread. `None` if not even accounts are.
pub(super) fn done(
    table: &Snapshot<RowId, Value>,
    plan: Plan,
) -> Result<Option<Vec<u64>>, Difference> {
    if table.is_empty() {
        same!(table.commit(), Commit::from(0), "the commit of an empty table");
        return Ok(None);
    }
    let done = (0..plan.threads).map(|thread| match table.get(done_row(thread)) {
        Some(Value::Done(done)) => Ok(*done),
        other => Err(Difference(format!("thread {thread} has {other:?}, and no number"))),
    });
    Ok(Some(done.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crashes::Table;
    use crate::crashes::writer::{begin, transact};

    const PLAN: Plan = Plan { seed: 7, threads: 2 };

    fn table() -> Table {
        let table = Table::new([]);
        begin(&table, PLAN).unwrap();
        for number in 1..=2 * NOTES_KEPT {
            for thread in 0..2 {
                transact(&table, PLAN, thread, number).unwrap();
            }
        }
        table
    }

    fn compared(table: &Table, more: u64) -> Result<(), Difference> {
        let snapshot = table.snapshot();
        let mut done = done(&snapshot, PLAN)?.expect("there are accounts");
        done[0] += more;
        let mut model = Model::new(PLAN);
        model.advance(&done);
        model.compare(&snapshot)
    }

    #[test]
    fn the_model_is_what_transactions_make() {
        let table = table();
        assert_eq!(compared(&table, 0), Ok(()));
        assert!(compared(&table, 1).is_err());
        assert_eq!(done(&Table::new([]).snapshot(), PLAN), Ok(None));
    }

    /// Each row that a transaction writes is missed if it is not there, or not written.
    #[test]
    fn half_a_transaction_is_found() {
        let table = table();
        let before = table.snapshot();
        let number = 2 * NOTES_KEPT + 1;
        transact(&table, PLAN, 0, number).unwrap();
        let after = table.snapshot();
        let rows: Vec<RowId> = (before.iter().chain(after.iter()))
            .map(|(row, _)| row)
            .filter(|&row| before.get(row) != after.get(row))
            .collect();
        assert!(rows.len() > 4, "{rows:?}");
        for row in rows {
            if row == done_row(0) {
                continue;
            }
            let mut undone = table.begin();
            match before.get(row) {
                Some(value) => undone.put(row, value.clone()),
                None => assert!(undone.delete(row)),
            }
            undone.commit().unwrap();
            assert!(compared(&table, 0).is_err(), "row {}", row.0);
            let mut redone = table.begin();
            match after.get(row) {
                Some(value) => redone.put(row, value.clone()),
                None => assert!(redone.delete(row)),
            }
            redone.commit().unwrap();
            assert_eq!(compared(&table, 0), Ok(()));
        }
    }
}
