//! What is in the files of a table, and what opening it would give, found without the types of its
//! rows.
//!
//! Files are read, and nothing else: no lock is taken, nothing is cut or removed. So this also
//! works beside a process that has the table open. Files come and go then, and are read again if
//! they do.
//!
//! Recovery reads the same files, and stops at the first fault. This goes on, so that all faults
//! are found at once. What it says of the opening is what recovery says, with one exception:
//! recovery refuses rows that are not of the table's types, and here types are not known.

use std::io::{self, Read};

use crate::table::Commit;

use super::disk::Disk;
use super::error::StoreError;
use super::header::{Header, Source};
use super::names::{Name, is_unfinished};
use super::plan::Plan;
use super::recovery::{Cut, Recovery};

pub use super::header::{FORMAT, Kind};

/// So often files are read anew because some came or went meanwhile.
const ATTEMPTS: usize = 20;

/// What there is, and what opening would give.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// All files: checkpoints, logs, and others.
    pub files: Vec<Found>,
    /// What opening would give.
    pub opening: Opening,
    /// Whether the files stayed the same while they were read. If not, somebody has the table open,
    /// and writes checkpoints faster than they can be read.
    pub steady: bool,
}

/// A file.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub file: String,
    /// What it is.
    pub part: Part,
}

/// What a file is.
#[derive(Clone, Debug)]
pub enum Part {
    /// A log or a checkpoint.
    Known(Contents),
    /// A log or a checkpoint that was never finished. Opening removes it.
    Unfinished,
    /// None of the table's. Opening leaves it.
    Other,
}

/// What is in a log or a checkpoint.
#[derive(Clone, Debug)]
pub struct Contents {
    /// What it is, by its name.
    pub kind: Kind,
    /// What comes first in it was committed after this one.
    pub from: Commit,
    /// The commit that it leads to: in a log the last one that is whole.
    pub to: Commit,
    /// The name of the table, if the header is whole.
    pub table: Option<String>,
    /// How many bytes the file has.
    pub bytes: u64,
    /// How many frames are whole and in order. In a log each is a commit.
    pub frames: u64,
    /// How many rows a checkpoint has. Its last frame says so.
    pub rows: Option<u64>,
    /// The last commit of a log that a later frame says was on the disk.
    pub synced: Option<Commit>,
    /// The first thing that is wrong with the file.
    pub flaw: Option<Flaw>,
    /// Whether opening reads it. If not, it is of no use beside the newest full checkpoint, and
    /// opening removes it, unless that fails.
    pub is_read: bool,
}

/// What is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The end of a log is not whole, and nothing in the log says that it was on the disk. Opening
    /// cuts it if there is no later log.
    Torn {
        /// Where the part begins that is not whole.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },
    /// It is not what was written.
    Damaged {
        /// Where.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// It is something else, or of another format.
    Foreign(String),
    /// The disk failed.
    Unreadable(StoreError),
}

/// What opening would give.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What would be recovered. With an error: what is readable all the same, as
    /// [`salvage`](super::Options::salvage) has it.
    pub recovery: Recovery,
    /// The files that are read, in this order, up to an error.
    pub read: Vec<String>,
    /// The files that are removed, unless there is an error.
    pub removed: Vec<String>,
    /// Why opening would fail.
    pub error: Option<StoreError>,
}

impl Inspection {
    /// Reads all files.
    ///
    /// # Errors
    ///
    /// If the files cannot be listed.
    pub fn of(disk: &dyn Disk) -> Result<Self, StoreError> {
        let list = || {
            let mut files = disk.names().map_err(StoreError::io("listing", disk.path("")))?;
            files.sort_by_cached_key(|file| {
                let name = Name::parse(file);
                let class = match name.map(Name::kind) {
                    Some(Kind::Full) => 0,
                    Some(Kind::Changes) => 1,
                    Some(Kind::Log) => 2,
                    None if is_unfinished(file) => 3,
                    None => 4,
                };
                (class, file.clone())
            });
            Ok(files)
        };
        let mut files = list()?;
        let mut inspection = Self::of_files(disk, &files);
        for _ in 1..ATTEMPTS {
            let now = list()?;
            if now == files {
                inspection.steady = true;
                break;
            }
            files = now;
            inspection = Self::of_files(disk, &files);
        }
        Ok(inspection)
    }

    fn of_files(disk: &dyn Disk, files: &[String]) -> Self {
        let mut known = Vec::new();
        let mut files: Vec<Found> = files
            .iter()
            .map(|file| {
                let part = match Name::parse(file) {
                    Some(name) => {
                        let examined = Examined::read(disk, name);
                        let part = Part::Known(examined.contents.clone());
                        known.push(examined);
                        part
                    }
                    None if is_unfinished(file) => Part::Unfinished,
                    None => Part::Other,
                };
                Found { file: file.clone(), part }
            })
            .collect();
        let opening = open(disk, &files, &known);
        for Found { file, part } in &mut files {
            if let Part::Known(contents) = part {
                contents.is_read = !opening.removed.contains(file);
            }
        }
        Inspection { files, opening, steady: false }
    }
}

