use std::marker::PhantomData;

use cowmap::SentinelKey;

#[derive(Clone, Copy, SentinelKey)]
struct Pair(u32, u32);

#[derive(Clone, Copy, SentinelKey)]
struct Named {
    id: u64,
    marker: PhantomData<u8>,
    generation: (u8, &'static str),
}

#[derive(Clone, Copy, SentinelKey)]
enum Color {
    Red,
}

#[derive(Clone, Copy, SentinelKey)]
union Either {
    a: u32,
    b: i32,
}

#[derive(Clone, Copy, SentinelKey)]
struct Nothing;

#[derive(Clone, Copy, SentinelKey)]
struct Empty();

#[derive(Clone, Copy, SentinelKey)]
struct Marker<T>(PhantomData<T>);

#[derive(Clone, Copy, SentinelKey)]
struct Text {
    text: &'static str,
}

#[derive(Clone, Copy, SentinelKey)]
struct Bytes([u8; 8]);

#[derive(Clone, Copy, SentinelKey)]
struct Call(fn(u64) -> u64);

fn main() {}
