//! Sequences of operations on several handles against a model each, read from bytes: what the
//! fuzzer makes up, and what ordinary tests replay.
//!
//! Two bytes are an operation and its argument; any bytes are a sequence. One operation chooses the
//! family of keys that those after it use ([`Keys`]). After each operation the
//! handle that was used is compared with its model, entry by entry, and its invariants are checked;
//! at the end all handles are, and every key is looked up.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use cowmap_core::{Change, Entry, Hashing, Map, Paging, RetainCursor};

#[allow(dead_code)]
mod hostile;
use hostile::KEYS;

/// Numbers of operations.
const OPERATIONS: u8 = 43;

/// Handles that are alive at once.
const HANDLES: usize = 6;

/// Values of scripts.
pub trait Value: Clone + Eq + Debug + 'static {
    fn of(number: u8) -> Self;
}

impl Value for u64 {
    fn of(number: u8) -> Self {
        number.into()
    }
}

/// On the heap, so that a sanitizer sees one that is dropped twice, read too late, or leaked.
impl Value for Box<u8> {
    fn of(number: u8) -> Self {
        Box::new(number)
    }
}

/// Ordinary keys: a block of neighbours, two families of ids, and keys from all over.
fn ordinary(number: usize) -> i64 {
    let id = (number % 64) as i64;
    match number / 64 {
        0 => id,
        1 => id << 56 | 1 << 30,
        2 => ((id + 1) * 112) << 20,
        _ => id.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()) | 1 << 40,
    }
}

/// The keys of scripts: families of as many as a byte can number.
struct Keys([[i64; KEYS]; Keys::FAMILIES]);

impl Keys {
    /// Ordinary, crowded and deep ones.
    const FAMILIES: usize = 3;

    /// The keys of maps with these values and policy, made once.
    fn of<V: 'static, P: Paging + 'static>() -> &'static Self {
        static MADE: Mutex<BTreeMap<TypeId, &Keys>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().expect("making keys does not panic");
        made.entry(TypeId::of::<(V, P)>()).or_insert_with(|| {
            let array = |keys: Vec<i64>| keys.try_into().expect("a family of keys");
            Box::leak(Box::new(Keys([
                std::array::from_fn(ordinary),
                array(hostile::crowded::<V, P>()),
                array(hostile::deep::<V, P>()),
            ])))
        })
    }
}

/// What scripts did, added up.
#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    pub operations: usize,
    /// Operations after which some page was larger than those that split.
    pub large_pages: usize,
    /// Prefixes that the largest directory told apart.
    pub most_links: usize,
    /// Operations after which a map that had entries left had a smaller directory than before.
    pub merges: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.operations += other.operations;
        self.large_pages += other.large_pages;
        self.most_links = self.most_links.max(other.most_links);
        self.merges += other.merges;
    }
}

struct Handle<V, P: Paging, H: Hashing> {
    map: Map<i64, V, P, H>,
    model: BTreeMap<i64, V>,
    /// How far a walk in steps has come, between which other operations write.
    cursor: RetainCursor,
}

impl<V: Value, P: Paging, H: Hashing + Default> Handle<V, P, H> {
    fn new() -> Self {
        Handle { map: Map::default(), model: BTreeMap::new(), cursor: RetainCursor::new() }
    }
}

impl<V: Value, P: Paging, H: Hashing> Clone for Handle<V, P, H> {
    fn clone(&self) -> Self {
        Handle { map: self.map.clone(), model: self.model.clone(), cursor: self.cursor.clone() }
    }
}

/// Runs a script; returns what it did.
///
/// # Panics
///
/// Panics where a map and its model differ.
pub fn run<V, P, H>(script: &[u8]) -> Tally
where
    V: Value,
    P: Paging + 'static,
    H: Hashing + Default,
{
    let keys = Keys::of::<V, P>();
    let (mut handles, mut family) = (vec![Handle::<V, P, H>::new()], 0);
    let mut tally = Tally::default();
    for operation in script.chunks_exact(2) {
        let (before, _) = handles[0].map.directory_size();
        let combines = [0, 1, 2, 3, 40, 41].contains(&(operation[0] % OPERATIONS));
        step(&mut handles, keys, &mut family, operation[0], operation[1]);
        handles[0].assert_same();
        let map = &handles[0].map;
        let (links, _) = map.directory_size();
        tally += Tally {
            operations: 1,
            large_pages: usize::from(P::PAGED && hostile::has_large_page(map)),
            most_links: links,
            merges: usize::from(!combines && !map.is_empty() && (1..before).contains(&links)),
        };
    }
    for handle in &handles {
        handle.assert_same();
        handle.assert_finds(keys);
    }
    tally
}

