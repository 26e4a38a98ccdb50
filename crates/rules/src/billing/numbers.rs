//! Numbers of invoices: a series, which is the issuer's text, and a counter without holes.

/// The longest series, in characters.
pub const SERIES_LENGTH: usize = 24;

/// Whether a text can be a series: letters, digits, `-`, `/`, `_` and `.`, and at its ends a letter or digit.
#[must_use]
pub fn series_is_well_formed(series: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_.".contains(&byte);
    let ends = [series.bytes().next(), series.bytes().next_back()];
    series.len() <= SERIES_LENGTH
        && series.bytes().all(is_inner)
        && ends
            .iter()
            .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

/// The number as it stands on the invoice: `INV-2026-000123`. Two pairs of series and counter never share one, as the
/// counter is what follows the last hyphen.
#[must_use]
pub fn number(series: &str, counter: i64) -> String {
    format!("{series}-{counter:06}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_padded_and_never_cut() {
        assert_eq!(number("INV-2026", 123), "INV-2026-000123");
        assert_eq!(number("R", 1), "R-000001");
        assert_eq!(number("R", 12_345_678), "R-12345678");
    }

    #[test]
    fn series_are_what_can_be_read_aloud() {
        for good in ["INV", "INV-2026", "2026/RE", "a_b.c", "x"] {
            assert!(series_is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "-INV",
            "INV-",
            "IN V",
            "Ü",
            "INV\n",
            "1234567890123456789012345",
        ] {
            assert!(!series_is_well_formed(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn two_pairs_never_share_a_number(
            one in "[A-Z0-9][A-Z0-9-]{0,6}[A-Z0-9]", other in "[A-Z0-9][A-Z0-9-]{0,6}[A-Z0-9]",
            (n, m) in (1i64..2_000_000, 1i64..2_000_000),
        ) {
            prop_assert_eq!(number(&one, n) == number(&other, m), (one, n) == (other, m));
        }
    }
}
