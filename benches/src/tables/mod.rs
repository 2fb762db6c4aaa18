//! Tables under transactions: the one of the examples, and what it is measured beside.

mod redb;
mod twin;

use cowmap_examples::table::VersionTable;

pub use redb::Redb;
pub use twin::Twin;

/// A table of numbers, which transactions read and write.
pub trait Table: Send + Sync {
    /// Reads two rows and writes two others, and commits; `None` if another transaction was in the way.
    /// Returns the sum of the values that were read.
    fn transaction(&self, reads: [u64; 2], writes: [u64; 2], value: u64) -> Option<u64>;
}

impl Table for VersionTable<u64, u64> {
    fn transaction(&self, reads: [u64; 2], writes: [u64; 2], value: u64) -> Option<u64> {
        let mut transaction = self.begin();
        let sum = reads.iter().filter_map(|&key| transaction.get(key)).sum();
        writes.iter().for_each(|&key| transaction.put(key, value));
        transaction.commit().ok().map(|_| sum)
    }
}
