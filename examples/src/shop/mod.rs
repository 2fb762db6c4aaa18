//! The workload of `time_travel`: the stock of a small shop, a commit a day, and questions about
//! the past.
//!
//! The model is a copy of the whole stock for each day, and a list of what happened to each
//! article. The table keeps its past by itself.

mod questions;

use std::collections::BTreeMap;

use cowmap::{MemoryUsage, Retention};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::ids::RowId;
use crate::table::{Commit, Snapshot, VersionTable};

pub use questions::{Questions, Summary};

/// How many pieces of a new article there are.
const FIRST_STOCK: i64 = 50;
/// The stock below which an article is ordered again.
const LOW: i64 = 10;

/// The stock of a day: how many pieces there are of each article.
type Stock = BTreeMap<RowId, i64>;

/// A shop: its table, and the model of all its days.
pub struct Shop {
    table: VersionTable<RowId, i64>,
    /// The commit of each day, and the stock in the evening.
    days: Vec<(Commit, Stock)>,
    /// What was written of each article, the oldest first: `None` when it went.
    written: BTreeMap<RowId, Vec<(Commit, Option<i64>)>>,
    next_article: u64,
    sales: u64,
}

/// What the past takes in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// How many days are kept.
    pub days: usize,
    /// Bytes of the newest day alone.
    pub newest: usize,
    /// Bytes of all days that are kept, together.
    pub together: usize,
    /// Bytes that a copy of each day would take.
    pub copies: usize,
}

impl Shop {
    /// A shop with so many articles, whose table keeps this many days. This is its day 0.
    pub fn new(articles: u64, kept: usize) -> Self {
        let stock: Stock = (0..articles).map(|id| (RowId(id), FIRST_STOCK)).collect();
        let rows = stock.iter().map(|(&article, &pieces)| (article, pieces));
        let table = VersionTable::with_retention(rows, Retention::last(kept));
        let first = table.newest();
        let written = stock
            .iter()
            .map(|(&article, &pieces)| (article, vec![(first, Some(pieces))]))
            .collect();
        Shop { table, days: vec![(first, stock)], written, next_article: articles, sales: 0 }
    }

    /// One more day, which is one transaction: so many sales, deliveries of what ran low, now and
    /// then a new article, or an old one that goes.
    pub fn day(&mut self, sales: u64, rng: &mut StdRng) {
        let articles: Vec<RowId> = self.today().keys().copied().collect();
        let mut written: BTreeMap<RowId, Option<i64>> = BTreeMap::new();
        let mut transaction = self.table.begin();
        for _ in 0..sales {
            let article = articles[rng.random_range(0..articles.len())];
            let pieces = *transaction.get(article).expect("it was there this morning");
            let left = if pieces <= LOW { FIRST_STOCK } else { pieces - 1 };
            transaction.put(article, left);
            written.insert(article, Some(left));
        }
        if rng.random_ratio(1, 3) && articles.len() > 1 {
            let article = articles[rng.random_range(0..articles.len())];
            transaction.delete(article);
            written.insert(article, None);
        }
        if rng.random_ratio(1, 3) {
            let article = RowId(self.next_article);
            transaction.insert(article, FIRST_STOCK).expect("the number is new");
            written.insert(article, Some(FIRST_STOCK));
            self.next_article += 1;
        }
        let commit = transaction.commit().expect("nobody else writes");
        self.sales += sales;
        self.note(commit, written);
    }

    /// Notes in the model what a day has written.
    fn note(&mut self, commit: Commit, written: BTreeMap<RowId, Option<i64>>) {
        // A day without sales has no commit of its own.
        if written.is_empty() {
            return;
        }
        let mut stock = self.today().clone();
        for (article, pieces) in written {
            match pieces {
                Some(pieces) => stock.insert(article, pieces),
                None => stock.remove(&article),
            };
            self.written.entry(article).or_default().push((commit, pieces));
        }
        self.days.push((commit, stock));
    }

    /// The table.
    pub fn table(&self) -> &VersionTable<RowId, i64> {
        &self.table
    }

    /// How many days there are, the first one included.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// How many pieces were sold.
    pub fn sales(&self) -> u64 {
        self.sales
    }

    /// The commit of a day.
    ///
    /// # Panics
    ///
    /// If there is no such day yet.
    pub fn commit_of(&self, day: usize) -> Commit {
        self.days[day].0
    }

    /// The stock of the last day.
    fn today(&self) -> &Stock {
        &self.days.last().expect("there is day 0").1
    }

    /// What the past takes in memory.
    pub fn cost(&self) -> Cost {
        let kept: Vec<Snapshot<RowId, i64>> =
            self.days.iter().filter_map(|&(commit, _)| self.table.as_of(commit).ok()).collect();
        let bytes = |days: &[Snapshot<RowId, i64>]| {
            let footprints: Vec<_> = days.iter().map(Snapshot::footprint).collect();
            MemoryUsage::of(&footprints).total
        };
        Cost {
            days: kept.len(),
            newest: bytes(&kept[kept.len() - 1..]),
            together: bytes(&kept),
            copies: kept.iter().map(|day| bytes(std::slice::from_ref(day))).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const KEPT: usize = 20;

    fn shop() -> (Shop, StdRng) {
        let mut rng = StdRng::seed_from_u64(1);
        let mut shop = Shop::new(100, KEPT);
        for _ in 0..50 {
            shop.day(40, &mut rng);
        }
        (shop, rng)
    }

    fn ask_all(shop: &Shop, rng: &mut StdRng) -> Result<Summary, crate::difference::Difference> {
        let mut questions = Questions::new(shop, KEPT);
        for _ in 0..200 {
            questions.ask(rng)?;
        }
        Ok(questions.asked)
    }

    #[test]
    fn the_table_says_what_the_model_says() {
        let (shop, mut rng) = shop();
        assert_eq!(shop.days(), 51);
        let asked = ask_all(&shop, &mut rng).unwrap();
        assert_eq!((asked.all(), asked.forgotten), (800, 200));
    }

    #[test]
    fn a_wrong_stock_is_found() {
        let (mut shop, mut rng) = shop();
        let (_, stock) = shop.days.last_mut().unwrap();
        *stock.values_mut().next().unwrap() += 1;
        assert!(ask_all(&shop, &mut rng).is_err());
    }

    #[test]
    fn a_wrong_history_is_found() {
        let (mut shop, mut rng) = shop();
        for article in 0..shop.next_article {
            // Sold and bought back on the last day: the same value, written by another commit.
            let history = shop.written.get_mut(&RowId(article)).unwrap();
            let value = history.last().unwrap().1;
            history.push((shop.days.last().unwrap().0, value));
        }
        assert!(ask_all(&shop, &mut rng).is_err());
    }

    #[test]
    fn a_day_that_is_kept_too_long_is_found() {
        let (shop, mut rng) = shop();
        let mut questions = Questions::new(&shop, KEPT - 1);
        assert!((0..500).any(|_| questions.ask(&mut rng).is_err()));
    }

    #[test]
    fn days_share_what_did_not_change() {
        let mut shop = Shop::new(20_000, 10);
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..10 {
            shop.day(10, &mut rng);
        }
        let cost = shop.cost();
        assert_eq!(cost.days, 10);
        assert!(cost.together > cost.newest && cost.together < 3 * cost.newest, "{cost:?}");
        assert!(cost.copies > 9 * cost.newest, "{cost:?}");
    }
}
