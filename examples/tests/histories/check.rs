//! Whether a history is snapshot isolation, or serializable.
//!
//! Transactions are looked at in the order of the commits that they began with. Beside them goes a
//! model of the rows, to which commits are applied in the order of their numbers. So when a
//! transaction is looked at, the model has exactly what it is to see. When a commit is applied, the
//! model knows who wrote each row last. If that was somebody after its beginning, two transactions
//! that overlapped wrote the same row. After sorting, this is linear in the events, savepoints and
//! scanned rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use cowmap_examples::table::{Conflict, Isolation};

use super::random::{End, Event, Record};

/// What is wrong with a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Violation {
    /// A transaction saw something else than the newest versions not after its beginning, and what
    /// it wrote itself.
    Saw { begun: u64, event: String, expected: String },
    /// Two transactions that overlapped wrote the same row.
    BothWrote { key: u64, begun: u64, commits: [u64; 2] },
    /// A serializable transaction wrote something, and another one had written what it read.
    ReadWasWritten { begun: u64, commits: [u64; 2] },
    /// A thread's transaction began with less than this thread had seen.
    LostSight { thread: u64, begun: u64, seen: u64 },
    /// The number of a commit is wrong.
    Number { begun: u64, commit: u64 },
    /// A transaction was refused because of what did not happen.
    NoConflict { conflict: Conflict<u64> },
}

/// What a history has, if nothing is wrong with it.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The rows that each commit has written, `None` if it deleted one that was there.
    pub(crate) commits: BTreeMap<u64, BTreeMap<u64, Option<u64>>>,
    /// How many transactions were refused.
    pub(crate) refused: usize,
    /// How many committed after others that they did not see.
    pub(crate) overlaps: usize,
}

/// A row of the model: its value, and the commit that wrote it last.
type Rows = HashMap<u64, (Option<u64>, u64)>;

/// What a transaction wrote and read, by the record of it.
struct Footprint {
    writes: BTreeMap<u64, Option<u64>>,
    reads: HashSet<u64>,
    scanned: bool,
}

/// Checks a history that began with the rows `first`. The records of each thread are in their
/// order.
pub(crate) fn check(
    records: &[Record],
    first: BTreeMap<u64, u64>,
    isolation: Isolation,
) -> Result<Checked, Violation> {
    sessions(records)?;
    let mut commits = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let End::Committed(commit) = record.end else { continue };
        // One that has written nothing returns what it began with.
        if commit != record.begun
            && (commit < record.begun || commits.insert(commit, index).is_some())
        {
            return Err(Violation::Number { begun: record.begun, commit });
        }
    }
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_key(|&index| records[index].begun);

    let mut model = Model {
        records,
        isolation,
        rows: first.into_iter().map(|(key, value)| (key, (Some(value), 0))).collect(),
        last: 0,
        footprints: records.iter().map(|_| None).collect(),
        checked: Checked { commits: BTreeMap::new(), refused: 0, overlaps: 0 },
    };
    let mut pending = commits.into_iter().peekable();
    for index in order {
        while let Some((commit, writer)) = pending.next_if(|&(c, _)| c <= records[index].begun) {
            model.apply(commit, writer)?;
        }
        model.look_at(index)?;
    }
    for (commit, writer) in pending {
        model.apply(commit, writer)?;
    }
    model.refusals()?;
    Ok(model.checked)
}

/// A thread sees at least what it has seen before, and what it has committed.
fn sessions(records: &[Record]) -> Result<(), Violation> {
    let mut sessions: HashMap<u64, u64> = HashMap::new();
    for &Record { thread, begun, end, .. } in records {
        let seen = sessions.entry(thread).or_default();
        if begun < *seen {
            return Err(Violation::LostSight { thread, begun, seen: *seen });
        }
        *seen = if let End::Committed(commit) = end { commit } else { begun };
    }
    Ok(())
}

struct Model<'a> {
    records: &'a [Record],
    isolation: Isolation,
    rows: Rows,
    /// The last commit that wrote something.
    last: u64,
    /// Of the transactions that were looked at.
    footprints: Vec<Option<Footprint>>,
    checked: Checked,
}

