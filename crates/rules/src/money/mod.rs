//! Money: whole minor units of one currency.
//!
//! Owns: the currencies (`currency`), exact parsing and plain formatting, checked arithmetic,
//! and splitting a total without losing a cent.
//! Does not own: prices, taxes, exchange rates, or the spelling of money in a person's language.
//! Keeps true: no floats; two currencies are never summed; the parts of a split sum to the total.

mod currency;

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Serialize};

pub use currency::{Currency, UnknownCurrency};

/// An amount in whole minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Cents, fils, or whole yen.
    pub minor: i64,
    /// What they are cents of.
    pub currency: Currency,
}

/// Why an amount cannot be read or computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// Not a plain decimal number such as `-1234.50`.
    Malformed,
    /// More decimals than the currency has.
    TooManyDecimals {
        /// Decimals in the text.
        given: usize,
        /// Decimals of the currency.
        allowed: u8,
    },
    /// Beyond what 64 bits of minor units hold.
    TooLarge,
    /// Two currencies in one sum.
    OtherCurrency {
        /// The currency of the sum.
        expected: Currency,
        /// The currency that came along.
        found: Currency,
    },
}

impl Money {
    /// So many minor units of a currency.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a plain decimal such as `1234.50` exactly; no grouping, no excess decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let allowed = currency.exponent();
        let (sign, digits) = text
            .strip_prefix('-')
            .map_or(("", text), |digits| ("-", digits));
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return Err(MoneyError::Malformed),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() || ![whole, decimals].iter().all(|part| is_digits(part)) {
            return Err(MoneyError::Malformed);
        }
        if decimals.len() > usize::from(allowed) {
            return Err(MoneyError::TooManyDecimals {
                given: decimals.len(),
                allowed,
            });
        }
        let minor = format!(
            "{sign}{whole}{decimals:0<width$}",
            width = usize::from(allowed)
        );
        let minor = minor.parse().map_err(|_| MoneyError::TooLarge)?;
        Ok(Self { minor, currency })
    }

    /// The plain decimal with all decimals of the currency, the inverse of [`Money::parse`].
    #[must_use]
    pub fn decimal(self) -> String {
        let width = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>least$}", self.minor.unsigned_abs(), least = width + 1);
        let (whole, decimals) = digits.split_at(digits.len() - width);
        let point = if width == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{decimals}")
    }

    /// The sum, within one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            let (expected, found) = (self.currency, other.currency);
            return Err(MoneyError::OtherCurrency { expected, found });
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// The amount for so many units at this price.
    pub fn checked_mul(self, units: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(units).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }
}

/// Splits a total by weight so that the parts sum to it exactly; `None` when no weight is positive.
///
/// Each part is its exact share rounded down, and the units left over go to the largest remainders,
/// the earlier part first among equals (Hamilton's method). A negative total mirrors the positive
/// one, so a credit note takes back precisely what its invoice charged.
#[must_use]
pub fn split_largest_remainder(total: i64, weights: &[u64]) -> Option<Vec<i64>> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    if sum == 0 {
        return None;
    }
    let amount = u128::from(total.unsigned_abs());
    let exact = weights.iter().map(|&weight| amount * u128::from(weight));
    let (mut parts, remainders): (Vec<u128>, Vec<u128>) =
        exact.map(|share| (share / sum, share % sum)).unzip();

    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&at| Reverse(remainders[at]));
    let mut left = amount - parts.iter().sum::<u128>();
    for at in by_remainder {
        if left == 0 {
            break;
        }
        parts[at] += 1;
        left -= 1;
    }
    let sign = i128::from(total.signum());
    let signed = parts
        .into_iter()
        .map(|part| i64::try_from(sign * i128::try_from(part).ok()?).ok());
    signed.collect()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("no plain decimal amount"),
            Self::TooManyDecimals { given, allowed } => {
                write!(f, "{given} decimals where the currency has {allowed}")
            }
            Self::TooLarge => f.write_str("amount out of range"),
            Self::OtherCurrency { expected, found } => write!(f, "{found} in a sum of {expected}"),
        }
    }
}

