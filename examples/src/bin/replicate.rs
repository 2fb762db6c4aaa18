//! Commits to a version table in one process, while another follows it over a loopback connection,
//! is killed now and then or cut off, joins again, and must never serve anything but a whole
//! version.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin replicate
//! ```
//!
//! Ends with status 1 if the follower serves what no commit made, or does not become equal. Ctrl-C
//! ends it early.

#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use clap::Parser;
use cowmap_examples::ending::{Ending, heed_interrupts};
use cowmap_examples::progress::Progress;
use cowmap_examples::replication::follower::follow;
use cowmap_examples::replication::{Counts, Settings, run};
use indicatif::{BinaryBytes, HumanCount};

/// Commits to a version table in one process, while another follows it over a loopback connection,
/// is killed now and then or cut off, joins again, and must never serve anything but a whole
/// version.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many rows there are at first
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(3..=10_000_000))]
    rows: u64,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Be the follower of the leader at this address, until standard input ends
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["seconds", "rows", "seed"])]
    follow: Option<SocketAddr>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    heed_interrupts();
    match arguments.follow {
        Some(leader) => follower(leader),
        None => leader(&arguments),
    }
}

fn leader(arguments: &Arguments) -> ExitCode {
    let counts = Counts::default();
    let settings = Settings { rows: arguments.rows, seed: arguments.seed };
    let ending = Ending::after(Duration::from_secs(arguments.seconds));
    let result = run(settings, &counts, &ending, &Progress::new("replicate", &ending));

    let count = |counter: &AtomicU64| HumanCount(counter.load(Relaxed)).to_string();
    let bytes = |counter: &AtomicU64| BinaryBytes(counter.load(Relaxed)).to_string();
    for (name, value) in [
        ("follower killed", count(&counts.killed)),
        ("follower cut off", count(&counts.cut_off)),
        ("joined with nothing: whole table", count(&counts.joined_empty)),
        ("joined too late:     whole table", count(&counts.joined_late)),
        ("joined in time:      changes", count(&counts.joined_by_changes)),
        ("sent in whole tables", bytes(&counts.whole_bytes)),
        ("sent in changes", bytes(&counts.change_bytes)),
        ("connections refused", count(&counts.refused)),
        ("versions served, all of them right", count(&counts.checked)),
    ] {
        println!("{name:<36}{value:>16}");
    }
    match result {
        Ok(commit) => {
            println!("the follower is equal at commit {commit}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("wrong: {error}");
            ExitCode::FAILURE
        }
    }
}

fn follower(leader: SocketAddr) -> ExitCode {
    thread::spawn(|| {
        // The leader's process holds the other end, and says nothing.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    // Ctrl-C is for the leader, which lets go of this process in the end.
    match follow(leader, &Ending::never()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the follower ends: {error}");
            ExitCode::FAILURE
        }
    }
}
