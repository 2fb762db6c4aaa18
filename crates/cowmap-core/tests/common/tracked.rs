//! Values that a registry knows one by one, and user code that panics at a call that was chosen
//! beforehand.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use cowmap_core::{Hashing, Map, Paging, SentinelKey};

/// The user code that a map runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    Clone,
    Drop,
    /// A closure, an iterator that is consumed, or a method of the value: `eq`, `fmt`.
    Closure,
    FromRepr,
    IntoRepr,
}

impl Call {
    pub const ALL: [Call; 5] =
        [Call::Clone, Call::Drop, Call::Closure, Call::FromRepr, Call::IntoRepr];
}

#[derive(Default)]
struct Registry {
    next: u64,
    alive: HashSet<u64>,
    faults: Vec<String>,
}

thread_local! {
    static REGISTRY: RefCell<Registry> = RefCell::default();
    /// The kind of call that is to panic, and how many of them until it does.
    static ARMED: Cell<Option<(Call, usize)>> = const { Cell::new(None) };
    /// Conversions until one answers a number of its own, and that number.
    static LIE: Cell<Option<(usize, i64)>> = const { Cell::new(None) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Counts a call of user code, and panics if it was chosen. A value that is dropped while a panic
/// unwinds does not panic.
pub fn call(kind: Call) {
    if let Some((chosen, left)) = ARMED.get()
        && chosen == kind
        && !(kind == Call::Drop && std::thread::panicking())
    {
        ARMED.set((left > 1).then_some((kind, left - 1)));
        assert!(left > 1, "{kind:?} was told to panic");
    }
}

/// Says nothing of panics that are expected.
fn install_quiet_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

/// Runs `work` quietly, whose `nth` call of this kind panics. Whether it came to that.
pub fn panics_at(kind: Call, nth: usize, work: impl FnOnce()) -> bool {
    install_quiet_hook();
    ARMED.set(Some((kind, nth)));
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    let fired = ARMED.replace(None).is_none();
    assert_eq!(result.is_err(), fired, "a panic of another origin, or one that was swallowed");
    fired
}

/// Runs `work` quietly, where the `nth` conversion of a key to its integer answers `lie` instead. A
/// panic is fine, too. Whether it came to that.
pub fn lies_at(nth: usize, lie: i64, work: impl FnOnce()) -> bool {
    install_quiet_hook();
    LIE.set(Some((nth, lie)));
    QUIET.set(true);
    let _ = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    LIE.replace(None).is_none()
}

/// Values that are alive; each was dropped at most once, or this panics.
#[track_caller]
pub fn alive() -> usize {
    REGISTRY.with_borrow(|registry| {
        assert!(registry.faults.is_empty(), "{:?}", registry.faults);
        registry.alive.len()
    })
}

/// A value that is known by a number of its own.
pub struct Tracked {
    pub id: i64,
    serial: u64,
}

impl Tracked {
    pub fn new(id: i64) -> Self {
        REGISTRY.with_borrow_mut(|registry| {
            registry.next += 1;
            registry.alive.insert(registry.next);
            Tracked { id, serial: registry.next }
        })
    }

    /// Whether it was made and not dropped yet.
    pub fn is_alive(&self) -> bool {
        REGISTRY.with_borrow(|registry| registry.alive.contains(&self.serial))
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        call(Call::Clone);
        assert!(self.is_alive(), "a value was cloned that is not alive");
        Tracked::new(self.id)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        REGISTRY.with_borrow_mut(|registry| {
            if !registry.alive.remove(&self.serial) {
                registry.faults.push(format!("the value {} was dropped again", self.serial));
            }
        });
        call(Call::Drop);
    }
}

impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        call(Call::Closure);
        self.id == other.id
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        call(Call::Closure);
        self.id.fmt(f)
    }
}

/// A key whose conversions are user code that may panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Key(pub i64);

impl SentinelKey for Key {
    type Repr = i64;
    const SENTINEL: i64 = i64::MIN;
    fn into_repr(self) -> i64 {
        call(Call::IntoRepr);
        let Some((left, lie)) = LIE.get() else { return self.0 };
        LIE.set((left > 1).then_some((left - 1, lie)));
        if left == 1 { lie } else { self.0 }
    }
    fn from_repr(repr: i64) -> Self {
        call(Call::FromRepr);
        Key(repr)
    }
}

/// What a handle holds, after a look at every value.
#[track_caller]
pub fn contents<P: Paging, H: Hashing>(map: &Map<Key, Tracked, P, H>) -> BTreeMap<Key, i64> {
    map.check_invariants();
    let entries: BTreeMap<Key, i64> = map
        .iter()
        .map(|(key, value)| {
            assert!(value.is_alive(), "the value of {key:?} was dropped");
            (key, value.id)
        })
        .collect();
    assert_eq!(entries.len(), map.len());
    for (&key, &id) in &entries {
        assert_eq!(map.get(key).map(|value| value.id), Some(id), "{key:?} is found");
    }
    entries
}