/// A file that was read from its beginning to its end, or to the first fault.
struct Examined {
    name: Name,
    header: Option<Header>,
    contents: Contents,
    /// The checksums of the header, and of the last frame.
    header_sum: u32,
    sum: u32,
}

impl Examined {
    fn read(disk: &dyn Disk, name: Name) -> Self {
        let (from, to) = name.commits();
        let contents = Contents {
            kind: name.kind(),
            from,
            to,
            table: None,
            bytes: 0,
            frames: 0,
            rows: None,
            synced: None,
            flaw: None,
            is_read: true,
        };
        let mut examined = Examined { name, header: None, contents, header_sum: 0, sum: 0 };
        let read = examined.read_all(disk);
        if let Err(error) = read {
            examined.contents.flaw = Some(match error {
                StoreError::Damaged { offset, what, .. } => Flaw::Damaged { offset, what },
                StoreError::Foreign { why, .. } => Flaw::Foreign(why),
                error => Flaw::Unreadable(error),
            });
            examined.contents.bytes = length(disk, &name.file()).unwrap_or(0);
        }
        examined
    }

    fn read_all(&mut self, disk: &dyn Disk) -> Result<(), StoreError> {
        // What is readable without it is not known here, and not used.
        let mut source = Source::open(disk, self.name, None, Commit::from(0))?;
        self.contents.table = Some(source.header.table.clone());
        (self.header, self.header_sum) = (Some(source.header.clone()), source.sum);
        let read = match self.name.kind() {
            Kind::Log => self.read_log(&mut source),
            Kind::Full | Kind::Changes => self.read_checkpoint(&mut source),
        };
        self.sum = source.chain.last();
        read.map_err(StoreError::io("reading", disk.path(&self.name.file())))
    }

    fn read_log(&mut self, source: &mut Source) -> io::Result<()> {
        let Source { from, chain, length: begin, .. } = source;
        let contents = &mut self.contents;
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        contents.bytes = *begin + bytes.len() as u64;
        contents.synced = Some(contents.to);
        let mut at = 0;
        while at < bytes.len() {
            let next = Commit::from(u64::from(contents.to) + 1);
            let offset = *begin + at as u64;
            match chain.next(&bytes[at..]) {
                Ok(frame) if frame.number != u64::from(next) || frame.synced >= frame.number => {
                    let (number, synced) = (frame.number, frame.synced);
                    let what =
                        format!("commit {number}, and {synced} on the disk, follow as {next}");
                    contents.flaw = Some(Flaw::Damaged { offset, what });
                    break;
                }
                Ok(frame) => {
                    contents.to = next;
                    contents.frames += 1;
                    contents.synced = contents.synced.max(Some(frame.synced.into()));
                    at += frame.bytes();
                }
                Err(fault) => {
                    let why = fault.to_string();
                    contents.flaw = Some(match chain.find_synced(&bytes[at..], next.into()) {
                        Some(_) => Flaw::Damaged { offset, what: why },
                        None => Flaw::Torn { offset, why },
                    });
                    break;
                }
            }
        }
        Ok(())
    }

    fn read_checkpoint(&mut self, source: &mut Source) -> io::Result<()> {
        let Source { from, chain, length: begin, .. } = source;
        let contents = &mut self.contents;
        let mut offset = *begin;
        let mut buffer = Vec::new();
        while contents.rows.is_none() && contents.flaw.is_none() {
            match chain.read(from, &mut buffer)? {
                Ok(frame) if frame.number != contents.frames + 1 => {
                    let (number, rows) = (frame.number, frame.synced);
                    let what = format!("frame {number} with {rows} rows is out of order");
                    contents.flaw = Some(Flaw::Damaged { offset, what });
                }
                Ok(frame) => {
                    contents.frames += 1;
                    contents.rows = frame.payload.is_empty().then_some(frame.synced);
                    offset += frame.bytes() as u64;
                    contents.bytes = offset;
                }
                Err(fault) => {
                    contents.flaw = Some(Flaw::Damaged { offset, what: fault.to_string() });
                    contents.bytes = offset + buffer.len() as u64;
                }
            }
        }
        let rest = io::copy(from, &mut io::sink())?;
        contents.bytes += rest;
        if contents.rows.is_some() && rest > 0 {
            let what = "something follows the last frame".to_owned();
            contents.flaw = Some(Flaw::Damaged { offset, what });
        }
        Ok(())
    }

    /// The error of an opening that has read all commits up to `readable`, and reads this.
    fn error(&self, disk: &dyn Disk, flaw: &Flaw, readable: Commit) -> StoreError {
        let path = disk.path(&self.name.file());
        match flaw.clone() {
            Flaw::Torn { offset, why: what } | Flaw::Damaged { offset, what } => {
                StoreError::Damaged { path, offset, what, readable }
            }
            Flaw::Foreign(why) => StoreError::Foreign { path, why },
            Flaw::Unreadable(error) => error,
        }
    }
}

