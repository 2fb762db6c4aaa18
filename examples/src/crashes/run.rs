//! A run: a process that writes is started and killed, again and again, and the table is compared.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::HumanCount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::difference::Difference;
use crate::ending::{Ending, interrupted};
use crate::progress::Progress;
use crate::table::Durability;
use crate::table::store::StoreError;

use super::expected::{Counts, Expected};
use super::model::Model;
use super::open;
use super::said::Said;
use super::work::Plan;
use super::writer;

/// How many milliseconds a process writes before it is killed.
const WRITES: std::ops::Range<u64> = 20..500;
const REST: Duration = Duration::from_millis(1);

/// When commits are on the disk, in all rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Durabilities {
    /// Before they are acknowledged
    Sync,
    /// A little later
    Buffered,
    /// By turns
    Both,
}

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What transactions do.
    pub plan: Plan,
    /// When commits are on the disk.
    pub durabilities: Durabilities,
}

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum CrashError {
    /// The table has not what it should.
    #[error(transparent)]
    Difference(#[from] Difference),
    /// It could not be opened.
    #[error("the table cannot be opened after a kill: {0}")]
    Store(#[from] StoreError),
    /// The system did not let it start a process, or hear it.
    #[error("{0}: {1}")]
    System(&'static str, #[source] io::Error),
}

/// What happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// How many processes were killed.
    pub killed: u64,
    /// How many of them before they had opened the table.
    pub killed_opening: u64,
    /// How often bytes were put behind a log.
    pub torn: u64,
    /// How often all rows were compared.
    pub compared: u64,
    /// The last commit.
    pub commits: u64,
    /// What processes said.
    pub counts: Counts,
}

/// Starts this program again and again with the arguments of a writer, kills it, and compares what
/// is in the folder.
///
/// # Errors
///
/// The first difference, or what the system refused.
pub fn run(
    folder: &Path,
    settings: Settings,
    summary: &mut Summary,
    ending: &Ending,
    progress: &Progress,
) -> Result<(), CrashError> {
    let rng = StdRng::seed_from_u64(settings.plan.seed);
    let (model, expected) = (Model::new(settings.plan), Expected::new(settings.plan.threads));
    let opens_within = Duration::from_millis(20);
    let mut run =
        Run { folder, settings, rng, model, expected, opens_within, summary, ending, progress };
    let result = run.rounds();
    run.summary.counts = run.expected.counts;
    run.summary.commits = run.expected.least().into();
    result
}

struct Run<'a> {
    folder: &'a Path,
    settings: Settings,
    rng: StdRng,
    model: Model,
    expected: Expected,
    /// How long the last opening took, from the start of its process.
    opens_within: Duration,
    summary: &'a mut Summary,
    ending: &'a Ending,
    progress: &'a Progress,
}

impl Run<'_> {
    fn rounds(&mut self) -> Result<(), CrashError> {
        while !self.ending.has_come() {
            let writes = Duration::from_millis(self.rng.random_range(WRITES));
            self.kill_after(self.opens_within + writes)?;
            // A crash of the recovery, and perhaps one of the next.
            while self.rng.random_ratio(2, 5) && !self.ending.has_come() {
                let part = self.rng.random_range(0.0..1.1);
                self.kill_after(self.opens_within.mul_f64(part))?;
            }
            // Otherwise the next process finds what this one left.
            if self.rng.random_ratio(2, 3) {
                let torn = if self.rng.random_ratio(1, 3) { self.tear()? } else { 0 };
                self.compare(torn)?;
            }
        }
        self.compare(0)
    }

    /// Starts a process that writes, and kills it after this time.
    fn kill_after(&mut self, time: Duration) -> Result<(), CrashError> {
        let durability = match self.settings.durabilities {
            Durabilities::Sync => Durability::Sync,
            Durabilities::Buffered => Durability::Buffered,
            Durabilities::Both if self.rng.random_ratio(2, 3) => Durability::Sync,
            Durabilities::Both => Durability::Buffered,
        };
        let mut writer = Writer::start(self.folder, self.settings.plan, durability)?;
        let since = Instant::now();
        while since.elapsed() < time && !self.ending.has_come() && writer.runs()? {
            thread::sleep(REST.min(time.saturating_sub(since.elapsed())));
            let (summary, commit) = (&self.summary, self.expected.least());
            self.progress.tick(self.ending, || {
                let killed = HumanCount(summary.killed);
                format!("killed {killed} times, {} commits", HumanCount(commit.into()))
            });
        }
        let ended = !writer.runs()?;
        let (status, Heard { said, opened }) = writer.kill()?;
        let has_failed = said.iter().any(|said| matches!(said, Said::Failed(_)));
        for said in said {
            self.expected.hear(said, durability)?;
        }
        // Ctrl-C may reach it before it can heed it.
        if ended && !has_failed && !interrupted() {
            let text = format!("a process that writes ended by itself: {status}");
            return Err(Difference(text).into());
        }
        self.summary.killed += 1;
        match opened {
            Some(time) => self.opens_within = time,
            None => self.summary.killed_opening += 1,
        }
        Ok(())
    }

    /// Puts bytes behind the last log, if there is one, and returns how many.
    fn tear(&mut self) -> Result<u64, CrashError> {
        let most = self.rng.random_range(1..2000);
        let torn = tear(self.folder, most);
        let torn = torn.map_err(|error| CrashError::System("a log could not be changed", error))?;
        self.summary.torn += u64::from(torn > 0);
        Ok(torn)
    }

    /// Opens the table, and compares all that is in it. That cuts what was torn.
    fn compare(&mut self, torn: u64) -> Result<(), CrashError> {
        let table = open(self.folder, Durability::Sync)?;
        let opened = writer::found(&table, self.settings.plan)?;
        if opened.cut < torn {
            let cut = opened.cut;
            let text = format!("{torn} bytes were put behind the log, and {cut} were cut");
            return Err(Difference(text).into());
        }
        let has_accounts = !opened.done.is_empty();
        self.model.advance(&opened.done);
        self.expected.opened(opened)?;
        if has_accounts {
            self.model.compare(&table.snapshot())?;
        }
        self.summary.compared += 1;
        Ok(())
    }
}