impl std::error::Error for MoneyError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("the tests use active currencies")
    }

    fn parse(text: &str, code: &str) -> Result<i64, MoneyError> {
        Money::parse(text, currency(code)).map(|money| money.minor)
    }

    #[test]
    fn decimals_are_read_exactly() {
        for (text, code, minor) in [
            ("1234.50", "EUR", 123_450),
            ("1234.5", "EUR", 123_450),
            ("1234", "EUR", 123_400),
            ("-0.05", "EUR", -5),
            ("007", "JPY", 7),
            ("1.234", "BHD", 1_234),
            ("0.0001", "CLF", 1),
            ("92233720368547758.07", "EUR", i64::MAX),
            ("-92233720368547758.08", "EUR", i64::MIN),
        ] {
            assert_eq!(parse(text, code), Ok(minor), "{text} {code}");
        }
        let too_many = |given, allowed| Err(MoneyError::TooManyDecimals { given, allowed });
        assert_eq!(parse("1.234", "EUR"), too_many(3, 2));
        assert_eq!(parse("1.0", "JPY"), too_many(1, 0));
        assert_eq!(parse("1.0000", "BHD"), too_many(4, 3));
        assert_eq!(
            parse("92233720368547758.08", "EUR"),
            Err(MoneyError::TooLarge)
        );
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1,5", "1 000", "1e3", "--1", "1.-5", "١",
        ] {
            assert_eq!(parse(text, "EUR"), Err(MoneyError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn amounts_have_all_decimals_of_their_currency() {
        for (minor, code, text) in [
            (123_450, "EUR", "1234.50 EUR"),
            (-5, "EUR", "-0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (1_234, "JPY", "1234 JPY"),
            (0, "JPY", "0 JPY"),
            (1, "BHD", "0.001 BHD"),
        ] {
            assert_eq!(Money::new(minor, currency(code)).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        let (euro, yen) = (currency("EUR"), currency("JPY"));
        let price = Money::new(1_999, euro);
        assert_eq!(price.checked_mul(3), Ok(Money::new(5_997, euro)));
        assert_eq!(price.checked_add(Money::zero(euro)), Ok(price));
        let mixed = MoneyError::OtherCurrency {
            expected: euro,
            found: yen,
        };
        assert_eq!(price.checked_add(Money::zero(yen)), Err(mixed));
        let most = Money::new(i64::MAX, euro);
        assert_eq!(most.checked_mul(2), Err(MoneyError::TooLarge));
        assert_eq!(most.checked_add(price), Err(MoneyError::TooLarge));
    }

    #[test]
    fn splits_follow_the_largest_remainder() {
        for (total, weights, parts) in [
            (100, vec![1, 1, 1], Some(vec![34, 33, 33])),
            (-100, vec![1, 1, 1], Some(vec![-34, -33, -33])),
            (10, vec![5, 3, 1], Some(vec![6, 3, 1])),
            (1, vec![0, 1, 2], Some(vec![0, 0, 1])),
            (i64::MIN, vec![u64::MAX], Some(vec![i64::MIN])),
            (5, vec![0, 0], None),
            (5, vec![], None),
        ] {
            assert_eq!(
                split_largest_remainder(total, &weights),
                parts,
                "{total} by {weights:?}"
            );
        }
    }

    #[test]
    fn a_million_splits_sum_exactly() {
        // A plain generator (xorshift*, Vigna 2014): the same cases every time, and fast enough for each run.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut draw = move || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_F491_4F6C_DD1D)
        };
        for _ in 0..1_000_000 {
            let total = (draw() >> (draw() % 63)).cast_signed();
            let parts = draw() % 3 + 1;
            let weights: Vec<u64> = (0..parts).map(|_| draw() >> (draw() % 64)).collect();
            let split = split_largest_remainder(total, &weights);
            let sum: Option<i128> = split.map(|parts| parts.into_iter().map(i128::from).sum());
            let expected = weights.iter().any(|&weight| weight > 0);
            assert_eq!(
                sum,
                expected.then(|| i128::from(total)),
                "{total} by {weights:?}"
            );
        }
    }

    fn any_currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(Currency::all().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in any::<i64>(), currency in any_currency()) {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
        }

        #[test]
        fn parsing_never_panics(text in r"-?[0-9.]{0,24}|\PC{0,8}", currency in any_currency()) {
            if let Ok(money) = Money::parse(&text, currency) {
                prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
            }
        }

        #[test]
        fn parts_sum_to_the_total_and_stay_within_one_of_exact(
            total in prop_oneof![any::<i64>(), -500i64..500],
            weights in prop::collection::vec(prop_oneof![0u64..9, any::<u64>()], 1..20),
        ) {
            let Some(parts) = split_largest_remainder(total, &weights) else {
                prop_assert!(weights.iter().all(|&weight| weight == 0));
                return Ok(());
            };
            prop_assert_eq!(parts.iter().copied().map(i128::from).sum::<i128>(), i128::from(total));
            let sum: u128 = weights.iter().copied().map(u128::from).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let floor = u128::from(total.unsigned_abs()) * u128::from(*weight) / sum;
                let above = u128::from(part.unsigned_abs()) - floor;
                prop_assert!(above <= 1 && (*weight > 0 || *part == 0));
            }
        }
    }
}
