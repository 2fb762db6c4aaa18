//! Simpler states of a map, for quickcheck.
//!
//! A map with its snapshots is turned into a [`History`]: for each key the value that it has in
//! each state, the oldest first and the map last. Values that states share by their address are one
//! value here, so that they stay shared when the states are built again, and are simplified
//! together.
//!
//! Candidates come in this order: fewer snapshots, fewer keys, fewer entries of one state, simpler
//! keys, simpler values. Each is simpler than what it was made of, so that shrinking ends, and the
//! simplest change of each kind comes last, so that it ends at a minimum: no snapshot, no key and
//! no entry is left that a failure does not need. Lots of decreasing size are tried first, which
//! takes a number of tries that is logarithmic in what can go.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::iter;
use core::ops::Range;
use core::ptr;

use quickcheck::Arbitrary;

use super::WithSnapshots;
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::map::Map;
use crate::policy::Paging;

/// A key, and its value in each state in which it has one.
type Row<K, V> = (K, Vec<Option<Rc<V>>>);

/// The states of a map.
pub(super) struct History<K, V> {
    /// In ascending order of the keys' integers.
    rows: Vec<Row<K, V>>,
    states: usize,
}

impl<K: SentinelKey, V: Clone> History<K, V> {
    /// The states in `maps`, which are not empty.
    pub(super) fn of<'a, P: Paging + 'a, H: Hashing + 'a>(
        maps: impl Iterator<Item = &'a Map<K, V, P, H>> + Clone,
    ) -> Self
    where
        K: 'a,
        V: 'a,
    {
        let mut keys: Vec<K> = maps.clone().flat_map(Map::keys).collect();
        keys.sort_by_key(|key| key.into_repr());
        keys.dedup_by_key(|key| key.into_repr());
        let row = |key| {
            let mut last: Option<(&V, Rc<V>)> = None;
            let cell = |map: &'a Map<K, V, P, H>| {
                let value = map.get(key)?;
                match &last {
                    Some((same, cell)) if ptr::eq(*same, value) => Some(cell.clone()),
                    _ => {
                        let cell = Rc::new(value.clone());
                        last = Some((value, cell.clone()));
                        Some(cell)
                    }
                }
            };
            (key, maps.clone().map(cell).collect())
        };
        History { rows: keys.into_iter().map(row).collect(), states: maps.count() }
    }
}

impl<K: SentinelKey, V: Clone> Clone for History<K, V> {
    fn clone(&self) -> Self {
        History { rows: self.rows.clone(), states: self.states }
    }
}

impl<K: SentinelKey, V: Clone> History<K, V> {
    /// The states as maps, each of which is the one before with what changed.
    pub(super) fn build<P: Paging, H: Hashing + Default>(&self) -> WithSnapshots<K, V, P, H> {
        let (mut map, mut snapshots) = (Map::default(), Vec::new());
        for state in 0..self.states {
            if state > 0 {
                snapshots.push(Map::snapshot(&map));
            }
            for (key, cells) in &self.rows {
                let before = state.checked_sub(1).and_then(|before| cells[before].as_ref());
                match (before, &cells[state]) {
                    (Some(before), Some(now)) if Rc::ptr_eq(before, now) => {}
                    (_, Some(now)) => {
                        // No row has the reserved key.
                        let _ = map.checked_insert(*key, V::clone(now));
                    }
                    (Some(_), None) => {
                        map.remove(*key);
                    }
                    (None, None) => {}
                }
            }
        }
        WithSnapshots { map, snapshots }
    }

    /// All states but some snapshots.
    fn without_states(&self, states: Range<usize>) -> Self {
        let mut history = self.clone();
        history.states -= states.len();
        for (_, cells) in &mut history.rows {
            cells.drain(states.clone());
        }
        history.rows.retain(|(_, cells)| cells.iter().any(Option::is_some));
        history
    }

    /// All keys but some.
    fn without_rows(&self, rows: Range<usize>) -> Self {
        let mut history = self.clone();
        history.rows.drain(rows);
        history
    }

    /// One state without some of its entries, which are given by their rows.
    fn without_entries(&self, state: usize, rows: &[usize]) -> Self {
        let mut history = self.clone();
        for &row in rows {
            history.rows[row].1[state] = None;
        }
        history.rows.retain(|(_, cells)| cells.iter().any(Option::is_some));
        history
    }

