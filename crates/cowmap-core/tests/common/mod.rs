//! What several tests share: random numbers, every kind of map, values that count.

#![allow(dead_code)] // Each test binary uses its part.

pub mod random;
