//! Changes in serde's data model: written and read in every format, borrowed or not, and what is
//! refused.
#![cfg(feature = "serde")]

use std::fmt::Debug;

use cowmap::{Change, CowMap, CowSet, SentinelKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

type Changes = Vec<Change<i64, String>>;

/// One change of each kind, from a diff and owned.
fn changes() -> (CowMap<i64, String>, CowMap<i64, String>, Changes) {
    let old: CowMap<i64, String> = (0..300).map(|id| (id, format!("the value {id}"))).collect();
    let mut new = old.clone();
    new.insert(-7, "added".to_owned());
    new.remove(8);
    new.insert(9, "updated".to_owned());
    let changes = old.diff_sorted(&new).map(Change::cloned).collect();
    (old, new, changes)
}

/// A struct of changes: some formats have no sequences at the top.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Message<T> {
    changes: T,
}

#[test]
fn changes_survive_every_format() {
    fn check<E: Debug>(
        name: &str,
        again: impl Fn(&Message<Changes>) -> Result<Message<Changes>, E>,
    ) {
        let (old, new, changes) = changes();
        let message = Message { changes };
        let read = again(&message).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(read, message, "{name}");
        let mut applied = old.clone();
        applied.try_apply(read.changes).expect("they match");
        assert_eq!(applied, new, "{name}");
    }
    check("JSON", |it| serde_json::from_str(&serde_json::to_string(it).unwrap()));
    check("JSON values", |it| serde_json::from_value(serde_json::to_value(it).unwrap()));
    check("TOML", |it| toml::from_str(&toml::to_string(it).unwrap()));
    check("postcard", |it| postcard::from_bytes(&postcard::to_stdvec(it).unwrap()));
    check("MessagePack", |it| rmp_serde::from_slice(&rmp_serde::to_vec(it).unwrap()));
    check("named MessagePack", |it| rmp_serde::from_slice(&rmp_serde::to_vec_named(it).unwrap()));
    check("CBOR", |it| {
        let mut bytes = Vec::new();
        ciborium::into_writer(it, &mut bytes).unwrap();
        ciborium::from_reader(&bytes[..])
    });
}

/// What is written, to the letter, and that a change which lends its values is written alike.
#[test]
fn the_form_is_that_of_an_enum() {
    let (old, new, changes) = changes();
    let wanted = concat!(
        r#"[{"added":{"key":-7,"value":"added"}},"#,
        r#"{"removed":{"key":8,"value":"the value 8"}},"#,
        r#"{"updated":{"key":9,"old":"the value 9","new":"updated"}}]"#
    );
    assert_eq!(serde_json::to_string(&changes).unwrap(), wanted);
    let lent: Vec<_> = old.diff_sorted(&new).collect();
    assert_eq!(serde_json::to_string(&lent).unwrap(), wanted);
    assert_eq!(postcard::to_stdvec(&lent).unwrap(), postcard::to_stdvec(&changes).unwrap());
    // A variant, a key, and the bytes of the value; nothing else.
    let change = Change::Updated { key: 1_u64, old: 2_u8, new: 3_u8 };
    assert_eq!(postcard::to_stdvec(&change).unwrap(), [2, 1, 2, 3]);
}

/// The derived impls of the same enum.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Derived {
    Added { key: u64, value: u8 },
    Removed { key: u64, value: u8 },
    Updated { key: u64, old: u8, new: u8 },
}

#[test]
fn it_is_what_serde_derives() {
    let ours = [
        Change::Added { key: 1_u64, value: 2_u8 },
        Change::Removed { key: 3, value: 4 },
        Change::Updated { key: 5, old: 6, new: 7 },
    ];
    let theirs = [
        Derived::Added { key: 1, value: 2 },
        Derived::Removed { key: 3, value: 4 },
        Derived::Updated { key: 5, old: 6, new: 7 },
    ];
    fn same<A: Serialize, B: DeserializeOwned + PartialEq + Debug>(from: &A, to: &B) {
        let text = serde_json::to_string(from).unwrap();
        assert_eq!(&serde_json::from_str::<B>(&text).unwrap(), to);
        let bytes = rmp_serde::to_vec(from).unwrap();
        assert_eq!(&rmp_serde::from_slice::<B>(&bytes).unwrap(), to);
    }
    for (ours, theirs) in ours.iter().zip(&theirs) {
        same(ours, theirs);
        same(theirs, ours);
    }
}

