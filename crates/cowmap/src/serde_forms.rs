//! Other forms in which [serde](https://serde.rs) writes and reads maps, for `#[serde(with = "…")]`.
//!
//! By itself a map is a map of serde's data model, whose keys are written as their type says. That
//! is the best form wherever it works. It does not in some places:
//!
//! * JSON has only strings as keys. serde_json writes an integer as a string, and reads it back.
//!   But for a field that is flattened, and inside untagged and internally tagged enums, serde
//!   keeps the input before it knows the types. Then only the strings are left, and reading fails.
//! * TOML has only strings as keys, too, and as values no integers above `i64::MAX`.
//! * Keys that are more than an integer or a string to serde, such as a struct of two fields, are
//!   no keys in such formats at all.
//!
//! | form | JSON | helps with |
//! |---|---|---|
//! | [`string_keys`] | `{"7":"seven"}` | keys that were made strings |
//! | [`pairs`] | `[[7,"seven"]]` | these, and keys that cannot be strings |
//!
//! Both are for every kind of map. A [`CowSet`](crate::CowSet) needs neither, because it is a
//! sequence of its keys. For an `Option` of a map or a `Vec` of maps, write a struct with one field
//! that has the attribute, and `#[serde(transparent)]`.
//!
//! # Examples
//!
//! ```
//! use cowmap::CowMap;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Debug, PartialEq)]
//! #[serde(tag = "type")] // internally tagged: without the attributes below, reading fails
//! enum Message {
//!     Balances {
//!         #[serde(with = "cowmap::serde_forms::string_keys")]
//!         balances: CowMap<u64, i64>,
//!         #[serde(with = "cowmap::serde_forms::pairs")]
//!         names: CowMap<u64, String>,
//!     },
//! }
//!
//! let message = Message::Balances {
//!     balances: CowMap::from([(7, -20)]),
//!     names: CowMap::from([(7, "Ada".to_owned())]),
//! };
//! let text = serde_json::to_string(&message)?;
//! assert_eq!(text, r#"{"type":"Balances","balances":{"7":-20},"names":[[7,"Ada"]]}"#);
//! assert_eq!(serde_json::from_str::<Message>(&text)?, message);
//! # Ok::<(), serde_json::Error>(())
//! ```

#[doc(inline)]
pub use cowmap_core::serde_forms::{pairs, string_keys};
