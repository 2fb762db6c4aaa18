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
//! Ends with status 1 if a scan has a wrong total. Ctrl-C ends it early.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use cowmap::{Flat, Paged};
use cowmap_examples::bank::{Reports, Settings, Table, run, run_locked};
use cowmap_examples::ending::{Ending, heed_interrupts, interrupted};
use cowmap_examples::progress::Progress;
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
    println!(
        "{} accounts, {writers} writing, {readers} scanning, {seconds} s each",
        HumanCount(accounts)
    );
    let half = Duration::from_secs(seconds) / 2;
    let run = |kind: Kind, rest| {
        let settings = Settings { accounts, writers, readers, rest };
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
    print!("{}", Table(&all));
    for reports in &all {
        if let Some(wrong) = reports.wrong() {
            eprintln!("wrong, in {}: {wrong}", reports.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
