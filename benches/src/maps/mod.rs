//! One trait over all the maps, and who takes part.

mod arc_hashbrown;
mod cow;
mod dashmap;
mod hashed;
mod imbl;
mod papaya;
mod rpds;

use clap::ValueEnum;
use foldhash::fast::FixedState;

use crate::kernels::Contestant;
use crate::values::Value;

pub use arc_hashbrown::ArcHashbrown;
pub use cow::{Cow, Flat, Seeded};
pub use dashmap::Dash;
pub use hashed::{Hashbrown, HashbrownFx, Std};
pub use imbl::Imbl;
pub use papaya::Papaya;
pub use rpds::Rpds;

/// The hasher of every peer that takes one: foldhash, with the same seed in every run.
pub type Hasher = FixedState;

/// Something that can be asked for keys.
pub trait Lookup<V> {
    /// What `read` makes of the value under `key`.
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R>;
}

impl<V, L: Lookup<V>> Lookup<V> for &L {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        (**self).with(key, read)
    }
}

/// A map from `i64` to `V`, as the kernels use it.
pub trait Map<V: Value>: Sized + Send + Sync + 'static {
    /// What a run of lookups goes through: the map itself, or, where the map asks for it, a
    /// guard taken once for the whole run.
    type Reader<'a>: Lookup<V>
    where
        Self: 'a;

    /// An empty map with room for `capacity` entries, where the map has such a thing. None is
    /// allocated for 0.
    fn with_capacity(capacity: usize) -> Self;

    /// Ready for a run of lookups.
    fn reader(&self) -> Self::Reader<'_>;

    /// Number of entries.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Inserts or overwrites, dropping what was there.
    fn insert(&mut self, key: i64, value: V);

    /// Changes the value under `key` in place; `false` if there is none.
    fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool;

    /// Removes the entry; `false` if there is none.
    fn remove(&mut self, key: i64) -> bool;

    /// Visits every entry.
    fn for_each(&self, visit: impl FnMut(i64, &V));

    /// A snapshot that later writes do not change, for the maps that have one at O(1).
    fn snapshot(&self) -> Option<Self>;

    /// Looks up all of `keys` through the map's own batch operation; `false` if it has none.
    fn get_each(&self, _keys: &[i64], _visit: impl FnMut(Option<&V>)) -> bool {
        false
    }

    /// The same by arrays of eight keys.
    fn get_many(&self, _keys: &[i64], _visit: impl FnMut(Option<&V>)) -> bool {
        false
    }
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum MapId {
    /// `cowmap::CowMap`.
    #[value(name = "cowmap", alias = "cow")]
    CowMap,
    /// `cowmap::FlatCowMap`.
    #[value(name = "flat")]
    FlatCowMap,
    /// `cowmap::SeededCowMap`.
    #[value(name = "seeded")]
    SeededCowMap,
    /// hashbrown with foldhash.
    Hashbrown,
    /// hashbrown with rustc-hash.
    HashbrownFx,
    /// `std::collections::HashMap` as it comes, with `SipHash`.
    Std,
    /// `Arc<hashbrown>` and `Arc::make_mut`.
    ArcHashbrown,
    /// `DashMap`.
    Dashmap,
    /// papaya.
    Papaya,
    /// imbl's `HashMap`.
    Imbl,
    /// rpds's `HashTrieMapSync`.
    Rpds,
    /// imbl's `OrdMap`, the one whose `diff` steps over what is shared.
    #[value(skip)]
    OrdMap,
    /// redb, in memory.
    #[value(skip)]
    Redb,
    /// No map: a bare `Arc`, the yardstick of handles.
    #[value(skip)]
    Arc,
}

impl MapId {
    /// Everybody, in the order of the tables.
    pub const ALL: [MapId; 14] = [
        MapId::CowMap,
        MapId::FlatCowMap,
        MapId::SeededCowMap,
        MapId::Hashbrown,
        MapId::HashbrownFx,
        MapId::Std,
        MapId::ArcHashbrown,
        MapId::Dashmap,
        MapId::Papaya,
        MapId::Imbl,
        MapId::Rpds,
        MapId::OrdMap,
        MapId::Redb,
        MapId::Arc,
    ];

    /// What the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            MapId::CowMap => "CowMap",
            MapId::FlatCowMap => "FlatCowMap",
            MapId::SeededCowMap => "SeededCowMap",
            MapId::Hashbrown => "hashbrown + foldhash",
            MapId::HashbrownFx => "hashbrown + rustc-hash",
            MapId::Std => "std HashMap (SipHash)",
            MapId::ArcHashbrown => "Arc<hashbrown> + make_mut",
            MapId::Dashmap => "DashMap + foldhash",
            MapId::Papaya => "papaya + foldhash",
            MapId::Imbl => "imbl + foldhash",
            MapId::Rpds => "rpds + foldhash",
            MapId::OrdMap => "imbl OrdMap",
            MapId::Redb => "redb",
            MapId::Arc => "a bare Arc",
        }
    }

    /// The map of that name, as the report writes it.
    pub fn from_name(name: &str) -> Option<MapId> {
        MapId::ALL.into_iter().find(|id| id.name() == name)
    }

    /// Whether it takes snapshots at O(1).
    pub fn has_snapshots(self) -> bool {
        matches!(
            self,
            MapId::CowMap
                | MapId::FlatCowMap
                | MapId::SeededCowMap
                | MapId::ArcHashbrown
                | MapId::Imbl
                | MapId::Rpds
        )
    }
}

/// A map that takes part: how to make one.
pub struct Peer<V: Value> {
    /// Which map.
    pub id: MapId,
    /// Makes an empty one with room for so many entries.
    pub make: fn(usize) -> Box<dyn Contestant<V>>,
}

impl<V: Value> Peer<V> {
    fn of<M: Map<V>>(id: MapId) -> Self {
        Peer { id, make: |capacity| Box::new(M::with_capacity(capacity)) }
    }

    /// One that holds `keys`, grown from nothing.
    pub fn holding(&self, keys: &[i64]) -> Box<dyn Contestant<V>> {
        let mut map = (self.make)(0);
        map.fill(keys);
        map
    }
}

/// Everybody.
pub fn everybody() -> Vec<Peer<u64>> {
    let mut peers = main_peers::<u64>();
    peers.push(Peer::of::<Seeded<u64>>(MapId::SeededCowMap));
    peers.push(Peer::of::<HashbrownFx<u64>>(MapId::HashbrownFx));
    peers.push(Peer::of::<Std<u64>>(MapId::Std));
    peers.push(Peer::of::<Dash<u64>>(MapId::Dashmap));
    peers.push(Peer::of::<Papaya<u64>>(MapId::Papaya));
    peers.push(Peer::of::<Rpds<u64>>(MapId::Rpds));
    peers.sort_by_key(|peer| peer.id);
    peers
}

/// The maps that are measured with every kind of value.
pub fn main_peers<V: Value>() -> Vec<Peer<V>> {
    vec![
        Peer::of::<Cow<V>>(MapId::CowMap),
        Peer::of::<Flat<V>>(MapId::FlatCowMap),
        Peer::of::<Hashbrown<V>>(MapId::Hashbrown),
        Peer::of::<ArcHashbrown<V>>(MapId::ArcHashbrown),
        Peer::of::<Imbl<V>>(MapId::Imbl),
    ]
}

#[cfg(test)]
mod tests;
