//! The lab: cowmap measured beside the maps people use now, in one run, on their machine.
//!
//! Read from the bottom up, each module knows only those above it in this list:
//!
//! * [`values`], [`keys`], [`streams`]: what is stored, under which ids, in which order asked;
//! * [`maps`], [`tables`]: one trait over all the maps, and over tables, one adapter a file;
//! * [`kernels`]: the timed loops, compiled once for each map, callable on any of them;
//! * [`measure`], [`alloc`]: clocks, medians, interleaving, counted bytes;
//! * [`results`]: what was measured, and the median of ratios;
//! * [`settings`], [`jobs`], [`workloads`]: what to run, at which sizes, in which steps;
//! * [`targets`], [`report`], [`environment`]: the page and its charts.
//!
//! The program is `src/bin/lab.rs`; `benches/*.rs` are small criterion benches over the same
//! adapters for day-to-day work.

pub mod alloc;
pub mod environment;
pub mod jobs;
pub mod kernels;
pub mod keys;
pub mod maps;
pub mod measure;
pub mod report;
pub mod results;
pub mod settings;
pub mod streams;
pub mod tables;
pub mod targets;
pub mod values;
pub mod workloads;
