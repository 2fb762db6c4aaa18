//! Moves money between accounts while readers check that no scan lost or made any: in a version
//! table on a paged map, in one on a flat map, and in a hash map behind a read-write lock.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin version_table
//! cargo run --release -p cowmap-examples --bin version_table -- --only paged
//! ```
//!
//! Writers are busy for half of the time, and their commits are counted. Then they rest after each
//! transfer, and what holds them up is measured: a busy writer is held up by the system, too, which
//! gives its processor to others.
//!
//! With `--durable DIR` the accounts are in a table in that folder, and another run goes on with
//! them:
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin version_table -- --durable DIR --buffered
//! ```
//!
//! Ends with status 1 if a scan has a wrong total. Ctrl-C ends it early.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use cowmap::{Flat, Paged};
use cowmap_examples::bank::{Durable, Reports, Settings, Table, run, run_locked};
use cowmap_examples::ending::{Ending, heed_interrupts, interrupted};
use cowmap_examples::progress::Progress;
use cowmap_examples::table::Durability;
use indicatif::HumanCount;

/// How long a calm writer rests after a transfer.
const REST: Duration = Duration::from_micros(200);

/// Moves money between accounts while readers check that no scan lost or made any: in a version
/// table on a paged map, in one on a flat map, and in a hash map behind a read-write lock.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run each of the three
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many accounts there are
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    accounts: u64,
    /// How many threads move money: by default one or two, if the readers leave two processors
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    writers: Option<u64>,
    /// How many threads scan all accounts and check their total
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    readers: u64,
    /// Run one of the three
    #[arg(long)]
    only: Option<Kind>,
    /// Keep the accounts in a table in this folder, and go on with those that are there
    #[arg(long, value_name = "DIR", conflicts_with = "only")]
    durable: Option<PathBuf>,
    /// Acknowledge a commit before it is on the disk
    #[arg(long, requires = "durable")]
    buffered: bool,
}

/// Where the accounts are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// A version table on `CowMap`
    Paged,
    /// A version table on `FlatCowMap`, whose first write after a snapshot copies the table
    Flat,
    /// `RwLock<HashMap>`, whose readers hold the lock for a whole scan
    Rwlock,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Paged => "CowMap",
            Kind::Flat => "FlatCowMap",
            Kind::Rwlock => "RwLock<HashMap>",
        }
    }
}

/// One or two writers: no more threads than processors, because a thread that waits for a processor
/// has pauses, too.
fn usual_writers(readers: u64) -> u64 {
    let processors = thread::available_parallelism().map_or(1, |number| number.get() as u64);
    processors.saturating_sub(readers).clamp(1, 2)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    heed_interrupts();
    let Arguments { seconds, accounts, readers, only, .. } = arguments;
    let writers = arguments.writers.unwrap_or_else(|| usual_writers(readers));
    let half = Duration::from_secs(seconds) / 2;
    let busy = Settings { accounts, writers, readers, rest: Duration::ZERO };
    if let Some(folder) = &arguments.durable {
        return run_durable(folder, arguments.buffered, busy, half);
    }
    println!("{}, {seconds} s each", Described(busy));
    let run = |kind: Kind, rest| {
        let settings = Settings { rest, ..busy };
        let ending = Ending::after(half);
        let progress = Progress::new(kind.name(), &ending);
        match kind {
            Kind::Paged => run::<Paged>(settings, &ending, &progress),
            Kind::Flat => run::<Flat>(settings, &ending, &progress),
            Kind::Rwlock => run_locked(settings, &ending, &progress),
        }
    };
    let mut all = Vec::new();
    for &kind in Kind::value_variants() {
        if only.is_none_or(|only| only == kind) && !interrupted() {
            let (busy, calm) = (run(kind, Duration::ZERO), run(kind, REST));
            all.push(Reports { name: kind.name(), busy, calm });
        }
    }
    show(&all)
}

/// Runs on a table in a folder.
fn run_durable(folder: &Path, buffered: bool, busy: Settings, half: Duration) -> ExitCode {
    let durability = if buffered { Durability::Buffered } else { Durability::Sync };
    let bank = match Durable::open(folder, busy.accounts, durability) {
        Ok(bank) => bank,
        Err(error) if error.is_loss() => {
            eprintln!("wrong: {error}");
            return ExitCode::FAILURE;
        }
        Err(error) => Arguments::command().error(ErrorKind::ValueValidation, error).exit(),
    };
    println!("{}, {} s", Described(busy), (2 * half).as_secs());
    println!("{}", bank.found());
    let run = |settings| {
        let ending = Ending::after(half);
        bank.run(settings, &ending, &Progress::new("durable", &ending))
    };
    let (busy, calm) = (run(busy), run(Settings { rest: REST, ..busy }));
    let ended = show(&[Reports { name: "durable CowMap", busy, calm }]);
    match bank.sync() {
        Ok(synced) => {
            println!("{synced}");
            ended
        }
        Err(error) => {
            eprintln!("wrong: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Shows what happened, and what was wrong.
fn show(all: &[Reports]) -> ExitCode {
    print!("{}", Table(all));
    for reports in all {
        if let Some(wrong) = reports.wrong() {
            eprintln!("wrong, in {}: {wrong}", reports.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// How a run is described.
struct Described(Settings);

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { accounts, writers, readers, .. } = self.0;
        write!(f, "{} accounts, {writers} writing, {readers} scanning", HumanCount(accounts))
    }
}
