//! A keyword of a list of licenses: asked of the index where it names few, a condition where it names many.

use std::cmp::Reverse;

use store::Tx;
use uuid::Uuid;

use super::places::{HITS, padded};
use crate::error::Result;

/// Texts looked at from either end of the book to tell a rare word from a common one.
const SAMPLE: i64 = 32;
/// A word is rare if it stands in one text of so many, or in fewer.
const RARE: usize = 16;

/// A keyword as a condition, and the licenses of anybody that answer to it where they are few.
#[derive(Debug)]
pub(super) struct Keyword {
    pub(super) pattern: String,
    pub(super) hits: Option<Vec<Uuid>>,
}

impl Keyword {
    /// Fewer letters than the trigram indexes know would read every license: the list is walked for them.
    const SHORTEST: usize = 3;

    pub(super) async fn read(tx: &mut Tx<'_>, keyword: Option<&str>) -> Result<Option<Keyword>> {
        let Some(keyword) = keyword.filter(|keyword| !keyword.trim().is_empty()) else {
            return Ok(None);
        };
        let words = rules::text::search_words(keyword);
        let mut keyword = Keyword::plain(keyword);
        let letters = keyword.pattern.chars().filter(|letter| *letter != '%');
        if letters.count() >= Self::SHORTEST {
            let hits = keyword.look_up(tx, &words).await?;
            let few = hits.len() as i64 <= HITS;
            keyword.hits = few.then(|| padded(hits.into_iter().map(|(id,)| id).collect()));
        }
        Ok(Some(keyword))
    }

    /// Asks the index, for one rare word where the keyword has more in it than that. An index intersects the
    /// places of all it is asked for, and what stands in every text (the “SO-” of “SO-100000”) is by far the
    /// longest to go through and sorts nothing out.
    async fn look_up(&self, tx: &mut Tx<'_>, words: &[String]) -> Result<Vec<(Uuid,)>> {
        let most = HITS + 1;
        let whole = format!("SELECT id FROM license_search WHERE text LIKE $1 LIMIT {most}");
        let word = match words {
            [only] if self.pattern == like(only) => None,
            [] => None,
            _ => rarest(tx, words).await?,
        };
        Ok(match word {
            None => tx.query(&whole, &[&self.pattern]).await?,
            Some(word) => {
                // Joined with nothing, the text is one that no index is asked for.
                let sql = format!(
                    "SELECT id FROM license_search WHERE text LIKE $1 AND text || '' LIKE $2 LIMIT {most}"
                );
                tx.query(&sql, &[&like(word), &self.pattern]).await?
            }
        })
    }

    /// Only a condition, for a list that is read anyway.
    pub(super) fn plain(keyword: &str) -> Keyword {
        Keyword {
            pattern: rules::text::like_pattern(keyword),
            hits: None,
        }
    }
}

fn like(word: &str) -> String {
    format!("%{word}%")
}

/// The word that fewest of the first and last texts hold, and of two such the longer one; nothing where all
/// are common.
async fn rarest<'w>(tx: &mut Tx<'_>, words: &'w [String]) -> Result<Option<&'w String>> {
    let sql = format!(
        "SELECT text FROM (SELECT text FROM license_search_text ORDER BY id LIMIT {SAMPLE}) oldest UNION ALL
         SELECT text FROM (SELECT text FROM license_search_text ORDER BY id DESC LIMIT {SAMPLE}) newest"
    );
    let texts: Vec<(String,)> = tx.query(&sql, &[]).await?;
    let held = |word: &String| texts.iter().filter(|(text,)| text.contains(word)).count();
    let counted = words.iter().map(|word| (held(word), word));
    let rarest = counted.min_by_key(|(count, word)| (*count, Reverse(word.len())));
    Ok(rarest.and_then(|(count, word)| (count * RARE <= texts.len()).then_some(word)))
}
