//! Extensions and direct numbers, as people and spreadsheets write them.
//!
//! Owns: what counts as an extension and as a direct number, and the one form of each.
//! Does not own: whether somebody has it already.
//! Keeps true: an extension keeps its leading zeros; two spellings of one number are equal once read.

use crate::text;

/// Why a text is no extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnExtension;

/// Reads an extension: 3 to 5 digits, kept as text, so `0101` is not `101`.
///
/// # Errors
/// Anything else, such as two digits or a letter.
pub fn extension(given: &str) -> Result<String, NotAnExtension> {
    let text = text::trim(given);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (3..=5).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(NotAnExtension)
    }
}

/// Why a text is no direct number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;

/// The longest number there is (ITU-T E.164, 6.1), and the shortest worth calling.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// Reads a direct number as its digits: without plus, spaces, dashes, dots and brackets, and without the
/// `.0` that a spreadsheet leaves behind a number.
///
/// # Errors
/// Letters, a plus in the middle, fewer than 5 or more than 15 digits.
pub fn number(given: &str) -> Result<String, NotANumber> {
    let text = text::trim(given);
    let text = text.strip_suffix(".0").unwrap_or(text);
    let text = text.strip_prefix('+').unwrap_or(text);
    let mut digits = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '\u{A0}' | '\u{202F}' | '-' | '\u{2011}' | '.' | '/' | '(' | ')' => {}
            _ => return Err(NotANumber),
        }
    }
    if DIGITS.contains(&digits.len()) {
        Ok(digits)
    } else {
        Err(NotANumber)
    }
}

/// A keyword that is a number in some spelling, as the digits to look for; nothing for other words.
#[must_use]
pub fn searched_digits(keyword: &str) -> Option<String> {
    let spelt = text::trim(keyword)
        .chars()
        .any(|c| matches!(c, '+' | ' ' | '-' | '(' | ')' | '/' | '.'));
    number(keyword).ok().filter(|_| spelt)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn extensions_keep_their_zeros() {
        assert_eq!(extension(" 0101 "), Ok("0101".into()));
        assert_eq!(extension("101"), Ok("101".into()));
        for wrong in ["", "10", "101010", "10a", "1 01", "١٠١"] {
            assert_eq!(extension(wrong), Err(NotAnExtension), "{wrong:?}");
        }
    }

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for spelling in [
            "6567891230",
            "+6567891230",
            "6567891230.0",
            "+65 6789 1230",
            "(65) 6789-1230",
        ] {
            assert_eq!(number(spelling), Ok("6567891230".into()), "{spelling:?}");
        }
        for wrong in ["", "1234", "65+67891230", "call me", "1234567890123456"] {
            assert_eq!(number(wrong), Err(NotANumber), "{wrong:?}");
        }
    }

    #[test]
    fn only_a_spelt_number_is_searched_as_digits() {
        assert_eq!(searched_digits("+65 6789"), Some("656789".into()));
        assert_eq!(searched_digits("656789"), None);
        assert_eq!(searched_digits("Anna Berg"), None);
    }

    proptest! {
        #[test]
        fn reading_a_number_twice_changes_nothing(given in r"\+?[0-9 ().-]{0,20}") {
            if let Ok(once) = number(&given) {
                prop_assert_eq!(number(&once), Ok(once.clone()));
            }
        }
    }
}