/// Executes one operation on the first handle.
fn step<V, P, H>(
    handles: &mut Vec<Handle<V, P, H>>,
    keys: &Keys,
    family: &mut usize,
    operation: u8,
    number: u8,
) where
    V: Value,
    P: Paging,
    H: Hashing + Default,
{
    let which = usize::from(number) % handles.len();
    match operation % OPERATIONS {
        0 if handles.len() < HANDLES => handles.push(handles[0].clone()),
        0 | 1 => handles.swap(0, which),
        2 if handles.len() > 1 => drop(handles.swap_remove(which)),
        2 => handles[0] = Handle::new(),
        3 => {
            let (first, rest) = handles.split_first_mut().expect("one is never dropped");
            if let Some(other) = rest.get(which.saturating_sub(1)) {
                first.combine(other, number);
            }
        }
        39 => {
            *family = usize::from(number) % Keys::FAMILIES;
            handles[0].assert_usage();
        }
        // Where there is one handle, that one and itself.
        40 => {
            let (other, base) = (handles[which].clone(), handles[handles.len() - 1].clone());
            handles[0].merge(&base, &other, number);
        }
        41 => {
            let other = handles[which].clone();
            handles[0].change_unchanged(&other, &keys.0[*family], number);
        }
        42 => handles[0].retain_step(number),
        operation => handles[0].change(&keys.0[*family], operation, number),
    }
}

impl<V: Value, P: Paging, H: Hashing + Default> Handle<V, P, H> {
    /// That the map has the entries of its model and no others.
    fn assert_same(&self) {
        self.map.check_invariants();
        assert_eq!(self.map.len(), self.model.len());
        for (key, value) in &self.map {
            assert_eq!(self.model.get(&key), Some(value), "{key}");
        }
    }

    /// That each key a script can name is found where it should be.
    fn assert_finds(&self, keys: &Keys) {
        for key in keys.0.as_flattened() {
            assert_eq!(self.map.get(*key), self.model.get(key));
        }
        assert!(self.map.iter_sorted().eq(self.model.iter().map(|(&key, value)| (key, value))));
    }

    /// That what the map says of its size may be true.
    fn assert_usage(&self) {
        let usage = self.map.memory_usage();
        assert!(usage.shared <= usage.total && usage.shared_pages <= usage.pages);
        assert_eq!(self.map.is_empty(), self.model.is_empty());
    }

    /// Makes one of two.
    fn combine(&mut self, other: &Self, number: u8) {
        let Handle { map, model, .. } = self;
        let differ = |key: &i64, model: &BTreeMap<i64, V>| !model.contains_key(key);
        match number / 50 {
            0 => {
                *map = map.union(&other.map);
                for (&key, value) in &other.model {
                    model.entry(key).or_insert_with(|| value.clone());
                }
            }
            1 => {
                *map = map.intersection(&other.map);
                model.retain(|key, _| other.model.contains_key(key));
            }
            2 => {
                *map = map.difference(&other.map);
                model.retain(|key, _| differ(key, &other.model));
            }
            3 => {
                *map = map.symmetric_difference(&other.map);
                let old = model.clone();
                model.retain(|key, _| differ(key, &other.model));
                let added = other.model.iter().filter(|(key, _)| differ(key, &old));
                model.extend(added.map(|(&key, value)| (key, value.clone())));
            }
            _ => {
                assert_eq!(*map == other.map, *model == other.model);
                assert_eq!(
                    map.is_submap(&other.map),
                    model.iter().all(|(key, value)| other.model.get(key) == Some(value))
                );
            }
        }
    }

