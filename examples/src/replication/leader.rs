//! The leader: sends versions to followers, asks what they serve, and compares.

use std::io::{self, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, Scope};
use std::time::Duration;

use cowmap::Retention;
use parking_lot::Mutex;

use super::frame::{self, FrameError};
use super::message::{Message, PART};
use super::writer::{Log, Writer};
use crate::difference::Difference;
use crate::ending::Ending;
use crate::ids::RowId;
use crate::table::{Batch, Commit, Snapshot, VersionTable};

/// How many commits the table keeps. A follower that was away for longer gets the whole table.
const KEPT: usize = 200;
/// How long a feed waits for a commit before it says that it is still there.
const IDLE_AFTER: Duration = Duration::from_millis(50);
/// How long it waits for connections, and between questions.
const REST: Duration = Duration::from_millis(5);
/// How long a follower may be silent.
const SILENCE: Duration = Duration::from_secs(2);

/// What was done.
#[derive(Debug, Default)]
pub struct Counts {
    /// Followers that had nothing, and got the whole table.
    pub joined_empty: AtomicU64,
    /// Followers that had a commit that was kept, and got the changes since.
    pub joined_by_changes: AtomicU64,
    /// Followers that had a forgotten commit, and got the whole table.
    pub joined_late: AtomicU64,
    /// Bytes of whole tables.
    pub whole_bytes: AtomicU64,
    /// Bytes of changes.
    pub change_bytes: AtomicU64,
    /// Versions that followers served, and that were what the model says.
    pub checked: AtomicU64,
    /// Connections that said what makes no sense.
    pub refused: AtomicU64,
    /// Followers that were killed.
    pub killed: AtomicU64,
    /// Followers that were cut off.
    pub cut_off: AtomicU64,
}

/// A table that followers follow.
pub(super) struct Leader<'a> {
    table: VersionTable<RowId, i64>,
    log: Log,
    counts: &'a Counts,
    /// Ends the run if something is wrong.
    ending: &'a Ending,
    /// While it is, nobody is connected.
    pub(super) cut_off: AtomicBool,
    /// Whether all connections end.
    pub(super) closed: AtomicBool,
    /// The newest commit that a follower served.
    served: AtomicU64,
    wrong: Mutex<Option<Difference>>,
}

impl<'a> Leader<'a> {
    /// A leader of the writer's rows.
    pub(super) fn new(writer: &Writer, counts: &'a Counts, ending: &'a Ending) -> Self {
        let table = VersionTable::with_retention(writer.rows(), Retention::last(KEPT));
        Leader {
            log: Log::new(table.newest(), writer.sums()),
            table,
            counts,
            ending,
            cut_off: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            served: AtomicU64::new(0),
            wrong: Mutex::default(),
        }
    }

    /// Commits what the writer writes, until the end.
    pub(super) fn write(&self, writer: Writer) -> Result<(), Difference> {
        writer.write(&self.table, &self.log, self.ending)
    }

    /// Whether a follower serves the newest commit.
    pub(super) fn is_followed(&self) -> bool {
        self.served.load(Relaxed) == u64::from(self.log.newest())
    }

    /// The newest commit.
    pub(super) fn newest(&self) -> Commit {
        self.log.newest()
    }

    /// What was wrong, if something was.
    pub(super) fn wrong(&self) -> Option<Difference> {
        self.wrong.lock().clone()
    }

