//! Writes, snapshots, scans and drops maps at random from many threads, and compares all that it
//! sees with models.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin soak -- --seconds 60
//! ```
//!
//! Ends with status 1 at the first difference, or if memory was not given back when all was
//! dropped. Ctrl-C ends it early.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cowmap_examples::ending::{Ending, heed_interrupts};
use cowmap_examples::progress::Progress;
use cowmap_examples::soak::{Counts, Settings, run};
use indicatif::HumanCount;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that may stay allocated: what the lock keeps of the threads that waited for it.
const SLACK: usize = 64 << 10;

/// Writes, snapshots, scans and drops maps at random from many threads, and compares all that it
/// sees with models.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
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
    heed_interrupts();
    let counts = Counts::default();
    let settings =
        Settings { threads: arguments.threads, keys: arguments.keys, seed: arguments.seed };
    let ending = Ending::after(Duration::from_secs(arguments.seconds));
    let progress = Progress::new("soak", &ending);
    let before = MEMORY.current_usage();
    let result = run(settings, &counts, &ending, &progress);
    let (after, peak) = (MEMORY.current_usage(), MEMORY.peak_usage());

    for (name, count) in [
        ("operations", counts.operations()),
        ("snapshots", counts.snapshots()),
        ("snapshots scanned", counts.scans()),
        ("pages copied", counts.pages_copied()),
    ] {
        println!("{name:<32}{:>16}", HumanCount(count).to_string());
    }
    for (name, bytes) in [
        ("allocated before", Some(before)),
        ("allocated at most", Some(peak)),
        ("allocated after all was dropped", Some(after)),
        ("resident at most", most_resident()),
    ] {
        match bytes {
            Some(bytes) => {
                println!("{name:<32}{:>12} KiB", HumanCount((bytes >> 10) as u64).to_string());
            }
            None => println!("{name:<32}{:>16}", "not known here"),
        }
    }
    if let Err(difference) = result {
        eprintln!("difference: {difference}");
        return ExitCode::FAILURE;
    }
    if after > before + SLACK {
        eprintln!("difference: memory was not given back");
        return ExitCode::FAILURE;
    }
    println!(
        "no difference; every value was dropped once, nothing stayed shared, memory was given back"
    );
    ExitCode::SUCCESS
}

/// The most bytes that this process ever had in memory, as Linux reports them.
fn most_resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: usize = kib.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