    /// Makes one of two that come from a third, or of two by a closure, or one the other.
    fn merge(&mut self, base: &Self, theirs: &Self, number: u8) {
        let Handle { map, model, .. } = self;
        match number / 52 {
            0 => {
                let both = |ours: &V, theirs: &V| {
                    if number & 1 == 0 { ours.clone() } else { theirs.clone() }
                };
                *map = map.union_with(&theirs.map, |key, a, b| {
                    assert_eq!((model.get(&key), theirs.model.get(&key)), (Some(a), Some(b)));
                    both(a, b)
                });
                for (&key, value) in &theirs.model {
                    let value = model.get(&key).map_or(value.clone(), |ours| both(ours, value));
                    model.insert(key, value);
                }
            }
            1 => {
                *map = map.intersection_with(&theirs.map, |key, a, b| {
                    assert_eq!((model.get(&key), theirs.model.get(&key)), (Some(a), Some(b)));
                    V::of(number)
                });
                model.retain(|key, _| theirs.model.contains_key(key));
                model.values_mut().for_each(|value| *value = V::of(number));
            }
            2 => {
                let changes: Vec<_> = map.diff(&theirs.map).map(Change::cloned).collect();
                let mut again = map.clone();
                again.apply(changes.iter().cloned());
                map.try_apply(changes.iter().cloned()).expect("they match");
                assert!(*map == theirs.map && again == theirs.map);
                *model = theirs.model.clone();
                again.apply(changes.into_iter().rev().map(Change::invert));
                again.check_invariants();
            }
            _ => {
                // Of a conflict ours is kept, or none.
                let keep = number & 1 == 0;
                let resolve = |ours: Option<&V>| ours.filter(|_| keep).cloned();
                let merged = base.map.merge(map, &theirs.map, |key, conflict| {
                    assert_eq!(conflict.base, base.model.get(&key));
                    assert_eq!(conflict.ours, model.get(&key));
                    assert_eq!(conflict.theirs, theirs.model.get(&key));
                    resolve(conflict.ours)
                });
                let mirrored =
                    base.map.merge(&theirs.map, map, |_, conflict| resolve(conflict.theirs));
                assert!(merged == mirrored);
                *map = merged;
                let keys: Vec<i64> =
                    base.model.keys().chain(theirs.model.keys()).copied().collect();
                for key in keys {
                    let [base, ours, theirs] =
                        [&base.model, model, &theirs.model].map(|model| model.get(&key));
                    let kept = if ours == theirs || theirs == base {
                        continue;
                    } else if ours == base {
                        theirs.cloned()
                    } else {
                        resolve(ours)
                    };
                    match kept {
                        Some(value) => drop(model.insert(key, value)),
                        None => drop(model.remove(&key)),
                    }
                }
            }
        }
    }

    /// Removes or replaces what is as it is in another map.
    fn change_unchanged(&mut self, other: &Self, keys: &[i64; KEYS], number: u8) {
        let Handle { map, model, .. } = self;
        let keys = (0..number / 2).map(|n| keys[usize::from(n.wrapping_mul(5) ^ number)]);
        let now = model.clone();
        let changed = |key: i64| now.get(&key) != other.model.get(&key);
        if number & 1 == 0 {
            let skipped = map.remove_unchanged(&other.map, keys.clone());
            assert!(keys.clone().filter(|&key| changed(key)).eq(skipped));
            keys.filter(|&key| !changed(key)).for_each(|key| drop(model.remove(&key)));
        } else {
            let entries = keys.map(|key| (key, V::of(number)));
            let skipped = map.replace_unchanged(&other.map, entries.clone());
            assert!(entries.clone().filter(|&(key, _)| changed(key)).eq(skipped));
            model.extend(entries.filter(|&(key, _)| !changed(key)));
        }
    }

    /// Goes on with a walk, or begins one.
    fn retain_step(&mut self, number: u8) {
        if self.cursor.is_done() {
            self.cursor = RetainCursor::new();
        }
        let mut visited = BTreeMap::new();
        let keep = |key: i64| (key >> 2 ^ key) & 7 != i64::from(number & 7);
        let before = &self.model;
        let more = self.map.retain_step(&mut self.cursor, number.into(), |key, value| {
            assert_eq!(before.get(&key), Some(value));
            assert_eq!(visited.insert(key, keep(key)), None, "{key} was visited twice");
            keep(key)
        });
        assert!(more || self.cursor.is_done());
        self.model.retain(|key, _| visited.get(key).copied().unwrap_or(true));
    }

