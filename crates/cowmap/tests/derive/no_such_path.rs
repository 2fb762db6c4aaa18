use cowmap::SentinelKey;

#[derive(Clone, Copy, SentinelKey)]
#[sentinel(crate = nowhere)]
struct Nowhere(u64);

fn main() {}
