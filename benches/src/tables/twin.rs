//! A twin of the examples' table that has its rows in imbl's map: the same steps and locks, written
//! for this.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use cowmap::{CowCell, CowMap, History, Retention, Version};
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use parking_lot::Mutex;

use super::Table;
use crate::maps::Hasher;

#[derive(Clone, Copy)]
struct Row {
    commit: Version,
    value: Option<u64>,
}

#[derive(Clone)]
struct Snapshot {
    rows: GenericHashMap<u64, Row, Hasher, DefaultSharedPtr>,
    commit: Version,
}

struct Reader {
    commit: Version,
    _since: Instant,
    _thread: Option<String>,
}

/// The twin.
pub struct Twin {
    cell: CowCell<Snapshot>,
    past: Mutex<History<Snapshot>>,
    readers: Mutex<(u64, BTreeMap<u64, Reader>)>,
}

impl Twin {
    /// A table with these rows.
    pub fn new(rows: impl Iterator<Item = (u64, u64)>) -> Self {
        let commit = Version::from(0);
        let mut map = GenericHashMap::with_hasher(Hasher::default());
        map.extend(rows.map(|(key, value)| (key, Row { commit, value: Some(value) })));
        Twin {
            cell: CowCell::new(Snapshot { rows: map, commit }),
            past: Mutex::new(History::new(Retention::last(1))),
            readers: Mutex::new((1, BTreeMap::new())),
        }
    }

    fn enter(&self) -> (u64, Version, Snapshot) {
        let thread = thread::current().name().map(str::to_owned);
        let mut readers = self.readers.lock();
        let (version, snapshot) = self.cell.versioned();
        let id = readers.0;
        readers.0 += 1;
        let reader = Reader { commit: version, _since: Instant::now(), _thread: thread };
        readers.1.insert(id, reader);
        (id, version, snapshot)
    }

    fn leave(&self, id: u64) {
        let left = self.readers.lock().1.remove(&id);
        drop(left);
    }

    fn commit(&self, begun: Version, writes: &CowMap<u64, Option<u64>>) -> bool {
        let mut newest = self.cell.begin();
        if newest.commit > begun {
            let written = |key| newest.rows.get(&key).is_some_and(|row| row.commit > begun);
            if writes.keys().any(written) {
                return false;
            }
        }
        let commit = newest.version();
        for (key, &value) in writes {
            newest.rows.insert(key, Row { commit, value });
        }
        newest.commit = commit;
        let replaced = self.cell.snapshot();
        let mut past = self.past.lock();
        let Ok(forgotten) = past.record(commit, newest.clone()) else {
            unreachable!("commits ascend")
        };
        newest.commit();
        drop(past);
        drop((replaced, forgotten));
        true
    }
}

impl Table for Twin {
    fn transaction(&self, reads: [u64; 2], writes: [u64; 2], value: u64) -> Option<u64> {
        let (id, begun, snapshot) = self.enter();
        let mut written = CowMap::new();
        let read = |key: u64| {
            let row = snapshot.rows.get(&key)?;
            row.value
        };
        let sum = reads.into_iter().filter_map(read).sum();
        for key in writes {
            written.insert(key, Some(value));
        }
        let committed = self.commit(begun, &written);
        drop(snapshot);
        self.leave(id);
        committed.then_some(sum)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        let running = self.readers.lock().1.values().map(|reader| reader.commit).min();
        assert!(running.is_none(), "all transactions have ended");
    }
}