    /// With another key in the place of one; nothing if that is taken or reserved.
    fn with_key(&self, row: usize, key: K) -> Option<Self> {
        let repr = key.into_repr();
        if repr == K::SENTINEL {
            return None;
        }
        let place = self.rows.binary_search_by_key(&repr, |(key, _)| key.into_repr()).err()?;
        let mut history = self.clone();
        let (_, cells) = history.rows.remove(row);
        history.rows.insert(if place > row { place - 1 } else { place }, (key, cells));
        Some(history)
    }

    /// With another value in some states of a row, where it has one.
    fn with_value(&self, row: usize, states: Range<usize>, value: V) -> Self {
        let mut history = self.clone();
        let value = Rc::new(value);
        for cell in history.rows[row].1[states].iter_mut().flatten() {
            *cell = value.clone();
        }
        history
    }

    /// The states of a row in which it has a value of its own, each with those after it that share
    /// the value.
    fn runs(&self, row: usize) -> Vec<(Rc<V>, Range<usize>)> {
        let mut runs: Vec<(Rc<V>, Range<usize>)> = Vec::new();
        for (state, cell) in self.rows[row].1.iter().enumerate() {
            let Some(cell) = cell else { continue };
            match runs.last_mut() {
                Some((last, states)) if Rc::ptr_eq(last, cell) => states.end = state + 1,
                _ => runs.push((cell.clone(), state..state + 1)),
            }
        }
        runs
    }
}

impl<K: SentinelKey + Arbitrary, V: Arbitrary> History<K, V> {
    /// Everything that is one step simpler.
    pub(super) fn shrink(self) -> Box<dyn Iterator<Item = Self>> {
        let whole = Rc::new(self);
        // The last state is the map, which stays.
        let fewer_states = {
            let whole = whole.clone();
            lots(whole.states - 1).map(move |states| whole.without_states(states))
        };
        let fewer_rows = {
            let whole = whole.clone();
            lots(whole.rows.len()).map(move |rows| whole.without_rows(rows))
        };
        // With one state, its entries are the rows.
        let states = if whole.states > 1 { 0..whole.states } else { 0..0 };
        let fewer_entries = {
            let whole = whole.clone();
            states.flat_map(move |state| {
                let whole = whole.clone();
                let filled = |row: &usize| whole.rows[*row].1[state].is_some();
                let rows: Vec<usize> = (0..whole.rows.len()).filter(filled).collect();
                lots(rows.len()).map(move |lot| whole.without_entries(state, &rows[lot]))
            })
        };
        let simpler_keys = {
            let whole = whole.clone();
            (0..whole.rows.len()).flat_map(move |row| {
                let whole = whole.clone();
                whole.rows[row].0.shrink().filter_map(move |key| whole.with_key(row, key))
            })
        };
        let simpler_values = (0..whole.rows.len()).flat_map(move |row| simpler(&whole, row));
        let fewer = fewer_states.chain(fewer_rows).chain(fewer_entries);
        Box::new(fewer.chain(simpler_keys).chain(simpler_values))
    }
}

/// All that has a simpler value in one row: in every state, for what holds only while values are
/// equal, and in those states that share it.
fn simpler<K, V>(
    whole: &Rc<History<K, V>>,
    row: usize,
) -> impl Iterator<Item = History<K, V>> + use<K, V>
where
    K: SentinelKey + Arbitrary,
    V: Arbitrary,
{
    let (whole, runs) = (whole.clone(), whole.runs(row));
    let alone = runs.len() == 1;
    runs.into_iter().flat_map(move |(value, run)| {
        let whole = whole.clone();
        value.shrink().flat_map(move |value| {
            let all = (!alone).then(|| whole.with_value(row, 0..whole.states, value.clone()));
            all.into_iter().chain(iter::once(whole.with_value(row, run.clone(), value)))
        })
    })
}

/// Ranges that cover `0..len`: all of it, then halves, then quarters, and so on to single numbers.
fn lots(len: usize) -> impl Iterator<Item = Range<usize>> {
    let sizes = iter::successors(Some(len), |size| Some(size / 2)).take_while(|size| *size > 0);
    sizes
        .flat_map(move |size| (0..len).step_by(size).map(move |start| start..len.min(start + size)))
}