    /// Changes a map and its model.
    fn change(&mut self, keys: &[i64; KEYS], operation: u8, number: u8) {
        let Handle { map, model, .. } = self;
        let value = V::of(number);
        let key = |number: u8| keys[usize::from(number)];
        let at = key(number);
        let near = |n: u8| key(number.wrapping_add(n));
        let rejected = |key: i64| (key >> 3 ^ key) & 3 == i64::from(number & 3);
        match operation {
            4..8 => assert_eq!(map.insert(at, value.clone()), model.insert(at, value)),
            8..11 => {
                for key in (0..number / 4).map(near) {
                    assert_eq!(map.insert(key, value.clone()), model.insert(key, value.clone()));
                }
            }
            11..14 => assert_eq!(map.remove(at), model.remove(&at)),
            14..16 => {
                for key in (0..number / 4).map(near) {
                    assert_eq!(map.remove(key), model.remove(&key));
                }
            }
            16..18 => {
                let (got, want) = (map.get_mut(at), model.get_mut(&at));
                assert_eq!(got, want);
                if let (Some(got), Some(want)) = (got, want) {
                    (*got, *want) = (V::of(!number), V::of(!number));
                }
            }
            18 => {
                let got = map.entry(at).or_insert_with(|| value.clone());
                assert_eq!(got, model.entry(at).or_insert(value));
            }
            19 => match map.entry(at) {
                Entry::Occupied(entry) => {
                    assert_eq!(Some(entry.get()), model.get(&at));
                    assert_eq!(Some(entry.remove()), model.remove(&at));
                }
                Entry::Vacant(entry) => {
                    assert_eq!(entry.insert_entry(value.clone()).get(), &value);
                    assert_eq!(model.insert(at, value), None);
                }
            },
            20 => {
                let change =
                    |old: Option<V>| if old.is_some() { None } else { Some(V::of(number)) };
                map.alter(at, change);
                match change(model.remove(&at)) {
                    None => {}
                    Some(value) => drop(model.insert(at, value)),
                }
            }
            21 => {
                let keys = [number, number ^ 1, number ^ 64, number ^ 129].map(key);
                for value in map.get_disjoint_mut(keys).into_iter().flatten() {
                    *value = V::of(!number);
                }
                for key in keys {
                    model.entry(key).and_modify(|value| *value = V::of(!number));
                }
            }
            22 => {
                map.clear();
                model.clear();
            }
            23 => {
                map.retain(|key, _| !rejected(key));
                model.retain(|&key, _| !rejected(key));
            }
            24 => {
                map.retain(|key, _| rejected(key));
                model.retain(|&key, _| rejected(key));
            }
            25 => {
                let keep = |key: i64, value: &mut V| {
                    *value = V::of(number);
                    !rejected(key)
                };
                map.retain_mut(keep);
                model.retain(|&key, value| keep(key, value));
            }
            26 => {
                for (key, value) in map.extract_if(|key, _| rejected(key)).take(number.into()) {
                    assert_eq!(model.remove(&key), Some(value));
                }
            }
            27 => {
                for (key, value) in map.drain().take(number.into()) {
                    assert_eq!(model.remove(&key), Some(value));
                }
                model.clear();
            }
            28 => {
                let mut taken: BTreeMap<i64, V> = BTreeMap::new();
                for (key, value) in std::mem::take(map) {
                    assert_eq!(taken.insert(key, value), None, "a key came twice");
                }
                assert_eq!(&taken, model);
                *map = taken.into_iter().collect();
            }
            29 => {
                let mut left = map.snapshot().into_iter();
                let part: Vec<_> = left.by_ref().take(number.into()).collect();
                assert!(part.iter().all(|(key, value)| model.get(key) == Some(value)));
                assert_eq!(left.len() + part.len(), model.len());
            }
            30 => {
                for (key, value) in map.iter_mut().take(number.into()) {
                    *value = V::of(number);
                    model.insert(key, V::of(number));
                }
            }
            31 => {
                map.values_mut()
                    .zip((0..=u8::MAX).cycle())
                    .for_each(|(value, n)| *value = V::of(n));
            }
            32 => map.shrink_to_fit(),
            33 => map.shrink_to(number.into()),
            34 => map.reserve(usize::from(number) * 2),
            35 => {
                *map = map.unshared();
                assert!(!map.is_shared());
            }
            36 => {
                map.extend(model.iter().map(|(&key, value)| (!key, value.clone())));
                let more: Vec<_> =
                    model.iter().map(|(&key, value)| (!key, value.clone())).collect();
                model.extend(more);
                map.retain(|key, _| key >= 0);
                model.retain(|&key, _| key >= 0);
            }
            37 => {
                let entries = || map.iter().map(|(key, value)| (key, value.clone()));
                let again: Map<i64, V, P, H> = if number & 1 == 0 {
                    entries().collect()
                } else {
                    // Without a hint, and with equal keys, of which the last wins.
                    let other = entries().map(|(key, _)| (key, V::of(number)));
                    other.chain(entries()).filter(|_| true).collect()
                };
                assert!(again == *map);
                *map = again;
            }
            _ => {
                let keys: Vec<i64> = (0..64).map(near).collect();
                assert!(map.get_each(&keys).eq(keys.iter().map(|key| model.get(key))));
            }
        }
        if operation == 31 {
            *model = map.iter().map(|(key, value)| (key, value.clone())).collect();
        }
    }
}
