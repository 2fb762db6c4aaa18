//! The key types of the tables: row ids and transaction ids.

use cowmap::SentinelKey;

/// Names a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RowId(pub u64);

impl SentinelKey for RowId {
    type Repr = u64;
    const SENTINEL: u64 = u64::MAX;
    fn into_repr(self) -> u64 {
        self.0
    }
    fn from_repr(repr: u64) -> Self {
        RowId(repr)
    }
}

/// Names a transaction. Later transactions have greater ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TransactionId(pub u64);

impl SentinelKey for TransactionId {
    type Repr = u64;
    const SENTINEL: u64 = u64::MAX;
    fn into_repr(self) -> u64 {
        self.0
    }
    fn from_repr(repr: u64) -> Self {
        TransactionId(repr)
    }
}
