//! Text as people and spreadsheets deliver it, made comparable.
//!
//! Owns: trimming, keys of imported names and codes, and both sides of keyword search.
//! Does not own: where the text is stored or which fields are searched.
//! Keeps true: normalizing twice changes nothing more; whatever a person can read in a searched
//! text, the pattern of the same characters finds.

/// Trims spaces of every kind, invisible characters and control characters from both ends.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_zero_width(c))
}

/// Makes an imported name or code comparable: trimmed, inner whitespace collapsed to single spaces,
/// nothing invisible left. Case is kept.
#[must_use]
pub fn normalize_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut pending_space = false;
    for c in trim(text).chars() {
        if c.is_whitespace() {
            pending_space = true;
        } else if !is_noise(c) {
            if pending_space {
                key.push(' ');
                pending_space = false;
            }
            key.push(c);
        }
    }
    key
}

/// Lowercases each character on its own.
///
/// `str::to_lowercase` looks at neighbours (a final sigma differs), so a part of a text would not
/// lowercase to a part of the lowercased text and keyword search would miss it.
#[must_use]
pub fn lowercase(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Builds the text that keyword search looks in, one line per non-empty part.
///
/// A keyword holds no line break, so it never matches across two parts.
#[must_use]
pub fn search_text<S: AsRef<str>>(parts: &[S]) -> String {
    let lines: Vec<String> = parts
        .iter()
        .map(|part| lowercase(&normalize_key(part.as_ref())))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// Builds the `LIKE` pattern that finds a keyword in a [`search_text`]; an empty keyword finds all.
///
/// `%`, `_` and `\` become the single-character wildcard. It finds a little too much, never too
/// little, and spares the `ESCAPE` clause, which keeps an engine from using its search index.
#[must_use]
pub fn like_pattern(keyword: &str) -> String {
    let plain = lowercase(&normalize_key(keyword));
    format!("%{}%", plain.replace(['%', '_', '\\'], "_"))
}

/// The words of a keyword that a trigram index can be asked for on their own: runs of at least three letters
/// and digits, as [`like_pattern`] spells them. Whatever text holds the keyword holds each of them.
#[must_use]
pub fn search_words(keyword: &str) -> Vec<String> {
    let plain = lowercase(&normalize_key(keyword));
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.chars().nth(2).is_some())
        .map(str::to_owned)
        .collect()
}

/// Zero-width space, non-joiner, joiner, word joiner and byte order mark.
fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

// The joiners stay inside a word: Persian, Indic scripts and emoji are misspelt without them.
fn is_noise(c: char) -> bool {
    c.is_control() || (is_zero_width(c) && !matches!(c, '\u{200C}' | '\u{200D}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_lose_what_nobody_sees() {
        for (given, key) in [
            ("  Acme  Corp ", "Acme Corp"),
            ("\u{A0}Acme\u{A0}\u{2003}Corp\u{200B}", "Acme Corp"),
            ("\u{FEFF}BASE_000001", "BASE_000001"),
            ("Ac\u{200B}me", "Acme"),
            ("Acme\t\r\nCorp", "Acme Corp"),
            ("Ac\0me", "Acme"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("Straße", "Straße"),
            (" \u{200B}\u{A0}\u{200D} ", ""),
            ("", ""),
        ] {
            assert_eq!(normalize_key(given), key, "{given:?}");
        }
    }

    #[test]
    fn search_text_has_one_line_per_part() {
        assert_eq!(
            search_text(&["ACME  Ltd", "", " SO-17 "]),
            "acme ltd\nso-17"
        );
        assert_eq!(search_text::<&str>(&[]), "");
    }

    #[test]
    fn patterns_need_no_escape() {
        assert_eq!(like_pattern(" 100%_A\\B "), "%100__a_b%");
        assert_eq!(like_pattern(""), "%%");
        assert!(like("100% a\\b", &like_pattern("0% A\\")));
    }

    #[test]
    fn words_are_what_an_index_knows_alone() {
        assert_eq!(search_words(" SO-100000 "), ["100000"]);
        assert_eq!(search_words("License 65_432/ab"), ["license", "432"]);
        assert!(search_words("a-b ").is_empty());
    }

    #[test]
    fn a_part_of_a_greek_word_is_found() {
        assert!(like(&search_text(&["ΟΔΟΣΗΜΑ"]), &like_pattern("ΟΔΟΣ")));
    }

    /// What both engines make of `LIKE` without an escape character.
    fn like(text: &str, pattern: &str) -> bool {
        let (text, pattern): (Vec<char>, Vec<char>) =
            (text.chars().collect(), pattern.chars().collect());
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for wanted in pattern {
            let mut next = vec![false; text.len() + 1];
            for at in 0..=text.len() {
                if wanted == '%' {
                    next[at] = reached[at] || (at > 0 && next[at - 1]);
                } else if at > 0 {
                    next[at] = reached[at - 1] && (wanted == '_' || wanted == text[at - 1]);
                }
            }
            reached = next;
        }
        reached[text.len()]
    }

    proptest! {
        #[test]
        fn normalizing_is_stable(text in r"(\PC|[ \t\u{A0}\u{200B}-\u{200D}\u{FEFF}]){0,24}") {
            let once = normalize_key(&text);
            prop_assert_eq!(normalize_key(&once), once.clone());
            prop_assert_eq!(trim(&once), once.as_str());
        }

        #[test]
        fn any_visible_part_is_found(
            text in r"(\PC|[ΣİẞǅA-Za-z%_\\ ]){1,24}", from in 0usize..24, length in 1usize..24,
        ) {
            let key = normalize_key(&text);
            let part: String = key.chars().skip(from).take(length).collect();
            let searched = search_text(&["before", text.as_str(), "after"]);
            prop_assert!(like(&searched, &like_pattern(&part)), "{part:?} in {searched:?}");
        }

        #[test]
        fn what_holds_the_keyword_holds_its_words(keyword in r"(\PC|[ΣİẞǅA-Za-z%_\\ -]){1,24}") {
            let searched = search_text(&["before", keyword.as_str(), "after"]);
            for word in search_words(&keyword) {
                prop_assert!(searched.contains(&word), "{word:?} in {searched:?}");
            }
        }

        #[test]
        fn patterns_hold_no_backslash_and_no_inner_percent(keyword in any::<String>()) {
            let pattern = like_pattern(&keyword);
            prop_assert!(pattern.starts_with('%') && pattern.ends_with('%'));
            prop_assert!(!pattern[1..pattern.len() - 1].contains(['%', '\\']));
        }
    }
}
