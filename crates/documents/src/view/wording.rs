//! How a language writes figures, days, countries and labels.

use jiff::civil::Date;

use super::countries;
use crate::{
    amount,
    brand::Texts,
    invoice::{Currency, Period},
};

/// The words of a brand, and the currency of the invoice they are used for.
pub struct Wording<'a> {
    texts: &'a Texts,
    english: Texts,
    currency: &'a Currency,
}

impl<'a> Wording<'a> {
    pub fn new(texts: &'a Texts, currency: &'a Currency) -> Self {
        Self {
            texts,
            english: Texts::english(),
            currency,
        }
    }

    /// The operator's word, or the English one.
    pub fn label(&self, name: &str) -> String {
        let own = self.texts.labels.get(name);
        own.or_else(|| self.english.labels.get(name))
            .cloned()
            .unwrap_or_default()
    }

    /// An amount with its decimals, without its currency: `1,234.50`, `−0.05`.
    pub fn money(&self, minor: i64) -> String {
        self.grouped(&amount::decimal(minor, self.currency.exponent))
    }

    /// A whole number.
    pub fn count(&self, number: i64) -> String {
        self.grouped(&number.to_string())
    }

    /// A rate without idle zeros and without its sign.
    pub fn percent(&self, rate_basis_points: u32) -> String {
        self.grouped(&amount::percent(rate_basis_points))
    }

    /// A day as the language writes it.
    pub fn date(&self, date: Date) -> String {
        self.filled(&self.texts.date, date)
    }

    /// From a day to a day; a year that both share is said once.
    pub fn period(&self, period: Period) -> String {
        let Period { first, last } = period;
        let is_one_year = first.year() == last.year();
        let begin = if is_one_year {
            self.filled(&self.texts.day_of_year, first)
        } else {
            self.date(first)
        };
        format!("{begin} – {}", self.date(last))
    }

    /// The country's name as the texts have it, or in English; of an unknown code, the code.
    pub fn country(&self, code: &str) -> String {
        let own = self.texts.labels.get(&format!("country.{code}"));
        let name = own.map(String::as_str).or_else(|| countries::name(code));
        name.unwrap_or(code).to_owned()
    }

    fn filled(&self, pattern: &str, date: Date) -> String {
        let month = usize::try_from(date.month()).unwrap_or_default();
        let name = self.texts.months.get(month.saturating_sub(1));
        pattern
            .replace("{day}", &date.day().to_string())
            .replace("{month_number}", &format!("{month:02}"))
            .replace("{month}", name.map_or("", String::as_str))
            .replace("{year}", &date.year().to_string())
    }

    fn grouped(&self, plain: &str) -> String {
        let (sign, digits) = plain
            .strip_prefix('-')
            .map_or(("", plain), |digits| ("\u{2212}", digits));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let mut text = String::from(sign);
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                text.push_str(&self.texts.group_mark);
            }
            text.push(digit);
        }
        if !decimals.is_empty() {
            text.push_str(&self.texts.decimal_mark);
            text.push_str(decimals);
        }
        text
    }
}

/// An account number as people read it out.
pub fn in_fours(iban: &str) -> String {
    let mut text = String::new();
    for (place, character) in iban.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(exponent: u8) -> Currency {
        let code = "EUR".to_owned();
        Currency { code, exponent }
    }

    #[test]
    fn figures_are_written_as_the_language_does() {
        let (english, german) = (Texts::english(), Texts::german());
        let (euro, yen, dinar) = (currency(2), currency(0), currency(3));
        assert_eq!(
            Wording::new(&english, &euro).money(123_456_789),
            "1,234,567.89"
        );
        assert_eq!(Wording::new(&english, &yen).money(123_456), "123,456");
        assert_eq!(
            Wording::new(&english, &dinar).money(-1_234_567),
            "\u{2212}1,234.567"
        );
        assert_eq!(Wording::new(&german, &euro).money(99_999), "999,99");
        assert_eq!(Wording::new(&german, &euro).percent(750), "7,5");
    }

    #[test]
    fn days_are_written_as_the_language_does() {
        let day = jiff::civil::date(2026, 3, 1);
        let euro = currency(2);
        assert_eq!(
            Wording::new(&Texts::english(), &euro).date(day),
            "1 March 2026"
        );
        assert_eq!(
            Wording::new(&Texts::german(), &euro).date(day),
            "1. März 2026"
        );
    }

    #[test]
    fn a_missing_label_is_english() {
        let texts = Texts {
            labels: [("total".to_owned(), "Summe".to_owned())].into(),
            ..Texts::german()
        };
        let euro = currency(2);
        let wording = Wording::new(&texts, &euro);
        assert_eq!(wording.label("total"), "Summe");
        assert_eq!(wording.label("net"), "Net");
        assert_eq!(wording.country("DE"), "Germany");
        assert_eq!(wording.country("ZZ"), "ZZ");
    }

    #[test]
    fn accounts_are_read_out_in_fours() {
        assert_eq!(
            in_fours("DE89370400440532013000"),
            "DE89 3704 0044 0532 0130 00"
        );
    }
}
