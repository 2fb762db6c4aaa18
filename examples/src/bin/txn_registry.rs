//! Registers transactions in a version table: ids ascend, 500 are live, and any of them may end
//! next. A scanner compares snapshots with a model all the while.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin txn_registry
//! ```
//!
//! Ends with status 1 if an id is lost, found though it has ended, or has another's entry. Ctrl-C
//! ends it early.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cowmap_examples::ending::{Ending, heed_interrupts};
use cowmap_examples::progress::Progress;
use cowmap_examples::registry::{Counts, Settings, run};
use indicatif::HumanCount;

/// Registers transactions in a version table: ids ascend, 500 are live, and any of them may end
/// next. A scanner compares snapshots with a model all the while.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many transactions are live
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    live: u64,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    heed_interrupts();
    let counts = Counts::default();
    let settings = Settings { live: arguments.live, seed: arguments.seed };
    let ending = Ending::after(Duration::from_secs(arguments.seconds));
    let result = run(settings, &counts, &ending, &Progress::new("txn_registry", &ending));

    for (name, count) in [
        ("transactions begun and ended", counts.finished()),
        ("live all the while", arguments.live),
        ("snapshots compared with the model", counts.scans()),
        ("ids looked up in them", counts.lookups()),
        ("marks of ended ones cleaned away", counts.marks_removed()),
    ] {
        println!("{name:<36}{:>16}", HumanCount(count).to_string());
    }
    match result {
        Ok(()) => {
            println!("no id was lost");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            eprintln!("wrong: {difference}");
            ExitCode::FAILURE
        }
    }
}
