//! Invoices, their lines and payments as rows, and what they are worth at an instant.

use rules::billing::{
    Balance, Category, Facts, InvoiceStanding, Proration, Rounding, Rule, Settlement, number,
};
use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::status::Status;
use crate::console::format;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvoiceKind)]
pub enum Kind {
    /// Asks for money.
    Invoice,
    /// Takes an invoice back.
    CreditNote,
}

impl Kind {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Invoice => "invoice",
            Kind::CreditNote => "credit_note",
        }
    }
}

/// An invoice or credit note, without its lines.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    pub id: Uuid,
    /// Who asks for the money.
    pub issuer_id: Uuid,
    /// The issuer's name.
    pub issuer_name: String,
    /// Who is asked.
    pub buyer_id: Uuid,
    /// The buyer's name.
    pub buyer_name: String,
    /// What was decided: `draft`, `finalized`, or `void` for a draft that was given up.
    #[schema(value_type = String)]
    pub standing: InvoiceStanding,
    /// Invoice or credit note.
    pub kind: Kind,
    /// Its number, such as `INV-2026-000123`; none for a draft.
    pub number: Option<String>,
    /// The issuer's text that the number begins with.
    pub series: Option<String>,
    /// The day it was finalized, where the issuer is.
    #[schema(value_type = Option<String>, format = Date)]
    pub issued_on: Option<Date>,
    /// The last day for payment.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// ISO 4217.
    pub currency: String,
    /// Without tax, in minor units, as all its amounts.
    pub net_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// Both.
    pub total_minor: i64,
    /// Where taxes were rounded: per `document` or per `line`.
    #[schema(value_type = String)]
    pub tax_rounding: Rounding,
    /// A paragraph for the reader.
    pub note: String,
    /// The invoice that a credit note takes back.
    pub corrects_id: Option<Uuid>,
    /// The credit note that took this invoice back.
    pub credited_by: Option<Uuid>,
    /// What was paid.
    pub paid_minor: i64,
    /// What was credited.
    pub credited_minor: i64,
    /// The instant from which it is overdue while something is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub overdue_at: Option<Timestamp>,
    /// When it was drafted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was finalized.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finalized_at: Option<Timestamp>,
    /// Counts its changes; send it as `If-Match`. A finalized one never changes.
    pub version: i64,
}

impl Invoice {
    /// Its amounts.
    pub fn balance(&self) -> Balance {
        Balance {
            total_minor: self.total_minor,
            paid_minor: self.paid_minor,
            credited_minor: self.credited_minor,
        }
    }

    /// What is still to be paid; nothing for a draft or a credit note.
    pub fn open_minor(&self) -> i64 {
        match (self.standing, self.kind) {
            (InvoiceStanding::Finalized, Kind::Invoice) => self.balance().open_minor(),
            _ => 0,
        }
    }

    /// Where it stands at an instant.
    pub fn status(&self, now: Timestamp) -> Status {
        let late = self.overdue_at.is_some_and(|at| at <= now);
        match (self.standing, self.kind, self.balance().settlement()) {
            (InvoiceStanding::Draft, ..) => Status::Draft,
            (InvoiceStanding::Void, ..) => Status::Void,
            (_, Kind::CreditNote, _) => Status::CreditNote,
            (_, _, Settlement::Credited) => Status::Credited,
            (_, _, Settlement::Paid) => Status::Paid,
            _ if late => Status::Overdue,
            (_, _, Settlement::Part) => Status::Part,
            (_, _, Settlement::Unpaid) => Status::Unpaid,
        }
    }

    /// What the billing of a license follows from, where this is its latest invoice.
    pub fn facts(&self, now: Timestamp) -> Facts {
        Facts {
            standing: self.standing,
            balance: self.balance(),
            late: self.overdue_at.is_some_and(|at| at <= now),
        }
    }

    /// An amount of it as people read it: `1,234.50 EUR`.
    pub fn money(&self, minor: i64) -> String {
        format::money(minor, &self.currency)
    }
}

impl FromRow for Invoice {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let odd = |word: &str| store::Error::Value(format!("invoice: {word:?}"));
        let (standing, kind, rounding): (String, String, String) =
            (row.get(5)?, row.get(6)?, row.get(15)?);
        let (series, counter): (Option<String>, Option<i64>) = (row.get(7)?, row.get(8)?);
        Ok(Invoice {
            id: row.get(0)?,
            issuer_id: row.get(1)?,
            issuer_name: row.get(2)?,
            buyer_id: row.get(3)?,
            buyer_name: row.get(4)?,
            standing: InvoiceStanding::parse(&standing).ok_or_else(|| odd(&standing))?,
            kind: match kind.as_str() {
                "invoice" => Kind::Invoice,
                "credit_note" => Kind::CreditNote,
                other => return Err(odd(other)),
            },
            number: series.as_deref().zip(counter).map(|(it, n)| number(it, n)),
            series,
            issued_on: row.get(9)?,
            due_on: row.get(10)?,
            currency: row.get(11)?,
            net_minor: row.get(12)?,
            tax_minor: row.get(13)?,
            total_minor: row.get(14)?,
            tax_rounding: Rounding::parse(&rounding).ok_or_else(|| odd(&rounding))?,
            note: row.get(16)?,
            corrects_id: row.get(17)?,
            credited_by: row.get(18)?,
            paid_minor: row.get(19)?,
            credited_minor: row.get(20)?,
            overdue_at: row.get(21)?,
            created_at: row.get(22)?,
            finalized_at: row.get(23)?,
            version: row.get(24)?,
        })
    }
}

