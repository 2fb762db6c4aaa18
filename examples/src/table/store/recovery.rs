//! What is read when a table is opened: the newest full checkpoint, the changes that follow it, and
//! the commits in the logs after those.
//!
//! A log ends at its last whole frame. Commits are written in groups, and a group is written when the
//! one before is on the disk; so when the machine stops, the last group may be there in part, and
//! nothing else. What is not whole is therefore
//!
//! * *damage*, if it must have been on the disk: a later frame says so, or there is a later log. That
//!   is an error, and nothing is changed.
//! * *a tear* otherwise. It is cut, and reported. (A bit that flipped in the last group looks the same.)
//!
//! Files know those that they follow, so one that is gone, or of another table, is missed. Two things
//! cannot be: that the last log is gone where the one before it ends well, and that all files are.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::{iter, mem};

use cowmap::{Paging, SentinelKey};
use serde::de::DeserializeOwned;

use crate::table::Commit;
use crate::table::snapshot::{Row, Snapshot};

use super::checkpoint::Reader;
use super::disk::Disk;
use super::entry;
use super::error::StoreError;
use super::frame::Chain;
use super::header::Source;
use super::kept::Kept;
use super::log::LogFile;
use super::names::{Name, is_unfinished};
use super::plan::Plan;

/// What was found when a table was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// The last commit.
    pub commit: Commit,
    /// The commit up to which checkpoints led.
    pub checkpoint: Commit,
    /// How many commits were in logs after that.
    pub replayed: u64,
    /// What was cut from the end of the last log.
    pub cut: Option<Cut>,
}

/// What was cut from the end of a log: the last commits were not on the disk, at least not whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The file.
    pub path: PathBuf,
    /// How long it is now.
    pub offset: u64,
    /// How many bytes were behind that.
    pub bytes: u64,
    /// What was wrong with them.
    pub why: String,
}

/// A table that is read. When reading fails, it has the last commit before.
pub(super) struct Reading<'a, K: SentinelKey, V, P: Paging> {
    disk: &'a Arc<dyn Disk>,
    /// The name of the table.
    name: &'a str,
    pub(super) table: Snapshot<K, V, P>,
    pub(super) kept: Kept<K, V, P>,
    pub(super) recovery: Recovery,
    log: Option<ReadLog>,
    /// The checksum of the header of the log that goes on after the last checkpoint, if there is one.
    log_sum: Option<u32>,
    /// The rows of the logs, in the order of their commits. They go into the table all at once, which
    /// is faster.
    rows: Vec<(K, Row<V>)>,
    /// Files that were of use, and are not any more.
    leftover: Vec<String>,
}

/// The last log.
struct ReadLog {
    after: Commit,
    header_sum: u32,
    chain: Chain,
    /// Where it ends.
    length: u64,
    /// Where that begins which may not be on the disk, and the bytes from there on.
    unsettled: (u64, Vec<u8>),
}

