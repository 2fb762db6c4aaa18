//! MVCC version tables on [cowmap], and what the example programs have in common.
//!
//! | file | what is in it |
//! |---|---|
//! | [`table`] | how transactions read, write and commit, and how the past of a table is read |
//! | [`ids`] | which key types the tables have |
//! | [`bank`] | the workload of `version_table`: money moves while readers check the total |
//! | [`shop`] | the workload of `time_travel`: a stock with a past, and questions about it |
//! | [`registry`] | the workload of `txn_registry`: ids come in order and go at random |
//! | [`replication`] | the workload of `replicate`: a follower that stays equal by changes |
//! | [`crashes`] | the workload of `checkpoint`: a process is killed, and its table survives |
//! | [`soak`] | random operations on many handles, with a model beside each |
//! | [`difference`] | what a check finds |
//! | [`files`] | the words of `inspect`: what is in the files of a table |
//! | [`ending`] | when a run ends: its time, Ctrl-C, a difference |
//! | [`progress`] | what shows that a program runs |
//!
//! The folder's README says which program shows what.

#![forbid(unsafe_code)]

pub mod bank;
pub mod crashes;
pub mod difference;
pub mod ending;
pub mod files;
pub mod ids;
pub mod progress;
pub mod registry;
pub mod replication;
pub mod shop;
pub mod soak;
pub mod table;
