//! Questions about the past of a shop, each compared with what the model says.

use std::collections::BTreeMap;

use cowmap::Change;
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Shop, Stock};
use crate::difference::{Difference, same};
use crate::ids::RowId;

/// How many questions were asked, and what they said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// How was the stock on a day?
    pub as_of: u64,
    /// What happened to an article?
    pub histories: u64,
    /// What changed between two days?
    pub changes: u64,
    /// Questions about days that are forgotten, and the table said so.
    pub forgotten: u64,
}

impl Summary {
    /// All questions.
    pub fn all(&self) -> u64 {
        self.as_of + self.histories + self.changes + self.forgotten
    }
}

/// Asks a shop about its past.
pub struct Questions<'s> {
    shop: &'s Shop,
    /// The first day that the table keeps.
    first: usize,
    /// How many questions were asked.
    pub asked: Summary,
}

impl<'s> Questions<'s> {
    /// Asks this shop, whose table keeps so many days.
    pub fn new(shop: &'s Shop, kept: usize) -> Self {
        Questions { shop, first: shop.days().saturating_sub(kept), asked: Summary::default() }
    }

    /// Asks one question of each kind.
    ///
    /// # Errors
    ///
    /// What the table says is not what the model says.
    pub fn ask(&mut self, rng: &mut StdRng) -> Result<(), Difference> {
        let days = self.first..self.shop.days();
        let (one, other) = (rng.random_range(days.clone()), rng.random_range(days));
        self.as_of(one)?;
        self.history(RowId(rng.random_range(0..self.shop.next_article)))?;
        self.changes(one.min(other), one.max(other))?;
        if self.first > 0 {
            self.forgotten(rng.random_range(0..self.first))?;
        }
        Ok(())
    }

    /// The stock of a day.
    fn as_of(&mut self, day: usize) -> Result<(), Difference> {
        let (commit, stock) = &self.shop.days[day];
        let snapshot = kept(self.shop.table.as_of(*commit), day)?;
        same!(snapshot.len(), stock.len(), "articles on day {day}");
        let mut seen = 0;
        for (article, pieces) in snapshot.iter() {
            same!(Some(pieces), stock.get(&article), "{article:?} on day {day}");
            seen += 1;
        }
        same!(seen, stock.len(), "articles of a scan of day {day}");
        self.asked.as_of += 1;
        Ok(())
    }

    /// All that happened to an article in the days that are kept: the newest first.
    fn history(&mut self, article: RowId) -> Result<(), Difference> {
        let first = self.shop.commit_of(self.first);
        let written = &self.shop.written[&article];
        // Of what was written before the first day that is kept, the table knows the last version.
        let before = written.partition_point(|&(commit, _)| commit <= first).saturating_sub(1);
        let expected: Vec<_> = written[before..].iter().rev().copied().collect();
        same!(self.shop.table.history(article), expected, "history of {article:?}");
        self.asked.histories += 1;
        Ok(())
    }

    /// What changed from the evening of a day to the evening of a later one.
    fn changes(&mut self, from: usize, to: usize) -> Result<(), Difference> {
        let ((from_commit, old), (to_commit, new)) = (&self.shop.days[from], &self.shop.days[to]);
        let changes = kept(self.shop.table.changes(*from_commit..*to_commit), from)?;
        let count = changes.len();
        let by_key: BTreeMap<RowId, Change<RowId, i64>> =
            changes.into_iter().map(|change| (change.key(), change)).collect();
        same!(by_key.len(), count, "keys of the changes from day {from} to day {to}");
        let mut stock: Stock = old.clone();
        for (article, change) in by_key {
            same!(change.old(), stock.get(&article), "{article:?} before day {to}");
            match change.new() {
                Some(&pieces) => stock.insert(article, pieces),
                None => stock.remove(&article),
            };
        }
        same!(&stock, new, "day {from} with the changes to day {to}");
        self.asked.changes += 1;
        Ok(())
    }

    /// A day that is not kept: the table must say so, and not guess.
    fn forgotten(&mut self, day: usize) -> Result<(), Difference> {
        let commit = self.shop.commit_of(day);
        let said = self.shop.table.as_of(commit).err().map(|error| error.to_string());
        let oldest = self.shop.commit_of(self.first);
        let newest = self.shop.table.newest();
        let expected =
            format!("version {commit} has been forgotten: versions {oldest} to {newest} are kept");
        same!(said, Some(expected), "what day {day} is");
        self.asked.forgotten += 1;
        Ok(())
    }
}

fn kept<T>(result: Result<T, cowmap::Forgotten>, day: usize) -> Result<T, Difference> {
    result.map_err(|error| Difference(format!("day {day}, which should be kept: {error}")))
}