impl<'a, K, V, P> Reading<'a, K, V, P>
where
    K: SentinelKey + DeserializeOwned,
    V: Clone + DeserializeOwned,
    P: Paging,
{
    pub(super) fn new(disk: &'a Arc<dyn Disk>, name: &'a str) -> Self {
        let commit = Commit::from(0);
        let table = Snapshot::new(iter::empty().collect(), commit);
        Reading {
            disk,
            name,
            kept: Kept::new(table.clone()),
            table,
            recovery: Recovery { commit, checkpoint: commit, replayed: 0, cut: None },
            log: None,
            log_sum: None,
            rows: Vec::new(),
            leftover: Vec::new(),
        }
    }

    /// Refuses a disk that has files, and none of a table.
    pub(super) fn refuse_foreign(&self) -> Result<(), StoreError> {
        let files = self.list()?;
        let is_ours = |file: &String| Name::parse(file).is_some() || is_unfinished(file);
        if files.is_empty() || files.iter().any(is_ours) {
            return Ok(());
        }
        Err(StoreError::foreign_folder(self.disk.path("")))
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        self.disk.names().map_err(StoreError::io("listing", self.disk.path("")))
    }

    /// Reads all files, and changes none.
    pub(super) fn read(&mut self) -> Result<(), StoreError> {
        let read = self.read_files();
        self.table.restore(mem::take(&mut self.rows), self.recovery.commit);
        read
    }

    fn read_files(&mut self) -> Result<(), StoreError> {
        let files = self.list()?;
        let plan = Plan::of(files.iter().filter_map(|file| Name::parse(file)));
        self.leftover = plan.leftover.iter().map(|name| name.file()).collect();
        self.leftover.extend(files.into_iter().filter(|file| is_unfinished(file)));
        for &name in &plan.checkpoints {
            self.read_checkpoint(name)?;
        }
        if let Some(name) = plan.missing() {
            return Err(self.missing(format!("there is no file {}", name.file())));
        }
        let mut before = None;
        for (index, &name) in plan.logs.iter().enumerate() {
            if name.commits().0 != self.recovery.commit {
                return Err(self.missing(format!("the next file is {}", name.file())));
            }
            before = Some(self.read_log(name, before, index + 1 == plan.logs.len())?);
        }
        Ok(())
    }

    fn read_checkpoint(&mut self, name: Name) -> Result<(), StoreError> {
        let disk = &**self.disk;
        let mut reader = Reader::open(disk, (self.name, name), self.recovery.commit)?;
        let (_, to) = name.commits();
        let table = match name {
            Name::Changes { .. } => {
                if reader.header().before != self.kept.sum() {
                    let what = "it continues another checkpoint than the one that is there";
                    return Err(self.damaged(name, 0, what.to_owned()));
                }
                let mut rows = Vec::new();
                while let Some((key, row)) = reader.next_row()? {
                    rows.push((key, row.unwrap_or(Row { commit: to, value: None })));
                }
                let mut table = self.table.clone();
                table.restore(rows, to);
                table
            }
            _ => {
                let mut failed = None;
                let rows = iter::from_fn(|| match reader.next_row() {
                    Ok(row) => row.and_then(|(key, row)| Some((key, row?))),
                    Err(error) => {
                        failed = Some(error);
                        None
                    }
                });
                let rows = rows.collect();
                if let Some(error) = failed {
                    return Err(error);
                }
                Snapshot::new(rows, to)
            }
        };
        self.log_sum = Some(reader.header().log);
        self.kept.add(name, reader.read(), table.clone());
        self.table = table;
        (self.recovery.commit, self.recovery.checkpoint) = (to, to);
        Ok(())
    }

    /// Reads a log, and returns the checksum of its last frame.
    fn read_log(
        &mut self,
        name: Name,
        before: Option<u32>,
        is_last: bool,
    ) -> Result<u32, StoreError> {
        let (disk, readable) = (&**self.disk, self.recovery.commit);
        let Source { mut from, header, length: begin, sum: header_sum, mut chain } =
            Source::open(disk, name, Some(self.name), readable)?;
        if before.is_some_and(|before| before != header.before) {
            let what = "it continues another log than the one that is there";
            return Err(self.damaged(name, 0, what.to_owned()));
        }
        if before.is_none() && self.log_sum.is_some_and(|sum| sum != header_sum) {
            let what = "it is another log than the one that goes on after the checkpoint";
            return Err(self.damaged(name, 0, what.to_owned()));
        }
        let mut bytes = Vec::new();
        // What was read before it failed is of use.
        let read = from.read_to_end(&mut bytes);
        let read = read.map_err(StoreError::io("reading", disk.path(&name.file())));
        // About so many rows, so that they are not moved as they come; there may be no memory for it.
        let _ = self.rows.try_reserve(bytes.len() / 16);

        // Where the frames end, the header first.
        let mut ends = vec![0];
        let mut synced = readable;
        let mut at = 0;
        while at < bytes.len() {
            let next = u64::from(self.recovery.commit).saturating_add(1);
            let offset = begin + at as u64;
            match chain.next(&bytes[at..]) {
                Ok(frame) if frame.number != next || frame.synced >= next => {
                    let (number, synced) = (frame.number, frame.synced);
                    let what =
                        format!("commit {number}, and {synced} on the disk, follow as {next}");
                    return Err(self.damaged(name, offset, what));
                }
                Ok(frame) => {
                    let decoded = decode(frame.payload, next.into(), &mut self.rows);
                    decoded.map_err(|what| self.damaged(name, offset, what))?;
                    self.recovery.commit = next.into();
                    self.recovery.replayed += 1;
                    synced = synced.max(frame.synced.into());
                    at += frame.bytes();
                    ends.push(at);
                }
                Err(_) if read.is_err() => break,
                Err(fault) => {
                    let later = chain.find_synced(&bytes[at..], next);
                    if !is_last || later.is_some() {
                        return Err(self.damaged(name, offset, fault.to_string()));
                    }
                    self.recovery.cut = Some(Cut {
                        path: disk.path(&name.file()),
                        offset,
                        bytes: (bytes.len() - at) as u64,
                        why: fault.to_string(),
                    });
                    bytes.truncate(at);
                }
            }
        }
        read?;
        let settled = ends[(u64::from(synced) - u64::from(readable)) as usize];
        self.log = Some(ReadLog {
            after: readable,
            header_sum,
            chain,
            length: begin + at as u64,
            unsettled: (begin + settled as u64, bytes.split_off(settled)),
        });
        Ok(chain.last())
    }

    /// Makes what was read last, and removes files that are of no use. Returns the log, which goes on.
    pub(super) fn settle(&mut self) -> Result<LogFile, StoreError> {
        let (disk, table) = (Arc::clone(self.disk), self.name.to_owned());
        let log = match self.log.take() {
            None => LogFile::create(disk, table, self.recovery.commit, 0)?,
            Some(ReadLog { after, header_sum, chain, length, unsettled: (from, bytes) }) => {
                let mut log = LogFile::go_on(disk, table, after, (header_sum, chain, length))?;
                log.settle(from, &bytes)?;
                log
            }
        };
        // The name of a file, too, may be in the system's memory alone.
        let path = self.disk.path("");
        self.disk.sync().map_err(StoreError::io("syncing the folder", path))?;
        for file in self.leftover.drain(..) {
            // It does no harm, and the next opening tries again.
            let _ = self.disk.remove(&file);
        }
        Ok(log)
    }

    fn damaged(&self, name: Name, offset: u64, what: String) -> StoreError {
        let (path, readable) = (self.disk.path(&name.file()), self.recovery.commit);
        StoreError::Damaged { path, offset, what, readable }
    }

    fn missing(&self, what: String) -> StoreError {
        let readable = self.recovery.commit;
        StoreError::Missing { path: self.disk.path(""), what, readable }
    }
}

/// Adds the rows of a commit, or none of them.
fn decode<K, V>(mut bytes: &[u8], commit: Commit, rows: &mut Vec<(K, Row<V>)>) -> Result<(), String>
where
    K: SentinelKey + DeserializeOwned,
    V: DeserializeOwned,
{
    let before = rows.len();
    while !bytes.is_empty() {
        match entry::take(bytes, commit) {
            Ok((key, row, rest)) => {
                rows.push((key, row.unwrap_or(Row { commit, value: None })));
                bytes = rest;
            }
            Err(what) => {
                rows.truncate(before);
                return Err(what);
            }
        }
    }
    Ok(())
}
