//! Numbers, days and amounts as people write them in cells.

use jiff::civil::Date;
use rules::money::{Currency, Money};

/// A whole number, in groups or not: `1200`, `1 200`. A sign between digits is refused: it means a thousand
/// here and a decimal there.
pub fn units_of(text: &str) -> Option<i64> {
    let digits: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    digits.parse().ok().filter(|units| *units >= 0)
}

/// A day as `2026-01-31` or `31.01.2026`. With slashes nobody knows which is the month.
pub fn day_of(text: &str) -> Option<Date> {
    text.parse()
        .ok()
        .or_else(|| Date::strptime("%d.%m.%Y", text).ok())
}

/// An amount in minor units and its currency, with a decimal point or comma.
pub fn price_of(price: &str, currency: &str) -> Option<(i64, String)> {
    let currency: Currency = currency.to_uppercase().parse().ok()?;
    // A decimal comma, as half of the world writes it.
    let price = if price.contains('.') {
        price.to_owned()
    } else {
        price.replacen(',', ".", 1)
    };
    let money = Money::parse(&price, currency)
        .ok()
        .filter(|money| money.minor >= 0)?;
    Some((money.minor, currency.to_string()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn cells_are_read_or_refused() {
        assert_eq!(
            (units_of("1 200"), units_of("1,200"), units_of("-3")),
            (Some(1_200), None, None)
        );
        assert_eq!(day_of("2026-01-31"), Some(date(2026, 1, 31)));
        assert_eq!(
            (day_of("31.01.2026"), day_of("01/02/2026")),
            (Some(date(2026, 1, 31)), None)
        );
        assert_eq!(price_of("12,5", "eur"), Some((1_250, "EUR".into())));
        assert_eq!(
            (
                price_of("-1", "EUR"),
                price_of("1.234", "EUR"),
                price_of("1", "XXX")
            ),
            (None, None, None)
        );
    }
}