/// Puts at most so many bytes of the last log in a folder behind its end, and returns how many.
fn tear(folder: &Path, most: usize) -> io::Result<u64> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("log-") && !name.ends_with(".new") {
            logs.push(path);
        }
    }
    let Some(last) = logs.iter().max() else { return Ok(0) };
    let bytes = fs::read(last)?;
    let bytes = &bytes[..most.min(bytes.len())];
    OpenOptions::new().append(true).open(last)?.write_all(bytes)?;
    Ok(bytes.len() as u64)
}

/// A process that writes. It is killed when this is dropped.
struct Writer {
    child: Child,
    hears: Option<JoinHandle<io::Result<Heard>>>,
}

/// What a process said.
struct Heard {
    said: Vec<Said>,
    /// How long it took to open the table, if it did.
    opened: Option<Duration>,
}

impl Writer {
    fn start(folder: &Path, plan: Plan, durability: Durability) -> Result<Self, CrashError> {
        let since = Instant::now();
        let buffered = (durability == Durability::Buffered).then_some("--buffered");
        let child = env::current_exe().and_then(|program| {
            Command::new(program)
                .args(["--write", "--seed", &plan.seed.to_string()])
                .args(["--writers", &plan.threads.to_string()])
                .args(buffered)
                .arg("--dir")
                .arg(folder)
                // It ends when this closes, which it does whatever happens to this process.
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
        });
        let system = |error| CrashError::System("no process could be started", error);
        let mut child = child.map_err(system)?;
        let output = child.stdout.take().expect("it is piped");
        let hears = thread::spawn(move || hear(output, since));
        Ok(Writer { child, hears: Some(hears) })
    }

    /// Whether it has not ended by itself.
    fn runs(&mut self) -> Result<bool, CrashError> {
        let status = self.child.try_wait();
        let status = status.map_err(|error| CrashError::System("a process is lost", error))?;
        Ok(status.is_none())
    }

    /// Kills it, and returns how it ended, and what it said before.
    fn kill(mut self) -> Result<(ExitStatus, Heard), CrashError> {
        let system = |error| CrashError::System("a process could not be killed", error);
        self.child.kill().map_err(system)?;
        let status = self.child.wait().map_err(system)?;
        let hears = self.hears.take().expect("it was not killed before");
        let heard = hears.join().expect("the thread that hears panicked");
        Ok((status, heard.map_err(|error| CrashError::System("a process was not heard", error))?))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // If it has ended before, there is nothing to kill.
        let _: io::Result<()> = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hears a process until it ends.
fn hear(output: ChildStdout, since: Instant) -> io::Result<Heard> {
    let mut heard = Heard { said: Vec::new(), opened: None };
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        // A kill may cut the last line.
        if let Some(line) = line.strip_suffix('\n') {
            let said = line.parse().map_err(|()| {
                io::Error::new(io::ErrorKind::InvalidData, format!("it said {line:?}"))
            })?;
            if matches!(said, Said::Opened(_)) {
                heard.opened = Some(since.elapsed());
            }
            heard.said.push(said);
        }
        line.clear();
    }
    Ok(heard)
}
