//! The values the maps hold: what they cost to copy, and how a loop proves that it read them.

use std::sync::Arc;

/// A value a map can be measured with.
pub trait Value: Clone + Send + Sync + 'static {
    /// What the report calls it.
    const NAME: &'static str;

    /// The value stored under `key`. Every map stores the same one, so that checksums agree
    /// and an overwrite leaves the content as it was.
    fn make(key: i64) -> Self;

    /// A number that cannot be known without reading the value.
    fn digest(&self) -> u64;
}

/// Cheap, not constant, and different for neighbouring keys.
#[inline]
fn word(key: i64) -> u64 {
    key.cast_unsigned() ^ 0x5bd1_e995_9d1b_54a3
}

impl Value for () {
    const NAME: &'static str = "() (0 bytes)";

    #[inline]
    fn make(_key: i64) -> Self {}

    #[inline]
    fn digest(&self) -> u64 {
        1
    }
}

impl Value for u64 {
    const NAME: &'static str = "u64 (8 bytes)";

    #[inline]
    fn make(key: i64) -> Self {
        word(key)
    }

    #[inline]
    fn digest(&self) -> u64 {
        *self
    }
}

impl Value for [u64; 4] {
    const NAME: &'static str = "[u64; 4] (32 bytes)";

    #[inline]
    fn make(key: i64) -> Self {
        [word(key), 1, 2, word(key) >> 7]
    }

    #[inline]
    fn digest(&self) -> u64 {
        self[0] ^ self[3]
    }
}

impl Value for [u64; 16] {
    const NAME: &'static str = "[u64; 16] (128 bytes)";

    #[inline]
    fn make(key: i64) -> Self {
        let mut words = [word(key); 16];
        words[15] = word(key) >> 7;
        words
    }

    #[inline]
    fn digest(&self) -> u64 {
        self[0] ^ self[15]
    }
}

impl Value for String {
    const NAME: &'static str = "String";

    fn make(key: i64) -> Self {
        format!("the value of {key}")
    }

    #[inline]
    fn digest(&self) -> u64 {
        self.as_bytes().last().map_or(0, |&byte| u64::from(byte))
    }
}

impl Value for Arc<[u64; 8]> {
    const NAME: &'static str = "Arc<[u64; 8]>";

    fn make(key: i64) -> Self {
        Arc::new([word(key); 8])
    }

    #[inline]
    fn digest(&self) -> u64 {
        self[7]
    }
}
