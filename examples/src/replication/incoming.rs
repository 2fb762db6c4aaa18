//! How messages become versions at a follower: each is put together aside, and is published whole.

use cowmap::{ApplyError, CowMap};

use super::message::Message;
use crate::ids::RowId;
use crate::table::Commit;

/// A version as a follower has it. A clone costs O(1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// The commit.
    pub commit: Commit,
    /// The rows.
    pub rows: CowMap<RowId, i64>,
}

/// Why what a leader sends makes no version.
#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    /// A message comes where it makes no sense.
    #[error("a message that does not belong there: {0}")]
    OutOfPlace(&'static str),
    /// Changes of a version that the follower does not have.
    #[error("changes of commit {from}, but this follower has {}", said(*.have))]
    OtherVersion {
        /// What they change.
        from: Commit,
        /// What the follower has.
        have: Option<Commit>,
    },
    /// A change that does not fit to the rows.
    #[error("{0}")]
    Change(#[from] ApplyError<RowId, i64>),
    /// A row with the reserved key, or one that came before.
    #[error("row {} of a whole version comes twice, or cannot be", .0.0)]
    Row(RowId),
    /// The version is not the leader's.
    #[error("commit {commit} has {found} rows, but at the leader {expected}")]
    Length {
        /// The version's commit.
        commit: Commit,
        /// How many rows it has.
        found: u64,
        /// How many it should have.
        expected: u64,
    },
}

fn said(have: Option<Commit>) -> String {
    have.map_or("nothing".to_owned(), |commit| format!("commit {commit}"))
}

/// Puts versions together.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The last version that was complete.
    have: Option<Version>,
    /// The version that is being put together, and whether by changes.
    next: Option<(Commit, CowMap<RowId, i64>, bool)>,
}

impl Incoming {
    /// Goes on from a version. Parts of a later one that came before are forgotten.
    pub fn after(have: Option<Version>) -> Self {
        Incoming { have, next: None }
    }

    /// Takes a message. Returns the version that it completes, if it does.
    ///
    /// # Errors
    ///
    /// If the message makes no sense, or the version is not what the leader says it is. The last
    /// version stays what it was.
    pub fn take(&mut self, message: Message) -> Result<Option<&Version>, IncomingError> {
        match (message, &mut self.next) {
            (Message::Whole { commit }, None) => self.next = Some((commit, CowMap::new(), false)),
            (Message::Rows(rows), Some((_, map, false))) => {
                for (key, value) in rows {
                    match map.checked_insert(key, value) {
                        Ok(None) => {}
                        _ => return Err(IncomingError::Row(key)),
                    }
                }
            }
            (Message::Changes { from, to }, None) => {
                let have = self.have.as_ref();
                match have.filter(|have| have.commit == from) {
                    Some(have) => self.next = Some((to, have.rows.snapshot(), true)),
                    None => {
                        let have = have.map(|have| have.commit);
                        return Err(IncomingError::OtherVersion { from, have });
                    }
                }
            }
            (Message::Changed(changes), Some((_, map, true))) => map.try_apply(changes)?,
            (Message::Publish { rows }, Some(_)) => return self.publish(rows).map(Some),
            (Message::Idle, None) => {}
            _ => return Err(IncomingError::OutOfPlace("nothing of the kind was begun, or ended")),
        }
        Ok(None)
    }

    fn publish(&mut self, expected: u64) -> Result<&Version, IncomingError> {
        let Some((commit, rows, _)) = self.next.take() else {
            return Err(IncomingError::OutOfPlace("nothing was begun"));
        };
        let found = rows.len() as u64;
        if found != expected {
            return Err(IncomingError::Length { commit, found, expected });
        }
        Ok(self.have.insert(Version { commit, rows }))
    }
}

#[cfg(test)]
mod tests {
    use cowmap::Change;

    use super::*;

    /// A follower of two rows at commit 3.
    fn follower() -> Incoming {
        let rows = [(RowId(1), 10), (RowId(2), 20)];
        let mut incoming = Incoming::default();
        for message in [Message::Whole { commit: 3.into() }, Message::Rows(rows.to_vec())] {
            assert_eq!(incoming.take(message).unwrap(), None);
        }
        let version = incoming.take(Message::Publish { rows: 2 }).unwrap().unwrap();
        assert_eq!((version.commit, version.rows.len()), (3.into(), 2));
        incoming
    }

    fn change(key: u64, old: i64, new: i64) -> Message {
        Message::Changed(vec![Change::Updated { key: RowId(key), old, new }])
    }

    const TO_FOUR: fn() -> Message = || Message::Changes { from: 3.into(), to: 4.into() };

    #[test]
    fn a_version_is_there_when_it_is_complete_and_not_before() {
        let mut incoming = follower();
        for message in [Message::Idle, TO_FOUR(), change(1, 10, 5), change(2, 20, 25)] {
            assert_eq!(incoming.take(message).unwrap(), None);
            assert_eq!(incoming.have.as_ref().unwrap().rows[RowId(1)], 10);
        }
        let version = incoming.take(Message::Publish { rows: 2 }).unwrap().unwrap();
        assert_eq!((version.commit, version.rows[RowId(1)]), (4.into(), 5));
    }

    #[test]
    fn half_a_version_is_forgotten_when_the_connection_is() {
        let mut incoming = follower();
        incoming.take(TO_FOUR()).unwrap();
        incoming.take(change(1, 10, 5)).unwrap();
        let mut incoming = Incoming::after(incoming.have);
        incoming.take(TO_FOUR()).unwrap();
        incoming.take(change(1, 10, 5)).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let reserved = RowId(u64::MAX);
        let wrong: [&[Message]; 9] = [
            &[change(1, 10, 5)],
            &[Message::Rows(vec![])],
            &[Message::Publish { rows: 0 }],
            &[Message::Ask],
            &[Message::Changes { from: 2.into(), to: 4.into() }],
            &[TO_FOUR(), change(1, 11, 5)],
            &[TO_FOUR(), Message::Changed(vec![Change::Added { key: reserved, value: 0 }])],
            &[Message::Whole { commit: 9.into() }, Message::Rows(vec![(reserved, 1)])],
            &[Message::Whole { commit: 9.into() }, Message::Rows(vec![(RowId(1), 1); 2])],
        ];
        for messages in wrong {
            let mut incoming = follower();
            let (last, before) = messages.split_last().unwrap();
            for message in before {
                incoming.take(message.clone()).unwrap();
            }
            let error = incoming.take(last.clone()).unwrap_err();
            assert!(!error.to_string().is_empty());
            assert_eq!(incoming.have.unwrap().commit, 3.into(), "{messages:?}");
        }
    }

    #[test]
    fn a_version_that_is_too_small_is_an_error() {
        let mut incoming = follower();
        incoming.take(TO_FOUR()).unwrap();
        let removed = Change::Removed { key: RowId(1), value: 10 };
        incoming.take(Message::Changed(vec![removed])).unwrap();
        let error = incoming.take(Message::Publish { rows: 2 });
        assert!(matches!(error, Err(IncomingError::Length { .. })));
    }
}
