//! Several values of a tree, lent at once to be changed.

use crate::error::OrRaise;
use crate::page::SlotMut;
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::word::Word;

/// The values of `N` words; the free word has none. Copies the pages of those that are present,
/// where they are shared.
///
/// # Errors
///
/// A word that is present and comes twice; nothing was copied.
#[track_caller]
pub(crate) fn values_mut<'a, W: Word, V, P: Paging, R: Rules<V>, const N: usize>(
    tree: &'a mut Tree<W, V, P>,
    rules: &R,
    words: [W; N],
) -> Result<[Option<&'a mut V>; N], W> {
    let places = words.map(|word| {
        if word == W::FREE {
            return None;
        }
        let (_, slot) = tree.find(rules, word)?;
        Some((word, slot))
    });
    for (at, place) in places.iter().enumerate() {
        if let &Some((word, _)) = place
            && places[..at].contains(place)
        {
            return Err(word);
        }
    }
    for (word, slot) in places.into_iter().flatten() {
        let mut slot = tree.slot_now(rules, word, slot);
        // SAFETY: the slot holds the entry of `word`.
        unsafe { tree.value_mut(rules, word, &mut slot) }.or_raise();
    }
    Ok(places.map(|place| {
        let (word, slot) = place?;
        let slot = tree.slot_now(rules, word, slot);
        let page = tree.page(rules.page(word.widen())).page();
        // SAFETY: every page was made this tree's own above (S3), and the tree is borrowed mutably
        // for `'a`. The slot holds the entry of `word`, and no two of the words are equal, so each
        // value is lent once; words are written by nobody.
        Some(unsafe { SlotMut::new(page, slot) }.value())
    }))
}