/// Fields in any order, and more of them, as serde's derive reads them.
#[test]
fn fields_come_in_any_order() {
    let read = |text| serde_json::from_str::<Change<u64, u8>>(text);
    let change = Change::Updated { key: 1, old: 2, new: 3 };
    assert_eq!(read(r#"{"updated":{"new":3,"key":1,"at":[4],"old":2}}"#).unwrap(), change);
    assert_eq!(read(r#"{"updated":[1,2,3]}"#).unwrap(), change);
}

fn refused<T: DeserializeOwned + Debug>(text: &str, because: &str) {
    let error = serde_json::from_str::<T>(text).unwrap_err().to_string();
    assert!(error.contains(because), "{text}: {error}");
}

#[test]
fn what_is_no_change_is_refused() {
    for (text, because) in [
        (r#"{"moved":{"key":1,"value":2}}"#, "unknown variant `moved`, expected one of `added`"),
        (r#"{"Added":{"key":1,"value":2}}"#, "unknown variant"),
        (r#"{"added":{"value":2}}"#, "missing field `key`"),
        (r#"{"removed":{"key":1}}"#, "missing field `value`"),
        (r#"{"updated":{"key":1,"old":2}}"#, "missing field `new`"),
        (r#"{"updated":{"key":1,"new":2}}"#, "missing field `old`"),
        (r#"{"updated":{"key":1,"old":2,"old":2,"new":3}}"#, "duplicate field `old`"),
        (r#"{"added":{"key":1,"key":1,"value":2}}"#, "duplicate field `key`"),
        (r#"{"updated":[1,2]}"#, "missing field `new`"),
        (r#"{"added":[1,2,3]}"#, ""),
        (r#"{"added":7}"#, "the fields of a change that is added"),
        (r#""added""#, ""),
        ("7", ""),
    ] {
        refused::<Change<u64, u8>>(text, because);
    }
    // A number of no variant.
    assert!(postcard::from_bytes::<Change<u64, u8>>(&[3, 1, 2]).is_err());
}

/// As maps and sets do.
#[test]
fn the_reserved_key_is_an_error_that_names_it() {
    let reserved = "u64::MAX cannot be used as a key (reserved as empty sentinel)";
    for fields in [
        r#"{"added":{"key":18446744073709551615,"value":1}}"#,
        r#"{"removed":{"key":18446744073709551615,"value":1}}"#,
        r#"{"updated":{"key":18446744073709551615,"old":1,"new":2}}"#,
        r#"{"updated":[18446744073709551615,1,2]}"#,
    ] {
        refused::<Change<u64, u8>>(fields, reserved);
    }

    #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
    struct Id(u32);
    impl SentinelKey for Id {
        type Repr = u32;
        const SENTINEL: u32 = 7;
        fn into_repr(self) -> u32 {
            self.0
        }
        fn from_repr(repr: u32) -> Self {
            Id(repr)
        }
    }
    refused::<Change<Id, ()>>(
        r#"{"added":{"key":7,"value":null}}"#,
        "7_u32 cannot be used as a key",
    );
    let bytes = postcard::to_stdvec(&Change::Added { key: u64::MAX, value: 1_u8 }).unwrap();
    assert!(postcard::from_bytes::<Change<u64, u8>>(&bytes).is_err());
}

/// Changes inside what serde keeps before it knows the types.
#[test]
fn changes_are_read_inside_untagged_enums() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Changes(Vec<Change<u64, u8>>),
        Keys(CowSet<u64>),
    }
    let either = Either::Changes(vec![Change::Removed { key: 1, value: 2 }]);
    let text = serde_json::to_string(&either).unwrap();
    assert_eq!(serde_json::from_str::<Either>(&text).unwrap(), either);
}
