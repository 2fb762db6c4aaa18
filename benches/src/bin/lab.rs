//! The lab: measures cowmap beside its peers and writes the page about it.
//!
//! `cargo run --release -p cowmap-benches --bin lab -- --help`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use clap::Parser;
use clap::builder::PossibleValuesParser;
use cowmap_benches::alloc::Counting;
use cowmap_benches::jobs::{self, Job};
use cowmap_benches::keys::Family;
use cowmap_benches::maps::MapId;
use cowmap_benches::report;
use cowmap_benches::results::Results;
use cowmap_benches::settings::{Settings, parse_size};
use cowmap_benches::workloads;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Measures cowmap beside its peers.
///
/// A complete run writes docs/benchmarks.md and its charts. A run narrowed down by any option
/// writes to target/lab instead, unless --out or --update says otherwise.
#[derive(Parser)]
#[command(name = "lab", version)]
struct Args {
    /// Less of everything: under two minutes.
    #[arg(long)]
    quick: bool,
    /// Only these workloads.
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(workloads::names()))]
    only: Vec<String>,
    /// Sizes instead of each workload's own: 1e3,100k,1M.
    #[arg(long, value_delimiter = ',', value_parser = parse_size)]
    sizes: Option<Vec<usize>>,
    /// Key families instead of each workload's own.
    #[arg(long, value_delimiter = ',')]
    keys: Option<Vec<Family>>,
    /// Only these maps.
    #[arg(long, value_delimiter = ',')]
    maps: Option<Vec<MapId>>,
    /// Only these operations of reads, build, cycle, mvcc, ycsb and latency: hit,dependent,reserved,…
    #[arg(long, value_delimiter = ',')]
    ops: Option<Vec<String>>,
    /// Rounds, in each of which every map takes its turn.
    #[arg(long)]
    repeats: Option<usize>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace what was measured again in docs/benchmarks (or --out), and keep the rest.
    #[arg(long)]
    update: bool,
    /// Measure nothing, and write the page anew from the figures of the last run.
    #[arg(long)]
    report: bool,
    /// Builds one map and prints the memory it took (the lab starts itself so).
    #[arg(long, hide = true)]
    resident: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(what) = &args.resident {
        let bytes = workloads::resident_of(what);
        bytes.iter().for_each(|bytes| println!("{bytes}"));
        return if bytes.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match lab(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn lab(args: Args) -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let narrowed = args.quick
        || !args.only.is_empty()
        || args.sizes.is_some()
        || args.keys.is_some()
        || args.maps.is_some()
        || args.ops.is_some()
        || args.repeats.is_some();
    let folder = match args.out {
        Some(folder) => folder,
        None if narrowed && !args.update => root.join("target").join("lab"),
        None => root.join("docs"),
    };
    let mut results = Results::default();
    if args.update || args.report {
        match fs::read_to_string(folder.join("benchmarks.tsv")) {
            Ok(text) => results = Results::from_tsv(&text),
            Err(error) if args.report => return Err(format!("benchmarks.tsv: {error}").into()),
            Err(_) => {}
        }
    }
    let settings = Settings {
        quick: args.quick,
        sizes: args.sizes,
        keys: args.keys,
        maps: args.maps,
        operations: args.ops,
        repeats: args.repeats,
    };
    if !args.report {
        let chosen = workloads::chosen(&args.only);
        let jobs: Vec<Job> =
            chosen.iter().flat_map(|workload| (workload.plan)(&settings)).collect();
        results.update(jobs::run(jobs)?);
    }
    report::write(&results, &command(), &folder)?;
    if narrowed {
        print!("{}", report::summary(&results));
    } else {
        print!("{}", report::targets_table(&results));
    }
    println!("\nWritten: benchmarks.md, benchmarks.tsv and charts in {}", folder.display());
    Ok(())
}

/// How this run was started, without paths.
fn command() -> String {
    let mut command = String::from("cargo run --release -p cowmap-benches --bin lab");
    let mut arguments = env::args().skip(1).peekable();
    if arguments.peek().is_some() {
        command.push_str(" --");
    }
    while let Some(argument) = arguments.next() {
        if argument == "--out" {
            arguments.next();
        } else if !argument.starts_with("--out=") {
            command.push(' ');
            command.push_str(&argument);
        }
    }
    command
}
