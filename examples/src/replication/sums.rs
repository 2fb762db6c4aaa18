//! What the rows of a version add up to: equal sums, equal versions.

use serde::{Deserialize, Serialize};

use crate::ids::RowId;

/// What rows add up to, in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    /// How many rows there are.
    pub rows: u64,
    /// What their values add up to.
    pub total: i64,
    /// What the checksums of rows add up to.
    pub checksum: u64,
}

impl Sums {
    /// The sums of these rows.
    pub fn of(rows: impl Iterator<Item = (RowId, i64)>) -> Self {
        let mut sums = Sums::default();
        rows.for_each(|(key, value)| sums.add(key, value));
        sums
    }

    /// Adds a row.
    pub fn add(&mut self, key: RowId, value: i64) {
        self.rows += 1;
        self.total = self.total.wrapping_add(value);
        self.checksum = self.checksum.wrapping_add(checksum(key, value));
    }

    /// Takes a row away that was added.
    pub fn remove(&mut self, key: RowId, value: i64) {
        self.rows -= 1;
        self.total = self.total.wrapping_sub(value);
        self.checksum = self.checksum.wrapping_sub(checksum(key, value));
    }
}

fn checksum(key: RowId, value: i64) -> u64 {
    let halves = [key.0.to_le_bytes(), value.to_le_bytes()];
    u64::from(crc32fast::hash(halves.as_flattened()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_differ_where_rows_differ() {
        let rows = [(RowId(1), 5), (RowId(2), 7)];
        let mut sums = Sums::of(rows.into_iter());
        assert_eq!(sums, Sums::of(rows.into_iter().rev()));
        assert_ne!(sums, Sums::of([(RowId(1), 7), (RowId(2), 5)].into_iter()));
        sums.remove(RowId(2), 7);
        assert_eq!(sums, Sums::of([(RowId(1), 5)].into_iter()));
    }
}
