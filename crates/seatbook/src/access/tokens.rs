//! The shape of an API token: `sb_`, thirty base62 characters (178 bits), six of checksum.
//!
//! The prefix lets leak scanners find it, the checksum lets a mistyped one be refused before the
//! database is asked.

use crate::{
    error::{Error, Result},
    secrets::Secret,
};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "sb_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;

/// Draws a new token.
pub fn draw() -> Result<Secret<String>> {
    let mut text = String::from(PREFIX);
    while text.len() < PREFIX.len() + RANDOM {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(Error::internal)?;
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters.
        if byte[0] < 248 {
            text.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    text += &checksum(&text);
    Ok(Secret(text))
}

/// Whether a text can be a token at all.
pub fn is_plausible(text: &str) -> bool {
    let body = PREFIX.len() + RANDOM;
    text.is_ascii()
        && text.len() == body + CHECKSUM
        && text.starts_with(PREFIX)
        && text[body..] == checksum(&text[..body])
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_token_is_plausible_and_a_mistyped_one_is_not() {
        let token = draw().expect("draws").0;
        assert!(is_plausible(&token));
        let mistyped = token.replacen(
            &token[10..11],
            if &token[10..11] == "a" { "b" } else { "a" },
            1,
        );
        assert!(!is_plausible(&mistyped));
        assert!(!is_plausible("sb_"));
        assert!(!is_plausible(""));
    }
}
