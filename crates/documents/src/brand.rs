//! What an operator may replace: logo, colour, footer, words, fonts, or the whole template.
//!
//! Owns: the shape of these, and the words of a document in English and German.
//! Does not own: what is said in them about one invoice, which is [`Invoice`](crate::Invoice)'s.
//! Keeps true: everything has a default, so that a brand of nothing is a good page.

use serde::{Deserialize, Serialize};

/// How an operator's documents look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    /// Stands in place of the seller's name at the head of the page.
    pub logo: Option<Logo>,
    /// `#rrggbb`, for the few things that are not grey; empty for Seatbook's own.
    pub accent: String,
    /// Legal facts at the foot of each page, a column each paragraph; empty for what is known of the seller.
    pub footer: String,
    /// The words.
    pub texts: Texts,
    /// A Typst source that replaces the template. It reads `data.json`, and may show `logo` as data.json names it.
    pub template: Option<String>,
    /// Fonts beside Inter, as OpenType or TrueType files: for scripts that Inter does not have, or for a template.
    pub fonts: Vec<Vec<u8>>,
}

/// A picture by its file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Logo {
    /// Portable Network Graphics.
    Png(Vec<u8>),
    /// Scalable Vector Graphics.
    Svg(Vec<u8>),
}

impl Logo {
    /// Its name for the template.
    pub(crate) fn file(&self) -> &'static str {
        match self {
            Self::Png(_) => "logo.png",
            Self::Svg(_) => "logo.svg",
        }
    }
}

/// The words of a document, and how its language writes figures and days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Texts {
    /// ISO 639-1: what a screen reader speaks and how words are divided.
    pub language: String,
    /// Between groups of three digits.
    pub group_mark: String,
    /// Before the decimals.
    pub decimal_mark: String,
    /// A day, of `{day}`, `{month}`, `{month_number}` and `{year}`.
    pub date: String,
    /// A day whose year is said elsewhere.
    pub day_of_year: String,
    /// The names of the months.
    pub months: [String; 12],
    /// Every other word by its name, as in [`Texts::english`]; one that is missing is taken from there. The names
    /// of countries too: `country.DE`; a country without one is shown by its code.
    pub labels: std::collections::BTreeMap<String, String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self::english()
    }
}

impl Texts {
    /// English, with days as `22 November 2026`.
    #[must_use]
    pub fn english() -> Self {
        Self {
            language: "en".into(),
            group_mark: ",".into(),
            decimal_mark: ".".into(),
            date: "{day} {month} {year}".into(),
            day_of_year: "{day} {month}".into(),
            months: MONTHS[0].map(str::to_owned),
            labels: labels(|words| words.1),
        }
    }

    /// German, with days as `22. November 2026`.
    #[must_use]
    pub fn german() -> Self {
        Self {
            language: "de".into(),
            group_mark: ".".into(),
            decimal_mark: ",".into(),
            date: "{day}. {month} {year}".into(),
            day_of_year: "{day}. {month}".into(),
            months: MONTHS[1].map(str::to_owned),
            labels: labels(|words| words.2),
        }
    }
}

type Words = (&'static str, &'static str, &'static str);

fn labels(choose: fn(&Words) -> &'static str) -> std::collections::BTreeMap<String, String> {
    let named = |words: &Words| (words.0.to_owned(), choose(words).to_owned());
    LABELS.iter().map(named).collect()
}

const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
];

/// Name, English, German.
const LABELS: [Words; 37] = [
    ("invoice", "Invoice", "Rechnung"),
    ("credit_note", "Credit note", "Rechnungskorrektur"),
    ("bill_to", "Bill to", "Rechnung an"),
    ("credit_to", "Credit to", "Korrektur an"),
    ("number", "Number", "Nummer"),
    ("issue_date", "Date", "Datum"),
    ("due_date", "Due", "Fällig am"),
    ("period", "Period", "Zeitraum"),
    ("buyer_reference", "Your reference", "Ihr Zeichen"),
    ("order_reference", "Your order", "Ihre Bestellung"),
    ("corrects", "Corrects invoice", "Zu Rechnung"),
    ("corrected_date", "Invoice date", "Rechnungsdatum"),
    ("buyer_vat_id", "Your VAT ID", "Ihre USt-IdNr."),
    ("currency", "Currency", "Währung"),
    ("amount_due", "Amount due", "Zu zahlen"),
    ("amount_credited", "Amount credited", "Gutgeschrieben"),
    ("pay_by", "by", "bis"),
    ("position", "#", "Pos."),
    ("item", "Item", "Leistung"),
    ("quantity", "Quantity", "Menge"),
    ("unit_price", "Unit price", "Einzelpreis"),
    ("tax_rate", "VAT", "USt"),
    ("amount", "Amount", "Betrag"),
    ("net", "Net", "Netto"),
    (
        "tax_on",
        "VAT {rate} % on {amount}",
        "USt {rate} % auf {amount}",
    ),
    ("total", "Total", "Gesamt"),
    ("prepaid", "Paid already", "Bereits bezahlt"),
    ("payment", "Payment", "Zahlung"),
    ("account_name", "Account holder", "Kontoinhaber"),
    ("iban", "IBAN", "IBAN"),
    ("bic", "BIC", "BIC"),
    ("remittance", "Please quote", "Verwendungszweck"),
    ("notes", "Notes", "Hinweise"),
    ("vat_id", "VAT ID", "USt-IdNr."),
    ("tax_number", "Tax number", "Steuernummer"),
    ("registration", "Registration", "Handelsregister"),
    ("page", "Page {page} of {pages}", "Seite {page} von {pages}"),
];
