//! The timed loops. Each is compiled for each map with everything inlined, and called through
//! a pointer once for thousands of operations, so that maps of different types take turns in
//! one run and nothing of a loop can be hoisted out of it.

mod reads;
mod snapshots;
mod writes;
mod ycsb;

use crate::maps::Map;
use crate::values::Value;

pub use reads::{Batch, Reads};
pub use snapshots::{KTH_WRITES, Snapshots, Transaction};
pub use writes::Writes;
pub use ycsb::{Op, Ycsb};

/// A map with all the loops.
pub trait Contestant<V: Value>: Reads<V> + Writes<V> + Snapshots<V> + Ycsb<V> {}

impl<V: Value, M: Map<V>> Contestant<V> for M {}
