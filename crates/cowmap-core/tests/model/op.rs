//! What the sequences are made of: methods of the map, with small numbers to call them with.

use quickcheck::{Arbitrary, Gen};

/// One step. Keys and values are small numbers that each test turns into its own types.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) method: Method,
    pub(crate) key: u8,
    pub(crate) value: u8,
    /// How many, for methods that take or visit some.
    pub(crate) many: u16,
}

/// Writes the enum of all methods, each with how often it comes compared with the others.
macro_rules! methods {
    ($($name:ident: $weight:literal),* $(,)?) => {
        /// A method of the map, or of what the map gives.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Method {
            $($name),*
        }

        impl Method {
            pub(crate) const ALL: &[(Method, u32)] = &[$((Method::$name, $weight)),*];
        }
    };
}

methods! {
    Get: 1, GetMany: 1, GetEach: 1, Index: 1, Iterate: 1, IterSorted: 1, MemoryUsage: 1,
    Insert: 8, CheckedInsert: 1, Remove: 6, RemoveEntry: 1, GetMut: 2, GetDisjointMut: 1, Alter: 2,
    EntryLook: 1, OrInsert: 1, OrInsertWith: 1, OrInsertWithKey: 1, OrDefault: 1, AndModify: 1, InsertEntry: 1,
    OccupiedGetMut: 1, OccupiedIntoMut: 1, OccupiedInsert: 1, OccupiedRemove: 1, OccupiedRemoveEntry: 1,
    VacantInsert: 1, VacantInsertEntry: 1, VacantIntoKey: 1,
    Extend: 4, RemoveMany: 3, Retain: 1, RetainMut: 1, ExtractIf: 1, IterMut: 1, ValuesMut: 1, Drain: 1,
    IntoIter: 1, IntoKeys: 1, IntoValues: 1, SnapshotIntoIter: 1, Collect: 1, FromArray: 1,
    Union: 1, Intersection: 1, Difference: 1, SymmetricDifference: 1, Compare: 1,
    UnionWith: 1, IntersectionWith: 1, Diff: 1, Apply: 1, TryApply: 1, Merge: 1,
    RemoveUnchanged: 1, ReplaceUnchanged: 1, RetainStep: 2, RetainInSteps: 1,
    Clear: 1, ShrinkToFit: 1, ShrinkTo: 1, Reserve: 1, TryReserve: 1,
    Snapshot: 5, CheckSnapshot: 1, DropSnapshot: 2, SwapWithSnapshot: 1, Unshared: 1,
}

impl Arbitrary for Method {
    fn arbitrary(g: &mut Gen) -> Self {
        let all: u32 = Method::ALL.iter().map(|(_, weight)| weight).sum();
        let mut at = u32::arbitrary(g) % all;
        for &(method, weight) in Method::ALL {
            if at < weight {
                return method;
            }
            at -= weight;
        }
        unreachable!("the weights add up")
    }
}

impl Arbitrary for Op {
    fn arbitrary(g: &mut Gen) -> Self {
        let (key, value) = (u8::arbitrary(g), u8::arbitrary(g));
        Op { method: Method::arbitrary(g), key, value, many: u16::arbitrary(g) % 600 }
    }

    /// Fewer keys, and less of them.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let op = *self;
        let numbers = (op.key, op.value, op.many).shrink();
        Box::new(numbers.map(move |(key, value, many)| Op { key, value, many, ..op }))
    }
}
