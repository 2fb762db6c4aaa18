//! The key types of the tables: row ids.

use cowmap::SentinelKey;
use serde::{Deserialize, Serialize};

/// Names a row.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
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