/// What is charged for: so many units of a license for so many days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InvoiceLine)]
pub struct Line {
    /// Its place on the invoice, counted from 1.
    pub position: i64,
    /// The license.
    pub license_id: Uuid,
    /// Its SKU's code.
    pub sku_code: String,
    /// What it is.
    pub description: String,
    /// The first day that is charged for.
    #[schema(value_type = String, format = Date)]
    pub first_day: Date,
    /// The last one; none where the license has no end.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_day: Option<Date>,
    /// Days that are charged for.
    pub days: i64,
    /// Days of the whole period.
    pub of_days: i64,
    /// The first day of the whole period.
    #[schema(value_type = String, format = Date)]
    pub period_start: Date,
    /// Units.
    pub quantity: i64,
    /// One unit, such as `device`.
    pub unit: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// The price of one unit for the whole period, in minor units.
    pub unit_price_minor: i64,
    /// The amount without tax.
    pub net_minor: i64,
    /// How it is taxed.
    #[schema(value_type = String)]
    pub tax_category: Category,
    /// At which rate, in hundredths of a percent.
    pub tax_rate_basis_points: i64,
    /// Its part of the document's tax.
    pub tax_minor: i64,
    /// How the amount came about: `whole` period, or by its `days`.
    #[schema(value_type = String)]
    pub rule: Rule,
}

impl Line {
    /// The facts of its amount.
    pub fn proration(&self) -> Proration {
        Proration {
            quantity: self.quantity,
            unit_price_minor: self.unit_price_minor,
            days: self.days,
            of_days: self.of_days,
        }
    }

    /// How the amount came about: `10 devices × 19.99 EUR × 45 of 365 days`.
    pub fn explained(&self, currency: &str) -> String {
        let units = format::count(self.quantity, &self.unit, &self.units);
        let price = format::money(self.unit_price_minor, currency);
        match (self.rule, self.last_day) {
            (Rule::Days, _) => {
                let (days, of) = (format::number(self.days), format::number(self.of_days));
                format!("{units} × {price} × {days} of {of} days, rounded half up")
            }
            (Rule::Whole, Some(_)) => {
                let days = format::count(self.of_days, "day", "days");
                format!("{units} × {price} for the whole period of {days}")
            }
            (Rule::Whole, None) => format!("{units} × {price}, without an end"),
        }
    }

    /// The rate in percent: `19 %`, `7.7 %`.
    pub fn rate(&self) -> String {
        let (whole, part) = (
            self.tax_rate_basis_points / 100,
            self.tax_rate_basis_points % 100,
        );
        let decimals = format!("{part:02}");
        match decimals.trim_end_matches('0') {
            "" => format!("{whole} %"),
            decimals => format!("{whole}.{decimals} %"),
        }
    }
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let odd = |word: &str| store::Error::Value(format!("invoice line: {word:?}"));
        let (category, rule): (String, String) = (row.get(14)?, row.get(17)?);
        Ok(Line {
            position: row.get(0)?,
            license_id: row.get(1)?,
            sku_code: row.get(2)?,
            description: row.get(3)?,
            first_day: row.get(4)?,
            last_day: row.get(5)?,
            days: row.get(6)?,
            of_days: row.get(7)?,
            period_start: row.get(8)?,
            quantity: row.get(9)?,
            unit: row.get(10)?,
            units: row.get(11)?,
            unit_price_minor: row.get(12)?,
            net_minor: row.get(13)?,
            tax_category: Category::parse(&category).ok_or_else(|| odd(&category))?,
            tax_rate_basis_points: row.get(15)?,
            tax_minor: row.get(16)?,
            rule: Rule::parse(&rule).ok_or_else(|| odd(&rule))?,
        })
    }
}

/// Money that came in, or the counter-entry that takes such a record back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Its id.
    pub id: Uuid,
    /// The invoice.
    pub invoice_id: Uuid,
    /// In minor units of the invoice's currency; below zero for a counter-entry.
    pub amount_minor: i64,
    /// The day the money came.
    #[schema(value_type = String, format = Date)]
    pub paid_on: Date,
    /// What the statement of account said.
    pub reference: String,
    /// The payment that this one takes back.
    pub reverses_id: Option<Uuid>,
    /// The counter-entry that took this one back.
    pub reversed_by: Option<Uuid>,
    /// Who recorded it.
    pub recorded_by: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
}

impl FromRow for Payment {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Payment {
            id: row.get(0)?,
            invoice_id: row.get(1)?,
            amount_minor: row.get(2)?,
            paid_on: row.get(3)?,
            reference: row.get(4)?,
            reverses_id: row.get(5)?,
            reversed_by: row.get(6)?,
            recorded_by: row.get(7)?,
            recorded_at: row.get(8)?,
        })
    }
}

/// Seller or buyer, as an invoice names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = InvoiceParty)]
pub struct Party {
    /// The name under which it is registered.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// The city.
    pub city: String,
    /// The postcode.
    pub postcode: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The VAT identifier.
    pub vat_id: String,
    /// The number at the tax office.
    pub tax_number: String,
    /// Where the invoice is sent to, or where questions go.
    pub email: String,
}

/// What an invoice says beside its amounts, kept as it was when it was finalized.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = InvoiceSnapshot)]
pub struct Snapshot {
    /// Who asks for the money.
    pub issuer: Party,
    /// Who is asked.
    pub buyer: Party,
    /// The issuer's account.
    pub iban: String,
    /// Its bank.
    pub bic: String,
    /// Whose account it is.
    pub account_name: String,
    /// What the buyer asked to be quoted.
    pub buyer_reference: String,
    /// Why no tax is charged, where none is.
    pub tax_reason: String,
    /// The zone in which the invoice's days are counted.
    pub time_zone: String,
}
