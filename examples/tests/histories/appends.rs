//! A second opinion: transactions append to lists and read them, and the crate [`adya`] looks for
//! cycles between them.
//!
//! A list that is read shows the order of all that was appended before. So `adya` knows which
//! transaction overwrote or read what, without the numbers of commits. It is told when each one
//! began and ended, and by which thread.

use std::sync::Mutex;
use std::time::Duration;

use adya::history::{Id, Interner, Mop, Op, OpType, ReadValue, Scalar};
use adya::{History, Opts, Report, Valid, Workload};
use cowmap::Retention;
use cowmap_examples::table::{Isolation, VersionTable};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::pace::{Pace, Turns};
use super::store::{Fault, Numbers, Store, Txn};

/// How many lists are in use at a time.
const LISTS: u64 = 5;
/// After so many transactions of a thread there are new lists, so that they stay short.
const LIST_TURNS: u64 = 15;

type List = Vec<u64>;

/// What was invoked and completed so far, in this order.
#[derive(Default)]
struct Log {
    ops: Vec<Op>,
    names: Interner,
}

impl Log {
    fn name(&mut self, number: u64) -> Id {
        self.names.intern(Scalar::Int(number.cast_signed()))
    }

    fn append(&mut self, key: u64, value: u64) -> Mop {
        Mop::Append { key: self.name(key), value: self.name(value) }
    }

    fn read(&mut self, key: u64, list: Option<&List>) -> Mop {
        let value = match list {
            None => ReadValue::Nil,
            Some(list) => ReadValue::List(list.iter().map(|&value| self.name(value)).collect()),
        };
        Mop::Read { key: self.name(key), value }
    }

    fn push(&mut self, kind: OpType, thread: u64, value: Vec<Mop>) {
        let index = u64::try_from(self.ops.len()).expect("a few");
        let process = Some(thread.cast_signed());
        self.ops.push(Op { index, kind, process, value, time: None });
    }
}

/// What a transaction does.
#[derive(Clone, Copy)]
enum Step {
    Append(u64, u64),
    Read(u64),
}

/// What thread `thread` does in its next turn.
fn steps(turn: u64, rng: &mut StdRng, numbers: &Numbers) -> Vec<Step> {
    let mut step = || {
        let key = turn / LIST_TURNS * LISTS + rng.random_range(0..LISTS);
        if rng.random_ratio(2, 5) { Step::Append(key, numbers.next()) } else { Step::Read(key) }
    };
    let count = 1 + usize::from(!turn.is_multiple_of(4)) * 3;
    (0..count).map(|_| step()).collect()
}

fn run(store: &Store<List>, pace: Pace, seed: u64) -> History {
    let log = Mutex::new(Log::default());
    let work = |thread: u64, turns: Turns<'_>| {
        let mut rng = StdRng::seed_from_u64(seed << 8 | thread);
        let (mut begun, numbers) = (0, Numbers::of_thread(thread));
        let begin = || {
            let steps = steps(begun, &mut rng, &numbers);
            begun += 1;
            let mut log = log.lock().unwrap();
            let invoked = steps.iter().map(|&step| match step {
                Step::Append(key, value) => log.append(key, value),
                Step::Read(key) => log.read(key, None),
            });
            let invoked = invoked.collect();
            log.push(OpType::Invoke, thread, invoked);
            drop(log);
            (store.begin(), steps)
        };
        let work = |(txn, steps): (Txn<'_, List>, Vec<Step>), half: &dyn Fn()| {
            let (done, committed) = transaction(txn, &steps, half);
            let mut log = log.lock().unwrap();
            let completed = steps.iter().zip(done).map(|(&step, list)| match step {
                Step::Append(key, value) => log.append(key, value),
                Step::Read(key) => log.read(key, Some(&list)),
            });
            let completed = completed.collect();
            log.push(if committed { OpType::Ok } else { OpType::Fail }, thread, completed);
        };
        turns.each(begin, work);
    };
    pace.run(work);
    let Log { ops, names } = log.into_inner().unwrap();
    History::from_ops(ops, names)
}

/// The list that each step saw, and whether the transaction has committed.
fn transaction(mut txn: Txn<'_, List>, steps: &[Step], half: &dyn Fn()) -> (Vec<List>, bool) {
    let mut seen = Vec::new();
    for (nth, &step) in steps.iter().enumerate() {
        if nth == steps.len() / 2 {
            half();
        }
        let (Step::Append(key, _) | Step::Read(key)) = step;
        let list = txn.get(key).unwrap_or_default();
        if let Step::Append(_, value) = step {
            let mut longer = list.clone();
            longer.push(value);
            txn.put(key, longer);
        }
        seen.push(list);
    }
    (seen, txn.commit().is_ok())
}

/// The verdict on a history of a store that claims to be so isolated.
fn verdict(isolation: Isolation, fault: Option<Fault>, claim: Isolation, pace: Pace) -> Report {
    let table = VersionTable::with_retention([], Retention::last(usize::MAX));
    let history = run(&Store::new(table, isolation, fault), pace, 1);
    // Those of the names that are strong: who begins after a commit sees it.
    let model = match claim {
        Isolation::Snapshot => "strong-snapshot-isolation",
        Isolation::Serializable => "strict-serializable",
    };
    let timeout = Duration::from_secs(30);
    let opts = Opts { models: vec![model.to_owned()], timeout, ..Opts::default() };
    adya::check(&history, Workload::ListAppend, &opts)
}

/// That a history was unknown is as bad as that it was wrong.
#[track_caller]
fn assert_is(report: &Report, valid: Valid) {
    let first = report.anomalies.values().flatten().next();
    let why = first.map_or("nothing was found", |anomaly| &anomaly.explanation);
    assert_eq!(report.valid, valid, "{:?}: {why}", report.anomaly_types);
}

#[test]
fn appended_lists_show_the_isolation_that_was_asked_for() {
    for isolation in super::BOTH {
        for pace in [Pace::FREE, Pace::ROUNDS] {
            assert_is(&verdict(isolation, None, isolation, pace), Valid::True);
        }
    }
}

#[test]
fn appended_lists_show_write_skew_under_snapshot_isolation() {
    let report = verdict(Isolation::Snapshot, None, Isolation::Serializable, Pace::ROUNDS);
    assert_is(&report, Valid::False);
    // Cycles of at least two reads that were overwritten, and nothing worse. Some of them are
    // closed by the order of time.
    assert!(report.anomaly_types.iter().all(|name| name.starts_with("G2-item")));
}

#[test]
fn appended_lists_show_a_table_whose_commits_validate_nothing() {
    for isolation in super::BOTH {
        let fault = Some(Fault::ValidatesNothing);
        let report = verdict(isolation, fault, isolation, Pace::ROUNDS);
        assert_is(&report, Valid::False);
    }
}

#[test]
fn appended_lists_show_a_table_that_reads_what_came_later() {
    let fault = Some(Fault::GetsTheNewest);
    let report = verdict(Isolation::Snapshot, fault, Isolation::Snapshot, Pace::ROUNDS);
    assert_is(&report, Valid::False);
}

#[test]
fn appended_lists_show_a_table_that_reads_an_older_version() {
    let fault = Some(Fault::GetsTheFirst);
    let report = verdict(Isolation::Snapshot, fault, Isolation::Snapshot, Pace::ROUNDS);
    assert_is(&report, Valid::False);
}
