//! What must be found in the table, by what was said of it before.

use std::collections::HashSet;

use crate::difference::{Difference, same};
use crate::table::{Commit, Durability};

use super::said::{Opened, Said};

/// An acknowledged transaction.
struct Acknowledged {
    thread: u64,
    number: u64,
    commit: Commit,
    durability: Durability,
}

/// What is known of a table.
pub(super) struct Expected {
    /// The last commit that must be there.
    least: Commit,
    /// What was acknowledged since the table was last seen.
    acknowledged: Vec<Acknowledged>,
    /// How many transactions of each thread there were then. None if there were no accounts.
    done: Vec<u64>,
    threads: u64,
    pub(super) counts: Counts,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Transactions that were acknowledged when they were on the disk.
    pub acknowledged_sync: u64,
    /// Transactions that were acknowledged before.
    pub acknowledged_buffered: u64,
    /// How many of the latter were lost.
    pub lost_buffered: u64,
    /// How many transactions were there, and not acknowledged.
    pub unacknowledged: u64,
    /// How often the end of the log was cut.
    pub cut: u64,
    /// How many bytes were.
    pub cut_bytes: u64,
    /// Checkpoints that were requested: with all rows, with changes.
    pub full: u64,
    /// Those with changes.
    pub changes: u64,
    /// Bytes of them.
    pub checkpoint_bytes: u64,
    /// How often one had been made in the background.
    pub background: u64,
}

impl Expected {
    pub(super) fn new(threads: u64) -> Self {
        let (least, counts) = (Commit::from(0), Counts::default());
        Expected { least, acknowledged: Vec::new(), done: Vec::new(), threads, counts }
    }

    /// How many commits there are at least.
    pub(super) fn least(&self) -> Commit {
        self.least
    }

    /// Takes what a process said.
    pub(super) fn hear(&mut self, said: Said, durability: Durability) -> Result<(), Difference> {
        match said {
            Said::Opened(opened) => self.opened(opened)?,
            Said::Acknowledged { thread, number, commit } => {
                if durability == Durability::Sync {
                    self.least = self.least.max(commit);
                    self.counts.acknowledged_sync += 1;
                } else {
                    self.counts.acknowledged_buffered += 1;
                }
                let acknowledged = Acknowledged { thread, number, commit, durability };
                self.acknowledged.push(acknowledged);
            }
            Said::Durable(commit) => self.least = self.least.max(commit),
            Said::Checkpoint { full, bytes } => {
                let count = if full { &mut self.counts.full } else { &mut self.counts.changes };
                *count += 1;
                self.counts.checkpoint_bytes += bytes;
            }
            Said::Background => self.counts.background += 1,
            Said::Failed(why) => return Err(Difference(why)),
        }
        Ok(())
    }

    /// Compares with what was found.
    pub(super) fn opened(&mut self, opened: Opened) -> Result<(), Difference> {
        let Opened { commit, cut, done } = opened;
        self.counts.cut += u64::from(cut > 0);
        self.counts.cut_bytes += cut;
        if commit < self.least {
            let least = self.least;
            let text = format!("commit {least} was acknowledged, and the last one is {commit}");
            return Err(Difference(text));
        }
        // The first commit makes the accounts.
        let has_accounts = !done.is_empty();
        if has_accounts {
            same!(done.len() as u64, self.threads, "threads after commit {commit}");
        }
        let transactions: u64 = done.iter().sum();
        let commits = Commit::from(transactions + u64::from(has_accounts));
        same!(commit, commits, "the last commit, with {transactions} transactions");

        let mut numbers = HashSet::new();
        let mut acknowledged = 0;
        for Acknowledged { thread, number, commit: of, durability } in self.acknowledged.drain(..) {
            if !numbers.insert(of) {
                return Err(Difference(format!("commit {of} was acknowledged twice")));
            }
            let is_there = done.get(thread as usize).is_some_and(|&done| done >= number);
            let what = format_args!(
                "whether transaction {number} of thread {thread} is there, which was commit {of}: \
                 the last one is {commit}"
            );
            same!(is_there, of <= commit, "{what}");
            if durability == Durability::Sync {
                same!(is_there, true, "{what}");
            }
            acknowledged += u64::from(is_there);
            self.counts.lost_buffered += u64::from(!is_there);
        }
        let before: u64 = self.done.iter().sum();
        self.counts.unacknowledged += transactions - before - acknowledged;
        (self.least, self.done) = (commit, done);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(thread: u64, number: u64, commit: u64) -> Said {
        Said::Acknowledged { thread, number, commit: commit.into() }
    }

    /// What is found after some lines of a process with two threads.
    fn found(
        durability: Durability,
        lines: &[Said],
        commit: u64,
        done: &[u64],
    ) -> Result<Counts, Difference> {
        let mut expected = Expected::new(2);
        for line in lines {
            expected.hear(line.clone(), durability)?;
        }
        let opened = Opened { commit: commit.into(), cut: 0, done: done.to_vec() };
        expected.opened(opened).map(|()| expected.counts)
    }

    #[test]
    fn what_was_acknowledged_must_be_there() {
        let lines = [acknowledged(0, 1, 2), acknowledged(1, 1, 3)];
        let (sync, buffered) = (Durability::Sync, Durability::Buffered);
        assert!(found(sync, &lines, 3, &[1, 1]).is_ok());
        assert_eq!(found(sync, &lines, 4, &[2, 1]).unwrap().unacknowledged, 1);
        assert!(found(sync, &lines, 2, &[1, 0]).is_err());
        assert_eq!(found(buffered, &lines, 2, &[1, 0]).unwrap().lost_buffered, 1);
        assert_eq!(found(buffered, &lines, 0, &[]).unwrap().lost_buffered, 2);
        let synced = [&lines[..], &[Said::Durable(3.into())]].concat();
        assert!(found(buffered, &synced, 2, &[1, 0]).is_err());
    }

    #[test]
    fn what_is_there_must_be_the_first_commits() {
        let lines = [acknowledged(0, 1, 2), acknowledged(1, 1, 3)];
        // The second one without the first, and numbers that do not add up.
        for (commit, done) in [(2, &[0, 1][..]), (3, &[2, 0]), (4, &[1, 1]), (1, &[])] {
            assert!(
                found(Durability::Buffered, &lines, commit, done).is_err(),
                "{commit} {done:?}"
            );
        }
        let twice = [acknowledged(0, 1, 2), acknowledged(1, 1, 2)];
        assert!(found(Durability::Sync, &twice, 3, &[1, 1]).is_err());
    }
}
