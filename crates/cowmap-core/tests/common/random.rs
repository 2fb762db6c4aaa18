//! Random numbers that are the same in every run.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next_u64() % end as u64).expect("below a usize")
    }

    /// Random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    /// Distinct keys, none of them reserved.
    pub fn keys(&mut self, count: usize) -> Vec<i64> {
        let mut keys: Vec<i64> = Vec::with_capacity(count);
        // SplitMix64 is a bijection of its counter: no number comes twice in 2^64.
        while keys.len() < count {
            let key = self.next_u64().cast_signed();
            if key != i64::MIN {
                keys.push(key);
            }
        }
        keys
    }
}
