//! Minor units as text, and shares of them, in whole numbers.

/// `-123456` with two decimals is `-1234.56`.
pub fn decimal(minor: i64, exponent: u8) -> String {
    let width = usize::from(exponent);
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>least$}", minor.unsigned_abs(), least = width + 1);
    let (whole, decimals) = digits.split_at(digits.len() - width);
    let point = if width == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{decimals}")
}

/// The tax on an amount, rounded half up; of a negative amount, the negative tax of its opposite, so that giving
/// back an amount gives back its tax.
pub fn tax(amount_minor: i64, rate_basis_points: u32) -> i128 {
    let exact = i128::from(amount_minor.unsigned_abs()) * i128::from(rate_basis_points);
    let rounded = (exact + 5_000) / 10_000;
    if amount_minor < 0 { -rounded } else { rounded }
}

/// A rate as percent without idle zeros: `19`, `7.5`, `0`.
pub fn percent(rate_basis_points: u32) -> String {
    let text = decimal(i64::from(rate_basis_points), 2);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        assert_eq!(decimal(123_456, 2), "1234.56");
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(1_234, 0), "1234");
        assert_eq!(decimal(1_234, 3), "1.234");
        assert_eq!(decimal(i64::MIN, 2), "-92233720368547758.08");
    }

    #[test]
    fn tax_is_rounded_half_up() {
        assert_eq!(tax(250, 1_900), 48); // 47.5
        assert_eq!(tax(-250, 1_900), -48);
        assert_eq!(tax(249, 1_900), 47); // 47.31
        assert_eq!(tax(i64::MAX, 10_000), i128::from(i64::MAX));
    }

    #[test]
    fn percents_have_no_idle_zeros() {
        assert_eq!(percent(1_900), "19");
        assert_eq!(percent(750), "7.5");
        assert_eq!(percent(1), "0.01");
        assert_eq!(percent(0), "0");
        assert_eq!(percent(10_000), "100");
    }
}
