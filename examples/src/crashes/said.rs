//! What the process says that writes, a line each.

use std::fmt;
use std::str::FromStr;

use crate::table::Commit;

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Said {
    /// The table is open.
    Opened(Opened),
    /// A transaction of this thread, with this number, was acknowledged as this commit.
    Acknowledged { thread: u64, number: u64, commit: Commit },
    /// All commits up to this one are there after a crash.
    Durable(Commit),
    /// A checkpoint was made, on request.
    Checkpoint { full: bool, bytes: u64 },
    /// One was made in the background, or several.
    Background,
    /// Something is wrong.
    Failed(String),
}

/// What was found in the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opened {
    /// The last commit.
    pub(super) commit: Commit,
    /// How many bytes were cut from the log.
    pub(super) cut: u64,
    /// How many transactions of each thread are in the table. None if there are no accounts.
    pub(super) done: Vec<u64>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Opened(Opened { commit, cut, done }) => {
                write!(f, "opened {commit} {cut}")?;
                done.iter().try_for_each(|done| write!(f, " {done}"))
            }
            Said::Acknowledged { thread, number, commit } => {
                write!(f, "acknowledged {thread} {number} {commit}")
            }
            Said::Durable(commit) => write!(f, "durable {commit}"),
            Said::Checkpoint { full, bytes } => write!(f, "checkpoint {} {bytes}", u8::from(*full)),
            Said::Background => f.write_str("background"),
            Said::Failed(why) => write!(f, "failed {}", why.replace('\n', " ")),
        }
    }
}

impl FromStr for Said {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "failed" {
            return Ok(Said::Failed(rest.to_owned()));
        }
        let numbers = rest.split_whitespace().map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().map_err(drop)?;
        Ok(match (word, &numbers[..]) {
            ("opened", [commit, cut, done @ ..]) => {
                Said::Opened(Opened { commit: (*commit).into(), cut: *cut, done: done.to_vec() })
            }
            ("acknowledged", &[thread, number, commit]) => {
                Said::Acknowledged { thread, number, commit: commit.into() }
            }
            ("durable", &[commit]) => Said::Durable(commit.into()),
            ("checkpoint", &[full, bytes]) => Said::Checkpoint { full: full == 1, bytes },
            ("background", []) => Said::Background,
            _ => return Err(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let commit = Commit::from(12);
        for said in [
            Said::Opened(Opened { commit, cut: 3, done: vec![5, 6] }),
            Said::Opened(Opened { commit: 0.into(), cut: 0, done: vec![] }),
            Said::Acknowledged { thread: 1, number: 2, commit },
            Said::Durable(commit),
            Said::Checkpoint { full: true, bytes: 9 },
            Said::Background,
            Said::Failed("for a reason".to_owned()),
        ] {
            assert_eq!(said.to_string().parse(), Ok(said));
        }
        for line in ["", "durable", "durable x", "durable 1 2", "opened 1", "something 1"] {
            assert_eq!(line.parse::<Said>(), Err(()));
        }
    }
}
