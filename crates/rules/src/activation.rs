//! Activation codes: eight characters by which a customer makes a license its own.
//!
//! Owns: the alphabet, the one form of a code, and how many codes may live where guesses are limited.
//! Does not own: randomness, who has which code, or counting guesses.
//! Keeps true: every code is 40 bits in Crockford's base32; two spellings of one code are equal once read.

use std::fmt;

use crate::text;

/// Crockford's base32 (<https://www.crockford.com/base32.html>): no I, L, O or U, so that nothing read aloud or
/// copied by hand is taken for something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters in a code.
pub const LENGTH: usize = 8;

/// How many codes there are: 2⁴⁰.
pub const SPACE: i64 = 1 << 40;

/// Hours in the ten years (of 365.25 days) that a guesser shall need on average.
const HOURS: i64 = 87_660;

/// A code in its one form: eight capital characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(String);

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACode;

impl Code {
    /// The code that forty random bits spell; the other bits are not looked at.
    #[must_use]
    pub fn from_bits(bits: u64) -> Code {
        let digit = |at: usize| {
            let shift = 5 * (LENGTH - 1 - at);
            char::from(ALPHABET[usize::try_from(bits >> shift & 31).unwrap_or_default()])
        };
        Code((0..LENGTH).map(digit).collect())
    }

    /// Reads a code as people type it: in small letters, with spaces and hyphens, with `O` for zero and `I` or `L`
    /// for one.
    ///
    /// # Errors
    /// Anything that is not eight characters of the alphabet then.
    pub fn parse(given: &str) -> Result<Code, NotACode> {
        let mut code = String::with_capacity(LENGTH);
        for character in text::trim(given).chars() {
            let read = match character.to_ascii_uppercase() {
                ' ' | '-' | '\u{2011}' => continue,
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !read.is_ascii() || !ALPHABET.contains(&(read as u8)) || code.len() == LENGTH {
                return Err(NotACode);
            }
            code.push(read);
        }
        if code.len() == LENGTH {
            Ok(Code(code))
        } else {
            Err(NotACode)
        }
    }

    /// The eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code opens a license to whoever reads it, so a log does not say it.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(********)")
    }
}

/// How many codes may be live where `guesses` an hour are answered, so that the first hit is expected after ten
/// years: each guess hits with `live / 2⁴⁰`, so it takes `2⁴⁰ / (live × guesses)` hours.
#[must_use]
pub const fn most_live(guesses: i64) -> i64 {
    if guesses <= 0 {
        return i64::MAX;
    }
    SPACE / HOURS / guesses
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Code::parse(text).ok().map(|code| code.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_code_are_one() {
        let one = Some("0A1B2C3D".to_owned());
        for text in [
            "0A1B2C3D",
            "0a1b2c3d",
            " oaib-2c3d ",
            "OALB 2C3D",
            "0-A-1-B-2-C-3-D",
        ] {
            assert_eq!(parsed(text), one, "{text:?}");
        }
        for text in [
            "",
            "0A1B2C3",
            "0A1B2C3D4",
            "0A1B2C3U",
            "0A1B2C3é",
            "0A1B_C3D",
            "０A1B2C3D",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn ten_years_at_a_hundred_guesses_an_hour() {
        assert_eq!(most_live(100), 125_429);
        assert_eq!(most_live(0), i64::MAX);
        assert!(most_live(i64::MAX) == 0);
    }

    #[test]
    fn a_code_is_not_said_by_accident() {
        assert!(!format!("{:?}", Code::from_bits(7)).contains('7'));
    }

    proptest! {
        #[test]
        fn every_number_of_forty_bits_has_a_code_of_its_own(bits in 0..(1u64 << 40)) {
            let code = Code::from_bits(bits);
            prop_assert_eq!(Code::parse(code.as_str()), Ok(code.clone()));
            let back = code.as_str().bytes().fold(0, |sum, byte| {
                sum << 5 | ALPHABET.iter().position(|it| *it == byte).unwrap_or(99) as u64
            });
            prop_assert_eq!(back, bits);
        }
    }
}
