//! MVCC version tables on [cowmap], and what the example programs have in common.
//!
//! | file | answers |
//! |---|---|
//! | [`ids`] | which key types the tables have |
//! | [`table`] | how transactions read, write and commit, and how the past of a table is read |
//! | [`bank`] | the workload: money moves between accounts while readers check the total |
//! | [`pauses`] | how long the steps of writers took |
//! | [`soak`] | random operations on many handles, with a model beside each |
//! | [`progress`] | the line that shows a running program |
//!
//! The programs: `version_table` runs the bank, `custom_id` shows a key type of one's own, `soak`
//! looks for differences between maps and their models.

#![forbid(unsafe_code)]

pub mod bank;
pub mod ids;
pub mod pauses;
pub mod progress;
pub mod soak;
pub mod table;
