use cowmap::SentinelKey;

#[derive(Clone, Copy, SentinelKey)]
struct Pair(u32, u32);

#[derive(Clone, Copy, SentinelKey)]
enum Color {
    Red,
}

#[derive(Clone, Copy, SentinelKey)]
struct Nothing;

#[derive(Clone, Copy, SentinelKey)]
#[sentinel]
struct Silent(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(0)]
#[sentinel(1)]
struct Twice(u64);

#[derive(SentinelKey)]
struct Name(String);

#[derive(Clone, Copy, SentinelKey)]
struct Text {
    text: &'static str,
}

fn main() {}
