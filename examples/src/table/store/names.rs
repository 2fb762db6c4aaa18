//! The names of a table's files.
//!
//! | name | what is in it |
//! |---|---|
//! | `log-C` | the commits after C |
//! | `full-C` | all rows after C |
//! | `changes-B-C` | what changed after B, up to C |
//! | `….new` | a file that was never finished |

use crate::table::Commit;

use super::header::Kind;

/// Ends the name of a file that is being written.
const UNFINISHED: &str = ".new";

/// A file, by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Name {
    Log { after: Commit },
    Full { at: Commit },
    Changes { from: Commit, to: Commit },
}

impl Name {
    pub(super) fn kind(self) -> Kind {
        match self {
            Name::Log { .. } => Kind::Log,
            Name::Full { .. } => Kind::Full,
            Name::Changes { .. } => Kind::Changes,
        }
    }

    /// The commit that its header says it begins after, and the one that it leads to.
    pub(super) fn commits(self) -> (Commit, Commit) {
        match self {
            Name::Log { after: at } | Name::Full { at } => (at, at),
            Name::Changes { from, to } => (from, to),
        }
    }

    /// Names sort as their numbers do.
    pub(super) fn file(self) -> String {
        let number = u64::from;
        match self {
            Name::Log { after } => format!("log-{:020}", number(after)),
            Name::Full { at } => format!("full-{:020}", number(at)),
            Name::Changes { from, to } => {
                format!("changes-{:020}-{:020}", number(from), number(to))
            }
        }
    }

    /// The name while it is being written.
    pub(super) fn unfinished(self) -> String {
        self.file() + UNFINISHED
    }

    pub(super) fn parse(file: &str) -> Option<Self> {
        let (kind, numbers) = file.split_once('-')?;
        let number = |digits: &str| digits.parse::<u64>().ok().map(Commit::from);
        let name = match (kind, numbers.split_once('-')) {
            ("log", None) => Name::Log { after: number(numbers)? },
            ("full", None) => Name::Full { at: number(numbers)? },
            ("changes", Some((from, to))) => Name::Changes { from: number(from)?, to: number(to)? },
            _ => return None,
        };
        // Each file has one name, and changes lead on.
        let leads_on = !matches!(name, Name::Changes { from, to } if to <= from);
        (leads_on && name.file() == file).then_some(name)
    }
}

/// Whether a file was never finished.
pub(super) fn is_unfinished(file: &str) -> bool {
    file.strip_suffix(UNFINISHED).is_some_and(|name| Name::parse(name).is_some())
}
