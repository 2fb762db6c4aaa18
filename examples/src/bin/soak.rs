//! Writes, snapshots, scans and drops maps at random from many threads, and compares all that it sees with models.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin soak -- --seconds 60
//! ```
//!
//! Ends with status 1 at the first difference.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cowmap_examples::progress::grouped;
use cowmap_examples::soak::{Counts, Settings, run};

/// Writes, snapshots, scans and drops maps at random from many threads, and compares all that it sees with models.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    seconds: u64,
    /// How many threads
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1000))]
    threads: u64,
    /// How many keys each paged map can have
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(100..=100_000_000))]
    keys: i64,
    /// Where the random numbers start (threads still meet in another order every time)
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let before = memory("VmRSS:");
    let counts = Counts::default();
    let settings = Settings {
        duration: Duration::from_secs(arguments.seconds),
        threads: arguments.threads,
        keys: arguments.keys,
        seed: arguments.seed,
        progress: true,
    };
    let result = run(settings, &counts);

    for (name, count) in [
        ("operations", counts.operations()),
        ("snapshots", counts.snapshots()),
        ("snapshots scanned", counts.scans()),
        ("pages copied", counts.pages_copied()),
    ] {
        println!("{name:<32}{:>16}", grouped(count));
    }
    for (name, bytes) in [
        ("memory before", before),
        ("memory, peak", memory("VmHWM:")),
        ("memory after all was dropped", memory("VmRSS:")),
    ] {
        match bytes {
            Some(kib) => println!("{name:<32}{:>12} KiB", grouped(kib)),
            None => println!("{name:<32}{:>16}", "not known here"),
        }
    }
    match result {
        Ok(()) => {
            println!("no difference; every value was dropped once, and nothing stayed shared");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            eprintln!("difference: {difference}");
            ExitCode::FAILURE
        }
    }
}

/// A line of Linux's report on this process, in KiB.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
