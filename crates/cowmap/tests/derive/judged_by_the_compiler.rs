use std::marker::PhantomData;

use cowmap::{CowSet, SentinelKey};

#[derive(SentinelKey)]
struct Name(String);

#[derive(Clone, Copy, SentinelKey)]
struct Small {
    id: u8,
}

#[derive(SentinelKey)]
struct NoCopy(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(-1)]
struct Negative(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel("0")]
struct Text(u64);

/// Its `Copy` is only for types that are `Copy`.
#[derive(Clone, Copy, SentinelKey)]
struct Id<T>(u64, PhantomData<T>);

fn main() {
    let _ = CowSet::from([Id(7, PhantomData::<String>)]);
}
