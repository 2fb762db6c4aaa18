use cowmap::SentinelKey;

#[derive(Clone, Copy, SentinelKey)]
#[sentinel]
struct Silent(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel()]
struct Empty(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel = 0]
struct Assigned(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(0)]
#[sentinel(1)]
struct Twice(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(0, u64::MAX)]
struct Two(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(value = 0)]
struct Unknown(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(crate = cowmap, crate = ::cowmap)]
struct Crates(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(crate = 7)]
struct NoPath(u64);

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(crate = "not a path")]
struct NoPathInside(u64);

#[derive(Clone, Copy, SentinelKey)]
struct AtField(#[sentinel(0)] u64);

fn main() {}
