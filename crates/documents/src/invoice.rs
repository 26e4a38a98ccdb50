//! What stands on an invoice or credit note: plain facts, already computed.
//!
//! Every field says which business term (BT) or group (BG) of EN 16931-1 it is. Amounts are whole minor units of the
//! invoice's currency; there are no floats. Nothing is computed here: [`crate::check()`] says whether the facts agree.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An invoice or a credit note, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Which of the two it is (BT-3).
    pub kind: Kind,
    /// Its number, unique for the seller (BT-1).
    pub number: String,
    /// The day it bears (BT-2).
    pub issue_date: Date,
    /// The last day for payment (BT-9).
    pub due_date: Option<Date>,
    /// What all amounts are in (BT-5).
    pub currency: Currency,
    /// Who is paid (BG-4).
    pub seller: Party,
    /// Who pays (BG-7).
    pub buyer: Party,
    /// What the buyer asked to be quoted, such as a cost centre or a Leitweg-ID (BT-10).
    pub buyer_reference: Option<String>,
    /// The buyer's order (BT-13).
    pub order_reference: Option<String>,
    /// The document that this one corrects; on a credit note, the invoice (BG-3).
    pub corrects: Option<Reference>,
    /// Texts for the reader, a paragraph each (BT-22).
    pub notes: Vec<String>,
    /// How it is paid (BG-16, BT-20).
    pub payment: Payment,
    /// What is charged for, or on a credit note given back (BG-25).
    pub lines: Vec<Line>,
    /// Tax by category and rate (BG-23).
    pub taxes: Vec<Tax>,
    /// Where taxes were rounded.
    pub tax_rounding: TaxRounding,
    /// The sums (BG-22).
    pub totals: Totals,
}

/// Invoice or credit note. The amounts of a credit note are positive: its kind says who pays whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Type 380.
    Invoice,
    /// Type 381.
    CreditNote,
}

/// A currency and how many decimals its amounts have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217, three capital letters.
    pub code: String,
    /// Decimals: 2 for EUR, 0 for JPY, 3 for BHD.
    pub exponent: u8,
}

/// Seller or buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// The full name under which it is registered (BT-27, BT-44).
    pub name: String,
    /// Street and number; further lines are separated by a line break (BT-35, BT-50).
    pub street: String,
    /// BT-37, BT-52.
    pub city: String,
    /// BT-38, BT-53.
    pub postcode: String,
    /// ISO 3166-1 alpha-2 (BT-40, BT-55).
    pub country: String,
    /// With its country's prefix, such as `DE123456789` (BT-31, BT-48).
    pub vat_id: Option<String>,
    /// The number at the tax office, where there is no VAT id; of a seller only (BT-32).
    pub tax_number: Option<String>,
    /// The number in the commercial register (BT-30, BT-47).
    pub registration: Option<String>,
    /// A person or a department (BT-41, BT-56).
    pub contact: Option<String>,
    /// BT-42, BT-57.
    pub telephone: Option<String>,
    /// For questions (BT-43, BT-58), and the electronic address (BT-34, BT-49).
    pub email: Option<String>,
}

/// Another document by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// BT-25.
    pub number: String,
    /// BT-26.
    pub issue_date: Option<Date>,
}

/// How the amount is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payment {
    /// The account (BT-84); blanks do not matter.
    pub iban: Option<String>,
    /// Its bank (BT-86).
    pub bic: Option<String>,
    /// Whose account it is (BT-85).
    pub account_name: Option<String>,
    /// What the payment should quote (BT-83).
    pub remittance: Option<String>,
    /// When and under which conditions, in words (BT-20).
    pub terms: Option<String>,
}

/// What is charged for, as one position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Unique in the document (BT-126).
    pub position: u32,
    /// What the seller calls the item, such as a SKU (BT-155).
    pub id: Option<String>,
    /// What it is (BT-153).
    pub name: String,
    /// How the amount came about: `10 users × 120.00 EUR/year × 45 of 365 days` (BT-154).
    pub explanation: Option<String>,
    /// The days that are charged for (BG-26).
    pub period: Option<Period>,
    /// How many units (BT-129).
    pub quantity: i64,
    /// The unit as people say it: `user`.
    pub unit: String,
    /// The unit in UN/ECE Recommendation 20 (BT-130); [`Line::PIECE`] where there is no better one.
    pub unit_code: String,
    /// The price of one unit for one full period, never negative.
    pub unit_price_minor: i64,
    /// The net amount of the position (BT-131); less than price by quantity where only a part of the period is charged.
    pub amount_minor: i64,
    /// How it is taxed (BT-151).
    pub category: Category,
    /// In hundredths of a percent: 1900 is 19 % (BT-152).
    pub rate_basis_points: u32,
}

impl Line {
    /// "One", the unit of whatever is merely counted.
    pub const PIECE: &str = "C62";
}

/// Days, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// BT-134.
    pub first: Date,
    /// BT-135.
    pub last: Date,
}

/// Categories of VAT (UNTDID 5305, as far as services of a licensing business need them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// S: a rate above zero.
    Standard,
    /// Z: taxable at a rate of zero.
    Zero,
    /// E: exempt, for a reason.
    Exempt,
    /// AE: the buyer owes the tax.
    ReverseCharge,
    /// O: not subject to VAT. Neither party's VAT id may stand on such a document.
    OutsideScope,
}

/// The tax of one category at one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// BT-118.
    pub category: Category,
    /// In hundredths of a percent (BT-119).
    pub rate_basis_points: u32,
    /// The sum of the net amounts taxed so (BT-116).
    pub taxable_minor: i64,
    /// BT-117.
    pub tax_minor: i64,
    /// Why no tax is charged (BT-120).
    pub reason: Option<String>,
}

/// Where taxes are rounded to whole minor units, half up.
///
/// EN 16931 knows the document alone (BR-CO-17), yet its validation artefacts accept a difference below one unit of
/// currency, for the sake of those who round each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxRounding {
    /// The tax of each line, then summed.
    Line,
    /// Once for each category and rate, on the sum of its lines.
    #[default]
    Document,
}

/// The sums of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All lines, without tax (BT-106, BT-109).
    pub net_minor: i64,
    /// All taxes (BT-110).
    pub tax_minor: i64,
    /// With tax (BT-112).
    pub total_minor: i64,
    /// Paid already (BT-113).
    pub prepaid_minor: i64,
    /// Left to pay (BT-115).
    pub due_minor: i64,
}
