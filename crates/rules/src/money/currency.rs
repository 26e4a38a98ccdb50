//! Currencies: the active codes of ISO 4217 and their decimals.
//!
//! Owns: which codes exist and how many decimals each has.
//! Does not own: amounts, or names and symbols of currencies.
//! Keeps true: a currency that parses is on the list, so an amount in it can be written out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The active codes of ISO 4217 (list one as of 2026-01-01) by their number of decimals.
///
/// Funds codes are in, because contracts are written in them; metals, supranational units of
/// account and test codes are not, because nobody is invoiced in them.
#[rustfmt::skip]
const CODES: [(u8, &[&str]); 4] = [
    (0, &[
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
        "VND", "VUV", "XAF", "XOF", "XPF",
    ]),
    (2, &[
        "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
        "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
        "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP",
        "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD",
        "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
        "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL",
        "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR",
        "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR",
        "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
        "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
        "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST",
        "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
    ]),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// An active currency of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

/// A text that is no active currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCurrency;

impl Currency {
    /// Every active currency.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES
            .into_iter()
            .flat_map(|(exponent, codes)| codes.iter().map(move |code| Self { code, exponent }))
    }

    /// The three-letter code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Decimals of the major unit: 2 for EUR, 0 for JPY, 3 for BHD.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::all()
            .find(|known| known.code.eq_ignore_ascii_case(code))
            .ok_or(UnknownCurrency)
    }
}

// Written out because a derive would tie the `'static` code to the life of the input.
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code.into()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code)
    }
}

impl fmt::Display for UnknownCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no active ISO 4217 currency")
    }
}

impl std::error::Error for UnknownCurrency {}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error as WireError};

    use super::*;

    #[test]
    fn every_currency_is_listed_once_and_in_order() {
        for (_, codes) in CODES {
            assert!(codes.is_sorted());
        }
        let mut all: Vec<_> = Currency::all().collect();
        all.sort();
        all.dedup_by_key(|currency| currency.code());
        assert_eq!((all.len(), Currency::all().count()), (164, 164));
        for currency in all {
            assert_eq!(currency.code().parse(), Ok(currency));
            let wire = Currency::deserialize(currency.code().into_deserializer());
            assert_eq!(wire, Ok::<_, WireError>(currency));
            assert_eq!(currency.to_string().to_lowercase().parse(), Ok(currency));
        }
        for gone in ["BGN", "HRK", "ANG", "XAU", "XXX", "EU", "EURO", ""] {
            assert_eq!(gone.parse::<Currency>(), Err(UnknownCurrency));
        }
    }
}