/// How many bytes a file has.
fn length(disk: &dyn Disk, file: &str) -> io::Result<u64> {
    io::copy(&mut disk.read(file)?, &mut io::sink())
}

/// What opening would give: what `recovery.rs` does, on files that were read before.
fn open(disk: &dyn Disk, files: &[Found], known: &[Examined]) -> Opening {
    let commit = Commit::from(0);
    let recovery = Recovery { commit, checkpoint: commit, replayed: 0, cut: None };
    let removed = files.iter().filter(|found| matches!(found.part, Part::Unfinished));
    let removed: Vec<String> = removed.map(|found| found.file.clone()).collect();
    let error = (known.is_empty() && files.len() > removed.len())
        .then(|| StoreError::foreign_folder(disk.path("")));
    let opening = Opening { recovery, read: Vec::new(), removed, error };
    let mut steps = Steps { disk, known, table: None, log_sum: None, opening };
    if steps.opening.error.is_none() {
        let plan = Plan::of(known.iter().map(|file| file.name));
        steps.opening.removed.extend(plan.leftover.iter().map(|name| name.file()));
        steps.opening.error = steps.checkpoints(&plan).and_then(|()| steps.logs(&plan)).err();
    }
    steps.opening
}

/// An opening that goes on.
struct Steps<'a> {
    disk: &'a dyn Disk,
    known: &'a [Examined],
    /// The name of the table: that of the first file which is read.
    table: Option<&'a str>,
    /// The checksum of the header of the log that goes on after the last checkpoint, if there is one.
    log_sum: Option<u32>,
    opening: Opening,
}

impl<'a> Steps<'a> {
    fn file(&self, name: Name) -> &'a Examined {
        self.known.iter().find(|file| file.name == name).expect("the plan is made of these")
    }

    fn checkpoints(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let mut before = None;
        for &name in &plan.checkpoints {
            let file = self.file(name);
            self.begin(file, before.map(|before| (before, "checkpoint")))?;
            if let Some(flaw) = &file.contents.flaw {
                return Err(file.error(self.disk, flaw, self.opening.recovery.commit));
            }
            let (_, to) = name.commits();
            (self.opening.recovery.commit, self.opening.recovery.checkpoint) = (to, to);
            before = Some(file.sum);
            self.log_sum = file.header.as_ref().map(|header| header.log);
        }
        Ok(())
    }

    fn logs(&mut self, plan: &Plan) -> Result<(), StoreError> {
        if let Some(name) = plan.missing() {
            return Err(self.missing(format!("there is no file {}", name.file())));
        }
        let mut before = None;
        for (index, &name) in plan.logs.iter().enumerate() {
            let file = self.file(name);
            if file.contents.from != self.opening.recovery.commit {
                return Err(self.missing(format!("the next file is {}", name.file())));
            }
            self.begin(file, before.map(|before| (before, "log")))?;
            if before.is_none() && self.log_sum.is_some_and(|sum| sum != file.header_sum) {
                let what = "it is another log than the one that goes on after the checkpoint";
                let flaw = Flaw::Damaged { offset: 0, what: what.to_owned() };
                return Err(file.error(self.disk, &flaw, self.opening.recovery.commit));
            }
            self.opening.recovery.commit = file.contents.to;
            self.opening.recovery.replayed += file.contents.frames;
            match &file.contents.flaw {
                Some(Flaw::Torn { offset, why }) if index + 1 == plan.logs.len() => {
                    self.opening.recovery.cut = Some(Cut {
                        path: self.disk.path(&name.file()),
                        offset: *offset,
                        bytes: file.contents.bytes - offset,
                        why: why.clone(),
                    });
                }
                Some(flaw) => {
                    return Err(file.error(self.disk, flaw, self.opening.recovery.commit));
                }
                None => {}
            }
            before = Some(file.sum);
        }
        Ok(())
    }

    /// Looks at the header of a file. It must continue the file before, if that has this checksum.
    fn begin(
        &mut self,
        file: &'a Examined,
        before: Option<(u32, &'static str)>,
    ) -> Result<(), StoreError> {
        let readable = self.opening.recovery.commit;
        self.opening.read.push(file.name.file());
        let Some(header) = &file.header else {
            let flaw = file.contents.flaw.as_ref().expect("it has no header for a reason");
            return Err(file.error(self.disk, flaw, readable));
        };
        let table = *self.table.get_or_insert(&header.table);
        if header.table != table {
            let why = format!("this file is of the table {:?}, and not of {table:?}", header.table);
            return Err(file.error(self.disk, &Flaw::Foreign(why), readable));
        }
        if let Some((before, kind)) = before
            && header.before != before
        {
            let what = format!("it continues another {kind} than the one that is there");
            return Err(file.error(self.disk, &Flaw::Damaged { offset: 0, what }, readable));
        }
        Ok(())
    }

    fn missing(&self, what: String) -> StoreError {
        let readable = self.opening.recovery.commit;
        StoreError::Missing { path: self.disk.path(""), what, readable }
    }
}