    /// Serves those that connect, until it is closed.
    pub(super) fn serve<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        listener: &TcpListener,
    ) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        while !self.closed.load(Relaxed) {
            if self.cut_off.load(Relaxed) {
                thread::sleep(REST);
                continue;
            }
            match listener.accept() {
                Ok((stream, _)) => {
                    scope.spawn(move || match self.connection(stream) {
                        // It was killed, or cut off.
                        Ok(()) | Err(FrameError::Io(_) | FrameError::Closed) => {}
                        Err(_) => {
                            self.counts.refused.fetch_add(1, Relaxed);
                        }
                    });
                }
                // None waits, or one has gone again.
                Err(_) => thread::sleep(REST),
            }
        }
        Ok(())
    }

    fn connection(&self, mut stream: TcpStream) -> Result<(), FrameError> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
        match frame::read(&mut stream)? {
            Message::Follow { have } => self.feed(stream, have),
            Message::Ask => self.ask(stream),
            _ => {
                self.counts.refused.fetch_add(1, Relaxed);
                Ok(())
            }
        }
    }

    /// Sends versions until the connection is lost.
    fn feed(&self, stream: TcpStream, have: Option<Commit>) -> Result<(), FrameError> {
        let mut to = BufWriter::new(stream);
        let mut watch = match have.map(|have| self.table.watch(have)) {
            Some(Ok(watch)) => {
                self.counts.joined_by_changes.fetch_add(1, Relaxed);
                watch
            }
            none => {
                let late = none.is_some();
                let counter =
                    if late { &self.counts.joined_late } else { &self.counts.joined_empty };
                counter.fetch_add(1, Relaxed);
                let watch = self.table.watch_newest();
                self.send_whole(watch.snapshot(), &mut to)?;
                watch
            }
        };
        loop {
            to.flush()?;
            match watch.next_within(IDLE_AFTER) {
                Some(batch) => {
                    let rows = watch.snapshot().len() as u64;
                    self.send_changes(batch, rows, &mut to)?;
                }
                None => {
                    self.send(&Message::Idle, &mut to)?;
                }
            }
        }
    }

    fn send_whole(
        &self,
        snapshot: &Snapshot<RowId, i64>,
        to: &mut impl Write,
    ) -> Result<(), FrameError> {
        let mut bytes = self.send(&Message::Whole { commit: snapshot.commit() }, to)?;
        let mut rows = snapshot.iter().map(|(key, &value)| (key, value));
        loop {
            let part: Vec<_> = rows.by_ref().take(PART).collect();
            if part.is_empty() {
                break;
            }
            bytes += self.send(&Message::Rows(part), to)?;
        }
        bytes += self.send(&Message::Publish { rows: snapshot.len() as u64 }, to)?;
        self.counts.whole_bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }

    fn send_changes(
        &self,
        batch: Batch<RowId, i64>,
        rows: u64,
        to: &mut impl Write,
    ) -> Result<(), FrameError> {
        let Batch { from, to: newest, changes } = batch;
        let mut bytes = self.send(&Message::Changes { from, to: newest }, to)?;
        for part in changes.chunks(PART) {
            bytes += self.send(&Message::Changed(part.to_vec()), to)?;
        }
        bytes += self.send(&Message::Publish { rows }, to)?;
        self.counts.change_bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// Sends a message, unless the connection is to end: also in the middle of a version.
    fn send(&self, message: &Message, to: &mut impl Write) -> Result<u64, FrameError> {
        if self.is_to_end() {
            return Err(FrameError::Closed);
        }
        frame::write(to, message)
    }

    fn is_to_end(&self) -> bool {
        self.cut_off.load(Relaxed) || self.closed.load(Relaxed)
    }

    /// Asks what a follower serves, and compares, until the connection is lost.
    fn ask(&self, mut stream: TcpStream) -> Result<(), FrameError> {
        let mut last = None;
        loop {
            self.send(&Message::WhatDoYouServe, &mut stream)?;
            let answer = frame::read(&mut stream)?;
            if let Err(wrong) = self.compare(&answer, &mut last) {
                self.wrong.lock().get_or_insert(wrong);
                self.ending.stop();
                return Ok(());
            }
            thread::sleep(REST);
        }
    }

    /// Compares what a follower serves with the model. `last` is the commit that it served before.
    fn compare(&self, answer: &Message, last: &mut Option<Commit>) -> Result<(), Difference> {
        let wrong = |said: String| Err(Difference(format!("the follower {said}")));
        match (answer, *last) {
            (Message::Serving(None), None) => return Ok(()),
            (Message::Serving(Some((commit, _))), Some(last)) if *commit < last => {
                return wrong(format!("served commit {last}, and then commit {commit}"));
            }
            (Message::Serving(Some((commit, found))), _) => match self.log.at(*commit) {
                Some(expected) if expected == *found => *last = Some(*commit),
                expected => {
                    return wrong(format!("serves {found:?} as commit {commit}, not {expected:?}"));
                }
            },
            _ => return wrong(format!("was asked what it serves, and said {answer:?}")),
        }
        self.counts.checked.fetch_add(1, Relaxed);
        self.served.store(last.map_or(0, u64::from), Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::follower::follow;
    use crate::replication::sums::Sums;

    /// Runs a leader, and what `peer` does with its address.
    fn with_leader(rows: u64, peer: impl FnOnce(&Leader<'_>, std::net::SocketAddr)) -> Counts {
        let counts = Counts::default();
        let ending = Ending::after(Duration::from_secs(3600));
        let writer = Writer::new(rows, 1);
        let leader = Leader::new(&writer, &counts, &ending);
        let leader = &leader;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        thread::scope(|scope| {
            let address = listener.local_addr().unwrap();
            scope.spawn(|| leader.serve(scope, &listener).unwrap());
            scope.spawn(|| leader.write(writer).unwrap());
            peer(leader, address);
            ending.stop();
            leader.closed.store(true, Relaxed);
        });
        assert_eq!(leader.wrong(), None);
        counts
    }

    fn wait(until: impl Fn() -> bool) {
        let waited = Ending::after(Duration::from_secs(20));
        while !until() {
            assert!(!waited.has_come(), "it does not come");
            thread::sleep(REST);
        }
    }

    #[test]
    fn a_follower_that_is_cut_off_gets_the_changes_or_the_whole_table() {
        let counts = with_leader(3000, |leader, address| {
            let ending = Ending::after(Duration::from_secs(3600));
            thread::scope(|scope| {
                let follower = scope.spawn(|| follow(address, &ending));
                let checked = || leader.counts.checked.load(Relaxed);
                wait(|| checked() > 3);
                leader.cut_off.store(true, Relaxed);
                thread::sleep(IDLE_AFTER);
                leader.cut_off.store(false, Relaxed);
                let before = checked();
                wait(|| checked() > before + 3);

                leader.cut_off.store(true, Relaxed);
                let newest = u64::from(leader.newest());
                wait(|| u64::from(leader.newest()) > newest + 2 * KEPT as u64);
                leader.cut_off.store(false, Relaxed);
                wait(|| leader.counts.joined_late.load(Relaxed) > 0);
                let before = checked();
                wait(|| checked() > before + 3);
                ending.stop();
                leader.closed.store(true, Relaxed);
                follower.join().unwrap().unwrap();
            });
        });
        assert_eq!(counts.joined_empty.load(Relaxed), 1);
        assert!(counts.joined_by_changes.load(Relaxed) + counts.joined_late.load(Relaxed) >= 2);
    }

    #[test]
    fn peers_that_make_no_sense_are_refused() {
        let counts = with_leader(10, |leader, address| {
            for bytes in [&[0xff; 100][..], &[0; 8], b"GET / HTTP/1.1\r\n\r\n"] {
                TcpStream::connect(address).unwrap().write_all(bytes).unwrap();
            }
            frame::write(&mut TcpStream::connect(address).unwrap(), &Message::Idle).unwrap();
            wait(|| leader.counts.refused.load(Relaxed) == 4);
        });
        assert_eq!(counts.refused.load(Relaxed), 4);
    }

    #[test]
    fn wrong_answers_are_found() {
        let counts = Counts::default();
        let ending = Ending::after(Duration::ZERO);
        let writer = Writer::new(10, 1);
        let leader = Leader::new(&writer, &counts, &ending);
        let (right, first) = (writer.sums(), leader.newest());
        let says = |commit, sums, mut last| {
            leader.compare(&Message::Serving(Some((commit, sums))), &mut last)
        };
        assert_eq!(says(first, right, None), Ok(()));
        assert!(says(first, right, Some(Commit::from(u64::from(first) + 1))).is_err());
        assert!(says(Commit::from(u64::from(first) + 1), right, None).is_err());
        for wrong in [
            Sums { rows: right.rows - 1, ..right },
            Sums { total: right.total + 1, ..right },
            Sums { checksum: right.checksum + 1, ..right },
        ] {
            assert!(says(first, wrong, None).is_err());
        }
        assert!(leader.compare(&Message::Serving(None), &mut Some(first)).is_err());
        assert!(leader.compare(&Message::Idle, &mut None).is_err());
    }
}