impl Model<'_> {
    /// A transaction, when the rows are what it is to see.
    fn look_at(&mut self, index: usize) -> Result<(), Violation> {
        let record = &self.records[index];
        let footprint = footprint(record, &self.rows)?;
        let has_number = matches!(record.end, End::Committed(commit) if commit > record.begun);
        if matches!(record.end, End::Committed(_)) && has_number == footprint.writes.is_empty() {
            return Err(Violation::Number { begun: record.begun, commit: record.begun });
        }
        self.footprints[index] = Some(footprint);
        Ok(())
    }

    /// Its commit, when the rows are what they are just before.
    fn apply(&mut self, commit: u64, index: usize) -> Result<(), Violation> {
        let begun = self.records[index].begun;
        let footprint = self.footprints[index].as_ref().expect("it began before it committed");
        if self.isolation == Isolation::Serializable {
            let rows = footprint.reads.iter().filter_map(|key| Some(self.rows.get(key)?.1));
            let scan = footprint.scanned.then_some(self.last);
            if let Some(other) = rows.chain(scan).find(|&other| other > begun) {
                return Err(Violation::ReadWasWritten { begun, commits: [other, commit] });
            }
        }
        let mut written = BTreeMap::new();
        for (&key, &value) in &footprint.writes {
            let row = self.rows.entry(key).or_insert((None, 0));
            // Who deletes a row that is not there, because it inserted it itself, writes nothing.
            if (row.0, value) != (None, None) {
                if row.1 > begun {
                    return Err(Violation::BothWrote { key, begun, commits: [row.1, commit] });
                }
                *row = (value, commit);
                written.insert(key, value);
            }
        }
        self.checked.overlaps += usize::from(self.last > begun);
        if !written.is_empty() {
            self.last = commit;
        }
        self.checked.commits.insert(commit, written);
        Ok(())
    }

    /// Who was refused names a commit after its beginning that wrote what it wrote or read.
    fn refusals(&mut self) -> Result<(), Violation> {
        for (record, footprint) in self.records.iter().zip(&self.footprints) {
            let End::Refused(conflict) = record.end else { continue };
            let footprint = footprint.as_ref().expect("all were looked at");
            let commit = u64::from(conflict.committed());
            let written = self.checked.commits.get(&commit);
            let serializable = self.isolation == Isolation::Serializable;
            let justified = match conflict {
                Conflict::Written { key, .. } => footprint.writes.contains_key(&key),
                Conflict::Read { key, .. } => serializable && footprint.reads.contains(&key),
                Conflict::Scanned { .. } => serializable && footprint.scanned,
            };
            let true_of = |writes: &BTreeMap<u64, Option<u64>>| {
                conflict.key().is_none_or(|key| writes.contains_key(&key))
            };
            let known = u64::from(conflict.begun()) == record.begun && commit > record.begun;
            if !(known && justified && written.is_some_and(true_of)) {
                return Err(Violation::NoConflict { conflict });
            }
            self.checked.refused += 1;
        }
        Ok(())
    }
}

/// Goes through what a transaction did, and compares what it saw.
fn footprint(record: &Record, rows: &Rows) -> Result<Footprint, Violation> {
    let mut own: BTreeMap<u64, Option<u64>> = BTreeMap::new();
    let mut savepoints = Vec::new();
    let mut reads = HashSet::new();
    let mut scanned = false;
    for event in &record.events {
        // The row as the transaction is to see it, and that it was read if it is not its own.
        let mut see = |own: &BTreeMap<u64, Option<u64>>, key: u64| match own.get(&key) {
            Some(&value) => value,
            None => {
                reads.insert(key);
                rows.get(&key).and_then(|&(value, _)| value)
            }
        };
        let expect = |fits: bool, expected: String| {
            let (begun, event) = (record.begun, format!("{event:?}"));
            if fits { Ok(()) } else { Err(Violation::Saw { begun, event, expected }) }
        };
        match event {
            Event::Got(key, value) => {
                let expected = see(&own, *key);
                expect(*value == expected, format!("{expected:?}"))?;
            }
            Event::Scanned(found) => {
                scanned = true;
                let mut all: BTreeMap<u64, Option<u64>> =
                    rows.iter().map(|(&key, &(value, _))| (key, value)).collect();
                all.extend(own.iter().map(|(&key, &value)| (key, value)));
                let expected: Vec<_> =
                    all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
                expect(*found == expected, format!("{expected:?}"))?;
            }
            Event::Put(key, value) => _ = own.insert(*key, Some(*value)),
            Event::Inserted(key, value, inserted) => {
                let there = see(&own, *key);
                expect(*inserted == there.is_none(), format!("{there:?}"))?;
                if *inserted {
                    own.insert(*key, Some(*value));
                }
            }
            Event::Deleted(key, deleted) => {
                let there = see(&own, *key);
                expect(*deleted == there.is_some(), format!("{there:?}"))?;
                if *deleted {
                    own.insert(*key, None);
                }
            }
            Event::Savepoint => savepoints.push(own.clone()),
            Event::RolledBackTo(nth) => {
                savepoints.truncate(nth + 1);
                own.clone_from(&savepoints[*nth]);
            }
        }
    }
    Ok(Footprint { writes: own, reads, scanned })
}
